//! Of the two files one went on without the other: what was written here is neither sent unasked nor lost.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use std::time::Duration;

use aside_history::Delivery;
use aside_protocol::{Control, Entry, EntryId, Epoch, Nonce, Seq, ServerFrame};
use aside_session::{DialError, HttpReply, Session, SessionError, Settled};
use support::disk::Disk;
use support::fake::{Peer, World, message};
use support::*;

const S: fn(u64) -> Duration = Duration::from_secs;

/// A server that takes everything once, and can't be reached yet.
fn away() -> World {
    let world = World::new();
    world.route(|request| {
        let able = r#"{"code":200,"data":{"extensions":["seq","ack","resume"]}}"#;
        let known = request.url.path().ends_with("capabilities");
        let (status, body) = if known { (200, able) } else { (404, "") };
        Ok(HttpReply { status, body: body.into(), ..HttpReply::default() })
    });
    world.refuse(Some(DialError::Unreachable));
    world
}

/// It can be reached, and says how far the room is.
async fn back(world: &World, session: &Session, seq: u64) -> Peer {
    world.refuse(None);
    session.reconnect();
    let mut peer = world.accept().await;
    let (topic, epoch) = ("t".to_owned(), Epoch::new("life"));
    let joined = Control::Joined { topic, epoch, seq: Seq(seq), resumed: true, removals: 0 };
    peer.raw(&ServerFrame::control_text(&joined)).await;
    peer
}

async fn sends_nothing(peer: &mut Peer) {
    let frames = peer.frames_for(S(40)).await;
    assert!(!frames.iter().any(|frame| frame.contains("mine")), "{frames:?}");
}

fn is_unsure(row: &aside_history::EntryRow) -> bool {
    row.delivery == Delivery::Unsure
}

async fn left(session: Session) {
    session.close().await;
    drop(session);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_thrown_away_stays_and_what_was_is_never_sent() {
    let (world, disk) = (away(), Disk::new());
    let session = world.join(&disk.store()).await;
    session.send("mine").await.unwrap();
    let row = row_is(&session, "mine", "waits", |_| true).await;
    disk.sql(
        "outbox.db",
        "CREATE TRIGGER full BEFORE DELETE ON outgoing BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    let refused = session.discard(row.key).await;
    assert!(matches!(refused, Err(SessionError::Store(_))), "{refused:?}");
    row_is(&session, "mine", "is there to be thrown away", |_| true).await;
    disk.sql("outbox.db", "DROP TRIGGER full");
    session.discard(row.key).await.unwrap();
    assert!(texts(&session).await.is_empty());
    left(session).await;
    let session = world.join(&disk.store()).await;
    sends_nothing(&mut back(&world, &session, 0).await).await;
    assert!(texts(&session).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_row_whose_line_is_lost_is_left_to_the_person() {
    for retries in [true, false] {
        let (world, disk) = (away(), Disk::new());
        let session = world.join(&disk.store()).await;
        session.send("mine").await.unwrap();
        left(session).await;
        disk.sql("outbox.db", "DELETE FROM outgoing");
        let session = world.join(&disk.store()).await;
        let row = row_is(&session, "mine", "is in doubt", is_unsure).await;
        let mut peer = back(&world, &session, 0).await;
        sends_nothing(&mut peer).await;
        left(session).await;
        let session = world.join(&disk.store()).await;
        let mut peer = back(&world, &session, 0).await;
        sends_nothing(&mut peer).await;
        if retries {
            session.retry(row.key).await.unwrap();
            assert!(peer.send_frame().await.contains("mine"));
        } else {
            session.discard(row.key).await.unwrap();
            assert!(texts(&session).await.is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_goes_back_to_being_sent_is_found_in_the_history() {
    let (world, disk) = (away(), Disk::new());
    let session = world.join(&disk.store()).await;
    let id = session.send("mine").await.unwrap();
    left(session).await;
    // What a power failure brings back: the cache need not be on disk at once.
    let (cache, earlier) = (disk.file("cache.db"), disk.file("earlier.db"));
    std::fs::copy(&cache, &earlier).unwrap();
    let session = world.join(&disk.store()).await;
    let mut peer = back(&world, &session, 0).await;
    peer.send_frame().await;
    let (name, nonce) = (Some(EntryId::new("e1")), Some(Nonce::new(id.to_string())));
    let entry = Entry { id: name, seq: Some(Seq(1)), nonce, ..message("me", "mine") };
    world.remember(entry.clone());
    peer.say(&entry).await;
    let settled = session.settled(id).await.unwrap();
    assert!(matches!(settled, Settled::Sent { .. }), "{settled:?}");
    left(session).await;
    std::fs::copy(&earlier, &cache).unwrap();
    let session = world.join(&disk.store()).await;
    row_is(&session, "mine", "is in doubt", is_unsure).await;
    let mut peer = back(&world, &session, 1).await;
    peer.say(&entry).await;
    sends_nothing(&mut peer).await;
    row_is(&session, "mine", "was sent", is_sent).await;
    assert_eq!(texts(&session).await, ["mine"]);
}
