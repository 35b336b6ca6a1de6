//! What can go wrong for whoever holds a session: one enum per operation.

use aside_history::{CommitError, OutboxError, StoreError};
use aside_protocol::triage::{Item, Snippets};
use aside_protocol::{EntryId, Seq};

use crate::config::ConfigError;

/// A session could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The addresses won't do.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The token is empty or can't stand in a header.
    #[error("the token has characters that no token has")]
    Token,
    /// The cache can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system's TLS can't be set up.
    #[error("no encrypted connections on this system")]
    Tls,
}

/// A question about the timeline could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The room was left.
    #[error("the room is closed")]
    Closed,
    /// The link is down; what is in the cache can still be read.
    #[error("not connected")]
    Offline,
    /// There is no such row, or it's not of the kind that this can be done to.
    #[error("no such row")]
    NoSuchRow,
    /// What would become a draft is longer than one may be, with what was begun already.
    #[error("too long for a draft")]
    DraftTooLong,
    /// The server did not answer in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server answered with a refusal.
    #[error("the server refused with status {status}")]
    Server {
        /// The HTTP status.
        status: u16,
    },
    /// The cache failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cache did not take what should be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// A question was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TriageError {
    /// It is not as it was taken for: somebody was faster.
    #[error("it was changed by somebody else")]
    Conflict(Box<Item>),
    /// The server has no desk, or not for this person.
    #[error("not offered here")]
    NotOffered,
    /// The link is down, or the reply was lost.
    #[error("not connected")]
    Offline,
    /// The server refused.
    #[error("the server refused with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The reason, in the server's words.
        reason: String,
    },
    /// The room was left.
    #[error("the room is closed")]
    Closed,
}

impl TriageError {
    /// The word under which the catalogue keeps it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "conflict",
            Self::NotOffered => "not_offered",
            Self::Offline => "offline",
            Self::Refused { .. } => "server",
            Self::Closed => "closed",
        }
    }
}

/// Nothing was done about somebody, or about what they said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModerationError {
    /// The server has no such thing, or not for this person.
    #[error("not offered here")]
    NotOffered,
    /// The link is down, or the reply was lost.
    #[error("not connected")]
    Offline,
    /// It is on its way to the server, and can't be taken back.
    #[error("too late")]
    TooLate,
    /// The server refused.
    #[error("the server refused with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The reason, in the server's words.
        reason: String,
    },
    /// The room was left.
    #[error("the room is closed")]
    Closed,
}

impl ModerationError {
    /// The word under which the catalogue keeps it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOffered => "not_offered",
            Self::Offline => "offline",
            Self::TooLate => "too_late",
            Self::Refused { status: 403, .. } => "role_refused",
            Self::Refused { status: 404, .. } => "no_such_row",
            Self::Refused { .. } => "server",
            Self::Closed => "closed",
        }
    }
}

/// The snippets that staff share were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnippetError {
    /// Somebody else changed them since they were looked at; they are so now.
    #[error("they were changed by somebody else")]
    Conflict(Snippets),
    /// The server has none, or not for this person, or not this one.
    #[error("not offered here")]
    NotOffered,
    /// The link is down, or the reply was lost.
    #[error("not connected")]
    Offline,
    /// The room has as many as it may, or this one is too long.
    #[error("more than the server takes")]
    Full,
    /// The server refused.
    #[error("the server refused with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The reason, in the server's words.
        reason: String,
    },
    /// The room was left.
    #[error("the room is closed")]
    Closed,
}

impl SnippetError {
    /// The word under which the catalogue keeps it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "snippets_changed",
            Self::NotOffered => "not_offered",
            Self::Offline => "offline",
            Self::Full => "snippets_full",
            Self::Refused { .. } => "server",
            Self::Closed => "closed",
        }
    }
}

/// Something that a person wrote was not taken into the outbox.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// There is nothing to send.
    #[error("nothing to send")]
    Empty,
    /// Longer than the server takes.
    #[error("{bytes} bytes are more than the {limit} that the server takes")]
    TooLong {
        /// The text's size.
        bytes: usize,
        /// The server's limit.
        limit: usize,
    },
    /// The outbox holds as much as it may.
    #[error("too many unsent messages")]
    Full,
    /// The server doesn't offer it, or not to this person.
    #[error("not offered here")]
    NotOffered,
    /// The room was left.
    #[error("the room is closed")]
    Closed,
    /// The outbox can't be written.
    #[error(transparent)]
    Outbox(OutboxError),
}

impl From<OutboxError> for SendError {
    fn from(error: OutboxError) -> Self {
        match error {
            OutboxError::Full => Self::Full,
            OutboxError::TooLong { bytes } => {
                Self::TooLong { bytes, limit: aside_history::outgoing::BODY_BYTES }
            }
            error @ OutboxError::Store(_) => Self::Outbox(error),
        }
    }
}

impl SendError {
    /// The word under which the catalogue keeps it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong { .. } => "too_long",
            Self::Full => "outbox_full",
            Self::NotOffered => "not_offered",
            Self::Closed => "closed",
            Self::Outbox(_) => "storage",
        }
    }
}

impl SessionError {
    /// The word under which the catalogue keeps it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Offline => "offline",
            Self::NoSuchRow => "no_such_row",
            Self::DraftTooLong => "draft_too_long",
            Self::Timeout => "timeout",
            Self::Server { .. } => "server",
            Self::Store(_) | Self::Commit(_) => "storage",
        }
    }
}

/// How something in the outbox ended, for now: `Unsure` and `Failed` may still be retried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The server has it.
    Sent {
        /// The id it was given, where the server gives ids.
        id: Option<EntryId>,
        /// The place it was given.
        seq: Option<Seq>,
    },
    /// The server refused it, or it could never be sent.
    Failed {
        /// The reason as a code: an HTTP status, or a word of ours.
        code: String,
        /// The reason in the server's words; of `muted`, until when, as RFC 3339 writes it.
        reason: String,
    },
    /// The server has it, and staff are to look at it before it is an entry.
    InReview {
        /// The name under which it waits.
        id: EntryId,
    },
    /// The link was lost after it was written, and nothing has shown since whether it arrived.
    Unsure,
}
