//! The directory: who holds it ([`lock`]), how its two files are opened ([`database`]) and, when damaged, set aside
//! ([`aside`]) and replaced ([`mend`]).

pub(crate) mod aside;
pub(crate) mod database;
pub(crate) mod lock;
pub(crate) mod mend;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Where the rows are.
pub(crate) fn cache_path(dir: &Path) -> PathBuf {
    dir.join("cache.db")
}

/// Where the outbox is.
pub(crate) fn outbox_path(dir: &Path) -> PathBuf {
    dir.join("outbox.db")
}

/// Where an outbox is made that is to take the place of a damaged one.
pub(crate) fn new_outbox_path(dir: &Path) -> PathBuf {
    dir.join("outbox.db.new")
}

/// Makes the directory, for its owner alone, if it is not there.
pub(crate) fn make_dir(dir: &Path) -> Result<(), OpenError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| OpenError::Io { path: dir.to_owned(), source })
}

/// Opens a file for reading and writing, making it if need be, for its owner alone. SQLite gives the files that it
/// makes beside it the same rights.
pub(crate) fn private_file(path: &Path) -> Result<File, OpenError> {
    let open = || -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(file)
    };
    open().map_err(|source| OpenError::Io { path: path.to_owned(), source })
}
