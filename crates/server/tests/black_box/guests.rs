//! Guests: who is let in without a token, as whom, how often, and for how long.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aside_protocol::{Role, Topic};
use aside_server::{Clock, Config, Issued, Limits, Rate, RoomSpec, TokenId};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Reply, http};
use crate::room::{Room, STREAM, TOPIC};

fn open() -> Config {
    Config { guests: BTreeSet::from([Topic::new(TOPIC)]), ..Config::for_tests() }
}

async fn enter(room: &Room, topic: &str, stream: &str, name: &str) -> Reply {
    let body = json!({ "topic": topic, "streamId": stream, "name": name }).to_string();
    http(room.addr(), "POST /api/guest", &[], body.as_bytes()).await
}

/// A guest's token, as one that the owner made.
async fn guest(room: &Room, name: &str) -> Issued {
    let reply = enter(room, TOPIC, STREAM, name).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let secret = reply.json()["data"]["token"].as_str().unwrap().to_owned();
    Issued { token: aside_protocol::Token::new(secret), id: TokenId(String::new()) }
}

/// A clock that a test sets on, in milliseconds.
fn clock() -> (Clock, Arc<AtomicI64>) {
    let now_ms = Arc::new(AtomicI64::new(1_795_000_000_000));
    let reads = now_ms.clone();
    let now = move || Timestamp::from_millisecond(reads.load(Ordering::Relaxed)).unwrap();
    (Clock::from_fn(now), now_ms)
}

async fn identity(room: &Room, who: &Issued) -> Value {
    room.get(who, "/api/capabilities").await.json()["data"]["identity"].clone()
}

#[tokio::test]
async fn nobody_is_a_guest_unless_the_owner_says_so() {
    let closed = Room::start(Config::for_tests()).await;
    enter(&closed, TOPIC, STREAM, "Gia").await.refused(403);
    let room = Room::start(open()).await;
    room.running.rooms().create_room(RoomSpec::new("43")).await.unwrap();
    // Another room, none at all, and the right one under a name that only its guests know: nobody learns which it was.
    let mut refusals = Vec::new();
    for (topic, stream) in [("43", "43"), ("44", "44"), (TOPIC, "another"), (TOPIC, ""), ("", "")] {
        let reply = enter(&room, topic, stream, "Gia").await;
        reply.refused(403);
        let target = format!("GET /api/guest?topic={topic}&stream={stream}");
        assert_eq!(http(room.addr(), &target, &[], b"").await.json()["data"]["guests"], false);
        refusals.push(reply.body);
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "a refusal does not tell why");
    let target = format!("GET /api/guest?topic={TOPIC}&stream={STREAM}");
    assert_eq!(http(room.addr(), &target, &[], b"").await.json()["data"]["guests"], true);
    http(room.addr(), "POST /api/guest", &[], b"no JSON").await.refused(400);
    enter(&room, TOPIC, STREAM, &"x".repeat(129)).await.refused(413);
    for name in ["Gia\nhost", "Gia\tx", "\u{1b}[2JGia", "Gia\u{9b}2J"] {
        enter(&room, TOPIC, STREAM, name).await.refused(400);
    }
    let core = Room::start(Config { core_only: true, ..open() }).await;
    enter(&core, TOPIC, STREAM, "Gia").await.refused(404);
}

#[tokio::test]
async fn a_guest_is_one_of_the_audience_and_nothing_more() {
    let room = Room::start(open()).await;
    let (gia, other) = (guest(&room, " Gia ").await, guest(&room, "Gia").await);
    let who = identity(&room, &gia).await;
    assert_eq!((&who["displayName"], &who["role"]), (&json!("Gia"), &json!("audience")));
    assert!(who["user"].as_str().unwrap().starts_with("guest-"), "{who}");
    assert_ne!(
        who["user"],
        identity(&room, &other).await["user"],
        "the same name is not the same person"
    );
    let nameless = identity(&room, &guest(&room, "").await).await;
    assert_eq!(nameless["displayName"], nameless["user"], "everybody has some name");

    let asked = json!({ "content": "why?", "streamId": STREAM });
    let asked = room.post(&gia, "/api/question/add", asked).await;
    let question = &asked.json()["data"]["id"];
    let answer = json!({ "questionId": question, "content": "so", "streamId": STREAM });
    room.post(&gia, "/api/answer/add", answer).await.refused(403);
    let vote = json!({ "questionId": question, "streamId": STREAM, "vote": true });
    for votes in [1, 1] {
        let reply = room.post(&other, "/api/question/vote", vote.clone()).await;
        assert_eq!(reply.json()["data"]["votes"], votes, "once per guest");
    }
    room.get(&gia, "/api/message/chatmsg?stream=stream-43").await.refused(403);
    room.joined(&gia).await;
}

#[tokio::test]
async fn guests_of_one_address_come_in_one_after_the_other() {
    let guests = Some(Rate { every: Duration::from_secs(60), burst: 2 });
    let limits = Limits { guests, ..Limits::without_rates() };
    let room = Room::start(Config { limits, ..open() }).await;
    // Whoever is not let in at all takes nobody's turn.
    for _ in 0..5 {
        enter(&room, "43", "43", "Gia").await.refused(403);
    }
    for _ in 0..2 {
        guest(&room, "Gia").await;
    }
    let reply = enter(&room, TOPIC, STREAM, "Gia").await;
    reply.refused(429);
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_guest_stays_for_a_day_and_is_forgotten_then() {
    let (clock, now_ms) = clock();
    let room = Room::start(Config { clock, ..open() }).await;
    let gia = guest(&room, "Gia").await;
    let mut socket = room.joined(&gia).await;
    let hour_ms = 3_600_000;
    now_ms.fetch_add(24 * hour_ms - 1, Ordering::Relaxed);
    assert_eq!(room.get(&gia, "/api/capabilities").await.status, 200);
    now_ms.fetch_add(1, Ordering::Relaxed);
    room.get(&gia, "/api/capabilities").await.refused(401);
    assert_eq!(socket.closed().await.0, 4401);
    let guests = async || {
        let tokens = room.running.rooms().tokens().await.unwrap();
        tokens.into_iter().filter(|token| token.user.starts_with("guest-")).count()
    };
    assert_eq!(guests().await, 1);
    guest(&room, "Hal").await;
    assert_eq!(guests().await, 1, "the next one takes the place");
    assert_eq!(
        room.get(&room.ann, "/api/capabilities").await.status,
        200,
        "nobody else is forgotten"
    );
}

#[tokio::test]
async fn in_a_full_room_whoever_only_took_a_token_gives_way() {
    let (clock, now_ms) = clock();
    let limits = Limits { guests_per_room: 5, ..Limits::without_rates() };
    let room = Room::start(Config { clock, limits, ..open() }).await;
    let nobody = guest(&room, "Nobody").await;
    let (gia, hal) = (guest(&room, "Gia").await, guest(&room, "Hal").await);
    let (ida, jo) = (guest(&room, "Ida").await, guest(&room, "Jo").await);
    let _here = room.joined(&gia).await;
    let asked = json!({ "content": "why?", "streamId": STREAM, "nonce": "n" });
    let asked = room.post(&hal, "/api/question/add", asked).await.json();
    let question = &asked["data"]["id"];
    let vote = json!({ "questionId": question, "streamId": STREAM, "vote": true });
    assert_eq!(room.post(&ida, "/api/question/vote", vote).await.status, 200);
    let listed = room.running.rooms().tokens().await.unwrap();
    let jo_id = &listed.iter().find(|token| token.display_name == "Jo").unwrap().id;
    room.running.rooms().set_role(jo_id, Role::Moderator).await.unwrap();
    now_ms.fetch_add(11 * 60 * 1000, Ordering::Relaxed);
    guest(&room, "New").await;
    for (who, status) in [(&nobody, 401), (&gia, 200), (&hal, 200), (&ida, 200), (&jo, 200)] {
        assert_eq!(room.get(who, "/api/capabilities").await.status, status);
    }
    enter(&room, TOPIC, STREAM, "One more").await.refused(503);
}

#[tokio::test]
async fn whoever_came_a_moment_ago_gives_way_to_nobody() {
    let (clock, now_ms) = clock();
    let limits = Limits { guests_per_room: 2, ..Limits::without_rates() };
    let room = Room::start(Config { clock, limits, ..open() }).await;
    let (gia, hal) = (guest(&room, "Gia").await, guest(&room, "Hal").await);
    now_ms.fetch_add(9 * 60 * 1000, Ordering::Relaxed);
    enter(&room, TOPIC, STREAM, "New").await.refused(503);
    for who in [&gia, &hal] {
        assert_eq!(room.get(who, "/api/capabilities").await.status, 200);
    }
}
