//! Real sessions, the real server, real sockets, and a network between them that fails at every byte.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

#[path = "support/faults.rs"]
mod faulty;
mod support;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use aside_protocol::{Seq, StreamId, Token, Topic};
use aside_server::{RoomSpec, TokenSpec};
use aside_session::{Connection, Env, RoomConfig, Session, Settled, Why};
use faulty::{Fault, Faults};
use futures_util::StreamExt;
use futures_util::stream::iter;
use support::*;

/// A stage, and a room of its own for each case.
struct Theatre {
    stage: Stage,
    env: Env,
}

struct Case {
    session: Session,
    faults: Faults,
    topic: Topic,
}

impl Theatre {
    async fn open(mode: Mode) -> Self {
        Self { stage: Stage::start(mode).await, env: Env::real().unwrap() }
    }

    async fn token(&self, room: &str) -> Token {
        let spec = TokenSpec::audience(RoomSpec::new(room).stream(room), "me", "Me");
        self.stage.running.rooms().create_token(spec).await.unwrap().token
    }

    /// The socket goes through the faults; requests go straight to the server.
    async fn case(&self, number: usize, faults: Vec<Fault>) -> Case {
        let room = format!("case-{number}");
        let faults = Faults::before(self.stage.addr(), faults).await;
        let config = RoomConfig {
            socket: format!("ws://{}/ws", faults.addr).parse().unwrap(),
            topic: Topic::new(&room),
            stream: StreamId::new(&room),
            ..room_config(self.stage.addr())
        };
        let env = Env { seed: number as u64, ..self.env.clone() };
        let token = self.token(&room).await;
        let session = Session::start(config, token, inline_store(), env).await.unwrap();
        Case { session, faults, topic: Topic::new(&room) }
    }

    async fn on_server(&self, topic: &Topic) -> Vec<String> {
        let entries = self.stage.running.rooms().entries(topic, Seq(0), 100).await.unwrap();
        entries.iter().map(|entry| entry.body().text().to_owned()).collect()
    }

    /// Something said in spite of the faults is there once, in the room and in the timeline.
    async fn says(&self, case: &Case, text: &str) {
        let id = case.session.send(text).await.unwrap();
        let settled = tokio::time::timeout(PATIENCE, case.session.settled(id)).await;
        assert!(matches!(settled, Ok(Ok(Settled::Sent { .. }))), "{text}: {settled:?}");
        assert_eq!(self.on_server(&case.topic).await, [text]);
        assert_eq!(texts(&case.session).await, [text]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_at_any_byte_of_the_handshake_and_the_first_frames_loses_and_doubles_nothing() {
    let theatre = Theatre::open(Mode::Full).await;
    let down = (0..400).map(Fault::ResetDown);
    let up = (0..700).map(Fault::ResetUp);
    let theatre = &theatre;
    let hit = iter(down.chain(up).enumerate())
        .map(|(number, fault)| async move {
            let case = theatre.case(number, vec![fault]).await;
            theatre.says(&case, &format!("{fault:?}")).await;
            let hit = case.faults.connections.load(Ordering::Relaxed) > 1;
            case.session.close().await;
            usize::from(hit)
        })
        .buffer_unordered(100)
        .fold(0, async |sum, hit| sum + hit)
        .await;
    // Where nothing more was said than the limit, there was no reset.
    assert!(hit >= 700, "{hit} of 1100 were hit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_ids_gets_nothing_twice_after_a_reset_at_any_byte() {
    let theatre = Theatre::open(Mode::Core).await;
    let theatre = &theatre;
    let up = (0..700).step_by(7).map(Fault::ResetUp);
    iter(up.enumerate())
        .for_each_concurrent(100, |(number, fault)| async move {
            let case = theatre.case(number, vec![fault]).await;
            case.session.send("once").await.unwrap();
            until(&case.session, "back", |view| view.connection == Connection::Online).await;
            tokio::time::sleep(Duration::from_secs(4)).await;
            let said = theatre.on_server(&case.topic).await;
            assert!(said.len() <= 1, "{fault:?}: {said:?}");
            assert_eq!(texts(&case.session).await, ["once"], "{fault:?}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_refused_and_swallowed() {
    let theatre = Theatre::open(Mode::Full).await;
    let cases = [
        vec![Fault::Bytes],
        vec![Fault::Late(Duration::from_millis(300))],
        vec![Fault::Refused; 3],
        vec![Fault::BlackHole],
        vec![Fault::HalfOpen(100), Fault::Bytes],
    ];
    let theatre = &theatre;
    iter(cases.into_iter().enumerate())
        .for_each_concurrent(None, |(number, faults)| async move {
            let text = format!("{faults:?}");
            let count = faults.len();
            let case = theatre.case(number, faults).await;
            theatre.says(&case, &text).await;
            let tries = case.faults.connections.load(Ordering::Relaxed);
            let unharmed = text.contains("Bytes]") && count == 1 || text.contains("Late");
            assert_eq!(tries == 1, unharmed, "{text}: {tries}");
        })
        .await;
}

/// By the real clock: a server that freezes in the middle, and a port where nobody speaks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_and_a_silent_port_are_found_within_twelve_seconds() {
    let theatre = Theatre::open(Mode::Full).await;
    let frozen = async {
        // Enough to be online with.
        let case = theatre.case(1, vec![Fault::HalfOpen(600)]).await;
        online(&case.session).await;
        for n in 0..20 {
            theatre.stage.running.rooms().publish(&case.topic, said(n)).await.unwrap();
        }
        let begun = Instant::now();
        let lost = |view: &aside_session::RoomView| view.connection.why() == Some(Why::Timeout);
        until(&case.session, "found dead", lost).await;
        begun.elapsed()
    };
    let silent = async {
        let case = theatre.case(2, vec![Fault::BlackHole]).await;
        let begun = Instant::now();
        until(&case.session, "given up", |view| view.connection.why().is_some()).await;
        begun.elapsed()
    };
    let (frozen, silent) = tokio::join!(frozen, silent);
    let limit = Duration::from_millis(12_500);
    assert!(frozen <= limit && silent <= limit, "{frozen:?} {silent:?}");
}

fn said(n: usize) -> aside_server::NewEntry {
    aside_server::NewEntry::message("ann", "Ann", format!("line {n}"))
}
