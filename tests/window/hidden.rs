//! The window goes, the room stays: one connection, an unbroken heartbeat, and nothing missed when it comes back.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    app::{App, until},
    room::{Mode, Room},
    stage::Stage,
    wire,
};

pub(crate) const TITLE: &str = "Aside";

#[tokio::test]
async fn a_hidden_window_misses_nothing() {
    goes_and_comes_back(Mode::Full, "a_hidden_window_misses_nothing").await;
}

#[tokio::test]
async fn a_hidden_window_misses_nothing_of_a_core_server() {
    goes_and_comes_back(Mode::Core, "a_hidden_window_misses_nothing_of_a_core_server").await;
}

async fn goes_and_comes_back(mode: Mode, name: &str) {
    let room = Room::open(mode).await;
    room.remember(20).await;
    room.say("read before").await;
    let app = App::start_in(Stage::set(name), &room).await;
    app.becomes(&["online"]).await;
    app.row(&["read before"]).await;

    // The first time, closing asks.
    app.stage.close_window(TITLE);
    app.press_goodbye("Keep running").await;
    is_hidden(&app).await;

    // Nothing to poll for: fifty entries over more than two heartbeats of a hidden window are the story.
    let before = commits(&app);
    for number in 0..50 {
        room.say(&format!("unseen {number:02}")).await;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    // Once a second is often enough where nobody looks.
    let written = commits(&app) - before;
    assert!((10..=25).contains(&written), "50 entries in 12.5 s were {written} commits");
    app.start_again();
    is_shown(&app).await;
    let last = app.row(&["unseen 49"]).await;
    // The newest screen comes first; then the view goes to where the reader left.
    until("one unread line, before the first unseen entry", || async {
        let line: Vec<String> = app.ask(LINE, json!([])).await;
        (line.len() == 1 && line[0].contains("unseen 00")).then_some(())
    })
    .await;
    let rows = app.whole_timeline().await;
    let unseen: Vec<_> = rows.iter().filter(|row| row.text.contains("unseen")).collect();
    assert_eq!(unseen.len(), 50);
    for (number, row) in unseen.iter().enumerate() {
        assert!(row.text.contains(&format!("unseen {number:02}")), "{}", row.text);
    }
    assert_eq!(unseen[49].key, last.key, "a row keeps its name");

    // By the keyboard it goes without a question.
    let keys = async {
        app.control('w').await;
        // The driver may never see the keys' end, or see it after the window is gone.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = keys => {}
        () = is_hidden(&app) => {}
    }
    app.start_again();
    is_shown(&app).await;
    the_connection_never_broke(&room, mode);
}

#[tokio::test]
async fn what_closing_is_to_mean_is_remembered_whatever_is_chosen_after() {
    let room = Room::open(Mode::Full).await;
    room.say("read before").await;
    let name = "what_closing_is_to_mean_is_remembered_whatever_is_chosen_after";
    let app = App::start_in(Stage::set(name), &room).await;
    app.becomes(&["online"]).await;
    app.row(&["read before"]).await;
    app.stage.close_window(TITLE);
    app.press_box("Do this every time").await;
    app.press_goodbye("Keep running").await;
    is_hidden(&app).await;
    app.start_again();
    is_shown(&app).await;
    // The page sends all that it knows of.
    app.row(&["read before"]).await;
    app.stage.press("ctrl+plus");
    until("the text is larger", || async {
        let kept = fs::read(app.stage.home().join("settings.json")).ok()?;
        let kept: Value = serde_json::from_slice(&kept).ok()?;
        (kept["settings"]["textSize"] == 110).then_some(())
    })
    .await;
    app.stage.close_window(TITLE);
    is_hidden(&app).await;
}

/// How often anything was written down in the room.
fn commits(app: &App) -> i64 {
    let cache = app.stage.home().join("history").join("cache.db");
    let cache = rusqlite::Connection::open(cache).unwrap();
    cache.query_row("SELECT max(revision) FROM rooms", [], |row| row.get(0)).unwrap()
}

/// The unread line's neighbour below, for every unread line in the page.
pub(crate) const LINE: &str = "
    const lines = all('[role=log] [role=separator]').filter((el) => text(el) === 'New' || named(el) === 'New');
    return lines.map((line) => {
        const top = line.getBoundingClientRect().top;
        const below = rows().length && all('[role=log] [role=article]')
            .filter((el) => el.getBoundingClientRect().bottom > top + 1)
            .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)[0];
        return text(below);
    });";

pub(crate) fn the_connection_never_broke(room: &Room, mode: Mode) {
    wire::check_all(room, mode);
    let [connection] = &room.ana_connections()[..] else { panic!("more than one connection") };
    assert!(connection.closed.is_none());
    assert!(connection.heartbeats.len() >= 2, "{} heartbeats", connection.heartbeats.len());
    // The first comes when it likes, so that a thousand clients of one restart do not beat as one.
    let first = connection.heartbeats[0].duration_since(connection.opened);
    assert!(first.as_secs_f64() <= 6.0, "the first heartbeat after {first:?}");
    for pair in connection.heartbeats.windows(2) {
        let pause = pair[1].duration_since(pair[0]);
        assert!((4.0..=6.0).contains(&pause.as_secs_f64()), "a heartbeat after {pause:?}");
    }
}

pub(crate) async fn is_hidden(app: &App) {
    until("the window is gone", || async { (!shown(app)).then_some(()) }).await;
}

pub(crate) async fn is_shown(app: &App) {
    until("the window is back", || async { shown(app).then_some(()) }).await;
}

fn shown(app: &App) -> bool {
    app.stage.windows().iter().any(|title| title.contains(TITLE))
}
