//! What is kept of a room is read where the room is not live: its token is not here, or it is archived.

use std::fs;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{App, until},
    room::{Mode, Room, TOPIC},
    stage::Stage,
};

/// The saved room is another one for the keyring, which has no token for it, and the same for the history.
fn lose_the_token(stage: &Stage) {
    let path = stage.home().join("settings.json");
    let mut settings: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    settings["rooms"][0]["id"] = Uuid::new_v4().to_string().into();
    fs::write(&path, settings.to_string()).unwrap();
}

/// From the other room, which has no token, to what was said in the first; what the hit says of it.
async fn open_the_hit(app: &App) -> String {
    app.press("second").await;
    app.becomes(&["refused"]).await;
    app.control('f').await;
    app.press_box("In all rooms").await;
    app.type_into("Search", "wombat").await;
    let hit = "const hit = all('dialog [role=option]')[0]; return hit ? text(hit) : '';";
    let told = until("the hit of the first room", || async {
        Some(app.ask::<String>(hit, json!([])).await).filter(|told| told.contains("wombat"))
    })
    .await;
    app.keys("\n").await;
    app.row(&["the wombat sleeps"]).await;
    told
}

#[tokio::test]
async fn what_is_kept_is_read_without_the_token_and_out_of_the_archive() {
    let room = Room::open(Mode::Full).await;
    room.say("the wombat sleeps").await;
    let stage = Stage::set("what_is_kept_is_read_without_the_token");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["the wombat sleeps"]).await;

    let stage = app.quit().await;
    lose_the_token(&stage);
    let connections = room.ana_connections().len();
    let app = App::start(stage, &[], &[]).await;
    app.row(&["the wombat sleeps"]).await;
    let status = app.becomes(&["refused"]).await;
    assert_eq!(status.text, "Not live: no token");
    app.row_or_words("Enter the token to go on live.").await;
    app.row_or_words("Enter the token to write").await;
    app.type_into("Message", "half a thought\n").await;
    assert_eq!(app.value("Message").await, "half a thought");
    assert_eq!(room.ana_connections().len(), connections);
    app.press("Enter the token").await;
    app.fill("Token", room.ana.expose()).await;
    app.press("Use this token").await;
    app.becomes(&["online"]).await;
    room.say("and wakes").await;
    app.row(&["and wakes"]).await;
    assert_eq!(room.texts().await, ["the wombat sleeps", "and wakes"], "nothing was sent");

    let form = json!({ "server": room.url(), "socket": "", "topic": "second", "stream": "s", "name": "Ana",
        "user": "ana", "avatar": "", "allowInsecure": false });
    let save = "await window.__TAURI_INTERNALS__.invoke('save_room', { room: null, form: a, token: null }); return null;";
    app.ask::<Value>(save, json!([form])).await;
    app.press(&format!("Actions for {TOPIC}")).await;
    app.press("Archive").await;
    app.row_or_words("was archived.").await;
    let told = open_the_hit(&app).await;
    assert!(told.contains(TOPIC) && told.contains("archived"), "{told}");
    app.row_or_words("The room stays archived until you bring it back.").await;
    assert!(room.ana_connections().iter().all(|one| one.closed.is_some()), "nobody came back");
    app.press("Bring back").await;
    app.becomes(&["online"]).await;
    room.say("once more").await;
    app.row(&["once more"]).await;

    app.press(&format!("Actions for {TOPIC}")).await;
    app.press("Leave").await;
    app.press(&format!("Actions for {TOPIC}")).await;
    app.button("Open").await;
    app.press(&format!("Actions for {TOPIC}")).await;
    open_the_hit(&app).await;
    app.row_or_words("You have left this room: open it to write").await;
    assert!(room.ana_connections().iter().all(|one| one.closed.is_some()), "nobody entered");
    app.press("Open").await;
    app.becomes(&["online"]).await;
}
