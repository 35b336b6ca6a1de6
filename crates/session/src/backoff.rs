//! How long to wait before the next try. Pure: the moment and the dice are passed in.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use tokio::time::Instant;

/// The link must have been online this long before the wait starts small again. Resetting when the socket opens would
/// make every refused join count as a success.
pub(crate) const STABLE: Duration = Duration::from_secs(30);
/// The longest that a server may make us wait at its word.
const LONGEST_ASKED: Duration = Duration::from_secs(15 * 60);
/// The wait grows up to this.
const LONGEST_STEP: Duration = Duration::from_secs(30);
/// Tries that a person asks for are at least this far apart.
const RETRY_NOW_APART: Duration = Duration::from_secs(1);
/// Dials that a wake or a new network triggers come from a bucket of so many ...
const EVENT_DIALS: u32 = 3;
/// ... which gets one back in this time.
const EVENT_REFILL: Duration = Duration::from_secs(10);
/// After a wake the network needs a moment: so many tries come about a second apart ...
const EAGER_TRIES: u32 = 5;
/// ... and a network that comes and goes earns one more in this time: at most twenty tries of all kinds in a minute.
const EAGER_REFILL: Duration = Duration::from_secs(30);
/// Who was let go for reading too slowly comes back no sooner than this ...
const SOONEST: Duration = Duration::from_millis(250);
/// ... and no later than this, however often in a row: at most twenty times in a minute.
const SLOWEST_SOON: Duration = Duration::from_secs(5);
/// Who kept up for this long and is let go then begins at the soonest again.
const KEPT_UP: Duration = Duration::from_secs(10);

/// What decides about the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// This client alone noticed something: others are not coming back at the same moment.
    Ours,
    /// The server or the path ended it: everybody is coming back at once.
    Theirs,
    /// The server is busy and did not say for how long.
    Busy,
    /// The server named a time.
    Asked(Duration),
    /// A page for people named a time. It may be a proxy's or the network's own, so whoever knows better need not wait for it.
    Advised(Duration),
    /// The server restarts, without a time.
    Restart,
    /// The server wants us back later, without a time.
    Later,
    /// We alone read too slowly, and the server wants us back at once, after this time. No failure of anything.
    Soon(Duration),
    /// Something that will not change within seconds: look again after about this time.
    Slow(Duration),
}

/// The memory that the wait needs.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    tries: u32,
    /// How often in a row it was let go soon after it was back.
    let_go: u32,
    /// The next tries may come soon, as long as the bucket gives.
    eager: u32,
    eager_tries: Bucket,
    not_before: Option<Instant>,
    last_retry_now: Option<Instant>,
    event_dials: Bucket,
}

/// So many at once, then one in a time.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    most: u32,
    every: Duration,
    left: u32,
    at: Option<Instant>,
}

impl Bucket {
    fn new(most: u32, every: Duration) -> Self {
        Self { most, every, left: most, at: None }
    }

    fn take(&mut self, now: Instant) -> bool {
        let filled_at = *self.at.get_or_insert(now);
        let refills = ((now - filled_at).as_secs() / self.every.as_secs()) as u32;
        if refills > 0 {
            self.left = self.left.saturating_add(refills).min(self.most);
            self.at = Some(filled_at + self.every * refills);
        }
        let some = self.left > 0;
        self.left = self.left.saturating_sub(1);
        some
    }
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self {
            tries: 0,
            let_go: 0,
            eager: 0,
            not_before: None,
            last_retry_now: None,
            eager_tries: Bucket::new(EAGER_TRIES, EAGER_REFILL),
            event_dials: Bucket::new(EVENT_DIALS, EVENT_REFILL),
        }
    }

    /// The wait before the next try, from `now`.
    pub(crate) fn wait(&mut self, pace: Pace, now: Instant, rng: &mut StdRng) -> Duration {
        let tries = self.tries;
        // A look at something that only a person can change says nothing about how the server is, and nor does being slow.
        if !matches!(pace, Pace::Slow(_) | Pace::Soon(_)) {
            self.tries = self.tries.saturating_add(1);
        }
        let asked = |asked: Duration, rng: &mut StdRng| {
            let asked = asked.clamp(Duration::from_secs(1), LONGEST_ASKED);
            (asked, asked + up_to((asked / 4).min(Duration::from_secs(30)), rng))
        };
        self.not_before = None;
        match pace {
            Pace::Asked(time) => {
                let (floor, wait) = asked(time, rng);
                self.not_before = Some(now + floor);
                wait
            }
            Pace::Advised(time) => asked(time, rng).1,
            Pace::Soon(time) => {
                let grown = SOONEST.mul_f64(1.5_f64.powi(self.let_go.min(8) as i32));
                self.let_go = self.let_go.saturating_add(1);
                let floor = grown.min(SLOWEST_SOON).max(time);
                self.not_before = Some(now + floor);
                floor + up_to(floor / 4, rng)
            }
            Pace::Restart => between(1, 5, rng).max(self.grown(tries, 1, now, rng)),
            Pace::Later => between(10, 30, rng).max(self.grown(tries, 1, now, rng)),
            Pace::Busy => self.grown(tries.saturating_add(1), 8, now, rng),
            Pace::Slow(time) => time + up_to(time / 4, rng),
            Pace::Ours if tries == 0 => up_to(Duration::from_millis(250), rng),
            Pace::Theirs if tries == 0 => up_to(Duration::from_secs(3), rng),
            Pace::Ours | Pace::Theirs => self.grown(tries, 1, now, rng),
        }
    }

    /// w = first, 2·first, … up to 30 s; the wait is w/2 and up to as much again.
    fn grown(&mut self, tries: u32, first: u64, now: Instant, rng: &mut StdRng) -> Duration {
        if self.eager > 0 && self.eager_tries.take(now) {
            self.eager -= 1;
            return half_to_whole(Duration::from_secs(1), rng);
        }
        let doublings = tries.saturating_sub(1).min(5);
        half_to_whole(Duration::from_secs(first << doublings).min(LONGEST_STEP), rng)
    }

    /// The link was online for so long before it ended.
    pub(crate) fn was_online(&mut self, time: Duration) {
        if time >= STABLE {
            self.tries = 0;
        }
        if time >= KEPT_UP {
            self.let_go = 0;
        }
    }

    /// Whether a person may have a try at once: not within a second of the last, and not before a time the server named.
    pub(crate) fn retry_now(&mut self, now: Instant) -> bool {
        let too_soon = self.last_retry_now.is_some_and(|last| now < last + RETRY_NOW_APART);
        if too_soon || !self.floor_passed(now) {
            return false;
        }
        self.last_retry_now = Some(now);
        true
    }

    /// Whether a wake or a new network may have a try at once.
    pub(crate) fn event_dial(&mut self, now: Instant) -> bool {
        if !self.floor_passed(now) || !self.event_dials.take(now) {
            return false;
        }
        self.eager = EAGER_TRIES;
        true
    }

    /// The machine slept for so long, which the clock did not see: a time that the server named is nearer by that.
    pub(crate) fn slept(&mut self, time: Duration) {
        self.not_before = self.not_before.and_then(|floor| floor.checked_sub(time));
    }

    /// Whether the server named no time that is still to come.
    pub(crate) fn floor_passed(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|floor| now >= floor)
    }
}

fn up_to(most: Duration, rng: &mut StdRng) -> Duration {
    most.mul_f64(rng.random_range(0.0..1.0))
}

fn between(least: u64, most: u64, rng: &mut StdRng) -> Duration {
    Duration::from_secs(least) + up_to(Duration::from_secs(most - least), rng)
}

fn half_to_whole(whole: Duration, rng: &mut StdRng) -> Duration {
    whole / 2 + up_to(whole / 2, rng)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn each_seed(check: impl Fn(&mut StdRng)) {
        for seed in 0..200 {
            check(&mut StdRng::seed_from_u64(seed));
        }
    }

    #[test]
    fn at_most_nine_tries_in_any_minute() {
        each_seed(|rng| {
            for pace in [Pace::Ours, Pace::Theirs, Pace::Busy] {
                let (mut backoff, start) = (Backoff::new(), Instant::now());
                let (mut now, mut tries) = (start, vec![start]);
                while now < start + Duration::from_secs(600) {
                    now += backoff.wait(pace, now, rng);
                    tries.push(now);
                }
                for (n, from) in tries.iter().enumerate() {
                    let minute =
                        tries[n..].iter().take_while(|at| **at < *from + Duration::from_secs(60));
                    assert!(minute.count() <= 9, "{pace:?}");
                }
            }
        });
    }

    #[test]
    fn who_was_too_slow_is_back_at_once_and_in_no_tight_loop() {
        each_seed(|rng| {
            let (mut backoff, start) = (Backoff::new(), Instant::now());
            let soon = Pace::Soon(SOONEST);
            let (mut now, mut back) = (start, vec![start]);
            while now < start + Duration::from_secs(300) {
                // Let go again after a second online each time.
                backoff.was_online(Duration::from_secs(1));
                let wait = backoff.wait(soon, now, rng);
                assert!(wait >= SOONEST && wait <= SLOWEST_SOON + SLOWEST_SOON / 4);
                assert!(!backoff.retry_now(now + SOONEST / 2), "not before its time");
                now += wait;
                back.push(now);
            }
            assert!(back[4] < start + Duration::from_secs(3), "the first few are quick");
            for (n, from) in back.iter().enumerate() {
                let minute =
                    back[n..].iter().take_while(|at| **at < *from + Duration::from_secs(60));
                assert!(minute.count() <= 20);
            }
            // It was no failure: the next real one is waited for as the first, and keeping up for a while begins anew.
            assert!(backoff.wait(Pace::Theirs, now, rng) <= Duration::from_secs(3));
            backoff.was_online(KEPT_UP);
            assert!(backoff.wait(soon, now, rng) <= SOONEST + SOONEST / 4);
        });
    }

    #[test]
    fn the_first_wait_is_short_for_what_only_we_noticed_and_spread_for_what_all_did() {
        each_seed(|rng| {
            let now = Instant::now();
            assert!(Backoff::new().wait(Pace::Ours, now, rng) <= Duration::from_millis(250));
            assert!(Backoff::new().wait(Pace::Theirs, now, rng) <= Duration::from_secs(3));
            assert!(Backoff::new().wait(Pace::Busy, now, rng) >= Duration::from_secs(4));
        });
    }

    #[test]
    fn only_thirty_seconds_online_make_the_wait_small_again() {
        let (mut rng, now) = (StdRng::seed_from_u64(1), Instant::now());
        let mut backoff = Backoff::new();
        for _ in 0..8 {
            backoff.wait(Pace::Theirs, now, &mut rng);
        }
        backoff.was_online(Duration::from_secs(29));
        assert!(backoff.wait(Pace::Theirs, now, &mut rng) >= Duration::from_secs(15));
        backoff.was_online(STABLE);
        assert!(backoff.wait(Pace::Theirs, now, &mut rng) <= Duration::from_secs(3));
    }

    #[test]
    fn nobody_comes_back_before_the_time_the_server_named() {
        each_seed(|rng| {
            let now = Instant::now();
            for (asked, least, most) in [(0, 1, 2), (20, 20, 25), (7200, 900, 930)] {
                let mut backoff = Backoff::new();
                let wait = backoff.wait(Pace::Asked(Duration::from_secs(asked)), now, rng);
                assert!(wait >= Duration::from_secs(least) && wait <= Duration::from_secs(most));
                let early = now + Duration::from_millis(least * 1000 - 1);
                assert!(!backoff.retry_now(early) && !backoff.event_dial(early));
                assert!(backoff.retry_now(now + Duration::from_secs(least)));
            }
        });
    }

    #[test]
    fn a_sleep_brings_the_time_that_the_server_named_nearer() {
        let (mut backoff, now) = (Backoff::new(), Instant::now());
        backoff.wait(Pace::Asked(Duration::from_secs(900)), now, &mut StdRng::seed_from_u64(1));
        let minute = Duration::from_secs(60);
        backoff.slept(10 * minute);
        assert!(!backoff.event_dial(now + minute), "four minutes are left");
        backoff.slept(60 * minute);
        assert!(backoff.event_dial(now + minute));
    }

    #[test]
    fn a_time_that_a_page_named_is_waited_for_and_binds_nobody() {
        each_seed(|rng| {
            let (mut backoff, now) = (Backoff::new(), Instant::now());
            let wait = backoff.wait(Pace::Advised(Duration::from_secs(60)), now, rng);
            assert!(wait >= Duration::from_secs(60) && wait <= Duration::from_secs(75));
            assert!(backoff.retry_now(now) && backoff.event_dial(now));
        });
    }

    #[test]
    fn a_person_may_retry_once_a_second_and_events_come_from_a_bucket() {
        let now = Instant::now();
        let mut backoff = Backoff::new();
        assert!(backoff.retry_now(now));
        assert!(!backoff.retry_now(now + Duration::from_millis(900)));
        assert!(backoff.retry_now(now + Duration::from_secs(1)));
        let dials =
            (0..100).filter(|n| backoff.event_dial(now + Duration::from_millis(n * 100))).count();
        assert_eq!(dials, 3);
        assert!(backoff.event_dial(now + Duration::from_secs(10)));
    }
}

#[cfg(test)]
mod storm;
