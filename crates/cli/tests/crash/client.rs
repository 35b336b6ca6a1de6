//! The CLI dies in the middle of sending, asking and listening; the next command finds everything as it must be.

use std::time::Duration;

use crate::ledger::Ledger;
use crate::stage::{Dice, End, Load, Person, kills, log, server};

/// Where a command that says something may die, whatever the server can do.
const PLACES: &[&str] = &[
    "start.expired",
    "say.before-enqueue",
    "say.enqueued",
    "say.echoed",
    "send.before-mark",
    "send.marked",
    "send.handed-over",
    "link.written:2",
    "settle.echo-heard",
    "settle.before-forget",
    "settle.forgotten",
    "merge.before-commit:1",
    "merge.before-commit:2",
    "merge.committed:1",
    "merge.committed:2",
    "merge.told:1",
    "merge.told:2",
    "cache.applied:2",
    "cache.before-commit:1",
    "cache.before-commit:2",
    "cache.committed:1",
    "cache.committed:2",
    "outbox.before-commit:1",
    "outbox.before-commit:2",
    "outbox.before-commit:3",
    "outbox.before-commit:4",
    "outbox.committed:1",
    "outbox.committed:2",
    "outbox.committed:3",
    "outbox.committed:4",
    "store.folded-in",
    "cli.settled",
];

/// With acks: whatever a death left behind goes out with the next command, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(debug_assertions), ignore = "release builds have no places to die at")]
async fn with_acks_a_death_at_any_place_loses_and_doubles_nothing() {
    let server = server(false).await;
    let rooms = server.rooms();
    let ann = Person::new(rooms, server.addr(), "ann").await;
    let mut ledger = Ledger::default();
    let follow_up = ["start.before-forget", "doubt.due-again"];
    let asked = ["settle.acknowledged", "send.marked", "send.handed-over", "settle.before-forget"];
    let mut plan: Vec<(&str, &str)> = PLACES.iter().map(|place| ("send", *place)).collect();
    // These need what an earlier death left behind.
    plan.extend([("send", "settle.before-forget"), ("send", follow_up[0])]);
    plan.extend([("send", "send.marked"), ("send", follow_up[1])]);
    plan.extend(asked.map(|place| ("ask", place)));
    for (n, (verb, place)) in plan.into_iter().enumerate() {
        let text = format!("{n} {verb} {place}");
        ledger.given(&text);
        let end = ann.run(&[verb, &text], Some(place)).await;
        // A question is answered over HTTP and broadcast on the socket, in either order: the one may leave nothing to acknowledge,
        // and after the other the command may have ended before anything is forgotten.
        let raced =
            verb == "ask" && ["settle.acknowledged", "settle.before-forget"].contains(&place);
        assert!(end == End::Died || (raced && end == End::Said(0)), "{text}: {end:?}");
        if end == End::Said(0) {
            ledger.acknowledged(&text);
        }
        ledger.died(&ann.outbox(), &log(rooms).await);
    }
    assert_eq!(ann.run(&["send", "the last"], None).await, End::Said(0));
    let said = log(rooms).await;
    ledger.balance(&ann.outbox(), &said, true);
    assert_eq!(ann.history().await, said);
}

/// Without acks: at most once, and what is in doubt is found in the history, or sent again, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(debug_assertions), ignore = "release builds have no places to die at")]
async fn without_acks_a_death_at_any_place_doubles_nothing_and_loses_nothing_unseen() {
    let server = server(true).await;
    let mut later = Vec::new();
    for (n, place) in PLACES.iter().enumerate() {
        let rooms = server.rooms().clone();
        // What is in doubt holds up what comes later: each has a home of its own, so that they wait at the same time.
        let person = Person::new(&rooms, server.addr(), &format!("p{n}")).await;
        let (text, after) = (format!("before {place}"), format!("after {place}"));
        let mut ledger = Ledger::default();
        ledger.given(&text);
        let end = person.run(&["send", &text], Some(place)).await;
        assert_eq!(end, End::Died, "{text}");
        ledger.died(&person.outbox(), &log(&rooms).await);
        later.push(tokio::spawn(async move {
            assert_eq!(person.run(&["send", &after], None).await, End::Said(0), "{after}");
            ledger.given(&after);
            ledger.acknowledged(&after);
            ledger.balance(&person.outbox(), &log(&rooms).await, true);
        }));
    }
    for later in later {
        later.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_acks_deaths_at_random_under_load_lose_and_double_nothing() {
    at_random(false, kills(16)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_acks_deaths_at_random_under_load_double_nothing() {
    at_random(true, kills(12)).await;
}

async fn at_random(core_only: bool, kills: usize) {
    let server = server(core_only).await;
    let rooms = server.rooms();
    let load = Load::on(rooms.clone());
    let ann = Person::new(rooms, server.addr(), "ann").await;
    let (mut ledger, mut dice) = (Ledger::default(), Dice::new(7));
    let (mut died, mut n) = (0, 0);
    while died < kills {
        n += 1;
        let verb = ["send", "ask", "tail"][usize::try_from(dice.below(3)).unwrap()];
        let text = format!("{n} {verb}");
        let args = if verb == "tail" { vec!["tail", "--json"] } else { vec![verb, &text] };
        if verb != "tail" {
            ledger.given(&text);
        }
        let mut child = ann.command(&args).spawn().unwrap();
        let moment = Duration::from_millis(20 + dice.below(if core_only { 900 } else { 400 }));
        let end = match tokio::time::timeout(moment, child.wait()).await {
            Ok(status) => End::of(status.unwrap()),
            Err(_) => {
                child.kill().await.unwrap();
                End::Died
            }
        };
        if end == End::Said(0) {
            ledger.acknowledged(&text);
        }
        died += usize::from(end == End::Died);
        ledger.died(&ann.outbox(), &log(rooms).await);
    }
    drop(load);
    assert_eq!(ann.run(&["send", "--timeout", "50", "the last"], None).await, End::Said(0));
    let said = log(rooms).await;
    // A question that nobody confirmed is left to the person.
    ledger.balance(&ann.outbox(), &said, !core_only);
    assert_eq!(ann.history().await, said);
}
