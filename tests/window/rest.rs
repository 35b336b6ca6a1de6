//! A window that stays hidden gives its page back: only the core runs then, hears everything, and shows it when it is shown again.
//!
//! `ASIDE_HIDDEN_MINUTES=12 cargo test -p aside --test window rest:: -- --nocapture` is the long way: as many
//! rows as a room of ten a second has in twelve hours. `cargo xtask soak` runs it and makes a table of what it reports.

use std::env;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::app::{App, stays, until};
use crate::hidden::{LINE, TITLE, is_hidden, is_shown, the_connection_never_broke};
use crate::room::{Mode, Room};
use crate::stage::Stage;
use crate::still::{END, read_back};

/// Twelve hours of ten rows a second.
const LONG: usize = 12 * 60 * 60 * 10;
/// What is said in the story that every run tells.
const SHORT: usize = 250;
/// Rows are said this often, so many at once as it takes.
const STEP: Duration = Duration::from_millis(250);

/// Transcripts are written this often.
const WRITTEN: Duration = Duration::from_secs(30);

/// The program that draws the page.
const PAGE: &str = "WebKitWebProcess";

/// What all processes of the app take together, in MiB.
#[derive(Clone, Copy, Debug)]
struct Memory {
    /// With their share of the pages that others use, too: as many as there are, so much less is it for each.
    all: u64,
    /// What is in no file, and the app's alone: the part that can leak.
    own: u64,
}

fn memory(stage: &Stage) -> Memory {
    Memory { all: taken(stage, "Pss:"), own: taken(stage, "Pss_Anon:") }
}

fn taken(stage: &Stage, which: &str) -> u64 {
    let programs = ["aside", PAGE, "WebKitNetworkProcess"];
    let processes = programs.iter().flat_map(|program| stage.processes(program));
    assert!(!stage.processes("aside").is_empty(), "the app has ended");
    let kilobytes = processes.filter_map(|process| {
        let told = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
        let line = told.lines().find(|line| line.starts_with(which))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    kilobytes.sum::<u64>() / 1024
}

#[tokio::test]
async fn a_hidden_window_rests_and_comes_back_where_it_was() {
    let room = Room::open(Mode::Full).await;
    room.remember(200).await;
    let stage = Stage::set("a_hidden_window_rests_and_comes_back_where_it_was");
    let minutes = minutes();
    let settings = json!({"version": 1, "settings": {"restAfterSecs": 5, "close": "hide"}});
    fs::write(stage.home().join("settings.json"), settings.to_string()).unwrap();
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["past 199"]).await;
    app.type_into("Message", "half a sen").await;
    let shown = memory(&app.stage);

    rests(&app).await;
    let (said, looks) = talk(&app.stage, &room, minutes).await;
    let connections = room.ana_connections().len();
    let hidden = memory(&app.stage);

    let began = Instant::now();
    app.start_again();
    is_shown(&app).await;
    let window = began.elapsed();
    app.turn_to("the page is back", "return !!log();").await;
    app.row(&["unseen"]).await;
    let rows = began.elapsed();
    assert_eq!(app.value("Message").await, "half a sen");
    // Who was at the end sees where they stopped.
    until("the unread line", || async {
        let line: Vec<String> = app.ask(LINE, json!([])).await;
        (line.len() == 1 && line[0].contains("unseen 000000")).then_some(())
    })
    .await;
    all_is_there(&app, said).await;
    if minutes > 0.0 {
        all_is_written(&app.stage, said).await;
    }
    assert_eq!(room.ana_connections().len(), connections);
    the_connection_never_broke(&room, Mode::Full);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let again = memory(&app.stage);
    assert!(hidden.all < shown.all, "hidden {hidden:?}, shown {shown:?}");
    report(&json!({
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "minutes": minutes,
        "rows": said,
        "shown_mib": shown.all,
        "hidden_mib": looks.iter().map(|look| look.all).collect::<Vec<_>>(),
        "hidden_own_mib": looks.iter().map(|look| look.own).collect::<Vec<_>>(),
        "again_mib": again.all,
        "window_ms": window.as_millis() as u64,
        "rows_ms": rows.as_millis() as u64,
    }));
    who_reads_back_goes_on_there(&app, &room).await;
}

#[tokio::test]
async fn the_key_to_write_reaches_a_page_that_is_still_to_start() {
    let room = Room::open(Mode::Full).await;
    room.remember(5).await;
    let stage = Stage::set("the_key_to_write_reaches_a_page_that_is_still_to_start");
    let settings = json!({
        "version": 1,
        "settings": {"restAfterSecs": 5, "close": "hide"},
        "hotkeys": {"write": "Control+Alt+KeyW"},
    });
    fs::write(stage.home().join("settings.json"), settings.to_string()).unwrap();
    // Whoever answers has the desk's list before them: there, letters are commands.
    let app = App::start_at_desk(stage, &room).await;
    app.becomes(&["online"]).await;
    rests(&app).await;
    app.stage.press("ctrl+alt+w");
    is_shown(&app).await;
    app.turn_to("the page is back", "return document.activeElement?.tagName === 'TEXTAREA';").await;
    app.stage.press("x");
    until("what is typed is there", || async { (app.value("Message").await == "x").then_some(()) })
        .await;
}

/// The window is closed, and after a while its page is gone.
async fn rests(app: &App) {
    app.stage.close_window(TITLE);
    is_hidden(app).await;
    until("the page is gone", || async { app.stage.processes(PAGE).is_empty().then_some(()) })
        .await;
}

/// The row that somebody looks at is where it was, to the pixel, and stays there; what came since is counted.
async fn who_reads_back_goes_on_there(app: &App, room: &Room) {
    // Once a frame has been drawn: what is known of questions makes rows higher, and until then nobody has seen that.
    const TOP: &str = "await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        const row = all('[role=log] [role=article]').find((row) => row.dataset.key === a);
        return row ? row.getBoundingClientRect().top - scroller().getBoundingClientRect().top : null;";
    let key = read_back(app).await;
    let before: f64 = app.ask(TOP, json!([key])).await;
    rests(app).await;
    room.say_all((0..250).map(|number| format!("later {number:03}"))).await;
    app.start_again();
    is_shown(app).await;
    app.turn_to("the page is back", "return !!log();").await;
    let top = until("the row is back", || app.ask::<Option<f64>>(TOP, json!([key]))).await;
    assert!((top - before).abs() < 0.5, "it was at {before} px, and is at {top} px");
    app.row_or_words("new").await;
    room.say_all((0..50).map(|number| format!("now {number:03}"))).await;
    stays(Duration::from_secs(1), || app.ask::<f64>(TOP, json!([key]))).await;
    app.ask::<()>("log().focus(); return null;", json!([])).await;
    app.keys(END).await;
    app.row(&["now 049"]).await;
}

/// Every row stands in a transcript, too, once and in order.
async fn all_is_written(stage: &Stage, said: usize) {
    let end = Instant::now() + 3 * WRITTEN;
    let written = loop {
        let written = transcripts(&stage.home().join("transcripts"));
        if written.len() >= said || Instant::now() > end {
            break written;
        }
        tokio::time::sleep(STEP).await;
    };
    assert_eq!(written.len(), said, "lines in transcripts");
    let odd = written.iter().enumerate().find(|(at, number)| at != *number);
    assert_eq!(odd, None, "the first line that is not in its place");
}

/// The numbers of the rows that stand in the room's files, from the oldest file.
fn transcripts(folder: &Path) -> Vec<usize> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let text = files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect::<String>();
    let number = |line: &str| line.split_once("unseen ")?.1.parse().ok();
    text.lines().filter_map(number).collect()
}

/// How long it is hidden the long way; nothing for the short one.
fn minutes() -> f64 {
    env::var("ASIDE_HIDDEN_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

/// Says what was seen, and writes it where `cargo xtask soak` looks for it.
fn report(seen: &serde_json::Value) {
    eprintln!("{seen}");
    let Some(path) = env::var_os("ASIDE_REPORT") else { return };
    let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
    writeln!(file, "{seen}").unwrap();
}

/// What is said while nobody looks, and the memory that was taken: at the beginning, and after each minute.
async fn talk(stage: &Stage, room: &Room, minutes: f64) -> (usize, Vec<Memory>) {
    let (time, count) = if minutes > 0.0 {
        (Duration::from_secs_f64(minutes * 60.0), LONG)
    } else {
        (Duration::from_secs(10), SHORT)
    };
    let (begun, mut looks, mut said) = (Instant::now(), Vec::new(), 0);
    while said < count {
        let due = count as f64 * (begun.elapsed() + STEP).as_secs_f64() / time.as_secs_f64();
        let due = (due as usize).min(count);
        room.say_all((said..due).map(|number| format!("unseen {number:06}"))).await;
        said = due;
        if begun.elapsed().as_secs() / 60 >= looks.len() as u64 {
            looks.push(memory(stage));
        }
        tokio::time::sleep(STEP).await;
    }
    if minutes > 0.0 {
        looks.push(memory(stage));
    }
    // The first minutes fill caches that are bounded.
    if let [_, _, _, early, .., late] = looks[..] {
        assert!(late.own <= early.own + early.own / 10, "memory grows: {looks:?}");
    }
    (said, looks)
}

/// Every row is in the cache, once and in order.
async fn all_is_there(app: &App, said: usize) {
    const READ: &str = "const invoke = window.__TAURI_INTERNALS__.invoke;
        const room = (await invoke('boot', { rows: 1 })).rooms[0].id;
        let anchor = a === null ? { at: 'end' } : { at: 'before', place: a };
        const found = [];
        for (let page = 0; page < 20; page++) {
            const { rows, hasOlder } = await invoke('page', { room, anchor, limit: 1000 });
            if (rows.some(({ kind }) => kind === 'gap')) throw new Error('a gap');
            found.unshift(...rows.map(({ text }) => text).filter((text) => text.startsWith('unseen ')));
            if (!hasOlder || rows.length === 0) return [found, null];
            anchor = { at: 'before', place: rows[0].place };
        }
        return [found, anchor.place];";
    let (mut expected, mut anchor) = (said, None::<i64>);
    loop {
        let (found, older): (Vec<String>, Option<i64>) = app.ask(READ, json!([anchor])).await;
        for text in found.iter().rev() {
            expected -= 1;
            assert_eq!(*text, format!("unseen {expected:06}"));
        }
        anchor = older;
        if anchor.is_none() {
            break;
        }
    }
    assert_eq!(expected, 0, "the first ones are missing");
}
