//! Questions as work: what travels of them, and what a client makes of what it can't understand.

#![allow(clippy::unwrap_used)] // helpers of tests

use aside_protocol::triage::{
    AnswerEdit, Change, Changes, Claim, Doing, EditRequest, FromRequest, Item, LogLine, Look,
    Merged, Person, Presence, Present, PrivateAnswer, REASON_BYTES, RetractRequest, Review, SaidAs,
    Stage, StateRequest, Visibility, VoteRequest, Voted, Votes, Work, item_reply, parse_item_reply,
};
use aside_protocol::{
    AnswerNotes, Body, ClientFrame, EntryId, EntryKind, Seq, ServerFrame, Skip, StreamId, Token,
    Topic,
};
use insta::assert_snapshot;
use proptest::prelude::*;

fn person(user: &str) -> Person {
    Person { user: user.to_owned(), display_name: user.to_uppercase(), avatar_url: String::new() }
}

fn item() -> Item {
    let asker = person("ann");
    Item {
        seq: Seq(4),
        rev: 3,
        change: 17,
        work: Work::Claimed,
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
        last_answer: 9,
        first_answer_at: Some(1_538_980_250_000),
        changed_by: person("sue"),
        ..Item::new(EntryId::new("q-4"), 2, "几点?".to_owned(), asker, 1_538_980_200_000)
    }
}

/// With everything that is usually left out.
fn rich() -> Item {
    let private = PrivateAnswer {
        id: EntryId::new("q-p1"),
        visibility: Visibility::Asker,
        text: "8".to_owned(),
        org_name: "Acme".to_owned(),
        by: person("sue"),
        at: 5,
        edited_at: Some(6),
        retracted: false,
    };
    let note = PrivateAnswer {
        id: EntryId::new("q-p2"),
        visibility: Visibility::Staff,
        text: String::new(),
        edited_at: None,
        retracted: true,
        ..private.clone()
    };
    let edit = AnswerEdit { answer_id: EntryId::new("q-9"), content: "{}".to_owned() };
    let merged = Merged { question_id: EntryId::new("q-5"), display_name: "BO".to_owned() };
    Item {
        original_text: Some("几点开始?".to_owned()),
        source_id: Some(EntryId::new("q-3")),
        review: Review::Rejected,
        votes: 12,
        voted: Some(true),
        merged: vec![merged],
        private: vec![private, note],
        edits: vec![edit],
        claim: None,
        ..item()
    }
}

#[test]
fn an_item_travels_whole() {
    let text = ServerFrame::triage_text(&item());
    assert_eq!(ServerFrame::parse(&text), Ok(ServerFrame::Triage(item().into())));
    let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_snapshot!(frame["data"].as_str().unwrap(), @r#"{"item":{"answers":1,"askedAt":1538980200000,"asker":{"avatarurl":"","displayName":"ANN","user":"ann"},"change":17,"changedBy":{"avatarurl":"","displayName":"SUE","user":"sue"},"claim":{"at":1538980260000,"avatarurl":"","device":"laptop","displayName":"SUE","expiresAt":1538980350000,"user":"sue"},"firstAnswerAt":1538980250000,"lastAnswer":9,"note":"ask Bo","number":2,"pinned":true,"questionId":"q-4","rev":3,"seq":4,"stage":"next","tags":["time"],"text":"几点?","work":"claimed"},"type":"triage"}"#);
    let text = ServerFrame::triage_text(&rich());
    assert_eq!(ServerFrame::parse(&text), Ok(ServerFrame::Triage(rich().into())));
    let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_snapshot!(frame["data"].as_str().unwrap(), @r#"{"item":{"answers":1,"askedAt":1538980200000,"asker":{"avatarurl":"","displayName":"ANN","user":"ann"},"change":17,"changedBy":{"avatarurl":"","displayName":"SUE","user":"sue"},"edits":[{"answerId":"q-9","content":"{}"}],"firstAnswerAt":1538980250000,"lastAnswer":9,"merged":[{"displayName":"BO","questionId":"q-5"}],"note":"ask Bo","number":2,"originalText":"几点开始?","pinned":true,"private":[{"at":5,"by":{"avatarurl":"","displayName":"SUE","user":"sue"},"editedAt":6,"id":"q-p1","orgName":"Acme","text":"8","visibility":"asker"},{"at":5,"by":{"avatarurl":"","displayName":"SUE","user":"sue"},"id":"q-p2","orgName":"Acme","retracted":true,"text":"","visibility":"staff"}],"questionId":"q-4","rev":3,"review":"rejected","seq":4,"sourceId":"q-3","stage":"next","tags":["time"],"text":"几点?","voted":true,"votes":12,"work":"claimed"},"type":"triage"}"#);
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
        unmerge: true,
        text: Some("几点?".to_owned()),
        review: Some(Review::Approved),
        reason: Some("later".to_owned()),
        take_over: true,
    };
    let whole = StateRequest { rev: Some(3), device: String::new(), change, ..request };
    assert_snapshot!(whole.to_json(), @r#"{"questionId":"q-4","streamId":"s","rev":3,"state":"follow_up","review":"approved","stage":"none","pinned":false,"tags":[],"note":"","mergeInto":"q-1","unmerge":true,"text":"几点?","reason":"later","takeOver":true}"#);
    let blank = whole.to_json().replace("\"几点?\"", "\" \"");
    assert_eq!(StateRequest::parse(blank.as_bytes()), None, "a question says something");
    assert_eq!(StateRequest::parse(whole.to_json().as_bytes()), Some(whole.clone()));
    for (bytes, fits) in [(REASON_BYTES, true), (REASON_BYTES + 1, false)] {
        let change = Change { reason: Some("x".repeat(bytes)), ..whole.change.clone() };
        let body = StateRequest { change, ..whole.clone() }.to_json();
        assert_eq!(StateRequest::parse(body.as_bytes()).is_some(), fits, "{bytes}");
    }
    let tags = ["b", "a", "b"].map(str::to_owned).to_vec();
    let change = Change { tags: Some(tags), ..Change::default() };
    let body = StateRequest { change, ..whole }.to_json();
    let read = StateRequest::parse(body.as_bytes()).unwrap();
    assert_eq!(read.change.tags.unwrap(), ["b", "a"]);
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

#[test]
fn what_else_staff_may_ask_for() {
    let stream_id = StreamId::new("s");
    let from = FromRequest { entry_id: EntryId::new("q-3"), stream_id: stream_id.clone() };
    assert_snapshot!(from.to_json(), @r#"{"entryId":"q-3","streamId":"s"}"#);
    assert_eq!(FromRequest::parse(from.to_json().as_bytes()), Some(from));
    let answer_id = EntryId::new("q-p1");
    let content = "9".to_owned();
    let edit = EditRequest { answer_id: answer_id.clone(), stream_id: stream_id.clone(), content };
    assert_snapshot!(edit.to_json(), @r#"{"answerId":"q-p1","streamId":"s","content":"9"}"#);
    assert_eq!(EditRequest::parse(edit.to_json().as_bytes()), Some(edit));
    let retract = RetractRequest { answer_id, stream_id };
    assert_snapshot!(retract.to_json(), @r#"{"answerId":"q-p1","streamId":"s"}"#);
    assert_eq!(RetractRequest::parse(retract.to_json().as_bytes()), Some(retract));
    assert_eq!(EditRequest::parse(b"{}"), None);

    let line = LogLine {
        change: 3,
        field: "work".to_owned(),
        old: "open".to_owned(),
        new: "claimed".to_owned(),
        by: person("sue"),
        at: 5,
    };
    let body = LogLine::all_to_json(std::slice::from_ref(&line));
    assert_eq!(LogLine::parse_all(body.as_bytes()), Some(vec![line]));
    assert_eq!(LogLine::parse_all(b"{}"), None);
}

#[test]
fn an_answer_may_say_more_than_what_it_is() {
    let notes = AnswerNotes {
        also_asked: vec!["Bo".to_owned(), "小明".to_owned()],
        edited_at: Some(7),
        retracted: true,
        visibility: Visibility::Staff,
    };
    let answer = Body::Answer {
        org_name: "Acme".to_owned(),
        org_logo: String::new(),
        question: "几点?".to_owned(),
        text: String::new(),
        question_id: None,
        notes,
    };
    let content = answer.to_content();
    assert_snapshot!(content, @r#"{"orgName":"Acme","orgLogo":"","question":"几点?","answer":"","alsoAsked":"Bo\n小明","editedAt":"7","retracted":"true","visibility":"staff"}"#);
    assert_eq!(Body::parse(EntryKind::Answer, &content), answer);
}

#[test]
fn who_looks_and_how_many_want_it_travel() {
    let present =
        Present { who: person("sue"), device: "laptop".to_owned(), doing: Doing::Drafting };
    let presence = Presence { question_id: EntryId::new("q-4"), people: vec![present] };
    let text = ServerFrame::presence_text(&presence);
    assert_snapshot!(data(&text), @r#"{"people":[{"avatarurl":"","device":"laptop","displayName":"SUE","doing":"drafting","user":"sue"}],"questionId":"q-4","type":"presence"}"#);
    assert_eq!(ServerFrame::parse(&text), Ok(ServerFrame::Presence(presence)));
    let votes = vec![Votes(EntryId::new("q-4"), 12, 18), Votes(EntryId::new("q-5"), 0, 19)];
    let text = ServerFrame::votes_text(&votes);
    assert_snapshot!(data(&text), @r#"{"type":"votes","votes":[["q-4",12,18],["q-5",0,19]]}"#);
    assert_eq!(ServerFrame::parse(&text), Ok(ServerFrame::Votes(votes)));
    for odd in [
        r#"{"type":"votes","votes":[["q",-1,2]]}"#,
        r#"{"type":"votes"}"#,
        r#"{"type":"presence","people":7}"#,
    ] {
        let frame = serde_json::json!({ "code": 200, "data": odd }).to_string();
        assert_eq!(
            ServerFrame::parse(&frame),
            Ok(ServerFrame::Skipped(Skip::UnknownType)),
            "{odd}"
        );
    }

    let vote = VoteRequest {
        question_id: EntryId::new("q-4"),
        stream_id: StreamId::new("s"),
        vote: false,
    };
    assert_snapshot!(vote.to_json(), @r#"{"questionId":"q-4","streamId":"s","vote":false}"#);
    assert_eq!(VoteRequest::parse(vote.to_json().as_bytes()), Some(vote));
    let voted = Voted { votes: 12, voted: true };
    assert_snapshot!(voted.to_json(), @r#"{"code":200,"data":{"voted":true,"votes":12}}"#);
    assert_eq!(Voted::parse(voted.to_json().as_bytes()), Some(voted));

    for (question, expected) in [
        (
            Some(EntryId::new("q-4")),
            r#"{"token":"T","type":4,"payLoad":"{\"topic\":\"7\",\"questionId\":\"q-4\",\"doing\":\"viewing\",\"device\":\"laptop\"}"}"#,
        ),
        (
            None,
            r#"{"token":"T","type":4,"payLoad":"{\"topic\":\"7\",\"questionId\":\"\",\"doing\":\"viewing\",\"device\":\"laptop\"}"}"#,
        ),
    ] {
        let look = Look { question, doing: Doing::Viewing, device: "laptop".to_owned() };
        let frame = ClientFrame::Look(Topic::new("7"), look);
        let text = frame.encode(&Token::new("T")).unwrap();
        assert_eq!(text, expected);
        assert_eq!(ClientFrame::decode(&text).unwrap().1, frame);
    }
}

/// What waits for review, as staff have it.
fn submission() -> Item {
    let asked = Item::new(EntryId::new("q-r7"), 0, "几点?".to_owned(), person("ann"), 5);
    Item { change: 18, review: Review::Pending, changed_by: person("sue"), ..asked }
}

#[test]
fn what_waits_for_review_travels() {
    let frame = |item: &Item| data(&ServerFrame::triage_text(item));
    let message = Item { kind: SaidAs::Message, ..submission() };
    assert!(frame(&message).contains(r#""kind":"message""#), "{}", frame(&message));
    let told = ServerFrame::parse(&ServerFrame::triage_text(&message)).unwrap();
    assert_eq!(told, ServerFrame::Triage(message.clone().into()));
    assert_eq!(message.for_audience("bo").kind, SaidAs::Question, "nothing of another's");
    assert_snapshot!(frame(&submission()), @r#"{"item":{"answers":0,"askedAt":5,"asker":{"avatarurl":"","displayName":"ANN","user":"ann"},"change":18,"changedBy":{"avatarurl":"","displayName":"SUE","user":"sue"},"lastAnswer":0,"note":"","number":0,"pinned":false,"questionId":"q-r7","rev":0,"review":"pending","seq":0,"stage":"none","tags":[],"text":"几点?","work":"open"},"type":"triage"}"#);
    let rejected =
        Item { rev: 1, review: Review::Rejected, reason: "off topic".to_owned(), ..submission() };
    assert_snapshot!(frame(&rejected.for_audience("ann")), @r#"{"item":{"answers":0,"askedAt":5,"asker":{"avatarurl":"","displayName":"ANN","user":"ann"},"change":18,"changedBy":{"avatarurl":"","displayName":"","user":""},"lastAnswer":0,"note":"","number":0,"pinned":false,"questionId":"q-r7","reason":"off topic","rev":1,"review":"rejected","seq":0,"stage":"none","tags":[],"text":"几点?","work":"open"},"type":"triage"}"#);
    let published = Some(EntryId::new("q-9"));
    let published = Item { rev: 1, review: Review::Approved, published, ..submission() };
    assert_snapshot!(frame(&published.for_audience("ann")), @r#"{"item":{"answers":0,"askedAt":5,"asker":{"avatarurl":"","displayName":"ANN","user":"ann"},"change":18,"changedBy":{"avatarurl":"","displayName":"","user":""},"lastAnswer":0,"note":"","number":0,"pinned":false,"published":"q-9","questionId":"q-r7","rev":1,"seq":0,"stage":"none","tags":[],"text":"几点?","work":"open"},"type":"triage"}"#);
    // Not what it says, not who asked, not when, not what became of it.
    let hidden = submission().for_audience("bob");
    assert_snapshot!(frame(&hidden), @r#"{"item":{"answers":0,"askedAt":0,"asker":{"avatarurl":"","displayName":"","user":""},"change":18,"changedBy":{"avatarurl":"","displayName":"","user":""},"lastAnswer":0,"note":"","number":0,"pinned":false,"questionId":"q-r7","rev":0,"review":"pending","seq":0,"stage":"none","tags":[],"text":"","work":"open"},"type":"triage"}"#);
    for item in [submission(), rejected, published] {
        let text = ServerFrame::triage_text(&item);
        assert_eq!(ServerFrame::parse(&text), Ok(ServerFrame::Triage(item.clone().into())));
        assert_eq!(item.for_audience("bob"), hidden);
    }
}

/// What lies in a frame.
fn data(frame: &str) -> String {
    let frame: serde_json::Value = serde_json::from_str(frame).unwrap();
    frame["data"].as_str().unwrap().to_owned()
}
