//! What a person writes: sent once, or said honestly that nobody knows; never twice, never lost, in order.

mod support;

use std::time::Duration;

use aside_history::Delivery;
use aside_server::NewEntry;
use aside_session::{Connection, HttpError, HttpReply, SendError, Session, Settled};
use support::fake::{Peer, World, message};
use support::*;
use tokio::time::{Instant, sleep};

const S: fn(u64) -> Duration = Duration::from_secs;

async fn core_room() -> (World, Session, Peer) {
    let world = World::new();
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.live_for(S(7)).await;
    assert_eq!(session.watch().borrow().connection, Connection::Online);
    (world, session, peer)
}

#[tokio::test(start_paused = true)]
async fn an_echo_lost_with_the_link_but_found_in_the_history_is_settled_and_never_sent_again() {
    let (world, session, mut peer) = core_room().await;
    let id = session.send("did it arrive?").await.unwrap();
    let key = rows(&session).await[0].key;
    peer.send_frame().await;
    world.remember(message("me", "did it arrive?"));
    drop(peer);
    row_is(&session, "did it arrive?", "unsure", |row| row.delivery == Delivery::Unsure).await;
    let mut second = world.accept().await;
    second.live_for(S(3)).await;
    assert_eq!(session.settled(id).await.unwrap(), Settled::Sent { id: None, seq: None });
    let row = row_is(&session, "did it arrive?", "sent", is_sent).await;
    assert_eq!(row.key, key);
    for text in second.frames_for(S(130)).await {
        assert!(!text.contains("\"type\":2"), "sent again: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_two_snapshots_do_not_show_is_sent_once_more_after_ten_seconds() {
    let (world, session, mut peer) = core_room().await;
    let id = session.send("first").await.unwrap();
    let later = session.send("second").await.unwrap();
    peer.send_frame().await;
    let written = Instant::now();
    drop(peer);
    let mut second = world.accept().await;
    let again = second.send_frame().await;
    assert!(again.contains("first"), "in order: {again}");
    assert!(written.elapsed() >= S(10) && written.elapsed() <= S(25), "{:?}", written.elapsed());
    second.say(&message("me", "first")).await;
    let next = second.send_frame().await;
    assert!(next.contains("second"));
    second.say(&message("me", "second")).await;
    second.live_for(S(1)).await;
    for id in [id, later] {
        assert!(matches!(session.settled(id).await.unwrap(), Settled::Sent { .. }));
    }
    assert_eq!(texts(&session).await, ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_twice_in_vain_is_left_to_the_person() {
    let (world, session, mut peer) = core_room().await;
    let id = session.send("nobody knows").await.unwrap();
    peer.send_frame().await;
    drop(peer);
    let mut second = world.accept().await;
    second.send_frame().await;
    drop(second);
    let mut third = world.accept().await;
    let frames = third.frames_for(S(200)).await;
    assert!(!frames.iter().any(|text| text.contains("\"type\":2")), "no third time");
    assert_eq!(session.settled(id).await.unwrap(), Settled::Unsure);
    let row =
        row_is(&session, "nobody knows", "unsure", |row| row.delivery == Delivery::Unsure).await;
    session.retry(row.key).await.unwrap();
    third.send_frame().await;
    third.say(&message("me", "nobody knows")).await;
    third.live_for(S(1)).await;
    row_is(&session, "nobody knows", "sent", is_sent).await;
}

#[tokio::test(start_paused = true)]
async fn the_same_words_twice_are_two_messages_each_settled_by_its_own_echo() {
    let (_world, session, mut peer) = core_room().await;
    for _ in 0..3 {
        session.send("ha").await.unwrap();
    }
    for _ in 0..3 {
        peer.send_frame().await;
        peer.say(&message("ann", "ha")).await;
        peer.say(&message("me", "ha")).await;
    }
    peer.live_for(S(1)).await;
    let rows = rows(&session).await;
    assert_eq!(rows.len(), 6);
    let sent = rows.iter().filter(|row| is_sent(entry_of(row))).count();
    assert_eq!(sent, 3);
    assert!(!entry_of(&rows[0]).mine && entry_of(&rows[1]).mine, "in the server's order");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_swallows_a_message_is_not_sent_it_again() {
    let (_world, session, mut peer) = core_room().await;
    let id = session.send("muted").await.unwrap();
    let frames = peer.frames_for(S(200)).await;
    assert_eq!(frames.iter().filter(|text| text.contains("\"type\":2")).count(), 1);
    assert_eq!(session.settled(id).await.unwrap(), Settled::Unsure);
    let key = rows(&session).await[0].key;
    session.discard(key).await.unwrap();
    assert!(rows(&session).await.is_empty());
}

/// What a session that is started now on this store sends within two minutes.
async fn sent_after_a_restart(world: &World, store: &aside_history::Store) -> Vec<String> {
    sleep(S(20)).await;
    let _session = world.join(store).await;
    let frames = world.accept().await.frames_for(S(120)).await;
    frames.into_iter().filter(|text| text.contains("\"type\":2")).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_left_to_the_person_is_so_after_a_restart_too() {
    for link_breaks in [false, true] {
        let (world, store) = (World::new(), inline_store());
        let session = world.join(&store).await;
        let mut peer = world.accept().await;
        peer.live_for(S(7)).await;
        let id = session.send("nobody knows").await.unwrap();
        peer.send_frame().await;
        if link_breaks {
            drop(peer);
            peer = world.accept().await;
            peer.send_frame().await;
            drop(peer);
        } else {
            peer.live_for(S(15)).await;
        }
        assert_eq!(session.settled(id).await.unwrap(), Settled::Unsure);
        drop(session);
        assert_eq!(sent_after_a_restart(&world, &store).await, [""; 0], "{link_breaks}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_neither_keeps_back_the_second_try_nor_allows_a_third() {
    for tries in [1, 2] {
        let (world, store) = (World::new(), inline_store());
        let session = world.join(&store).await;
        let mut peer = world.accept().await;
        peer.live_for(S(7)).await;
        session.send("nobody knows").await.unwrap();
        peer.send_frame().await;
        if tries == 2 {
            drop(peer);
            peer = world.accept().await;
            peer.send_frame().await;
        }
        drop(session);
        let again = sent_after_a_restart(&world, &store).await;
        assert_eq!(again.len(), 2 - tries, "{again:?}");
        drop(peer);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_is_settled_by_the_reply_and_its_broadcast_is_the_same_row() {
    for broadcast_first in [true, false] {
        let (world, session, mut peer) = core_room().await;
        world.route(|_| {
            Ok(HttpReply { status: 200, body: b"{\"code\":200}".to_vec(), ..HttpReply::default() })
        });
        let mut question = message("server-knows-me-as", "");
        question.kind = aside_protocol::EntryKind::Question;
        question.content = "{\"content\":\"why?\"}".to_owned();
        let id = session.ask("why?").await.unwrap();
        if !broadcast_first {
            assert!(matches!(session.settled(id).await.unwrap(), Settled::Sent { .. }));
        }
        peer.say(&question).await;
        peer.live_for(S(1)).await;
        assert!(matches!(session.settled(id).await.unwrap(), Settled::Sent { .. }));
        assert_eq!(texts(&session).await, ["why?"], "{broadcast_first}");
        row_is(&session, "why?", "sent", is_sent).await;
        assert_eq!(world.posted("question/add").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_staff_let_through_late_is_the_same_row() {
    for heard in [true, false] {
        let (world, session, mut peer) = core_room().await;
        world.route(|_| {
            Ok(HttpReply { status: 200, body: b"{\"code\":200}".to_vec(), ..HttpReply::default() })
        });
        session.ask("why?").await.unwrap();
        peer.live_for(S(15)).await;
        let shown = row_is(&session, "why?", "shown", is_sent).await;
        let question = aside_protocol::Entry {
            kind: aside_protocol::EntryKind::Question,
            content: "{\"content\":\"why?\"}".to_owned(),
            created_at: aside_protocol::CreatedAt::parse("2018-10-8 14:30"),
            ..message("server-knows-me-as", "")
        };
        for entry in [message("ann", "meanwhile"), question] {
            peer.live_for(S(15)).await;
            world.remember(entry.clone());
            if heard || entry.kind == aside_protocol::EntryKind::Message {
                peer.say(&entry).await;
            }
        }
        for wait in [1, 200] {
            peer.live_for(S(if heard { wait } else { 70 })).await;
            assert_eq!(texts(&session).await, ["meanwhile", "why?"], "{heard}");
        }
        let row = row_is(&session, "why?", "confirmed", |row| {
            is_sent(row) && row.standing == aside_history::Standing::Confirmed
        });
        assert_eq!(row.await.key, shown.key);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_whose_reply_is_lost_is_unsure_until_its_broadcast_comes() {
    let (world, session, mut peer) = core_room().await;
    world.route(|_| Err(HttpError::Lost));
    let id = session.ask("lost?").await.unwrap();
    peer.live_for(S(1)).await;
    assert_eq!(session.settled(id).await.unwrap(), Settled::Unsure);
    let mut question = message("me", "");
    question.kind = aside_protocol::EntryKind::Question;
    question.content = "{\"content\":\"lost?\"}".to_owned();
    peer.say(&question).await;
    peer.live_for(S(200)).await;
    row_is(&session, "lost?", "sent", is_sent).await;
    assert_eq!(world.posted("question/add").len(), 1, "never posted again");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_shown_with_its_reason_and_may_be_retried() {
    let (world, session, mut peer) = core_room().await;
    world.route(|_| {
        let body = b"{\"code\":403,\"msg\":\"questions are closed\"}".to_vec();
        Ok(HttpReply { status: 403, body, ..HttpReply::default() })
    });
    let id = session.ask("too late?").await.unwrap();
    let expected =
        Settled::Failed { code: "403".to_owned(), reason: "questions are closed".to_owned() };
    assert_eq!(session.settled(id).await.unwrap(), expected);
    let row = row_is(&session, "too late?", "failed", |row| {
        matches!(row.delivery, Delivery::Failed { .. })
    })
    .await;
    world.route(|_| Ok(HttpReply { status: 200, ..HttpReply::default() }));
    session.retry(row.key).await.unwrap();
    peer.live_for(S(30)).await;
    row_is(&session, "too late?", "sent", is_sent).await;
    assert_eq!(
        texts(&session).await,
        ["too late?"],
        "shown where it is when its entry never comes"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_that_could_never_be_sent() {
    let (_world, session, _peer) = core_room().await;
    assert!(matches!(session.send("  \n").await, Err(SendError::Empty)));
    assert!(matches!(
        session.send(&"x".repeat(9000)).await,
        Err(SendError::TooLong { bytes: 9000, .. })
    ));
    // Encoded three times, 8,192 quotes are more than a frame.
    assert!(matches!(session.send(&"\"".repeat(8192)).await, Err(SendError::TooLong { .. })));
    assert!(rows(&session).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_written_before_a_crash_is_shown_and_sent_after_it() {
    let store = inline_store();
    let world = World::new();
    let session = world.join(&store).await;
    // Nobody answers yet: it stays in the outbox.
    let _wire = world.wire().await;
    session.send("before the crash").await.unwrap();
    drop(session);
    sleep(S(1)).await;
    let session = world.join(&store).await;
    assert_eq!(texts(&session).await, ["before the crash"]);
    let mut peer = world.accept().await;
    peer.send_frame().await;
    peer.say(&message("me", "before the crash")).await;
    peer.live_for(S(8)).await;
    row_is(&session, "before the crash", "sent", is_sent).await;
    assert_eq!(texts(&session).await.len(), 1);
}

#[tokio::test]
async fn with_acks_every_message_arrives_exactly_once_however_often_the_link_breaks() {
    let stage = Stage::start(Mode::Full).await;
    let session = join(&stage).await;
    online(&session).await;
    let mut ids = Vec::new();
    for n in 0..60 {
        ids.push(session.send(&format!("mine {n}")).await.unwrap());
        if n % 12 == 5 {
            stage.running.cut_sockets();
        }
        let other = NewEntry::message("ann", "Ann", format!("other {n}"));
        stage.running.rooms().publish(&topic(), other).await.unwrap();
        sleep(Duration::from_millis(30)).await;
    }
    for id in ids {
        assert!(matches!(session.settled(id).await.unwrap(), Settled::Sent { .. }));
    }
    let on_server = stage.texts_on_server().await;
    let mine: Vec<_> = on_server.iter().filter(|text| text.starts_with("mine")).cloned().collect();
    assert_eq!(mine, (0..60).map(|n| format!("mine {n}")).collect::<Vec<_>>());
    reads(&session, &on_server).await;
}

#[tokio::test]
async fn without_acks_nothing_is_doubled_and_what_is_unsure_says_so() {
    let stage = Stage::start(Mode::Core).await;
    let session = join(&stage).await;
    online(&session).await;
    for n in 0..30 {
        session.send(&format!("mine {n}")).await.unwrap();
        if n % 10 == 5 {
            stage.running.cut_sockets();
        }
        sleep(Duration::from_millis(20)).await;
    }
    let deadline = Instant::now() + S(60);
    loop {
        let rows = rows(&session).await;
        if rows.iter().all(|row| is_sent(entry_of(row))) {
            break;
        }
        if Instant::now() > deadline {
            let states: Vec<_> = rows
                .iter()
                .map(|row| (entry_of(row).entry.content.clone(), entry_of(row).delivery.clone()))
                .collect();
            panic!("{states:?} {:?}", session.watch().borrow().clone());
        }
        sleep(Duration::from_millis(100)).await;
    }
    let on_server = stage.texts_on_server().await;
    assert_eq!(
        on_server,
        (0..30).map(|n| format!("mine {n}")).collect::<Vec<_>>(),
        "once each, in order"
    );
    reads(&session, &on_server).await;
}
