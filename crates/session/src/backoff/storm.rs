//! A model of a restart: more clients than the simulation can hold, with the real back-off, and a server that sends away
//! what is more than it lets in per second.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand::SeedableRng;

use super::*;

/// So many handshakes a second are what the server is good for; the rest is sent away.
const ADMITTED: usize = 200;
/// How long it is away.
const AWAY: Duration = Duration::from_secs(5);

struct Outcome {
    tries_each: f64,
    most_tries: u32,
    /// In a second in which nobody was there: a refused connection each.
    peak_away: usize,
    /// In a second in which the server was.
    peak: usize,
}

fn storm(clients: usize, told: bool, seed: u64) -> Outcome {
    let start = Instant::now();
    let mut dice = StdRng::seed_from_u64(seed);
    // The server's own rule, which it follows when it stops.
    let spread = Duration::from_secs_f64(1.1 * clients as f64 / ADMITTED as f64);
    let mut states: Vec<_> = (0..clients).map(|_| (Backoff::new(), 0_u32)).collect();
    let mut due = BinaryHeap::new();
    for (n, (backoff, _)) in states.iter_mut().enumerate() {
        let pace = match told {
            true => Pace::Asked(AWAY + up_to(spread, &mut dice)),
            false => Pace::Theirs,
        };
        due.push(Reverse((backoff.wait(pace, start, &mut dice), n)));
    }
    let mut seconds = vec![0_usize; 3600];
    let mut admitted = vec![0_usize; 3600];
    while let Some(Reverse((at, n))) = due.pop() {
        let second = at.as_secs() as usize;
        let (backoff, tries) = &mut states[n];
        *tries += 1;
        seconds[second] += 1;
        let pace = match () {
            () if at < AWAY => Pace::Theirs,
            () if admitted[second] >= ADMITTED => Pace::Busy,
            () => {
                admitted[second] += 1;
                continue;
            }
        };
        due.push(Reverse((at + backoff.wait(pace, start + at, &mut dice), n)));
    }
    let tries = states.iter().map(|(_, tries)| *tries);
    Outcome {
        tries_each: f64::from(tries.clone().sum::<u32>()) / clients as f64,
        most_tries: tries.max().unwrap_or(0),
        peak_away: seconds[..AWAY.as_secs() as usize].iter().copied().max().unwrap_or(0),
        peak: seconds[AWAY.as_secs() as usize..].iter().copied().max().unwrap_or(0),
    }
}

#[test]
fn a_restart_brings_no_storm() {
    for clients in [1000, 5000] {
        for told in [true, false] {
            let runs: Vec<_> = (0..20).map(|seed| storm(clients, told, seed)).collect();
            let tries = runs.iter().map(|run| run.tries_each).fold(0.0, f64::max);
            let most = runs.iter().map(|run| run.most_tries).max().unwrap();
            let away = runs.iter().map(|run| run.peak_away).max().unwrap();
            let peak = runs.iter().map(|run| run.peak).max().unwrap();
            if told {
                assert!(tries <= 1.2 && most <= 4, "{tries} {most}");
                assert!(away == 0 && peak <= ADMITTED * 12 / 10, "{away} {peak}");
            } else {
                // Spread over three seconds, then thinner with every try.
                assert!(peak <= clients * 45 / 100, "{peak}");
                assert!(tries <= 9.0 && most <= 12, "{tries} {most}");
            }
        }
    }
}
