//! Staff keep order: what they remove is gone for everybody, unless they take it back in time; whom they silence is not heard.

use serde_json::json;

use crate::access::Eyes;
use crate::app::{App, until};
use crate::hidden::{TITLE, is_hidden};
use crate::room::{Mode, Room};
use crate::stage::Stage;

/// Opens the menu of the row that says something.
const MENU: &str = "
    const row = all('[role=log] [role=article]').find((el) => text(el).includes(a));
    if (!row) return false;
    const { left, top } = row.getBoundingClientRect();
    row.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: left + 60, clientY: top + 8 }));
    return true;";

pub(crate) async fn menu(app: &App, says: &str, item: &str) {
    app.row(&[says]).await;
    assert!(app.ask::<bool>(MENU, json!([says])).await);
    app.press(item).await;
}

async fn reads(app: &App, words: &str) {
    app.row_or_words(words).await;
}

#[tokio::test]
async fn what_staff_remove_is_gone_for_all_and_what_they_take_back_stays() {
    let room = Room::open(Mode::Full).await;
    let mut bo = room.bo().await;
    let app = App::start_at_desk(
        Stage::set("what_staff_remove_is_gone_for_all_and_what_they_take_back_stays"),
        &room,
    )
    .await;
    app.becomes(&["online"]).await;
    app.show("Timeline").await;
    for text in ["spared words", "rude words", "ruder words"] {
        bo.say(text).await;
        bo.hears(text).await;
    }
    menu(&app, "spared words", "Remove for everybody").await;
    app.row(&["spared words", "About to be removed."]).await;
    app.press("Undo").await;

    menu(&app, "rude words", "Remove for everybody").await;
    app.row(&["rude words", "About to be removed."]).await;
    app.press("Now").await;
    let first = bo.hears_removal().await;
    app.row(&["Removed by a moderator."]).await;
    assert_eq!((&first["seq"], &first["number"]), (&json!(2), &json!(1)));

    // Nobody looks any more when its time has come.
    menu(&app, "ruder words", "Remove for everybody").await;
    app.row(&["ruder words", "About to be removed."]).await;
    app.stage.close_window(TITLE);
    app.press_goodbye("Keep running").await;
    is_hidden(&app).await;
    let second = bo.hears_removal().await;
    assert_eq!((&second["seq"], &second["number"]), (&json!(3), &json!(2)));
    assert_eq!(room.texts().await, ["spared words", "", ""]);
}

#[tokio::test]
async fn who_is_silenced_is_not_heard_until_staff_let_them() {
    let (room, eyes) = (Room::open(Mode::Full).await, Eyes::open());
    let mut bo = room.bo().await;
    let app =
        App::start_at_desk(Stage::set("who_is_silenced_is_not_heard_until_staff_let_them"), &room)
            .await;
    app.becomes(&["online"]).await;
    app.show("Timeline").await;
    bo.say("hello").await;
    menu(&app, "hello", "Silence Bo for everybody…").await;
    app.button("Silence").await;
    eyes.look(&app, "silence").await;
    app.press("Silence").await;
    reads(&app, "Bo is silenced for everybody until").await;
    bo.say("not heard").await;
    let refusal = bo.hears_notice(403).await;
    assert!(refusal.as_str().is_some_and(|words| words.starts_with("muted")), "{refusal}");

    app.press("Moderation of this room").await;
    reads(&app, "Cleo silenced Bo until").await;
    eyes.look(&app, "moderation").await;
    app.press("Let speak again: Bo").await;
    reads(&app, "Nobody is silenced.").await;
    bo.say("heard again").await;
    bo.hears("heard again").await;
    app.press("Close").await;
    app.row(&["heard again"]).await;
    assert_eq!(room.texts().await, ["hello", "heard again"]);
}

#[tokio::test]
async fn who_was_silenced_reads_until_when_and_keeps_the_words() {
    let room = Room::open(Mode::Full).await;
    let app =
        App::start_in(Stage::set("who_was_silenced_reads_until_when_and_keeps_the_words"), &room)
            .await;
    app.becomes(&["online"]).await;
    room.mute("ana", 600).await;
    app.type_into("Message", "but why?\n").await;
    app.row(&["but why?", "A moderator has silenced you until", "The text is kept."]).await;
    reads(&app, "You can write again at").await;
    room.mute("ana", 0).await;
    app.press("Retry").await;
    until("it is sent", || async { (room.texts().await == ["but why?"]).then_some(()) }).await;
}
