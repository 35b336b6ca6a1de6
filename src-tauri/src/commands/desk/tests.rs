//! Threads of questions, against the real server.

use aside_protocol::{AnswerNotes, Role, Topic};
use aside_server::{Clock, Config, NewEntry};
use aside_session::Connection;
use jiff::ToSpan;

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
    let room = table.join(&shell).await;
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
    let room = table.join(&shell).await;
    let live = shell.rooms.live(room).await.unwrap();
    let question = first_question(&table, &live).await;
    table.server.kill().await;
    let mut view = live.session.watch();
    view.wait_for(|view| view.connection != Connection::Online).await.unwrap();
    let thread = thread_of(&shell, &live, &question, true).await.unwrap();
    assert_eq!((thread.answers.len(), thread.missing), (0, 1));
    shell.rooms.close().await;
}

#[tokio::test]
async fn a_host_may_change_anybodys_answer_and_its_author_for_ten_minutes() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let (rooms, topic) = (table.server.rooms(), Topic::new("r"));
    let asked = rooms.publish(&topic, NewEntry::question("bo", "Bo", "when?")).await.unwrap();
    let ana = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    table.becomes(&shell, ana, ConnectionState::Online).await;
    let host = table.join_as(&shell, Role::Host, "hana").await;
    let other = table.join_as(&shell, Role::Staff, "otto").await;
    let session = shell.rooms.live(ana).await.unwrap().session;
    let private = Answering { visibility: Visibility::Asker, ..Answering::default() };
    session.answer(asked.id.clone(), "at three").await.unwrap();
    session.answer_as(asked.id.clone(), "call me", private).await.unwrap();
    let mut offered = Vec::new();
    for room in [ana, host, other] {
        let live = shell.rooms.live(room).await.unwrap();
        let answers = table.until(async || {
            let thread = thread_of(&shell, &live, &asked.id, false).await.ok()?;
            let settled = thread.answers.iter().filter(|answer| answer.id.is_some()).count() == 2;
            settled.then_some(thread.answers)
        });
        let answers = answers.await;
        let until = |answer: &ThreadAnswer| {
            Some(answer.edit_until? - answer.at?).filter(|_| answer.can_edit)
        };
        offered.push((
            answers.iter().map(|answer| answer.can_edit).collect::<Vec<_>>(),
            answers.iter().map(until).collect::<Vec<_>>(),
        ));
        if room == host {
            for answer in &answers {
                let id = EntryId::new(answer.id.clone().unwrap());
                live.session.edit_answer(id, "at four".to_owned()).await.unwrap();
            }
        }
    }
    let ten = Some(600_000);
    assert_eq!(offered[0], (vec![true; 2], vec![ten; 2]), "its author");
    assert_eq!(offered[1], (vec![true; 2], vec![None; 2]), "a host");
    assert_eq!(offered[2].0, [false; 2], "a colleague");
    shell.rooms.close().await;
}

#[tokio::test]
async fn other_words_that_were_begun_come_back_with_their_answer_until_they_are_said() {
    let (table, secrets) = (Table::set().await, keyring());
    let shell = table.start(&secrets);
    let room = table.join(&shell).await;
    let question = NewEntry::question("bo", "Bo", "when?");
    let asked = table.server.rooms().publish(&Topic::new("r"), question).await.unwrap().id;
    let live = shell.rooms.live(room).await.unwrap();
    let private = Answering { visibility: Visibility::Asker, ..Answering::default() };
    live.session.answer(asked.clone(), "at three").await.unwrap();
    live.session.answer_as(asked.clone(), "call me", private).await.unwrap();
    let drafts = async || {
        let thread = thread_of(&shell, &live, &asked, false).await.unwrap();
        thread.answers.into_iter().map(|answer| (answer.id, answer.draft)).collect::<Vec<_>>()
    };
    let settled = async || {
        let found = drafts().await;
        (found.iter().filter(|(id, _)| id.is_some()).count() == 2).then_some(found)
    };
    let ids: Vec<_> = table.until(settled).await.into_iter().filter_map(|(id, _)| id).collect();
    for (at, id) in ids.iter().enumerate() {
        let (id, text) = (EntryId::new(id), format!("at {at}"));
        live.session.set_edit_draft(asked.clone(), id, text).await.unwrap();
    }
    let draft = |text: &str| Some(text.to_owned());
    let kept = async || drafts().await.into_iter().map(|(_, draft)| draft).collect::<Vec<_>>();
    assert_eq!(kept().await, [draft("at 0"), draft("at 1")]);
    let id = EntryId::new(&ids[0]);
    let item = live.session.edit_answer(id.clone(), "at 0".to_owned()).await.unwrap();
    forget_edit(&live, item, id).await;
    assert_eq!(kept().await, [None, draft("at 1")]);
    shell.rooms.close().await;
}

#[tokio::test]
async fn where_whoever_writes_dates_it_what_is_heard_was_said_then() {
    let clock = Clock::from_fn(|| Timestamp::now() - 1.hour());
    let config = Config { core_only: true, clock, ..Config::for_tests() };
    let (table, secrets) = (Table::set_with(config).await, keyring());
    let shell = table.start(&secrets);
    let room = table.join(&shell).await;
    let live = shell.rooms.live(room).await.unwrap();
    let begun = Timestamp::now().as_millisecond();
    table.asks("when?").await;
    let question = first_question(&table, &live).await;
    let answer = Body::Answer {
        org_name: "Org".to_owned(),
        org_logo: String::new(),
        question: "when?".to_owned(),
        text: "now".to_owned(),
        question_id: None,
        notes: AnswerNotes::default(),
    };
    let answer = NewEntry::new(answer, "sue", "Bo");
    table.server.rooms().publish(&Topic::new("r"), answer).await.unwrap();
    let thread = table.until(async || {
        let thread = thread_of(&shell, &live, &question, false).await.unwrap();
        (!thread.answers.is_empty()).then_some(thread)
    });
    let thread = thread.await;
    let times = [thread.question.asked_at, thread.answers[0].at];
    assert!(times.iter().all(|at| *at >= Some(begun)), "{times:?}");
    shell.rooms.close().await;
}
