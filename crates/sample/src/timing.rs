//! Times of the same thing done again and again.

use std::time::Duration;

/// So many times each thing is done for a median and a 95th percentile.
pub(crate) const TIMES: usize = 101;

/// Microseconds, sorted when asked.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// Below which so many of a hundred lie, in microseconds; nothing of nothing.
    pub(crate) fn percentile(&mut self, percent: usize) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let at = (self.0.len() * percent / 100).min(last);
        self.0.get(at).map_or(0.0, |took| (took.as_nanos() as f64 / 100.0).round() / 10.0)
    }
}
