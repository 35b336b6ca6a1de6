//! What is heard is committed together where nobody waits for each entry, with the clock paused.

mod support;

use std::time::Duration;

use aside_history::Anchor;
use support::fake::{World, message};
use support::{inline_store, reads, state};
use tokio::time::{Instant, sleep};

const S: fn(u64) -> Duration = Duration::from_secs;

/// Two seconds of fifty entries each, at this pace: how often the room had something new to show, and when it first had.
async fn shows(pace: Duration) -> (u64, Duration) {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(7)).await;
    session.set_pace(pace);
    let (before, began) = (session.watch().borrow().revision.0, Instant::now());
    let watch = tokio::spawn({
        let mut view = session.watch();
        async move {
            let _first = view.wait_for(|view| view.revision.0 > before).await;
            began.elapsed()
        }
    });
    for n in 0..100 {
        let entry = message("bo", &format!("line {n}"));
        world.remember(entry.clone());
        peer.say(&entry).await;
        sleep(Duration::from_millis(20)).await;
    }
    // Back at once when somebody looks, whatever was still to wait.
    session.set_pace(Duration::ZERO);
    let looked = Instant::now();
    reads(&session, &world.truth()).await;
    assert!(looked.elapsed() <= Duration::from_millis(50), "{:?}", looked.elapsed());
    let shown = session.watch().borrow().revision.0 - before;
    (shown, watch.await.unwrap_or(Duration::MAX))
}

#[tokio::test(start_paused = true)]
async fn what_is_heard_is_shown_so_far_apart_and_the_first_of_it_at_once() {
    let (at_once, first) = shows(Duration::ZERO).await;
    assert!(at_once >= 100 && first <= Duration::from_millis(5), "{at_once}, {first:?}");
    let (paced, first) = shows(S(1)).await;
    assert!(paced <= 8 && first <= Duration::from_millis(5), "{paced}, {first:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_link_does_not_wait_for_the_pace_and_what_came_before_it_is_kept() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(7)).await;
    session.set_pace(S(10));
    for n in 0..20 {
        let entry = message("bo", &format!("line {n}"));
        world.remember(entry.clone());
        peer.say(&entry).await;
    }
    let closed = Instant::now();
    peer.close(1011, "").await;
    state(&session, "waiting").await;
    assert!(closed.elapsed() < S(1), "{:?}", closed.elapsed());
    reads(&session, &world.truth()).await;
    assert!(closed.elapsed() < S(1), "{:?}", closed.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_flood_ends_the_rest_before_the_queue_is_full() {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(7)).await;
    session.set_pace(S(10));
    let began = Instant::now();
    for n in 0..4_500 {
        let entry = message("bo", &format!("line {n}"));
        world.remember(entry.clone());
        peer.say(&entry).await;
    }
    sleep(Duration::from_millis(10)).await;
    assert!(began.elapsed() < S(2), "nobody stopped reading: {:?}", began.elapsed());
    let taken = session.page(Anchor::End, 5_000).await.unwrap().rows.len();
    assert!(taken > 1_000, "{taken} were taken in long before the pace allows the second");
    session.set_pace(Duration::ZERO);
    reads(&session, &world.truth()).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_heard_is_kept_when_the_room_is_left() {
    let (world, store) = (World::new(), inline_store());
    let session = world.join(&store).await;
    let mut peer = world.accept().await;
    peer.live_for(S(7)).await;
    session.set_pace(S(10));
    for n in 0..20 {
        peer.say(&message("bo", &format!("line {n}"))).await;
        sleep(Duration::from_millis(5)).await;
    }
    assert!(store.page(session.room(), Anchor::End, 50).await.unwrap().rows.len() < 20);
    session.close().await;
    assert_eq!(store.page(session.room(), Anchor::End, 50).await.unwrap().rows.len(), 20);
}
