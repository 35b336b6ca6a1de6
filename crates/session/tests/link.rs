//! The link against a peer of our own, with the clock paused: found dead in time, tried again in time, refused once.

mod support;

use std::time::Duration;

use aside_session::{Connection, DialError, HttpReply, Session, Why};
use support::fake::{World, message};
use support::{inline_store, online, reads, state, until};
use tokio::time::{Instant, sleep};

const S: fn(u64) -> Duration = Duration::from_secs;

async fn why(session: &Session) -> (String, Option<Why>) {
    let view = until(session, "an end", |v| {
        matches!(v.connection, Connection::Waiting { .. } | Connection::Refused { .. })
    })
    .await;
    (view.connection.word().to_owned(), view.connection.why())
}

/// The most dials in any minute.
fn busiest_minute(dials: &[Instant]) -> usize {
    let minute = |n: usize| dials[n..].iter().take_while(|at| **at < dials[n] + S(60)).count();
    (0..dials.len()).map(minute).max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_falls_silent_is_found_dead_within_twelve_seconds() {
    for seed in 0..20 {
        let world = World::new();
        let session = world.join_with_seed(&inline_store(), seed).await;
        let mut peer = world.accept().await;
        peer.live_for(Duration::from_millis(7_000 + seed * 431)).await;
        assert_eq!(session.watch().borrow().connection, Connection::Online);
        // From here on nothing is read and nothing said; the connection stays open.
        let silent = Instant::now();
        let (word, why) = why(&session).await;
        let took = silent.elapsed();
        assert!(took <= S(12), "seed {seed}: {took:?}");
        assert_eq!((word.as_str(), why), ("waiting", Some(Why::Timeout)));
        // What only this client noticed is tried again at once.
        let _second = world.accept().await;
        assert!(silent.elapsed() <= took + S(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_a_beat_is_alive_by_its_pongs() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    let beats = peer.live_for(S(300)).await;
    assert_eq!(session.watch().borrow().connection, Connection::Online);
    assert_eq!(world.dials().len(), 1);
    assert!(beats.len() >= 59, "{}", beats.len());
    for pair in beats.windows(2) {
        let apart = pair[1] - pair[0];
        assert!(
            apart >= Duration::from_millis(4_990) && apart <= Duration::from_millis(5_010),
            "{apart:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_that_answers_and_says_nothing_is_no_server() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let opened = Instant::now();
    let mut wires = Vec::new();
    let (word, reason) = {
        let silent = async {
            loop {
                wires.push(world.wire().await);
            }
        };
        tokio::select! { () = silent => unreachable!(), end = why(&session) => end }
    };
    assert_eq!((word.as_str(), reason), ("waiting", Some(Why::Timeout)));
    assert!(opened.elapsed() <= S(13), "{:?}", opened.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_opens_and_never_speaks_counts_as_a_failure() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peers = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < S(300) {
        // Upgraded, and not even read from: no pong either.
        peers.push(tokio_tungstenite::accept_async(world.wire().await).await.unwrap());
    }
    assert!(busiest_minute(&world.dials()) <= 9);
    assert_ne!(session.watch().borrow().connection, Connection::Online);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_tried_at_most_nine_times_a_minute() {
    for seed in 0..10 {
        let world = World::new();
        world.refuse(Some(DialError::Unreachable));
        let session = world.join_with_seed(&inline_store(), seed).await;
        sleep(S(900)).await;
        let dials = world.dials();
        assert!(busiest_minute(&dials) <= 9, "seed {seed}");
        assert!(dials.len() >= 900 / 31, "and never given up: {}", dials.len());
        world.refuse(None);
        let begun = Instant::now();
        let mut peer = world.accept().await;
        peer.live_for(S(2)).await;
        assert!(begun.elapsed() <= S(33));
        assert_eq!(session.watch().borrow().connection, Connection::Online);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_again_and_again_is_no_reason_to_hurry() {
    let world = World::new();
    let _session = world.join(&inline_store()).await;
    let begun = Instant::now();
    while begun.elapsed() < S(600) {
        let mut peer = world.accept().await;
        peer.live_for(S(1)).await;
    }
    assert!(
        busiest_minute(&world.dials()) <= 9,
        "the wait starts small again only after 30 s online"
    );
}

#[tokio::test(start_paused = true)]
async fn codes_that_refuse_end_the_tries() {
    for (code, expected) in [
        (4401, Why::Token),
        (4403, Why::NotAllowed),
        (4409, Why::Elsewhere),
        (4426, Why::UpdateNeeded),
    ] {
        let world = World::new();
        let session = world.join(&inline_store()).await;
        world.accept().await.close(code, "").await;
        assert_eq!(why(&session).await, ("refused".to_owned(), Some(expected)));
        sleep(S(1200)).await;
        assert_eq!(world.dials().len(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_refused_is_not_shown_again() {
    let world = World::new();
    world.route(|_| Ok(HttpReply { status: 401, ..HttpReply::default() }));
    let session = world.join(&inline_store()).await;
    // The socket's refusal comes a little later than that of the question what the server can do.
    sleep(Duration::from_millis(300)).await;
    world.answer_upgrade("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(why(&session).await, ("refused".to_owned(), Some(Why::Token)));
    sleep(S(60)).await;
    assert_eq!(world.requests("").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_comes_back_before_the_server_said() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    world.accept().await.close(1012, "{\"retry_ms\":20000}").await;
    assert_eq!(why(&session).await.1, Some(Why::ServerRestart));
    let lost = Instant::now();
    for _ in 0..10 {
        session.reconnect();
        session.network_changed();
        sleep(S(1)).await;
    }
    world.accept().await;
    let back = lost.elapsed();
    assert!(back >= S(20) && back <= S(26), "{back:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_to_the_upgrade_mean_what_the_table_says() {
    let json = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let html = "Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>";
    let cases = [
        (format!("HTTP/1.1 401 Unauthorized\r\n{json}"), "refused", Why::Token),
        (format!("HTTP/1.1 403 Forbidden\r\n{json}"), "refused", Why::NotAllowed),
        (format!("HTTP/1.1 403 Forbidden\r\n{html}"), "waiting", Why::NotOurServer),
        (format!("HTTP/1.1 200 OK\r\n{html}"), "waiting", Why::NotOurServer),
        (
            format!("HTTP/1.1 302 Found\r\nLocation: https://other.example/\r\n{html}"),
            "waiting",
            Why::NotOurServer,
        ),
        (format!("HTTP/1.1 404 Not Found\r\n{json}"), "waiting", Why::NotFound),
        (
            format!("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 40\r\n{json}"),
            "waiting",
            Why::ServerBusy,
        ),
        (format!("HTTP/1.1 500 Oops\r\n{json}"), "waiting", Why::ServerError),
        ("SSH-2.0-OpenSSH_9.2\r\n".to_owned(), "waiting", Why::NotOurServer),
    ];
    for (reply, word, expected) in cases {
        let world = World::new();
        let session = world.join(&inline_store()).await;
        world.answer_upgrade(&reply).await;
        assert_eq!(why(&session).await, (word.to_owned(), Some(expected)), "{reply}");
        if reply.contains("Retry-After") {
            let lost = Instant::now();
            world.wire().await;
            assert!(lost.elapsed() >= S(40) && lost.elapsed() <= S(51), "{:?}", lost.elapsed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_may_try_at_once_but_not_twice_a_second() {
    let world = World::new();
    world.refuse(Some(DialError::Dns));
    let session = world.join(&inline_store()).await;
    sleep(S(120)).await;
    let dials = world.dials().len();
    for _ in 0..5 {
        session.reconnect();
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(world.dials().len(), dials + 1);
    assert_eq!(session.watch().borrow().connection.why(), Some(Why::Dns));
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_replaces_the_socket_whatever_it_says() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(10)).await;
    world.clock.sleep(S(3600));
    let woke = Instant::now();
    let mut second = world.accept().await;
    assert!(woke.elapsed() <= S(6), "{:?}", woke.elapsed());
    second.live_for(S(60)).await;
    assert_eq!(world.dials().len(), 2);
    assert_eq!(session.watch().borrow().connection, Connection::Online);
}

#[tokio::test(start_paused = true)]
async fn garbage_breaks_nothing_and_is_counted() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(1)).await;
    online(&session).await;
    let garbage = [
        "",
        "nonsense",
        "null",
        "[]",
        "{}",
        "{\"code\":200}",
        "{\"code\":200,\"data\":null}",
        "{\"code\":200,\"data\":\"pong\"}",
        "{\"code\":200,\"data\":\"{\\\"type\\\":\\\"dance\\\"}\"}",
        "{\"code\":500,\"data\":\"oops\"}",
        "{\"code\":\"x\",\"data\":7}",
        "{\"code\":200,\"data\":\"{\\\"type\\\":\\\"joined\\\",\\\"epoch\\\":\\\"e\\\",\\\"seq\\\":18446744073709551615}\"}",
        "{\"code\":200,\"data\":\"{\\\"type\\\":\\\"ack\\\",\\\"nonce\\\":\\\"no uuid\\\"}\"}",
        "\u{0}",
        "{\"code\":200,\"data\":{\"type\":[]}}",
        "{\"code\":1e999,\"data\":\"\"}",
    ];
    for text in garbage {
        peer.raw(text).await;
    }
    // Of no use, but of a size that a client takes, in one frame.
    peer.raw(&format!("{{\"code\":200,\"data\":\"{}\"}}", "x".repeat(200_000))).await;
    peer.socket_binary().await;
    peer.raw(&format!("{{\"code\":200,\"data\":{}}}", "[".repeat(20_000))).await;
    peer.say(&message("ann", "still here")).await;
    peer.live_for(S(1)).await;
    reads(&session, &["still here".to_owned()]).await;
    let counters = session.watch().borrow().counters;
    assert!(counters.malformed >= 6 && counters.skipped >= 5, "{counters:?}");
    assert_eq!(
        (session.watch().borrow().connection.clone(), world.dials().len()),
        (Connection::Online, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_larger_than_a_client_takes_ends_the_link_and_not_the_room() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(1)).await;
    let _cut = tokio::time::timeout(S(1), peer.try_raw(&"x".repeat(300 * 1024))).await;
    let mut second = world.accept().await;
    second.live_for(S(2)).await;
    state(&session, "online").await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_committed_in_batches_and_complete() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(1)).await;
    let before = session.watch().borrow().revision;
    let expected: Vec<_> = (0..4000).map(|n| format!("flood {n}")).collect();
    for text in &expected {
        peer.say(&message("ann", text)).await;
    }
    reads(&session, &expected).await;
    let commits = session.watch().borrow().revision.0 - before.0;
    assert!(commits < 400, "{commits} commits for 4000 entries");
}

#[tokio::test(start_paused = true)]
async fn leaving_says_goodbye_within_half_a_second() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(1)).await;
    let begun = Instant::now();
    let (code, ()) = tokio::join!(peer.close_code(), session.close());
    assert_eq!(code, Some(1000));
    assert!(begun.elapsed() <= S(1));
    assert_eq!(session.watch().borrow().connection, Connection::Closed);
}

#[tokio::test(start_paused = true)]
async fn who_was_let_go_for_being_slow_is_back_at_once_and_slower_only_if_it_happens_again() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut waits = Vec::new();
    for online in [60, 0, 0, 0, 60] {
        let mut peer = world.accept().await;
        peer.live_for(S(3 + online)).await;
        assert_eq!(session.watch().borrow().connection, Connection::Online);
        peer.close(1013, r#"{"retry_ms":250}"#).await;
        let let_go = Instant::now();
        let before = world.dials().len();
        while world.dials().len() == before {
            sleep(Duration::from_millis(5)).await;
        }
        waits.push(let_go.elapsed());
    }
    let ms = Duration::from_millis;
    assert!(waits.iter().all(|wait| *wait >= ms(250)), "{waits:?}");
    assert!(waits[0] <= ms(330) && waits[3] >= waits[0] * 2, "{waits:?}");
    assert!(waits[4] <= ms(330), "it kept up for a minute: {waits:?}");
}
