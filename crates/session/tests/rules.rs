//! Rules that hold only by the order of two lines: each has a test here that fails when they are turned round.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests, helpers included, may panic")]

mod support;

use std::time::Duration;

use aside_history::{Anchor, Store};
use aside_protocol::Token;
use aside_session::Connection;
use support::fake::World;
use support::*;
use tokio::time::timeout;

const S: fn(u64) -> Duration = Duration::from_secs;

/// An old connection is refused in the very moment in which a new token begins a new one.
#[tokio::test(start_paused = true)]
async fn the_end_of_an_old_connection_says_nothing_about_the_new_one() {
    for yields in 0..40 {
        let world = World::new();
        let session = world.join(&inline_store()).await;
        let mut peer = world.accept().await;
        peer.live_for(S(3)).await;
        tokio::join!(peer.close(4401, ""), async {
            for _ in 0..yields {
                tokio::task::yield_now().await;
            }
            session.set_token(Token::new("another")).await;
        });
        let entered = async {
            let mut peer = world.accept().await;
            peer.live_for(S(3)).await;
        };
        timeout(S(30), entered).await.expect("a new connection");
        assert_eq!(session.watch().borrow().connection, Connection::Online, "{yields}");
    }
}

/// Whoever is told of a revision finds it on disk, at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_can_be_read() {
    let stage = Stage::start(Mode::Full).await;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap().store;
    let session = join_with(stage.addr(), stage.token.clone(), store).await;
    online(&session).await;
    let last = session.watch().borrow().revision.0 + 200;
    let watcher = tokio::spawn({
        let (session, mut view) = (session.clone(), session.watch());
        async move {
            loop {
                let told = view.borrow_and_update().revision;
                let read = session.page(Anchor::End, 1).await.unwrap().revision;
                assert!(read >= told, "told {told:?}, found {read:?}");
                if told.0 >= last {
                    return;
                }
                view.changed().await.unwrap();
            }
        }
    });
    for n in 0..200 {
        stage.publish(&format!("{n}")).await;
        // One commit each.
        reads_last(&session, &format!("{n}")).await;
    }
    timeout(S(20), watcher).await.expect("all revisions come").unwrap();
}

async fn reads_last(session: &aside_session::Session, text: &str) {
    let mut view = session.watch();
    loop {
        view.borrow_and_update();
        if texts(session).await.last().is_some_and(|last| last == text) {
            return;
        }
        timeout(S(20), view.changed()).await.expect("it comes").unwrap();
    }
}
