//! What a Quit would leave undone, against the real server, and how often it is asked about.

use aside_history::{Draft, DraftMode};
use aside_protocol::triage::{Change, Visibility, Work};
use aside_protocol::{EntryId, Role, Topic};
use aside_server::NewEntry;
use aside_session::{Answering, Connection, Session, Wish};

use super::*;
use crate::shell::tests::{Table, keyring};

fn undone() -> Vec<Undone> {
    vec![Undone { drafts: 1, ..Undone::default() }]
}

#[tokio::test]
async fn a_second_quit_goes_and_staying_begins_anew() {
    let quitting = Quitting::default();
    assert_eq!(quitting.wanted(), Wanted::Count);
    assert_eq!(quitting.wanted(), Wanted::Wait, "pressed twice in a moment");
    assert_eq!(quitting.asked(RoomWindow::Main), []);
    let mut seen = quitting.ask(RoomWindow::Main, undone());
    assert_eq!(quitting.asked(RoomWindow::Main), undone());
    assert_eq!(quitting.asked(RoomWindow::Side), [], "one window asks");
    quitting.shows(RoomWindow::Side);
    quitting.stays(RoomWindow::Main);
    assert!(seen.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Empty));
    assert_eq!(quitting.wanted(), Wanted::Go, "nobody saw it, so nobody stays");
    quitting.shows(RoomWindow::Main);
    assert!(seen.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
    assert_eq!(quitting.wanted(), Wanted::Go);
    quitting.stays(RoomWindow::Main);
    assert_eq!(quitting.wanted(), Wanted::Count);
    let _unseen = quitting.ask(RoomWindow::Main, undone());
    quitting.put_off(RoomWindow::Side);
    assert_eq!(quitting.wanted(), Wanted::Go);
    quitting.put_off(RoomWindow::Main);
    assert_eq!(quitting.wanted(), Wanted::Count, "it was hidden with its window");
}

async fn asks(table: &Table, session: &Session, text: &str) -> EntryId {
    let question = NewEntry::question("bo", "Bo", text);
    let id = table.server.rooms().publish(&Topic::new("r"), question).await.unwrap().id;
    table
        .until(async || {
            let items = session.questions(0).await.unwrap().items;
            items.iter().any(|item| item.question_id == id).then_some(())
        })
        .await;
    id
}

#[tokio::test]
async fn what_a_quit_would_leave_undone_is_counted_by_room() {
    let (table, secrets) = (Table::set().await, keyring());
    let (shell, hosts) = (table.start(&secrets), Hosts::default());
    let room = table.join(&shell).await;
    let live = shell.rooms.live(room).await.unwrap();
    let session = &live.session;
    let (first, second) =
        (asks(&table, session, "when?").await, asks(&table, session, "where?").await);
    assert_eq!(
        super::undone(&shell, &hosts).await,
        [],
        "questions that others asked are no work begun"
    );

    let draft = Draft {
        text: "half a".to_owned(),
        mode: DraftMode::Message,
        updated: jiff::Timestamp::UNIX_EPOCH,
    };
    shell.keep_draft(room, draft).await.unwrap();
    let begun = session.set_question_draft(second.clone(), "half".to_owned(), Visibility::Public);
    begun.await.unwrap();
    let claim = Change { state: Some(Work::Claimed), ..Change::default() };
    let wish = Wish { question: second, rev: None, device: shell.device(), change: claim.clone() };
    session.triage(wish).await.unwrap();

    let otto = table.join_as(&shell, Role::Staff, "otto").await;
    let other = shell.rooms.live(otto).await.unwrap().session;
    other.answer(first.clone(), "at three").await.unwrap();
    let answered = async || {
        let items = session.questions(0).await.unwrap().items;
        items.iter().any(|item| item.answers > 0).then_some(())
    };
    table.until(answered).await;
    let guarded = Answering { seen: Some(0), ..Answering::default() };
    session.answer_as(first, "at four", guarded).await.unwrap();
    let found = table.until(async || {
        let found = super::undone(&shell, &hosts).await;
        found.first().is_some_and(|undone| undone.held > 0 && undone.unsent == 0).then_some(found)
    });
    let found = found.await;
    let wanted =
        Undone { room: "r".to_owned(), drafts: 2, held: 1, claims: 1, ..Undone::default() };
    assert_eq!(found, std::slice::from_ref(&wanted), "and nothing of the room where all is done");

    // On its way: the goodbye sends it.
    let third = asks(&table, session, "who?").await;
    let wish = Wish { question: third.clone(), rev: None, device: shell.device(), change: claim };
    session.triage(wish).await.unwrap();
    let grace = Duration::from_secs(3600);
    session.answer_as(third, "me", Answering { grace, ..Answering::default() }).await.unwrap();
    assert_eq!(super::undone(&shell, &hosts).await, std::slice::from_ref(&wanted));

    table.server.kill().await;
    let mut view = session.watch();
    view.wait_for(|view| view.connection != Connection::Online).await.unwrap();
    session.send("see you").await.unwrap();
    let found = super::undone(&shell, &hosts).await;
    assert_eq!(found, [Undone { unsent: 2, claims: 2, ..wanted }]);
    shell.rooms.close().await;
}
