//! A room's questions to a file: written beside it, and put in its place when it is whole.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use aside_history::{RoomId, Store, StoreError};
use aside_words::Language;
use jiff::tz::TimeZone;

use crate::asked::{Asked, gather};
use crate::{html, json, table, xlsx};

/// What the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, UTF-8 with a byte order mark.
    Csv,
    /// A workbook.
    Xlsx,
    /// JSON.
    Json,
    /// A page to print.
    Html,
    /// A page with the event's figures and charts.
    Report,
}

impl Format {
    /// The ending of the file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
            Self::Html | Self::Report => "html",
        }
    }
}

/// What stands in the file, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the file is.
    pub format: Format,
    /// The room, for people.
    pub room: String,
    /// The server's address.
    pub server: String,
    /// Only what nobody has answered.
    pub unanswered: bool,
    /// With the figures of each colleague, where there are figures.
    pub people: bool,
    /// The zone in which times are written.
    pub zone: TimeZone,
    /// The language of everything that nobody said.
    pub language: Language,
    /// Now, in milliseconds of the epoch.
    pub now_ms: i64,
}

/// Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The room could not be read.
    #[error("the room could not be read")]
    Store(#[from] StoreError),
    /// The file could not be written.
    #[error("the file could not be written")]
    Disk(#[source] io::Error),
    /// Somebody wanted it no more.
    #[error("cancelled")]
    Cancelled,
}

impl ExportError {
    /// The word under which the catalogue keeps it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(_) => "storage",
            Self::Disk(error) if error.kind() == io::ErrorKind::StorageFull => "disk_full",
            Self::Disk(_) => "file_not_written",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What ends the writing of a file.
pub(crate) enum Stop {
    Io(io::Error),
    Cancelled,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Tells how far it is, and hears whether it is still wanted.
pub(crate) struct Steps<'a> {
    done: u64,
    total: u64,
    tell: &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>,
}

impl Steps<'_> {
    pub(crate) fn one(&mut self) -> Result<(), Stop> {
        self.done += 1;
        match (self.tell)(self.done, self.total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stop::Cancelled),
        }
    }
}

/// Writes a room's questions to `path`, whatever any window shows of them; says how many. `progress` hears how many of how many
/// are written, and may end it: then, as after an error, nothing is left at `path` that was not there before.
///
/// # Errors
/// [`ExportError`].
pub async fn export(
    store: &Store,
    room: RoomId,
    path: &Path,
    options: Options,
    mut progress: impl FnMut(u64, u64) -> ControlFlow<()> + Send + 'static,
) -> Result<u64, ExportError> {
    let mut asked = gather(store, room).await?;
    if options.unanswered {
        asked.retain(Asked::is_unanswered);
    }
    let path = path.to_owned();
    let writing = move || write(&asked, &options, &path, &mut progress);
    match tokio::task::spawn_blocking(writing).await {
        Ok(written) => written,
        Err(lost) => Err(ExportError::Disk(io::Error::other(lost))),
    }
}

fn write(
    asked: &[Asked],
    options: &Options,
    path: &PathBuf,
    progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<u64, ExportError> {
    let total = asked.len() as u64;
    let mut steps = Steps { done: 0, total, tell: progress };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".aside-");
    // As any program's files: the person's own mask decides who else may read it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let beside =
        builder.tempfile_in(folder.unwrap_or(Path::new("."))).map_err(ExportError::Disk)?;
    let file: &File = beside.as_file();
    let written = match options.format {
        Format::Csv => table::csv(asked, options, file, &mut steps),
        Format::Xlsx => xlsx::xlsx(asked, options, file, &mut steps),
        Format::Json => json::json(asked, options, file, &mut steps),
        Format::Html => html::list(asked, options, file, &mut steps),
        Format::Report => html::report(asked, options, file, &mut steps),
    };
    match written {
        Ok(()) => {}
        Err(Stop::Cancelled) => return Err(ExportError::Cancelled),
        Err(Stop::Io(error)) => return Err(ExportError::Disk(error)),
    }
    file.sync_all().map_err(ExportError::Disk)?;
    beside.persist(path).map_err(|error| ExportError::Disk(error.error))?;
    Ok(total)
}
