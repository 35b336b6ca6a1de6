//! The server goes away: what was said meanwhile is there afterwards, once and in order, without a click.

use crate::{
    app::App,
    room::{Mode, Room},
    stage::Stage,
    wire,
};

#[tokio::test]
async fn nothing_is_missed_over_a_restart() {
    over_a_restart(Mode::Full, "nothing_is_missed_over_a_restart").await;
}

#[tokio::test]
async fn nothing_is_missed_over_a_restart_of_a_core_server() {
    over_a_restart(Mode::Core, "nothing_is_missed_over_a_restart_of_a_core_server").await;
}

async fn over_a_restart(mode: Mode, name: &str) {
    let mut room = Room::open(mode).await;
    room.remember(30).await;
    room.say("before").await;
    let app = App::start_in(Stage::set(name), &room).await;
    app.becomes(&["online"]).await;
    app.row(&["before"]).await;

    room.stop().await;
    let status = app.becomes(&["waiting", "connecting"]).await;
    assert!(!status.text.is_empty(), "the state is in words");
    let missed: Vec<String> = (0..40).map(|number| format!("meanwhile {number:02}")).collect();
    room.say_unheard(&missed).await;
    room.start().await;

    app.becomes(&["online"]).await;
    room.say("after").await;
    app.row(&["after"]).await;
    let rows = app.whole_timeline().await;
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    let place = |text: &str| {
        let at: Vec<usize> = (0..texts.len()).filter(|at| texts[*at].contains(text)).collect();
        assert_eq!(at.len(), 1, "{text} is there {} times", at.len());
        at[0]
    };
    let first = place("before");
    for (number, text) in missed.iter().enumerate() {
        assert_eq!(place(text), first + 1 + number, "{text}");
    }
    assert_eq!(place("after"), first + 41);
    assert!(rows.iter().all(|row| row.kind != "gap"), "nothing is missing, so no gap is shown");
    wire::check_all(&room, mode);
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let mut room = Room::open(Mode::Full).await;
    room.say("first words").await;
    room.stop().await;
    let app =
        App::start_in(Stage::set("a_server_that_is_not_there_yet_is_waited_for"), &room).await;

    let status = app.becomes(&["waiting"]).await;
    assert!(status.text.contains("Offline"), "{}", status.text);
    assert!(app.words().await.contains("The server can't be reached."));
    // What is written now is kept, not lost.
    app.type_into("Message", "written before there was a server\n").await;
    app.row(&["written before"]).await;

    room.start().await;
    app.becomes(&["online"]).await;
    app.row(&["first words"]).await;
    let row = app.row(&["written before"]).await;
    app.settled(&row.key).await;
}
