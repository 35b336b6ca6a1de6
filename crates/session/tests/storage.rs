//! A cache that takes nothing for a while, as on a full disk: what could not be written then is written afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a story may panic")]

mod support;

use std::time::Duration;

use aside_protocol::triage::{AnswerEdit, Changes, Item, Person};
use aside_protocol::{Control, Entry, EntryId, Epoch, Seq, ServerFrame};
use aside_session::{Connection, HttpReply, Session, Why};
use futures_util::StreamExt;
use support::disk::Disk;
use support::fake::{Peer, World, message};
use support::*;
use tokio::time::{Instant, timeout, timeout_at};

const S: fn(u64) -> Duration = Duration::from_secs;
const A_WHILE: Duration = Duration::from_secs(5);

fn removed() -> String {
    r#"{"code":200,"data":{"removals":[{"id":"e2","seq":2,"number":1}]}}"#.to_owned()
}

/// "e2" reads otherwise than when it was published.
fn changed() -> Item {
    let id = EntryId::new("q");
    let edit = AnswerEdit { answer_id: EntryId::new("e2"), content: "corrected".to_owned() };
    Item { change: 1, edits: vec![edit], ..Item::new(id, 1, "?".to_owned(), Person::default(), 0) }
}

fn placed(seq: u64) -> Entry {
    let id = Some(EntryId::new(format!("e{seq}")));
    Entry { id, seq: Some(Seq(seq)), ..message("bob", &format!("said {seq}")) }
}

/// A room with places, a desk, and three entries.
fn staffed() -> World {
    let world = World::new();
    world.route(|request| {
        let reply = |body: String| HttpReply { status: 200, body: body.into(), ..HttpReply::default() };
        let able = r#"{"code":200,"data":{"extensions":["seq","resume","moderation","triage"],"identity":{"user":"me","role":"staff"}}}"#;
        let changes = Changes { items: vec![changed()], change: 1, more: false };
        match request.url.path() {
            path if path.ends_with("capabilities") => Ok(reply(able.to_owned())),
            path if path.ends_with("removals") => Ok(reply(removed())),
            path if path.ends_with("changes") => Ok(reply(changes.to_json())),
            _ => Ok(HttpReply { status: 404, ..HttpReply::default() }),
        }
    });
    for seq in 1..=3 {
        world.remember(placed(seq));
    }
    world
}

/// The next connection, which is told how many removals and how many changes there are.
async fn joins(world: &World, removals: u64, change: u64) -> Peer {
    let mut peer = world.accept().await;
    let (topic, epoch) = ("t".to_owned(), Epoch::new("life"));
    let joined = Control::Joined { topic, epoch, seq: Seq(3), resumed: true, removals };
    for control in [joined, Control::Desk { change }] {
        peer.raw(&ServerFrame::control_text(&control)).await;
    }
    peer
}

async fn reads_second(session: &Session, text: &str) {
    let read = texts(session).await;
    assert_eq!(read, ["said 1", text, "said 3"]);
}

fn why(session: &Session) -> Option<Why> {
    session.watch().borrow().connection.why()
}

/// Answers pings until the other end goes.
async fn stays(peer: &mut Peer) {
    while let Some(Ok(_)) = peer.socket.next().await {}
}

async fn is_let_go(mut peer: Peer, session: &Session) {
    timeout(S(60), stays(&mut peer)).await.expect("nothing can be written");
    assert_eq!(why(session), Some(Why::Storage));
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_could_not_be_written_is_written_when_there_is_room() {
    let (world, disk) = (staffed(), Disk::new());
    let session = world.join(&disk.store()).await;
    let mut peer = joins(&world, 0, 0).await;
    peer.live_for(A_WHILE).await;
    reads_second(&session, "said 2").await;

    // Told while the disk is full, then read from the list while it is.
    disk.fill();
    let removed = Control::Removed { id: EntryId::new("e2"), seq: Seq(2), number: 1 };
    peer.raw(&ServerFrame::control_text(&removed)).await;
    is_let_go(peer, &session).await;
    is_let_go(joins(&world, 1, 0).await, &session).await;
    reads_second(&session, "said 2").await;

    disk.free();
    joins(&world, 1, 0).await.live_for(A_WHILE).await;
    assert_eq!(session.watch().borrow().connection, Connection::Online);
    reads_second(&session, "").await;
    assert_eq!(world.requests("removals").len(), 2, "read while it was full, and once more");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_changed_while_nothing_could_be_written_is_changed_when_there_is_room() {
    let (world, disk) = (staffed(), Disk::new());
    let session = world.join(&disk.store()).await;
    let mut peer = joins(&world, 0, 0).await;
    peer.live_for(A_WHILE).await;
    disk.fill();
    peer.raw(&ServerFrame::triage_text(&changed())).await;
    is_let_go(peer, &session).await;
    reads_second(&session, "said 2").await;
    disk.free();
    joins(&world, 0, 1).await.live_for(A_WHILE).await;
    reads_second(&session, "corrected").await;
    assert!(world.requests("changes").is_empty(), "it was known");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_changed_while_nothing_could_be_written_is_changed_after_a_restart() {
    let (world, disk) = (staffed(), Disk::new());
    let session = world.join(&disk.store()).await;
    let mut peer = joins(&world, 0, 0).await;
    peer.live_for(A_WHILE).await;
    disk.fill();
    peer.raw(&ServerFrame::triage_text(&changed())).await;
    is_let_go(peer, &session).await;
    session.close().await;
    drop(session);
    disk.free();
    let session = world.join(&disk.store()).await;
    joins(&world, 0, 1).await.live_for(A_WHILE).await;
    reads_second(&session, "corrected").await;
}

#[tokio::test(start_paused = true)]
async fn a_server_is_asked_less_and_less_often_for_what_cannot_be_stored() {
    let (world, disk) = (World::new(), Disk::new());
    let session = world.join(&disk.store()).await;
    let mut peer = world.accept().await;
    peer.live_for(A_WHILE).await;
    assert_eq!(session.watch().borrow().connection, Connection::Online);
    disk.fill();
    world.remember(message("bob", "hi"));
    peer.say(&message("bob", "hi")).await;
    let (full, minutes) = (Instant::now(), S(180));
    is_let_go(peer, &session).await;
    while let Ok(mut peer) = timeout_at(full + minutes, world.accept()).await {
        let _over = timeout_at(full + minutes, stays(&mut peer)).await;
    }
    let dials = |from: u64, to: u64| {
        let within = |at: &&Instant| (full + S(from)..full + S(to)).contains(*at);
        world.dials().iter().filter(within).count()
    };
    assert!((3..=9).contains(&dials(0, 60)), "{}", dials(0, 60));
    assert!((1..=8).contains(&dials(60, 180)), "{}", dials(60, 180));
    disk.free();
    world.accept().await.live_for(A_WHILE).await;
    assert_eq!(session.watch().borrow().connection, Connection::Online);
    assert_eq!(texts(&session).await, ["hi"]);
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_is_found_damaged_while_the_room_is_open_is_filled_again() {
    let (world, disk) = (staffed(), Disk::new());
    let session = world.join(&disk.store()).await;
    let mut peer = joins(&world, 0, 1).await;
    peer.live_for(A_WHILE).await;
    assert_eq!(session.questions(0).await.unwrap().items.len(), 1);
    disk.sql("cache.db", "UPDATE rows SET content = CAST(x'ff' AS TEXT)");
    session.page(aside_history::Anchor::End, 10).await.unwrap_err();
    // What is said next must not make a new cache of this one entry.
    world.remember(placed(4));
    peer.try_raw(&ServerFrame::entry_text(&placed(4))).await;
    timeout(S(60), stays(&mut peer)).await.expect("it begins anew");
    let mut peer = world.accept().await;
    let (topic, epoch) = ("t".to_owned(), Epoch::new("life"));
    let joined = Control::Joined { topic, epoch, seq: Seq(4), resumed: false, removals: 0 };
    for control in [joined, Control::Desk { change: 1 }] {
        peer.raw(&ServerFrame::control_text(&control)).await;
    }
    peer.live_for(A_WHILE).await;
    let whole = ["said 1", "said 2", "said 3", "said 4"];
    assert_eq!(texts(&session).await, whole);
    session.close().await;
    drop(session);
    let session = world.join(&disk.store()).await;
    assert_eq!(session.questions(0).await.unwrap().items.len(), 1, "before it is connected");
    assert_eq!(texts(&session).await, whole);
}

#[tokio::test(start_paused = true)]
async fn in_a_quiet_room_a_rebuilt_cache_is_filled_again_too() {
    let (world, disk) = (staffed(), Disk::new());
    let session = world.join(&disk.store()).await;
    let mut peer = joins(&world, 0, 0).await;
    peer.live_for(A_WHILE).await;
    disk.sql("cache.db", "UPDATE rows SET content = CAST(x'ff' AS TEXT)");
    session.page(aside_history::Anchor::End, 10).await.unwrap_err();
    timeout(S(12), stays(&mut peer)).await.expect("it begins anew");
    joins(&world, 0, 0).await.live_for(A_WHILE).await;
    reads_second(&session, "said 2").await;
}
