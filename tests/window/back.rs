//! The key that writes, from another program: what is written goes out, and the keyboard goes back to that program.

use std::fs;

use serde_json::{Value, json};

use crate::app::{App, until};
use crate::hidden::TITLE;
use crate::room::{Mode, Room};
use crate::side::{IS_MAIN, IS_SIDE};
use crate::stage::Stage;

pub(crate) const OTHER: &str = "Event Tester";

pub(crate) async fn has_the_keyboard(app: &App, title: &str) {
    until(&format!("{title} has the keyboard"), || async {
        (app.stage.active() == title).then_some(())
    })
    .await;
}

const WRITES: &str =
    "return document.activeElement?.tagName === 'TEXTAREA' && document.hasFocus();";

async fn one_writes(app: &App) {
    until("one writes", || async { app.ask::<bool>(WRITES, json!([])).await.then_some(()) }).await;
}

/// An app with the key that writes, and another program.
async fn beside_another(name: &str) -> (Room, App) {
    let room = Room::open(Mode::Full).await;
    let stage = Stage::set(name);
    let settings = json!({"version": 1, "hotkeys": {"write": "Control+Alt+KeyW"}});
    fs::write(stage.home().join("settings.json"), settings.to_string()).unwrap();
    let mut app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    let mut xev = app.stage.command("xev");
    xev.args(["-geometry", "300x200+0+0", "-event", "button"]);
    app.stage.run_along(&mut xev);
    until("the other program is there", || async { app.stage.find(OTHER) }).await;
    (room, app)
}

async fn comes_by_the_key(app: &App) {
    app.stage.activate(OTHER);
    has_the_keyboard(app, OTHER).await;
    app.stage.press("ctrl+alt+w");
    one_writes(app).await;
}

async fn sends(app: &App, text: &str) {
    one_writes(app).await;
    app.keys(&format!("{text}\n")).await;
    app.row(&[text]).await;
}

#[tokio::test]
async fn the_key_that_writes_gives_the_keyboard_back_once_the_message_is_sent() {
    let (_room, app) = beside_another("the_key_that_writes_gives_the_keyboard_back").await;
    comes_by_the_key(&app).await;
    sends(&app, "well played").await;
    has_the_keyboard(&app, OTHER).await;

    // Who comes by themselves stays.
    app.stage.activate(TITLE);
    sends(&app, "and again").await;
    app.ask::<Value>("await new Promise((done) => setTimeout(done, 500)); return null;", json!([]))
        .await;
    assert_eq!(app.stage.active(), TITLE);
    app.driver.close().await;
}

#[tokio::test]
async fn with_both_windows_open_the_keyboard_goes_back_as_well() {
    let (_room, app) = beside_another("with_both_windows_open_the_keyboard_goes_back").await;
    app.press("Side window").await;
    // It comes last, and has the keyboard.
    app.turn_to("the side window's page", IS_SIDE).await;
    app.field("Message").await;
    comes_by_the_key(&app).await;
    sends(&app, "well played").await;
    has_the_keyboard(&app, OTHER).await;

    // From one of our windows to the other is not elsewhere; desktops differ in whether both have it one after the other.
    comes_by_the_key(&app).await;
    app.stage.activate(TITLE);
    app.turn_to("the whole window's page", IS_MAIN).await;
    sends(&app, "and again").await;
    has_the_keyboard(&app, OTHER).await;
    app.driver.close().await;
}
