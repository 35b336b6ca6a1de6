//! Part 1 of the protocol, spelled a second time and by hand: what Ana's app may put on the wire, byte by byte.

use std::collections::BTreeSet;

use serde_json::{Value, from_str};

use crate::room::{Mode, Room, STREAM, TOPIC};

/// Every frame of every connection of Ana's keeps to the contract.
pub(crate) fn check_all(room: &Room, mode: Mode) {
    let connections = room.ana_connections();
    assert!(!connections.is_empty(), "Ana was never there");
    for connection in connections {
        assert_eq!(connection.content_type.as_deref(), Some("application/json"));
        assert_eq!(connection.bad_frames, 0);
        let frames = connection.frames;
        assert!(frames[0].contains(r#""type":3,"#), "the join comes first: {}", frames[0]);
        let joins = frames.iter().filter(|frame| frame.contains(r#""type":3,"#)).count();
        assert_eq!(joins, 1, "joined twice");
        for frame in &frames {
            check(frame, mode);
        }
    }
}

/// The frame of a message, exactly: three encodings, three keys, the capital L, the date without zeros.
pub(crate) fn check_sent(room: &Room, text: &str, mode: Mode) {
    let connection = room.ana_connections().pop().unwrap();
    let said =
        |frame: &&String| frame.contains(r#""type":2,"#) && chat_info(frame)["content"] == text;
    let frame = connection.frames.iter().find(said).expect("it was sent").clone();
    let chat = chat_info(&frame);
    let created = chat["createdat"].as_str().expect("a date");
    assert!(is_minute(created), "{created}");
    let nonce = chat["nonce"].as_str().map(|nonce| format!(r#","nonce":"{nonce}""#));
    assert_eq!(nonce.is_some(), mode == Mode::Full);
    let message = format!(
        r#"{{"user":"ana","displayName":"Ana","avatarurl":"","stream":"{STREAM}","content":{},"type":"message","createdat":"{created}"{}}}"#,
        quoted(text),
        nonce.unwrap_or_default(),
    );
    let payload = format!(r#"{{"topic":"{TOPIC}","chatInfo":{}}}"#, quoted(&message));
    assert_eq!(frame, format!(r#"{{"token":"…","type":2,"payLoad":{}}}"#, quoted(&payload)));
}

fn check(frame: &str, mode: Mode) {
    let value: Value = from_str(frame).unwrap();
    assert_eq!(keys(&value), ["payLoad", "token", "type"], "{frame}");
    assert_eq!(value["token"], "…", "the room's token, and no other");
    let payload = value["payLoad"].as_str().expect("payLoad is a string");
    match value["type"].as_i64() {
        Some(1) => assert_eq!(payload, ""),
        Some(2) => {
            assert_eq!(keys(&from_str(payload).unwrap()), ["chatInfo", "topic"]);
            let core =
                ["avatarurl", "content", "createdat", "displayName", "stream", "type", "user"];
            check_keys(&chat_info(frame), &core, &["nonce"], mode);
        }
        Some(3) => {
            check_keys(&from_str(payload).unwrap(), &["topic"], &["after", "epoch", "triage"], mode)
        }
        _ => panic!("a frame of no known type: {frame}"),
    }
}

fn check_keys(value: &Value, core: &[&str], extended: &[&str], mode: Mode) {
    let mut wanted: BTreeSet<&str> = core.iter().copied().collect();
    if mode == Mode::Full {
        wanted.extend(extended);
    }
    assert_eq!(keys(value), wanted.into_iter().collect::<Vec<_>>(), "{value}");
}

fn chat_info(frame: &str) -> Value {
    let frame: Value = from_str(frame).unwrap();
    let payload: Value = from_str(frame["payLoad"].as_str().unwrap()).unwrap();
    from_str(payload["chatInfo"].as_str().expect("chatInfo is a string")).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// `2018-10-8 14:30`: month and day without a zero before them, hour and minute with one.
fn is_minute(text: &str) -> bool {
    let Some((date, time)) = text.split_once(' ') else { return false };
    let plain = |part: &str| part.parse::<u32>().is_ok() && !part.starts_with('0');
    let padded = |part: &str| part.len() == 2 && part.parse::<u32>().is_ok();
    let date: Vec<&str> = date.split('-').collect();
    let time: Vec<&str> = time.split(':').collect();
    date.len() == 3
        && date.into_iter().all(plain)
        && time.len() == 2
        && time.into_iter().all(padded)
}
