//! JSONTestSuite, and arbitrary requests, against the running server: it answers each in its own words and goes on.

use std::{env, fs};

use aside_server::{Config, Limits};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::client::{Client, Got, Reply, http};
use crate::room::{Room, STREAM, TOPIC};

/// The suite's cases by name; `cargo xtask corpora` fetches them.
fn suite() -> Option<Vec<(String, String)>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/corpora/json.json");
    let Ok(text) = fs::read_to_string(path) else {
        assert!(env::var_os("CI").is_none(), "CI fetches every corpus first");
        eprintln!("skipped: JSONTestSuite is not here (`cargo xtask corpora` fetches it)");
        return None;
    };
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 318 + 22, "the suite is whole");
    let field = |case: &Value, name: &str| case[name].as_str().unwrap().to_owned();
    Some(cases.iter().map(|case| (field(case, "name"), field(case, "input"))).collect())
}

/// Of a frame, and of a request's body.
const LARGEST: usize = 64 * 1024;

async fn patient_room() -> Room {
    let limits = Limits { bad_frames: None, ..Limits::without_rates() };
    Room::start(Config { limits, ..Config::for_tests() }).await
}

#[tokio::test]
async fn a_body_is_taken_exactly_when_it_is_json() {
    let Some(cases) = suite() else { return };
    let room = patient_room().await;
    let mut wrong = Vec::new();
    for (name, text) in &cases {
        let body = format!(r#"{{"content":"why?","streamId":"{STREAM}","x":{text}}}"#);
        let reply = post(&room, "/api/question/add", body.as_bytes()).await;
        // What the suite leaves open is frozen with the decoders' own tests.
        let wanted: &[u16] = match name.split('_').next() {
            _ if body.len() > LARGEST => &[413],
            Some("y") => &[200],
            Some("n") => &[400],
            _ => &[200, 400],
        };
        if !wanted.contains(&reply.status) {
            wrong.push(format!("{name}: {} instead of {wanted:?}", reply.status));
        }
        if reply.status != 200 {
            reply.refused(reply.status);
        }
        // And where a whole body is wanted.
        let reply = post(&room, "/api/question/add", text.as_bytes()).await;
        reply.refused(if text.len() > LARGEST { 413 } else { 400 });
    }
    assert_eq!(wrong, Vec::<String>::new());
    room.joined(&room.bob).await;
}

#[tokio::test]
async fn a_frame_of_the_suite_is_answered_and_the_next_one_too() {
    let Some(cases) = suite() else { return };
    let room = patient_room().await;
    let mut ann = room.joined(&room.ann).await;
    for (name, text) in &cases {
        if text.len() > LARGEST {
            ann.text(text.as_str()).await;
            assert_eq!(ann.closed().await.0, 1009, "{name}");
            ann = room.joined(&room.ann).await;
            continue;
        }
        // Bare, it is no frame of ours; as a payload, it names no room.
        ann.text(text.as_str()).await;
        assert!(matches!(ann.next().await, Got::Frame { code: 400, .. }), "{name}");
        let chat = json!({ "topic": TOPIC, "chatInfo": text }).to_string();
        for (kind, payload) in [(2, text.as_str()), (3, text), (2, &chat)] {
            ann.frame(kind, payload).await;
            ann = goes_on(&room, ann, name).await;
        }
    }
    room.joined(&room.bob).await;
}

/// The connection answers a heartbeat, unless it was ended for naming another room.
async fn goes_on(room: &Room, mut ann: Client, name: &str) -> Client {
    ann.beat().await;
    loop {
        match ann.next().await {
            Got::Frame { code: 200, data } if data.contains("\"heartbeat\"") => return ann,
            Got::Frame { .. } => {}
            Got::Closed { code: 4403, .. } => return room.joined(&room.ann).await,
            other => panic!("{name}: {other:?}"),
        }
    }
}

async fn post(room: &Room, path: &str, body: &[u8]) -> Reply {
    let headers =
        [("authorization", room.ann.token.expose()), ("content-type", "application/json")];
    http(room.addr(), &format!("POST {path}"), &headers, body).await
}

/// Queries and bodies that nobody would send: an answer of ours, never a failure of the server.
#[tokio::test]
async fn no_request_can_break_the_server() {
    let room = patient_room().await;
    let word = prop_oneof![
        Just("page".to_owned()),
        Just("type".to_owned()),
        Just("resultsPerPage".to_owned()),
        Just("before".to_owned()),
        Just("after".to_owned()),
        Just("n".to_owned()),
        "[a-z%+;&=]{0,8}",
    ];
    let value = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        // What may stand in an address at all; the rest never comes as far as us.
        "[!$-;=?-Z_a-z~]{0,24}",
        "(%[0-9a-fA-F]{2}){0,12}",
        "(message|question|answer|%27%20OR%201%3D1|)",
    ];
    let query = prop::collection::vec((word, value), 0..6).prop_map(|pairs| {
        pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
    });
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        any::<(String, String, String)>().prop_map(|(content, stream, nonce)| {
            json!({ "content": content, "streamId": stream, "nonce": nonce, "questionId": nonce })
                .to_string()
                .into_bytes()
        }),
    ];
    let mut runner = TestRunner::deterministic();
    for _ in 0..150 {
        let query = query.new_tree(&mut runner).unwrap().current();
        for path in ["/api/message/chatmsg", "/health", "/ws"] {
            answers(&room.get(&room.ann, &format!("{path}?{query}")).await, &query);
        }
        let body = body.new_tree(&mut runner).unwrap().current();
        for path in ["/api/question/add", "/api/answer/add", "/api/capabilities"] {
            answers(&post(&room, path, &body).await, &String::from_utf8_lossy(&body));
        }
    }
    room.joined(&room.bob).await;
}

fn answers(reply: &Reply, to: &str) {
    assert!(reply.status < 500 && !reply.body.is_empty(), "{to:?}: {reply:?}");
    assert_eq!(reply.json()["code"], reply.status, "{to:?}: {reply:?}");
}
