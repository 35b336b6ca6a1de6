//! Part 2, apart from resuming: capabilities, places, acknowledgements, answers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aside_protocol::{Extension, Topic};
use aside_server::{Clock, Config, NewEntry};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::Got;
use crate::room::{Room, STREAM, TOPIC};

const NONCE: &str = "6b8c0d52-0b1f-4f8e-9a57-1f4a5f2f7f11";
const OTHER: &str = "6b8c0d52-0b1f-4f8e-9a57-1f4a5f2f7f12";

#[tokio::test]
async fn capabilities_name_the_extensions_the_limits_and_who_this_is() {
    let room = Room::start(Config::default()).await;
    let reply = room.get(&room.staff, "/api/capabilities").await;
    let data = reply.json()["data"].clone();
    assert_eq!(
        data["extensions"],
        json!(["seq", "ack", "resume", "heartbeat", "answer", "triage", "votes", "moderation"])
    );
    assert_eq!(data["limits"], json!({ "contentBytes": 8192, "sendsPerMinute": 300 }));
    let identity = json!({
        "user": "sue", "displayName": "Sue", "avatarurl": "", "role": "staff", "orgName": "Org",
        "orgLogo": "https://o.example/logo.png",
    });
    assert_eq!(data["identity"], identity);
    assert!(data["server"].as_str().unwrap().starts_with("aside-server/"));
}

#[tokio::test]
async fn every_entry_has_an_id_and_a_place_without_holes() {
    let room = Room::start(Config::for_tests()).await;
    let mut ann = room.joined(&room.ann).await;
    let mut live = Vec::new();
    for n in 0..5 {
        ann.say(&n.to_string()).await;
        live.push(ann.object().await);
    }
    let places: Vec<_> = live.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert_eq!(places, [1, 2, 3, 4, 5]);
    let ids: BTreeSet<_> = live.iter().map(|entry| entry["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 5);
    assert_eq!(room.page("").await, live, "history and broadcast are the same entries");
    let places = async |query: &str| -> Vec<u64> {
        room.page(query).await.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(places("before=4&resultsPerPage=2").await, [2, 3]);
    assert_eq!(places("after=2&resultsPerPage=2").await, [3, 4]);
    assert_eq!(places("after=1&before=5&resultsPerPage=2").await, [3, 4]);
    assert_eq!(places("after=5").await, Vec::<u64>::new());
    assert_eq!(places("before=1").await, Vec::<u64>::new());
}

#[tokio::test]
async fn a_nonce_is_stored_once_and_acknowledged_the_same_each_time() {
    let room = Room::start(Config::for_tests()).await;
    let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
    ann.say_named("hi", NONCE).await;
    let (echo, ack) = (ann.object().await, ann.object().await);
    assert_eq!(echo["nonce"], NONCE);
    assert_eq!(ack, json!({ "type": "ack", "nonce": NONCE, "id": echo["id"], "seq": echo["seq"] }));
    assert_eq!(bob.object().await, echo);

    ann.say_named("hi", NONCE).await;
    assert_eq!(ann.object().await, ack);
    bob.nothing_waits().await;

    // Another body under the same nonce is a mistake, and is told so.
    ann.say_named("ho", NONCE).await;
    let nack = ann.object().await;
    assert_eq!(
        (&nack["type"], &nack["nonce"], &nack["code"]),
        (&json!("nack"), &json!(NONCE), &json!(409))
    );

    // Another user's nonces are their own.
    bob.say_named("ho", NONCE).await;
    assert_eq!(bob.object().await["content"], "ho");
    assert_eq!(bob.object().await["seq"], 2);
    assert_eq!(room.log().await, ["hi", "ho"]);
}

#[tokio::test]
async fn a_nonce_sent_on_many_sockets_at_once_is_still_stored_once() {
    let room = Room::start(Config::for_tests()).await;
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(room.open(&room.ann).await);
    }
    let sends = clients.into_iter().map(|mut client| async move {
        for _ in 0..5 {
            client.say_named("hi", NONCE).await;
        }
        let mut acks = Vec::new();
        for _ in 0..5 {
            acks.push(client.object().await);
        }
        acks
    });
    let acks: Vec<Value> = futures_util::future::join_all(sends).await.concat();
    assert_eq!(acks.len(), 40);
    assert!(acks.iter().all(|ack| ack == &acks[0] && ack["type"] == "ack"), "{acks:?}");
    assert_eq!(room.log().await, ["hi"]);
}

#[tokio::test]
async fn a_nonce_is_remembered_for_a_day_and_across_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(1_795_000_000_000));
    let reads = now_ms.clone();
    let clock =
        Clock::from_fn(move || Timestamp::from_millisecond(reads.load(Ordering::Relaxed)).unwrap());
    let config = Config { data: Some(dir.path().to_owned()), clock, ..Config::for_tests() };
    let room = Room::start(config.clone()).await;
    let mut ann = room.open(&room.ann).await;
    ann.say_named("hi", NONCE).await;
    let ack = ann.object().await;
    let token = room.ann.token.clone();
    room.running.stop().await;

    now_ms.fetch_add(24 * 60 * 60 * 1000, Ordering::Relaxed);
    let room = Room::start(config).await;
    let mut ann = crate::client::Client::open(room.addr(), token.expose(), TOPIC).await;
    ann.say("something to prune after").await;
    ann.say_named("hi", NONCE).await;
    assert_eq!(ann.object().await, ack);
}

#[tokio::test]
async fn an_ask_with_a_nonce_is_stored_once() {
    let room = Room::start(Config::for_tests()).await;
    let mut bob = room.joined(&room.bob).await;
    let body = json!({ "content": "why?", "streamId": STREAM, "nonce": NONCE });
    let first = room.post(&room.ann, "/api/question/add", body.clone()).await.json();
    assert_eq!(first["data"]["seq"], 1);
    let again = room.post(&room.ann, "/api/question/add", body).await.json();
    assert_eq!(first, again);
    let seen = bob.object().await;
    assert_eq!((&seen["id"], &seen["nonce"]), (&first["data"]["id"], &json!(NONCE)));
    bob.nothing_waits().await;
    let other = json!({ "content": "what?", "streamId": STREAM, "nonce": NONCE });
    room.post(&room.ann, "/api/question/add", other).await.refused(409);
    // The same words as a message are another thing too.
    let mut ann = room.open(&room.ann).await;
    ann.say_named("{\"content\":\"why?\"}", NONCE).await;
    assert_eq!(ann.object().await["code"], 409);
}

#[tokio::test]
async fn staff_answer_and_the_audience_does_not() {
    let room = Room::start(Config::for_tests()).await;
    let mut bob = room.joined(&room.bob).await;
    let asked = room
        .post(&room.ann, "/api/question/add", json!({ "content": "why?", "streamId": STREAM }))
        .await;
    let question = asked.json()["data"]["id"].clone();
    bob.object().await;
    let body = |id: &Value, text: &str, nonce: &str| json!({ "questionId": id, "content": text, "streamId": STREAM, "nonce": nonce });

    room.post(&room.ann, "/api/answer/add", body(&question, "I think", NONCE)).await.refused(403);
    let reply = room.post(&room.staff, "/api/answer/add", body(&question, "because", NONCE)).await;
    assert_eq!(reply.json()["data"]["seq"], 2);
    let seen = bob.object().await;
    assert_eq!(
        (&seen["type"], &seen["displayName"], &seen["user"]),
        (&json!("answer"), &json!("Ann"), &json!("sue"))
    );
    let content: Value = serde_json::from_str(seen["content"].as_str().unwrap()).unwrap();
    let expected = json!({
        "orgName": "Org", "orgLogo": "https://o.example/logo.png", "question": "why?", "answer": "because",
        "questionId": question,
    });
    assert_eq!(content, expected);

    let again = room.post(&room.staff, "/api/answer/add", body(&question, "because", NONCE)).await;
    assert_eq!(again.json(), reply.json());
    room.post(&room.staff, "/api/answer/add", body(&question, "or not", NONCE)).await.refused(409);
    bob.nothing_waits().await;

    for id in [json!("no-1"), seen["id"].clone(), json!(""), json!("9999999999999999-1")] {
        room.post(&room.staff, "/api/answer/add", body(&id, "because", OTHER)).await.refused(404);
    }
    room.post(&room.staff, "/api/answer/add", json!({ "content": "x", "streamId": STREAM }))
        .await
        .refused(400);
}

#[tokio::test]
async fn each_extension_works_alone() {
    let only =
        |extension| Config { extensions: BTreeSet::from([extension]), ..Config::for_tests() };
    // Acknowledged, but without places.
    let room = Room::start(only(Extension::Ack)).await;
    let mut ann = room.joined(&room.ann).await;
    ann.say_named("hi", NONCE).await;
    let echo = ann.object().await;
    assert_eq!(
        (&echo["nonce"], &echo["seq"], &echo["id"]),
        (&json!(NONCE), &Value::Null, &Value::Null)
    );
    assert_eq!(ann.object().await, json!({ "type": "ack", "nonce": NONCE }));
    // Placed, but not acknowledged.
    let room = Room::start(only(Extension::Seq)).await;
    let mut ann = room.joined(&room.ann).await;
    ann.say_named("hi", NONCE).await;
    let echo = ann.object().await;
    assert_eq!((&echo["nonce"], &echo["seq"]), (&Value::Null, &json!(1)));
    ann.nothing_waits().await;
    let capabilities = room.get(&room.ann, "/api/capabilities").await.json();
    assert_eq!(capabilities["data"]["extensions"], json!(["seq"]));
    // Resuming without places is no promise that can be kept.
    let room = Room::start(only(Extension::Resume)).await;
    room.get(&room.ann, "/api/capabilities").await.refused(404);
}

#[tokio::test]
async fn what_is_refused_on_the_socket_says_which_send_it_was() {
    let room = Room::start(Config::for_tests()).await;
    let mut ann = room.joined(&room.ann).await;
    let long = "x".repeat(8193);
    for (text, more, code) in [
        (long.as_str(), json!({}), 413),
        ("", json!({}), 400),
        (" \n", json!({}), 400),
        ("hi", json!({ "stream": "another" }), 403),
    ] {
        ann.say_with(text, more.clone()).await;
        assert!(
            matches!(ann.next().await, Got::Frame { code: said, .. } if said == code),
            "{code}"
        );
        let mut named = more;
        named["nonce"] = json!(NONCE);
        ann.say_with(text, named).await;
        let nack = ann.object().await;
        assert_eq!(
            (&nack["type"], &nack["nonce"], &nack["code"]),
            (&json!("nack"), &json!(NONCE), &json!(code))
        );
        assert!(!nack["reason"].as_str().unwrap().is_empty());
    }
    ann.say_named("hi", &"n".repeat(65)).await;
    assert!(matches!(ann.next().await, Got::Frame { code: 400, .. }));
    assert!(room.log().await.is_empty());
    ann.say(&long[..8192]).await;
    assert_eq!(ann.object().await["seq"], 1);
}

/// What a client reads of one reply.
const READ: usize = 16 * 1024 * 1024;

/// A page of the largest questions of the worst characters, seven bytes each on the wire, is too large for a client.
#[tokio::test]
async fn a_page_from_a_place_ends_where_a_client_would_stop_reading() {
    const COUNT: u64 = 330;
    let room = Room::start(Config::for_tests()).await;
    let entries = (0..COUNT).map(|_| NewEntry::question("eve", "Eve", "\u{1}".repeat(8192)));
    room.running.rooms().seed(&Topic::new(TOPIC), entries.collect()).await.unwrap();
    let read = async |path: String| {
        let reply = room.get(&room.staff, &path).await;
        assert!(reply.body.len() < READ / 4 * 3, "{} bytes", reply.body.len());
        let data = reply.json()["data"].clone();
        let items = data["items"].as_array().unwrap();
        let seqs: Vec<u64> = items.iter().map(|item| item["seq"].as_u64().unwrap()).collect();
        (seqs, data["more"] == true, data["change"].as_u64().unwrap_or(0))
    };
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let (seqs, more, change) = read(format!("/api/question/changes?after={after}")).await;
        all.extend(seqs);
        after = change;
        if !more {
            break;
        }
    }
    assert_eq!(all, (1..=COUNT).collect::<Vec<_>>());
    let page = "/api/message/chatmsg?resultsPerPage=1000";
    let mut all = Vec::new();
    loop {
        let after = all.last().copied().unwrap_or(0);
        let (seqs, more, _) = read(format!("{page}&after={after}")).await;
        all.extend(seqs);
        if !more {
            break;
        }
    }
    assert_eq!(all, (1..=COUNT).collect::<Vec<_>>());
    let mut all = Vec::new();
    loop {
        let before = all.first().copied().unwrap_or(COUNT + 1);
        let (mut seqs, more, _) = read(format!("{page}&before={before}")).await;
        seqs.append(&mut all);
        all = seqs;
        if !more {
            break;
        }
    }
    assert_eq!(all, (1..=COUNT).collect::<Vec<_>>());
    // The core's pages are as many as were asked for.
    assert_eq!(room.page("page=1&resultsPerPage=1000").await.len() as u64, COUNT);
}
