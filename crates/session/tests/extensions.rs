//! Each extension is usable alone: a room on servers that offer some and not others.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use aside_protocol::Extension::{self, Ack, Answer, Heartbeat, Resume, Seq};
use aside_server::Config;
use aside_session::Settled;
use support::*;

/// How often the link breaks. Without acks each break costs the ten seconds before anything is sent again.
const ROUNDS: u64 = 1;

async fn room_with(extensions: &[Extension]) {
    let config = Config {
        extensions: BTreeSet::from_iter(extensions.iter().copied()),
        ..config(Mode::Full)
    };
    let stage = Stage::with(config).await;
    stage.seed(numbered(1, 300)).await;
    let session = join(&stage).await;
    online(&session).await;
    let mut expected = numbered(51, 300);
    reads(&session, &expected).await;
    for round in 0..ROUNDS {
        let id = session.send(&format!("mine {round}")).await.unwrap();
        let settled = session.settled(id).await.unwrap();
        assert!(matches!(settled, Settled::Sent { .. }), "{extensions:?} {settled:?}");
        row_is(&session, &format!("mine {round}"), "sent", is_sent).await;
        // Cut in the middle of a send: it may have arrived or not, but never twice.
        let cut = session.send(&format!("cut {round}")).await.unwrap();
        stage.running.cut_sockets();
        stage.seed((0..40).map(|n| format!("missed {round} {}", n % 9))).await;
        until(&session, "lost", |view| view.counters.losses > round).await;
        online(&session).await;
        assert!(
            matches!(session.settled(cut).await.unwrap(), Settled::Sent { .. }),
            "{extensions:?}"
        );
    }
    let on_server = stage.texts_on_server().await;
    let mine = |word: &str| on_server.iter().filter(|text| text.starts_with(word)).count();
    assert_eq!(
        (mine("mine"), mine("cut"), mine("missed")),
        (ROUNDS as usize, ROUNDS as usize, 40 * ROUNDS as usize),
        "{extensions:?}"
    );
    expected = on_server[50..].to_vec();
    reads(&session, &expected).await;
    // Audits, late acks and second looks change nothing.
    tokio::time::sleep(Duration::from_secs(7)).await;
    reads(&session, &expected).await;
}

#[tokio::test]
async fn places_alone() {
    tokio::join!(room_with(&[Seq]), room_with(&[Seq, Ack]));
}

#[tokio::test]
async fn acks_alone() {
    tokio::join!(room_with(&[Ack]), room_with(&[Heartbeat, Answer]));
}

#[tokio::test]
async fn places_with_resuming() {
    tokio::join!(room_with(&[Seq, Resume]), room_with(&[Seq, Resume, Ack, Heartbeat]));
}
