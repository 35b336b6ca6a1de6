//! Who may come in, and who is sent away before the 101 or at once after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aside_protocol::Topic;
use aside_server::{Clock, Config, Rooms, TokenSpec};
use jiff::Timestamp;
use serde_json::json;

use crate::client::{Client, Got, Reply, handshake, http, soon};
use crate::room::{Room, STREAM, TOPIC, modes, spec};

async fn knock(room: &Room, target: &str, headers: &[(&str, &str)]) -> Reply {
    http(room.addr(), &format!("GET {target}"), &handshake(headers), b"").await
}

#[tokio::test]
async fn a_good_token_is_answered_with_101() {
    let room = Room::start(Config::for_tests()).await;
    let compressed = ("sec-websocket-extensions", "permessage-deflate");
    let reply =
        knock(&room, "/ws", &[("authorization", room.ann.token.expose()), compressed]).await;
    assert_eq!(reply.status, 101);
    assert_eq!(reply.header("sec-websocket-extensions"), None, "compression stays off");
    // The key and the answer of RFC 6455, section 1.3.
    assert_eq!(reply.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

#[tokio::test]
async fn a_bad_token_is_refused_before_the_101_everywhere() {
    let room = Room::start(Config::for_tests()).await;
    let secret = room.ann.token.expose().to_owned();
    let revoked =
        room.running.rooms().create_token(TokenSpec::audience(spec(), "rex", "Rex")).await.unwrap();
    room.running.rooms().revoke_token(&revoked.id).await.unwrap();
    let expired = TokenSpec {
        expires: Some(Timestamp::UNIX_EPOCH),
        ..TokenSpec::audience(spec(), "max", "Max")
    };
    let expired = room.running.rooms().create_token(expired).await.unwrap();
    let bearer = format!("Bearer {secret}");
    let unknown = "0".repeat(64);
    let mut refusals = Vec::new();
    for token in
        ["", "x", &unknown, &bearer, &secret[1..], revoked.token.expose(), expired.token.expose()]
    {
        for target in ["/ws", "/api/capabilities", "/api/message/chatmsg"] {
            let reply = knock(&room, target, &[("authorization", token)]).await;
            reply.refused(401);
            refusals.push(reply.body);
        }
    }
    for (path, method) in
        [("/api/question/add", "POST"), ("/api/answer/add", "POST"), ("/ws", "GET")]
    {
        http(room.addr(), &format!("{method} {path}"), &handshake(&[]), b"{}").await.refused(401);
    }
    let twice = [("authorization", secret.as_str()), ("authorization", secret.as_str())];
    knock(&room, "/ws", &twice).await.refused(401);
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "a refusal does not tell why");
    assert_eq!(room.running.probe().accepted(), 0);
}

#[tokio::test]
async fn a_token_in_the_url_is_refused_even_if_it_is_good() {
    let room = Room::start(Config::for_tests()).await;
    let secret = room.ann.token.expose();
    for query in [
        format!("token={secret}"),
        format!("a=1&TOKEN={secret}"),
        format!("%74oken={secret}"),
        "token".to_owned(),
    ] {
        for path in ["/ws", "/health", "/api/message/chatmsg", "/nowhere"] {
            knock(&room, &format!("{path}?{query}"), &[("authorization", secret)])
                .await
                .refused(400);
        }
    }
    let requests = format!("{:?}", room.running.probe().requests());
    assert!(!requests.contains(secret), "{requests}");
}

#[tokio::test]
async fn a_web_page_comes_in_only_from_an_origin_on_the_list() {
    let origins = vec!["https://ours.example".to_owned()];
    let room = Room::start(Config { origins, ..Config::for_tests() }).await;
    let secret = room.ann.token.expose();
    for origin in [
        "null",
        "",
        "https://evil.example",
        "https://ours.example.evil.example",
        "http://ours.example",
        "https://ours.example:8443",
    ] {
        let headers = [("authorization", secret), ("origin", origin)];
        knock(&room, "/ws", &headers).await.refused(403);
        knock(&room, "/api/message/chatmsg", &headers).await.refused(403);
    }
    let both = [
        ("authorization", secret),
        ("origin", "https://ours.example"),
        ("origin", "https://evil.example"),
    ];
    knock(&room, "/ws", &both).await.refused(403);
    assert_eq!(knock(&room, "/ws", &both[..2]).await.status, 101);
}

#[tokio::test]
async fn something_that_is_no_handshake_is_told_what_is_missing() {
    let room = Room::start(Config::for_tests()).await;
    let reply = room.get(&room.ann, "/ws").await;
    reply.refused(426);
    assert_eq!(reply.header("upgrade"), Some("websocket"));
    let old = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "8"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("authorization", room.ann.token.expose()),
    ];
    http(room.addr(), "GET /ws", &old, b"").await.refused(426);
}

#[tokio::test]
async fn a_token_opens_its_own_room_alone() {
    for config in modes() {
        let room = Room::start(config).await;
        let rooms = room.running.rooms();
        let other = rooms.create_token(TokenSpec::staff(
            aside_server::RoomSpec::new("43").stream("stream-43"),
            "eve",
            "Eve",
            "Evil",
        ));
        let other = other.await.unwrap();
        let mine = room.publish("secret").await;

        let target = format!("/api/message/chatmsg?stream={STREAM}");
        room.get(&other, &target).await.refused(403);
        let reply = room.get(&other, "/api/message/chatmsg").await;
        assert_eq!(
            reply.json()["data"]["items"],
            json!([]),
            "without a name it is the token's own room"
        );
        room.post(&other, "/api/question/add", json!({ "content": "x", "streamId": STREAM }))
            .await
            .refused(403);
        let answer =
            json!({ "questionId": mine.id.as_str(), "content": "x", "streamId": "stream-43" });
        room.post(&other, "/api/answer/add", answer).await.refused(404);

        for kind in [3, 2] {
            let mut eve = Client::open(room.addr(), other.token.expose(), TOPIC).await;
            let payload =
                json!({ "topic": TOPIC, "chatInfo": json!({ "content": "x" }).to_string() });
            eve.frame(kind, &payload.to_string()).await;
            assert_eq!(eve.closed().await.0, 4403);
        }
        assert_eq!(room.log().await, ["secret"]);
        assert!(
            rooms.entries(&Topic::new("43"), aside_protocol::Seq(0), 9).await.unwrap().is_empty()
        );
    }
}

#[tokio::test]
async fn every_frame_carries_the_token_of_its_connection() {
    for config in modes() {
        let room = Room::start(config).await;
        let bobs = room.bob.token.expose().to_owned();
        for token in ["", "x", bobs.as_str()] {
            for kind in [1, 2, 3] {
                let mut ann = room.joined(&room.ann).await;
                ann.token = token.to_owned();
                let payload =
                    json!({ "topic": TOPIC, "chatInfo": json!({ "content": "x" }).to_string() });
                ann.frame(kind, &payload.to_string()).await;
                assert_eq!(ann.closed().await.0, 4401, "{token:?} {kind}");
            }
        }
        assert!(room.log().await.is_empty());
    }
}

#[tokio::test]
async fn a_revoked_token_loses_its_sockets_and_no_other_does() {
    let room = Room::start(Config::for_tests()).await;
    let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
    room.running.rooms().revoke_token(&room.ann.id).await.unwrap();
    assert_eq!(ann.next().await, Got::Closed { code: 4401, reason: "token refused".to_owned() });
    bob.nothing_waits().await;
    let listed = room.running.rooms().tokens().await.unwrap();
    let revoked: Vec<_> =
        listed.iter().filter(|token| token.revoked.is_some()).map(|token| &token.id).collect();
    assert_eq!(revoked, [&room.ann.id]);
}

#[tokio::test]
async fn a_token_revoked_by_another_process_loses_its_sockets_within_five_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let room =
        Room::start(Config { data: Some(dir.path().to_owned()), ..Config::for_tests() }).await;
    let mut ann = room.joined(&room.ann).await;
    let beside = Rooms::administer(dir.path()).unwrap();
    beside.revoke_token(&room.ann.id).await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(5), ann.closed()).await.unwrap();
    assert_eq!(closed.0, 4401);
    // What is made beside the server is known to it at once; what would move a room on is refused there.
    let carl = beside.create_token(TokenSpec::audience(spec(), "carl", "Carl")).await.unwrap();
    room.joined(&carl).await;
    let published =
        beside.publish(&Topic::new(TOPIC), aside_server::NewEntry::message("x", "X", "x")).await;
    assert!(matches!(published, Err(aside_server::RoomsError::NotHosting)));
}

#[tokio::test]
async fn a_token_that_expires_loses_its_sockets_within_five_seconds() {
    let now_ms = Arc::new(AtomicI64::new(1_795_000_000_000));
    let reads = now_ms.clone();
    let clock =
        Clock::from_fn(move || Timestamp::from_millisecond(reads.load(Ordering::Relaxed)).unwrap());
    let room = Room::start(Config { clock: clock.clone(), ..Config::for_tests() }).await;
    let expires = Some(clock.now() + jiff::SignedDuration::from_secs(60));
    let token = TokenSpec { expires, ..TokenSpec::audience(spec(), "max", "Max") };
    let token = room.running.rooms().create_token(token).await.unwrap();
    let (mut max, mut bob) = (room.joined(&token).await, room.joined(&room.bob).await);
    now_ms.fetch_add(60_000, Ordering::Relaxed);
    let closed = tokio::time::timeout(Duration::from_secs(5), max.closed()).await.unwrap();
    assert_eq!(closed.0, 4401);
    bob.nothing_waits().await;
    knock(&room, "/ws", &[("authorization", token.token.expose())]).await.refused(401);
}

#[tokio::test]
async fn rooms_do_not_share_their_names() {
    let room = Room::start(Config::for_tests()).await;
    let rooms = room.running.rooms();
    let again = rooms.create_room(spec()).await.unwrap();
    assert_eq!(again.epoch.as_str(), room.epoch().await, "found, not made again");
    let make = async |topic: &str, stream: &str| {
        rooms.create_room(aside_server::RoomSpec::new(topic).stream(stream)).await
    };
    assert!(matches!(make(TOPIC, "other").await, Err(aside_server::RoomsError::Taken)));
    assert!(matches!(make("44", STREAM).await, Err(aside_server::RoomsError::Taken)));
    assert!(matches!(make("", "x").await, Err(aside_server::RoomsError::Nameless)));
    assert_eq!(rooms.rooms().await.unwrap().len(), 1);
    soon("a room", make("44", "stream-44")).await.unwrap();
}
