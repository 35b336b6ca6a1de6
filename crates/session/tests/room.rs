//! A room with a real server: entering it, hearing it, saying something, in both modes.

#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use std::time::Duration;

use aside_history::Standing;
use aside_protocol::{Body, EntryKind};
use aside_server::{Answering, NewEntry};
use aside_session::{SendError, Settled};
use support::*;

#[tokio::test]
async fn a_room_is_entered_with_its_newest_entries_in_order() {
    for mode in [Mode::Full, Mode::Core] {
        let stage = Stage::start(mode).await;
        stage.seed(numbered(1, 400)).await;
        let session = join(&stage).await;
        let view = online(&session).await;
        assert_eq!(view.facts.core_only, mode == Mode::Core);
        let found = texts(&session).await;
        assert_eq!(found, numbered(151, 400), "{mode:?}");
        let confirmed =
            rows(&session).await.iter().all(|row| entry_of(row).standing == Standing::Confirmed);
        assert!(confirmed);
        session.close().await;
    }
}

#[tokio::test]
async fn the_three_kinds_arrive_live() {
    for mode in [Mode::Full, Mode::Core] {
        let stage = Stage::start(mode).await;
        let session = join(&stage).await;
        online(&session).await;
        stage.publish("hello").await;
        let question = NewEntry::question("ann", "Ann", "why?");
        let placed = stage.running.rooms().publish(&topic(), question).await.unwrap();
        let answering = Answering {
            question: placed.id,
            user: "desk".to_owned(),
            org_name: "Acme".to_owned(),
            org_logo: String::new(),
            text: "because".to_owned(),
        };
        stage.running.rooms().answer_as(&topic(), answering).await.unwrap();
        reads(&session, &["hello".to_owned(), "why?".to_owned(), "because".to_owned()]).await;
        let kinds: Vec<_> = rows(&session).await.iter().map(body_kind).collect();
        assert_eq!(kinds, [EntryKind::Message, EntryKind::Question, EntryKind::Answer]);
        let answer = entry_of(&rows(&session).await[2]).entry.body();
        let Body::Answer { org_name, question, .. } = answer else { panic!("{answer:?}") };
        assert_eq!((org_name.as_str(), question.as_str()), ("Acme", "why?"));
    }
}

#[tokio::test]
async fn what_is_said_is_settled_and_stands_there_once() {
    for mode in [Mode::Full, Mode::Core] {
        let stage = Stage::start(mode).await;
        let session = join(&stage).await;
        online(&session).await;
        let sent = session.send("hi \"there\" 你好").await.unwrap();
        let echo = rows(&session).await.pop().unwrap();
        let asked = session.ask("what is it?").await.unwrap();
        for id in [sent, asked] {
            let settled = session.settled(id).await.unwrap();
            assert!(matches!(settled, Settled::Sent { .. }), "{mode:?} {settled:?}");
        }
        let row = row_is(&session, "hi \"there\" 你好", "sent", is_sent).await;
        assert_eq!(row.key, echo.key, "the row keeps its key");
        row_is(&session, "what is it?", "sent", is_sent).await;
        reads(&session, &["hi \"there\" 你好".to_owned(), "what is it?".to_owned()]).await;
        assert_eq!(stage.texts_on_server().await.len(), 2);
        // The audit (or a replay) changes nothing.
        stage.publish("after").await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(texts(&session).await.len(), 3, "{mode:?}");
    }
}

#[tokio::test]
async fn a_core_server_sees_nothing_that_part_one_does_not_have() {
    let stage = Stage::start(Mode::Core).await;
    let session = join(&stage).await;
    online(&session).await;
    let id = session.send("plain").await.unwrap();
    session.settled(id).await.unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let known = [
        "token",
        "type",
        "payLoad",
        "topic",
        "chatInfo",
        "user",
        "displayName",
        "avatarurl",
        "stream",
        "content",
        "createdat",
    ];
    let trace = stage.running.probe().last().unwrap();
    assert!(trace.frames.len() >= 3, "join, send and a beat: {:?}", trace.frames);
    assert!(trace.frames[0].contains("\"type\":3"), "the join comes first");
    for frame in &trace.frames {
        for key in keys_of(frame) {
            assert!(known.contains(&key.as_str()), "{key} in {frame}");
        }
    }
    for request in stage.running.probe().requests() {
        assert!(
            !request.target.contains("before=") && !request.target.contains("after="),
            "{request:?}"
        );
    }
    assert_eq!(stage.running.probe().accepted(), 1);
}

#[tokio::test]
async fn staff_answer_and_the_audience_may_not() {
    let stage = Stage::start(Mode::Full).await;
    let audience = join(&stage).await;
    online(&audience).await;
    let id = audience.ask("how?").await.unwrap();
    let Settled::Sent { id: Some(question), .. } = audience.settled(id).await.unwrap() else {
        panic!()
    };
    let refused = audience.answer(question.clone(), "so").await;
    assert!(matches!(refused, Err(SendError::NotOffered)));

    let desk = join_as(stage.addr(), stage.staff().await).await;
    let view = online(&desk).await;
    assert!(view.facts.can_answer && view.facts.org_name == "Acme");
    let id = desk.answer(question, "like this").await.unwrap();
    assert!(matches!(desk.settled(id).await.unwrap(), Settled::Sent { .. }));
    row_is(&audience, "like this", "the answer arrives", |_| true).await;
    reads(&desk, &["how?".to_owned(), "like this".to_owned()]).await;
}

#[tokio::test]
async fn older_pages_come_from_the_server_until_the_room_begins() {
    for mode in [Mode::Full, Mode::Core] {
        let stage = Stage::start(mode).await;
        stage.seed(numbered(1, 900)).await;
        let session = join(&stage).await;
        online(&session).await;
        let mut rows = rows(&session).await;
        assert_eq!(rows.len(), 250);
        for _ in 0..20 {
            let before = aside_history::Anchor::Before(rows[0].place);
            let page = session.page(before, 100).await.unwrap_or_else(|e| {
                panic!("{mode:?} {e} {} {:?}", rows.len(), stage.running.probe().requests())
            });
            if page.rows.is_empty() {
                assert!(page.reached_start, "{mode:?}");
                break;
            }
            rows.splice(0..0, page.rows);
        }
        let found: Vec<_> =
            rows.iter().map(|row| entry_of(row).entry.body().text().to_owned()).collect();
        assert_eq!(found, numbered(1, 900), "{mode:?}");
    }
}

async fn beats_unbroken(mode: Mode) {
    let stage = Stage::start(mode).await;
    let session = join(&stage).await;
    online(&session).await;
    for text in numbered(1, 50) {
        stage.publish(&text).await;
    }
    tokio::time::sleep(Duration::from_secs(21)).await;
    let trace = stage.running.probe().last().unwrap();
    assert_eq!((stage.running.probe().accepted(), trace.closed), (1, None));
    assert!(trace.heartbeats.len() >= 4, "{}", trace.heartbeats.len());
    for pair in trace.heartbeats.windows(2) {
        let apart = (pair[1] - pair[0]).as_millis();
        assert!((4_500..5_500).contains(&apart), "{mode:?}: {apart} ms");
    }
    assert_eq!(texts(&session).await, numbered(1, 50));
    let view = session.watch().borrow().clone();
    assert_eq!((view.unread.entries, view.counters.losses), (50, 0));
    let last = rows(&session).await.pop().unwrap();
    session.mark_read(last.place).await.unwrap();
    assert_eq!(session.watch().borrow().unread.entries, 0);
}

#[tokio::test]
async fn one_connection_and_an_unbroken_beat_while_nobody_looks() {
    tokio::join!(beats_unbroken(Mode::Full), beats_unbroken(Mode::Core));
}

#[tokio::test]
async fn a_flood_over_a_real_socket_is_complete_and_in_order() {
    let stage = Stage::start(Mode::Full).await;
    let session = join(&stage).await;
    online(&session).await;
    for chunk in 0..20 {
        stage.seed(numbered(chunk * 250 + 1, (chunk + 1) * 250)).await;
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let newest =
        |rows: &[aside_history::Row]| rows.last().map(|row| entry_of(row).entry.content.clone());
    while newest(&rows(&session).await) != Some("line 5000".to_owned()) {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(texts(&session).await, numbered(1, 5000));
}
