//! The database copied while it is in use, and put back.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::writer::DirectoryLock;
use super::{BUSY, FILE, migrate, replica, restrict};
use crate::config::Dice;
use crate::hall::new_epoch;
use crate::running::ServerError;

/// A copy was not made, or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something under that name already; it is left alone.
    #[error("it is there already: {}", .0.display())]
    Exists(PathBuf),
    /// There is nothing to copy.
    #[error("there is no room database in {}", .0.display())]
    Nothing(PathBuf),
    /// The copy is damaged, as SQLite says.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    /// The database refused.
    #[error("the database refused")]
    Database(#[from] rusqlite::Error),
    /// A file could not be read or written.
    #[error("a file could not be read or written")]
    File(#[from] std::io::Error),
    /// The directory is in use, or the copy from a newer version.
    #[error(transparent)]
    Server(#[from] ServerError),
}

/// Copies the database of a data directory into a new file, whether a server runs there or not. Until the copy is whole
/// and checked, it has another name.
///
/// # Errors
/// [`BackupError`].
pub fn backup(data: &Path, file: &Path) -> Result<(), BackupError> {
    let path = data.join(FILE);
    if !path.exists() {
        return Err(BackupError::Nothing(data.to_owned()));
    }
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let part = beside(file, "part");
    // Made by us, for its owner alone; SQLite fills an empty file and no other. Nobody else's file, nor what a link leads to.
    remove_if_there(&part)?;
    File::create_new(&part)?;
    restrict(&part);
    let made = copy(&path, &part);
    if made.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    made?;
    std::fs::rename(&part, file)?;
    sync_folder_of(file)?;
    Ok(())
}

/// One transaction that reads: writers go on, and what they write meanwhile is not in the copy.
fn copy(from: &Path, part: &Path) -> Result<(), BackupError> {
    let conn = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.busy_timeout(BUSY)?;
    conn.execute("VACUUM INTO ?", [part.to_string_lossy()])?;
    check(&Connection::open_with_flags(part, OpenFlags::SQLITE_OPEN_READ_ONLY)?)?;
    OpenOptions::new().write(true).open(part)?.sync_all()?;
    Ok(())
}

fn check(conn: &Connection) -> Result<(), BackupError> {
    let found: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(BackupError::Damaged(found)) }
}

/// Puts a copy into a data directory in which no server runs. What was there before stays beside it, under the name that is
/// returned. Every room begins a new epoch: what came after the copy is gone, and clients that have it must learn so. Unless
/// the copy `follows` a log, as it will again: what came after it comes from there.
///
/// # Errors
/// [`BackupError`].
pub fn restore(file: &Path, data: &Path, follows: bool) -> Result<Option<PathBuf>, BackupError> {
    std::fs::create_dir_all(data)?;
    let _lock = DirectoryLock::take(data)?;
    let (path, part) = (data.join(FILE), data.join("rooms.db.part"));
    // What a restore that was cut short left would be taken for a part of this one.
    for end in ["", "-wal", "-shm", "-journal"] {
        remove_if_there(&with_end(&part, end))?;
    }
    std::fs::copy(file, &part)?;
    restrict(&part);
    prepare(&part, follows).inspect_err(|_| {
        let _ = std::fs::remove_file(&part);
    })?;
    let before = set_aside(&path)?;
    std::fs::rename(&part, &path)?;
    sync_folder_of(&path)?;
    Ok(before)
}

/// Brings a copy up to date and gives its rooms new lives, unless a log goes on with the old ones.
fn prepare(part: &Path, follows: bool) -> Result<(), BackupError> {
    let mut conn = Connection::open_with_flags(part, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    check(&conn)?;
    migrate(&mut conn)?;
    if !(follows && replica::is_one(&conn)?) {
        replica::leave(&conn)?;
        for room in super::tokens::rooms(&conn)? {
            let epoch = new_epoch(&Dice::system());
            let tx = conn.transaction()?;
            super::tokens::set_epoch(&tx, room.key, &epoch)?;
            super::answers::follow_epoch(&tx, room.key, &room.epoch, &epoch)?;
            tx.commit()?;
        }
    }
    // One file: nothing of it waits in another.
    conn.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    drop(conn);
    OpenOptions::new().write(true).open(part)?.sync_all()?;
    Ok(())
}

/// Takes the database away that is there, with what waits in its log.
fn set_aside(path: &Path) -> Result<Option<PathBuf>, BackupError> {
    let stamp = jiff::Timestamp::now().as_second();
    let before = beside(path, &format!("before-{stamp}"));
    if !path.exists() {
        // The log of a database that is gone would be played into the next one of its name.
        set_parts_aside(path, &before)?;
        return Ok(None);
    }
    // Opening a database for writing may do away with what lies beside it.
    match look(path).and_then(|()| fold_in(path)) {
        Ok(()) => {}
        // A restore is wanted most when this is so: it is kept as it lies, with what belongs to it.
        Err(error) if is_damage(&error) => set_parts_aside(path, &before)?,
        Err(error) => return Err(error.into()),
    }
    std::fs::rename(path, &before)?;
    Ok(Some(before))
}

fn set_parts_aside(path: &Path, before: &Path) -> std::io::Result<()> {
    for end in ["-wal", "-shm", "-journal"] {
        let of_it = with_end(path, end);
        if of_it.exists() {
            std::fs::rename(of_it, with_end(before, end))?;
        }
    }
    Ok(())
}

/// Fails where a file is no database, and leaves everything as it is.
fn look(path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let conn = Connection::open_with_flags(format!("file:{path}?immutable=1"), flags)?;
    conn.query_row("PRAGMA schema_version", [], |_| Ok(()))
}

/// Makes one file of a database and its log.
fn fold_in(path: &Path) -> rusqlite::Result<()> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(BUSY)?;
    conn.pragma_update_and_check(None, "wal_checkpoint", "truncate", |_| Ok(()))?;
    conn.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))
}

fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

fn beside(file: &Path, end: &str) -> PathBuf {
    with_end(file, &format!(".{end}"))
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn remove_if_there(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// A name is only there for good once its folder is on the disk.
fn sync_folder_of(file: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}
