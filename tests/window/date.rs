//! To a day and a time in a long room: the first row from then on stands in the view and stays there, whatever comes; beyond either end
//! it is said where one comes to stand.

use std::time::Duration;

use aside_server::NewEntry;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::access::Eyes;
use crate::app::{App, stays, until};
use crate::room::{Mode, Room};
use crate::stage::Stage;

const DAYS: usize = 5;
const ROWS_A_DAY: usize = 400;
/// What a field for a day and a time holds at a moment.
const CLOCK: &str = "const at = new Date(a - new Date(a).getTimezoneOffset() * 60_000);
    return at.toISOString().slice(0, 16);";
const SET: &str = "const el = all('dialog input')[0];
    el.value = a;
    el.dispatchEvent(new Event('input', { bubbles: true }));
    el.focus();
    return null;";
const NOTE: &str = "return text(all('dialog [role=status]')[0]);";
/// What the row says that was gone to, and where it stands in the view; nothing if it cannot be seen.
const FOUND: &str = "const row = log().querySelector('article.found');
    if (!row) return null;
    const [here, view] = [row.getBoundingClientRect(), scroller().getBoundingClientRect()];
    return here.top >= view.top && here.bottom <= view.bottom ? [text(row), Math.round(here.top - view.top)] : null;";
const IS_OPEN: &str = "return all('dialog').length > 0;";

/// When a row was said: one every two minutes, from the same hour of each day on.
fn when(first: Timestamp, day: usize, row: usize) -> Timestamp {
    let minutes = i64::try_from(day * 24 * 60 + row * 2).unwrap();
    first + SignedDuration::from_mins(minutes)
}

async fn asks(app: &App) {
    app.stage.press("ctrl+shift+d");
    until("the sheet", || async { app.ask::<bool>(IS_OPEN, json!([])).await.then_some(()) }).await;
}

async fn is_gone(app: &App) {
    until("no sheet", || async { (!app.ask::<bool>(IS_OPEN, json!([])).await).then_some(()) })
        .await;
}

/// Goes to a moment and says what the sheet said of it.
async fn goes(app: &App, at: Timestamp) -> String {
    asks(app).await;
    let clock: String = app.ask(CLOCK, json!([at.as_millisecond()])).await;
    app.ask::<()>(SET, json!([clock])).await;
    let note = app.ask::<String>(NOTE, json!([])).await;
    app.keys("\n").await;
    is_gone(app).await;
    note
}

/// The row that says this was gone to and can be seen; where it stands.
async fn stands(app: &App, words: &str) -> i64 {
    until(&format!("{words} in the view"), || async {
        let (text, top) = app.ask::<Option<(String, i64)>>(FOUND, json!([])).await?;
        text.contains(words).then_some(top)
    })
    .await
}

#[tokio::test]
async fn a_long_room_is_gone_to_by_day_and_time_and_stands_still_there() {
    let (room, eyes) = (Room::open(Mode::Full).await, Eyes::open());
    let stage = Stage::set("a_long_room_is_gone_to_by_day_and_time");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    // To the minute, as the wire has it.
    let now = Timestamp::now().as_second() / 60 * 60;
    let first = Timestamp::from_second(now).unwrap()
        - SignedDuration::from_hours(24 * i64::try_from(DAYS).unwrap());
    for day in 0..DAYS {
        let said = |row| {
            let entry = NewEntry::message("bo", "Bo", format!("day {day} row {row:03}"));
            NewEntry { created_at: Some(when(first, day, row)), ..entry }
        };
        let rows = (0..ROWS_A_DAY).map(said).collect();
        room.seed(rows).await;
        app.row(&[&format!("day {day} row {:03}", ROWS_A_DAY - 1)]).await;
    }

    // Between two rows it is the later one.
    let wanted = when(first, 2, 137) - SignedDuration::from_mins(1);
    assert_eq!(goes(&app, wanted).await, "");
    stands(&app, "day 2 row 137").await;
    let top = until("older rows are above it", || async {
        let top = stands(&app, "day 2 row 137").await;
        let above = app.row(&["day 2 row 136"]).await;
        (!above.key.is_empty()).then_some(top)
    })
    .await;
    room.say_all((0..30).map(|n| format!("meanwhile {n}"))).await;
    app.button("30 new").await;
    stays(Duration::from_secs(1), || stands(&app, "day 2 row 137")).await;
    assert_eq!(stands(&app, "day 2 row 137").await, top);

    // What is looked at is where the next way begins.
    asks(&app).await;
    let from: String = app.ask(CLOCK, json!([when(first, 2, 130).as_millisecond()])).await;
    let to: String = app.ask(CLOCK, json!([when(first, 2, 137).as_millisecond()])).await;
    let value = app.value("Day and time").await;
    assert!(from <= value && value <= to, "{value} is not near {to}");
    eyes.look(&app, "the sheet").await;
    app.keys("\u{1b}").await;
    is_gone(&app).await;

    let note = goes(&app, first + SignedDuration::from_hours(24 * 400)).await;
    assert!(note.contains("goes to the end"), "{note}");
    app.row(&["meanwhile 29"]).await;
    until("the end", || async {
        let words = "return all(BUTTON).some((el) => named(el) === 'To the end');";
        (!app.ask::<bool>(words, json!([])).await).then_some(())
    })
    .await;

    let note = goes(&app, first - SignedDuration::from_hours(24 * 400)).await;
    assert!(note.contains("What is stored here begins at"), "{note}");
    stands(&app, "day 0 row 000").await;

    // By the line above a day's rows; narrow, dark, in the other language.
    app.choose(json!({ "locale": "zh-CN", "theme": "dark" })).await;
    app.stage.resize_window("Aside", 240, 480);
    until("the line of a day", || async {
        let press =
            "const line = all('[role=log] button').find((el) => named(el).endsWith('跳到日期'));
            line?.click();
            return Boolean(line);";
        app.ask::<bool>(press, json!([])).await.then_some(())
    })
    .await;
    let value = until("a day", || async {
        let value = app.value("日期和时间").await;
        (!value.is_empty()).then_some(value)
    })
    .await;
    let begun: String = app.ask(CLOCK, json!([first.as_millisecond()])).await;
    assert_eq!(value, begun);
    eyes.look(&app, "the sheet, narrow, dark").await;
    let wide: bool = app
        .ask("const el = all('dialog')[0]; return el.scrollWidth > el.clientWidth;", json!([]))
        .await;
    assert!(!wide, "something stands over the edge");
}

#[tokio::test]
async fn before_what_is_stored_is_its_first_row_and_older_ones_come_from_the_server() {
    let room = Room::open(Mode::Full).await;
    let first = Timestamp::now() - SignedDuration::from_hours(24 * 5);
    let said = |row: usize| {
        let entry = NewEntry::message("bo", "Bo", format!("row {row:04}"));
        NewEntry { created_at: Some(when(first, 0, row)), ..entry }
    };
    room.seed((0..2_000).map(said).collect()).await;
    let stage = Stage::set("before_what_is_stored_is_its_first_row");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["row 1999"]).await;

    let note = goes(&app, first).await;
    assert!(note.contains("What is stored here begins at"), "{note}");
    let begun = until("the first row that is stored", || async {
        let (text, _) = app.ask::<Option<(String, i64)>>(FOUND, json!([])).await?;
        text.get(text.find("row ")? + 4..)?.get(..4)?.parse::<usize>().ok()
    })
    .await;
    assert!(begun > 0, "all of it was stored");
    app.row(&[&format!("row {:04}", begun - 1)]).await;
    let words = format!("row {begun:04}");
    stays(Duration::from_secs(1), || stands(&app, &words)).await;
}
