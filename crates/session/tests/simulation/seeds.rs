//! Which seeds run, what their runs must come to, and how a bad one is told.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::judge::Wrong;
use crate::play::{Outcome, play};
use crate::weather::Class;
use crate::world::Mode;

/// Seeds of one class against one kind of server, where nothing is optimized; `cargo xtask soak` runs many more.
const SEEDS: u64 = 2;
/// Lines of `CLASS_MODE SEED`: seeds that once showed a mistake.
const REGRESSIONS: &str = include_str!("regressions.txt");
/// No run takes longer, on the clock that it sees.
const LONGEST: Duration = Duration::from_secs(3600);

fn one(class: Class, mode: Mode, seed: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let run =
        || runtime.block_on(async { tokio::time::timeout(LONGEST, play(class, mode, seed)).await });
    let violations = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(outcome)) => return outcome,
        Ok(Err(_)) => vec!["it never ended".to_owned()],
        Err(_) => vec!["it panicked".to_owned()],
    };
    Outcome { violations, ..Outcome::default() }
}

/// A number from the environment.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn chosen(test: &str) -> Vec<u64> {
    if let Some(seed) = number("ASIDE_SEED") {
        return vec![seed];
    }
    let known = REGRESSIONS.lines().filter(|line| !line.starts_with('#'));
    let known = known.filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == test).then(|| words.next()?.parse().ok())?
    });
    known.chain(0..number("ASIDE_SEEDS").unwrap_or(SEEDS)).collect()
}

/// Runs the seeds of a class; panics with how to replay the bad ones.
pub fn run(class: Class, mode: Mode, test: &str) {
    let seeds = chosen(test);
    let (mut sum, mut bad) = (Sum::default(), Vec::new());
    for seed in &seeds {
        let outcome = one(class, mode, *seed);
        if outcome.wrong.any() {
            eprintln!("{test} seed {seed}: {:?}", outcome.wrong);
        }
        if !outcome.violations.is_empty() {
            let words = outcome.violations.join("\n  ");
            eprintln!("{test} seed {seed}:\n  {words}\n  replay: {}", replay(test, *seed));
            bad.push(*seed);
        }
        sum.add(&outcome);
    }
    eprintln!("{test}: {} seeds, {sum:?}, bad {bad:?}", seeds.len());
    sum.report(class, mode, seeds.len(), bad.len());
    assert!(
        bad.is_empty(),
        "{} of {} seeds; first: {}",
        bad.len(),
        seeds.len(),
        replay(test, bad[0])
    );
    sum.assert_small(test);
}

fn replay(test: &str, seed: u64) -> String {
    format!(
        "ASIDE_SEED={seed} ASIDE_TRACE=1 cargo nextest run -p aside-session --test simulation --no-capture -E 'test(={test})'"
    )
}

/// The same seed twice is the same run, event by event.
pub fn same_twice(class: Class, mode: Mode) {
    let (first, second) = (one(class, mode, 1), one(class, mode, 1));
    assert_eq!(first.trace, second.trace, "{class:?} {mode:?}");
    assert!(first.trace.1 > 50, "something happened");
    if class == Class::Merge {
        assert_ne!(first.trace, one(class, mode, 2).trace, "another seed is another run");
    }
}

/// Many runs of one class.
#[derive(Debug, Default)]
struct Sum {
    wrong: Wrong,
    detection: Duration,
    recovery: Vec<Duration>,
    losses: u32,
    tries: usize,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        self.wrong.add(outcome.wrong);
        self.detection = self.detection.max(outcome.detection);
        self.recovery.extend(&outcome.recovery);
        self.losses += outcome.losses;
        self.tries = self.tries.max(outcome.tries);
    }

    /// Without ids, at most a half of one in 10,000 lost, doubled or moved; one alone is always within chance.
    fn assert_small(&self, test: &str) {
        let most = (self.wrong.entries / 20_000).max(1);
        let Wrong { lost, doubled, moved, .. } = self.wrong;
        assert!(lost <= most && doubled <= most && moved <= most, "{test}: {:?}", self.wrong);
    }

    /// A line for `cargo xtask soak`, which makes the table of them.
    fn report(&self, class: Class, mode: Mode, seeds: usize, bad: usize) {
        let Some(path) = std::env::var_os("ASIDE_REPORT") else { return };
        let mut recovery = self.recovery.clone();
        recovery.sort();
        let at = |share: f64| {
            let last = recovery.len().saturating_sub(1);
            recovery.get((last as f64 * share) as usize).map_or(0, Duration::as_millis)
        };
        let Wrong { entries, lost, doubled, moved } = self.wrong;
        let line = serde_json::json!({
            "class": class.number(), "mode": format!("{mode:?}"), "seeds": seeds, "bad": bad,
            "entries": entries, "lost": lost, "doubled": doubled, "moved": moved,
            "detection_ms": self.detection.as_millis(), "losses": self.losses, "tries": self.tries,
            "recovery_p95_ms": at(0.95), "recovery_worst_ms": at(1.0),
        });
        let file = std::fs::File::options().create(true).append(true).open(path);
        writeln!(file.unwrap(), "{line}").unwrap();
    }
}
