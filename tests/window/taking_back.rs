//! An answer can be taken back for a moment, and for as long as it waits for a connection; it leaves after that whether or not a window is there.

use crate::{
    app::{App, until},
    desk::{in_the_answer, listed, no_field},
    hidden::{TITLE, is_hidden},
    room::{Mode, Room},
    stage::Stage,
};

#[tokio::test]
async fn an_answer_is_taken_back_by_a_key_and_leaves_from_a_hidden_window() {
    let room = Room::open(Mode::Full).await;
    room.ask("why?").await;
    let stage = Stage::set("an_answer_is_taken_back_by_a_key_and_leaves_from_a_hidden_window");
    let app = App::start_at_desk(stage, &room).await;
    listed(&app, 1).await;
    no_field(&app).await;
    app.keys("nr").await;
    in_the_answer(&app).await;
    app.type_into("Answer", "because").await;
    app.control_enter().await;
    given(&app).await;
    no_field(&app).await;
    app.keys("z").await;
    in_the_answer(&app).await;
    until("it is back", || async { (app.value("Answer").await == "because").then_some(()) }).await;
    assert_eq!(room.texts().await, ["why?"], "nobody saw it");

    app.control_enter().await;
    given(&app).await;
    app.stage.close_window(TITLE);
    app.press_goodbye("Keep running").await;
    is_hidden(&app).await;
    until("it has left", || async { (room.texts().await == ["why?", "because"]).then_some(()) })
        .await;
}

#[tokio::test]
async fn an_answer_that_waits_for_a_connection_says_so_and_is_taken_back() {
    let mut room = Room::open(Mode::Full).await;
    room.ask("why?").await;
    let stage = Stage::set("an_answer_that_waits_for_a_connection_says_so_and_is_taken_back");
    let app = App::start_at_desk(stage, &room).await;
    listed(&app, 1).await;
    app.keys("nr").await;
    in_the_answer(&app).await;
    app.type_into("Answer", "because").await;
    room.stop().await;
    app.becomes(&["waiting", "connecting"]).await;
    app.control_enter().await;
    told(&app, "Answer to #1 goes out when the connection is back").await;
    // A second would be held as one that does not know of the first.
    app.type_into("Answer", "and so on").await;
    told(&app, "Your answer to this has not left yet.").await;
    app.press("Take it back").await;
    let both = "because\n\nand so on";
    until("both are back", || async { (app.value("Answer").await == both).then_some(()) }).await;
}

async fn given(app: &App) {
    told(app, "Answer to #1 goes out in a moment").await;
}

async fn told(app: &App, words: &str) {
    until("it is told", || async { app.words().await.contains(words).then_some(()) }).await;
}
