//! Part 1 of the protocol, sentence by sentence, in both modes.

use aside_protocol::{AnswerNotes, Body, EntryKind, Topic};
use aside_server::{Answering, Config, NewEntry};
use serde_json::{Value, json};

use crate::client::Got;
use crate::room::{Room, STREAM, TOPIC, modes};

fn core_only() -> Config {
    Config { core_only: true, ..Config::for_tests() }
}

fn keys(entry: &Value) -> Vec<&str> {
    entry.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_message_reaches_everyone_and_its_sender_as_an_ordinary_broadcast() {
    for config in modes() {
        let room = Room::start(config).await;
        let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
        ann.say("hello").await;
        let (seen, echoed) = (bob.object().await, ann.object().await);
        assert_eq!(seen, echoed);
        assert_eq!(seen["type"], "message");
        assert_eq!(seen["content"], "hello");
        assert_eq!(seen["stream"], STREAM);
        ann.nothing_waits().await;
        bob.nothing_waits().await;
    }
}

#[tokio::test]
async fn a_core_frame_has_the_keys_of_part_1_and_no_other() {
    let room = Room::start(core_only()).await;
    let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
    ann.say_named("hello", "6b8c0d52-0b1f-4f8e-9a57-1f4a5f2f7f11").await;
    let mut expected =
        vec!["avatarurl", "content", "createdat", "displayName", "stream", "type", "user"];
    expected.sort_unstable();
    for entry in [bob.object().await, ann.object().await, room.page("page=1").await.remove(0)] {
        assert_eq!(keys(&entry), expected);
        let created =
            entry["createdat"].as_str().expect("a core server writes local time to the minute");
        assert!(!created.contains("-0"), "month and day without zero padding: {created}");
        assert_eq!(created.split(' ').nth(1).map(str::len), Some(5), "{created}");
    }
    ann.nothing_waits().await;
}

#[tokio::test]
async fn a_join_is_not_answered_in_the_core_whatever_it_carries() {
    let room = Room::start(core_only()).await;
    room.seed(3).await;
    let mut ann = room.open(&room.ann).await;
    let epoch = room.epoch().await;
    ann.frame(3, &json!({ "topic": TOPIC, "epoch": epoch, "after": 0 }).to_string()).await;
    ann.nothing_waits().await;
    room.publish("live").await;
    assert_eq!(ann.object().await["content"], "live");
    // Joining twice does not mean being told twice.
    ann.join().await;
    room.publish("again").await;
    assert_eq!(ann.object().await["content"], "again");
    ann.nothing_waits().await;
}

#[tokio::test]
async fn a_heartbeat_is_answered_with_something_that_is_no_entry() {
    for config in modes() {
        let core_only = config.core_only;
        let room = Room::start(config).await;
        let mut ann = room.open(&room.ann).await;
        ann.beat().await;
        let Got::Frame { code: 200, data } = ann.next().await else { panic!("no reply") };
        let object = serde_json::from_str::<Value>(&data);
        if core_only {
            assert!(object.is_err(), "{data}");
        } else {
            let object = object.unwrap();
            assert_eq!(object["type"], "heartbeat");
            assert!(object["time"].as_i64().unwrap() > 1_500_000_000_000);
        }
    }
}

#[tokio::test]
async fn heartbeats_may_go_unanswered() {
    let room = Room::start(Config { answer_heartbeats: false, ..core_only() }).await;
    let mut ann = room.open(&room.ann).await;
    ann.join().await;
    ann.beat().await;
    // Both frames are judged before this one is stored; nothing came but its echo.
    ann.say("fence").await;
    assert_eq!(ann.object().await["content"], "fence");
}

#[tokio::test]
async fn content_is_kept_to_the_byte() {
    let texts = [
        "plain",
        " spaces around ",
        "\"quotes\" and \\backslashes\\ \\\" \\u0041",
        "line\nbreak\r\n\ttab",
        "{\"content\":\"x\"}",
        "[1,2]",
        "null",
        "中文输入，你好",
        "👩‍👩‍👧‍👦 e\u{301} \u{202e}rtl\u{202c}",
        "\u{0}\u{1}\u{7f}\u{2028}",
        "<script>alert(1)</script>",
        "'; DROP TABLE entry; --",
    ];
    let long = "长".repeat(8192 / 3);
    for config in modes() {
        let room = Room::start(config).await;
        let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
        for text in texts.iter().copied().chain([long.as_str()]) {
            ann.say(text).await;
            assert_eq!(bob.object().await["content"], text);
            ann.object().await;
        }
        let page = room.page("resultsPerPage=1000").await;
        assert_eq!(page.len(), texts.len() + 1);
        for (entry, text) in page.iter().zip(texts) {
            assert_eq!(entry["content"], text);
        }
    }
}

#[tokio::test]
async fn nobody_can_speak_for_another() {
    for config in modes() {
        let room = Room::start(config).await;
        let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
        let claims = json!({
            "user": "bob", "displayName": "Bob", "avatarurl": "https://evil.example", "type": "answer",
            "createdat": "1999-1-1 00:00", "id": "x-1", "seq": 99, "role": "host", "time": 1,
        });
        ann.say_with("hi", claims).await;
        let seen = bob.object().await;
        assert_eq!(seen["user"], "ann");
        assert_eq!(seen["displayName"], "Ann");
        assert_eq!(seen["avatarurl"], "https://a.example/ann.png");
        assert_eq!(seen["type"], "message");
        assert!(!seen["createdat"].to_string().contains("1999"));
        assert_ne!(seen["seq"], 99);
        assert_ne!(seen["id"], "x-1");
    }
}

#[tokio::test]
async fn history_is_paged_from_the_newest_each_page_oldest_first() {
    for config in modes() {
        let room = Room::start(config).await;
        let topic = Topic::new(TOPIC);
        let entries = (0..250).map(|n| match n % 5 {
            0 => NewEntry::question("q", "Q", n.to_string()),
            1 => {
                let body = Body::Answer {
                    org_name: "Org".to_owned(),
                    org_logo: String::new(),
                    question: "?".to_owned(),
                    text: n.to_string(),
                    question_id: None,
                    notes: AnswerNotes::default(),
                };
                NewEntry::new(body, "sue", "Q")
            }
            _ => NewEntry::message("m", "M", n.to_string()),
        });
        room.running.rooms().seed(&topic, entries.collect()).await.unwrap();
        let number = |entry: &Value| -> u32 {
            let kind = EntryKind::parse(entry["type"].as_str().unwrap()).unwrap();
            Body::parse(kind, entry["content"].as_str().unwrap()).text().parse().unwrap()
        };
        let read =
            async |query: &str| -> Vec<u32> { room.page(query).await.iter().map(number).collect() };

        let stream = format!("type=&stream={STREAM}");
        assert_eq!(
            read(&format!("page=1&resultsPerPage=100&{stream}")).await,
            (150..250).collect::<Vec<_>>()
        );
        assert_eq!(
            read(&format!("page=2&resultsPerPage=100&{stream}")).await,
            (50..150).collect::<Vec<_>>()
        );
        assert_eq!(
            read(&format!("page=3&resultsPerPage=100&{stream}")).await,
            (0..50).collect::<Vec<_>>()
        );
        assert_eq!(read(&format!("page=4&resultsPerPage=100&{stream}")).await, Vec::<u32>::new());
        assert_eq!(read("resultsPerPage=1000").await, (0..250).collect::<Vec<_>>());
        assert_eq!(read("resultsPerPage=1000000000&page=-7").await, (0..250).collect::<Vec<_>>());
        let questions: Vec<u32> = (0..250).filter(|n| n % 5 == 0).collect();
        assert_eq!(read("type=question&resultsPerPage=20").await, questions[30..]);
        assert_eq!(read("type=question&resultsPerPage=20&page=3").await, questions[..10]);
        assert_eq!(read("type=answer&resultsPerPage=1").await, [246]);
        assert_eq!(read("page=9223372036854775808&resultsPerPage=1000").await, Vec::<u32>::new());
    }
}

#[tokio::test]
async fn a_question_is_asked_over_http_and_arrives_as_a_broadcast() {
    for config in modes() {
        let core_only = config.core_only;
        let room = Room::start(config).await;
        let mut bob = room.joined(&room.bob).await;
        let text = "why \"this\"?\n中文";
        let reply = room
            .post(&room.ann, "/api/question/add", json!({ "content": text, "streamId": STREAM }))
            .await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["code"], 200);
        assert_eq!(reply.json()["data"].as_object().unwrap().is_empty(), core_only);
        let seen = bob.object().await;
        assert_eq!((&seen["type"], &seen["user"]), (&json!("question"), &json!("ann")));
        let content: Value = serde_json::from_str(seen["content"].as_str().unwrap()).unwrap();
        assert_eq!(content, json!({ "content": text }));
        assert_eq!(room.page("type=question").await, [seen]);
    }
}

#[tokio::test]
async fn a_core_server_knows_nothing_beyond_part_1() {
    let room = Room::start(core_only()).await;
    let topic = Topic::new(TOPIC);
    room.get(&room.ann, "/api/capabilities").await.refused(404);
    room.get(&room.ann, "/api/health").await.refused(404);
    room.post(
        &room.staff,
        "/api/answer/add",
        json!({ "questionId": "1", "content": "x", "streamId": STREAM }),
    )
    .await
    .refused(404);

    // A repeated nonce means nothing: both are stored, neither is acknowledged.
    let mut ann = room.joined(&room.ann).await;
    for _ in 0..2 {
        ann.say_named("twice", "6b8c0d52-0b1f-4f8e-9a57-1f4a5f2f7f11").await;
        assert_eq!(ann.object().await["content"], "twice");
    }
    ann.nothing_waits().await;

    // Nor do before and after.
    assert_eq!(room.page("after=1&before=1").await.len(), 2);

    // An answer still comes, from whoever runs the server.
    let asked = room
        .running
        .rooms()
        .publish(&topic, NewEntry::question("ann", "Ann", "why?"))
        .await
        .unwrap();
    ann.object().await;
    let answering = Answering {
        question: asked.id,
        user: "sue".to_owned(),
        org_name: "Org".to_owned(),
        org_logo: "https://o.example/logo.png".to_owned(),
        text: "because".to_owned(),
    };
    room.running.rooms().answer_as(&topic, answering).await.unwrap();
    let seen = ann.object().await;
    assert_eq!((&seen["type"], &seen["displayName"]), (&json!("answer"), &json!("Ann")));
    let content: Value = serde_json::from_str(seen["content"].as_str().unwrap()).unwrap();
    let expected = json!({ "orgName": "Org", "orgLogo": "https://o.example/logo.png", "question": "why?", "answer": "because" });
    assert_eq!(content, expected);
}

#[tokio::test]
async fn health_repeats_the_number_that_was_made_up() {
    for config in modes() {
        let room = Room::start(config).await;
        let reply = room.get(&room.ann, "/health?n=abc%20%22").await;
        assert_eq!((reply.status, reply.json()), (200, json!({ "code": 200, "n": "abc \"" })));
        room.get(&room.ann, &format!("/health?n={}", "x".repeat(200))).await.refused(413);
    }
}

#[tokio::test]
async fn what_does_not_exist_is_refused_in_json() {
    let room = Room::start(Config::for_tests()).await;
    room.get(&room.ann, "/").await.refused(404);
    room.get(&room.ann, "/api/question/add").await.refused(405);
    room.get(&room.ann, "/api/message/chatmsg?page=x").await.refused(400);
    room.get(&room.ann, "/api/message/chatmsg?type=poem").await.refused(400);
    room.post(&room.ann, "/api/question/add", json!("why?")).await.refused(400);
    room.post(&room.ann, "/api/question/add", json!({ "content": "x" })).await.refused(400);
    room.post(&room.ann, "/api/question/add", json!({ "content": " \n", "streamId": STREAM }))
        .await
        .refused(400);
}

#[tokio::test]
async fn who_sends_right_behind_the_join_still_gets_the_echo() {
    for config in modes() {
        let room = Room::start(config).await;
        for n in 0..50 {
            let mut ann = room.open(&room.ann).await;
            ann.join().await;
            ann.say(&n.to_string()).await;
            assert_eq!(ann.object().await["content"], n.to_string());
        }
    }
}
