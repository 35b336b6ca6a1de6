//! Rates: how often someone may do something, as a pure function of the time, kept per name.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Rate;

/// Names kept before those that have rested are forgotten.
const NAMES: usize = 4096;

/// When the next one would be due if they came evenly (the "generic cell rate": one instant is the whole state).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    due: Option<Instant>,
    /// The last turn that somebody was told to come back for.
    line: Option<Instant>,
}

/// Nobody is told to wait longer for a turn: many of those who were told of one may never come back for it.
const LINE: Duration = Duration::from_secs(60);

impl Pace {
    /// Takes one, or says how long to wait for it.
    pub(crate) fn take(&mut self, rate: Option<Rate>, now: Instant) -> Result<(), Duration> {
        let Some(rate) = rate else { return Ok(()) };
        // What a slower rate left behind is not waited for: at this one, nobody is further ahead.
        let due = self.due.map_or(now, |due| due.clamp(now, now + rate.every * rate.burst));
        let ahead = due.saturating_duration_since(now);
        let allowed = rate.every * rate.burst.saturating_sub(1);
        if ahead > allowed {
            self.due = Some(due);
            return Err(ahead - allowed);
        }
        self.due = Some(due + rate.every);
        Ok(())
    }

    /// Takes one, or says when the turn of this one comes: behind all that were told of theirs.
    fn turn(&mut self, rate: Option<Rate>, now: Instant) -> Result<(), Duration> {
        let (Err(wait), Some(rate)) = (self.take(rate, now), rate) else { return Ok(()) };
        let next = self.line.map_or(now + wait, |line| (line + rate.every).max(now + wait));
        let next = next.min(now + LINE.max(wait));
        self.line = Some(next);
        Err(next - now)
    }

    fn rested(&self, now: Instant) -> bool {
        self.due.is_none_or(|due| due <= now)
    }
}

/// One pace per name.
#[derive(Debug)]
pub(crate) struct Paces<K>(Mutex<HashMap<K, Pace>>);

impl<K> Default for Paces<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Paces<K> {
    /// Takes one for a name, or says how long to wait for it.
    pub(crate) fn take(&self, name: K, rate: Option<Rate>, now: Instant) -> Result<(), Duration> {
        if rate.is_none() {
            return Ok(());
        }
        self.with(name, now, |pace| pace.take(rate, now))
    }

    /// Takes one where many wait under one name, or says when the turn of this one comes.
    pub(crate) fn turn(&self, name: K, rate: Option<Rate>, now: Instant) -> Result<(), Duration> {
        if rate.is_none() {
            return Ok(());
        }
        self.with(name, now, |pace| pace.turn(rate, now))
    }

    fn with<T>(&self, name: K, now: Instant, act: impl FnOnce(&mut Pace) -> T) -> T {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES {
            names.retain(|_, pace| !pace.rested(now));
        }
        act(names.entry(name).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_at_a_time() {
        let rate = Some(Rate { every: Duration::from_millis(200), burst: 3 });
        let start = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..3 {
            assert_eq!(pace.take(rate, start), Ok(()));
        }
        assert_eq!(pace.take(rate, start), Err(Duration::from_millis(200)));
        assert_eq!(
            pace.take(rate, start + Duration::from_millis(199)),
            Err(Duration::from_millis(1))
        );
        assert_eq!(pace.take(rate, start + Duration::from_millis(200)), Ok(()));
        assert_eq!(
            pace.take(rate, start + Duration::from_millis(200)),
            Err(Duration::from_millis(200))
        );
        let rested = start + Duration::from_secs(60);
        for _ in 0..3 {
            assert_eq!(pace.take(rate, rested), Ok(()));
        }
        assert!(pace.take(rate, rested).is_err(), "rest earns no more than a burst");
    }

    #[test]
    fn who_spoke_in_a_slow_time_waits_no_longer_than_is_asked_now() {
        let every = |seconds| Some(Rate { every: Duration::from_secs(seconds), burst: 1 });
        let (mut pace, start) = (Pace::default(), Instant::now());
        assert_eq!(pace.take(every(3600), start), Ok(()));
        let later = start + Duration::from_secs(1);
        assert_eq!(pace.take(every(5), later), Err(Duration::from_secs(5)));
        let again = later + Duration::from_secs(4);
        assert_eq!(pace.take(every(5), again), Err(Duration::from_secs(1)));
        assert_eq!(pace.take(every(5), later + Duration::from_secs(5)), Ok(()));
    }

    #[test]
    fn of_many_who_wait_each_is_told_of_a_turn_and_finds_it() {
        let rate = Some(Rate { every: Duration::from_millis(500), burst: 2 });
        let (mut pace, start) = (Pace::default(), Instant::now());
        let told: Vec<_> = (0..6).map(|_| pace.turn(rate, start)).collect();
        let half = |n: u64| Err(Duration::from_millis(500 * n));
        assert_eq!(told, [Ok(()), Ok(()), half(1), half(2), half(3), half(4)]);
        for wait in told.into_iter().filter_map(Result::err) {
            assert_eq!(pace.turn(rate, start + wait), Ok(()), "after {wait:?}");
        }
        // Whoever asks without an end makes nobody wait for hours.
        for _ in 0..10_000 {
            let _ = pace.turn(rate, start + Duration::from_secs(2));
        }
        assert_eq!(pace.turn(rate, start + Duration::from_secs(2)), Err(LINE));
        assert_eq!(pace.turn(rate, start + Duration::from_secs(3)), Ok(()), "nor out");
    }

    #[test]
    fn names_do_not_share() {
        let rate = Some(Rate { every: Duration::from_secs(1), burst: 1 });
        let (paces, now) = (Paces::default(), Instant::now());
        assert!(paces.take("a", rate, now).is_ok());
        assert!(paces.take("a", rate, now).is_err());
        assert!(paces.take("b", rate, now).is_ok());
        assert!(paces.take("a", None, now).is_ok());
    }
}
