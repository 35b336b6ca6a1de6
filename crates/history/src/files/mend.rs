//! Puts a new file in the place of a damaged one, and what can be saved into it.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::aside::{remove_all, rename_all, set_aside, set_parts_aside};
use super::database::{CACHE, OUTBOX, Trouble};
use super::{cache_path, new_outbox_path, outbox_path};
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
    finish_replacing(dir)?;
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

/// A new outbox in the place of a damaged one, with what could be saved. The damaged one stays where it is until that is on
/// the disk, so whatever cuts this short can be followed by another try.
pub(crate) fn replace_outbox(dir: &Path) -> Result<(Connection, PathBuf, u32), OpenError> {
    let (path, new) = (outbox_path(dir), new_outbox_path(dir));
    let io = |source| OpenError::Io { path: path.clone(), source };
    remove_all(&new).map_err(io)?;
    let salvaged = save_outbox(&path, &new)?;
    aside_failpoint::at("outbox.saved");
    let aside = set_aside(&path, Timestamp::now()).map_err(io)?;
    aside_failpoint::at("outbox.set-aside");
    if let Err(error) = fs::rename(&new, &path) {
        rename_all(&aside, &path).map_err(io)?;
        return Err(io(error));
    }
    let outbox = OUTBOX.open(&path, false).map_err(unusable)?;
    Ok((outbox, aside, salvaged))
}

/// Makes a file with what can be read of the damaged one; says how much that was.
fn save_outbox(damaged: &Path, new: &Path) -> Result<u32, OpenError> {
    let outbox = OUTBOX.open(new, false).map_err(unusable)?;
    let salvaged = in_transaction(&outbox, |conn| outbox::salvage::carry_over(damaged, conn))?;
    fold_in(&outbox).map_err(StoreError::from)?;
    outbox.close().map_err(|(_, error)| StoreError::from(error))?;
    Ok(salvaged)
}

/// Where a death left a new outbox: it is whole if the damaged one was set aside, and begun anew if not.
fn finish_replacing(dir: &Path) -> Result<(), OpenError> {
    let (path, new) = (outbox_path(dir), new_outbox_path(dir));
    let finish = || {
        if path.try_exists()? || !new.try_exists()? {
            if let Err(error) = remove_all(&new) {
                tracing::warn!(%error, "a new outbox that was not finished stays");
            }
            return Ok(());
        }
        set_parts_aside(&path, Timestamp::now())?;
        fs::rename(&new, &path)
    };
    finish().map_err(|source| OpenError::Io { path: path.clone(), source })
}
