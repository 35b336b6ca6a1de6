//! The views of a room as tabs above its timeline: far back as the room goes, alive, found again.

use std::time::Duration;

use serde_json::json;

use crate::app::{App, until};
use crate::room::{Mode, Room};
use crate::side::{IS_MAIN, IS_SIDE};
use crate::stage::Stage;

/// A list that did not move for so long will not by itself.
const STILL: Duration = Duration::from_millis(500);
const PAGE_DOWN: char = '\u{e00f}';
const PAGE_UP: &str = "\u{e00e}";
/// The tab that is chosen.
const CHOSEN: &str =
    "return all('[role=tab][data-view][aria-selected=true]')[0]?.dataset.view ?? null;";
/// The row that stands first in the view, and where.
const FIRST: &str = "
    const top = log().getBoundingClientRect().top;
    const row = all('[role=log] article').find((el) => el.getBoundingClientRect().top >= top);
    return [text(row), Math.round(row.getBoundingClientRect().top - top)];";

/// Shows another view of the room.
pub(crate) async fn press_tab(app: &App, view: &str) {
    let press =
        "all('[role=tab][data-view]').find((el) => el.dataset.view === a).click(); return null;";
    app.ask::<()>(press, json!([view])).await;
    until(&format!("the view {view:?}"), || async {
        (app.ask::<Option<String>>(CHOSEN, json!([])).await.as_deref() == Some(view)).then_some(())
    })
    .await;
}

/// What stands in the view is what somebody asked, and so much of it.
async fn questions(app: &App, wanted: &[String]) {
    until(&format!("{} questions", wanted.len()), || async {
        let rows = app.rows().await;
        let asked = rows.len() == wanted.len()
            && rows
                .iter()
                .zip(wanted)
                .all(|(row, text)| row.kind == "question" && row.text.contains(text));
        asked.then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_questions_of_a_long_talk_are_all_in_their_tab_and_the_rest_is_where_it_was() {
    let room = Room::open(Mode::Full).await;
    let mut asked = Vec::new();
    for part in 0..5 {
        room.say_all((0..200).map(|line| format!("talk {part} {line:03}"))).await;
        let question = format!("question {part}?");
        room.ask(&question).await;
        asked.push(question);
    }
    room.say_all((0..200).map(|line| format!("talk 5 {line:03}"))).await;
    let stage = Stage::set("the_questions_of_a_long_talk_are_all_in_their_tab");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["talk 5 199"]).await;

    // Somebody reads a little further up, and holds the list there.
    app.ask::<()>("log().focus(); return null;", json!([])).await;
    app.keys(PAGE_UP).await;
    app.button("To the end").await;
    let stood = until("the list stands still", || async {
        let before: (String, i64) = app.ask(FIRST, json!([])).await;
        tokio::time::sleep(STILL).await;
        (app.ask::<(String, i64)>(FIRST, json!([])).await == before).then_some(before)
    })
    .await;

    press_tab(&app, "questions").await;
    questions(&app, &asked).await;
    room.say("only talk").await;
    room.ask("asked just now?").await;
    asked.push("asked just now?".to_owned());
    questions(&app, &asked).await;

    press_tab(&app, "").await;
    until("everything stands where it stood", || async {
        (app.ask::<(String, i64)>(FIRST, json!([])).await == stood).then_some(())
    })
    .await;
    room.ask("one more?").await;
    asked.push("one more?".to_owned());
    let news = "return text(all('[role=tab][data-view=questions]')[0]);";
    until("the tab tells of it", || async {
        app.ask::<String>(news, json!([])).await.contains("1 new").then_some(())
    })
    .await;
    press_tab(&app, "questions").await;
    questions(&app, &asked).await;

    let app = App::start_in(app.quit().await, &room).await;
    app.becomes(&["online"]).await;
    questions(&app, &asked).await;
    assert_eq!(app.ask::<Option<String>>(CHOSEN, json!([])).await.as_deref(), Some("questions"));

    // The other window has a view of its own.
    app.press("Side window").await;
    app.turn_to("the side window's page", IS_SIDE).await;
    app.row(&["one more?"]).await;
    assert_eq!(app.ask::<Option<String>>(CHOSEN, json!([])).await.as_deref(), Some(""));
    press_tab(&app, "staff").await;
    app.row_or_words("Nothing from the staff yet.").await;
    app.turn_to("the whole window's page", IS_MAIN).await;
    questions(&app, &asked).await;

    app.control(PAGE_DOWN).await;
    until("the next view", || async {
        let chosen = app.ask::<Option<String>>(CHOSEN, json!([])).await;
        (chosen.as_deref() == Some("mentions")).then_some(())
    })
    .await;
    app.row_or_words("Nobody has mentioned you yet.").await;

    app.press("Make a view").await;
    app.fill("Name", "Talk five").await;
    app.type_into("With these words", "talk 5 007\ntalk 0 003").await;
    app.press("Save").await;
    app.row(&["talk 5 007"]).await;
    let look_further = "const more = all(BUTTON).find((el) => named(el) === 'Look further back');
        more?.click();
        return null;";
    until("what was said first is found, too", || async {
        app.ask::<()>(look_further, json!([])).await;
        let rows = app.rows().await;
        (rows.len() == 2 && rows[0].text.contains("talk 0 003")).then_some(())
    })
    .await;
    app.press("Change the view “Talk five”").await;
    app.fill("Regular expression", r"QUESTION [12]\?(").await;
    app.row_or_words("At character 16: unclosed group.").await;
    app.fill("Regular expression", r"QUESTION [12]\?").await;
    app.press("Save").await;
    app.row(&["question 2?"]).await;
    app.press("Change the view “Talk five”").await;
    app.press("Remove").await;
    app.press("Remove it for good").await;
    app.row(&["one more?"]).await;
    assert_eq!(app.ask::<Option<String>>(CHOSEN, json!([])).await.as_deref(), Some(""));
}
