//! The arguments of commands, taken with suspicion: whatever the page sends, the answer is a value or a typed error.

use serde::Deserialize;
use tauri::Runtime;
use tauri::ipc::{CommandArg, CommandItem, InvokeError};

use crate::errors::{AppError, Code};
use crate::settings::RoomKey;

/// The largest text that is taken from the composer, in bytes; what the server takes is the session's to say.
const TEXT_BYTES: usize = 64 * 1024;

/// The largest name of a row or an entry, in bytes.
const NAME_BYTES: usize = 256;

/// An argument that is missing or of the wrong kind rejects the command with an [`AppError`], not with a sentence.
pub(crate) struct Arg<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>, R: Runtime> CommandArg<'de, R> for Arg<T> {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let name = command.key;
        T::deserialize(command).map(Self).map_err(|_| bad(name).into())
    }
}

/// An argument that is not what it should be.
pub(crate) fn bad(name: &'static str) -> AppError {
    AppError::from(Code::BadArgument).with("name", name)
}

impl Arg<String> {
    /// A saved room's name.
    pub(crate) fn room(&self) -> Result<RoomKey, AppError> {
        RoomKey::parse(&self.0).ok_or_else(|| Code::RoomUnknown.into())
    }

    /// A text from the composer; there must be something in it.
    pub(crate) fn text(self) -> Result<String, AppError> {
        let text = self.draft()?;
        if text.trim().is_empty() { Err(Code::Empty.into()) } else { Ok(text) }
    }

    /// A text that may be empty.
    pub(crate) fn draft(self) -> Result<String, AppError> {
        bounded(self.0, "text", TEXT_BYTES)
    }

    /// A row's name.
    pub(crate) fn row(&self) -> Result<aside_history::RowKey, AppError> {
        self.0.parse().map(aside_history::RowKey).map_err(|_| Code::RowUnknown.into())
    }

    /// The server's name for an entry.
    pub(crate) fn entry(self) -> Result<aside_protocol::EntryId, AppError> {
        bounded(self.0, "question", NAME_BYTES).map(aside_protocol::EntryId::new)
    }
}

impl Arg<u32> {
    /// How many rows at once: at least one, at most what a page can draw before a person loses patience.
    pub(crate) fn limit(&self) -> u32 {
        const MOST: u32 = 1000;
        self.0.clamp(1, MOST)
    }
}

/// A text no longer than it may be.
pub(crate) fn bounded(text: String, name: &'static str, max: usize) -> Result<String, AppError> {
    if text.len() <= max {
        return Ok(text);
    }
    Err(AppError::from(Code::TooLong).with("name", name).with("limit", max.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arg(text: &str) -> Arg<String> {
        Arg(text.to_owned())
    }

    #[test]
    fn huge_and_foreign_arguments_are_typed_errors() {
        let huge = "x".repeat(10_000_000);
        assert_eq!(arg(&huge).room().unwrap_err().code(), "room_unknown");
        assert_eq!(arg(&huge).text().unwrap_err().code(), "too_long");
        assert_eq!(arg(&huge).draft().unwrap_err().code(), "too_long");
        assert_eq!(arg(&huge).row().unwrap_err().code(), "no_such_row");
        assert_eq!(arg(&huge).entry().unwrap_err().code(), "too_long");
        for text in ["", "1.5", "0x1", "99999999999999999999", "'; DROP TABLE rows; --"] {
            assert_eq!(arg(text).row().unwrap_err().code(), "no_such_row", "{text}");
        }
        assert_eq!(arg("-1").row(), Ok(aside_history::RowKey(-1)), "a number that no row has");
        assert_eq!(arg(" \n\t").text().unwrap_err().code(), "empty");
        assert_eq!(arg("").draft(), Ok(String::new()));
        assert_eq!((Arg(0_u32).limit(), Arg(u32::MAX).limit()), (1, 1000));
    }
}
