//! Somebody reads back while the room goes on: what they look at does not move by a pixel, whatever comes, however many
//! rows are let go of, however late pictures are, whatever size the window is given, and whatever is selected. Back at the
//! end, the list keeps to it.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::{
    app::{App, until},
    late::Late,
    room::{Mode, Room, past},
    stage::Stage,
};

const PAST: usize = 2_000;
/// Before that past: rows with pictures, of so many people.
const FACES: usize = 300;
const PEOPLE: usize = 24;
/// As many rows as the page holds while somebody reads back (`HELD_ROWS` of its timeline).
const HELD: usize = 300;
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

/// Scrolls to near the first row that is held, or the last, and looks in every frame how far a row is from where it was
/// until others have come there: says so, how many rows are held, and what the first and the last say.
const FURTHER: &str = "const el = scroller();
    const held = () => [...log().querySelectorAll('[role=article]')];
    const top = (row) => row.getBoundingClientRect().top - el.getBoundingClientRect().top;
    const edge = () => held().at(a ? 0 : -1).dataset.key;
    el.scrollTop = a ? 200 : el.scrollHeight - el.clientHeight - 200;
    const before = edge();
    const { key } = held().find((row) => top(row) >= 0).dataset;
    const find = () => held().find((row) => row.dataset.key === key);
    const from = top(find());
    let [moved, others] = [0, 0];
    for (let frame = 0; frame < 600 && others < 4; frame++) {
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        moved = find() ? Math.max(moved, Math.abs(top(find()) - from)) : 9999;
        if (edge() !== before) others++;
    }
    return [moved, others > 0, held().length, text(held().at(0)), text(held().at(-1))];";
/// How far the end is below the view.
const REST: &str =
    "const el = scroller(); return el.scrollHeight - el.clientHeight - el.scrollTop;";
/// How many pictures are drawn, and how many are still to come.
const PICTURES: &str = "const pictures = [...log().querySelectorAll('img')];
    const drawn = pictures.filter((picture) => picture.complete && picture.naturalWidth > 0).length;
    return [drawn, pictures.length - drawn];";

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
    room.remember_faces(FACES, PEOPLE).await;
    room.remember(PAST).await;
    let late = Late::before(room.addr()).await;
    let stage = Stage::set("what_somebody_reads_stays_where_it_is");
    let app = App::start_at(stage, &room, late.addr).await;
    app.becomes(&["online"]).await;
    app.row(&[&past(PAST - 1)]).await;
    let mut torrent = Torrent { room: &room, said: 0 };

    read_back(&app).await;
    a_long_way_up(&app, &mut torrent).await;
    late_pictures(&app, &mut torrent, &late).await;
    a_way_down(&app, &mut torrent).await;
    to_the_end(&app).await;

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

/// One screen and more, up or down, with what is said meanwhile; what the first and the last held row say.
async fn further(app: &App, torrent: &mut Torrent<'_>, up: bool) -> (usize, String, String) {
    let look = app.ask::<(f64, bool, usize, String, String)>(FURTHER, json!([up]));
    let ((moved, others, held, first, last), ()) = tokio::join!(look, torrent.step());
    assert!(moved < 0.5, "it moved by {moved} px between {first} and {last}");
    assert!(others, "nothing comes before {first}, or after {last}");
    assert!(held <= HELD, "{held} rows are held");
    (held, first, last)
}

/// Two thousand rows up: the newest are let go of all the time.
async fn a_long_way_up(app: &App, torrent: &mut Torrent<'_>) {
    for _ in 0..PAST / 50 {
        let (held, first, _) = further(app, torrent, true).await;
        if first.contains("face") {
            assert_eq!(held, HELD);
            return;
        }
    }
    panic!("two thousand rows have no end");
}

/// Rows above, in and below the view get their pictures seconds after they were drawn.
async fn late_pictures(app: &App, torrent: &mut Torrent<'_>, late: &Late) {
    further(app, torrent, true).await;
    let key: String = app.ask(FIRST_WHOLE, json!([])).await;
    let before = stands(app, &key).await;
    app.ask::<()>(WATCH, json!([key])).await;
    for _ in 0..4 {
        torrent.step().await;
    }
    let (drawn, missing): (usize, usize) = app.ask(PICTURES, json!([])).await;
    assert!(drawn == 0 && missing > PEOPLE && late.asked() > 0, "{drawn} drawn, {missing} missing");
    late.come();
    until("the pictures are there", || async {
        torrent.room.say("while pictures come").await;
        app.ask::<(usize, usize)>(PICTURES, json!([])).await.0.gt(&PEOPLE).then_some(())
    })
    .await;
    assert_eq!(stands(app, &key).await, before);
    assert!(app.ask::<f64>(WATCHED, json!([])).await < 0.5, "it moved between two looks");
}

/// Down again, as far as the oldest are let go of.
async fn a_way_down(app: &App, torrent: &mut Torrent<'_>) {
    for _ in 0..5 {
        let (held, ..) = further(app, torrent, false).await;
        assert_eq!(held, HELD);
    }
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
    let held = "return log().querySelectorAll('[role=article]').length;";
    assert_eq!(app.ask::<usize>(held, json!([])).await, HELD, "rows were let go of meanwhile");
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
    to_the_end(app).await;
    let end = Instant::now() + AFTERWARDS;
    while Instant::now() < end {
        torrent.step().await;
        assert!(app.ask::<f64>(REST, json!([])).await <= 1.0, "the end has run away");
    }
}

async fn to_the_end(app: &App) {
    app.ask::<()>("log().focus(); return null;", json!([])).await;
    app.keys(END).await;
    until("the list is at its end", || async {
        (app.ask::<f64>(REST, json!([])).await <= 1.0).then_some(())
    })
    .await;
}
