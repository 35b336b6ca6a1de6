//! Opens one database file, and tells damage from everything else that may be wrong.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use rusqlite_migration::{Error as MigrationError, MigrationDefinitionError, Migrations};

use super::private_file;
use crate::error::{OpenError, StoreError, code};
use crate::{cache, outbox};

/// Another program that looks into the file is given this long to finish.
const BUSY: Duration = Duration::from_secs(5);
/// A write-ahead log that a long reader let grow is cut back to this many bytes.
const LOG_BYTES: i64 = 32 << 20;
/// Of pages that a reader has read, it keeps so much, and the system the rest: SQLite's own two megabytes were never given back.
const READER_KIB: i64 = 512;
/// More statements than any one connection uses.
const STATEMENTS: usize = 96;

/// What a kind of database needs.
pub(crate) struct Plan {
    migrations: &'static Migrations<'static>,
    statements: &'static [&'static str],
    synchronous: &'static str,
}

/// The cache may lose its last commits when the power fails: position and rows go together, and are fetched again.
pub(crate) const CACHE: Plan = Plan {
    migrations: &cache::MIGRATIONS,
    statements: cache::statements::ALL,
    synchronous: "NORMAL",
};
/// What a person wrote is on the disk before they are told so.
pub(crate) const OUTBOX: Plan = Plan {
    migrations: &outbox::MIGRATIONS,
    statements: outbox::statements::ALL,
    synchronous: "FULL",
};

/// A database cannot be used.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It is no database, or a broken one, or not ours.
    Damaged,
    /// A newer release made it.
    TooNew,
    /// Something else is wrong, and the file may be fine.
    Open(OpenError),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        match code(&error) {
            // The generic error of a statement that does not fit the tables: the file is not what it says.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) => {
                Self::Damaged
            }
            _ => Self::Open(StoreError::from(error).into()),
        }
    }
}

impl From<MigrationError> for Trouble {
    fn from(error: MigrationError) -> Self {
        match error {
            MigrationError::RusqliteError { err, .. } => err.into(),
            MigrationError::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
                Self::TooNew
            }
            error => {
                tracing::warn!(%error, "a database does not take its migrations");
                Self::Damaged
            }
        }
    }
}

impl Plan {
    /// Opens the file for writing, makes or migrates its tables, and on demand looks for damage.
    pub(crate) fn open(&self, path: &Path, check: bool) -> Result<Connection, Trouble> {
        let file = private_file(path).map_err(Trouble::Open)?;
        // Less than the smallest page: SQLite would take it for a new, empty file.
        if file.metadata().is_ok_and(|file| (1..512).contains(&file.len())) {
            return Err(Trouble::Damaged);
        }
        drop(file);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(BUSY)?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        self.prepare(&mut conn)?;
        if check {
            let found: String = conn.query_row("PRAGMA quick_check(1)", [], |line| line.get(0))?;
            if found != "ok" {
                return Err(Trouble::Damaged);
            }
        }
        Ok(conn)
    }

    /// A database that is gone when it is closed.
    pub(crate) fn open_in_memory(&self) -> Result<Connection, Trouble> {
        let mut conn = Connection::open_in_memory()?;
        self.prepare(&mut conn)?;
        Ok(conn)
    }

    fn prepare(&self, conn: &mut Connection) -> Result<(), Trouble> {
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        conn.pragma_update(None, "synchronous", self.synchronous)?;
        // From the first row on, or copies that SQLite left behind when it split a page would outlive "forget".
        conn.pragma_update(None, "secure_delete", true)?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.pragma_update(None, "trusted_schema", false)?;
        self.migrations.to_latest(conn)?;
        // A table that is not as it should be shows here, not in the middle of a commit.
        for sql in self.statements {
            conn.prepare_cached(sql)?;
        }
        Ok(())
    }
}

/// A second connection to a cache, which only reads.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cache_size", -READER_KIB)?;
    Ok(conn)
}
