//! Core histories that are not what the contract promises: small pages, other orders, late, broken.

mod support;

use std::time::Duration;

use aside_history::Anchor;
use aside_protocol::{CreatedAt, Entry};
use aside_session::{Connection, Session};
use support::fake::{Peer, World, message};
use support::*;

const S: fn(u64) -> Duration = Duration::from_secs;

#[tokio::test(start_paused = true)]
async fn a_server_with_smaller_pages_than_the_contract_is_not_taken_for_a_short_history() {
    let world = World::new();
    world.cap_pages(100);
    for text in numbered(1, 600) {
        world.remember(message("ann", &text));
    }
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    let staying = tokio::spawn(async move { peer.live_for(S(600)).await });
    online(&session).await;
    let mut rows = rows(&session).await;
    assert!(rows.len() >= 100, "{}", rows.len());
    for _ in 0..20 {
        let page = session.page(Anchor::Before(rows[0].place), 100).await.unwrap();
        if page.rows.is_empty() {
            assert!(page.reached_start);
            break;
        }
        rows.splice(0..0, page.rows);
    }
    let found: Vec<_> = rows.iter().map(|row| entry_of(row).entry.content.clone()).collect();
    assert_eq!(found, numbered(1, 600));
    staying.abort();
}

#[tokio::test(start_paused = true)]
async fn a_history_that_does_not_come_leaves_a_gap_row_that_goes_when_it_does() {
    let world = World::new();
    let store = inline_store();
    for text in numbered(1, 100) {
        world.remember(message("ann", &text));
    }
    let session = world.join(&store).await;
    let mut peer = world.accept().await;
    peer.live_for(S(8)).await;
    reads(&session, &numbered(1, 100)).await;
    world.break_history(true);
    drop(peer);
    for text in numbered(101, 103) {
        world.remember(message("ann", &text));
    }
    let mut peer = world.accept().await;
    peer.live_for(S(1)).await;
    peer.say(&message("ann", "line 104")).await;
    world.remember(message("ann", "line 104"));
    peer.live_for(S(16)).await;
    assert_eq!(session.watch().borrow().connection, Connection::Online);
    let mut expected = numbered(1, 100);
    expected.extend(["<gap>".to_owned(), "line 104".to_owned()]);
    reads(&session, &expected).await;
    world.break_history(false);
    peer.live_for(S(40)).await;
    reads(&session, &numbered(1, 104)).await;
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_the_history_never_shows_stays_and_says_so() {
    let world = World::new();
    for text in numbered(1, 40) {
        world.remember(message("ann", &text));
    }
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(2)).await;
    peer.say(&message("ann", "moderated")).await;
    peer.say(&message("ann", "line 41")).await;
    world.remember(message("ann", "line 41"));
    peer.live_for(S(200)).await;
    let mut expected = numbered(1, 40);
    expected.extend(["moderated".to_owned(), "line 41".to_owned()]);
    reads(&session, &expected).await;
    let standing = |text: &'static str, wanted| {
        row_is(&session, text, "standing", move |row| row.standing == wanted)
    };
    standing("moderated", aside_history::Standing::NotInHistory).await;
    standing("line 41", aside_history::Standing::Confirmed).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_history_shows_before_it_is_heard_is_one_row() {
    let (minute, second, later) =
        ("2018-10-8 14:30", "2018-10-08T14:30:05Z", "2018-10-08T14:30:09Z");
    for (kept, heard, at_once) in
        [("", "", true), (second, minute, true), (minute, second, true), (second, later, false)]
    {
        let dated =
            |text: &str, at| Entry { created_at: CreatedAt::parse(at), ..message("ann", text) };
        let world = World::new();
        let session = world.join(&inline_store()).await;
        let mut peer = world.accept().await;
        for text in numbered(1, 40) {
            world.remember(dated(&text, kept));
        }
        peer.live_for(S(1)).await;
        // In the snapshot at five seconds, and on the wire only after it.
        world.remember(dated("early", kept));
        peer.live_for(Duration::from_millis(4_200)).await;
        peer.say(&dated("early", heard)).await;
        let mut expected = numbered(1, 40);
        expected.push("early".to_owned());
        for wait in [1, 100] {
            peer.live_for(S(wait)).await;
            if at_once || wait > 1 {
                assert_eq!(texts(&session).await, expected, "{kept} {heard}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_before_the_first_snapshot_leaves_no_silent_hole() {
    let world = World::new();
    let store = inline_store();
    for text in numbered(1, 100) {
        world.remember(message("ann", &text));
    }
    let session = world.join(&store).await;
    let mut peer = world.accept().await;
    peer.live_for(S(8)).await;
    world.break_history(true);
    drop(peer);
    // Missed, and never within reach of a snapshot again.
    for text in numbered(101, 105) {
        world.remember(message("ann", &text));
    }
    let mut peer = world.accept().await;
    peer.live_for(S(1)).await;
    for text in numbered(106, 3000) {
        let entry = message("ann", &text);
        world.remember(entry.clone());
        peer.say(&entry).await;
    }
    peer.live_for(S(1)).await;
    world.break_history(false);
    peer.live_for(S(30)).await;
    let mut expected = numbered(1, 100);
    expected.push("<gap>".to_owned());
    expected.extend(numbered(106, 3000));
    reads(&session, &expected).await;
    // Loading it is still possible.
    let gap = rows(&session).await[100].key;
    let staying = tokio::spawn(async move { peer.live_for(S(600)).await });
    session.fill_gap(gap).await.unwrap();
    reads(&session, &numbered(1, 3000)).await;
    staying.abort();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_says_what_it_can_do_is_a_core_server_soon() {
    let world = World::new();
    world.route(|_| Ok(aside_session::HttpReply { status: 500, ..Default::default() }));
    world.remember(message("ann", "hello"));
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(5)).await;
    assert_eq!(session.watch().borrow().connection, Connection::Online);
    reads(&session, &["hello".to_owned()]).await;
    let asked = || world.requests("capabilities").len();
    let before = asked();
    peer.live_for(S(300)).await;
    assert!(before <= 3 && asked() <= before + 5, "and then asked once a minute");
}

#[tokio::test(start_paused = true)]
async fn of_a_page_without_end_the_newest_entries_are_taken() {
    let world = World::new();
    world.cap_pages(20_000);
    for text in numbered(1, 12_000) {
        world.remember(message("ann", &text));
    }
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(8)).await;
    assert_eq!(texts(&session).await, numbered(7_001, 12_000));
    let page = session.page(Anchor::End, 5_000).await.unwrap();
    assert!(!page.has_older && !page.reached_start);
    let staying = tokio::spawn(async move { peer.live_for(S(60)).await });
    let _none = session.page(Anchor::Before(page.rows[0].place), 100).await.unwrap_err();
    assert!(!session.page(Anchor::End, 1).await.unwrap().reached_start, "there is more");
    staying.abort();
}

/// A room of which only the newest are here, among them this many lines that were heard from then on.
async fn followed(world: &World, older: usize, heard: usize) -> (Session, Peer) {
    for text in numbered(1, older) {
        world.remember(message("ann", &text));
    }
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(8)).await;
    assert_eq!(texts(&session).await, numbered(older - 249, older));
    for text in numbered(older + 1, older + heard) {
        let entry = message("ann", &text);
        world.remember(entry.clone());
        peer.say(&entry).await;
    }
    peer.live_for(S(70)).await;
    (session, peer)
}

#[tokio::test(start_paused = true)]
async fn a_history_that_has_forgotten_what_is_here_has_nothing_older() {
    for forgotten in [1, 10, 400, 500] {
        let world = World::new();
        let (session, mut peer) = followed(&world, 600, 300).await;
        let here = rows(&session).await;
        world.forget_all_but(here.len() - forgotten);
        let first = here[0].place;
        let staying = tokio::spawn(async move { peer.live_for(S(60)).await });
        let page = session.page(Anchor::Before(first), 100).await.unwrap();
        assert_eq!((page.rows.len(), page.reached_start), (0, true), "{forgotten}");
        assert!(rows(&session).await == here && here.len() < 600);
        staying.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn lines_that_the_history_never_shows_do_not_hide_its_beginning() {
    let world = World::new();
    let (session, mut peer) = followed(&world, 300, 0).await;
    for n in 0..100 {
        peer.say(&message("ann", &format!("moderated {n}"))).await;
    }
    peer.live_for(S(200)).await;
    row_is(&session, "moderated 99", "standing", |row| {
        row.standing == aside_history::Standing::NotInHistory
    })
    .await;
    let first = rows(&session).await[0].clone();
    assert_ne!(entry_of(&first).entry.content, "line 1");
    let staying = tokio::spawn(async move { peer.live_for(S(60)).await });
    assert!(session.page(Anchor::Before(first.place), 100).await.unwrap().reached_start);
    assert_eq!(texts(&session).await[..300], numbered(1, 300));
    staying.abort();
}

/// How the n-th thing that is said is dated in the history, and on the wire.
fn two_dates(way: &str, n: usize) -> [Option<CreatedAt>; 2] {
    let dated = |second: usize| {
        let (minute, second) = (second / 60, second % 60);
        CreatedAt::parse(&format!("2018-10-08T14:{minute:02}:{second:02}Z"))
    };
    let second = 2 * n + 1;
    match way {
        "alike" => [dated(second), dated(second)],
        "apart" => [dated(second), dated(second + 4)],
        "cut to the minute" => [dated(second - second % 60), dated(second)],
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_history_dates_otherwise_is_one_row_at_any_time_and_what_is_said_twice_is_two() {
    for way in ["alike", "apart", "cut to the minute"] {
        let world = World::new();
        let said = |n: usize| if n % 7 < 2 { "ha".to_owned() } else { format!("line {n}") };
        let dated = |n| {
            two_dates(way, n).map(|created_at| Entry { created_at, ..message("ann", &said(n)) })
        };
        let mut expected = Vec::new();
        for n in 0..40 {
            let [kept, _] = dated(n);
            world.remember(kept);
            expected.push(said(n));
        }
        let session = world.join(&inline_store()).await;
        let mut peer = world.accept().await;
        peer.live_for(S(8)).await;
        for n in 40..200 {
            let [kept, heard] = dated(n);
            world.remember(kept);
            // Of all, two get lost on the way, each beside the same words.
            let lost = [50, 120].contains(&n);
            if !lost {
                peer.say(&heard).await;
            }
            expected.push(said(n));
            peer.live_for(S(2)).await;
            let found = texts(&session).await;
            assert!(found.len() <= expected.len(), "{way}: one too many at {n}");
            assert!(found.len() >= expected.len() - 2, "{way}: too few at {n}");
        }
        peer.live_for(S(70)).await;
        assert_eq!(texts(&session).await, expected, "{way}");
        let asked = world.requests("chatmsg").len();
        assert!(asked < 30, "{way}: asked {asked} times");
    }
}
