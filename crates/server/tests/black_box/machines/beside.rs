//! Databases, processes and logs beside each other: which belong together, and who may die.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use aside_protocol::Topic;
use aside_server::{Config, Limits, LogPlace, ServerError, start};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{entries, level, next_of, node, nonce};
use crate::client::{Client, http, soon};
use crate::nats::{Nats, PASSWORD};
use crate::process::{Process, printed, run};
use crate::room::{Room, STREAM, TOPIC};

/// A server may only follow the log that its database came from.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_and_logs_that_do_not_belong_together_are_not_merged() {
    let (nats, dir) = (Nats::start().await, tempfile::tempdir().unwrap());
    let at = |name: &str| dir.path().join(name);
    let begin = async |data: &Path, log: Option<LogPlace>| {
        let config = Config { data: Some(data.to_owned()), log, ..Config::for_tests() };
        start(config, TcpListener::bind("127.0.0.1:0").await.unwrap()).await
    };
    let why = |refused: Result<_, ServerError>| {
        let error = refused.expect_err("it must not start");
        std::error::Error::source(&error).unwrap().to_string()
    };
    // One that was alone, with a room of its own, begins an empty log.
    let alone = Room::start(Config { data: Some(at("one")), ..Config::for_tests() }).await;
    alone.publish("old").await;
    alone.running.stop().await;
    let one = node(&at("one"), nats.place()).await;
    one.publish("new").await;
    assert!(why(begin(&at("two"), Some(nats.place())).await).contains("restore a backup"));
    let copy = at("copy");
    aside_server::backup(&at("one"), &copy).unwrap();
    aside_server::restore(&copy, &at("two"), true).unwrap();
    let two = node(&at("two"), nats.place()).await;
    one.publish("newer").await;
    level(&one, &two, 3).await;
    two.running.stop().await;
    // Without a log it would go another way.
    assert!(why(begin(&at("two"), None).await).contains("follows a log"));
    aside_server::restore(&copy, &at("three"), false).unwrap();
    begin(&at("three"), None).await.unwrap().stop().await;
    assert!(why(begin(&at("three"), Some(nats.place())).await).contains("not in the log"));
    // Another log is not this one.
    let other = LogPlace { stream: "other".to_owned(), ..nats.place() };
    assert!(why(begin(&at("two"), Some(other)).await).contains("another one"));
    let nobody = LogPlace::new("nats://127.0.0.1:1");
    assert!(why(begin(&at("four"), Some(nobody)).await).contains("cannot be reached"));
}

/// What the log acknowledged and lost is in the databases that have it: they do not go on under a log that is another one now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_lost_what_it_acknowledged_is_not_followed() {
    let (mut nats, dir) = (Nats::start().await, tempfile::tempdir().unwrap());
    let here = node(&dir.path().join("here"), nats.place()).await;
    here.publish("told to everybody").await;
    nats.kill(0);
    nats.forget(0);
    nats.again(0).await;
    // Somebody begins the log anew, and it grows beyond where the old one ended.
    let other = node(&dir.path().join("other"), nats.place()).await;
    for n in 0..10 {
        other.publish(&format!("{n}")).await;
    }
    let ask = json!({ "content": "why?", "streamId": STREAM });
    here.post(&here.ann, "/api/question/add", ask).await.refused(503);
    let health = || http(here.addr(), "GET /health", &[], b"");
    soon("it says so", async {
        while health().await.json()["log"] != "away" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let page = here.page("after=0").await;
    assert_eq!(page.len(), 1, "what it has is read, and nothing else: {page:?}");
}

/// A token made on the command line, beside a server or not.
fn shared_token(data: &Path, log: &str, user: &str, role: &str) -> String {
    let of = ["token", "create", "--room", TOPIC, "--stream", STREAM, "--name", "N"];
    printed(data, &[&of[..], &["--user", user, "--role", role, "--log", log]].concat())
}

async fn entries_at(server: &Process, secret: &str) -> Vec<(u64, String)> {
    let target = "GET /api/message/chatmsg?resultsPerPage=1000&after=0";
    let page = http(server.addr, target, &[("authorization", secret)], b"").await.json();
    let entry = |entry: &Value| {
        (entry["seq"].as_u64().unwrap(), entry["content"].as_str().unwrap().to_owned())
    };
    page["data"]["items"].as_array().unwrap().iter().map(entry).collect()
}

/// It is in the log, and not in the database of who wrote it: that one finds it in the log like any other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(debug_assertions), ignore = "release builds have no places to die at")]
async fn a_death_between_the_log_and_the_disk_loses_and_doubles_nothing() {
    let (nats, dir) = (Nats::start().await, tempfile::tempdir().unwrap());
    let (one, other, url) = (dir.path().join("one"), dir.path().join("other"), nats.url());
    let ann = shared_token(&one, &url, "ann", "audience");
    let there = Process::start_sharing(&other, &url, None);
    for round in 0..3 {
        let mut here = Process::start_sharing(&one, &url, Some("server.before-commit"));
        let mut client = Client::open(here.addr, &ann, TOPIC).await;
        client.join().await;
        client.say_named(&format!("{round}"), &nonce(round)).await;
        assert_eq!(client.closed().await.0, 1006, "it dies without a word");
        assert!(here.died());
        soon("the other one has it", async {
            while entries_at(&there, &ann).await.len() <= round {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        let here = Process::start_sharing(&one, &url, None);
        assert_eq!(entries_at(&here, &ann).await, entries_at(&there, &ann).await);
        let mut client = Client::open(here.addr, &ann, TOPIC).await;
        client.say_named(&format!("{round}"), &nonce(round)).await;
        assert_eq!(next_of(&mut client, "ack").await["seq"], round + 1, "it was stored");
        assert_eq!(entries_at(&here, &ann).await.len(), round + 1);
    }
}

/// The command line writes into the same database and the same log, and takes in what others wrote: the server beside it tells
/// its rooms all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_works_beside_a_server_that_shares_a_log() {
    let (nats, dir) = (Nats::start().await, tempfile::tempdir().unwrap());
    let (one, other, url) = (dir.path().join("one"), dir.path().join("other"), nats.url());
    let ann = shared_token(&one, &url, "ann", "audience");
    let here = Process::start_sharing(&one, &url, None);
    let there = Process::start_sharing(&other, &url, None);
    let mut hears = Client::open(here.addr, &ann, TOPIC).await;
    hears.resume("", 0).await;
    let mut says = Client::open(there.addr, &ann, TOPIC).await;
    for round in 0..5_u64 {
        let speaking = async {
            for n in 0..20_u64 {
                says.say_named(&format!("{round} {n}"), &nonce((round * 20 + n) as usize)).await;
                next_of(&mut says, "ack").await;
            }
        };
        let (data, url) = (one.clone(), url.clone());
        let made = tokio::task::spawn_blocking(move || {
            shared_token(&data, &url, &format!("user-{round}"), "staff")
        });
        let ((), made) = tokio::join!(speaking, made);
        let heard: Vec<u64> = entries(&mut hears, 20).await.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(heard, (round * 20 + 1..=round * 20 + 20).collect::<Vec<_>>());
        assert_eq!(entries_at(&there, &made.unwrap()).await.len(), round as usize * 20 + 20);
    }
    let listed = printed(&one, &["token", "list", "--log", &url]);
    let id = listed.lines().find(|line| line.contains("\tann\t")).unwrap().split('\t').next();
    printed(&one, &["token", "revoke", id.unwrap(), "--log", &url]);
    assert_eq!(says.closed().await.0, 4401, "at the other one");
    assert_eq!(hears.closed().await.0, 4401);
    let alone = run(&one, &["token", "list"]);
    assert!(!alone.status.success(), "without the log, nothing is touched");
    for url in [url.clone(), url.replace("aside:", "nobody:")] {
        let mut traced = std::process::Command::new(env!("CARGO_BIN_EXE_aside-server"));
        traced.env("ASIDE_LOG", "trace").args(["token", "list", "--log", &url, "--data"]);
        let traced = traced.arg(&one).output().unwrap();
        assert_eq!(traced.status.success(), url.contains("aside:"), "{traced:?}");
        let log = String::from_utf8(traced.stderr).unwrap();
        assert!(log.contains("DEBUG") && !log.contains(PASSWORD), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_many_guests_of_yesterday_are_no_message_too_large_for_the_log() {
    let (nats, dir) = (Nats::start().await, tempfile::tempdir().unwrap());
    // A few more than are let in otherwise are more than a message of a megabyte.
    let limits = Limits { guests_per_room: 30_000, ..Limits::without_rates() };
    let guests = BTreeSet::from([Topic::new(TOPIC)]);
    let config = |log| {
        let (limits, guests) = (limits.clone(), guests.clone());
        Config { data: Some(dir.path().to_owned()), log, limits, guests, ..Config::for_tests() }
    };
    Room::start(config(None)).await.running.stop().await;
    let conn = rusqlite::Connection::open(dir.path().join("rooms.db")).unwrap();
    conn.execute(
        "WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 21000)
         INSERT INTO token
         SELECT printf('%032d', n), CAST(n AS BLOB), room.id, 'audience', 'guest-' || n, '', '', '', '', 0, 1, NULL
         FROM room, count WHERE topic = ?",
        [TOPIC],
    )
    .unwrap();
    let room = Room::start(config(Some(nats.place()))).await;
    let left = || {
        let count = "SELECT count(*) FROM token WHERE expires_ms = 1";
        conn.query_row(count, [], |row| row.get::<_, u32>(0)).unwrap()
    };
    let guest = json!({ "topic": TOPIC, "streamId": STREAM, "name": "Gia" }).to_string();
    while left() > 0 {
        let before = left();
        let reply = http(room.addr(), "POST /api/guest", &[], guest.as_bytes()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(left() < before, "they are forgotten, some by some");
    }
}
