//! What a server says of itself: how it is, what it counted, and that it is about to stop.

use std::net::SocketAddr;

use aside_server::Config;
use serde_json::json;
use tokio::net::TcpListener;

use crate::client::{Reply, handshake, http};
use crate::room::{Room, STREAM};

async fn measured(room: &Room, token: Option<&str>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    room.running.serve_metrics(listener, token);
    addr
}

async fn read(addr: SocketAddr, headers: &[(&str, &str)]) -> Reply {
    http(addr, "GET /metrics", headers, b"").await
}

/// The value of a line.
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[tokio::test]
async fn what_happens_is_counted_and_names_nobody() {
    let room = Room::start(Config::for_tests()).await;
    let addr = measured(&room, None).await;
    let mut ann = room.joined(&room.ann).await;
    let bob = room.joined(&room.bob).await;
    ann.say("canary").await;
    ann.object().await;
    ann.say("").await;
    ann.next().await;
    room.post(&room.ann, "/api/answer/add", json!({})).await.refused(403);
    room.post(&room.ann, "/api/question/add", json!({ "content": "canary", "streamId": STREAM }))
        .await;
    http(room.addr(), "GET /ws", &handshake(&[("authorization", "nobody")]), b"")
        .await
        .refused(401);
    drop(bob);
    crate::client::soon("the end is seen", async {
        while room.running.probe().live() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let reply = read(addr, &[]).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4"));
    let text = reply.body;
    for (name, expected) in [
        ("aside_sockets", 1.0),
        ("aside_sockets_opened_total", 2.0),
        ("aside_sockets_closed_total{code=\"1006\"}", 1.0),
        ("aside_joins_total", 2.0),
        ("aside_entries_total", 2.0),
        ("aside_slow_readers_total", 0.0),
        ("aside_refusals_total{reason=\"role\"}", 1.0),
        ("aside_refusals_total{reason=\"token\"}", 1.0),
        ("aside_refusals_total{reason=\"malformed\"}", 1.0),
        ("aside_writes_waiting", 0.0),
        ("aside_draining", 0.0),
    ] {
        assert_eq!(value(&text, name), expected, "{name}");
    }
    let commits = value(&text, "aside_commit_seconds_count");
    assert!(commits >= 2.0 && commits == value(&text, "aside_commit_seconds_bucket{le=\"+Inf\"}"));
    for secret in ["canary", room.ann.token.expose(), "ann", "Ann"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    // Each name is told of before it is used, as Prometheus wants it.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        assert!(text.contains(&format!("# TYPE {} ", family.unwrap_or(name))), "{name}");
    }
}

#[tokio::test]
async fn what_is_counted_is_read_with_the_token_alone_and_never_at_the_rooms_own_address() {
    let room = Room::start(Config::for_tests()).await;
    let addr = measured(&room, Some("secret")).await;
    read(addr, &[]).await.refused(401);
    read(addr, &[("authorization", "Bearer wrong")]).await.refused(401);
    read(addr, &[("authorization", "secret")]).await.refused(401);
    assert_eq!(read(addr, &[("authorization", "Bearer secret")]).await.status, 200);
    read(room.addr(), &[]).await.refused(404);
    room.get(&room.staff, "/metrics").await.refused(404);
    http(addr, "GET /health", &[], b"").await.refused(404);
}

#[tokio::test]
async fn a_server_that_drains_says_so_and_keeps_those_inside() {
    let room = Room::start(Config::for_tests()).await;
    let addr = measured(&room, None).await;
    let mut ann = room.joined(&room.ann).await;
    assert_eq!(http(room.addr(), "GET /health?n=7", &[], b"").await.json()["n"], "7");
    room.running.drain();
    let health = http(room.addr(), "GET /health?n=7", &[], b"").await;
    health.refused(503);
    assert!(health.header("retry-after").is_some());
    let headers = handshake(&[("authorization", room.bob.token.expose())]);
    let newcomer = http(room.addr(), "GET /ws", &headers, b"").await;
    newcomer.refused(503);
    assert!(newcomer.header("retry-after").is_some());
    ann.say("still here").await;
    assert_eq!(ann.object().await["content"], "still here");
    assert_eq!(value(&read(addr, &[]).await.body, "aside_draining"), 1.0);
}

/// While the disk hangs, newcomers of the audience are sent away, and those inside wait no longer than it does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_disk_is_behind_newcomers_are_asked_to_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let room =
        Room::start(Config { data: Some(dir.path().to_owned()), ..Config::for_tests() }).await;
    let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
    let other = rusqlite::Connection::open(dir.path().join("rooms.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let dial = async |token: &str| {
        http(room.addr(), "GET /ws", &handshake(&[("authorization", token)]), b"").await
    };
    let mut said = 0;
    // No longer than is needed: a writer that waits for the disk gives up at last.
    let behind = Box::pin(async {
        while dial(room.ann.token.expose()).await.status != 503 {
            for client in [&mut ann, &mut bob] {
                for _ in 0..50 {
                    client.say("much").await;
                    said += 1;
                }
            }
        }
    });
    crate::client::soon("a newcomer is sent away", behind).await;
    let reply = dial(room.ann.token.expose()).await;
    reply.refused(503);
    assert!(reply.header("retry-after").is_some());
    assert_eq!(dial(room.staff.token.expose()).await.status, 101, "staff get in");
    other.execute_batch("ROLLBACK").unwrap();
    crate::client::soon("all of it is stored", async {
        while room.log().await.len() < said {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    ann.say("inside").await;
}
