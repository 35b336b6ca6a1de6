//! What became of the questions behind a closed window is told at the desk until it is read.

use crate::{
    app::{App, until},
    desk::{listed, no_field},
    hidden::{TITLE, is_hidden, is_shown},
    room::{Mode, Room},
    stage::Stage,
};

const TOLD: &str = "2 new questions, 1 answered while you were away";

#[tokio::test]
async fn what_was_asked_and_answered_behind_a_closed_window_is_told_at_the_desk() {
    let room = Room::open(Mode::Full).await;
    let first = room.ask("first").await;
    let stage =
        Stage::set("what_was_asked_and_answered_behind_a_closed_window_is_told_at_the_desk");
    let app = App::start_at_desk(stage, &room).await;
    listed(&app, 1).await;
    app.stage.close_window(TITLE);
    app.press_goodbye("Keep running").await;
    is_hidden(&app).await;
    room.ask("second").await;
    room.ask("third").await;
    room.colleague_answers(first, "theirs").await;
    app.start_again();
    is_shown(&app).await;
    until("it is told", || async { app.words().await.contains(TOLD).then_some(()) }).await;
    no_field(&app).await;
    app.keys(".").await;
    until("it was read", || async { (!app.words().await.contains("away")).then_some(()) }).await;
}
