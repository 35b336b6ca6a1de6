//! A question that waits too long: told once, and again only of another.

use std::time::Duration;

/// How often it is looked again whether somebody may be told, where it is time and they may not.
const AGAIN: Duration = Duration::from_secs(10);

/// Which question was told of, by the moment from which it waits.
#[derive(Debug, Default)]
pub(super) struct Waiting(Option<i64>);

impl Waiting {
    /// For how many minutes the oldest has waited, where that is to be told now; and when to look again, if nothing happens
    /// before. Moments are in milliseconds; `after` is in minutes, none of them: never.
    pub(super) fn look(
        &mut self,
        oldest: Option<i64>,
        now: i64,
        after: u16,
        quiet: bool,
    ) -> (Option<u32>, Option<Duration>) {
        let Some(since) = oldest.filter(|since| after > 0 && self.0 != Some(*since)) else {
            return (None, None);
        };
        let waited = now.saturating_sub(since).max(0);
        let left = i64::from(after) * 60_000 - waited;
        match u64::try_from(left) {
            Ok(left) if left > 0 => (None, Some(Duration::from_millis(left))),
            Ok(_) | Err(_) if quiet => (None, Some(AGAIN)),
            Ok(_) | Err(_) => {
                self.0 = oldest;
                (Some(u32::try_from(waited / 60_000).unwrap_or(u32::MAX)), None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn the_oldest_question_is_told_once_when_it_is_time_and_another_anew() {
        let mut waiting = Waiting::default();
        let mut look = |oldest, now, quiet| waiting.look(oldest, now, 4, quiet);
        assert_eq!(look(None, 0, false), (None, None));
        assert_eq!(look(Some(0), MINUTE, false), (None, Some(Duration::from_secs(180))));
        assert_eq!(look(Some(0), 4 * MINUTE, true), (None, Some(AGAIN)), "an audience looks on");
        assert_eq!(look(Some(0), 5 * MINUTE, false), (Some(5), None));
        assert_eq!(look(Some(0), 50 * MINUTE, false), (None, None), "it was told");
        assert_eq!(look(Some(MINUTE), 50 * MINUTE, false), (Some(49), None));
        assert_eq!(look(Some(90 * MINUTE), MINUTE, false).0, None, "of another clock");
        assert_eq!(Waiting::default().look(Some(0), 50 * MINUTE, 0, false), (None, None));
    }
}
