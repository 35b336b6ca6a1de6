//! Server frames: every form that a server may send, and what a client makes of it.

#![allow(clippy::unwrap_used)] // helpers of tests

use aside_protocol::{
    AnswerNotes, Body, Control, CreatedAt, Entry, EntryId, EntryKind, Epoch, FrameError, Nonce,
    Seq, ServerFrame, Skip,
};
use insta::assert_snapshot;
use jiff::Timestamp;

fn entry(kind: EntryKind, body: &Body) -> Entry {
    Entry {
        kind,
        user: "u7".to_owned(),
        display_name: "小明".to_owned(),
        avatar_url: String::new(),
        stream: "s1".to_owned(),
        content: body.to_content(),
        created_at: Some(CreatedAt::Instant(
            Timestamp::from_millisecond(1_538_980_200_000).unwrap(),
        )),
        id: None,
        seq: None,
        nonce: None,
    }
}

fn answer() -> Body {
    Body::Answer {
        org_name: "Org".to_owned(),
        org_logo: "https://example.org/l.png".to_owned(),
        question: "几点?".to_owned(),
        text: "8 \"sharp\"".to_owned(),
        question_id: Some(EntryId::new("q1")),
        notes: AnswerNotes::default(),
    }
}

#[test]
fn entries_travel_as_json_in_a_string() {
    let message = entry(EntryKind::Message, &Body::Message { text: "你好 <b>".to_owned() });
    assert_snapshot!(ServerFrame::entry_text(&message), @r#"{"code":200,"data":"{\"type\":\"message\",\"user\":\"u7\",\"displayName\":\"小明\",\"avatarurl\":\"\",\"stream\":\"s1\",\"content\":\"你好 <b>\",\"createdat\":1538980200000}"}"#);
    let question = entry(EntryKind::Question, &Body::Question { text: "几点?".to_owned() });
    assert_snapshot!(ServerFrame::entry_text(&question), @r#"{"code":200,"data":"{\"type\":\"question\",\"user\":\"u7\",\"displayName\":\"小明\",\"avatarurl\":\"\",\"stream\":\"s1\",\"content\":\"{\\\"content\\\":\\\"几点?\\\"}\",\"createdat\":1538980200000}"}"#);
    let mut answer = entry(EntryKind::Answer, &answer());
    answer.id = Some(EntryId::new("e9"));
    answer.seq = Some(Seq(9));
    answer.nonce = Some(Nonce::new("n"));
    assert_snapshot!(ServerFrame::entry_text(&answer), @r#"{"code":200,"data":"{\"type\":\"answer\",\"user\":\"u7\",\"displayName\":\"小明\",\"avatarurl\":\"\",\"stream\":\"s1\",\"content\":\"{\\\"orgName\\\":\\\"Org\\\",\\\"orgLogo\\\":\\\"https://example.org/l.png\\\",\\\"question\\\":\\\"几点?\\\",\\\"answer\\\":\\\"8 \\\\\\\"sharp\\\\\\\"\\\",\\\"questionId\\\":\\\"q1\\\"}\",\"createdat\":1538980200000,\"id\":\"e9\",\"seq\":9,\"nonce\":\"n\"}"}"#);
    for sent in [message, question, answer] {
        assert_eq!(
            ServerFrame::parse(&ServerFrame::entry_text(&sent)),
            Ok(ServerFrame::Entry(sent))
        );
    }
}

#[test]
fn controls_are_what_the_extensions_name() {
    let nonce = Nonce::new("n");
    let ack =
        Control::Ack { nonce: nonce.clone(), id: Some(EntryId::new("e1")), seq: Some(Seq(1)) };
    assert_snapshot!(ServerFrame::control_text(&ack), @r#"{"code":200,"data":"{\"type\":\"ack\",\"nonce\":\"n\",\"id\":\"e1\",\"seq\":1}"}"#);
    let nack =
        Control::Nack { nonce, code: 413, reason: "too long".to_owned(), retry_ms: None, id: None };
    assert_snapshot!(ServerFrame::control_text(&nack), @r#"{"code":200,"data":"{\"type\":\"nack\",\"nonce\":\"n\",\"code\":413,\"reason\":\"too long\"}"}"#);
    let joined = |resumed| Control::Joined {
        topic: "8001".to_owned(),
        epoch: Epoch::new("e"),
        seq: Seq(7),
        resumed,
        removals: 0,
    };
    assert_snapshot!(ServerFrame::control_text(&joined(true)), @r#"{"code":200,"data":"{\"type\":\"joined\",\"topic\":\"8001\",\"epoch\":\"e\",\"seq\":7}"}"#);
    assert_snapshot!(ServerFrame::control_text(&joined(false)), @r#"{"code":200,"data":"{\"type\":\"joined\",\"topic\":\"8001\",\"epoch\":\"e\",\"seq\":7,\"resumed\":false}"}"#);
    let beat = Control::Heartbeat { time_ms: 1_538_980_200_000 };
    assert_snapshot!(ServerFrame::control_text(&beat), @r#"{"code":200,"data":"{\"type\":\"heartbeat\",\"time\":1538980200000}"}"#);
    let desk = Control::Desk { change: 12 };
    assert_snapshot!(ServerFrame::control_text(&desk), @r#"{"code":200,"data":"{\"type\":\"desk\",\"change\":12}"}"#);
    let slow = Control::Nack {
        nonce: Nonce::new("n"),
        code: 429,
        reason: "too fast".to_owned(),
        retry_ms: Some(1200),
        id: None,
    };
    assert_snapshot!(ServerFrame::control_text(&slow), @r#"{"code":200,"data":"{\"type\":\"nack\",\"nonce\":\"n\",\"code\":429,\"reason\":\"too fast\",\"retry_ms\":1200}"}"#);
    let held = Control::Nack {
        nonce: Nonce::new("n"),
        code: 202,
        reason: "it waits".to_owned(),
        retry_ms: None,
        id: Some(EntryId::new("r1")),
    };
    assert_snapshot!(ServerFrame::control_text(&held), @r#"{"code":200,"data":"{\"type\":\"nack\",\"nonce\":\"n\",\"code\":202,\"reason\":\"it waits\",\"id\":\"r1\"}"}"#);
    let removed = Control::Removed { id: EntryId::new("e1"), seq: Seq(1), number: 2 };
    assert_snapshot!(ServerFrame::control_text(&removed), @r#"{"code":200,"data":"{\"type\":\"removed\",\"id\":\"e1\",\"seq\":1,\"number\":2}"}"#);
    for control in [ack, nack, slow, held, removed, joined(true), joined(false), beat, desk] {
        assert_eq!(
            ServerFrame::parse(&ServerFrame::control_text(&control)),
            Ok(ServerFrame::Control(control))
        );
    }
}

#[test]
fn frames_without_an_entry_are_skipped_and_say_why() {
    let skip = |text: &str, why| {
        assert_eq!(ServerFrame::parse(text), Ok(ServerFrame::Skipped(why)), "{text}")
    };
    for text in [
        r#"{"code":200}"#,
        r#"{"code":200,"data":null}"#,
        r#"{"code":200,"data":" "}"#,
        r#"{"code":200,"data":{}}"#,
    ] {
        skip(text, Skip::Empty);
    }
    skip(r#"{"code":200,"data":"pong"}"#, Skip::NotJson);
    skip(r#"{"code":200,"data":"{\"type\":"}"#, Skip::NotJson);
    skip(r#"{"code":200,"data":"[1]"}"#, Skip::NotJson);
    skip(r#"{"code":200,"data":"{\"type\":\"gift\"}"}"#, Skip::UnknownType);
    skip(r#"{"code":200,"data":"{}"}"#, Skip::UnknownType);
    // A control that lacks what it cannot do without is no control.
    skip(r#"{"code":200,"data":"{\"type\":\"ack\"}"}"#, Skip::UnknownType);
    skip(r#"{"code":200,"data":"{\"type\":\"joined\",\"topic\":\"t\"}"}"#, Skip::UnknownType);
}

#[test]
fn other_codes_are_information() {
    let notice = ServerFrame::Notice { code: 500, text: "{\"type\":\"message\"}".to_owned() };
    assert_eq!(
        ServerFrame::parse(&ServerFrame::notice_text(500, "{\"type\":\"message\"}")),
        Ok(notice)
    );
    let silent = ServerFrame::Notice { code: -1, text: String::new() };
    assert_eq!(ServerFrame::parse(r#"{"code":-1,"data":null,"more":[{}]}"#), Ok(silent));
}

#[test]
fn a_frame_that_is_no_object_with_a_code_is_malformed() {
    for text in ["", "pong", "[]", "{}", r#"{"data":"x"}"#, r#"{"code":"x"}"#, r#"{"code":200"#] {
        assert_eq!(ServerFrame::parse(text), Err(FrameError::Malformed), "{text}");
    }
    let huge = format!(r#"{{"code":200,"data":"{}"}}"#, "x".repeat(300_000));
    assert_eq!(ServerFrame::parse(&huge), Err(FrameError::TooLarge { bytes: huge.len() }));
}

#[test]
fn any_field_but_the_type_may_be_missing_null_or_of_another_type() {
    let bare = Entry::parse(r#"{"type":"message"}"#).unwrap();
    assert_eq!((bare.user.as_str(), bare.content.as_str(), bare.created_at), ("", "", None));
    let nulls = r#"{"type":"message","user":null,"displayName":null,"content":null,"createdat":null,"id":"","seq":null}"#;
    assert_eq!(Entry::parse(nulls).unwrap(), bare);
    let odd = Entry::parse(
        r#"{"type":"message","user":42,"content":true,"seq":"7","id":9,"x":{"y":[1]},"stream":[]}"#,
    )
    .unwrap();
    assert_eq!((odd.user.as_str(), odd.content.as_str(), odd.seq), ("42", "true", Some(Seq(7))));
    assert_eq!(odd.id, Some(EntryId::new("9")));
    let twice = Entry::parse(r#"{"type":"question","type":"message","content":"a","content":"b"}"#)
        .unwrap();
    assert_eq!((twice.kind, twice.content.as_str()), (EntryKind::Message, "b"));
}

#[test]
fn content_that_is_not_the_promised_object_is_shown_as_it_came() {
    let question = |content: &str| Body::parse(EntryKind::Question, content);
    assert_eq!(question("{\"content\":\"几点?\"}"), Body::Question { text: "几点?".to_owned() });
    for plain in ["几点?", "{\"text\":1}", "{\"content\":\"x\"} trailing", ""] {
        assert_eq!(question(plain), Body::Question { text: plain.to_owned() });
    }
    assert_eq!(Body::parse(EntryKind::Answer, "just text").text(), "just text");
    assert_eq!(Body::parse(EntryKind::Answer, &answer().to_content()), answer());
    let partial = Body::parse(EntryKind::Answer, r#"{"orgName":null,"answer":"yes"}"#);
    assert_eq!(partial.text(), "yes");
}
