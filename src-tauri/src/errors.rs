//! The one error that a command may reject with: a code that the page has words for, and what those words name.

use std::collections::BTreeMap;

use aside_history::{OutboxError, StoreError};
use aside_session::{
    ConfigError, ModerationError, SendError, SessionError, SnippetError, StartError, TriageError,
};
use serde::Serialize;

/// What a person can be told apart. A variant exists only if the page says something different for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// An argument of a command was missing, malformed or out of range (`name`).
    BadArgument,
    /// A text was longer than it may be (`name`, `max` in bytes).
    TooLong,
    /// The server's address is no http or https URL.
    BadServer,
    /// The socket's address is no ws or wss URL.
    BadSocket,
    /// A plain connection to another machine, and the form does not allow it.
    Insecure,
    /// A field of the form is empty (`name`).
    FieldMissing,
    /// The token holds characters that no header can carry.
    BadToken,
    /// The room has no token: the app was restarted without a keyring, or none was ever given.
    TokenMissing,
    /// No saved room has this id.
    RoomUnknown,
    /// The list has this room already, under the same user id.
    RoomKnown,
    /// The room is not open.
    RoomNotOpen,
    /// The room's own row is gone, or was never one that can be retried, discarded or filled.
    RowUnknown,
    /// What was to be taken back has left.
    TooLate,
    /// The text has nothing in it.
    Empty,
    /// The room's cache or outbox could not be read or written.
    Storage,
    /// The settings could not be written.
    SettingsNotSaved,
    /// The link is not one that may be opened.
    LinkRefused,
    /// The system would not open the link.
    LinkFailed,
    /// The room could not be started.
    RoomNotStarted,
    /// It did not answer in time.
    Timeout,
    /// A person thought better of it.
    Cancelled,
    /// The system would not open a window.
    WindowFailed,
    /// The server or the role doesn't offer that.
    NotOffered,
    /// A file could not be written where a person wanted it.
    FileNotWritten,
    /// This desktop has no keys for all programs.
    HotkeyUnsupported,
    /// No such key, or no key at all.
    HotkeyInvalid,
    /// A key that is needed for typing.
    HotkeyBare,
    /// Another action has it (`action`).
    HotkeyDoubled,
    /// Another program has it (`key`).
    HotkeyTaken,
    /// This desktop lets no clicks through a window, or would leave no way back.
    ClickThroughUnsupported,
    /// Neither a key nor the tray would take the clicks back that go through a window.
    NoWayOut,
    /// The system would not have the app start with it, or no longer.
    AutostartFailed,
    /// There is no free port, for the overlay or a hosted room.
    NoPort,
    /// The address of a proxy is none, or of a kind that we can't use.
    BadProxy,
    /// A name or a password stands in the address of a proxy.
    ProxySecret,
    /// Another program has the port of a hosted room (`port`).
    PortTaken,
    /// The public address of a hosted room is none that a proxy can have.
    BadPublic,
    /// The server of a hosted room does not run.
    HostingStopped,
    /// This computer is in no network.
    NoNetwork,
    /// The system's clipboard could not be written.
    ClipboardFailed,
}

impl Code {
    /// The word that the catalogue knows it by.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::BadArgument => "bad_argument",
            Self::TooLong => "too_long",
            Self::BadServer => "bad_server",
            Self::BadSocket => "bad_socket",
            Self::Insecure => "insecure",
            Self::FieldMissing => "field_missing",
            Self::BadToken => "bad_token",
            Self::TokenMissing => "token_missing",
            Self::RoomUnknown => "room_unknown",
            Self::RoomKnown => "room_known",
            Self::RoomNotOpen => "room_not_open",
            Self::RowUnknown => "no_such_row",
            Self::TooLate => "too_late",
            Self::Empty => "empty",
            Self::Storage => "storage",
            Self::SettingsNotSaved => "settings_not_saved",
            Self::LinkRefused => "link_refused",
            Self::LinkFailed => "link_failed",
            Self::RoomNotStarted => "room_not_started",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::WindowFailed => "window_failed",
            Self::NotOffered => "not_offered",
            Self::FileNotWritten => "file_not_written",
            Self::HotkeyUnsupported => "hotkey_unsupported",
            Self::HotkeyInvalid => "hotkey_invalid",
            Self::HotkeyBare => "hotkey_bare",
            Self::HotkeyDoubled => "hotkey_doubled",
            Self::HotkeyTaken => "hotkey_taken",
            Self::ClickThroughUnsupported => "click_through_unsupported",
            Self::NoWayOut => "no_way_out",
            Self::AutostartFailed => "autostart_failed",
            Self::NoPort => "no_port",
            Self::BadProxy => "bad_proxy",
            Self::ProxySecret => "proxy_secret",
            Self::PortTaken => "port_taken",
            Self::BadPublic => "bad_public",
            Self::HostingStopped => "hosting_stopped",
            Self::NoNetwork => "no_network",
            Self::ClipboardFailed => "clipboard_failed",
        }
    }
}

/// What every command rejects with: a code, and what its sentence names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct AppError {
    code: &'static str,
    #[cfg_attr(test, ts(type = "Record<string, string>"))]
    params: BTreeMap<&'static str, String>,
}

impl AppError {
    /// A parameter of the sentence.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.params.insert(name, value.into());
        self
    }

    /// The code, for logs and tests.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }
}

impl From<Code> for AppError {
    fn from(code: Code) -> Self {
        Self { code: code.as_str(), params: BTreeMap::new() }
    }
}

impl From<SessionError> for AppError {
    fn from(error: SessionError) -> Self {
        tracing::debug!(%error, "a room did not do what the page asked for");
        let reply = Self { code: error.code(), params: BTreeMap::new() };
        match error {
            SessionError::Server { status } => reply.with("status", status.to_string()),
            SessionError::Closed
            | SessionError::Offline
            | SessionError::NoSuchRow
            | SessionError::DraftTooLong
            | SessionError::Timeout
            | SessionError::Store(_)
            | SessionError::Commit(_) => reply,
        }
    }
}

impl From<SendError> for AppError {
    fn from(error: SendError) -> Self {
        tracing::debug!(%error, "a text was not taken");
        let reply = Self { code: error.code(), params: BTreeMap::new() };
        match error {
            SendError::TooLong { bytes, limit } => {
                reply.with("bytes", bytes.to_string()).with("limit", limit.to_string())
            }
            SendError::Empty
            | SendError::Full
            | SendError::NotOffered
            | SendError::Closed
            | SendError::Outbox(_) => reply,
        }
    }
}

impl From<TriageError> for AppError {
    fn from(error: TriageError) -> Self {
        tracing::debug!(%error, "a question was not changed");
        let reply = Self { code: error.code(), params: BTreeMap::new() };
        match error {
            TriageError::Conflict(item) => match item.claim {
                Some(claim) => Self { code: "claimed", ..reply }
                    .with("who", aside_text::name(&claim.by.display_name)),
                None => reply.with("who", aside_text::name(&item.changed_by.display_name)),
            },
            TriageError::Refused { status, .. } => reply.with("status", status.to_string()),
            TriageError::NotOffered | TriageError::Offline | TriageError::Closed => reply,
        }
    }
}

impl From<ModerationError> for AppError {
    fn from(error: ModerationError) -> Self {
        tracing::debug!(%error, "nothing was done for order");
        let reply = Self { code: error.code(), params: BTreeMap::new() };
        match error {
            ModerationError::Refused { status, .. } => reply.with("status", status.to_string()),
            ModerationError::NotOffered
            | ModerationError::Offline
            | ModerationError::TooLate
            | ModerationError::Closed => reply,
        }
    }
}

impl From<SnippetError> for AppError {
    fn from(error: SnippetError) -> Self {
        tracing::debug!(%error, "the team's snippets were not changed");
        let reply = Self { code: error.code(), params: BTreeMap::new() };
        match error {
            SnippetError::Refused { status, .. } => reply.with("status", status.to_string()),
            SnippetError::Conflict(_)
            | SnippetError::NotOffered
            | SnippetError::Offline
            | SnippetError::Full
            | SnippetError::Closed => reply,
        }
    }
}

impl From<StartError> for AppError {
    fn from(error: StartError) -> Self {
        tracing::warn!(%error, "a room was not started");
        match error {
            StartError::Config(error) => error.into(),
            StartError::Token => Code::BadToken.into(),
            StartError::Store(_) => Code::Storage.into(),
            StartError::Tls => Code::RoomNotStarted.into(),
        }
    }
}

impl From<ConfigError> for AppError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Server => Code::BadServer.into(),
            ConfigError::Socket => Code::BadSocket.into(),
            ConfigError::Insecure => Code::Insecure.into(),
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the room's files");
        Code::Storage.into()
    }
}

impl From<OutboxError> for AppError {
    fn from(error: OutboxError) -> Self {
        match error {
            OutboxError::TooLong { bytes } => {
                Self::from(Code::TooLong).with("bytes", bytes.to_string())
            }
            OutboxError::Full => Self { code: "outbox_full", params: BTreeMap::new() },
            OutboxError::Store(error) => error.into(),
        }
    }
}
