//! The pictures that entries on the page point at: only these have names, so the page can ask for nothing else.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::policy::Source;

/// More faces than a person scrolls past in an evening; the oldest make room.
const MOST: usize = 4096;

/// A picture that could not be had is not asked for again for so long.
const REST: Duration = Duration::from_secs(10 * 60);

/// Names, what they stand for, and which of them failed lately.
#[derive(Default)]
pub(super) struct Known {
    sources: HashMap<String, Entry>,
    order: VecDeque<String>,
}

struct Entry {
    source: Source,
    failed: Option<Instant>,
}

impl Known {
    /// Gives a picture its name.
    pub(super) fn learn(&mut self, source: Source) -> String {
        let name = source.name();
        if !self.sources.contains_key(&name) {
            if self.order.len() >= MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.sources.remove(&oldest);
            }
            self.order.push_back(name.clone());
            self.sources.insert(name.clone(), Entry { source, failed: None });
        }
        name
    }

    /// What a name stands for, unless it is unknown or failed a short while ago.
    pub(super) fn source(&self, name: &str, now: Instant) -> Option<Source> {
        let entry = self.sources.get(name)?;
        let resting = entry.failed.is_some_and(|failed| now < failed + REST);
        (!resting).then(|| entry.source.clone())
    }

    /// It could not be had.
    pub(super) fn failed(&mut self, name: &str, now: Instant) {
        if let Some(entry) = self.sources.get_mut(name) {
            entry.failed = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(number: usize) -> Source {
        Source { link: format!("https://img.example/{number}").parse().unwrap(), own_server: false }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_rests_for_a_while() {
        let mut known = Known::default();
        let name = known.learn(source(1));
        let now = Instant::now();
        assert_eq!(known.source(&name, now), Some(source(1)));
        assert_eq!(known.source("../../settings.json", now), None);
        known.failed(&name, now);
        known.learn(source(1));
        assert_eq!(known.source(&name, now + REST / 2), None);
        assert_eq!(known.source(&name, now + REST), Some(source(1)));
    }

    #[tokio::test]
    async fn what_is_known_is_bounded() {
        let mut known = Known::default();
        let first = known.learn(source(0));
        for number in 1..=MOST {
            known.learn(source(number));
        }
        assert_eq!((known.sources.len(), known.order.len()), (MOST, MOST));
        assert_eq!(known.source(&first, Instant::now()), None);
    }
}
