//! Questions as work: what travels of them, and what a client makes of what it can't understand.

#![allow(clippy::unwrap_used)] // helpers of tests

use aside_protocol::triage::{
    Change, Changes, Claim, Item, Person, Stage, StateRequest, Work, item_reply, parse_item_reply,
};
use aside_protocol::{EntryId, Seq, ServerFrame, Skip, StreamId};
use insta::assert_snapshot;
use proptest::prelude::*;

fn person(user: &str) -> Person {
    Person { user: user.to_owned(), display_name: user.to_uppercase(), avatar_url: String::new() }
}

fn item() -> Item {
    Item {
        question_id: EntryId::new("q-4"),
        seq: Seq(4),
        number: 2,
        rev: 3,
        change: 17,
        text: "几点?".to_owned(),
        asker: person("ann"),
        asked_at: 1_538_980_200_000,
        work: Work::Claimed,
        merged_into: None,
        stage: Stage::Next,
        pinned: true,
        tags: vec!["time".to_owned()],
        note: "ask Bo".to_owned(),
        claim: Some(Claim {
            by: person("sue"),
            device: "laptop".to_owned(),
            at: 1_538_980_260_000,
            expires_at: 1_538_980_350_000,
        }),
        answers: 1,
        last_answer: Seq(9),
        first_answer_at: Some(1_538_980_250_000),
        closed_at: None,
        reason: String::new(),
        changed_by: person("sue"),
    }
}

#[test]
fn an_item_travels_whole() {
    let text = ServerFrame::triage_text(&item());
    assert_eq!(ServerFrame::parse(&text), Ok(ServerFrame::Triage(item().into())));
    let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_snapshot!(frame["data"].as_str().unwrap(), @r#"{"item":{"answers":1,"askedAt":1538980200000,"asker":{"avatarurl":"","displayName":"ANN","user":"ann"},"change":17,"changedBy":{"avatarurl":"","displayName":"SUE","user":"sue"},"claim":{"at":1538980260000,"avatarurl":"","device":"laptop","displayName":"SUE","expiresAt":1538980350000,"user":"sue"},"firstAnswerAt":1538980250000,"lastAnswer":9,"note":"ask Bo","number":2,"pinned":true,"questionId":"q-4","rev":3,"seq":4,"stage":"next","tags":["time"],"text":"几点?","work":"claimed"},"type":"triage"}"#);
    let reply = item_reply(409, "it was changed since", &item());
    assert_eq!(parse_item_reply(reply.as_bytes()), Some(item()));
}

#[test]
fn a_change_names_what_it_changes_and_nothing_else() {
    let request = StateRequest {
        question_id: EntryId::new("q-4"),
        stream_id: StreamId::new("s"),
        rev: None,
        device: "laptop".to_owned(),
        change: Change { state: Some(Work::Claimed), ..Change::default() },
    };
    assert_snapshot!(request.to_json(), @r#"{"questionId":"q-4","streamId":"s","device":"laptop","state":"claimed"}"#);
    assert_eq!(StateRequest::parse(request.to_json().as_bytes()), Some(request.clone()));
    let change = Change {
        state: Some(Work::FollowUp),
        stage: Some(Stage::None),
        pinned: Some(false),
        tags: Some(Vec::new()),
        note: Some(String::new()),
        merge_into: Some(EntryId::new("q-1")),
        reason: Some("later".to_owned()),
        take_over: true,
    };
    let whole = StateRequest { rev: Some(3), device: String::new(), change, ..request };
    assert_snapshot!(whole.to_json(), @r#"{"questionId":"q-4","streamId":"s","rev":3,"state":"follow_up","stage":"none","pinned":false,"tags":[],"note":"","mergeInto":"q-1","reason":"later","takeOver":true}"#);
    assert_eq!(StateRequest::parse(whole.to_json().as_bytes()), Some(whole));
}

#[test]
fn what_lacks_the_essential_or_says_something_unknown_is_no_item() {
    let skipped = Ok(ServerFrame::Skipped(Skip::UnknownType));
    let mut changed = serde_json::to_value(item()).unwrap();
    changed["somethingNew"] = 1.into();
    let frame = |item: &serde_json::Value| {
        let data = serde_json::json!({ "type": "triage", "item": item }).to_string();
        serde_json::json!({ "code": 200, "data": data }).to_string()
    };
    assert_eq!(ServerFrame::parse(&frame(&changed)), Ok(ServerFrame::Triage(item().into())));
    for (field, value) in [
        ("work", "dancing".into()),
        ("rev", (-1).into()),
        ("tags", "one".into()),
        ("questionId", serde_json::Value::Null),
        ("claim", serde_json::json!({ "at": "noon" })),
    ] {
        let mut changed = changed.clone();
        changed[field] = value;
        assert_eq!(ServerFrame::parse(&frame(&changed)), skipped, "{field}");
    }
    assert_eq!(ServerFrame::parse(&frame(&serde_json::Value::Null)), skipped);
}

#[test]
fn a_page_of_changes_leaves_out_what_cannot_be_read() {
    let page = Changes { items: vec![item()], change: 17, more: true };
    assert_eq!(Changes::parse(page.to_json().as_bytes()), Some(page.clone()));
    let mut odd: serde_json::Value = serde_json::from_str(&page.to_json()).unwrap();
    odd["data"]["items"].as_array_mut().unwrap().push(serde_json::json!({ "work": 7 }));
    assert_eq!(Changes::parse(odd.to_string().as_bytes()), Some(page));
    for body in ["", "[]", "{}", r#"{"data":{"items":[]}}"#, r#"{"data":{"items":7,"change":1}}"#] {
        assert_eq!(Changes::parse(body.as_bytes()), None, "{body}");
    }
}

proptest! {
    #[test]
    fn no_bytes_can_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Changes::parse(&bytes);
        let _ = StateRequest::parse(&bytes);
        let _ = parse_item_reply(&bytes);
    }

    #[test]
    fn no_data_can_panic(data in r#"\{"type":"triage","item":\{("[a-zA-Z]{1,12}":(null|-?[0-9]{1,20}|"[^"]{0,8}"|\[\]),?){0,9}\}\}"#) {
        let _ = ServerFrame::parse(&serde_json::json!({ "code": 200, "data": data }).to_string());
    }
}
