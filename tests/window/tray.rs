//! The tray says how the room stands and what is unread, and is a way back to the window.

use crate::{
    app::{App, until},
    hidden::{TITLE, is_hidden, is_shown},
    panel::Panel,
    room::{Mode, Room},
    stage::Stage,
};

#[tokio::test]
async fn the_tray_tells_of_a_room_whose_window_is_gone() {
    let mut room = Room::open(Mode::Full).await;
    room.say("seen").await;
    let stage = Stage::set("the_tray_tells_of_a_room_whose_window_is_gone");
    let panel = Panel::start(&stage).await;
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["seen"]).await;
    says(&panel, &["Live"]).await;

    app.stage.close_window(TITLE);
    app.press_goodbye("Keep running").await;
    is_hidden(&app).await;
    for number in 0..3 {
        room.say(&format!("unseen {number}")).await;
    }
    room.ask_and_answer("a question", "its answer").await;
    room.say("Ana, are you there?").await;
    says(&panel, &["Live", "6 new", "1 question", "1 mention"]).await;
    room.stop().await;
    says(&panel, &["Reconnecting", "6 new", "1 mention"]).await;
    room.start().await;
    says(&panel, &["Live", "6 new"]).await;

    panel.choose("Show Aside").await;
    is_shown(&app).await;
    app.row(&["its answer"]).await;
    until("nothing is new any more", || async {
        let lines = panel.lines().await;
        lines.iter().all(|line| !line.contains("new") && !line.contains("mention")).then_some(())
    })
    .await;
    panel.choose("Quit").await;
    until("the app has ended", || async { app.stage.processes("aside").is_empty().then_some(()) })
        .await;
}

async fn says(panel: &Panel, parts: &[&str]) {
    let what = format!("the tray says {}", parts.join(", "));
    let holds = |line: &String| parts.iter().all(|part| line.contains(part));
    until(&what, || async { panel.lines().await.iter().any(holds).then_some(()) }).await;
}
