//! The merge without ids, measured: seeded rooms that repeat themselves, links that break, histories that lag.
//!
//! `ASIDE_SEEDS=500 cargo test -p aside-session --release --test merge -- --nocapture` measures at a larger scale.

mod support;

use std::collections::HashMap;
use std::time::Duration;

use aside_history::{RowKind, Standing};
use aside_protocol::{CreatedAt, Entry};
use aside_session::{Clock, Session};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use support::fake::{Peer, World, message};
use support::{inline_store, rows};
use tokio::time::{sleep, timeout};

/// Messages of one seed.
const MESSAGES: usize = 1500;
/// Seeds in the ordinary run.
const SEEDS: u64 = 6;

/// What a merge got wrong.
#[derive(Clone, Copy, Debug, Default)]
struct Wrong {
    messages: usize,
    lost: usize,
    doubled: usize,
    moved: usize,
}

struct Room {
    users: u32,
    repeats: f64,
    /// Entries are dated: in the history to the second, on the wire by a clock that is so many seconds ahead.
    dated: Option<i64>,
}

impl Room {
    /// An entry as the history keeps it, and as it is told.
    fn said(&self, at: Timestamp, entry: Entry) -> [Entry; 2] {
        let dated = |ahead: i64| {
            let at = Timestamp::from_second(at.as_second() + ahead).unwrap_or(at);
            Entry { created_at: Some(CreatedAt::Instant(at)), ..entry.clone() }
        };
        self.dated.map_or_else(|| [entry.clone(), entry.clone()], |ahead| [dated(0), dated(ahead)])
    }
}

async fn speak(world: &World, peer: &mut Option<Peer>, rng: &mut StdRng, room: &Room, n: usize) {
    let gap = Duration::from_millis(rng.random_range(1..600));
    match peer {
        Some(peer) => drop(peer.live_for(gap).await),
        None => {
            if let Ok(accepted) = timeout(gap, world.accept()).await {
                *peer = Some(accepted);
            }
        }
    }
    let user = format!("user {}", rng.random_range(0..room.users));
    let text = if rng.random_bool(room.repeats) {
        ["ha", "+1", "yes", "666", "?"][rng.random_range(0..5)].to_owned()
    } else {
        format!("message {n}")
    };
    let [kept, told] = room.said(world.clock.now(), message(&user, &text));
    world.remember_after(Duration::from_millis(rng.random_range(0..1500)), kept);
    if let Some(open) = peer {
        open.say(&told).await;
        if rng.random_bool(0.015) {
            *peer = None;
            if rng.random_bool(0.5) {
                world.refuse(Some(aside_session::DialError::Unreachable));
            }
        }
    } else if rng.random_bool(0.05) {
        world.refuse(None);
    }
}

async fn run(seed: u64, room: &Room) -> Wrong {
    let mut rng = StdRng::seed_from_u64(seed);
    let world = World::new();
    let session = world.join_with_seed(&inline_store(), seed).await;
    let mut peer = None;
    for n in 0..MESSAGES {
        speak(&world, &mut peer, &mut rng, room, n).await;
    }
    world.refuse(None);
    let mut last = match peer {
        Some(peer) => peer,
        None => world.accept().await,
    };
    last.live_for(Duration::from_secs(150)).await;
    compare(&world.truth(), &shown(&session).await)
}

/// What a person would take for the room: rows that the history does not have are marked as such.
async fn shown(session: &Session) -> Vec<String> {
    let rows = rows(session).await;
    let texts = rows.into_iter().filter_map(|row| match row.kind {
        RowKind::Entry(row) if row.standing != Standing::NotInHistory => Some(row.entry.content),
        RowKind::Entry(_) | RowKind::Boundary => None,
        RowKind::Gap(_) => Some("<gap>".to_owned()),
    });
    texts.collect()
}

fn compare(truth: &[String], shown: &[String]) -> Wrong {
    let mut counts: HashMap<&String, i64> = HashMap::new();
    truth.iter().for_each(|text| *counts.entry(text).or_default() += 1);
    shown.iter().for_each(|text| *counts.entry(text).or_default() -= 1);
    let lost: i64 = counts.values().filter(|n| **n > 0).sum();
    let doubled: i64 = -counts.values().filter(|n| **n < 0).sum::<i64>();
    let common = longest_common(truth, shown);
    let moved = shown.len() - doubled as usize - common;
    Wrong { messages: truth.len(), lost: lost as usize, doubled: doubled as usize, moved }
}

fn longest_common(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for text in a {
        let mut before = 0;
        for (n, other) in b.iter().enumerate() {
            let above = row[n + 1];
            row[n + 1] = if text == other { before + 1 } else { above.max(row[n]) };
            before = above;
        }
    }
    row[b.len()]
}

async fn measure(name: &str, room: Room) -> Wrong {
    let seeds = std::env::var("ASIDE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(SEEDS);
    let mut all = Wrong::default();
    for seed in 0..seeds {
        let one = run(seed, &room).await;
        if one.lost + one.doubled + one.moved > 0 {
            eprintln!("{name} seed {seed}: {one:?}");
        }
        all.messages += one.messages;
        all.lost += one.lost;
        all.doubled += one.doubled;
        all.moved += one.moved;
    }
    let per_10k = |n: usize| n as f64 * 10_000.0 / all.messages as f64;
    eprintln!(
        "{name}: {} messages, per 10,000: lost {:.2}, doubled {:.2}, moved {:.2}",
        all.messages,
        per_10k(all.lost),
        per_10k(all.doubled),
        per_10k(all.moved)
    );
    all
}

#[tokio::test(start_paused = true)]
async fn a_third_repeated_loses_and_doubles_next_to_nothing() {
    let all = measure("30 % repeats", Room { users: 40, repeats: 0.3, dated: None }).await;
    // At most 0.5 per 10,000; a single one is always within chance.
    let most = (all.messages / 20_000).max(1);
    assert!(all.lost <= most && all.doubled <= most && all.moved <= most, "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_room_of_few_words_stays_close() {
    sleep(Duration::ZERO).await;
    let all = measure("5 users, 80 % repeats", Room { users: 5, repeats: 0.8, dated: None }).await;
    let most = (all.messages / 2_000).max(1);
    assert!(all.lost <= most && all.doubled <= most && all.moved <= most, "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_history_that_dates_otherwise_loses_and_doubles_no_more() {
    let room = Room { users: 5, repeats: 0.8, dated: Some(4) };
    let all = measure("5 users, 80 % repeats, clocks apart", room).await;
    let most = (all.messages / 2_000).max(1);
    assert!(all.lost <= most && all.doubled <= most && all.moved <= most, "{all:?}");
}
