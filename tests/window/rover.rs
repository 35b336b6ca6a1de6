//! The rows by keys alone, as a keyboard presses them: from one to the next, to the menu of each, and back to where one writes.

use serde_json::json;

use crate::{
    app::{App, until},
    room::{Mode, Room},
    stage::Stage,
};

/// What has the focus: a row's text and whether all of it can be seen, else the role or the element.
const FOCUS: &str = "const el = document.activeElement, row = el.matches('[role=article]');
    if (!row) return [el.getAttribute('role') ?? el.tagName, true];
    const here = el.getBoundingClientRect(), view = scroller().getBoundingClientRect();
    return [text(el.querySelector('.text')), here.top >= view.top - 1 && here.bottom <= view.bottom + 1];";

async fn focus_is(app: &App, what: &str) {
    until(&format!("{what} has the focus, in sight"), || async {
        let (now, seen): (String, bool) = app.ask(FOCUS, json!([])).await;
        (now == what && seen).then_some(())
    })
    .await;
}

#[tokio::test]
async fn rows_go_by_keys_and_each_has_its_menu() {
    let room = Room::open(Mode::Full).await;
    for number in 0..60 {
        room.say(&format!("line {number}")).await;
    }
    let app = App::start_in(Stage::set("rows_go_by_keys_and_each_has_its_menu"), &room).await;
    app.becomes(&["online"]).await;
    app.row(&["line 59"]).await;
    app.ask::<()>("log().focus(); return null;", json!([])).await;

    app.stage.press("Up");
    focus_is(&app, "line 59").await;
    for _ in 0..9 {
        app.stage.press("Up");
    }
    focus_is(&app, "line 50").await;
    app.stage.press("Down");
    focus_is(&app, "line 51").await;
    app.stage.press("Prior");
    until("a page goes further than a row", || async {
        let (now, seen): (String, bool) = app.ask(FOCUS, json!([])).await;
        let line: u32 = now.strip_prefix("line ")?.parse().ok()?;
        (seen && line < 48).then_some(())
    })
    .await;
    app.stage.press("Home");
    focus_is(&app, "line 0").await;

    room.say("while one reads").await;
    app.button("1 new").await;
    focus_is(&app, "line 0").await;

    app.stage.press("Down");
    focus_is(&app, "line 1").await;
    app.stage.press("shift+F10");
    app.button("Mute for me alone").await;
    app.stage.press("Escape");
    focus_is(&app, "line 1").await;

    app.stage.press("End");
    focus_is(&app, "while one reads").await;
    room.say("the list follows").await;
    app.row(&["the list follows"]).await;
    focus_is(&app, "while one reads").await;
    app.stage.press("Menu");
    app.button("Copy the text").await;
    app.stage.press("Escape");
    focus_is(&app, "while one reads").await;
    app.stage.press("Up");
    app.stage.press("Escape");
    focus_is(&app, "TEXTAREA").await;
    app.driver.close().await;
}

/// How high rows are that stand below another of the same person, each with one line.
const GROUPED: &str =
    "return all('[role=log] .grouped').map((el) => Math.round(el.getBoundingClientRect().height));";

#[tokio::test]
async fn rows_of_one_person_stand_as_close_in_a_narrow_window() {
    let room = Room::open(Mode::Core).await;
    let stage = Stage::set("rows_of_one_person_stand_as_close_in_a_narrow_window");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    for text in ["one", "two", "three"] {
        room.say(text).await;
    }
    app.row(&["three"]).await;
    app.stage.resize_window("Aside", 960, 720);
    let heights = async |width: u32| {
        let is_so = "return window.innerWidth <= a;";
        until("the window is as wide as that", || async {
            app.ask::<bool>(is_so, json!([width])).await.then_some(())
        })
        .await;
        app.ask::<Vec<u32>>(GROUPED, json!([])).await
    };
    let wide = heights(960).await;
    assert_eq!(wide.len(), 2);
    app.stage.resize_window("Aside", 242, 700);
    assert_eq!(heights(260).await, wide);
    app.driver.close().await;
}
