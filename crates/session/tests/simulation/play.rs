//! One run: a room with people in it, trouble, peace, and the judgement after half a minute of quiet.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

use crate::judge::{Wrong, fill_gaps, judge, most_tries, tries_allowed};
use crate::member::{Member, crowd};
use crate::weather::{Class, at_the_server, on_the_path};
use crate::world::{Mode, World};

/// What a run came to.
#[derive(Debug, Default)]
pub struct Outcome {
    pub wrong: Wrong,
    pub violations: Vec<String>,
    /// The longest from the last byte to "not online".
    pub detection: Duration,
    /// From the end of the trouble until each member was online.
    pub recovery: Vec<Duration>,
    pub losses: u32,
    pub tries: usize,
    pub trace: (u64, u64),
}

/// I9: from the end of the trouble, or from the moment at which a link was found dead, until online: the longest wait
/// between tries is 30 s.
const BACK: Duration = Duration::from_secs(33);
/// A dead link is found within this time.
const FOUND: Duration = Duration::from_secs(12);
const QUIET: Duration = Duration::from_secs(30);

fn members(class: Class) -> usize {
    if class == Class::Restart { 5 } else { 3 }
}

pub async fn play(class: Class, mode: Mode, seed: u64) -> Outcome {
    let world = World::new(mode, seed);
    let mut outcome = Outcome::default();
    let joins = (0..members(class)).map(|n| Member::join(&world, n, n == 2, seed * 100 + n as u64));
    let mut people = Vec::new();
    for join in joins {
        people.push(join.await);
    }
    let mut talking =
        vec![AbortOnDropHandle::new(tokio::spawn(crowd(world.clone(), seed, pace(class))))];
    for member in people.clone() {
        let (world, seed) = (world.clone(), seed ^ (member.number as u64 + 77));
        talking.push(AbortOnDropHandle::new(tokio::spawn(async move {
            member.talk(&world, seed).await
        })));
    }
    sleep(Duration::from_secs(5)).await;
    trouble(class, &world, &people, seed).await;
    let healed = Instant::now();
    world.note("peace");
    back_online(&people, healed, &mut outcome).await;
    sleep(Duration::from_secs(2)).await;
    drop(talking);
    sleep(QUIET).await;
    settle(class, mode, &world, &people, &mut outcome).await;
    outcome.trace = world.trace();
    outcome
}

/// The crowd says something this often at the least, in milliseconds.
fn pace(class: Class) -> u64 {
    if class == Class::Merge { 400 } else { 1500 }
}

async fn trouble(class: Class, world: &Arc<World>, people: &[Arc<Member>], seed: u64) {
    let until = Instant::now() + class.trouble();
    let paths = people.iter().map(|member| {
        let seed = seed ^ ((member.number as u64 + 1) << 32);
        tokio::spawn(on_the_path(class, world.clone(), member.clone(), until, seed))
    });
    let paths: Vec<_> = paths.collect();
    at_the_server(class, world, until, seed ^ 0xace).await;
    for path in join_all(paths).await {
        path.unwrap();
    }
}

/// Waits until everybody is online over a link that lives. A link or a try that died in the trouble must first be found
/// dead; from then on (or from the end of the trouble) counts the time.
async fn back_online(people: &[Arc<Member>], healed: Instant, outcome: &mut Outcome) {
    for (took, member) in join_all(people.iter().map(|member| back(member, healed))).await {
        if took > BACK || !member.is_online_since(healed) {
            let state = member.session.watch().borrow().connection.clone();
            outcome.violations.push(format!("I9: {} is {state:?} after {took:?}", member.number));
        }
        outcome.recovery.push(took);
    }
}

async fn back(member: &Member, healed: Instant) -> (Duration, &Member) {
    while !member.is_online_since(healed) && healed.elapsed() < FOUND + BACK {
        sleep(Duration::from_millis(50)).await;
    }
    let lost = member.seen.lock().unwrap().lost.filter(|lost| *lost > healed);
    (Instant::now() - lost.unwrap_or(healed), member)
}

async fn settle(
    class: Class,
    mode: Mode,
    world: &Arc<World>,
    people: &[Arc<Member>],
    outcome: &mut Outcome,
) {
    for member in people {
        fill_gaps(member).await;
    }
    let truth = world.truth().await;
    for member in people {
        let (wrong, violations) = judge(mode, member, &truth).await;
        outcome.wrong.add(wrong);
        outcome.violations.extend(violations);
        let tries = most_tries(&member.path.dials());
        if tries > tries_allowed(class.has_events()) {
            outcome
                .violations
                .push(format!("I6: {} tried {tries} times in a minute", member.number));
        }
        outcome.tries = outcome.tries.max(tries);
        let mut seen = member.seen.lock().unwrap();
        outcome.violations.append(&mut seen.violations);
        outcome.detection = outcome.detection.max(seen.worst_detection);
        outcome.losses += seen.losses;
        world.note(&format!("{} has {wrong:?}", member.number));
    }
}
