//! Client frames, byte for byte: a real server reads exactly these keys in exactly these places.

use aside_protocol::{
    ClientFrame, Epoch, FrameError, Join, MinuteStamp, Nonce, OutgoingMessage, Resume, Seq,
    StreamId, Token, Topic,
};
use insta::assert_snapshot;
use jiff::civil::date;

fn token() -> Token {
    Token::new("t0k\"en")
}

fn message(content: &str, nonce: Option<&str>) -> ClientFrame {
    ClientFrame::Send(OutgoingMessage {
        topic: Topic::new("8001"),
        stream: StreamId::new("stream-1"),
        user: "u7".to_owned(),
        display_name: "小明".to_owned(),
        avatar_url: "https://example.org/a.png".to_owned(),
        content: content.to_owned(),
        created_at: MinuteStamp::from_local(date(2018, 10, 8).at(14, 30, 0, 0)).to_string(),
        nonce: nonce.map(Nonce::new),
    })
}

#[test]
fn a_heartbeat_has_an_empty_payload() {
    assert_snapshot!(ClientFrame::Heartbeat.encode(&token()).unwrap(), @r#"{"token":"t0k\"en","type":1,"payLoad":""}"#);
}

#[test]
fn a_core_join_carries_the_topic_alone() {
    let join = ClientFrame::Join(Join { topic: Topic::new("8001"), resume: None, triage: false });
    assert_snapshot!(join.encode(&token()).unwrap(), @r#"{"token":"t0k\"en","type":3,"payLoad":"{\"topic\":\"8001\"}"}"#);
}

#[test]
fn a_resuming_join_carries_its_position() {
    let resume = Some(Resume { epoch: Epoch::new("e1"), after: Seq(41) });
    let join = ClientFrame::Join(Join { topic: Topic::new("8001"), resume, triage: false });
    assert_snapshot!(join.encode(&token()).unwrap(), @r#"{"token":"t0k\"en","type":3,"payLoad":"{\"topic\":\"8001\",\"epoch\":\"e1\",\"after\":41}"}"#);
    let desk = ClientFrame::Join(Join { topic: Topic::new("8001"), resume: None, triage: true });
    assert_snapshot!(desk.encode(&token()).unwrap(), @r#"{"token":"t0k\"en","type":3,"payLoad":"{\"topic\":\"8001\",\"triage\":true}"}"#);
}

#[test]
fn a_send_is_encoded_three_times() {
    let frame = message("say \"hi\"\n你好", None).encode(&token()).unwrap();
    assert_snapshot!(frame, @r#"{"token":"t0k\"en","type":2,"payLoad":"{\"topic\":\"8001\",\"chatInfo\":\"{\\\"user\\\":\\\"u7\\\",\\\"displayName\\\":\\\"小明\\\",\\\"avatarurl\\\":\\\"https://example.org/a.png\\\",\\\"stream\\\":\\\"stream-1\\\",\\\"content\\\":\\\"say \\\\\\\"hi\\\\\\\"\\\\n你好\\\",\\\"type\\\":\\\"message\\\",\\\"createdat\\\":\\\"2018-10-8 14:30\\\"}\"}"}"#);
}

#[test]
fn a_nonce_is_the_only_addition_to_a_send() {
    let core = message("x", None).encode(&token()).unwrap();
    let acked = message("x", Some("n-1")).encode(&token()).unwrap();
    assert_eq!(acked.replace(r#",\\\"nonce\\\":\\\"n-1\\\""#, ""), core);
}

#[test]
fn what_is_encoded_is_read_back() {
    let resume = Some(Resume { epoch: Epoch::new(""), after: Seq(0) });
    for frame in [
        ClientFrame::Heartbeat,
        ClientFrame::Join(Join { topic: Topic::new("8001"), resume, triage: true }),
        message("a\u{0}\\\"\u{1F600}\u{202E}", Some("n-1")),
    ] {
        let text = frame.encode(&token()).unwrap();
        assert_eq!(ClientFrame::decode(&text).unwrap(), (token(), frame));
    }
}

#[test]
fn bad_frames_are_told_apart_without_repeating_them() {
    let decode = |text: &str| ClientFrame::decode(text).unwrap_err();
    for text in
        ["", "null", "[]", "{}", "{\"type\":2,\"payLoad\":\"x\"}", "{\"type\":3}", "{\"type\":1}{"]
    {
        assert_eq!(decode(text), FrameError::Malformed, "{text}");
    }
    assert_eq!(
        decode(r#"{"token":"t","type":9,"payLoad":""}"#),
        FrameError::UnknownType { kind: 9 }
    );
    let huge = format!(r#"{{"token":"t","type":1,"payLoad":"{}"}}"#, "x".repeat(70_000));
    assert_eq!(decode(&huge), FrameError::TooLarge { bytes: huge.len() });
}

#[test]
fn a_send_over_the_frame_limit_is_refused_before_it_leaves() {
    let quotes = "\"".repeat(9_000);
    assert!(matches!(message(&quotes, None).encode(&token()), Err(FrameError::TooLarge { .. })));
}
