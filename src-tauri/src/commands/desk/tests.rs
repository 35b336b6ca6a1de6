//! Threads of questions, against the real server.

use aside_session::Connection;

use super::*;
use crate::dto::ConnectionState;
use crate::exports::tests::long_ago;
use crate::shell::tests::{Table, keyring};

async fn first_question(table: &Table, live: &Live) -> EntryId {
    let question = table.until(async || {
        let items = live.session.questions(0).await.unwrap().items;
        items.first().map(|item| item.question_id.clone())
    });
    question.await
}

#[tokio::test]
async fn answers_that_are_not_here_are_counted_and_fetched_when_they_are_wanted() {
    let (table, secrets) = (Table::set().await, keyring());
    long_ago(&table).await;
    let shell = table.start(&secrets);
    let room = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    table.becomes(&shell, room, ConnectionState::Online).await;
    let live = shell.rooms.live(room).await.unwrap();
    let question = first_question(&table, &live).await;
    let thread = thread_of(&shell, &live, &question, false).await.unwrap();
    assert_eq!((thread.answers.len(), thread.missing), (0, 1));
    let thread = thread_of(&shell, &live, &question, true).await.unwrap();
    assert_eq!((thread.answers[0].text.as_str(), thread.missing), ("at three", 0));
    shell.rooms.close().await;
}

#[tokio::test]
async fn answers_that_cannot_be_had_stay_counted() {
    let (table, secrets) = (Table::set().await, keyring());
    long_ago(&table).await;
    let shell = table.start(&secrets);
    let room = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    table.becomes(&shell, room, ConnectionState::Online).await;
    let live = shell.rooms.live(room).await.unwrap();
    let question = first_question(&table, &live).await;
    table.server.kill().await;
    let mut view = live.session.watch();
    view.wait_for(|view| view.connection != Connection::Online).await.unwrap();
    let thread = thread_of(&shell, &live, &question, true).await.unwrap();
    assert_eq!((thread.answers.len(), thread.missing), (0, 1));
    shell.rooms.close().await;
}
