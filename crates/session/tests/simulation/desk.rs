//! Two desks and one question, over networks that break whenever they like: it is never answered twice unknowingly, and in
//! the end both desks know the same.

use std::sync::Arc;
use std::time::Duration;

use aside_history::{Delivery, Row};
use aside_protocol::triage::{Change, Item, Work};
use aside_protocol::{EntryId, EntryKind};
use aside_server::NewEntry;
use aside_session::{Answering, DeskState, DialError, Settled, TriageError, Wish};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep};

use crate::member::Member;
use crate::network::Door;
use crate::pipe::How;
use crate::seeds::number;
use crate::world::{Mode, World, topic};

const PATIENCE: Duration = Duration::from_secs(120);

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn fresh(member: &Member) {
    let watch = member.session.watch();
    until("the desk is fresh", async || watch.borrow().desk.state == DeskState::Fresh).await;
}

/// A server, and two members of staff whose desks know everything.
async fn two_desks(seed: u64) -> (Arc<World>, Arc<Member>, Arc<Member>) {
    let world = World::new(Mode::Full, seed);
    let (sue, tim) = tokio::join!(
        Member::join(&world, 1, true, seed * 10 + 1),
        Member::join(&world, 2, true, seed * 10 + 2)
    );
    fresh(&sue).await;
    fresh(&tim).await;
    (world, sue, tim)
}

async fn ask(world: &World, text: &str) -> EntryId {
    let asked = NewEntry::question("ann", "Ann", text);
    world.rooms().unwrap().publish(&topic(), asked).await.unwrap().id
}

async fn items(member: &Member) -> Vec<Item> {
    member.session.questions(0).await.unwrap().items
}

fn wish(question: &EntryId, rev: Option<u64>, change: Change) -> Wish {
    Wish { question: question.clone(), rev, device: "d".to_owned(), change }
}

fn claim() -> Change {
    Change { state: Some(Work::Claimed), ..Change::default() }
}

/// The network of a desk is away for a while, noticed or not.
async fn break_for_a_while(member: &Member, rng: &mut StdRng) {
    sleep(Duration::from_secs_f64(rng.random_range(0.0..3.0))).await;
    if rng.random_bool(0.5) {
        member.path.door(Door::Fails(DialError::Unreachable));
        member.path.break_all([How::Reset, How::Mute][rng.random_range(0..2)]);
    } else {
        member.path.weather(|up, down| (up.held, down.held) = (true, true));
    }
    sleep(Duration::from_secs_f64(rng.random_range(0.5..20.0))).await;
    member.path.heal();
}

/// By somebody who knows of no other answer.
fn guarded() -> Answering {
    Answering { seen: Some(0), ..Answering::default() }
}

/// Answers after some time, knowing of no other answer.
async fn answers(member: &Member, question: &EntryId, rng: &mut StdRng) -> Settled {
    sleep(Duration::from_secs_f64(rng.random_range(0.0..6.0))).await;
    if rng.random_bool(0.5) {
        // The first character claims; whether that got through does not matter.
        let _taken_or_offline = member.session.triage(wish(question, None, claim())).await;
    }
    let text = format!("{} answers", member.user);
    let id = member.session.answer_as(question.clone(), &text, guarded()).await.unwrap();
    member.session.settled(id).await.unwrap()
}

async fn play(seed: u64) {
    let (world, sue, tim) = two_desks(seed).await;
    let question = ask(&world, "why?").await;
    for desk in [&sue, &tim] {
        until("the question is there", async || items(desk).await.len() == 1).await;
    }
    let [mut a, mut b, mut c] = [3, 5, 7].map(|n| StdRng::seed_from_u64(seed * 100 + n));
    let breaking = async {
        for _ in 0..3 {
            break_for_a_while(&sue, &mut c).await;
        }
    };
    let (first, second, ()) =
        tokio::join!(answers(&sue, &question, &mut a), answers(&tim, &question, &mut b), breaking);
    let held = |end: &Settled| matches!(end, Settled::Failed { code, .. } if code == "overtaken");
    let sent = |end: &Settled| matches!(end, Settled::Sent { .. });
    assert!(
        (sent(&first) && held(&second)) || (held(&first) && sent(&second)),
        "seed {seed}: {first:?} {second:?}"
    );
    assert_eq!(published(&world).await.len(), 1, "seed {seed}: published once");

    // The text of the one who was held is there, and goes out beside the other when that is wanted.
    let loser = if held(&first) { &sue } else { &tim };
    let row = loser.rows().await.into_iter().find(failed).expect("the text is kept");
    loser.session.answer_anyway(row.key).await.unwrap();
    until("both are published", async || published(&world).await.len() == 2).await;
    sleep(Duration::from_secs(30)).await;
    fresh(&sue).await;
    fresh(&tim).await;
    let (left, right) = (items(&sue).await, items(&tim).await);
    assert_eq!(left, right, "seed {seed}: both desks know the same");
    assert_eq!(
        (left[0].work, left[0].answers, &left[0].claim),
        (Work::Answered, 2, &None),
        "seed {seed}"
    );
}

fn failed(row: &Row) -> bool {
    row.entry().is_some_and(
        |entry| matches!(&entry.delivery, Delivery::Failed { code, .. } if code == "overtaken"),
    )
}

async fn published(world: &Arc<World>) -> Vec<String> {
    let entries = world.truth().await.into_iter().filter(|entry| entry.kind == EntryKind::Answer);
    entries.map(|entry| entry.body().text().to_owned()).collect()
}

fn run(play: impl AsyncFn(u64)) {
    for seed in 0..number("ASIDE_SEEDS").unwrap_or(5) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(play(seed));
    }
}

#[test]
fn of_two_answers_over_broken_networks_the_second_is_held() {
    run(play);
}

#[test]
fn who_claims_second_learns_who_was_first() {
    run(async |seed| {
        let (world, sue, tim) = two_desks(seed).await;
        let question = ask(&world, "why?").await;
        let both = tokio::join!(
            sue.session.triage(wish(&question, None, claim())),
            tim.session.triage(wish(&question, None, claim()))
        );
        let (winner, loser) = match both {
            (Ok(item), Err(TriageError::Conflict(seen)))
            | (Err(TriageError::Conflict(seen)), Ok(item)) => (item, *seen),
            other => panic!("seed {seed}: {other:?}"),
        };
        assert_eq!(winner.claim, loser.claim);
        // Both see the owner, and that it was the same change.
        for desk in [&sue, &tim] {
            let seen = Item { voted: Some(false), ..winner.clone() };
            until("the owner is seen", async || items(desk).await == [seen.clone()]).await;
        }
    });
}

#[test]
fn what_happens_while_a_desk_is_away_is_there_when_it_is_back() {
    run(async |seed| {
        let (world, sue, tim) = two_desks(seed).await;
        sue.path.door(Door::Fails(DialError::Unreachable));
        sue.path.break_all(How::Reset);
        let mut questions = Vec::new();
        for n in 0..20 {
            questions.push(ask(&world, &format!("question {n}")).await);
        }
        until("all are there", async || items(&tim).await.len() == 20).await;
        for question in &questions[..10] {
            let change = Change { state: Some(Work::Dismissed), ..Change::default() };
            tim.session.triage(wish(question, Some(0), change)).await.unwrap();
        }
        let away = sue.session.triage(wish(&questions[0], None, claim())).await;
        assert_eq!(away, Err(TriageError::Offline));
        assert_eq!(sue.session.watch().borrow().desk.state, DeskState::CatchingUp);
        sue.path.heal();
        fresh(&sue).await;
        assert_eq!(items(&sue).await, items(&tim).await);
        assert_eq!(sue.session.watch().borrow().desk.open, 10);
        // A history that begins anew takes its questions along.
        world.rooms().unwrap().reset(&topic()).await.unwrap();
        until("nothing is left", async || items(&sue).await.is_empty()).await;
        ask(&world, "anew").await;
        until("the first one", async || items(&sue).await.len() == 1).await;
    });
}

#[test]
fn the_guard_of_an_answer_on_its_way_cannot_be_taken_off() {
    run(async |seed| {
        let (world, sue, tim) = two_desks(seed).await;
        let question = ask(&world, "why?").await;
        until("the question is there", async || items(&sue).await.len() == 1).await;
        sue.path.door(Door::Fails(DialError::Unreachable));
        sue.path.break_all(How::Reset);
        let id = sue.session.answer_as(question.clone(), "because", guarded()).await.unwrap();
        let waiting = sue.rows().await.pop().unwrap();
        // Nothing is held yet, so there is nothing to send in spite of it.
        assert!(sue.session.answer_anyway(waiting.key).await.is_err());
        let first = tim.session.answer_as(question, "since", guarded()).await.unwrap();
        assert!(matches!(tim.session.settled(first).await, Ok(Settled::Sent { .. })));
        sue.path.heal();
        let end = sue.session.settled(id).await.unwrap();
        assert!(matches!(end, Settled::Failed { ref code, .. } if code == "overtaken"), "{end:?}");
        assert_eq!(published(&world).await, ["since"]);
    });
}
