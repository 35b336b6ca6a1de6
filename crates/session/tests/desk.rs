//! Questions as work: where the server keeps no states, and over a restart of this program.
#![allow(clippy::unwrap_used, reason = "a story may panic")]

mod support;

use aside_history::Store;
use aside_protocol::EntryId;
use aside_protocol::triage::{Change, Doing, Item, Stage as OnStage, Visibility, Work};
use aside_server::{NewEntry, RoomSpec, TokenSpec};
use aside_session::{
    Answering, Begun, DeskState, HttpReply, Questions, Session, Settled, TriageError, Wish,
};
use support::fake::{Peer, World, message};
use support::*;
use tokio::time::{Instant, sleep};

async fn items_when(session: &Session, fits: impl Fn(&[Item]) -> bool) -> Vec<Item> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let items = session.questions(0).await.unwrap().items;
        if fits(&items) {
            return items;
        }
        assert!(Instant::now() < deadline, "{items:#?}");
        sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn wish(question: &EntryId, change: Change) -> Wish {
    Wish { question: question.clone(), rev: None, device: String::new(), change }
}

fn works(items: &[Item]) -> Vec<(u64, Work)> {
    items.iter().map(|item| (item.number, item.work)).collect()
}

#[tokio::test]
async fn a_server_without_states_has_its_desk_here_and_an_answer_that_quotes_closes() {
    let stage = Stage::start(Mode::Core).await;
    stage.asks("ann", "why").await;
    stage.publish("chat").await;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap().store;
    let session = join_with(stage.addr(), stage.token.clone(), store).await;
    let view = until(&session, "a desk", |view| view.desk.open == 1).await;
    assert_eq!(view.desk.state, DeskState::Local);
    stage.asks("bob", "why").await;
    stage.asks("bob", "how").await;
    stage.asks("cy", "when").await;
    let items = items_when(&session, |items| items.len() == 4).await;
    let askers: Vec<_> = items.iter().map(|item| item.asker.user.as_str()).collect();
    assert_eq!(askers, ["ann", "bob", "bob", "cy"]);
    let id = |n: usize| items[n].question_id.clone();

    stage.answers("why", "because").await;
    let after = items_when(&session, |items| items[0].work == Work::Answered).await;
    assert_eq!(after[0].answers, 1);
    assert_eq!(
        after[1].work,
        Work::Open,
        "the oldest of the same words is the one that was answered"
    );

    let dismiss = Change { state: Some(Work::Dismissed), ..Change::default() };
    let item = session.triage(wish(&id(1), dismiss)).await.unwrap();
    assert_eq!((item.work, item.number), (Work::Dismissed, 2));
    let now = Change { stage: Some(OnStage::Now), pinned: Some(true), ..Change::default() };
    session.triage(wish(&id(2), now.clone())).await.unwrap();
    session.triage(wish(&id(3), now)).await.unwrap();
    let merge = Change { merge_into: Some(id(3)), ..Change::default() };
    let merged = session.triage(wish(&id(2), merge.clone())).await.unwrap();
    assert_eq!(merged.merged_into, Some(id(3)));
    assert_eq!(merged.stage, OnStage::None, "one question at most is on stage");
    let itself = Change { merge_into: Some(id(2)), ..Change::default() };
    let refused = session.triage(wish(&id(3), itself)).await;
    assert!(matches!(refused, Err(TriageError::Refused { .. })), "{refused:?}");
    let reopen = Change { state: Some(Work::Open), ..Change::default() };
    session.triage(wish(&id(0), reopen)).await.unwrap();
    let before = session.questions(0).await.unwrap().items;
    let states = [(1, Work::Open), (2, Work::Dismissed), (3, Work::Merged), (4, Work::Open)];
    assert_eq!(works(&before), states);

    // What was decided here outlives this program, and even the cache; an answer of later decides anew.
    session.close().await;
    drop(session);
    let store = Store::open(dir.path()).unwrap().store;
    let session = join_with(stage.addr(), stage.token.clone(), store).await;
    assert_eq!(works(&session.questions(0).await.unwrap().items), states, "before it is connected");
    online(&session).await;
    session.close().await;
    drop(session);
    std::fs::remove_file(dir.path().join("cache.db")).unwrap();
    let store = Store::open(dir.path()).unwrap().store;
    let session = join_with(stage.addr(), stage.token.clone(), store).await;
    let items = items_when(&session, |items| items.len() == 4).await;
    assert_eq!(works(&items), states);
    stage.answers("why", "once more").await;
    let items = items_when(&session, |items| items[1].work == Work::Answered).await;
    assert_eq!(
        works(&items)[0],
        (1, Work::Open),
        "an open one with an answer is not first in line"
    );
}

#[tokio::test]
async fn items_are_there_before_the_link_and_only_what_is_new_is_asked_for() {
    let stage = Stage::durable(Mode::Full).await;
    for n in 0..5 {
        stage.asks("ann", &format!("why {n}")).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap().store;
    let session = join_with(stage.addr(), stage.staff().await, store).await;
    let fresh = |view: &aside_session::RoomView| view.desk.state == DeskState::Fresh;
    until(&session, "fresh", fresh).await;
    let items = items_when(&session, |items| items.len() == 5).await;
    let dismiss = Change { state: Some(Work::Dismissed), ..Change::default() };
    let first = items[0].question_id.clone();
    session.triage(Wish { rev: Some(items[0].rev), ..wish(&first, dismiss) }).await.unwrap();
    let one = items[1].question_id.clone();
    session.set_question_draft(one.clone(), "so ".to_owned(), Visibility::Public).await.unwrap();
    let told = session.questions(0).await.unwrap();
    session.set_question_draft(one.clone(), "so far".to_owned(), Visibility::Staff).await.unwrap();
    let same = session.questions(told.revision).await.unwrap();
    assert_eq!((same.items.len(), same.revision), (0, told.revision), "it had one before");
    let (question, answer) = (items[0].question_id.clone(), EntryId::new(r#"a"1]"#));
    session.set_edit_draft(question.clone(), answer.clone(), "at four".to_owned()).await.unwrap();
    let pencil = session.questions(told.revision).await.unwrap().items;
    assert_eq!(pencil, told.items[..1], "its question has one now");
    let edited = Begun { question, answer: Some(answer) };
    let before = told.items;
    session.close().await;
    drop(session);

    stage.asks("ann", "why 5").await;
    let token = stage.staff().await;
    let addr = stage.addr();
    let away = stage.stop().await;
    let store = Store::open(dir.path()).unwrap().store;
    let session = join_with(addr, token, store).await;
    let kept = session.questions(0).await.unwrap();
    assert_eq!((&kept.items, kept.reset), (&before, false));
    let other = session.questions(told.revision + 1_000).await.unwrap();
    assert_eq!((&other.items, other.reset), (&before, true), "that was another session's");
    let begun = Begun { question: one, answer: None };
    assert_eq!(kept.drafted, [edited.clone(), begun]);
    assert_eq!(session.edit_draft(&edited).await.unwrap(), "at four");
    let draft = session.question_draft(&items[1].question_id).await.unwrap();
    assert_eq!(draft, ("so far".to_owned(), Visibility::Staff), "it is for nobody else");
    assert_eq!(session.watch().borrow().desk.state, DeskState::Off, "nobody knows the server yet");
    let _stage = away.start_at(addr).await;
    session.reconnect();
    until(&session, "fresh", fresh).await;
    let items = items_when(&session, |items| items.len() == 6).await;
    assert_eq!(items[..5], before);
    let revision = session.questions(0).await.unwrap().revision;
    session
        .set_question_draft(items[1].question_id.clone(), String::new(), Visibility::Public)
        .await
        .unwrap();
    let changed = session.questions(revision).await.unwrap();
    assert_eq!(changed.drafted, [edited]);
    assert_eq!(changed.items, items[1..2], "the row loses its pencil");
}

#[tokio::test]
async fn an_answer_that_came_second_shows_at_its_question_until_it_is_sent_or_thrown_away() {
    let stage = Stage::start(Mode::Full).await;
    stage.asks("ann", "why").await;
    let desk = join_as(stage.addr(), stage.staff().await).await;
    online(&desk).await;
    let items = items_when(&desk, |items| items.len() == 1).await;
    let question = items[0].question_id.clone();
    let other = join_as(stage.addr(), stage.staff().await).await;
    online(&other).await;
    other.answer(question.clone(), "first").await.unwrap();
    items_when(&desk, |items| items[0].answers == 1).await;
    for text in ["second", "third"] {
        let revision = desk.questions(0).await.unwrap().revision;
        let guarded = Answering { seen: Some(items[0].last_answer), ..Answering::default() };
        let id = desk.answer_as(question.clone(), text, guarded).await.unwrap();
        let settled = desk.settled(id).await.unwrap();
        assert!(matches!(settled, Settled::Failed { .. }), "{settled:?}");
        let told = until(&desk, "told", |view| view.desk.revision > revision).await;
        let questions = desk.questions(revision).await.unwrap();
        assert_eq!(questions.revision, told.desk.revision);
        assert_eq!(questions.items.len(), 1, "its row looks different");
        let [held] = &questions.outgoing[..] else { panic!("{questions:?}") };
        assert!(held.held && held.question == question && held.text == text, "{held:?}");
        if text == "second" {
            desk.discard(held.key).await.unwrap();
        } else {
            desk.answer_anyway(held.key).await.unwrap();
        }
        items_when(&desk, |items| (items[0].answers == 2) == (text == "third")).await;
        let view = until(&desk, "let go", |view| view.desk.revision > questions.revision).await;
        if text == "second" {
            assert_eq!(desk.questions(view.desk.revision).await.unwrap().outgoing, []);
        }
    }
}

/// Two members of staff and one of the audience in one room.
async fn three(stage: &Stage) -> (Session, Session, Session) {
    let sue = join_as(stage.addr(), stage.staff().await).await;
    let tim = TokenSpec::staff(RoomSpec::new("room-1").stream("stream-1"), "tim", "Tim", "Acme");
    let tim = stage.running.rooms().create_token(tim).await.unwrap().token;
    let tim = join_as(stage.addr(), tim).await;
    let me = join(stage).await;
    for session in [&sue, &tim, &me] {
        until(session, "fresh", |view| view.desk.state == DeskState::Fresh).await;
    }
    (sue, tim, me)
}

async fn questions_when(session: &Session, fits: impl Fn(&Questions) -> bool) -> Questions {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let questions = session.questions(0).await.unwrap();
        if fits(&questions) {
            return questions;
        }
        assert!(Instant::now() < deadline, "{questions:#?}");
        sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_private_answer_reaches_its_asker_and_stands_in_no_timeline() {
    let stage = Stage::start(Mode::Full).await;
    let (sue, tim, me) = three(&stage).await;
    me.ask("why").await.unwrap();
    let question = items_when(&sue, |items| items.len() == 1).await[0].question_id.clone();
    for (text, visibility) in [("to you", Visibility::Asker), ("to us", Visibility::Staff)] {
        let how = Answering { visibility, seen: Some(0), co_answer: false, ..Answering::default() };
        let id = sue.answer_as(question.clone(), text, how).await.unwrap();
        let shown = sue.questions(0).await.unwrap().outgoing;
        assert!(shown.iter().all(|answer| answer.visibility == visibility), "{shown:?}");
        let settled = sue.settled(id).await.unwrap();
        assert!(matches!(settled, Settled::Sent { .. }), "{settled:?}");
    }
    let said =
        |item: &Item| item.private.iter().map(|answer| answer.text.clone()).collect::<Vec<_>>();
    items_when(&tim, |items| said(&items[0]) == ["to you", "to us"]).await;
    items_when(&me, |items| said(&items[0]) == ["to you"]).await;
    for session in [&sue, &tim, &me] {
        reads(session, &["why".to_owned()]).await;
    }
    questions_when(&sue, |questions| questions.outgoing.is_empty()).await;
    // Who did not see it is held, with the text and for whom it was.
    let how = Answering {
        visibility: Visibility::Asker,
        seen: Some(0),
        co_answer: false,
        ..Answering::default()
    };
    let late = tim.answer_as(question, "late", how).await.unwrap();
    assert!(matches!(tim.settled(late).await.unwrap(), Settled::Failed { .. }));
    let held = questions_when(&tim, |questions| questions.outgoing.len() == 1).await.outgoing;
    assert!(held[0].held && held[0].visibility == Visibility::Asker && held[0].text == "late");
    let how = Answering { visibility: Visibility::Asker, ..Answering::default() };
    let mine = me.answer_as(held[0].question.clone(), "x", how).await;
    assert!(matches!(mine, Err(aside_session::SendError::NotOffered)), "{mine:?}");
}

#[tokio::test]
async fn an_answer_that_is_changed_is_changed_in_every_timeline() {
    let stage = Stage::start(Mode::Full).await;
    let (sue, tim, me) = three(&stage).await;
    let message = stage.running.rooms();
    let said = NewEntry::message("ann", "Ann", "will there be slides?");
    let message = message.publish(&topic(), said).await.unwrap().id;
    let made = sue.make_question(message.clone()).await.unwrap();
    assert_eq!(
        (&made.text[..], &made.source_id),
        ("will there be slides?", &Some(message.clone()))
    );
    assert_eq!(tim.make_question(message).await.unwrap().question_id, made.question_id);
    let id = sue.answer(made.question_id.clone(), "yes").await.unwrap();
    let Settled::Sent { id: Some(answer), .. } = sue.settled(id).await.unwrap() else { panic!() };
    let timeline = |last: &str| {
        vec![
            "will there be slides?".to_owned(),
            "will there be slides?".to_owned(),
            last.to_owned(),
        ]
    };
    reads(&me, &timeline("yes")).await;
    let item = sue.edit_answer(answer.clone(), "yes, tomorrow".to_owned()).await.unwrap();
    assert_eq!(item.question_id, made.question_id);
    for session in [&sue, &tim, &me] {
        reads(session, &timeline("yes, tomorrow")).await;
    }
    let refused = me.edit_answer(answer.clone(), "mine".to_owned()).await;
    assert!(matches!(refused, Err(TriageError::Refused { status: 403, .. })), "{refused:?}");
    sue.retract_answer(answer).await.unwrap();
    for session in [&sue, &tim, &me] {
        reads(session, &timeline("")).await;
    }
    let log = tim.question_log(made.question_id).await.unwrap();
    assert!(log.iter().any(|line| line.field == "answers" && line.new == "1"), "{log:?}");
}

#[tokio::test]
async fn who_looks_and_who_wants_it_answered_is_known_to_the_others() {
    let stage = Stage::start(Mode::Full).await;
    let (sue, tim, me) = three(&stage).await;
    me.ask("why").await.unwrap();
    let question = items_when(&tim, |items| items.len() == 1).await[0].question_id.clone();
    items_when(&sue, |items| items.len() == 1).await;
    let revision = tim.questions(0).await.unwrap().revision;
    sue.look(Some(question.clone()), Doing::Drafting, "laptop".to_owned()).await;
    let there = questions_when(&tim, |questions| !questions.presence.is_empty()).await;
    let present = &there.presence[0].people[0];
    assert_eq!((&present.who.user[..], present.doing), ("desk", Doing::Drafting));
    assert_eq!(tim.questions(revision).await.unwrap().items.len(), 1, "its row looks different");
    assert_eq!(me.questions(0).await.unwrap().presence, []);
    // Over a broken link it is said again.
    stage.running.cut_sockets();
    until(&tim, "lost", |view| view.counters.losses > 0).await;
    until(&sue, "lost", |view| view.counters.losses > 0).await;
    for session in [&sue, &tim, &me] {
        session.reconnect();
        online(session).await;
    }
    questions_when(&tim, |questions| !questions.presence.is_empty()).await;
    sue.look(None, Doing::Viewing, "laptop".to_owned()).await;
    questions_when(&tim, |questions| questions.presence.is_empty()).await;

    let voted = me.vote(question.clone(), true).await.unwrap();
    assert_eq!((voted.votes, voted.voted), (1, true));
    items_when(&sue, |items| items[0].votes == 1 && items[0].voted != Some(true)).await;
    items_when(&me, |items| items[0].votes == 1 && items[0].voted == Some(true)).await;
    let gone = me.vote(EntryId::new("no-1"), true).await;
    assert!(matches!(gone, Err(TriageError::Refused { status: 404, .. })), "{gone:?}");
    // Told without a hole: nobody has to catch up because of it.
    for session in [&sue, &tim, &me] {
        assert_eq!(session.watch().borrow().desk.state, DeskState::Fresh);
    }
}

/// What was said of looking, for so long.
async fn looks(peer: &mut Peer, seconds: u64) -> Vec<Doing> {
    let frames = peer.frames_for(std::time::Duration::from_secs(seconds)).await;
    let words = |frame: &String| match () {
        () if frame.contains("drafting") => Some(Doing::Drafting),
        () if frame.contains("viewing") => Some(Doing::Viewing),
        () => None,
    };
    frames.iter().filter_map(words).collect()
}

#[tokio::test(start_paused = true)]
async fn who_writes_no_more_only_looks_until_they_write_again() {
    let world = World::new();
    world.route(|_| {
        let body = r#"{"code":200,"data":{"extensions":["triage"],"identity":{"user":"me","role":"staff"}}}"#;
        Ok(HttpReply { status: 200, body: body.into(), ..HttpReply::default() })
    });
    let session = world.join(&inline_store()).await;
    let mut peer = world.accept().await;
    peer.say(&message("bob", "hi")).await;
    online(&session).await;
    let write = async || {
        session.look(Some(EntryId::new("q")), Doing::Drafting, "laptop".to_owned()).await;
    };
    write().await;
    assert_eq!(looks(&mut peer, 25).await, [Doing::Drafting; 3]);
    write().await;
    assert_eq!(looks(&mut peer, 25).await, [Doing::Drafting; 2], "said as often as before");
    assert_eq!(looks(&mut peer, 30).await, [Doing::Drafting, Doing::Viewing, Doing::Viewing]);
    write().await;
    assert_eq!(looks(&mut peer, 1).await, [Doing::Drafting]);
}

/// Larger than a message may be: what changed is read instead of told.
#[tokio::test]
async fn a_question_with_long_notes_throws_nobody_out_and_can_be_worked_on() {
    let stage = Stage::start(Mode::Full).await;
    let (sue, tim, me) = three(&stage).await;
    me.ask("why").await.unwrap();
    let question = items_when(&sue, |items| items.len() == 1).await[0].question_id.clone();
    let note = "\u{1}".repeat(8_000); // six bytes each on the way
    for _ in 0..8 {
        let how = Answering { visibility: Visibility::Staff, ..Answering::default() };
        sue.settled(sue.answer_as(question.clone(), &note, how).await.unwrap()).await.unwrap();
    }
    for session in [&sue, &tim] {
        items_when(session, |items| items[0].private.len() == 8).await;
    }
    let claim = Change { state: Some(Work::Claimed), ..Change::default() };
    let item = sue.triage(wish(&question, claim)).await.unwrap();
    assert_eq!(item.private.len(), 8);
    items_when(&tim, |items| items[0].work == Work::Claimed).await;
    for session in [&sue, &tim, &me] {
        assert_eq!(session.watch().borrow().counters.losses, 0);
    }
}
