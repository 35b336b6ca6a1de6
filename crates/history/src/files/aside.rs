//! Sets a damaged file aside: nothing is ever deleted, a person may want to look.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;

/// Renames a database and what belongs to it to `<name>.corrupt-<ms>`; the files must not be open. `now` only makes
/// the name unique.
pub(crate) fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let mut millis = now.as_millisecond();
    let mut target = named(path, millis);
    while target.exists() {
        millis += 1;
        target = named(path, millis);
    }
    fs::rename(path, &target)?;
    for part in ["-wal", "-shm"] {
        match fs::rename(with_suffix(path, part), with_suffix(&target, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                // A log that stayed behind would be played into the file that comes next: better all back as it was.
                fs::rename(&target, path)?;
                return Err(error);
            }
            Ok(()) | Err(_) => {}
        }
    }
    tracing::warn!(to = %target.display(), "a damaged database was set aside");
    Ok(target)
}

fn named(path: &Path, millis: i64) -> PathBuf {
    with_suffix(path, &format!(".corrupt-{millis}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    name.into()
}
