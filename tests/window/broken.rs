//! A server that talks nonsense: every frame that can be read is shown, no other frame does any harm.

mod hostile;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{app::App, stage::Stage};

#[tokio::test]
async fn garbage_between_two_messages_changes_nothing() {
    let (http, socket) = hostile::serve(garbage()).await;
    let (server, ws) = (format!("http://{http}"), format!("ws://{socket}/"));
    let stage = Stage::set("garbage_between_two_messages_changes_nothing");
    let args = [
        "join",
        "--server",
        &server,
        "--ws",
        &ws,
        "--topic",
        "1",
        "--stream",
        "1",
        "--name",
        "Ana",
        "--token-env",
        "T",
    ];
    let app = App::start(stage, &args, &[("T", "any")]).await;
    app.row(&["the first"]).await;
    app.row(&["the last"]).await;
    assert_eq!(app.becomes(&["online"]).await.state, "online");

    // What looks like markup is text.
    app.row(&["<img src=x onerror"]).await;
    let planted: Value =
        app.ask("return [window.planted ?? null, all('[role=log] b').length];", json!([])).await;
    assert_eq!(planted, json!([null, 0]));
    app.type_into("Message", "still able to type").await;
    assert_eq!(app.value("Message").await, "still able to type");
}

fn garbage() -> Vec<Message> {
    let entry = |text: &str| {
        json!({"type": "message", "user": "m", "displayName": "M", "content": text}).to_string()
    };
    let frame =
        |code: Value, data: Value| Message::text(json!({"code": code, "data": data}).to_string());
    let deep = "[".repeat(30_000);
    vec![
        frame(json!(200), json!(entry("the first"))),
        Message::text(""),
        Message::text("pong"),
        Message::text("{"),
        Message::text("null"),
        Message::text("[1,2,3]"),
        Message::text("{\"code\":\"200\"}"),
        Message::text(deep.clone()),
        Message::binary(vec![0, 159, 146, 150]),
        Message::Ping(vec![1, 2, 3].into()),
        frame(json!(200), Value::Null),
        frame(json!(200), json!("")),
        frame(json!(200), json!("ok")),
        frame(json!(200), json!(deep)),
        frame(json!(200), json!({"type": "message"})),
        frame(json!(200), json!(r#"{"type":"poll","content":"which?"}"#)),
        frame(json!(200), json!(r#"{"type":7}"#)),
        frame(json!(200), json!(r#"{"type":"answer","content":"not json"}"#)),
        frame(json!(200), json!(r#"{"type":"question","content":null,"createdat":[]}"#)),
        frame(
            json!(200),
            json!(r#"{"type":"message","content":"odd date","createdat":"99999999999999999999"}"#),
        ),
        frame(json!(200), json!(r#"{"type":"ack","nonce":"nobody asked","id":1,"seq":-1}"#)),
        frame(
            json!(200),
            json!(r#"{"type":"joined","topic":"1","epoch":"x","seq":18446744073709551615}"#),
        ),
        frame(json!(500), json!("the database is on fire")),
        frame(json!(-1), json!(entry("not an entry, the code says"))),
        frame(json!(1e300), json!(entry("not an entry either"))),
        frame(
            json!(200),
            json!(entry(
                "<img src=x onerror=\"window.planted=1\"><b>bold</b><script>window.planted=1</script>"
            )),
        ),
        frame(json!(200), json!(entry("\u{202e}turned round\u{0}\u{7}"))),
        frame(json!(200), json!(entry("the last"))),
    ]
}
