//! The machine and the network around a session, with the clock paused: sign-in pages, no way out, another way out, sleep.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use std::time::Duration;

use aside_session::{Connection, DialError, HttpError, Peeked, Session, Why};
use jiff::Timestamp;
use support::fake::{Peer, World};
use support::{inline_store, state};
use tokio::time::{Instant, advance, sleep};
use url::Url;

type Answer = fn(&Url) -> Result<Peeked, HttpError>;

const S: fn(u64) -> Duration = Duration::from_secs;
const HTML: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>";

fn why(session: &Session) -> Option<Why> {
    session.watch().borrow().connection.why()
}

fn number(url: &Url) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == "n").map(|(_, number)| number.into_owned())
}

fn page(status: u16, body: &str) -> Result<Peeked, HttpError> {
    Ok(Peeked { status, location: None, body: body.as_bytes().to_vec() })
}

fn hotel(url: &Url) -> Result<Peeked, HttpError> {
    match url.scheme() {
        "https" => Err(DialError::Certificate.into()),
        _ => page(200, "<html>Your room number, please"),
    }
}

/// Answers, and says something of no use every second, as a room that is not asleep does.
async fn chat_for(peer: &mut Peer, seconds: u64) {
    for _ in 0..seconds {
        peer.live_for(S(1)).await;
        peer.raw("{}").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_networks_sign_in_page_is_waited_out_without_the_token() {
    let world = World::new();
    world.peek(hotel);
    world.refuse(Some(DialError::Certificate));
    let session = world.join(&inline_store()).await;
    sleep(S(1)).await;
    let (dials, asked) = (world.dials().len(), world.requests("").len());
    let begun = Instant::now();
    sleep(S(300)).await;
    assert_eq!(why(&session), Some(Why::SignIn), "a wrong certificate is explained by it");
    assert_eq!((world.dials().len(), world.requests("").len()), (dials, asked));
    let plain = |(_, url): &(Instant, Url)| url.scheme() == "http";
    let looks: Vec<_> = world.peeks().into_iter().filter(plain).collect();
    assert!(looks.len() >= 300 / 13 && looks.len() <= 300 / 10 + 2, "{}", looks.len());
    for (_, url) in world.peeks() {
        assert!(!url.as_str().contains("secret"), "{url}");
        assert!(["/health", "/.well-known/aside-204"].contains(&url.path()), "{url}");
    }
    // Nor does a person who wants it now send the token there.
    session.reconnect();
    sleep(S(2)).await;
    assert_eq!(world.dials().len(), dials);
    assert_eq!(world.peeks().into_iter().filter(plain).count(), looks.len() + 1);
    // Signed in.
    world.refuse(None);
    world.peek(|url| page(200, &format!("{{\"code\":200,\"n\":\"{}\"}}", number(url).unwrap())));
    let signed_in = Instant::now();
    let mut peer = world.accept().await;
    assert!(signed_in.elapsed() <= S(13), "{:?}", signed_in.elapsed());
    peer.live_for(S(2)).await;
    assert_eq!(session.watch().borrow().connection, Connection::Online);
    // The wait did not grow meanwhile.
    let lost = Instant::now();
    drop(peer);
    world.accept().await;
    assert!(lost.elapsed() <= S(3), "{:?} of {:?}", lost.elapsed(), begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_knows_no_such_question_is_no_sign_in_page() {
    let answers: [Answer; 4] = [
        |_| page(404, "{\"code\":404}"),
        |_| page(200, "<html>a page of our own, behind our own certificate"),
        // Unreachable by its certificate, and a web server with a redirect to itself beside it.
        |url| match url.scheme() {
            "https" => Err(DialError::Certificate.into()),
            _ => Ok(Peeked {
                status: 301,
                location: Some(format!("https://room.example{}", url.path())),
                body: Vec::new(),
            }),
        },
        |_| Err(DialError::Unreachable.into()),
    ];
    for answer in answers {
        let world = World::new();
        world.peek(answer);
        let session = world.join(&inline_store()).await;
        world.answer_upgrade(HTML).await;
        let lost = Instant::now();
        state(&session, "waiting").await;
        assert_eq!(why(&session), Some(Why::NotOurServer));
        world.accept().await;
        assert!(lost.elapsed() >= S(10) && lost.elapsed() <= S(13), "{:?}", lost.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn another_way_out_asks_the_link_and_replaces_a_dead_one() {
    let world = World::new();
    world.reach_from(Some("10.0.0.2"));
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(20)).await;
    world.reach_from(Some("192.168.1.7"));
    chat_for(&mut peer, 20).await;
    assert_eq!(world.dials().len(), 1, "it answered");
    world.reach_from(Some("10.0.0.2"));
    let changed = Instant::now();
    // Nothing is read from the old connection any more.
    let mut second = world.accept().await;
    assert!(changed.elapsed() <= S(6), "{:?}", changed.elapsed());
    second.live_for(S(5)).await;
    assert_eq!(session.watch().borrow().connection, Connection::Online);
}

#[tokio::test(start_paused = true)]
async fn without_any_way_out_nearly_nothing_is_tried_until_there_is_one() {
    let world = World::new();
    world.reach_from(Some("10.0.0.2"));
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(40)).await;
    world.reach_from(None);
    world.refuse(Some(DialError::Unreachable));
    drop(peer);
    sleep(S(5)).await;
    let dials = world.dials().len();
    sleep(S(600)).await;
    assert!(world.dials().len() <= dials + 10, "{}", world.dials().len() - dials);
    assert!(world.dials().len() >= dials + 8, "but never given up");
    assert_eq!(why(&session), Some(Why::Network));
    world.refuse(None);
    world.reach_from(Some("10.0.0.9"));
    let up = Instant::now();
    world.accept().await;
    assert!(up.elapsed() <= S(3), "{:?}", up.elapsed());
}

/// In every combination, an hour passes on some of the three clocks and not on the others. Only an hour that the clock with
/// sleep saw and tokio's did not is a sleep.
#[tokio::test(start_paused = true)]
async fn an_hour_on_any_of_three_clocks() {
    const HOUR: i64 = 3_600_000;
    for clocks in 0..8 {
        let [awake, with_sleep, wall] = [1, 2, 4].map(|bit| clocks & bit != 0);
        let world = World::new();
        let session = world.join(&inline_store()).await;
        let mut peer = world.accept().await;
        peer.live_for(S(10)).await;
        if awake {
            world.clock.step(-HOUR, -HOUR);
            advance(S(3600)).await;
        }
        world.clock.step(if with_sleep { HOUR } else { 0 }, if wall { HOUR } else { 0 });
        let case = format!("awake {awake}, with sleep {with_sleep}, wall {wall}");
        if with_sleep && !awake {
            let woke = Instant::now();
            let mut second = world.accept().await;
            assert!(woke.elapsed() <= S(3), "{case}: {:?}", woke.elapsed());
            second.live_for(S(60)).await;
            assert_eq!(world.dials().len(), 2, "{case}");
        } else {
            peer.live_for(S(60)).await;
            assert_eq!(world.dials().len(), 1, "{case}");
        }
        assert_eq!(session.watch().borrow().connection, Connection::Online, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_and_a_short_sleep_keep_a_link_that_answers() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    for (slept, wall) in [(0, 3_600_000), (0, -3_600_000), (0, -86_400_000), (8_000, 8_000)] {
        chat_for(&mut peer, 10).await;
        world.clock.step(slept, wall);
    }
    chat_for(&mut peer, 30).await;
    assert_eq!(world.dials().len(), 1);
    assert_eq!(session.watch().borrow().connection, Connection::Online);
    // The same sleep, and nobody answers: three seconds.
    world.clock.step(8_000, 8_000);
    let woke = Instant::now();
    world.accept().await;
    assert!(woke.elapsed() <= S(6), "{:?}", woke.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_the_system_says_is_looked_at_once_and_nothing_wakes_for_looking() {
    let world = World::new();
    world.says();
    world.reach_from(Some("10.0.0.2"));
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(20)).await;
    let looks = world.looks();
    peer.live_for(S(60)).await;
    let beats = 12 + 1;
    assert!(world.looks() - looks <= beats, "{}", world.looks() - looks);

    // One change is many words, and two looks or three.
    let looks = world.looks();
    world.reach_from(Some("192.168.1.7"));
    for _ in 0..40 {
        world.says();
        sleep(Duration::from_millis(10)).await;
    }
    let seen = world.looks() - looks;
    assert!((2..=3).contains(&seen), "{seen}");
    sleep(S(1)).await;
    assert_eq!(world.looks() - looks, 3, "the last word, too, was followed by a look");
    // The doubt was answered by nobody: three seconds.
    let begun = Instant::now();
    let mut second = world.accept().await;
    assert!(begun.elapsed() <= S(3), "{:?}", begun.elapsed());
    second.live_for(S(20)).await;

    // Woken, and told so.
    world.clock.sleep(S(3600));
    world.says();
    let woke = Instant::now();
    let mut third = world.accept().await;
    assert!(woke.elapsed() <= S(1), "{:?}", woke.elapsed());
    third.live_for(S(20)).await;

    // Woken, and the word is lost: the next beat sees it.
    world.clock.sleep(S(3600));
    let woke = Instant::now();
    world.accept().await.live_for(S(20)).await;
    assert!(woke.elapsed() <= S(26), "{:?}", woke.elapsed());
    assert_eq!(session.watch().borrow().connection, Connection::Online);
}

#[tokio::test(start_paused = true)]
async fn a_way_out_that_the_system_tells_of_is_taken_at_once() {
    let world = World::new();
    world.says();
    world.reach_from(None);
    world.refuse(Some(DialError::Unreachable));
    let session = world.join(&inline_store()).await;
    sleep(S(30)).await;
    assert_eq!(why(&session), Some(Why::Network));
    world.refuse(None);
    world.reach_from(Some("10.0.0.9"));
    world.says();
    let up = Instant::now();
    world.accept().await;
    assert!(up.elapsed() <= S(1), "{:?}", up.elapsed());
}

fn busy(page: &str) -> String {
    let length = page.len();
    format!("HTTP/1.1 503 Busy\r\nRetry-After: 900\r\nContent-Length: {length}\r\n\r\n{page}")
}

/// When the next try starts, and whether nothing may come before.
fn waits(session: &Session) -> (Timestamp, bool) {
    match session.watch().borrow().connection {
        Connection::Waiting { until, asked, .. } => (until, asked),
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_that_the_server_named_holds_for_everybody_and_passes_in_a_sleep_too() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    world.answer_upgrade(&busy("{}")).await;
    sleep(S(60)).await;
    session.reconnect();
    session.network_changed();
    sleep(S(5)).await;
    let (until, asked) = waits(&session);
    assert!(asked);
    world.clock.sleep(S(600));
    sleep(S(5)).await;
    assert_eq!(waits(&session), (until, true), "it is as near as it was said to be");
    assert_eq!(world.dials().len(), 1);
    world.clock.sleep(S(3600));
    let woke = Instant::now();
    world.accept().await;
    assert!(woke.elapsed() <= S(3), "{:?}", woke.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_time_that_a_page_named_keeps_nobody_from_another_network() {
    let world = World::new();
    world.reach_from(Some("10.0.0.2"));
    let session = world.join(&inline_store()).await;
    world.answer_upgrade(&busy("<html>No more guests")).await;
    sleep(S(60)).await;
    assert_eq!((world.dials().len(), waits(&session).1), (1, false));
    world.reach_from(Some("192.168.1.7"));
    let up = Instant::now();
    world.answer_upgrade(&busy("<html>No more guests")).await;
    assert!(up.elapsed() <= S(3), "{:?}", up.elapsed());
    sleep(S(60)).await;
    session.reconnect();
    let wished = Instant::now();
    world.accept().await;
    assert!(wished.elapsed() <= S(1), "{:?}", wished.elapsed());
}
