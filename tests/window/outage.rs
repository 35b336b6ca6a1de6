//! The server goes away: what was said meanwhile is there afterwards, once and in order, without a click.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::{
    app::{App, until},
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

#[tokio::test]
async fn an_outage_is_told_calmly_and_what_came_back_is_counted() {
    let mut room = Room::open(Mode::Full).await;
    room.say("before").await;
    let stage = Stage::set("an_outage_is_told_calmly_and_what_came_back_is_counted");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["before"]).await;

    room.stop().await;
    let lost = Instant::now();
    let mut said = vec![(app.status().await.unwrap().text, Duration::ZERO)];
    while lost.elapsed() < Duration::from_secs(13) {
        let text = app.status().await.unwrap().text;
        if said.last().unwrap().0 != text {
            said.push((text, lost.elapsed()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let words: Vec<&str> = said.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(words, ["Live", "Reconnecting…", "Offline — your messages are kept"]);
    // The page counts from when it learns of the loss, and repaints once a second.
    assert!((1.5..4.5).contains(&said[1].1.as_secs_f64()), "{said:?}");
    assert!((9.5..12.5).contains(&said[2].1.as_secs_f64()), "{said:?}");
    let strip: String =
        app.ask("return text(all('[data-testid=connection-strip]')[0]);", json!([])).await;
    assert!(
        strip.contains("The server can't be reached.") && strip.contains("Retry now"),
        "{strip}"
    );
    assert!(strip.contains("Trying again in") || strip.contains("Trying now"), "{strip}");
    app.type_into("Message", "a thought").await;
    assert!(app.words().await.contains("Will be sent when back"));

    let missed: Vec<String> = (0..37).map(|number| format!("meanwhile {number:02}")).collect();
    room.say_unheard(&missed).await;
    room.start().await;
    app.press("Retry now").await;
    app.becomes(&["online"]).await;
    until("what came back is counted", || async {
        let text = app.status().await?.text;
        (text == "Live — recovered 37 entries").then_some(())
    })
    .await;
    until("and is no news any more", || async {
        (app.status().await?.text == "Live").then_some(())
    })
    .await;
}
