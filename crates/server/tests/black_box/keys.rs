//! Roles, and tokens that end or change while their sockets are open, by this process and by another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use aside_protocol::{Role, Topic};
use aside_server::{Clock, Config, Issued, TokenId, TokenSpec};
use jiff::Timestamp;
use serde_json::json;

use crate::client::{Client, Got, http};
use crate::desk::{Desk, at_the_desk};
use crate::process::{Process, printed, token, token_as};
use crate::room::{Room, STREAM, TOPIC, spec};

/// Five seconds are promised.
const PROMISED: Duration = Duration::from_secs(5);

async fn moderator(room: &Room) -> Issued {
    let mo = TokenSpec { role: Role::Moderator, ..TokenSpec::audience(spec(), "mo", "Mo") };
    room.running.rooms().create_token(mo).await.unwrap()
}

#[tokio::test]
async fn a_moderator_works_at_the_desk_and_speaks_for_nobody() {
    let desk = Desk::open(Config::for_tests()).await;
    let mo = moderator(&desk.room).await;
    let who = desk.room.get(&mo, "/api/capabilities").await.json();
    assert_eq!(who["data"]["identity"]["role"], "moderator");
    let question = desk.ask("when?").await;
    let (mut at_desk, _) = at_the_desk(&desk.room, &mo).await;
    let pinned = desk.change_as(&mo, &question, json!({ "pinned": true, "rev": 0 })).await;
    assert_eq!(pinned.status, 200);
    assert_eq!(at_desk.object().await["item"]["pinned"], true);
    assert_eq!(desk.room.get(&mo, "/api/desk/snippets").await.status, 200);
    for state in [json!({ "state": "claimed" }), json!({ "state": "claimed", "takeOver": true })] {
        desk.change_as(&mo, &question, state).await.refused(403);
    }
    for visibility in ["public", "asker", "staff"] {
        let more = json!({ "visibility": visibility });
        desk.answer(&mo, &question, "8", more).await.refused(403);
    }
    let given = desk.answer(&desk.room.staff, &question, "8", json!({})).await.json();
    let answer = json!({ "answerId": given["data"]["id"], "streamId": STREAM, "content": "9" });
    desk.room.post(&mo, "/api/answer/edit", answer.clone()).await.refused(403);
    desk.room.post(&mo, "/api/answer/retract", answer).await.refused(403);
    assert_eq!(desk.room.log().await.len(), 2);
}

#[tokio::test]
async fn a_token_with_another_role_comes_back_with_it() {
    let desk = Desk::open(Config::for_tests()).await;
    let question = desk.ask("when?").await;
    let mut sue = desk.room.joined(&desk.room.staff).await;
    let mut bob = desk.room.joined(&desk.room.bob).await;
    desk.room.running.rooms().set_role(&desk.room.staff.id, Role::Audience).await.unwrap();
    let reason = "{\"retry_ms\":1000}".to_owned();
    assert_eq!(sue.next().await, Got::Closed { code: 1012, reason });
    desk.change(&question, json!({ "state": "claimed" })).await.refused(403);
    desk.room.running.rooms().set_role(&desk.room.staff.id, Role::Host).await.unwrap();
    assert_eq!(desk.change(&question, json!({ "state": "claimed" })).await.status, 200);
    bob.nothing_waits().await;
}

#[tokio::test]
async fn a_token_that_ends_closes_its_sockets_and_one_that_is_prolonged_does_not() {
    let now = Arc::new(AtomicI64::new(1_800_000_000));
    let told = now.clone();
    let clock =
        Clock::from_fn(move || Timestamp::from_second(told.load(Ordering::Relaxed)).unwrap());
    let room = Room::start(Config { clock, ..Config::for_tests() }).await;
    let at = |second| Some(Timestamp::from_second(second).unwrap());
    let rooms = room.running.rooms();
    rooms.set_expiry(&room.ann.id, at(1_800_000_100)).await.unwrap();
    rooms.set_expiry(&room.bob.id, at(1_800_000_100)).await.unwrap();
    let (mut ann, mut bob) = (room.joined(&room.ann).await, room.joined(&room.bob).await);
    rooms.set_expiry(&room.bob.id, at(1_800_000_200)).await.unwrap();
    now.store(1_800_000_100, Ordering::Relaxed);
    let began = Instant::now();
    assert_eq!(ann.closed().await.0, 4401);
    assert!(began.elapsed() < PROMISED);
    bob.nothing_waits().await;
    rooms.set_expiry(&room.bob.id, None).await.unwrap();
    now.store(1_900_000_000, Ordering::Relaxed);
    room.get(&room.ann, "/api/capabilities").await.refused(401);
    assert_eq!(room.get(&room.bob, "/api/capabilities").await.status, 200);
    bob.nothing_waits().await;
}

fn id_of(data: &std::path::Path, user: &str) -> String {
    let listed = printed(data, &["token", "list"]);
    let line = listed.lines().find(|line| line.contains(&format!("\t{user}\t"))).unwrap();
    line.split('\t').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_does_to_tokens_reaches_open_sockets_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let ann = token(dir.path(), "ann");
    let (bob, cyd) = (token(dir.path(), "bob"), token_as(dir.path(), "cyd", "staff"));
    let dan = token(dir.path(), "dan");
    let server = Process::start(dir.path(), &[]);
    let mut sockets = Vec::new();
    for secret in [&ann, &bob, &cyd, &dan] {
        let mut client = Client::open(server.addr, secret, "7").await;
        client.join().await;
        client.nothing_waits().await;
        sockets.push(client);
    }
    let [ann_id, bob_id, cyd_id] = ["ann", "bob", "cyd"].map(|user| id_of(dir.path(), user));
    printed(dir.path(), &["token", "revoke", &ann_id]);
    printed(dir.path(), &["token", "expire", &bob_id, "1s"]);
    printed(dir.path(), &["token", "role", &cyd_id, "audience"]);
    let began = Instant::now();
    let mut codes = Vec::new();
    for client in &mut sockets[..3] {
        codes.push(client.closed().await.0);
    }
    assert_eq!(codes, [4401, 4401, 1012]);
    assert!(began.elapsed() < PROMISED, "{:?}", began.elapsed());
    sockets[3].nothing_waits().await;
    let listed = printed(dir.path(), &["user", "list"]);
    assert_eq!(listed, "7\tcyd\tAnn\taudience\n7\tdan\tAnn\taudience");
    assert_eq!(printed(dir.path(), &["user", "revoke", "--room", "7", "dan"]), "1");
    assert_eq!(sockets[3].closed().await.0, 4401);
    let reply = http(server.addr, "GET /api/capabilities", &[("authorization", &dan)], b"").await;
    reply.refused(401);
}

#[tokio::test]
async fn a_token_that_is_not_there_is_an_error_of_its_own() {
    let room = Room::start(Config::for_tests()).await;
    let nobody = TokenId("nobody".to_owned());
    let rooms = room.running.rooms();
    for done in [
        rooms.set_role(&nobody, Role::Host).await,
        rooms.set_expiry(&nobody, None).await,
        rooms.revoke_token(&nobody).await,
    ] {
        assert!(matches!(done, Err(aside_server::RoomsError::NoToken)));
    }
    assert_eq!(rooms.revoke_user(&Topic::new(TOPIC), "nobody").await.unwrap(), 0);
}

#[tokio::test]
async fn a_name_is_listed_on_one_line_and_moves_no_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let of = ["--user", "eve\u{1b}[2J", "--name", "Eve\n7\tann\tAnn\thost\u{202e}"];
    let create = ["token", "create", "--room", "7", "--stream", "s7"];
    printed(dir.path(), &[&create[..], &of[..]].concat());
    for (list, cells) in [("token", 6), ("user", 4)] {
        let listed = printed(dir.path(), &[list, "list"]);
        assert!(listed.contains("Eve") && listed.lines().count() == 1, "{listed:?}");
        assert_eq!(listed.split('\t').count(), cells, "{listed:?}");
        assert!(!listed.contains(['\u{1b}', '\u{202e}']), "{listed:?}");
    }
}
