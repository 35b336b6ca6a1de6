//! Snippets that a room's staff share: what travels of them, and what a client makes of what it can't understand.

#![allow(clippy::unwrap_used)] // helpers of tests

use aside_protocol::triage::{
    Person, SNIPPET_NAME_BYTES, SNIPPET_TEXT_BYTES, SNIPPETS, Snippet, SnippetChange,
    SnippetRequest, Snippets,
};
use aside_protocol::{Control, ServerFrame, Skip, StreamId};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;

fn snippet(id: &str, name: &str) -> Snippet {
    let by = Person { user: "sue".to_owned(), display_name: "Sue".to_owned(), ..Person::default() };
    let text = "{asker}, 您好".to_owned();
    Snippet { id: id.to_owned(), name: name.to_owned(), text, by, at: 1_538_980_200_000 }
}

#[test]
fn the_frame_says_where_the_list_stands() {
    let frame = ServerFrame::control_text(&Control::Snippets { rev: 7 });
    assert_snapshot!(frame, @r#"{"code":200,"data":"{\"type\":\"snippets\",\"rev\":7}"}"#);
    assert_eq!(ServerFrame::parse(&frame), Ok(ServerFrame::Control(Control::Snippets { rev: 7 })));
    for odd in [r#"{"type":"snippets"}"#, r#"{"type":"snippets","rev":-1}"#] {
        let frame = json!({ "code": 200, "data": odd }).to_string();
        let skipped = ServerFrame::Skipped(Skip::UnknownType);
        assert_eq!(ServerFrame::parse(&frame), Ok(skipped), "{odd}");
    }
}

#[test]
fn a_list_travels_and_what_no_server_would_keep_is_left_out() {
    let list = Snippets { rev: 7, snippets: vec![snippet("3", "thanks")] };
    assert_snapshot!(list.to_json(200, ""), @r#"{"code":200,"data":{"rev":7,"snippets":[{"at":1538980200000,"by":{"avatarurl":"","displayName":"Sue","user":"sue"},"id":"3","name":"thanks","text":"{asker}, 您好"}]}}"#);
    assert_snapshot!(Snippets::default().to_json(409, "late"), @r#"{"code":409,"data":{"rev":0,"snippets":[]},"msg":"late"}"#);
    for code in [200, 409] {
        assert_eq!(Snippets::parse(list.to_json(code, "late").as_bytes()), Some(list.clone()));
    }
    let odd = json!({ "code": 200, "data": { "rev": 7, "snippets": [
        7, {}, { "id": "", "name": "x", "text": "x" }, { "id": "1", "name": "no text" }, { "id": "1", "name": "", "text": "x" },
        { "id": "1", "name": "x".repeat(SNIPPET_NAME_BYTES + 1), "text": "x" },
        { "id": "1", "name": "x", "text": "x".repeat(SNIPPET_TEXT_BYTES + 1) },
        list.snippets[0], snippet("3", "the same id"),
    ] } });
    assert_eq!(Snippets::parse(odd.to_string().as_bytes()), Some(list));
    let endless = (0..=SNIPPETS).map(|n| snippet(&n.to_string(), "x")).collect();
    let endless = Snippets { rev: 1, snippets: endless }.to_json(200, "");
    assert_eq!(Snippets::parse(endless.as_bytes()).unwrap().snippets.len(), SNIPPETS);
    for body in ["", "{}", r#"{"data":{"snippets":[]}}"#, r#"{"data":{"rev":1,"snippets":{}}}"#] {
        assert_eq!(Snippets::parse(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn a_change_writes_one_or_removes_one() {
    let stream_id = StreamId::new("s");
    let put = |id: Option<&str>| SnippetChange::Put {
        id: id.map(str::to_owned),
        name: "thanks".to_owned(),
        text: " Thank you! ".to_owned(),
    };
    let request = |change| SnippetRequest { stream_id: stream_id.clone(), rev: 7, change };
    let new = request(put(None));
    assert_snapshot!(new.to_json(), @r#"{"streamId":"s","rev":7,"name":"thanks","text":" Thank you! "}"#);
    let other = request(put(Some("3")));
    assert_snapshot!(other.to_json(), @r#"{"streamId":"s","rev":7,"id":"3","name":"thanks","text":" Thank you! "}"#);
    let gone = request(SnippetChange::Remove { id: "3".to_owned() });
    assert_snapshot!(gone.to_json(), @r#"{"streamId":"s","rev":7,"id":"3","remove":true}"#);
    for request in [new, other, gone] {
        assert_eq!(SnippetRequest::parse(request.to_json().as_bytes()), Some(request));
    }
    let spaced = json!({ "streamId": "s", "rev": 7, "name": " thanks\n", "text": " Thank you! " });
    assert_eq!(SnippetRequest::parse(spaced.to_string().as_bytes()), Some(request(put(None))));
    for odd in [
        json!({ "streamId": "s", "rev": 7 }),
        json!({ "streamId": "s", "rev": 7, "remove": true }),
        json!({ "streamId": "s", "rev": 7, "id": "3", "remove": true, "name": "x", "text": "x" }),
        json!({ "streamId": "s", "rev": 7, "name": "x" }),
        json!({ "streamId": "s", "rev": 7, "name": " ", "text": "x" }),
        json!({ "streamId": "s", "rev": 7, "name": "x", "text": "\n" }),
        json!({ "streamId": "s", "name": "x", "text": "x" }),
        json!({ "rev": 7, "name": "x", "text": "x" }),
    ] {
        assert_eq!(SnippetRequest::parse(odd.to_string().as_bytes()), None, "{odd}");
    }
}

#[test]
fn a_name_and_a_text_are_as_long_as_they_may_be_in_bytes() {
    for (name, text, fits) in [
        ("名".repeat(85) + "x", "x".repeat(SNIPPET_TEXT_BYTES), true),
        ("名".repeat(86), "x".to_owned(), false),
        ("x".to_owned(), "x".repeat(SNIPPET_TEXT_BYTES + 1), false),
    ] {
        let change = SnippetChange::Put { id: None, name, text };
        let request = SnippetRequest { stream_id: StreamId::new("s"), rev: 0, change };
        assert_eq!(request.fits(), fits, "{request:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_can_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Snippets::parse(&bytes);
        let _ = SnippetRequest::parse(&bytes);
    }
}
