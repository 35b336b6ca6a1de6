//! Somebody reads back while the room goes on: what they look at does not move by a pixel, whatever comes, whatever size
//! the window is given, and whatever is selected. Back at the end, the list keeps to it.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::{
    app::{App, until},
    room::{Mode, Room, past},
    stage::Stage,
};

const PAST: usize = 2_000;
/// A hundred rows a second, in steps of a quarter.
const STEP: Duration = Duration::from_millis(250);
const ROWS_PER_STEP: usize = 25;
/// Three times so long: rows alone, sizes of the window, a selection.
const PART: Duration = Duration::from_secs(20);
const AFTERWARDS: Duration = Duration::from_secs(5);
/// The keys of the driver's standard.
const PAGE_UP: &str = "\u{e00e}";
pub(crate) const END: &str = "\u{e010}";

/// Where a row begins below the upper edge of the list, once a frame has been drawn.
const WHERE: &str =
    "await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const row = log().querySelector(`[role=article][data-key=\"${a}\"]`);
    return row && Math.round(row.getBoundingClientRect().top - scroller().getBoundingClientRect().top);";
/// The most that a row is elsewhere, looked at in every frame. Not for a window that changes its size: a frame begins before the list knows of it.
const WATCH: &str =
    "const row = (key) => log().querySelector(`[role=article][data-key=\"${key}\"]`);
    const at = () => row(a).getBoundingClientRect().top - scroller().getBoundingClientRect().top;
    const watch = (window.watched = { from: at(), worst: 0 });
    const look = () => {
        if (window.watched !== watch) return;
        watch.worst = row(a) ? Math.max(watch.worst, Math.abs(at() - watch.from)) : Infinity;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    return null;";
const WATCHED: &str = "const { worst } = window.watched;
    window.watched = null;
    return Number.isFinite(worst) ? worst : 9999;";
const FIRST_WHOLE: &str = "const top = scroller().getBoundingClientRect().top;
    return all('[role=log] [role=article]').find((row) => row.getBoundingClientRect().top >= top).dataset.key;";

/// What is said in the room meanwhile, a hundred rows a second.
struct Torrent<'a> {
    room: &'a Room,
    said: usize,
}

impl Torrent<'_> {
    /// One step of it; comes back when its time is over.
    async fn step(&mut self) {
        let end = Instant::now() + STEP;
        for _ in 0..ROWS_PER_STEP {
            self.room.say(&format!("torrent {}", self.said)).await;
            self.said += 1;
        }
        sleep_until(end).await;
    }
}

#[tokio::test]
async fn what_somebody_reads_stays_where_it_is() {
    let room = Room::open(Mode::Full).await;
    room.remember(PAST).await;
    let app = App::start_in(Stage::set("what_somebody_reads_stays_where_it_is"), &room).await;
    app.becomes(&["online"]).await;
    app.row(&[&past(PAST - 1)]).await;
    let mut torrent = Torrent { room: &room, said: 0 };

    let key = read_back(&app).await;
    rows_alone(&app, &mut torrent, &key).await;
    sizes_of_the_window(&app, &mut torrent, &key).await;
    the_end(&app, &mut torrent).await;
    a_selection(&app, &mut torrent).await;
    the_end(&app, &mut torrent).await;
    assert!(torrent.said >= 3_000, "no torrent: {} rows", torrent.said);
    // The room falls silent, and its last word is there.
    app.row(&[&format!("torrent {}", torrent.said - 1)]).await;
}

/// Scrolls up as a person does, and says which row then is the first.
pub(crate) async fn read_back(app: &App) -> String {
    app.ask::<()>("log().focus(); return null;", json!([])).await;
    app.keys(&PAGE_UP.repeat(3)).await;
    until("the list has come to rest", || async {
        let body = "const before = scroller().scrollTop;
            await new Promise((done) => setTimeout(done, 300));
            const el = scroller();
            return el.scrollTop === before && el.scrollHeight - el.clientHeight - before > 400;";
        app.ask::<bool>(body, json!([])).await.then_some(())
    })
    .await;
    app.ask(FIRST_WHOLE, json!([])).await
}

/// A row that is not in the page at all is no number.
async fn stands(app: &App, key: &str) -> i64 {
    app.ask(WHERE, json!([key])).await
}

async fn rows_alone(app: &App, torrent: &mut Torrent<'_>, key: &str) {
    let before = stands(app, key).await;
    app.ask::<()>(WATCH, json!([key])).await;
    let end = Instant::now() + PART;
    while Instant::now() < end {
        torrent.step().await;
        assert_eq!(stands(app, key).await, before);
    }
    assert!(app.ask::<f64>(WATCHED, json!([])).await < 0.5, "it moved between two looks");
    assert!(app.words().await.contains("new"), "what came is counted");
}

async fn sizes_of_the_window(app: &App, torrent: &mut Torrent<'_>, key: &str) {
    let before = stands(app, key).await;
    let sizes = [(700, 600), (420, 800), (260, 480), (1200, 900), (960, 720)];
    let end = Instant::now() + PART;
    for (width, height) in sizes.into_iter().cycle() {
        app.stage.resize_window("Aside", width, height);
        for _ in 0..4 {
            torrent.step().await;
            assert_eq!(stands(app, key).await, before, "in a window of {width} by {height}");
        }
        if Instant::now() >= end {
            break;
        }
    }
}

async fn a_selection(app: &App, torrent: &mut Torrent<'_>) {
    let body = "const row = all('[role=log] [role=article]').at(-3);
        getSelection().selectAllChildren(row.querySelector('.text'));
        await new Promise((done) => setTimeout(done, 100));
        return [row.dataset.key, getSelection().toString()];";
    let (key, text): (String, String) = app.ask(body, json!([])).await;
    assert!(!text.is_empty());
    let before = stands(app, &key).await;
    app.ask::<()>(WATCH, json!([key])).await;
    let end = Instant::now() + PART;
    while Instant::now() < end {
        torrent.step().await;
        assert_eq!(stands(app, &key).await, before);
        let selected: String = app.ask("return getSelection().toString();", json!([])).await;
        assert_eq!(selected, text, "the selection slid");
    }
    assert!(app.ask::<f64>(WATCHED, json!([])).await < 0.5, "it moved between two looks");
    app.ask::<()>("getSelection().removeAllRanges(); return null;", json!([])).await;
}

/// The End key leads back, and rows that go on coming do not lead away again.
async fn the_end(app: &App, torrent: &mut Torrent<'_>) {
    app.ask::<()>("log().focus(); return null;", json!([])).await;
    app.keys(END).await;
    let rest = "const el = scroller(); return el.scrollHeight - el.clientHeight - el.scrollTop;";
    until("the list is at its end", || async {
        (app.ask::<f64>(rest, json!([])).await <= 1.0).then_some(())
    })
    .await;
    let end = Instant::now() + AFTERWARDS;
    while Instant::now() < end {
        torrent.step().await;
        assert!(app.ask::<f64>(rest, json!([])).await <= 1.0, "the end has run away");
    }
}
