//! Bodies over HTTP: history in either order, capabilities or the lack of them, questions, answers, errors.

#![allow(clippy::unwrap_used)] // helpers of tests

use aside_protocol::http::{Answer, Ask, ErrorReply, HistoryPage, HistoryQuery, PageError, Stored};
use aside_protocol::triage::{Review, Visibility};
use aside_protocol::{
    Capabilities, Entry, EntryId, EntryKind, Extension, Identity, Nonce, Role, Seq, StreamId,
};
use insta::assert_snapshot;

fn page(items: &str) -> HistoryPage {
    HistoryPage::parse(format!(r#"{{"code":200,"data":{{"items":[{items}]}}}}"#).as_bytes())
        .unwrap()
}

fn contents(page: &HistoryPage) -> Vec<&str> {
    page.entries.iter().map(|entry| entry.content.as_str()).collect()
}

#[test]
fn a_page_is_oldest_first_whatever_the_server_does() {
    let item = |content: &str, at: &str| {
        format!(r#"{{"type":"message","content":"{content}","createdat":{at}}}"#)
    };
    let rising =
        [item("a", "1538980200"), item("b", "1538980200"), item("c", "1538980260")].join(",");
    assert_eq!(contents(&page(&rising)), ["a", "b", "c"]);
    let falling = [
        item("c", "\"2018-10-8 14:31\""),
        item("b", "\"2018-10-8 14:30\""),
        item("a", "\"2018-10-8 9:30\""),
    ]
    .join(",");
    assert_eq!(contents(&page(&falling)), ["a", "b", "c"]);
    // One clock that jumps does not turn a page around; a page without times is taken as it stands.
    let jump = [item("a", "100"), item("b", "101"), item("late", "50"), item("c", "102")].join(",");
    assert_eq!(contents(&page(&jump)), ["a", "b", "late", "c"]);
    assert_eq!(
        contents(&page(r#"{"type":"message","content":"x"},{"type":"message","content":"y"}"#)),
        ["x", "y"]
    );
    let by_seq = r#"{"type":"message","content":"b","seq":2,"createdat":1},{"type":"message","content":"a","seq":1,"createdat":2}"#;
    assert_eq!(contents(&page(by_seq)), ["a", "b"]);
}

#[test]
fn items_that_are_no_entries_are_counted_but_left_out() {
    let mixed = page(
        r#"{"type":"gift"},null,7,[],"{\"type\":\"message\",\"content\":\"in a string\"}",{"type":"message","content":"plain"}"#,
    );
    assert_eq!((contents(&mixed), mixed.items), (vec!["in a string", "plain"], 6));
    for empty in [
        r#"{"code":200}"#,
        r#"{"code":200,"data":null}"#,
        r#"{"code":200,"data":{}}"#,
        r#"{"code":200,"data":{"items":null}}"#,
    ] {
        assert_eq!(HistoryPage::parse(empty.as_bytes()), Ok(HistoryPage::default()), "{empty}");
    }
}

#[test]
fn what_is_no_page_says_so() {
    for text in [
        "",
        "<html>Sign in</html>",
        "[]",
        r#"{"data":{"items":[]}}"#,
        r#"{"code":200,"data":{"items":[}"#,
    ] {
        assert_eq!(HistoryPage::parse(text.as_bytes()), Err(PageError::Malformed), "{text}");
    }
    assert_eq!(
        HistoryPage::parse(br#"{"code":401,"msg":"no"}"#),
        Err(PageError::Refused { code: 401 })
    );
    assert_eq!(HistoryPage::parse(b"\xff\xfe"), Err(PageError::Malformed));
}

#[test]
fn a_written_page_is_read_back() {
    let entries = vec![
        Entry::parse(
            r#"{"type":"message","content":"a","seq":1,"id":"e1","createdat":1538980200000}"#,
        )
        .unwrap(),
        Entry::parse(r#"{"type":"question","content":"{\"content\":\"q\"}","seq":2,"id":"e2"}"#)
            .unwrap(),
    ];
    let text = HistoryPage::to_json(&entries);
    assert_snapshot!(text, @r#"{"code":200,"data":{"items":[{"type":"message","user":"","displayName":"","avatarurl":"","stream":"","content":"a","createdat":1538980200000,"id":"e1","seq":1},{"type":"question","user":"","displayName":"","avatarurl":"","stream":"","content":"{\"content\":\"q\"}","id":"e2","seq":2}]}}"#);
    assert_eq!(HistoryPage::parse(text.as_bytes()), Ok(HistoryPage { entries, items: 2 }));
    let part = HistoryPage::to_json_with_more(&[]);
    assert_eq!(part, r#"{"code":200,"data":{"items":[],"more":true}}"#);
    assert_eq!(HistoryPage::parse(part.as_bytes()), Ok(HistoryPage::default()));
}

#[test]
fn a_history_query_has_the_four_pairs_of_the_contract() {
    let mut query = HistoryQuery::newest(StreamId::new("s"), 5000);
    let pairs = |query: &HistoryQuery| {
        query
            .pairs()
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join("&")
    };
    assert_snapshot!(pairs(&query), @"page=1&type=&resultsPerPage=1000&stream=s");
    query.kind = Some(EntryKind::Question);
    query.before = Some(Seq(9));
    query.after = Some(Seq(3));
    assert_snapshot!(pairs(&query), @"page=1&type=question&resultsPerPage=1000&stream=s&before=9&after=3");
}

#[test]
fn capabilities_are_read_or_mean_the_core_alone() {
    let full = Capabilities {
        server: "aside-server/0.1.0".to_owned(),
        extensions: [Extension::Seq, Extension::Ack, Extension::Answer].into(),
        identity: Some(Identity {
            user: "u".to_owned(),
            role: Role::Staff,
            org_name: "Org".to_owned(),
            ..Identity::default()
        }),
        content_bytes: Some(8192),
        sends_per_minute: Some(60),
        review: false,
        anonymous: false,
        slow_seconds: 0,
    };
    assert_snapshot!(full.to_json(), @r#"{"code":200,"data":{"extensions":["seq","ack","answer"],"identity":{"avatarurl":"","displayName":"","orgLogo":"","orgName":"Org","role":"staff","user":"u"},"limits":{"contentBytes":8192,"sendsPerMinute":60},"server":"aside-server/0.1.0"}}"#);
    assert_eq!(Capabilities::parse(full.to_json().as_bytes()), full);
    let reviewing = Capabilities { review: true, anonymous: true, slow_seconds: 5, ..full };
    assert!(reviewing.to_json().contains(r#""review":true"#), "said only where it is so");
    assert_eq!(Capabilities::parse(reviewing.to_json().as_bytes()), reviewing);
    for text in [
        "",
        "null",
        "404 page not found",
        "<html>",
        "[]",
        "{}",
        r#"{"code":200,"data":{"extensions":"seq"}}"#,
    ] {
        assert_eq!(Capabilities::parse(text.as_bytes()), Capabilities::default(), "{text}");
    }
    let odd = Capabilities::parse(br#"{"data":{"extensions":["seq","teleport",7,null],"identity":{"role":"emperor"},"limits":{"contentBytes":-1}}}"#);
    assert!(odd.has(Extension::Seq) && !odd.has(Extension::Ack));
    assert_eq!(odd.identity.map(|who| who.role), Some(Role::Audience));
}

#[test]
fn asking_and_answering() {
    let ask = Ask { content: "几点?".to_owned(), stream: StreamId::new("s"), nonce: None };
    assert_snapshot!(ask.to_json(), @r#"{"content":"几点?","streamId":"s"}"#);
    assert_eq!(Ask::parse(ask.to_json().as_bytes()), Some(ask));
    let answer = Answer {
        question_id: EntryId::new("q1"),
        content: "8".to_owned(),
        stream: StreamId::new("s"),
        nonce: Some(Nonce::new("n")),
        seen: None,
        visibility: Visibility::Public,
        co_answer: false,
    };
    assert_snapshot!(answer.to_json(), @r#"{"content":"8","nonce":"n","questionId":"q1","streamId":"s"}"#);
    assert_eq!(Answer::parse(answer.to_json().as_bytes()), Some(answer.clone()));
    let guarded = Answer { seen: Some(0), ..answer };
    assert_snapshot!(guarded.to_json(), @r#"{"content":"8","nonce":"n","questionId":"q1","seen":0,"streamId":"s"}"#);
    assert_eq!(Answer::parse(guarded.to_json().as_bytes()), Some(guarded.clone()));
    let private = Answer { visibility: Visibility::Asker, co_answer: true, ..guarded };
    assert_snapshot!(private.to_json(), @r#"{"coAnswer":true,"content":"8","nonce":"n","questionId":"q1","seen":0,"streamId":"s","visibility":"asker"}"#);
    assert_eq!(Answer::parse(private.to_json().as_bytes()), Some(private.clone()));
    for odd in ["\"friends\"", "1", "true"] {
        let body = private.to_json().replace("\"asker\"", odd);
        assert_eq!(Answer::parse(body.as_bytes()), None, "{odd} must not be taken for public");
    }
    assert_eq!(Ask::parse(b"{}"), None);
    let stored = Stored { id: Some(EntryId::new("e1")), seq: Some(Seq(1)), review: None };
    assert_snapshot!(stored.to_json(), @r#"{"code":200,"data":{"id":"e1","seq":1}}"#);
    assert_eq!(Stored::parse(stored.to_json().as_bytes()), stored);
    assert_eq!(Stored::parse(b"ok"), Stored::default());
    let review = Some(Review::Pending);
    let waiting = Stored { id: Some(EntryId::new("e-r7")), seq: None, review };
    assert_snapshot!(waiting.to_json(), @r#"{"code":200,"data":{"id":"e-r7","review":"pending"}}"#);
    assert_eq!(Stored::parse(waiting.to_json().as_bytes()), waiting);
}

#[test]
fn only_a_reply_with_a_code_is_an_error_of_ours() {
    let ours = ErrorReply::parse(ErrorReply::to_json(401, "unknown token").as_bytes());
    assert_eq!(ours, Some(ErrorReply { code: Some(401), msg: "unknown token".to_owned() }));
    assert_eq!(ErrorReply::parse(b"<html>401</html>"), None);
    assert_eq!(ErrorReply::parse(br#"{"error":"x"}"#), None);
}
