//! A Quit tells what it would leave undone, and a second one goes.

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    app::{App, until},
    hidden::{TITLE, is_hidden, is_shown},
    panel::Panel,
    room::{Mode, Room},
    stage::Stage,
};

const PAGE: &str = "WebKitWebProcess";

/// An app in a room that went away, with something that waits for it, and the tray.
async fn with_something_unsent(name: &str) -> (Room, Panel, App) {
    let mut room = Room::open(Mode::Full).await;
    let stage = Stage::set(name);
    let panel = Panel::start(&stage).await;
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    room.stop().await;
    app.becomes(&["waiting", "connecting"]).await;
    app.type_into("Message", "see you at three").await;
    app.keys("\n").await;
    app.row(&["see you at three"]).await;
    (room, panel, app)
}

async fn has_ended(app: &App) {
    until("the app has ended", || async { app.stage.processes("aside").is_empty().then_some(()) })
        .await;
}

#[tokio::test]
async fn a_quit_asks_while_something_waits_to_be_sent_and_a_second_one_goes() {
    let name = "a_quit_asks_while_something_waits_to_be_sent_and_a_second_one_goes";
    let (_room, panel, app) = with_something_unsent(name).await;

    panel.choose("Quit").await;
    asks(&app).await;
    app.keys("\n").await;
    until("the question is put away", || async {
        (!app.words().await.contains("Quit Aside?")).then_some(())
    })
    .await;

    app.stage.close_window(TITLE);
    app.press_goodbye("Keep running").await;
    is_hidden(&app).await;
    panel.choose("Quit").await;
    is_shown(&app).await;
    asks(&app).await;
    // One that comes at once is not taken for an answer.
    app.ask::<Value>(
        "await new Promise((done) => setTimeout(done, 1500)); return null;",
        json!([]),
    )
    .await;
    panel.choose("Quit").await;
    has_ended(&app).await;
}

#[tokio::test]
async fn a_quit_goes_by_itself_where_no_page_can_ask() {
    let (_room, panel, app) =
        with_something_unsent("a_quit_goes_by_itself_where_no_page_can_ask").await;
    let pages = app.stage.processes(PAGE);
    assert!(!pages.is_empty());
    signal("-STOP", &pages);
    panel.choose("Quit").await;
    has_ended(&app).await;
    signal("-KILL", &app.stage.processes(PAGE));
}

fn signal(name: &str, processes: &[u32]) {
    for process in processes {
        let _gone = Command::new("kill").args([name, &process.to_string()]).status();
    }
}

async fn asks(app: &App) {
    app.button("Stay").await;
    let words = app.words().await;
    assert!(words.contains("1 entry not sent yet"), "{words}");
}
