//! The binary dies between the steps of storing and telling, again and again in one data directory.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use crate::client::{Client, Got, Reply, http};
use crate::process::{Process, printed, token, token_as};

/// The steps of a commit, in their order.
const PLACES: &[&str] = &[
    "server.inserted",
    "server.before-commit",
    "server.committed",
    "server.told-the-room",
    "server.told-a-sender",
];

/// Four clients each with eight sends under way: at which of them it dies differs from round to round.
const NTH: &[u64] = &[1, 2, 7, 40];

/// `ASIDE_KILLS` makes it die a quarter as often here, and the rest elsewhere.
fn rounds(usual: usize) -> usize {
    let asked = std::env::var("ASIDE_KILLS").ok().and_then(|kills| kills.parse::<usize>().ok());
    asked.map_or(usual, |kills| kills.div_ceil(4).max(usual))
}

/// What was sent with a nonce and not acknowledged is sent again to the next life of the server: it is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(debug_assertions), ignore = "release builds have no places to die at")]
async fn a_death_between_any_two_steps_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path(), "ann");
    let mut acked: BTreeMap<u64, String> = BTreeMap::new();
    let mut open = Vec::new();
    let all: Vec<_> =
        PLACES.iter().flat_map(|place| NTH.iter().map(move |nth| (place, nth))).collect();
    let rounds = rounds(all.len());
    for (round, (place, nth)) in all.iter().cycle().take(rounds).enumerate() {
        let mut server = Process::start_armed(dir.path(), &format!("{place}:{nth}"));
        let again = std::mem::take(&mut open);
        let talk = talk(&server, &secret, round, again).await;
        assert!(server.died(), "{place}:{nth} was not reached");
        for (seq, content) in talk.acked {
            let before = acked.insert(seq, content.clone());
            assert!(before.is_none_or(|before| before == content), "a place was given twice");
        }
        open = talk.open;
        whole(dir.path());
    }
    let mut server = Process::start(dir.path(), &[]);
    let talk = talk(&server, &secret, rounds, open).await;
    acked.extend(talk.acked);
    let found = log(&server, &secret).await;
    for (seq, content) in &acked {
        assert_eq!(found.get(seq), Some(content), "an acknowledged entry is gone");
    }
    let mut contents: Vec<_> = found.values().collect();
    contents.sort_unstable();
    contents.dedup();
    assert_eq!(contents.len(), found.len(), "an entry was stored twice");
    assert_eq!(acked.len(), found.len(), "in the end everything is acknowledged");
    server.kill();
}

/// What one client said to one life of the server.
#[derive(Default)]
struct Talk {
    acked: Vec<(u64, String)>,
    open: Vec<String>,
}

/// Sends what is still open and some more, until all of it is acknowledged or the server dies. What was told to the room
/// must have been acknowledged or still be open: a broadcast is never taken back.
async fn talk(server: &Process, secret: &str, round: usize, again: Vec<String>) -> Talk {
    use futures_util::SinkExt;
    let mut client = Client::open(server.addr, secret, "7").await;
    let mut open = again;
    open.extend((0..64).map(|n| format!("{:012x}", round * 1000 + n)));
    let mut acked = Vec::new();
    for chunk in open.clone().chunks(8) {
        for content in chunk {
            let nonce = format!("00000000-0000-4000-8000-{content}");
            let info = json!({ "content": content, "nonce": nonce }).to_string();
            let payload = json!({ "topic": "7", "chatInfo": info }).to_string();
            let text = json!({ "token": secret, "type": 2, "payLoad": payload }).to_string();
            if client.ws.send(text.into()).await.is_err() {
                return Talk { acked, open };
            }
        }
        for _ in chunk {
            let Got::Frame { code: 200, data } = client.next().await else {
                return Talk { acked, open };
            };
            let ack: serde_json::Value = serde_json::from_str(&data).unwrap();
            assert_eq!(ack["type"], "ack");
            let content = ack["nonce"].as_str().unwrap()[24..].to_owned();
            open.retain(|waits| *waits != content);
            acked.push((ack["seq"].as_u64().unwrap(), content));
        }
    }
    Talk { acked, open }
}

async fn log(server: &Process, secret: &str) -> BTreeMap<u64, String> {
    let (mut place, mut found) = (0, BTreeMap::new());
    loop {
        let target = format!("GET /api/message/chatmsg?resultsPerPage=1000&after={place}");
        let page = http(server.addr, &target, &[("authorization", secret)], b"").await.json();
        let items = page["data"]["items"].as_array().unwrap().clone();
        if items.is_empty() {
            return found;
        }
        for entry in items {
            place += 1;
            assert_eq!(entry["seq"], place, "a hole in the log");
            found.insert(place, entry["content"].as_str().unwrap().to_owned());
        }
    }
}

/// SQLite's own check, on a copy: looking must not mend what the next start has to mend by itself.
pub(crate) fn whole(data: &Path) {
    let copy = tempfile::tempdir().unwrap();
    for name in ["rooms.db", "rooms.db-wal"] {
        if data.join(name).exists() {
            std::fs::copy(data.join(name), copy.path().join(name)).unwrap();
        }
    }
    let database = rusqlite::Connection::open(copy.path().join("rooms.db")).unwrap();
    let found: String =
        database.query_row("PRAGMA integrity_check", [], |line| line.get(0)).unwrap();
    assert_eq!(found, "ok");
}

/// Approving is one step: after a death in the middle of it, what was asked waits as before, and is published once.
#[tokio::test]
#[cfg_attr(not(debug_assertions), ignore = "release builds have no places to die at")]
async fn a_death_while_something_is_published_leaves_it_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let (ann, sue) = (token(dir.path(), "ann"), token_as(dir.path(), "sue", "staff"));
    printed(dir.path(), &["room", "review", "--room", "7", "on"]);
    let mut server = Process::start_armed(dir.path(), "server.published");
    let asked = post(&server, &ann, "question/add", json!({ "content": "why?", "streamId": "s7" }));
    let id = asked.await.json()["data"]["id"].clone();
    let approve = json!({ "questionId": id, "streamId": "s7", "review": "approved", "rev": 0 });
    let cut = tokio::spawn({
        let (addr, sue, body) = (server.addr, sue.clone(), approve.to_string());
        async move {
            let headers = [("authorization", sue.as_str())];
            http(addr, "POST /api/question/state", &headers, body.as_bytes()).await
        }
    });
    assert!(cut.await.is_err(), "there is no reply");
    assert!(server.died());
    whole(dir.path());
    let server = Process::start(dir.path(), &[]);
    assert!(log(&server, &ann).await.is_empty());
    assert_eq!(post(&server, &sue, "question/state", approve.clone()).await.status, 200);
    assert_eq!(post(&server, &sue, "question/state", approve).await.status, 409);
    assert_eq!(log(&server, &ann).await.len(), 1);
}

async fn post(server: &Process, secret: &str, path: &str, body: serde_json::Value) -> Reply {
    let headers = [("authorization", secret)];
    let body = body.to_string();
    http(server.addr, &format!("POST /api/{path}"), &headers, body.as_bytes()).await
}
