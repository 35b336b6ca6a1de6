//! Input that no client would send: too large, not WebSocket, not JSON, or nearly right.

use aside_server::{Config, Limits};
use futures_util::SinkExt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::client::Got;
use crate::room::{Room, TOPIC, modes};

#[tokio::test]
async fn a_frame_over_64_kib_is_closed_with_1009_and_one_of_just_that_size_is_not() {
    for config in modes() {
        let room = Room::start(config).await;
        let mut ann = room.joined(&room.ann).await;
        let frame = json!({ "token": ann.token, "type": 1, "payLoad": "" }).to_string();
        let pad = 64 * 1024 - frame.len();
        ann.text(format!("{frame}{}", " ".repeat(pad))).await;
        assert!(matches!(ann.next().await, Got::Frame { code: 200, .. }));
        ann.text(format!("{frame}{}", " ".repeat(pad + 1))).await;
        assert_eq!(ann.closed().await.0, 1009);
        // In pieces it is no smaller.
        let mut ann = room.joined(&room.ann).await;
        for piece in 0..9 {
            let kind = if piece == 0 { 0x01 } else { 0x00 };
            let _ = ann.ws.get_mut().write_all(&masked(kind, &[b' '; 8 * 1024])).await;
        }
        assert_eq!(ann.closed().await.0, 1009);
    }
}

/// One frame with a mask of zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![first, 0x80 | 126, length[0], length[1], 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test]
async fn what_is_not_websocket_is_closed_as_such() {
    let room = Room::start(Config::for_tests()).await;
    for (bytes, code) in [
        (&masked(0x81, &[0xff, 0xfe])[..], 1007),
        (&[0x81, 0x01, b'x'][..], 1002),
        (&masked(0x83, b"x")[..], 1002),
        (&masked(0xc1, b"x")[..], 1002),
    ] {
        let mut ann = room.joined(&room.ann).await;
        ann.ws.get_mut().write_all(bytes).await.unwrap();
        assert_eq!(ann.closed().await.0, code, "{bytes:?}");
    }
    room.joined(&room.bob).await;
}

#[tokio::test]
async fn frames_that_mean_nothing_are_answered_counted_and_at_last_too_many() {
    for config in modes() {
        let room = Room::start(config).await;
        let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
        let deep = "[".repeat(10_000);
        let bad = [
            "",
            "x",
            "null",
            "[]",
            "{}",
            "{\"type\":1e999}",
            "{\"type\":NaN}",
            "{\"type\":9}",
            "{\"type\":3,\"payLoad\":\"\\ud800\"}",
            deep.as_str(),
        ];
        for text in bad {
            ann.text(text).await;
            assert!(matches!(ann.next().await, Got::Frame { code: 400, .. }), "{text:.20}");
        }
        ann.ws.send(Message::binary(vec![1, 2, 3])).await.unwrap();
        assert_eq!(ann.closed().await.0, 4400);
        bob.nothing_waits().await;
        assert_eq!(room.running.probe().connections()[0].bad_frames, 11);
        assert!(room.log().await.is_empty());
    }
}

/// Frames from well-formed to hopeless, by the thousand: the connection answers to the end.
#[tokio::test]
async fn no_text_can_break_a_connection() {
    let limits = Limits { bad_frames: None, ..Limits::without_rates() };
    let room = Room::start(Config { limits, ..Config::for_tests() }).await;
    let mut ann = room.joined(&room.ann).await;
    let token = ann.token.clone();
    let json_text = prop_oneof![
        any::<String>(),
        "[\\[\\]{}\",:0-9a-z\\\\ ]{0,60}",
        any::<String>().prop_map(|text| json!({ "topic": TOPIC, "chatInfo": text }).to_string()),
        any::<(String, i64)>().prop_map(|(text, n)| json!({ "topic": TOPIC, "epoch": text, "after": n }).to_string()),
        any::<String>().prop_map(|text| {
            json!({ "topic": TOPIC, "chatInfo": json!({ "content": text, "nonce": text }).to_string() }).to_string()
        }),
    ];
    let frame = prop_oneof![
        any::<String>(),
        (any::<i64>(), json_text.clone()).prop_map({
            let token = token.clone();
            move |(kind, text)| json!({ "token": token, "type": kind, "payLoad": text }).to_string()
        }),
        (1..4, json_text)
            .prop_map(move |(kind, text)| json!({ "token": token, "type": kind, "payLoad": text })
                .to_string()),
    ];
    let mut runner = TestRunner::deterministic();
    for _ in 0..100 {
        for _ in 0..20 {
            let text = frame.new_tree(&mut runner).unwrap().current();
            // Another token, or another room, is a reason to be sent away, and not what is looked for here.
            ann.text(text).await;
        }
        ann.beat().await;
        loop {
            match ann.next().await {
                Got::Frame { data, .. } if data.contains("\"heartbeat\"") => break,
                Got::Frame { .. } => {}
                Got::Closed { code: 4401 | 4403, .. } => {
                    ann = room.joined(&room.ann).await;
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    room.joined(&room.bob).await;
}
