//! Sizes, rates and deadlines.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aside_protocol::Topic;
use aside_server::{Config, Limits, NewEntry, Rate};
use futures_util::StreamExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Client, Got, handshake, http, soon};
use crate::room::{Room, STREAM, TOPIC, modes};

fn with(change: impl FnOnce(&mut Limits)) -> Config {
    let mut limits = Limits::without_rates();
    change(&mut limits);
    Config { limits, ..Config::for_tests() }
}

fn rate(every_ms: u64, burst: u32) -> Option<Rate> {
    Some(Rate { every: Duration::from_millis(every_ms), burst })
}

#[tokio::test]
async fn a_text_over_the_limit_is_413_and_one_of_just_that_size_is_not() {
    for config in modes() {
        let room = Room::start(config).await;
        let ask = async |bytes: usize| {
            room.post(
                &room.ann,
                "/api/question/add",
                json!({ "content": "x".repeat(bytes), "streamId": STREAM }),
            )
            .await
        };
        ask(8193).await.refused(413);
        ask(100_000).await.refused(413);
        assert_eq!(ask(8192).await.status, 200);
        let mut ann = room.joined(&room.ann).await;
        ann.say(&"x".repeat(8193)).await;
        assert!(matches!(ann.next().await, Got::Frame { code: 413, .. }));
        ann.say(&"x".repeat(8192)).await;
        assert_eq!(ann.object().await["content"].as_str().map(str::len), Some(8192));
    }
}

#[tokio::test]
async fn too_much_at_once_is_told_when_to_come_back() {
    let room = Room::start(with(|limits| {
        limits.sends = rate(60_000, 2);
        limits.history = rate(60_000, 2);
        limits.sockets_per_user = 2;
    }))
    .await;
    let mut ann = room.joined(&room.ann).await;
    let nonce = |n: u32| format!("6b8c0d52-0b1f-4f8e-9a57-1f4a5f2f7f1{n}");
    for n in 0..2 {
        ann.say_named("hi", &nonce(n)).await;
        ann.object().await;
        assert_eq!(ann.object().await["type"], "ack");
    }
    ann.say_named("hi", &nonce(2)).await;
    assert_eq!(ann.object().await["code"], 429);
    ann.say("hi").await;
    assert!(matches!(ann.next().await, Got::Frame { code: 429, .. }));
    let asked = room
        .post(&room.ann, "/api/question/add", json!({ "content": "x", "streamId": STREAM }))
        .await;
    asked.refused(429);
    let wait: u64 = asked.header("retry-after").unwrap().parse().unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    // Another user is not to blame.
    let mut bob = room.joined(&room.bob).await;
    bob.say("hi").await;
    assert_eq!(bob.object().await["content"], "hi");

    room.page("").await;
    room.page("").await;
    let read = room.get(&room.ann, "/api/message/chatmsg").await;
    read.refused(429);
    assert!(read.header("retry-after").is_some());

    let second = room.joined(&room.ann).await;
    let headers = handshake(&[("authorization", room.ann.token.expose())]);
    let third = http(room.addr(), "GET /ws", &headers, b"").await;
    third.refused(429);
    assert_eq!(third.header("retry-after"), Some("10"));
    drop(second);
    let free_again = Box::pin(async {
        while http(room.addr(), "GET /ws", &headers, b"").await.status != 101 {
            tokio::task::yield_now().await;
        }
    });
    soon("a seat is free again", free_again).await;
}

#[tokio::test]
async fn a_full_server_asks_newcomers_to_come_back() {
    let room = Room::start(with(|limits| limits.sockets = 5)).await;
    let mut here = Vec::new();
    for _ in 0..4 {
        here.push(room.joined(&room.ann).await);
    }
    let headers = handshake(&[("authorization", room.bob.token.expose())]);
    let reply = http(room.addr(), "GET /ws", &headers, b"").await;
    reply.refused(503);
    assert_eq!(reply.header("retry-after"), Some("10"));
    // A page is not told why its handshake failed, and asks before it.
    let knock = room.get(&room.bob, "/api/capabilities?socket=1").await;
    knock.refused(503);
    assert_eq!(knock.header("retry-after"), Some("10"));
    assert_eq!(
        room.get(&room.bob, "/api/capabilities").await.status,
        200,
        "no socket is asked for"
    );
    assert_eq!(room.get(&room.staff, "/api/capabilities?socket=1").await.status, 200);
    // Staff still get in, up to the very limit.
    here.push(room.joined(&room.staff).await);
    let headers = handshake(&[("authorization", room.staff.token.expose())]);
    http(room.addr(), "GET /ws", &headers, b"").await.refused(503);
    for client in &mut here {
        client.nothing_waits().await;
    }
    here.truncate(3);
    let place = Box::pin(async {
        while room.get(&room.bob, "/api/capabilities?socket=1").await.status != 200 {
            tokio::task::yield_now().await;
        }
    });
    soon("there is place again", place).await;
}

/// Each of ours is a file, and so is each that the server holds.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn connections_that_say_nothing_are_few_and_keep_nobody_out() {
    const IDLE: usize = 600;
    let room = Room::start(with(|limits| {
        limits.sockets = 500;
        limits.connections = 32;
    }))
    .await;
    let ann = room.joined(&room.ann).await;
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        idle.push(tokio::net::TcpStream::connect(room.addr()).await.unwrap());
    }
    // Whoever comes last is let in last, and everybody before them has been by then.
    let mut bob = room.joined(&room.bob).await;
    drop(ann);
    let mut ann = room.joined(&room.ann).await;
    let theirs = open().saturating_sub(before + IDLE);
    assert!(theirs <= 32 + 8, "{theirs} of {IDLE} are open");
    ann.say("hi").await;
    assert_eq!(bob.object().await["content"], "hi");
}

/// A request that was only begun needs no token.
#[tokio::test]
async fn requests_that_do_not_go_on_keep_nobody_out() {
    let room = Room::start(with(|limits| limits.connections = 4)).await;
    let mut begun = Vec::new();
    for n in 0..12 {
        let mut stream = tokio::net::TcpStream::connect(room.addr()).await.unwrap();
        let head = "POST /api/question/add HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&b"{"[..n % 2]).await.unwrap();
        begun.push(stream);
    }
    let mut ann = soon("she is let in", room.joined(&room.ann)).await;
    let asked = json!({ "content": "几点?", "streamId": STREAM });
    assert_eq!(room.post(&room.bob, "/api/question/add", asked).await.status, 200);
    assert_eq!(ann.object().await["type"], "question");
}

#[tokio::test]
async fn a_flood_of_heartbeats_is_closed_with_4429_and_a_time() {
    let room = Room::start(with(|limits| limits.heartbeats = rate(1000, 3))).await;
    let mut ann = room.open(&room.ann).await;
    for _ in 0..4 {
        ann.beat().await;
    }
    let (code, reason) = ann.closed().await;
    assert_eq!(code, 4429);
    let reason: serde_json::Value = serde_json::from_str(&reason).unwrap();
    assert!((1..=1000).contains(&reason["retry_ms"].as_u64().unwrap()));
}

#[tokio::test]
async fn the_silent_are_dropped_and_the_living_are_pinged() {
    let room = Room::start(with(|limits| {
        limits.idle = Duration::from_millis(400);
        limits.first_frame = Duration::from_millis(200);
        limits.ping_every = Duration::from_millis(100);
    }))
    .await;
    // Answering pings is a sign of life, so this one stays far beyond the deadline.
    let mut living = room.joined(&room.ann).await;
    let mut pings = 0;
    soon("pings", async {
        while pings < 10 {
            let message = living.ws.next().await.expect("it is not reaped").unwrap();
            pings += u32::from(message.is_ping());
        }
    })
    .await;
    living.nothing_waits().await;
    // This one never joins.
    let began = Instant::now();
    let mut mute = room.open(&room.bob).await;
    assert_eq!(mute.closed().await.0, 4400);
    assert!(began.elapsed() >= Duration::from_millis(200));
    // This one joins, and is frozen: it neither reads nor writes.
    let frozen = room.joined(&room.bob).await;
    soon("the frozen one is reaped", async {
        while room.running.probe().last().unwrap().closed.is_none() {
            living.nothing_waits().await;
        }
    })
    .await;
    drop(frozen);
}

/// Sixteen read, one does not: it is sent away, and they miss nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_gets_1013_and_nobody_else_notices() {
    let room = Room::start(with(|limits| limits.queue_bytes = 128 * 1024)).await;
    let topic = Topic::new(TOPIC);
    let mut slow = Client::open_narrow(room.addr(), room.bob.token.expose(), TOPIC).await;
    slow.join().await;
    slow.nothing_waits().await;
    const COUNT: u64 = 2000;
    const STEP: usize = 20;
    // Those who read are waited for, so that the machine's speed does not matter.
    let keeping_up = Arc::new(tokio::sync::Barrier::new(17));
    let mut readers = Vec::new();
    for _ in 0..16 {
        let mut client = room.joined(&room.ann).await;
        let keeping_up = keeping_up.clone();
        readers.push(tokio::spawn(async move {
            for place in 1..=COUNT {
                assert_eq!(client.object().await["seq"], place);
                if place % STEP as u64 == 0 {
                    keeping_up.wait().await;
                }
            }
        }));
    }
    let text = "x".repeat(4000);
    for _ in 0..COUNT as usize / STEP {
        let entries = (0..STEP).map(|_| NewEntry::message("dan", "Dan", text.clone())).collect();
        room.running.rooms().seed(&topic, entries).await.unwrap();
        soon("everyone reads", keeping_up.wait()).await;
    }
    for reader in readers {
        reader.await.unwrap();
    }
    // It wakes up: what it got is without a hole, and then it is told to come back.
    let mut place = 0;
    let (code, reason) = loop {
        match slow.next().await {
            Got::Frame { data, .. } => {
                place += 1;
                let entry: serde_json::Value = serde_json::from_str(&data).unwrap();
                assert_eq!(entry["seq"], place);
            }
            Got::Closed { code, reason } => break (code, reason),
            Got::Ended => panic!("no close frame after {place}"),
        }
    };
    assert_eq!((code, reason.as_str()), (1013, "{\"retry_ms\":250}"), "at once");
    assert!(place < COUNT, "the kernel's buffers cannot have held everything");
    let epoch = room.epoch().await;
    let mut back = Client::open(room.addr(), room.bob.token.expose(), TOPIC).await;
    back.resume(&epoch, place).await;
    assert_eq!(back.object().await["seq"], place + 1);
}

#[tokio::test]
async fn a_write_that_hangs_ends_the_connection() {
    let room = Room::start(with(|limits| {
        limits.queue_bytes = usize::MAX;
        limits.queue_frames = 100_000;
        limits.write_deadline = Duration::from_millis(300);
    }))
    .await;
    let topic = Topic::new(TOPIC);
    let mut stalled = Client::open_narrow(room.addr(), room.bob.token.expose(), TOPIC).await;
    stalled.join().await;
    stalled.nothing_waits().await;
    let text = "x".repeat(8000);
    let entries = (0..1000).map(|_| NewEntry::message("dan", "Dan", text.clone())).collect();
    room.running.rooms().seed(&topic, entries).await.unwrap();
    soon("the stalled one is dropped", async {
        while room.running.probe().live() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(room.running.probe().last().unwrap().closed.unwrap().1, 1013);
    drop(stalled);
}

#[tokio::test]
async fn a_request_that_is_never_finished_is_not_waited_for() {
    let room = Room::start(with(|limits| limits.request_head = Duration::from_millis(200))).await;
    let mut slow = tokio::net::TcpStream::connect(room.addr()).await.unwrap();
    slow.write_all(b"GET /ws HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _ = soon("the connection ends", slow.read_to_end(&mut rest)).await;
    room.joined(&room.ann).await;
    // Nor is the rest of its body.
    let headers = [("authorization", room.ann.token.expose()), ("content-length", "100")];
    let mut slow = tokio::net::TcpStream::connect(room.addr()).await.unwrap();
    slow.write_all(b"POST /api/question/add HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    for (name, value) in headers {
        slow.write_all(format!("{name}: {value}\r\n").as_bytes()).await.unwrap();
    }
    slow.write_all(b"\r\n{").await.unwrap();
    let mut rest = Vec::new();
    soon("the connection ends", slow.read_to_end(&mut rest)).await.unwrap();
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 408 "), "{rest}");
}

#[tokio::test]
async fn dialling_without_end_is_slowed_down() {
    let room = Room::start(with(|limits| {
        limits.connects = rate(60_000, 2);
        limits.strangers = rate(60_000, 3);
    }))
    .await;
    let dial = async |token: &str| {
        http(room.addr(), "GET /ws", &handshake(&[("authorization", token)]), b"").await
    };
    for _ in 0..3 {
        dial("nobody").await.refused(401);
    }
    let reply = dial("nobody").await;
    reply.refused(429);
    assert!(reply.header("retry-after").is_some());
    // From the same address, a good token is not held up by the bad ones; only by itself.
    for _ in 0..2 {
        assert_eq!(dial(room.ann.token.expose()).await.status, 101);
    }
    dial(room.ann.token.expose()).await.refused(429);
    assert_eq!(dial(room.bob.token.expose()).await.status, 101);
}
