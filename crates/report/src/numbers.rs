//! What is counted of a room's questions, and how.

use std::collections::BTreeMap;

use aside_protocol::triage::{Review, Visibility, Work};

use crate::asked::Asked;

/// A minute, in milliseconds.
const MINUTE: i64 = 60_000;

/// The figures of a room. Merged questions are not counted: the question that they are the same as is. Times are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// How many questions there are.
    pub asked: u32,
    /// How many were answered, in writing or aloud.
    pub answered: u32,
    /// How many will not be.
    pub dismissed: u32,
    /// How many nobody has answered yet.
    pub waiting: u32,
    /// The median of the times to the first answer, by nearest rank: the smallest that half of them do not exceed.
    pub median_first_ms: Option<i64>,
    /// The same for nine of ten.
    pub p90_first_ms: Option<i64>,
    /// When the oldest of those that wait was asked.
    pub oldest_waiting: Option<i64>,
    /// By minute of the epoch, ascending and without holes: how many were asked, and how many first answered.
    pub per_minute: Vec<(i64, u32, u32)>,
    /// Those who wrote first answers, most first.
    pub per_person: Vec<PersonNumbers>,
    /// How many have which tag, and how many of these were answered; most first.
    pub per_tag: Vec<(String, u32, u32)>,
}

/// The figures of one member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonNumbers {
    /// What they are called.
    pub who: String,
    /// To how many questions they wrote the first answer.
    pub answered: u32,
    /// The median of the times that these waited.
    pub median_first_ms: Option<i64>,
}

/// The longest stretch of minutes that is given one by one: a week. Of a longer one, the newest.
const MINUTES: i64 = 7 * 24 * 60;

/// Counts.
pub fn numbers(asked: &[Asked]) -> Numbers {
    let counts = |one: &&Asked| one.state != Work::Merged && one.review == Review::Approved;
    let counted: Vec<&Asked> = asked.iter().filter(counts).collect();
    let of = |state: Work| short(counted.iter().filter(|one| one.state == state).count());
    let mut firsts: Vec<i64> = counted.iter().filter_map(|one| one.first_answer_ms()).collect();
    firsts.sort_unstable();
    let waiting = || counted.iter().filter(|one| one.is_waiting());
    Numbers {
        asked: short(counted.len()),
        answered: of(Work::Answered),
        dismissed: of(Work::Dismissed),
        waiting: short(waiting().count()),
        median_first_ms: rank(&firsts, 50),
        p90_first_ms: rank(&firsts, 90),
        oldest_waiting: waiting().map(|one| one.asked_at).min(),
        per_minute: per_minute(&counted),
        per_person: per_person(&counted),
        per_tag: per_tag(&counted),
    }
}

/// The value that so many per cent do not exceed; of nothing, nothing.
fn rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let nth = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(nth - 1).copied()
}

fn per_minute(counted: &[&Asked]) -> Vec<(i64, u32, u32)> {
    let mut minutes: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    for one in counted {
        minutes.entry(one.asked_at.div_euclid(MINUTE)).or_default().0 += 1;
        if let Some(wait) = one.first_answer_ms() {
            let at = one.asked_at.saturating_add(wait).div_euclid(MINUTE);
            minutes.entry(at).or_default().1 += 1;
        }
    }
    let (Some((first, _)), Some((last, _))) = (minutes.first_key_value(), minutes.last_key_value())
    else {
        return Vec::new();
    };
    let first = *first.max(&last.saturating_sub(MINUTES - 1));
    let minute = |minute: i64| {
        let (asked, answered) = minutes.get(&minute).copied().unwrap_or_default();
        (minute, asked, answered)
    };
    (first..=*last).map(minute).collect()
}

fn per_person(counted: &[&Asked]) -> Vec<PersonNumbers> {
    let mut people: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for one in counted {
        let first = one.answers.iter().find(|answer| answer.visibility != Visibility::Staff);
        if let (Some(first), Some(wait)) = (first, one.first_answer_ms())
            && !first.by.is_empty()
        {
            people.entry(&first.by).or_default().push(wait);
        }
    }
    let mut people: Vec<PersonNumbers> = people
        .into_iter()
        .map(|(who, mut waits)| {
            waits.sort_unstable();
            let (answered, median_first_ms) = (short(waits.len()), rank(&waits, 50));
            PersonNumbers { who: who.to_owned(), answered, median_first_ms }
        })
        .collect();
    people.sort_by_key(|person| std::cmp::Reverse(person.answered));
    people
}

fn per_tag(counted: &[&Asked]) -> Vec<(String, u32, u32)> {
    let mut tags: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for one in counted {
        for tag in &one.tags {
            let (all, answered) = tags.entry(tag).or_default();
            *all += 1;
            *answered += u32::from(one.state == Work::Answered);
        }
    }
    let mut tags: Vec<_> =
        tags.into_iter().map(|(tag, (all, answered))| (tag.to_owned(), all, answered)).collect();
    tags.sort_by_key(|(_, all, _)| std::cmp::Reverse(*all));
    tags
}

fn short(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
