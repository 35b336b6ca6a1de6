//! Help in the app: the guide comes by a key before there is a room and from a field, in the language of the app, also narrow.

use serde_json::json;

use crate::access::Eyes;
use crate::app::{App, until};
use crate::room::{Mode, Room};
use crate::stage::Stage;

/// F1, as the driver spells it.
const F1: &str = "\u{e031}";

/// The chapters that are shown.
async fn chapters(app: &App) -> Vec<String> {
    app.ask("return all('dialog h3').map((el) => el.textContent);", json!([])).await
}

async fn opens(app: &App, first: &str) {
    app.keys(F1).await;
    until("the guide", || async { (chapters(app).await.first()? == first).then_some(()) }).await;
}

#[tokio::test]
async fn the_guide_opens_with_a_key_before_there_is_a_room_and_while_somebody_writes() {
    let (room, eyes) = (Room::open(Mode::Full).await, Eyes::open());
    let stage = Stage::set("the_guide_opens_with_a_key");
    let app = App::start(stage, &[], &[]).await;
    app.field("Server URL").await;
    opens(&app, "The first minute").await;
    eyes.look(&app, "the guide").await;
    app.keys("\u{1b}").await;
    until("it is gone", || async { chapters(&app).await.is_empty().then_some(()) }).await;

    app.join(&room, room.ana.expose()).await;
    app.becomes(&["online"]).await;
    app.type_into("Message", "half a sent").await;
    app.choose(json!({ "locale": "zh-CN", "theme": "dark" })).await;
    app.stage.resize_window("Aside", 240, 480);
    opens(&app, "第一分钟").await;
    eyes.look(&app, "the guide, narrow, dark").await;
    let wide: bool = app
        .ask("const el = all('dialog')[0]; return el.scrollWidth > el.clientWidth;", json!([]))
        .await;
    assert!(!wide, "something stands over the edge");
    app.keys("OBS").await;
    until("what speaks of it", || async { (chapters(&app).await.len() < 5).then_some(()) }).await;
    app.keys("\u{1b}").await;
    until("it is gone", || async { chapters(&app).await.is_empty().then_some(()) }).await;
    assert_eq!(app.value("消息").await, "half a sent");
}
