//! A server whose word on what it can do comes late: whoever joined without it joins again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a story may panic")]

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aside_protocol::{Control, Epoch, Seq, ServerFrame};
use aside_session::{Connection, DeskState, HttpReply, Session};
use support::fake::{Peer, World, message};
use support::*;
use tokio::time::timeout;

const S: fn(u64) -> Duration = Duration::from_secs;

/// A server with a desk that is too busy to say so for the first few times.
fn busy_for(times: u32) -> World {
    let (world, asked) = (World::new(), AtomicU32::new(0));
    world.route(move |request| {
        if !request.url.path().ends_with("capabilities") {
            return Ok(HttpReply { status: 404, ..HttpReply::default() });
        }
        if asked.fetch_add(1, Ordering::Relaxed) < times {
            return Ok(HttpReply { status: 503, ..HttpReply::default() });
        }
        let able = r#"{"code":200,"data":{"extensions":["seq","ack","resume","triage"],"identity":{"user":"me","role":"staff"}}}"#;
        Ok(HttpReply { status: 200, body: able.into(), ..HttpReply::default() })
    });
    world
}

/// The next connection, and its join.
async fn next(world: &World) -> (Peer, String) {
    let socket = tokio_tungstenite::accept_async(world.wire().await).await.unwrap();
    let mut peer = Peer { socket };
    let join = peer.text().await;
    (peer, join)
}

/// Answers pings until the other end goes.
async fn is_left(mut peer: Peer) {
    use futures_util::StreamExt;
    let gone = async { while let Some(Ok(_)) = peer.socket.next().await {} };
    timeout(S(100), gone).await.expect("the server has more to offer");
}

async fn desk_opens(session: &Session, world: &World) {
    let (mut peer, join) = next(world).await;
    assert!(join.contains(r#"\"after\":0,\"triage\":true"#), "{join}");
    let (topic, epoch) = ("t".to_owned(), Epoch::new("life"));
    let joined = Control::Joined { topic, epoch, seq: Seq(0), resumed: true, removals: 0 };
    for control in [joined, Control::Desk { change: 0 }] {
        peer.raw(&ServerFrame::control_text(&control)).await;
    }
    peer.live_for(S(100)).await;
    let view = session.watch().borrow().clone();
    assert_eq!((view.connection, view.desk.state), (Connection::Online, DeskState::Fresh));
    assert_eq!(world.dials().len(), 2, "joined again once");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_late_what_it_can_do_is_joined_with_all_of_it() {
    let world = busy_for(2);
    let session = world.join(&inline_store()).await;
    let (peer, join) = next(&world).await;
    assert!(!join.contains("triage"), "nothing that a core server does not know: {join}");
    is_left(peer).await;
    desk_opens(&session, &world).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_taken_for_a_core_server_may_say_otherwise() {
    let world = busy_for(3);
    world.remember(message("ann", "hello"));
    let session = world.join(&inline_store()).await;
    let (mut peer, _join) = next(&world).await;
    peer.live_for(S(10)).await;
    reads(&session, &["hello".to_owned()]).await;
    let view = session.watch().borrow().clone();
    assert_eq!((view.connection, view.desk.state), (Connection::Online, DeskState::Local));
    is_left(peer).await;
    desk_opens(&session, &world).await;
}
