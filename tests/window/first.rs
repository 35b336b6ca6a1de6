//! The first minutes: a room by a link from the clipboard, the tour that comes once, and rooms that stay in the order and out of
//! the sight that a person chose.

use serde_json::{Value, json};

use crate::{
    access::Eyes,
    app::{App, until},
    room::{Mode, Room, STREAM, TOPIC},
    stage::Stage,
};

const DOWN: char = '\u{e015}';
const SHIFT: char = '\u{e008}';
const ALT: char = '\u{e00a}';

/// What the tour speaks of now, if it is there.
const CARD: &str = "return all('[role=dialog] h2').map(text)[0] ?? '';";

/// The rooms as they are listed.
const LISTED: &str = "return all('li[data-room] .label').map(text);";

pub(crate) async fn card(app: &App) -> String {
    app.ask(CARD, json!([])).await
}

async fn listed(app: &App) -> Vec<String> {
    app.ask(LISTED, json!([])).await
}

async fn lists(app: &App, rooms: &[&str]) {
    until(&format!("the rooms are {rooms:?}"), || async {
        (listed(app).await == rooms).then_some(())
    })
    .await;
}

/// Puts a text on the clipboard, as another program would, and leaves the fields as they were.
pub(crate) async fn copy(app: &App, text: &str) {
    app.fill("Name", text).await;
    app.control('a').await;
    app.control('x').await;
    assert_eq!(app.value("Name").await, "");
    app.ask::<Value>("document.activeElement.blur(); return null;", json!([])).await;
}

#[tokio::test]
async fn a_link_from_the_clipboard_leads_into_a_room_whose_tour_comes_once() {
    let (room, eyes) = (Room::open(Mode::Full).await, Eyes::open());
    room.say("hello").await;
    let stage = Stage::fresh("a_link_from_the_clipboard_leads_into_a_room");
    let app = App::start(stage, &[], &[]).await;
    eyes.look(&app, "the doors").await;

    copy(&app, "aside://join?").await;
    app.control('v').await;
    app.row_or_words("damaged or cut off").await;
    let page = format!("{}/r/{TOPIC}/{STREAM}#t={}", room.url(), room.ana.expose());
    copy(&app, &page).await;
    app.control('v').await;
    app.row_or_words("Filled in from the link, with its token.").await;
    assert_eq!(
        (app.value("Topic").await.as_str(), app.value("Stream id").await.as_str()),
        (TOPIC, STREAM)
    );
    app.fill("Name", "Ana").await;
    app.press("Join").await;
    app.becomes(&["online"]).await;
    app.row(&["hello"]).await;

    until("the tour", || async { (!card(&app).await.is_empty()).then_some(()) }).await;
    eyes.look(&app, "the tour").await;
    app.type_into("Message", "half a sent").await;
    app.press("Next").await;
    until("its next stop", || async { (card(&app).await == "The list holds still").then_some(()) })
        .await;
    app.type_into("Message", "ence\u{e00c}").await;
    until("it is skipped", || async { card(&app).await.is_empty().then_some(()) }).await;
    assert_eq!(app.value("Message").await, "half a sentence");

    let stage = app.quit().await;
    let app = App::start(stage, &[], &[]).await;
    app.row(&["hello"]).await;
    app.becomes(&["online"]).await;
    assert_eq!(card(&app).await, "", "once is once");
}

#[tokio::test]
async fn rooms_stay_in_their_order_and_an_archived_one_keeps_its_history() {
    let (room, eyes) = (Room::open(Mode::Full).await, Eyes::open());
    room.say("hello").await;
    let stage = Stage::set("rooms_stay_in_their_order");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["hello"]).await;
    for topic in ["second", "third"] {
        let form = json!({ "server": room.url(), "socket": "", "topic": topic, "stream": "s", "name": "Ana",
            "user": "ana", "avatar": "", "allowInsecure": false });
        let save = "await window.__TAURI_INTERNALS__.invoke('save_room', { room: null, form: a, token: null }); return null;";
        app.ask::<Value>(save, json!([form])).await;
    }
    lists(&app, &[TOPIC, "second", "third"]).await;

    app.ask::<Value>("all('li[data-room] .room')[0].focus(); return null;", json!([])).await;
    app.driver.hold(&[ALT, SHIFT], DOWN).await;
    lists(&app, &["second", TOPIC, "third"]).await;
    app.row_or_words("place 2 of 3").await;
    let (third, second) = (app.button("third").await, app.button("second").await);
    app.driver.drag(&third, &second, -8).await;
    lists(&app, &["third", "second", TOPIC]).await;
    app.becomes(&["online"]).await;

    app.press(&format!("Actions for {TOPIC}")).await;
    app.press("Archive").await;
    lists(&app, &["third", "second"]).await;
    until("it is left", || async {
        room.ana_connections().iter().all(|one| one.closed.is_some()).then_some(())
    })
    .await;
    app.press("Undo").await;
    lists(&app, &["third", "second", TOPIC]).await;
    app.becomes(&["online"]).await;
    app.press(&format!("Actions for {TOPIC}")).await;
    app.press("Archive").await;
    lists(&app, &["third", "second"]).await;
    room.say("while it was away").await;

    let stage = app.quit().await;
    let app = App::start(stage, &[], &[]).await;
    lists(&app, &["third", "second"]).await;
    app.press("Archived rooms1").await;
    eyes.look(&app, "archived rooms").await;
    app.press(&format!("Bring back: {TOPIC}")).await;
    app.keys("\u{1b}").await;
    lists(&app, &["third", "second", TOPIC]).await;
    app.ask::<Value>("all('li[data-room] .room')[2].click(); return null;", json!([])).await;
    app.row(&["hello"]).await;
    app.row(&["while it was away"]).await;
}

#[tokio::test]
async fn a_diagnostic_is_read_and_copied_and_names_nobody() {
    let room = Room::open(Mode::Full).await;
    room.say("planted words").await;
    let stage = Stage::set("a_diagnostic_is_read_and_copied");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["planted words"]).await;
    app.press("Settings").await;
    app.press("Diagnostic…").await;
    let told = until("what there is to say", || async {
        Some(app.value("Diagnostic").await).filter(|told| told.contains("state=online"))
    })
    .await;
    for secret in [
        room.ana.expose(),
        TOPIC,
        STREAM,
        "planted words",
        "Ana",
        "ana\"",
        &room.url(),
        "127.0.0.1",
    ] {
        assert!(!told.contains(secret), "{secret} stands in\n{told}");
    }
    assert!(told.contains("web view: 2.") && told.contains("token=keyring"), "{told}");
    app.press("Copy diagnostic").await;
    app.row_or_words("Copied. Paste it").await;
    app.keys("\u{1b}").await;
    app.type_into("Message", " ").await;
    app.control('v').await;
    until("it was copied whole", || async {
        app.value("Message").await.contains("state=online").then_some(())
    })
    .await;
}
