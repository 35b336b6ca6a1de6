//! What is not sent by itself any more: too old for the room, too large for the server. Its text stays, and a person may try again.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use std::time::Duration;

use aside_history::Delivery;
use aside_session::{Connection, DialError, Session, Settled};
use support::fake::{Peer, World, message};
use support::*;

const S: fn(u64) -> Duration = Duration::from_secs;
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn core_room() -> (World, Session, Peer) {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(7)).await;
    assert_eq!(session.watch().borrow().connection, Connection::Online);
    (world, session, peer)
}

fn failed(code: &str) -> Delivery {
    Delivery::Failed { code: code.to_owned(), reason: String::new() }
}

async fn sent(peer: &mut Peer, time: Duration) -> Vec<String> {
    let frames = peer.frames_for(time).await;
    frames.into_iter().filter(|text| text.contains("\"type\":2")).collect()
}

#[tokio::test(start_paused = true)]
async fn what_waited_longer_than_a_week_is_not_sent_to_a_room_that_has_moved_on() {
    for retried_while_away in [false, true] {
        let (world, session, peer) = core_room().await;
        world.refuse(Some(DialError::Unreachable));
        drop(peer);
        state(&session, "waiting").await;
        let old = session.send("see you at 3").await.unwrap();
        world.clock.sleep(3 * DAY);
        session.send("anybody there?").await.unwrap();
        world.clock.sleep(5 * DAY);
        world.refuse(None);
        let mut peer = world.accept().await;
        let [younger] = &sent(&mut peer, S(5)).await[..] else { panic!("one") };
        assert!(younger.contains("anybody there?"), "{younger}");
        peer.say(&message("me", "anybody there?")).await;
        peer.live_for(S(1)).await;
        let expired = Settled::Failed { code: "expired".to_owned(), reason: String::new() };
        assert_eq!(session.settled(old).await.unwrap(), expired);
        let is_failed = |row: &aside_history::EntryRow| row.delivery == failed("expired");
        let row = row_is(&session, "see you at 3", "failed", is_failed).await;
        if retried_while_away {
            world.refuse(Some(DialError::Unreachable));
            drop(peer);
            state(&session, "waiting").await;
            session.retry(row.key).await.unwrap();
            world.refuse(None);
            peer = world.accept().await;
        } else {
            session.retry(row.key).await.unwrap();
        }
        assert!(peer.send_frame().await.contains("see you at 3"), "a person wants it after all");
        peer.say(&message("me", "see you at 3")).await;
        peer.live_for(S(1)).await;
        row_is(&session, "see you at 3", "sent", is_sent).await;
    }
}
