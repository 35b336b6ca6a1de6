//! JSONTestSuite through every decoder: nobody panics, and who takes what is frozen.
#![allow(clippy::unwrap_used, reason = "tests, helpers included, may panic")]

use std::{env, fmt::Write, fs};

use aside_protocol::http::{Answer, Ask, ErrorReply, HistoryPage, Stored};
use aside_protocol::{
    Body, Capabilities, ClientFrame, CloseReason, CreatedAt, Entry, EntryKind, ServerFrame,
};
use serde_json::{Value, json};

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

/// One decoder, fed with a case where it looks for something else: whether it takes the whole.
type Taker = fn(&str) -> bool;

/// Every decoder with a field that it does not know.
const BESIDE: [(&str, Taker); 9] = [
    ("client frame", |case| {
        let frame = format!(r#"{{"token":"t","type":1,"payLoad":"","x":{case}}}"#);
        ClientFrame::decode(&frame).is_ok()
    }),
    ("server frame", |case| {
        ServerFrame::parse(&format!(r#"{{"code":200,"data":"","x":{case}}}"#)).is_ok()
    }),
    ("entry", |case| Entry::parse(&format!(r#"{{"type":"message","x":{case}}}"#)).is_some()),
    ("answer's content", |case| {
        let content = format!(r#"{{"answer":"a","x":{case}}}"#);
        Body::parse(EntryKind::Answer, &content).text() == "a"
    }),
    ("close reason", |case| {
        let reason = format!(r#"{{"retry_ms":5,"x":{case}}}"#);
        CloseReason::parse(1012, &reason).retry_ms == Some(5)
    }),
    ("page", |case| {
        let page = format!(r#"{{"code":200,"data":{{"items":[]}},"x":{case}}}"#);
        HistoryPage::parse(page.as_bytes()).is_ok()
    }),
    ("item of a page", |case| {
        let page = format!(r#"{{"code":200,"data":{{"items":[{case}]}}}}"#);
        HistoryPage::parse(page.as_bytes()).is_ok_and(|page| page.items == 1)
    }),
    ("ask", |case| {
        Ask::parse(format!(r#"{{"content":"c","streamId":"s","x":{case}}}"#).as_bytes()).is_some()
    }),
    ("capabilities", |case| {
        let reply = format!(r#"{{"data":{{"server":"s","extensions":[]}},"x":{case}}}"#);
        Capabilities::parse(reply.as_bytes()).server == "s"
    }),
];

#[test]
fn who_takes_what_is_frozen() {
    let Some(cases) = suite() else { return };
    let mut frozen = String::new();
    for (column, (name, _)) in BESIDE.iter().enumerate() {
        writeln!(frozen, "{:>1$} {name}", '|', column + 1).unwrap();
    }
    for (name, text) in &cases {
        let taken: Vec<bool> = BESIDE.iter().map(|(_, takes)| takes(text)).collect();
        if name.starts_with("y_") {
            assert!(taken.iter().all(|taken| *taken), "{name} is JSON: {taken:?}");
        }
        let signs: String = taken.iter().map(|taken| if *taken { '+' } else { '-' }).collect();
        writeln!(frozen, "{signs} {name}").unwrap();
    }
    insta::assert_snapshot!(frozen);
}

/// A field that matters, with something strange in it: the frame is read, and the field is a text.
#[test]
fn no_value_of_a_field_costs_the_entry() {
    let Some(cases) = suite() else { return };
    for (name, text) in cases.iter().filter(|(name, _)| name.starts_with("y_")) {
        for field in ["user", "displayName", "content", "createdat", "id", "seq", "nonce"] {
            let entry = format!(r#"{{"type":"message","{field}":{text}}}"#);
            assert!(Entry::parse(&entry).is_some(), "{name} as {field}");
        }
        let value: Value = serde_json::from_str(text).unwrap();
        let frame = ServerFrame::parse(&json!({ "code": 200, "data": value }).to_string());
        assert!(frame.is_ok(), "{name} as data");
    }
}

#[test]
fn nothing_panics_wherever_it_stands() {
    let Some(cases) = suite() else { return };
    for (_, text) in &cases {
        let quoted = Value::from(text.as_str());
        for text in [
            text.clone(),
            format!(r#"{{"code":200,"data":{text}}}"#),
            json!({ "code": 200, "data": quoted }).to_string(),
            json!({ "token": "t", "type": 2, "payLoad": quoted }).to_string(),
            json!({ "token": "t", "type": 3, "payLoad": quoted }).to_string(),
            json!({ "token": "t", "type": 2, "payLoad": json!({ "topic": "t", "chatInfo": quoted }).to_string() })
                .to_string(),
            json!({ "code": 200, "data": { "items": [quoted] } }).to_string(),
        ] {
            decode(&text);
        }
    }
}

fn decode(text: &str) {
    let _ = ClientFrame::decode(text);
    let _ = ServerFrame::parse(text);
    let _ = Entry::parse(text).map(|entry| entry.body());
    let _ = CloseReason::parse(1000, text);
    let _ = CreatedAt::parse(text);
    for kind in [EntryKind::Message, EntryKind::Question, EntryKind::Answer] {
        let _ = Body::parse(kind, text);
    }
    decode_bytes(text.as_bytes());
}

fn decode_bytes(bytes: &[u8]) {
    let _ = HistoryPage::parse(bytes);
    let _ = Capabilities::parse(bytes);
    let _ = (Ask::parse(bytes), Answer::parse(bytes));
    let _ = (Stored::parse(bytes), ErrorReply::parse(bytes));
}

/// The package holds its cases as text, so the suite's broken UTF-8 is made here.
#[test]
fn broken_utf_8_is_refused_where_it_is_read() {
    for broken in [
        &b"\xff"[..],
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xe2\x82",
        b"\xf4\x90\x80\x80",
        b"a\x80",
        b"\xfe\xff\0\"",
    ] {
        let around =
            |before: &str, after: &str| [before.as_bytes(), broken, after.as_bytes()].concat();
        let ask = around(r#"{"streamId":"s","content":""#, r#""}"#);
        assert_eq!(Ask::parse(&ask), None);
        let page =
            around(r#"{"code":200,"data":{"items":[{"type":"message","content":""#, r#""}]}}"#);
        assert!(HistoryPage::parse(&page).is_err());
        let error = around(r#"{"code":400,"msg":""#, r#""}"#);
        assert_eq!(ErrorReply::parse(&error), None);
        for bytes in [broken.to_vec(), ask, page, error] {
            decode_bytes(&bytes);
        }
    }
}

/// What a server leaves of an emoji when it cuts a text in two: half a surrogate pair, which is JSON, but no text.
#[test]
fn half_an_emoji_costs_no_entry() {
    let entry = r#"{"type":"message","user":"u","displayName":"Ann \ud83d","content":"cut \ud83d\ude00 \uDE00 \\ud83d"}"#;
    let read = Entry::parse(entry).unwrap();
    assert_eq!(read.display_name, "Ann \u{fffd}");
    assert_eq!(read.content, "cut \u{1f600} \u{fffd} \\ud83d", "only what is broken is replaced");
    let live = ServerFrame::parse(&json!({ "code": 200, "data": entry }).to_string());
    assert_eq!(live, Ok(ServerFrame::Entry(read.clone())));
    for items in [entry.to_owned(), Value::from(entry).to_string(), r#""\ud83d""#.to_owned()] {
        let page = format!(r#"{{"code":200,"data":{{"items":[{items},{entry}]}}}}"#);
        assert_eq!(HistoryPage::parse(page.as_bytes()).unwrap().entries.last(), Some(&read));
    }
    let reply = r#"{"code":200,"data":{"server":"s","extensions":["seq"],"identity":{"displayName":"\ud83d"}}}"#;
    let capabilities = Capabilities::parse(reply.as_bytes());
    assert_eq!(capabilities.identity.unwrap().display_name, "\u{fffd}");
    assert_eq!(ErrorReply::parse(br#"{"code":400,"msg":"\ud83d"}"#).unwrap().msg, "\u{fffd}");
}
