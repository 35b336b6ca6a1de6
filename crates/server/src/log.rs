//! The log that several servers share: where it is, and why it cannot be used.

use std::fmt;

/// Where the log is, and what becomes of it if it is not there yet.
#[derive(Clone, PartialEq, Eq)]
pub struct LogPlace {
    /// NATS servers with JetStream: `nats://HOST:PORT`, several with commas. A user and a password, or a token, may stand before the host, as they are.
    pub url: String,
    /// The stream's name, which is its subject, too.
    pub stream: String,
    /// On how many NATS servers it is kept, when it is made.
    pub replicas: usize,
}

impl LogPlace {
    /// A log of the usual name, on one NATS server.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), stream: "aside".to_owned(), replicas: 1 }
    }
}

impl fmt::Debug for LogPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        f.debug_struct("LogPlace").field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// The log cannot be used, or not with this database.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// This build knows no logs.
    #[error("this build has no NATS in it (feature `nats`)")]
    NotBuilt,
    /// The database follows a log, and was opened without one.
    #[error(
        "this database follows a log (--log): alone, it would go another way; restore a backup without a log to leave it"
    )]
    Missing,
    /// NATS cannot be reached, or has no JetStream.
    #[error("NATS cannot be reached, or does not answer as JetStream does")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database has rooms of its own, and the log has others.
    #[error(
        "this database has rooms that are not in the log: begin with an empty data directory, or with a backup of another server"
    )]
    Foreign,
    /// The log began with a database, which is not in it.
    #[error(
        "the log began with a database that is not in it: restore a backup of another server first"
    )]
    NeedsBackup,
    /// What comes next for this database is no longer in the log.
    #[error(
        "the log begins at {first}, this database ends at {here}: restore a newer backup of another server first"
    )]
    Begins {
        /// The oldest message of the log.
        first: u64,
        /// The newest that the database has.
        here: u64,
    },
    /// The log does not have what the database has.
    #[error(
        "the log is another one than this database follows, or has lost what it acknowledged (at {here})"
    )]
    Differs {
        /// The newest message that the database has.
        here: u64,
    },
    /// A newer version wrote into the log.
    #[error(
        "the log has what a newer version wrote (form {theirs}, known is {ours}): update this server"
    )]
    Newer {
        /// The form that was found.
        theirs: u64,
        /// The form that is known.
        ours: u64,
    },
    /// A message of the log does not fit to the database.
    #[error("message {seq} of the log does not fit to this database")]
    Unfit {
        /// Its number.
        seq: u64,
        /// What was wrong.
        #[source]
        why: rusqlite::Error,
    },
    /// The database refused.
    #[error("the database refused")]
    Database(#[from] rusqlite::Error),
}
