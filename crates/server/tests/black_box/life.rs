//! Starting, stopping, being killed, beginning anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aside_protocol::Topic;
use aside_server::{Clock, Config, RoomsError, ServerError, start};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use crate::client::{Client, Got, soon};
use crate::room::{Room, TOPIC};

fn on_disk(dir: &tempfile::TempDir) -> Config {
    Config { data: Some(dir.path().to_owned()), ..Config::for_tests() }
}

async fn restart(config: Config, addr: std::net::SocketAddr) -> Room {
    Room::start_on(config, TcpListener::bind(addr).await.unwrap()).await
}

#[tokio::test]
async fn a_graceful_stop_says_when_to_come_back_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let room = Room::start(on_disk(&dir)).await;
    let (addr, epoch) = (room.addr(), room.epoch().await);
    let mut ann = room.joined(&room.ann).await;
    ann.say("before").await;
    ann.object().await;
    let rooms = room.running.rooms().clone();
    let token = room.ann.token.clone();
    let stopped = tokio::spawn(room.running.stop());
    let Got::Closed { code: 1012, reason } = ann.next().await else { panic!("no 1012") };
    let reason: serde_json::Value = serde_json::from_str(&reason).unwrap();
    assert!(reason["retry_ms"].as_u64().unwrap() >= 1000);
    soon("the stop", stopped).await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err(), "nobody listens any more");
    let created = rooms.create_room(aside_server::RoomSpec::new("late")).await;
    assert!(matches!(created, Err(RoomsError::Stopped)));
    assert_eq!(
        std::fs::metadata(dir.path().join("rooms.db-wal")).map_or(0, |wal| wal.len()),
        0,
        "checkpointed"
    );

    let room = restart(on_disk(&dir), addr).await;
    assert_eq!(room.epoch().await, epoch);
    let mut ann = Client::open(addr, token.expose(), TOPIC).await;
    ann.resume(&epoch, 0).await;
    assert_eq!(ann.object().await["content"], "before");
    room.publish("after").await;
    assert_eq!(ann.object().await["seq"], 2);
}

#[tokio::test]
async fn a_server_that_is_killed_can_be_started_again_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut room = Room::start(on_disk(&dir)).await;
    let addr = room.addr();
    for round in 1..=3 {
        let mut ann = room.joined(&room.ann).await;
        ann.say(&round.to_string()).await;
        ann.object().await;
        room.running.kill().await;
        assert_eq!(ann.next().await, Got::Ended);
        room = restart(on_disk(&dir), addr).await;
        assert_eq!(room.log().await.len(), round);
    }
}

#[tokio::test]
async fn a_server_that_is_dropped_lets_go() {
    let dir = tempfile::tempdir().unwrap();
    let room = Room::start(on_disk(&dir)).await;
    let mut ann = room.joined(&room.ann).await;
    drop(room);
    assert_eq!(ann.next().await, Got::Ended);
    soon("the directory is free", async {
        loop {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            match start(on_disk(&dir), listener).await {
                Ok(running) => break running.stop().await,
                Err(ServerError::Locked) => tokio::task::yield_now().await,
                Err(other) => panic!("{other}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn two_servers_do_not_share_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let room = Room::start(on_disk(&dir)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert!(matches!(start(on_disk(&dir), listener).await, Err(ServerError::Locked)));
    room.running.stop().await;
}

#[tokio::test]
async fn two_servers_in_one_process_do_not_meet() {
    let (one, two) =
        (Room::start(Config::for_tests()).await, Room::start(Config::for_tests()).await);
    let mut ann = two.joined(&two.ann).await;
    one.publish("elsewhere").await;
    ann.nothing_waits().await;
    two.get(&one.ann, "/api/capabilities").await.refused(401);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rooms.db");
    std::fs::write(&path, "not a database, but someone's only copy of it ".repeat(50)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert!(matches!(start(on_disk(&dir), listener).await, Err(ServerError::Database(_))));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_reset_begins_a_new_epoch_and_asks_everyone_back() {
    let room = Room::start(Config::for_tests()).await;
    room.seed(5).await;
    let epoch = room.epoch().await;
    let mut ann = room.joined(&room.ann).await;
    let fresh = room.running.rooms().reset(&Topic::new(TOPIC)).await.unwrap();
    assert_ne!(fresh.epoch.as_str(), epoch);
    assert_eq!(ann.closed().await.0, 1012);
    let mut ann = room.open(&room.ann).await;
    let joined = ann.resume(&epoch, 5).await;
    assert_eq!((&joined["resumed"], &joined["seq"]), (&json!(false), &json!(0)));
    let first = room.publish("new").await;
    assert_eq!(ann.object().await["seq"], 1);
    assert!(!first.id.as_str().starts_with(&epoch[..16]), "ids of two lives differ");
    assert_eq!(room.log().await, ["new"]);
}

#[tokio::test]
async fn the_probe_sees_what_clients_do_and_no_token() {
    let room = Room::start(Config::for_tests()).await;
    let mut ann = room.joined(&room.ann).await;
    ann.say("hello").await;
    ann.object().await;
    let probe = room.running.probe();
    let seen = probe.last().unwrap();
    assert_eq!((probe.accepted(), probe.live()), (1, 1));
    assert_eq!(
        (seen.user.as_str(), seen.content_type.as_deref()),
        ("ann", Some("application/json"))
    );
    assert_eq!((seen.heartbeats.len(), seen.frames.len()), (1, 3));
    assert!(seen.frames[2].contains("hello"));
    assert!(!format!("{:?}", probe.connections()).contains(room.ann.token.expose()));
    room.running.cut_sockets();
    assert_eq!(ann.next().await, Got::Ended);
    soon("the end is seen", async {
        while probe.live() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    room.get(&room.ann, "/api/message/chatmsg?page=1").await;
    assert_eq!(probe.requests().last().unwrap().target, "/api/message/chatmsg?page=1");
    // Without being asked for, nothing is recorded.
    let room = Room::start(Config::default()).await;
    room.joined(&room.ann).await;
    assert_eq!((room.running.probe().accepted(), room.running.probe().requests().len()), (0, 0));
}

#[tokio::test]
async fn an_operator_may_close_every_socket() {
    let room = Room::start(Config::for_tests()).await;
    let mut ann = room.joined(&room.ann).await;
    room.running.close_sockets(1001, "moving");
    assert_eq!(ann.next().await, Got::Closed { code: 1001, reason: "moving".to_owned() });
}

/// Holds the database as another process would.
fn hold(dir: &tempfile::TempDir) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(dir.path().join("rooms.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

const NONCE: &str = "6b8c0d52-0b1f-4f8e-9a57-1f4a5f2f7f11";

#[tokio::test]
async fn nothing_is_told_before_it_is_committed() {
    let dir = tempfile::tempdir().unwrap();
    let room = Room::start(on_disk(&dir)).await;
    let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
    let other = hold(&dir);
    ann.say_named("hi", NONCE).await;
    for _ in 0..20 {
        ann.nothing_waits().await;
        bob.nothing_waits().await;
    }
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(bob.object().await["content"], "hi");
    assert_eq!(ann.object().await["content"], "hi");
    assert_eq!(ann.object().await["type"], "ack");
}

/// The one failure that comes at the very end: the inserts succeed, the commit does not.
#[tokio::test]
async fn a_commit_that_fails_is_told_to_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let room = Room::start(on_disk(&dir)).await;
    let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
    let trap = "CREATE TABLE nowhere (id INTEGER PRIMARY KEY);
        CREATE TABLE trap (id INTEGER REFERENCES nowhere (id) DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER spring AFTER INSERT ON entry WHEN new.content = 'poison'
        BEGIN INSERT INTO trap VALUES (1); END;";
    rusqlite::Connection::open(dir.path().join("rooms.db")).unwrap().execute_batch(trap).unwrap();
    ann.say_named("poison", NONCE).await;
    let nack = ann.object().await;
    assert_eq!((&nack["type"], &nack["code"]), (&json!("nack"), &json!(503)));
    let asked = json!({ "content": "fine", "streamId": crate::room::STREAM });
    assert_eq!(room.post(&room.bob, "/api/question/add", asked).await.json()["data"]["seq"], 1);
    assert_eq!(bob.object().await["seq"], 1, "the first thing that anyone hears of");
    assert_eq!(ann.object().await["seq"], 1);
    assert_eq!(room.log().await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_and_may_be_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let room = Room::start(on_disk(&dir)).await;
    let mut ann = room.joined(&room.ann).await;
    let other = hold(&dir);
    ann.say_named("hi", NONCE).await;
    let nack = ann.object().await;
    assert_eq!((&nack["type"], &nack["code"]), (&json!("nack"), &json!(503)));
    other.execute_batch("ROLLBACK").unwrap();
    ann.say_named("hi", NONCE).await;
    assert_eq!(ann.object().await["seq"], 1);
    assert_eq!(ann.object().await["type"], "ack");
    assert_eq!(room.log().await, ["hi"]);
}

#[tokio::test]
async fn a_panic_in_one_connection_is_nobody_elses() {
    let broken = Arc::new(AtomicBool::new(false));
    let breaks = broken.clone();
    let clock = Clock::from_fn(move || {
        assert!(!breaks.load(Ordering::Relaxed), "a panic on purpose");
        Timestamp::now()
    });
    let room = Room::start(Config { clock, ..Config::for_tests() }).await;
    let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
    broken.store(true, Ordering::Relaxed);
    ann.beat().await;
    assert_eq!(ann.next().await, Got::Ended);
    broken.store(false, Ordering::Relaxed);
    room.publish("still here").await;
    assert_eq!(bob.object().await["content"], "still here");
    room.joined(&room.ann).await;
    room.running.stop().await;
}
