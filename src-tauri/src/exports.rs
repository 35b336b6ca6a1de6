//! The one export that may be under way: where to, a person is asked; how far it is, the page is told.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aside_report::{Format, Options};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::DialogExt;

use crate::dto::{ExportFormat, ExportProgress, ExportState, Exported};
use crate::errors::{AppError, Code};
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::windows::{self, RoomWindow};

/// The page is told so often at most.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Counts exports; one that is not the newest ends.
#[derive(Clone, Default)]
pub(crate) struct Exports(Arc<AtomicU64>);

/// Asks where to, and begins.
///
/// # Errors
/// `cancelled` when no file was chosen; a room that is not open.
pub(crate) async fn begin(
    app: &AppHandle,
    room: RoomKey,
    format: ExportFormat,
    unanswered: bool,
) -> Result<Exported, AppError> {
    let shell = app.state::<Shell>();
    let live = shell.rooms.live(room).await?;
    let language = shell.language();
    let label = shell.label(room);
    let format = match format {
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Xlsx => Format::Xlsx,
        ExportFormat::Json => Format::Json,
        ExportFormat::Html => Format::Html,
        ExportFormat::Report => Format::Report,
    };
    let name = file_name(&label, format);
    let path = choose_path(app, &name, format.extension()).await.ok_or(Code::Cancelled)?;
    let options = Options {
        format,
        room: label,
        server: live.server.to_string(),
        unanswered,
        zone: TimeZone::system(),
        language,
        now_ms: Timestamp::now().as_millisecond(),
    };
    let (store, history) = (shell.rooms.store().clone(), live.session.room());
    let exports = app.state::<Exports>().inner().clone();
    let number = exports.0.fetch_add(1, Ordering::SeqCst) + 1;
    let (shown, app, to) = (path.display().to_string(), app.clone(), path.clone());
    let teller = Teller { app, room, number, path: shown.clone() };
    tauri::async_runtime::spawn(async move {
        let (telling, mut last) = (teller.clone(), Instant::now());
        let progress = move |done: u64, total: u64| {
            if exports.0.load(Ordering::SeqCst) != number {
                return ControlFlow::Break(());
            }
            if last.elapsed() >= TELL_EVERY {
                last = Instant::now();
                telling.tell(ExportState::Running, (done, total), None);
            }
            ControlFlow::Continue(())
        };
        match aside_report::export(&store, history, &to, options, progress).await {
            Ok(count) => teller.tell(ExportState::Done, (count, count), None),
            Err(aside_report::ExportError::Cancelled) => {
                teller.tell(ExportState::Cancelled, (0, 0), None);
            }
            Err(error) => {
                tracing::warn!(%error, "an export failed");
                teller.tell(ExportState::Failed, (0, 0), Some(error.code()));
            }
        }
    });
    Ok(Exported { path: shown })
}

/// The export that goes on ends at its next question, and leaves nothing behind.
pub(crate) fn cancel(app: &AppHandle) {
    app.state::<Exports>().0.fetch_add(1, Ordering::SeqCst);
}

#[derive(Clone)]
struct Teller {
    app: AppHandle,
    room: RoomKey,
    number: u64,
    path: String,
}

impl Teller {
    fn tell(&self, state: ExportState, (done, total): (u64, u64), code: Option<&str>) {
        let path = Some(self.path.clone()).filter(|_| state == ExportState::Done);
        let (room, code) = (self.room.to_string(), code.map(str::to_owned));
        let number = self.number;
        let progress = ExportProgress { room, number, done, total, state, path, code };
        windows::tell(&self.app, "export", progress);
    }
}

/// The system's own dialog; nothing when it was closed.
pub(crate) async fn choose_path(app: &AppHandle, name: &str, extension: &str) -> Option<PathBuf> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut dialog =
        app.dialog().file().set_file_name(name).add_filter(extension.to_uppercase(), &[extension]);
    if let Some(window) = RoomWindow::Main.find(app) {
        dialog = dialog.set_parent(&window);
    }
    dialog.save_file(move |path| {
        let _gone = tell.send(path);
    });
    Some(ended(told.await.ok().flatten()?.into_path().ok()?, extension))
}

/// A name without an ending is one that a person was too lazy to end. The dialog asked about a file without it: one that has it is
/// left as it is.
fn ended(chosen: PathBuf, extension: &str) -> PathBuf {
    let Some(stem) = chosen.file_name().filter(|_| chosen.extension().is_none()) else {
        return chosen;
    };
    let mut ended = chosen.with_extension(extension);
    let mut number = 1;
    while ended.exists() {
        number += 1;
        let mut name = stem.to_owned();
        name.push(format!(" ({number}).{extension}"));
        ended = chosen.with_file_name(name);
    }
    ended
}

/// A room's name as a part of a name that every file system takes; may be empty.
pub(crate) fn plain(label: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | ' ') { c } else { '-' };
    let label: String = aside_text::name(label).chars().map(safe).take(60).collect();
    label.trim_matches([' ', '-']).to_owned()
}

fn file_name(label: &str, format: Format) -> String {
    let label = plain(label);
    let label = if label.is_empty() { "questions" } else { label.as_str() };
    let kind = if format == Format::Report { "-report" } else { "" };
    format!("{label}{kind}.{}", format.extension())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_that_nobody_wrote_overwrites_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(ended(at("report"), "csv"), at("report.csv"));
        std::fs::write(at("report.csv"), "kept").unwrap();
        assert_eq!(ended(at("report"), "csv"), at("report (2).csv"));
        std::fs::write(at("report (2).csv"), "kept").unwrap();
        assert_eq!(ended(at("report"), "csv"), at("report (3).csv"));
        assert_eq!(ended(at("report.csv"), "csv"), at("report.csv"), "the dialog has asked");
    }

    #[test]
    fn a_rooms_name_makes_a_file_name() {
        assert_eq!(file_name("Room 7", Format::Csv), "Room 7.csv");
        assert_eq!(file_name("../../etc/passwd", Format::Xlsx), "etc-passwd.xlsx");
        assert_eq!(file_name("会议 · 主会场", Format::Report), "会议 - 主会场-report.html");
        assert_eq!(file_name("\u{202e}///", Format::Json), "questions.json");
    }
}
