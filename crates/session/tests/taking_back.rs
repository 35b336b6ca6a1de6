//! An answer can be taken back for a moment after it was given; and whatever ends the room in that moment, it is not lost.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use std::time::Duration;

use aside_history::outgoing::BODY_BYTES;
use aside_history::{Delivery, Outgoing, OutgoingState, Store};
use aside_protocol::EntryId;
use aside_protocol::triage::Visibility;
use aside_session::{Answering, DialError, HttpReply, Session, SessionError, TakenBack};
use support::fake::{Peer, World, message};
use support::*;
use tokio::time::sleep;

const GRACE: Duration = Duration::from_secs(6);
/// Nothing here waits for its end.
const LONG: Duration = Duration::from_secs(3600);

/// Staff of a server that takes answers, with a question.
async fn asked() -> (Stage, Session, EntryId) {
    let stage = Stage::start(Mode::Full).await;
    stage.asks("ann", "why").await;
    let desk = join_as(stage.addr(), stage.staff().await).await;
    online(&desk).await;
    let question = row_is(&desk, "why", "arrives", |_| true).await;
    let question = entry_of(&question).entry.id.clone().unwrap();
    (stage, desk, question)
}

fn held_back(visibility: Visibility) -> Answering {
    Answering { visibility, grace: LONG, ..Answering::default() }
}

#[tokio::test]
async fn an_answer_that_is_taken_back_is_a_draft_again_and_nobody_saw_it() {
    let (stage, desk, question) = asked().await;
    let how = held_back(Visibility::Asker);
    desk.answer_as(question.clone(), "because", how).await.unwrap();
    desk.send("hello").await.unwrap();
    row_is(&desk, "hello", "is sent at once", is_sent).await;
    let [waits] = &desk.questions(0).await.unwrap().outgoing[..] else { panic!("it waits") };
    assert!(waits.held_back && waits.state == Delivery::Sending, "{waits:?}");

    let begun = desk.set_question_draft(question.clone(), "PS".to_owned(), Visibility::Public);
    begun.await.unwrap();
    let text = "because\n\nPS".to_owned();
    let wanted = TakenBack { question: question.clone(), text, visibility: Visibility::Asker };
    let key = waits.key;
    assert_eq!(desk.take_back(key).await.unwrap(), wanted);
    let draft = desk.question_draft(&question).await.unwrap();
    assert_eq!(draft, (wanted.text, wanted.visibility), "for no more than it was meant for");
    assert!(matches!(desk.take_back(key).await, Err(SessionError::NoSuchRow)));
    assert_eq!(desk.questions(0).await.unwrap().outgoing, []);
    desk.close().await;
    let me = join(&stage).await;
    reads(&me, &["why".to_owned(), "hello".to_owned()]).await;
}

#[tokio::test]
async fn a_room_that_is_left_sends_what_could_still_be_taken_back() {
    let (stage, desk, question) = asked().await;
    desk.answer_as(question.clone(), "because", held_back(Visibility::Public)).await.unwrap();
    desk.answer_as(question, "and so on", held_back(Visibility::Public)).await.unwrap();
    desk.close().await;
    let me = join(&stage).await;
    for text in ["because", "and so on"] {
        row_is(&me, text, "was sent", |_| true).await;
    }
}

/// The guard of each counts the other as somebody's who was faster.
#[tokio::test]
async fn of_two_guarded_answers_that_leave_together_the_room_has_one_and_the_outbox_the_other() {
    let stage = Stage::start(Mode::Full).await;
    stage.asks("ann", "why").await;
    let store = inline_store();
    let desk = join_with(stage.addr(), stage.staff().await, store.clone()).await;
    online(&desk).await;
    let question = row_is(&desk, "why", "arrives", |_| true).await;
    let question = entry_of(&question).entry.id.clone().unwrap();
    for text in ["because", "and so on"] {
        let how = Answering { seen: Some(0), ..held_back(Visibility::Public) };
        desk.answer_as(question.clone(), text, how).await.unwrap();
    }
    desk.close().await;
    let outbox = store.outbox(desk.room()).await.unwrap();
    let overtaken = |code: &str| code == "overtaken";
    let is_held = |item: &&Outgoing| matches!(&item.state, OutgoingState::Failed { code, .. } if overtaken(code));
    let held: Vec<_> = outbox.iter().filter(is_held).collect();
    let [kept] = held[..] else { panic!("{outbox:?}") };
    let said = stage.texts_on_server().await;
    assert!(said.len() == 2 && !said.contains(&kept.body.text().to_owned()), "{said:?}");
}

const ABILITIES: &str = r#"{"code":200,"data":{"extensions":["answer","ack"],"identity":{"user":"me","role":"staff"}}}"#;

async fn answering(store: &Store) -> (World, Session, Peer) {
    let world = World::new();
    world.route(|_| Ok(HttpReply { status: 200, body: ABILITIES.into(), ..HttpReply::default() }));
    let session = world.join(store).await;
    let mut peer = world.accept().await;
    peer.say(&message("bob", "hi")).await;
    online(&session).await;
    (world, session, peer)
}

#[tokio::test(start_paused = true)]
async fn an_answer_leaves_when_its_time_is_over_or_at_once_where_none_was_wanted() {
    let store = inline_store();
    let (world, session, mut peer) = answering(&store).await;
    let posted = || world.posted("answer/add").len();
    let (question, how) = (EntryId::new("q"), Answering { grace: GRACE, ..Answering::default() });
    session.answer_as(question.clone(), "held", how).await.unwrap();
    session.answer(question, "at once").await.unwrap();
    peer.live_for(Duration::from_millis(5_900)).await;
    assert_eq!(posted(), 1);
    let outbox = store.outbox(session.room()).await.unwrap();
    assert_eq!(
        outbox[0].state,
        OutgoingState::Queued,
        "should it all end now, the next start sends it"
    );
    peer.live_for(Duration::from_millis(200)).await;
    assert_eq!(posted(), 2);
    peer.live_for(Duration::from_secs(30)).await;
    assert_eq!(posted(), 2, "once");
}

#[tokio::test(start_paused = true)]
async fn an_answer_whose_reply_is_lost_may_be_with_the_server_and_is_not_taken_back() {
    let store = inline_store();
    let (world, session, peer) = answering(&store).await;
    world.route(|request| {
        let status = if request.url.path().ends_with("answer/add") { 502 } else { 200 };
        Ok(HttpReply { status, body: ABILITIES.into(), ..HttpReply::default() })
    });
    world.refuse(Some(DialError::Unreachable));
    drop(peer);
    state(&session, "waiting").await;
    let how = Answering { grace: GRACE, ..Answering::default() };
    session.answer_as(EntryId::new("q"), "because", how).await.unwrap();
    sleep(2 * GRACE).await;
    let waiting = || async { session.questions(0).await.unwrap().outgoing.remove(0) };
    let held = waiting().await;
    assert!(held.held_back, "nothing leaves without a connection: {held:?}");

    world.refuse(None);
    session.reconnect();
    let mut peer = world.accept().await;
    peer.say(&message("bob", "hi")).await;
    online(&session).await;
    peer.live_for(Duration::from_secs(1)).await;
    assert_eq!(world.posted("answer/add").len(), 1);
    let lost = waiting().await;
    assert!(!lost.held_back && lost.state == Delivery::Sending, "{lost:?}");
    assert!(matches!(session.take_back(lost.key).await, Err(SessionError::NoSuchRow)));
    peer.live_for(Duration::from_secs(3)).await;
    assert_eq!(world.posted("answer/add").len(), 2, "it is asked again");
}

#[tokio::test]
async fn an_answer_that_is_too_long_for_a_draft_with_what_was_begun_since_stays_an_answer() {
    let (_stage, desk, question) = asked().await;
    desk.answer_as(question.clone(), "because", held_back(Visibility::Public)).await.unwrap();
    let begun = "x".repeat(BODY_BYTES);
    desk.set_question_draft(question.clone(), begun.clone(), Visibility::Public).await.unwrap();
    let [waits] = &desk.questions(0).await.unwrap().outgoing[..] else { panic!("it waits") };
    let refused = desk.take_back(waits.key).await;
    assert!(matches!(refused, Err(SessionError::DraftTooLong)), "{refused:?}");
    assert_eq!(desk.question_draft(&question).await.unwrap().0, begun);
    assert_eq!(desk.questions(0).await.unwrap().outgoing, std::slice::from_ref(waits));
}
