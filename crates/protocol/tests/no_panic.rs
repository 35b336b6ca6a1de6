//! Whatever arrives, decoding returns: arbitrary bytes, arbitrary JSON, and frames that are nearly right.

use aside_protocol::http::{Answer, Ask, ErrorReply, HistoryPage, Stored};
use aside_protocol::{
    Body, Capabilities, ClientFrame, CloseReason, CreatedAt, Entry, EntryKind, ServerFrame,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn decode_everything(text: &str) {
    let _ = ClientFrame::decode(text);
    let _ = ServerFrame::parse(text);
    let _ = CloseReason::parse(1000, text);
    let _ = CreatedAt::parse(text);
    if let Some(entry) = Entry::parse(text) {
        let _ = entry.body();
        // What was understood survives a trip: an entry that was read can be written and read again.
        assert_eq!(Entry::parse(&entry.to_json()).map(|again| again.content), Some(entry.content));
    }
    for kind in [EntryKind::Message, EntryKind::Question, EntryKind::Answer] {
        let body = Body::parse(kind, text);
        assert_eq!(Body::parse(kind, &body.to_content()).text(), body.text());
    }
    decode_bodies(text.as_bytes());
}

fn decode_bodies(bytes: &[u8]) {
    let _ = HistoryPage::parse(bytes);
    let _ = Capabilities::parse(bytes);
    let _ =
        (Ask::parse(bytes), Answer::parse(bytes), Stored::parse(bytes), ErrorReply::parse(bytes));
}

/// Any JSON value, with the protocol's own words likely as keys and texts.
fn json_value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("message"),
        Just("answer"),
        Just("question"),
        Just("ack"),
        Just("joined"),
        Just("heartbeat"),
        Just("nack"),
        Just(""),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("type"),
        Just("code"),
        Just("data"),
        Just("content"),
        Just("payLoad"),
        Just("chatInfo"),
        Just("topic"),
        Just("items"),
        Just("createdat"),
        Just("seq"),
        Just("id"),
        Just("nonce"),
        Just("epoch"),
        Just("answer"),
        Just("x"),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner.clone(), 0..8)
                .prop_map(|map| json!(map)),
            // JSON in a string, as the protocol loves it.
            inner.prop_map(|value| Value::from(value.to_string())),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        decode_bodies(&bytes);
        decode_everything(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn arbitrary_text(text in any::<String>()) {
        decode_everything(&text);
    }

    #[test]
    fn arbitrary_json(value in json_value()) {
        decode_everything(&value.to_string());
    }

    #[test]
    fn frames_around_arbitrary_json(kind in 0..5, code in prop_oneof![Just(200), Just(401), any::<i32>()], value in json_value()) {
        let inner = value.to_string();
        decode_everything(&json!({ "token": "t", "type": kind, "payLoad": inner }).to_string());
        decode_everything(&json!({ "code": code, "data": inner }).to_string());
        decode_everything(&json!({ "code": 200, "data": { "items": [value.clone(), inner.clone(), value] } }).to_string());
        let info = json!({ "topic": "t", "chatInfo": inner }).to_string();
        decode_everything(&json!({ "token": "t", "type": 2, "payLoad": info }).to_string());
    }

    #[test]
    fn times_written_by_anyone(text in "[0-9T:/ .+Zz-]{0,30}", number in any::<i64>()) {
        let _ = CreatedAt::parse(&text);
        let _ = CreatedAt::from_epoch(number);
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let deep = "[".repeat(100_000);
    decode_everything(&deep);
    decode_everything(&format!(r#"{{"code":200,"data":{deep}"#));
    let closed = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    decode_everything(&format!(r#"{{"code":200,"x":{closed},"data":""}}"#));
}
