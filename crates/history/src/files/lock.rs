//! One process at a time: the lock file, which also remembers whether the last holder closed properly.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::private_file;
use crate::error::OpenError;

/// Held for as long as the store is open.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// A lock, and how its last holder ended.
pub(crate) struct Held {
    pub(crate) lock: Lock,
    /// The last holder was killed: its files deserve a look.
    pub(crate) unclean: bool,
}

impl Lock {
    /// Takes the directory, or says that somebody has it.
    pub(crate) fn take(dir: &Path) -> Result<Held, OpenError> {
        let path = dir.join("lock");
        let mut file = private_file(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked),
            Err(TryLockError::Error(source)) => return Err(OpenError::Io { path, source }),
        }
        let mut mark = || -> std::io::Result<bool> {
            let mut before = Vec::new();
            Read::by_ref(&mut file).take(16).read_to_end(&mut before)?;
            file.rewind()?;
            file.write_all(b"open\n")?;
            file.sync_all()?;
            Ok(!before.is_empty())
        };
        let unclean = mark().map_err(|source| OpenError::Io { path, source })?;
        Ok(Held { lock: Self { file }, unclean })
    }

    /// Everything was closed properly; lets the directory go.
    pub(crate) fn release_clean(self) {
        if let Err(error) = self.file.set_len(0) {
            tracing::warn!(%error, "cannot mark the store as closed; the next start will check it");
        }
    }
}
