//! The server goes and comes back, with entries in between: nothing is missing, nothing twice, nothing out of order.

mod support;

use std::time::Duration;

use aside_history::Store;
use aside_session::{Connection, Settled, Why};
use support::*;

#[tokio::test]
async fn forty_entries_during_a_restart_are_there_once_and_in_order() {
    for mode in [Mode::Full, Mode::Core] {
        let stage = Stage::durable(mode).await;
        stage.seed(numbered(1, 300)).await;
        let session = join(&stage).await;
        online(&session).await;
        stage.publish("live").await;
        row_is(&session, "live", "arrives", |_| true).await;
        let missed: Vec<_> = (1..=40).map(|n| format!("missed {}", n % 7)).collect();
        let stage = stage.restart_with(missed.clone()).await;
        until(&session, "lost", |view| view.connection != Connection::Online).await;
        online(&session).await;
        let mut expected = numbered(51, 300);
        expected.push("live".to_owned());
        expected.extend(missed);
        reads(&session, &expected).await;
        stage.publish("live again").await;
        expected.push("live again".to_owned());
        reads(&session, &expected).await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        reads(&session, &expected).await;
        assert_eq!(session.watch().borrow().counters.recovered, 40, "{mode:?}");
    }
}

#[tokio::test]
async fn a_session_that_starts_anew_continues_from_its_cache() {
    for mode in [Mode::Full, Mode::Core] {
        let stage = Stage::start(mode).await;
        stage.seed(numbered(1, 100)).await;
        let store = Store::in_memory().unwrap();
        let session = join_with(stage.addr(), stage.token.clone(), store.clone()).await;
        online(&session).await;
        session.close().await;
        drop(session);
        stage.seed(numbered(101, 160)).await;
        let session = join_with(stage.addr(), stage.token.clone(), store).await;
        assert_eq!(texts(&session).await, numbered(1, 100), "the cache is there at once");
        online(&session).await;
        reads(&session, &numbered(1, 160)).await;
    }
}

#[tokio::test]
async fn far_too_much_in_between_is_a_gap_row_that_can_be_loaded() {
    for mode in [Mode::Full, Mode::Core] {
        let stage = Stage::start(mode).await;
        stage.seed(numbered(1, 100)).await;
        let store = Store::in_memory().unwrap();
        let session = join_with(stage.addr(), stage.token.clone(), store.clone()).await;
        online(&session).await;
        session.close().await;
        stage.seed(numbered(101, 12_500)).await;
        let session = join_with(stage.addr(), stage.token.clone(), store).await;
        online(&session).await;
        let found = texts(&session).await;
        if mode == Mode::Full && !found.contains(&"<gap>".to_owned()) {
            panic!("a gap row was expected");
        }
        let gap = found.iter().position(|text| text == "<gap>").expect("a gap row");
        assert_eq!(found[..gap], numbered(1, 100), "{mode:?}");
        let behind = &found[gap + 1..];
        assert_eq!(behind, numbered(12_501 - behind.len(), 12_500), "{mode:?}");
        let key = rows(&session).await[gap].key;
        let filled = session.fill_gap(key).await;
        if mode == Mode::Full {
            filled.unwrap();
            let found = texts(&session).await;
            let gap = found.iter().position(|text| text == "<gap>").expect("there is still more");
            assert_eq!(found[..gap], numbered(1, 1100));
        } else {
            assert!(filled.is_err(), "further away than a core history can be read back");
        }
    }
}

#[tokio::test]
async fn a_gap_on_a_core_server_is_filled_where_it_can_be_reached() {
    let stage = Stage::start(Mode::Core).await;
    stage.seed(numbered(1, 100)).await;
    let store = Store::in_memory().unwrap();
    let session = join_with(stage.addr(), stage.token.clone(), store.clone()).await;
    online(&session).await;
    session.close().await;
    stage.seed(numbered(101, 3500)).await;
    let session = join_with(stage.addr(), stage.token.clone(), store).await;
    online(&session).await;
    let gap = texts(&session).await.iter().position(|text| text == "<gap>").expect("a gap row");
    session.fill_gap(rows(&session).await[gap].key).await.unwrap();
    reads(&session, &numbered(1, 3500)).await;
}

#[tokio::test]
async fn a_reset_history_is_a_line_and_a_new_beginning() {
    let stage = Stage::start(Mode::Full).await;
    stage.seed(numbered(1, 5)).await;
    let session = join(&stage).await;
    online(&session).await;
    stage.running.rooms().reset(&topic()).await.unwrap();
    stage.seed(["new life".to_owned()]).await;
    let mut expected = numbered(1, 5);
    expected.extend(["<boundary>".to_owned(), "new life".to_owned()]);
    reads(&session, &expected).await;
    stage.publish("goes on").await;
    expected.push("goes on".to_owned());
    reads(&session, &expected).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_found_without_a_click() {
    let stage = Stage::durable(Mode::Full).await;
    let (addr, token) = (stage.addr(), stage.token.clone());
    let away = stage.stop().await;
    let session = join_as(addr, token).await;
    let view = state(&session, "waiting").await;
    assert_eq!(view.connection.why(), Some(Why::Network));
    let stage = away.start_at(addr).await;
    online(&session).await;
    assert_eq!(stage.running.probe().live(), 1);
}

#[tokio::test]
async fn a_wrong_token_is_refused_once_and_a_right_one_enters() {
    for mode in [Mode::Full, Mode::Core] {
        let stage = Stage::start(mode).await;
        let session = join_as(stage.addr(), aside_protocol::Token::new("wrong")).await;
        let view = state(&session, "refused").await;
        assert_eq!(view.connection.why(), Some(Why::Token));
        tokio::time::sleep(Duration::from_secs(5)).await;
        let upgrades = stage.running.probe().requests();
        let upgrades = upgrades.iter().filter(|request| request.target.starts_with("/ws")).count();
        assert_eq!(upgrades, 1, "no retry storm");
        session.set_token(stage.token.clone()).await;
        online(&session).await;
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused_in_the_middle_of_a_room() {
    let stage = Stage::start(Mode::Full).await;
    let spec = aside_server::TokenSpec::audience(
        aside_server::RoomSpec::new("room-1").stream("stream-1"),
        "me",
        "Me",
    );
    let issued = stage.running.rooms().create_token(spec).await.unwrap();
    let session = join_as(stage.addr(), issued.token).await;
    online(&session).await;
    stage.running.rooms().revoke_token(&issued.id).await.unwrap();
    let view = state(&session, "refused").await;
    assert_eq!(view.connection.why(), Some(Why::Token));
}

#[tokio::test]
async fn what_is_written_while_the_server_is_away_is_sent_when_it_is_back() {
    for mode in [Mode::Full, Mode::Core] {
        let stage = Stage::durable(mode).await;
        let session = join(&stage).await;
        online(&session).await;
        let addr = stage.addr();
        let away = stage.stop().await;
        until(&session, "lost", |view| view.connection != Connection::Online).await;
        let id = session.send("kept").await.unwrap();
        let stage = away.start_at(addr).await;
        let settled = session.settled(id).await.unwrap();
        assert!(matches!(settled, Settled::Sent { .. }), "{mode:?} {settled:?}");
        reads(&session, &["kept".to_owned()]).await;
        assert_eq!(stage.texts_on_server().await, ["kept"]);
    }
}
