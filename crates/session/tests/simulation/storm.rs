//! A restart with a full house: how often each client comes back, and how many in one second.

use std::io::Write;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use crate::member::Member;
use crate::seeds::number;
use crate::world::{Mode, World};

/// How long the server is away.
const AWAY: Duration = Duration::from_secs(5);
/// So many come back in a second by the server's own rule, and a fifth more by chance.
const ADMITTED: usize = 200;
/// Without a word from the server: the longest wait between two tries, and the twelve seconds to find a dead one.
const BACK: Duration = Duration::from_secs(45);

struct Storm {
    tries: usize,
    most: usize,
    peak_away: usize,
    peak_there: usize,
    back: Duration,
}

async fn storm(clients: usize, told: bool, seed: u64) -> Storm {
    let world = World::new(Mode::Full, seed);
    *world.restart_after.lock().unwrap() = AWAY;
    world.kill().await;
    world.start();
    let joins = (0..clients).map(|n| Member::join(&world, n, false, seed * 10_000 + n as u64));
    let people = join_all(joins).await;
    let everybody = async |since: Instant| {
        while !people.iter().all(|member| member.is_online_since(since)) {
            assert!(since.elapsed() < AWAY + BACK, "somebody never came back");
            sleep(Duration::from_millis(50)).await;
        }
    };
    everybody(Instant::now()).await;
    sleep(Duration::from_secs(30)).await;
    let gone = Instant::now();
    if told {
        world.stop().await;
    } else {
        world.kill().await;
    }
    sleep(AWAY.saturating_sub(gone.elapsed())).await;
    world.start();
    let there = Instant::now();
    everybody(there).await;
    let back = there.elapsed();
    let mut seconds = vec![0; 120];
    let (mut tries, mut most) = (0, 0);
    for member in &people {
        let dials: Vec<_> = member.path.dials().into_iter().filter(|at| *at >= gone).collect();
        dials.iter().for_each(|at| seconds[(*at - gone).as_secs() as usize] += 1);
        (tries, most) = (tries + dials.len(), most.max(dials.len()));
    }
    let peak = |of: &[usize]| of.iter().copied().max().unwrap_or(0);
    let (away, there) = seconds.split_at(AWAY.as_secs() as usize);
    Storm { tries, most, peak_away: peak(away), peak_there: peak(there), back }
}

fn run(told: bool) {
    let clients = number("ASIDE_CLIENTS").unwrap_or(60) as usize;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let Storm { tries, most, peak_away, peak_there, back } =
        runtime.block_on(storm(clients, told, 4));
    let line = serde_json::json!({
        "storm": told, "clients": clients, "tries": tries, "most": most,
        "peak_away": peak_away, "peak_there": peak_there, "back_ms": back.as_millis(),
    });
    eprintln!("{line}");
    if let Some(path) = std::env::var_os("ASIDE_REPORT") {
        let file = std::fs::File::options().create(true).append(true).open(path);
        writeln!(file.unwrap(), "{line}").unwrap();
    }
    if told {
        assert_eq!((tries, most, peak_away), (clients, 1, 0), "each once, and none too early");
        assert!(peak_there <= ADMITTED * 6 / 5, "{peak_there} in a second");
    } else {
        assert!(most <= 9, "{most} tries of one client");
        assert!(peak_there <= clients * 45 / 100, "{peak_there} in a second");
    }
}

#[test]
fn a_restart_that_was_announced() {
    run(true);
}

#[test]
fn a_restart_that_was_not() {
    run(false);
}
