//! The side window: beside the whole one or instead of it, on top, bare; keys that reach it from other programs; links.

use serde_json::json;

use crate::app::{App, until};
use crate::hidden::{TITLE, is_hidden, is_shown};
use crate::room::{Mode, Room};
use crate::stage::Stage;

pub(crate) const SIDE: &str = "Aside · side";
pub(crate) const IS_SIDE: &str = "return all('button').some((el) => named(el) === 'Whole window');";
pub(crate) const IS_MAIN: &str = "return all('button').some((el) => named(el) === 'Side window');";

async fn titles(app: &App, wanted: &[&str]) {
    until(&format!("the windows {}", wanted.join(", ")), || async {
        let mut titles = app.stage.windows();
        titles.sort();
        (titles == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_side_window_stands_beside_the_other_or_alone_and_comes_back_as_it_was() {
    let room = Room::open(Mode::Full).await;
    room.say("seen in both").await;
    let app = App::start_in(Stage::set("the_side_window_stands_beside_the_other"), &room).await;
    app.becomes(&["online"]).await;
    app.press("Side window").await;
    titles(&app, &[TITLE, SIDE]).await;
    app.turn_to("the side window's page", IS_SIDE).await;
    app.row(&["seen in both"]).await;

    app.press("Keep on top").await;
    until("it is on top", || async { app.stage.is_above(SIDE).then_some(()) }).await;
    assert!(!app.stage.is_above(TITLE));
    app.type_into("Message", "said at the side\n").await;
    app.settled(&app.row(&["said at the side"]).await.key).await;
    app.press("Rows alone").await;
    let composers = "return all('form.composer').length;";
    until("rows alone", || async {
        (app.ask::<usize>(composers, json!([])).await == 0).then_some(())
    })
    .await;
    app.control('b').await;
    app.field("Message").await;

    app.turn_to("the whole window's page", IS_MAIN).await;
    app.row(&["said at the side"]).await;
    // Beside another window, closing one ends nothing and asks nothing.
    app.stage.close_window(TITLE);
    titles(&app, &[SIDE]).await;
    app.turn_to("the side window's page", IS_SIDE).await;
    room.say("only the side window is there").await;
    app.row(&["only the side window is there"]).await;

    let stage = app.quit().await;
    let app = App::start(stage, &[], &[]).await;
    titles(&app, &[SIDE]).await;
    assert!(app.stage.is_above(SIDE), "it stays on top");
    app.row(&["only the side window is there"]).await;
    app.press("Whole window").await;
    titles(&app, &[TITLE, SIDE]).await;
}

#[tokio::test]
async fn a_key_reaches_the_app_from_elsewhere_and_a_link_fills_the_form() {
    let room = Room::open(Mode::Full).await;
    let app = App::start_in(Stage::set("a_key_reaches_the_app_from_elsewhere"), &room).await;
    app.becomes(&["online"]).await;
    app.press("Settings").await;
    app.press("Show or hide Aside None").await;
    // A letter alone would be lost for typing everywhere.
    app.keys("q").await;
    until("it is refused", || async {
        app.words().await.contains("This key is needed for typing").then_some(())
    })
    .await;
    app.press("Show or hide Aside None").await;
    app.keys("\u{e039}").await;
    app.button("Show or hide Aside F9").await;
    app.keys("\u{1b}").await;

    app.stage.press("F9");
    is_hidden(&app).await;
    room.say("while nobody looked").await;
    app.stage.press("F9");
    is_shown(&app).await;
    app.row(&["while nobody looked"]).await;

    let link = "aside://join?server=https%3A%2F%2Frooms.example&topic=77&stream=s7&token=hidden";
    let opened = app.stage.command(env!("CARGO_BIN_EXE_aside")).arg(link).output().unwrap();
    assert!(opened.status.success(), "{opened:?}");
    until("the form is filled", || async {
        (app.value("Topic").await == "77" && app.value("Token").await.is_empty()).then_some(())
    })
    .await;
    assert!(app.words().await.contains("tokens in links leak"));
}
