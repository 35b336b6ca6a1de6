//! Questions that wait too long: each is told of once, however often somebody takes it and gives it back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aside_protocol::EntryId;
use aside_protocol::triage::{Item, Stage, Work};

use crate::times::shown;

/// How often it is looked again whether somebody may be told, where it is time and they may not.
const AGAIN: Duration = Duration::from_secs(10);

/// What nobody has taken, and what was told of it.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// From when on they wait, in milliseconds of the epoch.
    open: BTreeMap<EntryId, i64>,
    told: BTreeSet<EntryId>,
}

/// What is to be told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Late {
    pub(super) questions: u32,
    /// For how long the first of them has waited.
    pub(super) minutes: u32,
}

impl Waiting {
    /// These questions have changed; `whole`: there are no others.
    pub(super) fn take(&mut self, items: &[Item], whole: bool) {
        if whole {
            self.open.clear();
            let there: BTreeSet<&EntryId> = items.iter().map(|item| &item.question_id).collect();
            self.told.retain(|id| there.contains(id));
        }
        for item in items {
            // What is on stage, or next, is being answered.
            let waits = item.stage == Stage::None && !item.is_submission();
            match shown(item.asked_at).filter(|_| waits && item.work == Work::Open) {
                Some(since) => self.open.insert(item.question_id.clone(), since),
                None => self.open.remove(&item.question_id),
            };
        }
    }

    /// What has waited for so long that it is to be told now; and when to look again, if nothing happens before. `now` is in
    /// milliseconds; `after` is in minutes, none of them: never.
    pub(super) fn look(
        &mut self,
        now: i64,
        after: u16,
        quiet: bool,
    ) -> (Option<Late>, Option<Duration>) {
        if after == 0 {
            return (None, None);
        }
        let left = |since: i64| {
            let waited = now.saturating_sub(since).max(0);
            u64::try_from(i64::from(after) * 60_000 - waited).ok().filter(|left| *left > 0)
        };
        let untold = self.open.iter().filter(|(id, _)| !self.told.contains(*id));
        let late: BTreeMap<EntryId, i64> =
            untold.clone().filter(|(_, at)| left(**at).is_none()).map(own).collect();
        let next = untold.filter_map(|(_, at)| left(*at)).min().map(Duration::from_millis);
        let Some(first) = late.values().min() else { return (None, next) };
        if quiet {
            return (None, Some(next.map_or(AGAIN, |next| next.min(AGAIN))));
        }
        let minutes = now.saturating_sub(*first) / 60_000;
        let told = Late {
            questions: u32::try_from(late.len()).unwrap_or(u32::MAX),
            minutes: u32::try_from(minutes).unwrap_or(u32::MAX),
        };
        self.told.extend(late.into_keys());
        (Some(told), next)
    }
}

fn own((id, at): (&EntryId, &i64)) -> (EntryId, i64) {
    (id.clone(), *at)
}

#[cfg(test)]
mod tests {
    use aside_protocol::triage::Person;

    use super::*;

    const MINUTE: i64 = 60_000;

    /// A question that was asked after so many minutes, which are its name.
    fn asked(minute: i64, work: Work) -> Item {
        let id = EntryId::new(minute.to_string());
        let item = Item::new(id, 1, "?".to_owned(), Person::default(), minute * MINUTE);
        Item { work, ..item }
    }

    fn late(questions: u32, minutes: u32) -> Option<Late> {
        Some(Late { questions, minutes })
    }

    #[test]
    fn a_question_is_told_once_when_it_is_time_behind_another_too() {
        let mut waiting = Waiting::default();
        assert_eq!(waiting.look(0, 4, false), (None, None));
        waiting.take(&[asked(0, Work::Open)], false);
        assert_eq!(waiting.look(MINUTE, 4, false), (None, Some(Duration::from_secs(180))));
        waiting.take(&[asked(1, Work::Open), asked(2, Work::Open)], false);
        assert_eq!(waiting.look(4 * MINUTE, 4, true), (None, Some(AGAIN)), "an audience looks on");
        assert_eq!(waiting.look(4 * MINUTE, 4, false), (late(1, 4), Some(Duration::from_secs(60))));
        assert_eq!(waiting.look(6 * MINUTE, 0, false), (None, None), "never, if so chosen");
        assert_eq!(waiting.look(6 * MINUTE, 4, false), (late(2, 5), None), "the first is open");
        assert_eq!(waiting.look(50 * MINUTE, 4, false), (None, None), "they were told");
        waiting.take(&[asked(90, Work::Open)], false);
        assert_eq!(waiting.look(50 * MINUTE, 4, false).0, None, "of another clock");
    }

    #[test]
    fn what_was_told_and_is_given_back_is_not_told_again_and_what_was_not_is_told() {
        let mut waiting = Waiting::default();
        waiting.take(&[asked(0, Work::Open), asked(1, Work::Claimed)], true);
        assert_eq!(waiting.look(4 * MINUTE, 4, false).0, late(1, 4));
        waiting.take(&[asked(0, Work::Claimed), asked(2, Work::Open)], false);
        assert_eq!(waiting.look(6 * MINUTE, 4, false), (late(1, 4), None));
        waiting.take(&[asked(0, Work::Open), asked(1, Work::Open)], false);
        assert_eq!(waiting.look(7 * MINUTE, 4, false), (late(1, 6), None), "the other's claim");
        waiting.take(&[asked(0, Work::Open), asked(1, Work::Open)], true);
        assert_eq!(waiting.look(50 * MINUTE, 4, false), (None, None), "all are read again");
    }

    #[test]
    fn what_is_on_stage_does_not_wait_until_it_leaves_it_without_an_answer() {
        let on = |stage| Item { stage, ..asked(0, Work::Open) };
        let mut waiting = Waiting::default();
        for stage in [Stage::Next, Stage::Now] {
            waiting.take(&[on(stage)], false);
            assert_eq!(waiting.look(9 * MINUTE, 4, false), (None, None), "{stage:?}");
        }
        waiting.take(&[on(Stage::None)], false);
        assert_eq!(waiting.look(9 * MINUTE, 4, false).0, late(1, 9));
    }
}
