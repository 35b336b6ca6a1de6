//! Chinese: what an input method composes is text, its Enter is no Enter, and the app speaks the language.

use std::time::Duration;

use serde_json::json;

use crate::{
    app::{App, until},
    room::{Mode, Room},
    stage::Stage,
};

/// What a browser tells a page while an input method composes. The last Enter is WebKit's trap: it comes after the
/// composition has ended, looks like any other, and only confirmed what was composed.
const COMPOSE: &str = r"
    const field = all(FIELD).find((el) => named(el).startsWith(a));
    field.focus();
    const key = (code, composing) => field.dispatchEvent(new KeyboardEvent('keydown',
        { key: 'Enter', keyCode: code, isComposing: composing, bubbles: true, cancelable: true }));
    field.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
    field.value += b;
    field.dispatchEvent(new InputEvent('input', { bubbles: true, isComposing: true, data: b }));
    key(13, true);
    key(229, false);
    field.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true, data: b }));
    key(13, false);
    return field.value;";

#[tokio::test]
async fn chinese_is_typed_and_composed() {
    let room = Room::open(Mode::Full).await;
    let app = App::start(Stage::set("chinese_is_typed_and_composed"), &[], &[]).await;
    app.join(&room, room.ana.expose()).await;
    app.becomes(&["online"]).await;
    let mut bo = room.bo().await;

    app.type_into("Message", "你好，世界\n").await;
    assert_eq!(bo.hears("你好").await["content"], "你好，世界");
    // The field keeps the text until the outbox has it, which on a busy machine is later than Bo.
    until("the field is empty", || async { app.value("Message").await.is_empty().then_some(()) })
        .await;

    let composed: String = app.ask(COMPOSE, json!(["Message", "再见"])).await;
    assert_eq!(composed, "再见");
    // Long enough for anything that was sent by mistake to arrive.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(app.value("Message").await, "再见", "the Enter was the input method's");
    assert!(app.rows().await.iter().all(|row| !row.text.contains("再见")));

    app.type_into("Message", "！\n").await;
    assert_eq!(bo.hears("再见").await["content"], "再见！");
}

#[tokio::test]
async fn the_language_is_the_systems() {
    let room = Room::open(Mode::Full).await;
    room.say("早上好").await;
    let mut stage = Stage::set("the_language_is_the_systems");
    stage.lang = "zh_CN.UTF-8".to_owned();
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["早上好"]).await;
    app.type_into("消息", "大家好\n").await;
    app.row(&["大家好"]).await;
    let language: String = app.ask("return document.documentElement.lang;", json!([])).await;
    assert_eq!(language, "zh-CN");
}
