//! A Quit tells what it would leave undone, and a second one goes.

use crate::{
    app::{App, until},
    hidden::{TITLE, is_hidden, is_shown},
    panel::Panel,
    room::{Mode, Room},
    stage::Stage,
};

#[tokio::test]
async fn a_quit_asks_while_something_waits_to_be_sent_and_a_second_one_goes() {
    let mut room = Room::open(Mode::Full).await;
    let stage = Stage::set("a_quit_asks_while_something_waits_to_be_sent_and_a_second_one_goes");
    let panel = Panel::start(&stage).await;
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    room.stop().await;
    app.becomes(&["waiting", "connecting"]).await;
    app.type_into("Message", "see you at three").await;
    app.keys("\n").await;
    app.row(&["see you at three"]).await;

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
    panel.choose("Quit").await;
    until("the app has ended", || async { app.stage.processes("aside").is_empty().then_some(()) })
        .await;
}

async fn asks(app: &App) {
    app.button("Stay").await;
    let words = app.words().await;
    assert!(words.contains("1 entry not sent yet"), "{words}");
}
