//! What is not sent by itself any more: too old for the room, too large for the server. Its text stays, and a person may try again.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use std::time::Duration;

use aside_history::Delivery;
use aside_protocol::Token;
use aside_session::{Connection, DialError, HttpReply, Session, Settled};
use support::fake::{Peer, World, message};
use support::*;

const S: fn(u64) -> Duration = Duration::from_secs;
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn room_of(world: World) -> (World, Session, Peer) {
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
        let (world, session, peer) = room_of(World::new()).await;
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

/// A server that says so, or not, when it has taken a message, and lets go of who sends a frame over 16 KiB.
fn narrow(acks: bool) -> World {
    let world = World::new();
    world.route(move |request| {
        let able = br#"{"code":200,"data":{"extensions":["ack"]}}"#;
        let known = acks && request.url.path().ends_with("capabilities");
        let (status, body) = if known { (200, able.to_vec()) } else { (404, Vec::new()) };
        Ok(HttpReply { status, body, ..HttpReply::default() })
    });
    world
}

/// Lets go of the link at the first frame that is too large; what came before it in vain is told.
async fn lets_go(mut peer: Peer) -> usize {
    for before in 0.. {
        if peer.send_frame().await.len() > 16 * 1024 {
            peer.close(1009, "").await;
            return before;
        }
    }
    unreachable!()
}

#[tokio::test(start_paused = true)]
async fn what_the_server_finds_too_large_is_parked_and_keeps_nobody_out_of_the_room() {
    for acks in [false, true] {
        let (world, session, mut peer) = room_of(narrow(acks)).await;
        // Encoded three times, quotes are what makes a frame large.
        let large = [1, 2, 3, 4].map(|n| format!("{n}{}", "\"".repeat(3000)));
        if acks {
            session.send("before").await.unwrap();
        }
        for text in &large {
            session.send(text).await.unwrap();
        }
        session.send("after").await.unwrap();
        for _ in &large {
            assert_eq!(lets_go(peer).await, usize::from(acks));
            peer = world.accept().await;
        }
        let said: &[&str] = if acks { &["before", "after"] } else { &["after"] };
        for text in said {
            assert!(peer.send_frame().await.contains(text));
            peer.say(&message("me", text)).await;
        }
        peer.live_for(S(200)).await;
        assert_eq!(session.watch().borrow().connection, Connection::Online);
        for text in said {
            row_is(&session, text, "sent", is_sent).await;
        }
        for text in &large {
            row_is(&session, text, "parked", |row| row.delivery == failed("413")).await;
        }
        let key = row_is(&session, &large[1], "parked", |_| true).await.key;
        session.retry(key).await.unwrap();
        lets_go(peer).await;
        world.accept().await.live_for(S(10)).await;
        row_is(&session, &large[1], "parked again", |row| row.delivery == failed("413")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_frame_holds_is_refused_or_failed_and_nothing_waits_behind_it() {
    for acks in [false, true] {
        let (world, session, mut peer) = room_of(narrow(acks)).await;
        let mut largest = String::new();
        for quotes in (7_000..9_000).rev() {
            largest = "\"".repeat(quotes);
            if session.send(&largest).await.is_ok() {
                break;
            }
        }
        let frame = peer.send_frame().await;
        assert!(frame.len() > 65_400, "nearly all of a frame: {}", frame.len());
        peer.say(&message("me", &largest)).await;
        peer.live_for(S(1)).await;

        world.refuse(Some(DialError::Unreachable));
        drop(peer);
        state(&session, "waiting").await;
        let grown = session.send(&largest).await.unwrap();
        session.send("after").await.unwrap();
        session.set_token(Token::new("a-longer-token-than-before-".repeat(20))).await;
        world.refuse(None);
        let mut peer = world.accept().await;
        assert!(peer.send_frame().await.contains("after"));
        let too_large = Settled::Failed { code: "413".to_owned(), reason: String::new() };
        assert_eq!(session.settled(grown).await.unwrap(), too_large);
    }
}
