//! Puts a new file in the place of a damaged one, and what can be saved into it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::aside::set_aside;
use super::database::{CACHE, OUTBOX, Trouble};
use super::{cache_path, outbox_path};
use crate::error::{OpenError, StoreError};
use crate::outbox;
use crate::store::OpenReport;

pub(crate) fn in_transaction<T, E, F>(conn: &Connection, work: F) -> Result<T, E>
where
    E: From<rusqlite::Error>,
    F: FnOnce(&Connection) -> Result<T, E>,
{
    let transaction = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    let done = work(conn)?;
    aside_failpoint::at("outbox.before-commit");
    transaction.commit()?;
    aside_failpoint::at("outbox.committed");
    Ok(done)
}

/// Moves the write-ahead log into the database and empties it.
pub(crate) fn fold_in(conn: &Connection) -> rusqlite::Result<()> {
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

pub(crate) fn unusable(trouble: Trouble) -> OpenError {
    match trouble {
        Trouble::Open(error) => error,
        Trouble::Damaged | Trouble::TooNew => {
            StoreError::from(rusqlite::Error::InvalidQuery).into()
        }
    }
}

/// A new cache in the place of a damaged one. Keys and revisions start above all that were ever given out: whoever still
/// holds one of the old cache must not meet another row under it.
pub(crate) fn replace_cache(dir: &Path) -> Result<(Connection, PathBuf, i64), OpenError> {
    let (path, now) = (cache_path(dir), Timestamp::now());
    let aside =
        set_aside(&path, now).map_err(|source| OpenError::Io { path: path.clone(), source })?;
    let cache = CACHE.open(&path, false).map_err(unusable)?;
    let first = now.as_millisecond();
    let start = "INSERT INTO sqlite_sequence (name, seq) VALUES ('rows', ?1)";
    cache.execute(start, [first]).map_err(StoreError::from)?;
    Ok((cache, aside, first))
}

pub(crate) fn open_outbox(dir: &Path, report: &mut OpenReport) -> Result<Connection, OpenError> {
    // Small enough to be looked through every time.
    match OUTBOX.open(&outbox_path(dir), true) {
        Ok(outbox) => Ok(outbox),
        Err(Trouble::TooNew) => Err(OpenError::OutboxTooNew),
        Err(Trouble::Open(error)) => Err(error),
        Err(Trouble::Damaged) => {
            let (outbox, aside, salvaged) = replace_outbox(dir)?;
            report.outbox_set_aside = Some(aside);
            report.outbox_salvaged = salvaged;
            Ok(outbox)
        }
    }
}

pub(crate) fn replace_outbox(dir: &Path) -> Result<(Connection, PathBuf, u32), OpenError> {
    let path = outbox_path(dir);
    let io = |source| OpenError::Io { path: path.clone(), source };
    let aside = set_aside(&path, Timestamp::now()).map_err(io)?;
    let outbox = OUTBOX.open(&path, false).map_err(unusable)?;
    let salvaged = in_transaction(&outbox, |conn| outbox::salvage::carry_over(&aside, conn))?;
    Ok((outbox, aside, salvaged))
}
