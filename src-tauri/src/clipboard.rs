//! The system's clipboard, for what a person is to hand on without it passing the page.

use std::sync::{Mutex, PoisonError};

#[cfg(target_os = "macos")]
use arboard::SetExtApple as _;
#[cfg(target_os = "linux")]
use arboard::SetExtLinux as _;
#[cfg(windows)]
use arboard::SetExtWindows as _;

use crate::errors::{AppError, Code};

/// Under X11 whoever put something there has to stay: it is handed over when somebody asks for it.
#[derive(Default)]
pub(crate) struct Clipboard(Mutex<Option<arboard::Clipboard>>);

impl Clipboard {
    /// Puts a secret there, and asks managers of clipboards not to remember it.
    ///
    /// # Errors
    /// `clipboard_failed`. It does not repeat the secret.
    pub(crate) fn put_secret(&self, secret: &str) -> Result<(), AppError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clipboard = match &mut *kept {
            Some(clipboard) => clipboard,
            none => none.insert(arboard::Clipboard::new().map_err(|error| failed(&error))?),
        };
        clipboard.set().exclude_from_history().text(secret).map_err(|error| failed(&error))
    }
}

fn failed(error: &arboard::Error) -> AppError {
    tracing::warn!(%error, "nothing was put on the clipboard");
    Code::ClipboardFailed.into()
}
