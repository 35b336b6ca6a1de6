//! Coming back: what was missed, in order, then what is said now, without a hole or a repetition.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aside_protocol::Topic;
use aside_server::{Config, Limits, NewEntry};
use serde_json::{Value, json};

use crate::client::{Client, Got};
use crate::room::{Room, TOPIC};

async fn places(client: &mut Client, count: usize) -> Vec<u64> {
    let mut places = Vec::new();
    for _ in 0..count {
        places.push(client.object().await["seq"].as_u64().expect("an entry"));
    }
    places
}

#[tokio::test]
async fn a_join_with_a_place_gets_what_was_missed_then_what_is_new() {
    let room = Room::start(Config::for_tests()).await;
    room.seed(1200).await;
    let epoch = room.epoch().await;
    let mut ann = room.open(&room.ann).await;
    let joined = ann.resume(&epoch, 17).await;
    assert_eq!(joined, json!({ "type": "joined", "topic": TOPIC, "epoch": epoch, "seq": 1200 }));
    assert_eq!(places(&mut ann, 1183).await, (18..=1200).collect::<Vec<_>>());
    room.publish("live").await;
    assert_eq!(places(&mut ann, 1).await, [1201]);
    ann.nothing_waits().await;
}

#[tokio::test]
async fn a_place_that_cannot_be_gone_on_from_is_answered_so_and_live_entries_follow() {
    let limits = Limits { resume_entries: 50, ..Limits::without_rates() };
    let room = Room::start(Config { limits, ..Config::for_tests() }).await;
    room.seed(100).await;
    let epoch = room.epoch().await;
    // A foreign epoch, none at all, too far back, and a place that this history never had.
    for (epoch_sent, after) in [("0123", 99), ("", 0), (epoch.as_str(), 49), (epoch.as_str(), 200)]
    {
        let mut ann = room.open(&room.ann).await;
        let joined = ann.resume(epoch_sent, after).await;
        assert_eq!(joined["resumed"], false, "{epoch_sent:?} {after}");
        assert_eq!((&joined["epoch"], &joined["type"]), (&json!(epoch), &json!("joined")));
        let head = joined["seq"].as_u64().unwrap();
        ann.nothing_waits().await;
        room.publish("live").await;
        assert_eq!(places(&mut ann, 1).await, [head + 1], "live begins where the answer says");
    }
    let mut ann = room.open(&room.ann).await;
    assert_eq!(ann.resume(&epoch, 53).await["resumed"], false, "one more than is allowed");
    let mut ann = room.open(&room.ann).await;
    let joined = ann.resume(&epoch, 54).await;
    assert_eq!(joined.get("resumed"), None);
    assert_eq!(places(&mut ann, 50).await, (55..=104).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_join_without_a_place_is_not_answered() {
    let room = Room::start(Config::for_tests()).await;
    room.seed(3).await;
    let mut ann = room.joined(&room.ann).await;
    room.publish("live").await;
    assert_eq!(places(&mut ann, 1).await, [4]);
}

#[tokio::test]
async fn a_second_join_on_a_socket_takes_the_place_of_the_first() {
    let room = Room::start(Config::for_tests()).await;
    room.seed(10).await;
    let epoch = room.epoch().await;
    let mut ann = room.open(&room.ann).await;
    ann.resume(&epoch, 10).await;
    room.publish("11").await;
    assert_eq!(places(&mut ann, 1).await, [11]);
    assert_eq!(ann.resume(&epoch, 8).await["seq"], 11);
    assert_eq!(places(&mut ann, 3).await, [9, 10, 11]);
    room.publish("12").await;
    assert_eq!(places(&mut ann, 1).await, [12]);
    ann.nothing_waits().await;
}

/// Clients come while the room is written to as fast as it can be: each sees every place from its own on, once, in
/// order, and the contents that belong to them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_a_hole_however_fast_the_room_is() {
    for data in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let data = data.then(|| dir.path().to_owned());
        let room = Arc::new(Room::start(Config { data, ..Config::for_tests() }).await);
        room.seed(2000).await;
        let epoch = room.epoch().await;
        let stop = Arc::new(AtomicBool::new(false));
        let writers =
            (0..2).map(|_| tokio::spawn(hammer(room.clone(), stop.clone()))).collect::<Vec<_>>();
        let mut readers = Vec::new();
        for n in 0..24_u64 {
            readers.push(tokio::spawn(follow(room.clone(), epoch.clone(), n * 97 % 2000)));
            tokio::task::yield_now().await;
        }
        for reader in readers {
            reader.await.unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await.unwrap();
        }
        assert!(room.log().await.len() > 2000, "someone was writing meanwhile");
    }
}

/// A client that does not read joins again, while entries of the join before still wait for it.
#[tokio::test]
async fn joining_again_drops_what_the_join_before_had_waiting() {
    let limits = Limits { queue_bytes: usize::MAX, queue_frames: 2000, ..Limits::without_rates() };
    let room = Room::start(Config { limits, ..Config::for_tests() }).await;
    let epoch = room.epoch().await;
    let mut ann = Client::open_narrow(room.addr(), room.ann.token.expose(), TOPIC).await;
    ann.resume(&epoch, 0).await;
    const COUNT: u64 = 1000;
    for _ in 0..COUNT {
        room.publish(&"x".repeat(8000)).await;
    }
    let join = json!({ "topic": TOPIC, "epoch": epoch, "after": 0 }).to_string();
    ann.frame(3, &join).await;
    let mut place = 0;
    loop {
        let object = ann.object().await;
        if object["type"] == "joined" {
            break;
        }
        place += 1;
        assert_eq!(object["seq"], place, "of the join before, up to the answer");
    }
    assert!(place < COUNT, "some were still waiting");
    let again = places(&mut ann, usize::try_from(COUNT).unwrap()).await;
    assert_eq!(again, (1..=COUNT).collect::<Vec<_>>());
    ann.nothing_waits().await;
}

async fn hammer(room: Arc<Room>, stop: Arc<AtomicBool>) {
    let topic = Topic::new(TOPIC);
    while !stop.load(Ordering::Relaxed) {
        let entries =
            (0..3).map(|n| NewEntry::message("dan", "Dan", format!("live {n}"))).collect();
        room.running.rooms().seed(&topic, entries).await.unwrap();
    }
}

/// Joins after a place, reads until well past the place that the answer names, and comes back if told to.
async fn follow(room: Arc<Room>, epoch: String, after: u64) {
    let mut place = after;
    let mut goal = None;
    for _visit in 0..20 {
        let mut client = room.open(&room.ann).await;
        let joined = client.resume(&epoch, place).await;
        assert_eq!(joined.get("resumed"), None);
        let goal = *goal.get_or_insert(joined["seq"].as_u64().unwrap() + 300);
        loop {
            match client.next().await {
                Got::Frame { code: 200, data } => {
                    let entry: Value = serde_json::from_str(&data).unwrap();
                    place += 1;
                    assert_eq!(entry["seq"].as_u64(), Some(place), "a hole, or a repetition");
                    if place <= 2000 {
                        assert_eq!(entry["content"], place.to_string());
                    }
                    if place >= goal {
                        return;
                    }
                }
                Got::Closed { code: 1013, .. } => break,
                other => panic!("{other:?}"),
            }
        }
    }
    panic!("never caught up");
}

#[tokio::test]
async fn who_sends_right_behind_the_join_finds_it_behind_the_place_that_is_named() {
    let room = Room::start(Config::for_tests()).await;
    let epoch = room.epoch().await;
    for n in 0..50_u64 {
        let mut ann = room.open(&room.ann).await;
        let (topic, token) = (TOPIC, ann.token.clone());
        let join = json!({ "topic": topic, "epoch": epoch, "after": n }).to_string();
        ann.text(json!({ "token": token, "type": 3, "payLoad": join }).to_string()).await;
        ann.say("hi").await;
        assert_eq!(ann.object().await["type"], "joined");
        assert_eq!(ann.object().await["seq"], n + 1);
        ann.nothing_waits().await;
    }
}
