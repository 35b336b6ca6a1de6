//! What a desk does about people and what they say: who may, what everybody learns of it, and what stands in the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aside_protocol::Topic;
use aside_server::{Clock, Config};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Client, Got};
use crate::desk::{at_the_desk, item};
use crate::process::{Process, printed, token, token_as};
use crate::room::{Room, STREAM, TOPIC};

const PATHS: [&str; 3] = ["remove", "mute", "slow"];

fn nonce(n: u32) -> String {
    format!("6b8c0d52-0b1f-4f8e-9a57-1f4a5f2f7f{n:02}")
}

impl Room {
    pub(crate) async fn moderate(&self, what: &str, mut body: Value) -> crate::client::Reply {
        body["streamId"] = STREAM.into();
        self.post(&self.staff, &format!("/api/moderation/{what}"), body).await
    }

    pub(crate) async fn deeds(&self) -> Vec<Value> {
        let reply = self.get(&self.staff, "/api/moderation/log").await;
        reply.json()["data"]["deeds"].as_array().unwrap().clone()
    }
}

/// Says something with a nonce, and gives what its sender is told of it.
async fn told(client: &mut Client, text: &str, n: u32) -> Value {
    client.say_named(text, &nonce(n)).await;
    loop {
        let frame = client.object().await;
        if frame["type"] == "ack" || frame["type"] == "nack" {
            return frame;
        }
    }
}

#[tokio::test]
async fn the_audience_and_a_core_server_know_nothing_of_it() {
    let room = Room::start(Config::for_tests()).await;
    let entry = room.publish("hi").await.id.as_str().to_owned();
    let body = json!({ "streamId": STREAM, "entryId": entry, "seconds": 9 });
    for path in PATHS {
        room.post(&room.ann, &format!("/api/moderation/{path}"), body.clone()).await.refused(403);
    }
    for path in ["state", "log"] {
        room.get(&room.ann, &format!("/api/moderation/{path}")).await.refused(403);
    }
    assert_eq!(room.log().await, ["hi"]);
    let mut core = Config::for_tests();
    core.core_only = true;
    let room = Room::start(core).await;
    for path in PATHS {
        room.post(&room.staff, &format!("/api/moderation/{path}"), body.clone()).await.refused(404);
    }
    for path in ["state", "log", "removals"] {
        room.get(&room.staff, &format!("/api/moderation/{path}")).await.refused(404);
    }
}

#[tokio::test]
async fn a_muted_person_is_told_how_long_and_nobody_else_is_held_up() {
    let now = Arc::new(AtomicI64::new(1_800_000_000));
    let clock = now.clone();
    let clock =
        Clock::from_fn(move || Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap());
    let room = Room::start(Config { clock, ..Config::for_tests() }).await;
    let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
    ann.say("rude").await;
    let id = ann.object().await["id"].clone();
    let mute = json!({ "entryId": id, "seconds": 60, "reason": "rude" });
    assert_eq!(room.moderate("mute", mute).await.status, 200);
    let nack = told(&mut ann, "again", 1).await;
    assert_eq!((&nack["code"], &nack["reason"]), (&json!(403), &json!("muted")));
    assert_eq!(nack["retry_ms"], 60_000);
    ann.say("and again").await;
    assert_eq!(ann.next().await, Got::Frame { code: 403, data: "muted: wait 60 s".to_owned() });
    let ask = json!({ "content": "why?", "streamId": STREAM });
    let asked = room.post(&room.ann, "/api/question/add", ask.clone()).await;
    asked.refused(403);
    assert_eq!(asked.header("retry-after"), Some("60"));
    assert_eq!(told(&mut bob, "hi", 2).await["type"], "ack");
    let state = room.get(&room.staff, "/api/moderation/state").await.json();
    assert_eq!(state["data"]["muted"], json!([{ "user": "ann", "until": 1_800_000_060_000_i64 }]));
    // It ends by itself, and by hand.
    now.store(1_800_000_061, Ordering::Relaxed);
    assert_eq!(told(&mut ann, "sorry", 3).await["type"], "ack");
    assert_eq!(room.moderate("mute", json!({ "user": "ann", "seconds": 60 })).await.status, 200);
    assert_eq!(told(&mut ann, "what?", 4).await["type"], "nack");
    assert_eq!(room.moderate("mute", json!({ "user": "ann", "seconds": 0 })).await.status, 200);
    assert_eq!(told(&mut ann, "thanks", 5).await["type"], "ack");
    let actions: Vec<_> =
        room.deeds().await.into_iter().map(|deed| deed["action"].clone()).collect();
    assert_eq!(actions, ["muted", "muted", "unmuted"]);
    for wrong in [
        json!({ "seconds": 5 }),
        json!({ "user": "ann", "entryId": "x", "seconds": 5 }),
        json!({ "user": "ann", "seconds": 99_999_999 }),
        json!({ "user": "ann", "seconds": -1 }),
    ] {
        room.moderate("mute", wrong).await.refused(400);
    }
    // Whoever works at the desk is not muted by a colleague.
    room.moderate("mute", json!({ "user": "sue", "seconds": 60 })).await;
    let mut sue = room.joined(&room.staff).await;
    assert_eq!(told(&mut sue, "still here", 6).await["type"], "ack");
}

#[tokio::test]
async fn somebody_without_a_name_is_muted_and_keeps_having_none() {
    let room = Room::start(Config::for_tests()).await;
    let topic = Topic::new(TOPIC);
    room.running.rooms().set_anonymous(&topic, Some("Anonymous".to_owned())).await.unwrap();
    let ask = json!({ "content": "rude?", "streamId": STREAM });
    let asked = room.post(&room.ann, "/api/question/add", ask.clone()).await.json();
    let mute = json!({ "entryId": asked["data"]["id"], "seconds": 60 });
    assert_eq!(room.moderate("mute", mute).await.status, 200);
    let mut ann = room.joined(&room.ann).await;
    assert_eq!(told(&mut ann, "hi", 1).await["code"], 403);
    room.post(&room.ann, "/api/question/add", ask).await.refused(403);
    // Muted under her own name, too, the two are two people to everybody.
    room.moderate("mute", json!({ "user": "ann", "seconds": 90 })).await;
    let state = room.get(&room.staff, "/api/moderation/state").await.json();
    let muted = state["data"]["muted"].as_array().unwrap().clone();
    assert_eq!(muted.len(), 2);
    assert!(muted[1]["user"].as_str().unwrap().starts_with("anon-"), "{muted:?}");
    let log = format!("{:?}", room.deeds().await[0]);
    assert!(!log.contains("ann\""), "{log}");
    room.moderate("mute", json!({ "user": "ann", "seconds": 0 })).await;
    assert_eq!(told(&mut ann, "hi", 2).await["code"], 403, "one of the two still holds");
}

#[tokio::test]
async fn in_a_slow_room_each_person_waits_and_staff_do_not() {
    let room = Room::start(Config::for_tests()).await;
    let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
    assert_eq!(room.moderate("slow", json!({ "seconds": 30 })).await.status, 200);
    let limits = room.get(&room.ann, "/api/capabilities").await.json()["data"]["limits"].clone();
    assert_eq!(limits["slowSeconds"], 30);
    assert_eq!(told(&mut ann, "one", 1).await["type"], "ack");
    let nack = told(&mut ann, "two", 2).await;
    assert_eq!(nack["code"], 429);
    // What is stored is acknowledged as often as somebody is not sure of it.
    assert_eq!(told(&mut ann, "one", 1).await["type"], "ack");
    let wait = nack["retry_ms"].as_u64().unwrap();
    assert!((25_000..=30_000).contains(&wait), "{wait}");
    assert_eq!(told(&mut bob, "one", 3).await["type"], "ack");
    let mut sue = room.joined(&room.staff).await;
    for n in 4..7 {
        assert_eq!(told(&mut sue, "staff", n).await["type"], "ack");
    }
    assert_eq!(room.moderate("slow", json!({ "seconds": 0 })).await.status, 200);
    assert_eq!(told(&mut ann, "two", 2).await["type"], "ack");
    let deeds = room.deeds().await;
    assert_eq!((&deeds[0]["old"], &deeds[0]["new"]), (&json!("0"), &json!("30")));
    assert_eq!(deeds.len(), 2);
    room.moderate("slow", json!({ "seconds": 9999 })).await.refused(400);
}

#[tokio::test]
async fn a_word_of_a_list_holds_an_entry_until_staff_have_looked() {
    let room = Room::start(Config::for_tests()).await;
    let (rooms, topic) = (room.running.rooms(), Topic::new(TOPIC));
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        rooms.change_words(&topic, "en", &words(&["Free Gold", "spam*"]), true).await.unwrap(),
        2
    );
    assert_eq!(rooms.change_words(&topic, "zh", &words(&["赌博"]), true).await.unwrap(), 1);
    for wrong in ["", " ", "*", &"x".repeat(200)] {
        assert!(rooms.change_words(&topic, "en", &words(&[wrong]), true).await.is_err());
    }
    let (mut desk, _) = at_the_desk(&room, &room.staff).await;
    let mut ann = room.joined(&room.ann).await;
    let held = told(&mut ann, "FREE  gold, come", 1).await;
    assert_eq!((&held["code"], &held["reason"]), (&json!(202), &json!("it waits for review")));
    assert_eq!(
        told(&mut ann, "FREE  gold, come", 1).await["code"],
        202,
        "the same again waits, too"
    );
    let waits = desk.object().await["item"].clone();
    assert_eq!((&waits["review"], &waits["text"]), (&json!("pending"), &json!("FREE  gold, come")));
    assert_eq!((&waits["kind"], &waits["questionId"]), (&json!("message"), &held["id"]));
    let ask = json!({ "content": "来赌博吗", "streamId": STREAM });
    let asked = room.post(&room.ann, "/api/question/add", ask).await.json();
    assert_eq!(asked["data"]["review"], "pending");
    assert_eq!(desk.object().await["item"]["kind"], Value::Null, "a question");
    assert_eq!(told(&mut ann, "the spa is free, golden", 2).await["type"], "ack");
    assert_eq!(room.log().await.len(), 1);
    ann.say("buy spamming").await;
    assert_eq!(ann.next().await, Got::Frame { code: 202, data: "it waits for review".to_owned() });
    // Approved, it is what she said, under her nonce.
    let approve = json!({ "questionId": waits["questionId"], "streamId": STREAM, "review": "approved", "rev": 0 });
    let approved = item(&room.post(&room.staff, "/api/question/state", approve).await, 200);
    let entry = ann.object().await;
    for (field, value) in [("type", "message"), ("user", "ann"), ("content", "FREE  gold, come")] {
        assert_eq!(entry[field], value);
    }
    assert_eq!((&entry["nonce"], &entry["id"]), (&json!(nonce(1)), &approved["published"]));
    assert_eq!(told(&mut ann, "FREE  gold, come", 1).await["type"], "ack");
    let mut sue = room.joined(&room.staff).await;
    assert_eq!(told(&mut sue, "no free gold here", 3).await["type"], "ack");
    assert_eq!(rooms.change_words(&topic, "en", &words(&["spam*"]), false).await.unwrap(), 1);
    assert_eq!(told(&mut ann, "spamming", 4).await["type"], "ack");
    let deeds = room.deeds().await;
    assert_eq!(
        (&deeds[0]["new"], &deeds[2]["old"]),
        (&json!("en: free gold, spam*"), &json!("en: spam*"))
    );
    // Who sees of questions nothing but their own learns nothing of what waits.
    let audience = room.get(&room.bob, "/api/question/changes?after=0").await.body;
    assert!(!audience.contains("赌博"), "{audience}");
}

#[tokio::test]
async fn where_nobody_could_look_a_word_holds_nothing() {
    let room = Room::start(Config { core_only: true, ..Config::for_tests() }).await;
    let topic = Topic::new(TOPIC);
    room.running.rooms().change_words(&topic, "en", &["spam".to_owned()], true).await.unwrap();
    let mut ann = room.joined(&room.ann).await;
    ann.say("spam").await;
    assert_eq!(ann.object().await["content"], "spam");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_command_line_says_of_people_and_words_reaches_open_sockets() {
    let dir = tempfile::tempdir().unwrap();
    let (ann, _) = (token(dir.path(), "ann"), token_as(dir.path(), "sue", "staff"));
    let server = Process::start(dir.path(), &[]);
    let mut client = Client::open(server.addr, &ann, "7").await;
    client.join().await;
    let room = ["--room", "7"];
    let with =
        |before: &[&str], after: &[&str]| printed(dir.path(), &[before, &room[..], after].concat());
    assert_eq!(with(&["room", "words", "add"], &["--lang", "en", "spam", "Scam"]), "2");
    assert_eq!(with(&["room", "words", "list"], &[]), "en\tscam\nen\tspam");
    let mut n = 10;
    // Within seconds: it goes on being said until it is held.
    let began = std::time::Instant::now();
    while told(&mut client, "spam", n).await["type"] == "ack" {
        n += 1;
        assert!(began.elapsed().as_secs() < 5);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    with(&["user", "mute"], &["ann", "--for", "10m", "--reason", "spam"]);
    let began = std::time::Instant::now();
    while told(&mut client, "hello", n).await["type"] == "ack" {
        n += 1;
        assert!(began.elapsed().as_secs() < 5);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
