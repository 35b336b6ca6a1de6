//! What can go wrong, one enum per operation, one variant per reaction.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use aside_protocol::Seq;

use crate::ids::{RoomId, RowKey};

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process (or another store of this one) has the directory.
    #[error("the directory is in use by another process")]
    Locked,
    /// The outbox was written by a newer release; it is left as it is.
    #[error("the outbox was written by a newer release")]
    OutboxTooNew,
    /// The directory or a file in it cannot be created, read or written.
    #[error("cannot use {path}")]
    Io {
        /// What could not be used.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system starts no more threads.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The database refused for another reason.
    #[error("cannot open the store")]
    Store(#[from] StoreError),
}

/// The store could not read or write.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// No room left on the disk; nothing of the transaction was kept.
    #[error("the disk is full")]
    DiskFull,
    /// The files may not be written.
    #[error("the store is read-only")]
    ReadOnly,
    /// The cache was found damaged, set aside and started anew, empty: fetch the history again. Room ids stay valid, row
    /// keys do not; nothing of this operation was kept.
    #[error("the cache was damaged and has been rebuilt")]
    CacheRebuilt {
        /// Where the damaged file is now.
        set_aside: PathBuf,
    },
    /// The outbox was found damaged, set aside, and what could be read of it carried over: compare it with the rows of the
    /// echoes. Nothing of this operation was kept.
    #[error("the outbox was damaged and has been rebuilt")]
    OutboxRebuilt {
        /// Where the damaged file is now.
        set_aside: PathBuf,
        /// How many outgoing entries and drafts were carried over.
        salvaged: u32,
    },
    /// No such room: it was forgotten.
    #[error("no room {0:?}")]
    UnknownRoom(RoomId),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The database refused for another reason; trying again may help.
    #[error("the database refused")]
    Sqlite(#[source] Arc<rusqlite::Error>),
}

/// A commit was not kept, none of it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// The commit names a row that is not (or no longer) in the room.
    #[error("no row {0:?}")]
    UnknownRow(RowKey),
    /// A row is to be placed by its sequence number but has none.
    #[error("a row without a sequence number cannot be placed by it")]
    NoSeq,
    /// A sequence number too far from the others of its epoch to be given a place.
    #[error("sequence number {0} is out of range")]
    SeqOutOfRange(Seq),
    /// No place is left where the row should go (a million rows between two neighbours, or the end of all places).
    #[error("no place is left")]
    NoPlace,
    /// The store could not write.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The outbox did not take something.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OutboxError {
    /// The text is longer than [`BODY_BYTES`](crate::outgoing::BODY_BYTES).
    #[error("a text of {bytes} bytes is too long to keep")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// The room's outbox already holds [`OUTBOX_ROWS`](crate::outgoing::OUTBOX_ROWS).
    #[error("the room's outbox is full")]
    Full,
    /// The store could not write.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// SQLite's own word for what went wrong, also where a statement could not even be prepared.
pub(crate) fn code(error: &rusqlite::Error) -> Option<rusqlite::ErrorCode> {
    match error {
        rusqlite::Error::SqlInputError { error, .. } => Some(error.code),
        other => other.sqlite_error_code(),
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match code(&error) {
            Some(Code::DiskFull) => Self::DiskFull,
            Some(Code::ReadOnly) => Self::ReadOnly,
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<rusqlite::Error> for OutboxError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl StoreError {
    /// Whether the file itself is damaged.
    pub(crate) fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        match self {
            Self::Sqlite(error) => {
                matches!(code(error), Some(Code::DatabaseCorrupt | Code::NotADatabase))
            }
            _ => false,
        }
    }

    /// Whether the cache is damaged: also if a cell holds what was never written there. One unreadable row would
    /// otherwise make its page unreadable for ever.
    pub(crate) fn is_cache_damage(&self) -> bool {
        use rusqlite::Error as E;
        let unreadable = match self {
            Self::Sqlite(error) => matches!(
                **error,
                E::FromSqlConversionFailure(..)
                    | E::IntegralValueOutOfRange(..)
                    | E::Utf8Error(..)
                    | E::InvalidColumnType(..)
            ),
            _ => false,
        };
        unreadable || self.is_damage()
    }
}
