//! Live lines are written by whoever tells the room, everything else by the connection: no client can tell which was which.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aside_server::{Config, Limits};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::client::{Client, soon};
use crate::room::{Room, TOPIC};

/// So many lines of this size are more than the kernel holds for somebody who does not read.
const LINES: u64 = 1000;
const LONG: usize = 8000;

#[tokio::test]
async fn who_stops_in_the_middle_of_a_frame_and_goes_on_misses_nothing_and_finds_every_frame_whole()
{
    let room = Room::start(Config {
        limits: Limits {
            queue_bytes: usize::MAX,
            queue_frames: 2000,
            write_deadline: Duration::from_secs(60),
            ping_every: Duration::from_millis(20),
            ..Limits::without_rates()
        },
        ..Config::for_tests()
    })
    .await;
    let mut stopped = Client::open_narrow(room.addr(), room.bob.token.expose(), TOPIC).await;
    stopped.join().await;
    stopped.nothing_waits().await;
    for place in 1..=LINES {
        room.publish(&"x".repeat(LONG)).await;
        // Answers of the connection, beside the lines and between them.
        if place % 100 == 0 {
            stopped.beat().await;
            stopped.ws.send(Message::Ping(Bytes::from_static(b"there?"))).await.unwrap();
        }
    }
    let (mut place, mut beats, mut pings, mut pongs) = (0, 0, 0, 0);
    while place < LINES || beats < LINES / 100 || pongs == 0 {
        let message = soon("a frame", stopped.ws.next()).await.unwrap().unwrap();
        match message {
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                let object: Value = serde_json::from_str(frame["data"].as_str().unwrap()).unwrap();
                if object["type"] == "heartbeat" {
                    beats += 1;
                } else {
                    place += 1;
                    assert_eq!(object["seq"], place);
                    assert_eq!(object["content"].as_str().map(str::len), Some(LONG));
                }
            }
            Message::Ping(_) => pings += 1,
            Message::Pong(_) => pongs += 1,
            other => panic!("{other:?}"),
        }
    }
    // And on with what is said now.
    room.publish("now").await;
    assert_eq!(stopped.object().await["content"], "now");
    stopped.nothing_waits().await;
    assert!(pings > 0, "the server wants to know who is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_line_of_a_join_before_comes_behind_the_answer_to_the_next() {
    let room = Arc::new(Room::start(Config::for_tests()).await);
    let epoch = room.epoch().await;
    let stop = Arc::new(AtomicBool::new(false));
    let speaker = {
        let (room, stop) = (room.clone(), stop.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                room.publish("live").await;
            }
        })
    };
    let mut ann = room.open(&room.ann).await;
    let mut place = 0;
    for _ in 0..200 {
        let join = json!({ "topic": TOPIC, "epoch": epoch, "after": place }).to_string();
        ann.frame(3, &join).await;
        let after = place;
        loop {
            let object = ann.object().await;
            if object["type"] == "joined" {
                assert_eq!(object.get("resumed"), None);
                break;
            }
            place = object["seq"].as_u64().unwrap();
        }
        place = place.max(after + 5);
        for next in after + 1..=place {
            assert_eq!(ann.object().await["seq"], next, "what follows the place of the join");
        }
    }
    stop.store(true, Ordering::Relaxed);
    speaker.await.unwrap();
}

#[tokio::test]
async fn who_is_told_all_the_time_is_pinged_all_the_same() {
    let limits = Limits { ping_every: Duration::from_millis(20), ..Limits::without_rates() };
    let room = Room::start(Config { limits, ..Config::for_tests() }).await;
    let mut ann = room.joined(&room.ann).await;
    let mut pings = 0;
    soon("pings", async {
        while pings < 5 {
            room.publish("live").await;
            loop {
                match ann.ws.next().await.unwrap().unwrap() {
                    Message::Ping(_) => pings += 1,
                    Message::Text(_) => break,
                    other => panic!("{other:?}"),
                }
            }
        }
    })
    .await;
}
