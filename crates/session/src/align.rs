//! Merging without ids: what this client saw and what the server's history shows, laid side by side. Pure.
//!
//! A set of hashes can't do this: in a room where people say "ha" many times it loses one in ten. So both are taken as
//! sequences, and the longest common subsequence decides which rows are the same; the result is the shortest sequence that
//! contains both. Both sides have at most some two thousand rows, so a plain table is fast enough and exact.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use aside_protocol::{CreatedAt, Entry};

/// So many re-found rows prove that a snapshot reaches back to what this client already had.
const PROOF: usize = 32;

/// Pages that touch share at least so many rows: they are asked for with far more in common.
const LEAST_SHARED: usize = 4;

/// What a pair counts in the longest common subsequence: as many rows as can be, then as many with the same date as can be
/// (of which no snapshot has so many).
const OTHERWISE: u32 = 1 << 12;
const ALIKE: u32 = OTHERWISE + 1;

/// What makes two entries without ids the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print {
    exact: (u64, u64),
    trimmed: u64,
    /// The server's time, only where it is finer than a minute.
    second: Option<i64>,
}

impl Print {
    /// What was said, and by whom; whenever.
    pub(crate) fn words(&self) -> (u64, u64) {
        self.exact
    }
}

/// Makes prints: two keyed hashes, so that nobody in the room can choose texts that collide.
#[derive(Clone, Debug, Default)]
pub(crate) struct Printer(RandomState, RandomState);

impl Printer {
    pub(crate) fn print(&self, entry: &Entry) -> Print {
        let key = (entry.kind, &entry.user, &entry.content);
        let words: Vec<_> = entry.content.split_whitespace().collect();
        Print {
            exact: (self.0.hash_one(key), self.1.hash_one(key)),
            trimmed: self.0.hash_one((entry.kind, &entry.user, words)),
            second: match entry.created_at {
                Some(CreatedAt::Instant(at)) => Some(at.as_second()),
                Some(CreatedAt::Local(at)) if at.second() != 0 => {
                    // Not a point in time, but as good as one for comparing with another local time.
                    let day = i64::from(at.day())
                        + 31 * (i64::from(at.month()) + 12 * i64::from(at.year()));
                    let minute = i64::from(at.minute()) + 60 * (i64::from(at.hour()) + 24 * day);
                    Some(i64::from(at.second()) + 60 * minute)
                }
                Some(CreatedAt::Local(_)) | None => None,
            },
        }
    }
}

/// How alike two entries must be. Servers that stamp live frames and history differently, or trim bodies in one of
/// them, are met; each step is tried only after the stricter one failed to find the anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    Timed,
    Exact,
    Trimmed,
}

impl Likeness {
    const ALL: [Self; 3] = [Self::Timed, Self::Exact, Self::Trimmed];

    pub(crate) fn same(self, a: &Print, b: &Print) -> bool {
        match self {
            Self::Timed => {
                let same_second = match (a.second, b.second) {
                    (Some(a), Some(b)) => a == b,
                    _ => true,
                };
                a.exact == b.exact && same_second
            }
            Self::Exact => a.exact == b.exact,
            Self::Trimmed => a.trimmed == b.trimmed,
        }
    }
}

/// One row of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ours {
    pub(crate) print: Print,
    /// Whether it is one of the rows that the snapshot must reach back to.
    pub(crate) anchor: bool,
    pub(crate) dating: Dating,
}

impl Ours {
    pub(crate) fn firm(print: Print, anchor: bool) -> Self {
        Self { print, anchor, dating: Dating::Firm }
    }
}

/// Whether a row of ours that a snapshot does not show under its own date may be what it shows under another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dating {
    /// It is not.
    Firm,
    /// Perhaps: it may as well be too new for the snapshot. A later one tells.
    Open,
    /// It is: the snapshot must show it.
    Loose,
}

/// Both sides laid side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alignment {
    /// Rows of ours that the snapshot shows, with its own; both rising.
    pub(crate) same: Vec<(usize, usize)>,
    /// Rows that only the snapshot has, each run with the row of ours before which it belongs (`ours.len()`: after all).
    pub(crate) missed: Vec<(usize, Range<usize>)>,
    /// Rows of ours after the first common one that the snapshot does not show.
    pub(crate) unseen: Vec<usize>,
    /// Some of these may be what the snapshot dates otherwise. What it shows in their place is not missed yet.
    pub(crate) undecided: bool,
    /// Whether the snapshot reaches back to the anchor. If not, there may be a hole between both, and the rest is worth
    /// nothing.
    pub(crate) anchored: bool,
    /// How alike the rows had to be.
    pub(crate) likeness: Likeness,
}

/// Lays a snapshot of the history (oldest first) beside our rows. `leads` says that our first row is our very oldest, so
/// what the snapshot has before it is older history rather than something we already have.
pub(crate) fn align(ours: &[Ours], snapshot: &[Print], leads: bool) -> Alignment {
    let mut best = None;
    for likeness in Likeness::ALL {
        let aligned = align_as(ours, snapshot, leads, likeness);
        if aligned.anchored {
            return aligned;
        }
        best.get_or_insert(aligned);
    }
    best.unwrap_or_else(|| align_as(ours, snapshot, leads, Likeness::Exact))
}

fn align_as(ours: &[Ours], snapshot: &[Print], leads: bool, likeness: Likeness) -> Alignment {
    let alike = common(
        ours,
        snapshot,
        |our, their| {
            if likeness.same(&our.print, their) { ALIKE } else { 0 }
        },
    );
    let anchored = is_anchored(ours, &alike);
    let otherwise = (anchored && likeness == Likeness::Timed)
        .then(|| dated_otherwise(ours, snapshot, leads, &alike))
        .flatten();
    let pairs = otherwise.unwrap_or(alike);
    let (mut same, mut missed, mut unseen) = (Vec::new(), Vec::new(), Vec::new());
    let (mut our_next, mut their_next, mut undecided) = (0, 0, false);
    for (n, &(our, their)) in pairs.iter().enumerate() {
        if their_next < their && (n > 0 || leads) {
            missed.push((our_next, their_next..their));
        }
        if n > 0 {
            unseen.extend(our_next..our);
        }
        if ours[our].dating == Dating::Open && !likeness.same(&ours[our].print, &snapshot[their]) {
            unseen.push(our);
            undecided = true;
        } else {
            same.push((our, their));
        }
        (our_next, their_next) = (our + 1, their + 1);
    }
    if their_next < snapshot.len() {
        missed.push((our_next, their_next..snapshot.len()));
    }
    if !pairs.is_empty() {
        unseen.extend(our_next..ours.len());
    }
    Alignment { same, missed, unseen, undecided, anchored, likeness }
}

/// A server may date what it tells and what it keeps differently. Then what is left on both sides with the same words is one
/// row; but each row of ours answers for one of theirs, so what was said twice is there twice. `None`: nothing is left.
fn dated_otherwise(
    ours: &[Ours],
    snapshot: &[Print],
    leads: bool,
    alike: &[(usize, usize)],
) -> Option<Vec<(usize, usize)>> {
    let run = |pairs: &[(usize, usize)]| {
        let neighbours = |two: &[(usize, usize)]| (two[0].0 + 1, two[0].1 + 1) == two[1];
        pairs.windows(2).all(neighbours).then_some(pairs[0])
    };
    // Where the snapshot has older rows than ours, what both begin with must not be a chance.
    let begin = if leads { Some((0, 0)) } else { alike.windows(LEAST_SHARED).find_map(run) };
    let (our_from, their_from) = begin?;
    let our_left = left(our_from..ours.len(), alike.iter().map(|(our, _)| *our))
        .filter(|n| ours[*n].dating != Dating::Firm);
    let words: HashSet<_> = our_left.map(|n| ours[n].print.exact).collect();
    let mut their_left = left(their_from..snapshot.len(), alike.iter().map(|(_, their)| *their));
    if !their_left.any(|n| words.contains(&snapshot[n].exact)) {
        return None;
    }
    let pairs = common(&ours[our_from..], &snapshot[their_from..], |our, their| {
        if Likeness::Timed.same(&our.print, their) {
            ALIKE
        } else if our.dating != Dating::Firm && Likeness::Exact.same(&our.print, their) {
            OTHERWISE
        } else {
            0
        }
    });
    Some(pairs.into_iter().map(|(our, their)| (our_from + our, their_from + their)).collect())
}

/// The rows of one side, from some on, that were not found; `found` rises.
fn left(rows: Range<usize>, found: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
    let from = rows.start;
    let mut found = found.skip_while(move |n| *n < from).peekable();
    rows.filter(move |n| found.next_if_eq(n).is_none())
}

/// Half of the anchor, 32 rows at most, must be found, and mostly as neighbours: in a room with few words, a subsequence
/// alone is found in any snapshot.
fn is_anchored(ours: &[Ours], same: &[(usize, usize)]) -> bool {
    let anchors = ours.iter().filter(|row| row.anchor).count();
    let need = anchors.div_ceil(2).min(PROOF);
    let found = same.iter().filter(|(our, _)| ours[*our].anchor).count();
    let neighbours = same
        .windows(2)
        .filter(|pair| {
            ours[pair[0].0].anchor && pair[0].0 + 1 == pair[1].0 && pair[0].1 + 1 == pair[1].1
        })
        .count();
    found >= need && neighbours >= need.saturating_sub(1) / 2
}

/// The longest common subsequence; of several, the one that sits latest in the snapshot. (The latest, because what the
/// snapshot has before the first common row is dropped as known: an early match of a repeated text would
/// turn known rows into missed ones.)
fn common(
    ours: &[Ours],
    snapshot: &[Print],
    counts: impl Fn(&Ours, &Print) -> u32,
) -> Vec<(usize, usize)> {
    let counts = |our: usize, their: usize| counts(&ours[our], &snapshot[their]);
    let mut end = 0;
    while end < ours.len().min(snapshot.len())
        && counts(ours.len() - 1 - end, snapshot.len() - 1 - end) == ALIKE
    {
        end += 1;
    }
    let (rows, columns) = (ours.len() - end, snapshot.len() - end);
    let width = columns + 1;
    let mut longest = vec![0_u32; (rows + 1) * width];
    for our in 0..rows {
        for their in 0..columns {
            let without = longest[our * width + their + 1].max(longest[(our + 1) * width + their]);
            longest[(our + 1) * width + their + 1] = match counts(our, their) {
                0 => without,
                pair => without.max(longest[our * width + their] + pair),
            };
        }
    }
    let mut found: Vec<_> =
        (0..end).map(|n| (ours.len() - 1 - n, snapshot.len() - 1 - n)).collect();
    let (mut our, mut their) = (rows, columns);
    while our > 0 && their > 0 {
        let pair = counts(our - 1, their - 1);
        let both = longest[(our - 1) * width + their - 1] + pair;
        if pair > 0 && both == longest[our * width + their] {
            found.push((our - 1, their - 1));
            (our, their) = (our - 1, their - 1);
        } else if longest[(our - 1) * width + their] >= longest[our * width + their - 1] {
            our -= 1;
        } else {
            their -= 1;
        }
    }
    found.reverse();
    found
}

/// Joins an older page to rows that were fetched before it. Pages are cut from the newest entry backwards and shift when
/// someone speaks between two requests, so they are asked for with an overlap; where the older page ends inside the newer
/// rows is found by the longest run that both share. `None`: they do not touch.
pub(crate) fn join_pages(older: &[Print], newer: &[Print]) -> Option<usize> {
    let most = older.len().min(newer.len());
    // A row or two are alike by chance.
    (most.min(LEAST_SHARED)..=most).rev().filter(|run| *run > 0).find(|run| {
        older[older.len() - run..]
            .iter()
            .zip(&newer[..*run])
            .all(|(a, b)| Likeness::Exact.same(a, b))
    })
}

/// Whether a page begins with one of our first rows, `anchor`, and goes on as they do.
pub(crate) fn begins_within(anchor: &[Print], page: &[Print]) -> bool {
    let ours: Vec<_> = anchor.iter().map(|print| Ours::firm(*print, false)).collect();
    let same = align(&ours, page, true).same;
    let begins = same.first().filter(|(_, their)| *their == 0);
    begins.is_some_and(|(our, _)| same.len() * 2 >= (anchor.len() - our).min(page.len()))
}

/// How many rows of an older page are older than all of ours, `anchor` being our first rows. `None`: they do not touch.
pub(crate) fn older_than(anchor: &[Print], page: &[Print]) -> Option<usize> {
    let ours: Vec<_> = anchor.iter().map(|print| Ours::firm(*print, false)).collect();
    let alignment = align(&ours, page, true);
    let (our, their) = alignment.same.first().copied()?;
    // Our first row must be among them, and what they share must look like an overlap, not like a coincidence.
    let overlap = (page.len() - their).min(anchor.len());
    (our == 0 && alignment.same.len() * 2 >= overlap).then_some(their)
}

/// Which page, of which size, starts at most `overlap` rows before where `have` rows from the newest on end, and
/// reaches beyond.
pub(crate) fn older_page(have: u32, overlap: u32, largest: u32) -> (u32, u32) {
    let from = have.saturating_sub(overlap);
    if from == 0 {
        return (1, largest);
    }
    let pages = from.div_ceil(largest);
    (pages + 1, from / pages)
}

#[cfg(test)]
mod tests;
