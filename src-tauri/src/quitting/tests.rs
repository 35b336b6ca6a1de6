//! What a Quit would leave undone, against the real server, and how often it is asked about.

use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;

use aside_history::{Draft, DraftMode, LocalId, OutgoingBody, Written};
use aside_protocol::triage::{Change, Claim, Person, Visibility, Work};
use aside_protocol::{EntryId, Role, Topic};
use aside_server::NewEntry;
use aside_session::{Answering, Session, Wish};
use jiff::Timestamp;

use super::*;
use crate::shell::tests::{Table, keyring};

/// All of it, however long that takes.
pub(crate) async fn undone(shell: &Shell, hosts: &Hosts) -> Vec<Undone> {
    let counted = Counted::default();
    counted.count(shell, hosts).await;
    counted.so_far()
}

fn one_draft() -> Vec<Undone> {
    vec![Undone { drafts: 1, ..Undone::default() }]
}

#[tokio::test]
async fn a_quit_of_who_may_have_read_the_question_goes_and_staying_begins_anew() {
    let (quitting, mut now) = (Quitting::default(), Instant::now());
    assert_eq!(quitting.wanted(now), Wanted::Count);
    assert_eq!(quitting.wanted(now), Wanted::Wait, "pressed twice in a moment");
    assert_eq!(quitting.asked(RoomWindow::Main), []);
    let mut seen = quitting.ask(RoomWindow::Main, one_draft());
    assert_eq!(quitting.asked(RoomWindow::Main), one_draft());
    assert_eq!(quitting.asked(RoomWindow::Side), [], "one window asks");
    quitting.shows(RoomWindow::Side, now);
    quitting.stays(RoomWindow::Main);
    assert!(seen.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Empty));
    now += SHOWING;
    assert_eq!(quitting.wanted(now), Wanted::Wait, "nobody saw it, so nobody stays or goes");
    quitting.shows(RoomWindow::Main, now);
    assert_eq!(seen.try_recv(), Ok(()));
    now += READING - Duration::from_millis(1);
    assert_eq!(quitting.wanted(now), Wanted::Wait, "a key that is held");
    quitting.shows(RoomWindow::Main, now);
    now += Duration::from_millis(1);
    assert_eq!(quitting.wanted(now), Wanted::Go);
    quitting.stays(RoomWindow::Main);
    assert_eq!(quitting.wanted(now), Wanted::Count);
    let _unseen = quitting.ask(RoomWindow::Main, one_draft());
    quitting.put_off(RoomWindow::Side);
    assert_eq!(quitting.wanted(now), Wanted::Wait);
    quitting.put_off(RoomWindow::Main);
    assert_eq!(quitting.wanted(now), Wanted::Count, "it was hidden with its window");
}

#[test]
fn what_is_in_doubt_is_unsent_only_where_the_next_start_sends_it_again() {
    let written = Written { generation: 1, at: Timestamp::UNIX_EPOCH };
    let unsent = |state, takes_once| {
        let item = Outgoing {
            id: LocalId::new(Timestamp::UNIX_EPOCH, [0; 10]),
            body: OutgoingBody::Message { text: "hi".to_owned() },
            created: Timestamp::UNIX_EPOCH,
            state,
            attempts: 1,
            submission: None,
        };
        is_unsent(&item, takes_once)
    };
    for takes_once in [true, false] {
        assert!(unsent(OutgoingState::Queued, takes_once));
        for state in [OutgoingState::Written(written), OutgoingState::Unsure(written)] {
            assert_eq!(unsent(state, takes_once), takes_once);
        }
    }
}

#[test]
fn nobody_waits_for_a_claim_that_ran_out() {
    let me = Person { user: "ana".to_owned(), ..Person::default() };
    let claim = Claim { by: me.clone(), device: "laptop".to_owned(), at: 0, expires_at: 100 };
    let item = Item::new(EntryId::new("q"), 1, "?".to_owned(), me, 0);
    let item = Item { claim: Some(claim), ..item };
    assert!(is_claimed(&item, "ana", "laptop", 99));
    assert!(!is_claimed(&item, "ana", "laptop", 100));
    assert!(!is_claimed(&item, "ana", "phone", 99) && !is_claimed(&item, "bo", "laptop", 99));
}

fn question(id: &EntryId, number: u64) -> UndoneQuestion {
    UndoneQuestion { id: id.to_string(), number }
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
    assert_eq!(undone(&shell, &hosts).await, [], "questions that others asked are no work begun");

    let draft = Draft {
        text: "half a".to_owned(),
        mode: DraftMode::Message,
        updated: Timestamp::UNIX_EPOCH,
    };
    shell.keep_draft(room, draft).await.unwrap();
    for question in [second.clone(), EntryId::new("gone")] {
        let begun = session.set_question_draft(question, "half".to_owned(), Visibility::Public);
        begun.await.unwrap();
    }
    let answer = EntryId::new("e-1");
    session.set_edit_draft(first.clone(), answer, "at five".to_owned()).await.unwrap();
    let claim = Change { state: Some(Work::Claimed), ..Change::default() };
    let wish =
        Wish { question: second.clone(), rev: None, device: shell.device(), change: claim.clone() };
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
    session.answer_as(first.clone(), "at four", guarded).await.unwrap();
    let found = table.until(async || {
        let found = undone(&shell, &hosts).await;
        found.first().is_some_and(|undone| undone.held > 0 && undone.unsent == 0).then_some(found)
    });
    let found = found.await;
    let wanted = Undone {
        id: room.to_string(),
        room: "r".to_owned(),
        questions: vec![question(&first, 1), question(&second, 2)],
        drafts: 3,
        held: 1,
        claims: 1,
        ..Undone::default()
    };
    assert_eq!(found, std::slice::from_ref(&wanted), "and nothing of the room where all is done");

    // On its way: the goodbye sends it.
    let third = asks(&table, session, "who?").await;
    let wish = Wish { question: third.clone(), rev: None, device: shell.device(), change: claim };
    session.triage(wish).await.unwrap();
    let grace = Duration::from_secs(3600);
    session
        .answer_as(third.clone(), "me", Answering { grace, ..Answering::default() })
        .await
        .unwrap();
    assert_eq!(undone(&shell, &hosts).await, std::slice::from_ref(&wanted));

    table.server.kill().await;
    let mut view = session.watch();
    view.wait_for(|view| view.connection != Connection::Online).await.unwrap();
    session.send("see you").await.unwrap();
    let found = undone(&shell, &hosts).await;
    let questions = [&wanted.questions[..], &[question(&third, 3)]].concat();
    assert_eq!(found, [Undone { questions, unsent: 2, claims: 2, ..wanted }]);
    shell.rooms.close().await;
}

#[tokio::test]
async fn what_is_known_is_told_while_a_room_does_not_answer() {
    let (table, secrets) = (Table::set().await, keyring());
    let (shell, hosts) = (table.start(&secrets), Hosts::default());
    let first = table.join(&shell).await;
    let second = table.join_as(&shell, Role::Staff, "otto").await;
    let text = "half a".to_owned();
    let draft = Draft { text, mode: DraftMode::Message, updated: Timestamp::UNIX_EPOCH };
    shell.keep_draft(second, draft).await.unwrap();
    let begun = shell.rooms.live(first).await.unwrap().session;
    let question = asks(&table, &begun, "when?").await;
    begun.set_question_draft(question, "half".to_owned(), Visibility::Public).await.unwrap();

    // The rooms' tasks are on this thread and get no turn; the files have one of their own.
    let counted = Counted::default();
    let mut counting = pin!(counted.count(&shell, &hosts));
    let mut turn = Context::from_waker(Waker::noop());
    while counted.so_far().is_empty() {
        assert!(counting.as_mut().poll(&mut turn).is_pending());
        thread::yield_now();
    }
    let told = Undone { id: second.to_string(), room: "r".to_owned(), ..one_draft().remove(0) };
    assert_eq!(counted.so_far(), [told]);
    counting.await;
    assert_eq!(counted.so_far().len(), 2);
    shell.rooms.close().await;
}
