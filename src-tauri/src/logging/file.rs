//! A log file that never grows beyond a size: at the limit it becomes `NAME.1` and a new one is begun.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// Two files of this size hold a few days of a room that keeps losing its connection.
const LIMIT_BYTES: u64 = 2 * 1024 * 1024;

/// The file, shared by all threads that log.
#[derive(Clone)]
pub(super) struct RotatingFile(Arc<Mutex<Current>>);

struct Current {
    path: PathBuf,
    file: File,
    written: u64,
}

impl RotatingFile {
    /// Opens or continues the file; without it the app still runs.
    pub(super) fn open(folder: &Path, name: &str) -> Option<Self> {
        std::fs::create_dir_all(folder).ok()?;
        let path = folder.join(name);
        let file = append(&path).ok()?;
        let written = file.metadata().map_or(0, |meta| meta.len());
        Some(Self(Arc::new(Mutex::new(Current { path, file, written }))))
    }
}

/// For this user's eyes alone: it says which rooms they are in, and when.
fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Current {
    fn rotate(&mut self) -> io::Result<()> {
        let mut old = self.path.clone().into_os_string();
        old.push(".1");
        std::fs::rename(&self.path, old)?;
        self.file = append(&self.path)?;
        self.written = 0;
        Ok(())
    }
}

impl Write for RotatingFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Where renaming fails (Windows, while a reader holds the file), the old file goes on.
        if current.written >= LIMIT_BYTES && current.rotate().is_err() {
            current.written = 0;
        }
        let count = current.file.write(line)?;
        current.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).file.flush()
    }
}

impl<'a> MakeWriter<'a> for RotatingFile {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_are_the_most_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = RotatingFile::open(folder.path(), "a.log").unwrap();
        let line = vec![b'x'; 1024 * 1024];
        for _ in 0..7 {
            log.write_all(&line).unwrap();
        }
        let sizes: Vec<u64> = ["a.log", "a.log.1"]
            .iter()
            .map(|name| std::fs::metadata(folder.path().join(name)).unwrap().len())
            .collect();
        assert_eq!(sizes, [1024 * 1024, LIMIT_BYTES]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);

        drop(log);
        let mut again = RotatingFile::open(folder.path(), "a.log").unwrap();
        again.write_all(b"more").unwrap();
        let size = std::fs::metadata(folder.path().join("a.log")).unwrap().len();
        assert_eq!(size, 1024 * 1024 + 4, "a second start goes on where the first ended");
    }
}
