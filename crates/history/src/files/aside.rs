//! Sets a damaged file aside: nothing is ever deleted, a person may want to look.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;

/// What SQLite keeps beside a database while it is used.
const PARTS: [&str; 2] = ["-wal", "-shm"];

/// Renames a database and what belongs to it to `<name>.corrupt-<ms>`; the files must not be open. `now` only makes
/// the name unique.
pub(crate) fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let mut millis = now.as_millisecond();
    let mut target = named(path, millis);
    while target.exists() {
        millis += 1;
        target = named(path, millis);
    }
    rename_all(path, &target)?;
    tracing::warn!(to = %target.display(), "a damaged database was set aside");
    Ok(target)
}

/// Renames a database and what belongs to it, or nothing of it.
pub(crate) fn rename_all(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    for part in PARTS {
        match fs::rename(with_suffix(from, part), with_suffix(to, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                // A log that stayed behind would be played into the file that comes next: better all back as it was.
                fs::rename(to, from)?;
                return Err(error);
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Removes a database that was never used, and what belongs to it.
pub(crate) fn remove_all(path: &Path) -> io::Result<()> {
    for part in PARTS.into_iter().chain([""]) {
        match fs::remove_file(with_suffix(path, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Sets aside what belonged to a database that is set aside already.
pub(crate) fn set_parts_aside(path: &Path, now: Timestamp) -> io::Result<()> {
    let target = named(path, now.as_millisecond());
    for part in PARTS {
        match fs::rename(with_suffix(path, part), with_suffix(&target, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn named(path: &Path, millis: i64) -> PathBuf {
    with_suffix(path, &format!(".corrupt-{millis}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    name.into()
}
