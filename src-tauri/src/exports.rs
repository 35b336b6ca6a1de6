//! The one export that may be under way: where to, a person is asked; how far it is, the page is told.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aside_history::Store;
use aside_report::{ExportError, Format, Options};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::DialogExt;
use tokio::sync::watch;

use crate::dto::{ExportFormat, ExportProgress, ExportState, Exported};
use crate::errors::{AppError, Code};
use crate::older;
use crate::rooms::Live;
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::source::Source;
use crate::windows::{self, RoomWindow};

/// The page is told so often at most.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Counts exports; one that is not the newest ends.
#[derive(Default)]
pub(crate) struct Exports(watch::Sender<u64>);

/// Whether an export is still the newest.
struct Wanted {
    number: u64,
    newest: watch::Receiver<u64>,
}

impl Exports {
    fn begin(&self) -> Wanted {
        let mut newest = self.0.subscribe();
        self.0.send_modify(|number| *number += 1);
        let number = *newest.borrow_and_update();
        Wanted { number, newest }
    }
}

impl Wanted {
    fn is(&self) -> bool {
        *self.newest.borrow() == self.number
    }

    async fn no_more(&mut self) {
        let number = self.number;
        let _gone = self.newest.wait_for(|newest| *newest != number).await;
    }
}

/// Asks where to, and begins.
///
/// # Errors
/// `cancelled` when no file was chosen; an unknown room.
pub(crate) async fn begin(
    app: &AppHandle,
    room: RoomKey,
    format: ExportFormat,
    unanswered: bool,
) -> Result<Exported, AppError> {
    let shell = app.state::<Shell>();
    // One that is just being opened can soon fetch what is not here.
    let _opened = shell.rooms.live(room).await;
    let source = shell.source(room).await?;
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
        server: source.server().to_string(),
        unanswered,
        people: source.live().is_some_and(Live::is_host),
        zone: TimeZone::system(),
        language,
        now_ms: Timestamp::now().as_millisecond(),
    };
    let (store, exports) = (shell.rooms.store().clone(), app.state::<Exports>());
    let wanted = exports.begin();
    let (shown, emitter) = (path.display().to_string(), app.clone());
    let emit = move |progress| windows::tell(&emitter, "export", progress);
    let mut teller = Teller::new(room, wanted.number, shown.clone(), emit);
    tauri::async_runtime::spawn(async move {
        let written = write(&store, &source, &path, options, wanted, &mut teller).await;
        match written {
            Ok(Written { questions, lacking }) => teller.done(questions, lacking),
            Err(ExportError::Cancelled) => teller.tell(ExportState::Cancelled, (0, 0)),
            Err(error) => {
                tracing::warn!(%error, "an export failed");
                teller.failed(error.code());
            }
        }
    });
    Ok(Exported { path: shown })
}

/// The export that goes on ends at its next question, and leaves nothing behind.
pub(crate) fn cancel(app: &AppHandle) {
    app.state::<Exports>().begin();
}

/// What an export has come to.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    questions: u64,
    /// There is more in the room than could be had.
    lacking: bool,
}

/// Fetches what of the room is not here, where it can be, and writes.
async fn write(
    store: &Store,
    source: &Source,
    path: &Path,
    options: Options,
    mut wanted: Wanted,
    teller: &mut Teller,
) -> Result<Written, ExportError> {
    teller.tell(ExportState::Reading, (0, 0));
    let whole = tokio::select! {
        whole = whole(store, source, |came, before| {
            teller.now_and_then(ExportState::Reading, (came, before.map_or(0, |n| came + n)));
        }) => whole,
        () = wanted.no_more() => return Err(ExportError::Cancelled),
    };
    let mut telling = teller.clone();
    let progress = move |done: u64, total: u64| {
        if !wanted.is() {
            return ControlFlow::Break(());
        }
        telling.now_and_then(ExportState::Running, (done, total));
        ControlFlow::Continue(())
    };
    let questions = aside_report::export(store, source.room(), path, options, progress).await?;
    Ok(Written { questions, lacking: !whole })
}

/// Whether all of the room is here, once what can be fetched has been. What was said since somebody was last in it, nobody knows.
async fn whole(store: &Store, source: &Source, told: impl FnMut(u64, Option<u64>)) -> bool {
    match source {
        Source::Live(live) => older::all(store, &live.session, told).await,
        Source::Kept(_) => false,
    }
}

#[derive(Clone)]
struct Teller {
    emit: Arc<dyn Fn(ExportProgress) + Send + Sync>,
    /// What it says, but for how far it is.
    said: ExportProgress,
    last: Instant,
}

impl Teller {
    fn new(
        room: RoomKey,
        number: u64,
        path: String,
        emit: impl Fn(ExportProgress) + Send + Sync + 'static,
    ) -> Self {
        let said = ExportProgress {
            room: room.to_string(),
            number,
            done: 0,
            total: 0,
            state: ExportState::Reading,
            path: Some(path),
            lacking: false,
            code: None,
        };
        Self { emit: Arc::new(emit), said, last: Instant::now() }
    }

    fn tell(&self, state: ExportState, (done, total): (u64, u64)) {
        (self.emit)(ExportProgress { state, done, total, path: None, ..self.said.clone() });
    }

    fn now_and_then(&mut self, state: ExportState, progress: (u64, u64)) {
        if self.last.elapsed() >= TELL_EVERY {
            self.last = Instant::now();
            self.tell(state, progress);
        }
    }

    fn done(&self, count: u64, lacking: bool) {
        let said = self.said.clone();
        let state = ExportState::Done;
        (self.emit)(ExportProgress { state, done: count, total: count, lacking, ..said });
    }

    fn failed(&self, code: &str) {
        let code = Some(code.to_owned());
        let state = ExportState::Failed;
        (self.emit)(ExportProgress { state, path: None, code, ..self.said.clone() });
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
pub(crate) mod tests {
    use std::sync::Mutex;

    use aside_protocol::Topic;
    use aside_server::{Answering, NewEntry};
    use aside_session::Connection;
    use aside_words::Language;

    use super::*;
    use crate::shell::tests::{Table, keyring};

    /// A question and its answer, and so much after them that a new computer has neither.
    pub(crate) async fn long_ago(table: &Table) {
        let (rooms, topic) = (table.server.rooms(), Topic::new("r"));
        let asked = rooms.publish(&topic, NewEntry::question("bo", "Bo", "when?")).await.unwrap();
        let (question, text) = (asked.id, "at three".to_owned());
        let (user, org_name, org_logo) = ("ana".to_owned(), "Org".to_owned(), String::new());
        let answering = Answering { question, user, org_name, org_logo, text };
        rooms.answer_as(&topic, answering).await.unwrap();
        let since = (0..1200).map(|n| NewEntry::message("bo", "Bo", format!("line {n}")));
        rooms.seed(&topic, since.collect()).await.unwrap();
    }

    /// Writes it as JSON, and says what became of that, what it holds and what was told.
    async fn exported(
        shell: &Shell,
        room: RoomKey,
        stop: bool,
    ) -> (Result<Written, ExportError>, serde_json::Value, Vec<ExportProgress>) {
        let folder = tempfile::tempdir().unwrap();
        let (path, told) = (folder.path().join("out.json"), Arc::new(Mutex::new(Vec::new())));
        let source = shell.source(room).await.unwrap();
        let exports = Exports::default();
        let wanted = exports.begin();
        let telling = Arc::clone(&told);
        let emit = move |progress| {
            telling.lock().unwrap().push(progress);
            if stop {
                exports.begin();
            }
        };
        let mut teller = Teller::new(room, wanted.number, "out.json".to_owned(), emit);
        let options = Options {
            format: Format::Json,
            room: "r".to_owned(),
            server: source.server().to_string(),
            unanswered: false,
            people: false,
            zone: TimeZone::UTC,
            language: Language::english(),
            now_ms: 0,
        };
        let store = shell.rooms.store();
        let written = write(store, &source, &path, options, wanted, &mut teller).await;
        let text = std::fs::read_to_string(path).unwrap_or_else(|_| "null".to_owned());
        let told = told.lock().unwrap().clone();
        (written, serde_json::from_str(&text).unwrap(), told)
    }

    #[tokio::test]
    async fn an_export_has_what_this_computer_had_not_read() {
        let (table, secrets) = (Table::set().await, keyring());
        long_ago(&table).await;
        let shell = table.start(&secrets);
        let room = table.join(&shell).await;
        let (written, file, told) = exported(&shell, room, false).await;
        assert_eq!(written.unwrap(), Written { questions: 1, lacking: false });
        let answers = &file["questions"][0]["answers"];
        assert_eq!(answers[0]["text"], "at three", "{file}");
        assert_eq!(told[0].state, ExportState::Reading);
        shell.rooms.close().await;
    }

    #[tokio::test]
    async fn an_export_that_reads_is_stopped_at_once() {
        let (table, secrets) = (Table::set().await, keyring());
        let shell = table.start(&secrets);
        let room = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
        let (written, file, told) = exported(&shell, room, true).await;
        assert!(matches!(written, Err(ExportError::Cancelled)) && file.is_null());
        assert_eq!(told.len(), 1);
        shell.rooms.close().await;
    }

    #[tokio::test]
    async fn an_export_says_what_it_lacks() {
        let (table, secrets) = (Table::set().await, keyring());
        long_ago(&table).await;
        let shell = table.start(&secrets);
        let room = table.join(&shell).await;
        table.server.kill().await;
        let mut view = shell.rooms.live(room).await.unwrap().session.watch();
        view.wait_for(|view| view.connection != Connection::Online).await.unwrap();
        let (written, file, _) = exported(&shell, room, false).await;
        assert_eq!(written.unwrap(), Written { questions: 1, lacking: true });
        assert_eq!(file["questions"][0]["answers"].as_array().map(Vec::len), Some(0));
        shell.rooms.close().await;
    }

    #[tokio::test]
    async fn of_a_room_without_a_token_what_is_kept_is_exported() {
        let (table, secrets) = (Table::set().await, keyring());
        let asked = NewEntry::question("bo", "Bo", "when?");
        table.server.rooms().publish(&Topic::new("r"), asked).await.unwrap();
        let shell = table.start(&secrets);
        let room = table.join(&shell).await;
        shell.rooms.close().await;
        let shell = table.start(&keyring());
        shell.open(room).await.unwrap();
        let (written, file, _) = exported(&shell, room, false).await;
        assert_eq!(written.unwrap(), Written { questions: 1, lacking: true });
        assert_eq!(file["questions"][0]["question"], "when?", "{file}");
        shell.rooms.close().await;
    }

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
