//! What a snapshot of the history says about the rows that are here: confirmed, missed, or never shown.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use aside_history::{Change, RowKey, Standing, Where};
use aside_protocol::Entry;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::aligned::{AUDIT, Ready, SECOND, TailRow};
use super::draft::Draft;
use super::sending::Item;
use super::settling::{KNOWN_AFTER, Place};
use super::{Merge, Room};
use crate::align::{Alignment, Dating, Likeness, Ours, align};

/// A history shows an entry this long after its broadcast, at the latest (more or less).
const LAG: SignedDuration = SignedDuration::from_secs(3);
/// What a snapshot showed first may still come live within this time.
const LATE: Duration = Duration::from_secs(3);

/// Our rows beside a snapshot.
pub(super) struct Compared<'a> {
    /// All of ours, gaps included.
    pub(super) rows: &'a [TailRow],
    /// Where each row of the alignment stands in `rows`.
    pub(super) index: &'a [usize],
    pub(super) alignment: &'a Alignment,
    /// The snapshot.
    pub(super) entries: &'a [Entry],
    /// When it was asked for.
    pub(super) asked_at: Timestamp,
    /// It goes on where our rows end, so what only the snapshot has is new.
    pub(super) goes_on: bool,
}

impl Room {
    /// Merges a snapshot that waited for the frames that were on their way when it was made.
    pub(super) async fn merge_snapshot(&mut self, ready: Ready, now: Instant) {
        let (entries, asked_at) = (&ready.snapshot.entries, ready.asked_at);
        let prints: Vec<_> = entries.iter().map(|e| self.printer.print(e)).collect();
        let Merge::Aligned(aligned) = &mut self.merge else { return };
        let marks = aligned.anchor();
        let rows: Vec<TailRow> = aligned.tail.iter().cloned().collect();
        let (index, ours) = looked_for(&rows, &marks, &self.outbox);
        let alignment = align(&ours, &prints, aligned.leads);
        let mut draft = Draft::default();
        if alignment.anchored {
            let (rows, index, alignment) = (&rows[..], &index[..], &alignment);
            let compared = Compared { rows, index, alignment, entries, asked_at, goes_on: true };
            self.merge_rows(&mut draft, &compared, now);
        } else if aligned.synced {
            // An audit of a room that is faster than a page: what came on this connection has no hole.
            tracing::debug!("an audit did not reach the anchor");
        } else if !aligned.deep && !ready.snapshot.whole {
            aligned.deep = true;
            return aligned.snapshot_by(now);
        } else {
            let before = aligned.before.min(rows.len());
            draft.insert(before_row(&rows, before), self.gap_row(None));
            let live = rows[before..].to_vec();
            let (index, ours) = looked_for(&live, &vec![false; live.len()], &self.outbox);
            let alignment = align(&ours, &prints, true);
            let (rows, index, alignment) = (&live[..], &index[..], &alignment);
            let compared = Compared { rows, index, alignment, entries, asked_at, goes_on: false };
            self.merge_rows(&mut draft, &compared, now);
        }
        let fresh = rows.is_empty();
        if ready.snapshot.whole
            && (fresh || alignment.anchored && self.tail_leads())
            && !self.position.reached_start
        {
            self.position.reached_start = true;
            draft.moved();
        }
        if self.commit(draft).await.is_none() {
            return;
        }
        self.snapshot_merged(now).await;
    }

    fn tail_leads(&self) -> bool {
        matches!(&self.merge, Merge::Aligned(aligned) if aligned.leads)
    }

    async fn snapshot_merged(&mut self, now: Instant) {
        let placeholder = Merge::Undecided(Vec::new());
        let Merge::Aligned(mut aligned) = std::mem::replace(&mut self.merge, placeholder) else {
            return;
        };
        self.load_tail(&mut aligned).await;
        aligned.merged += 1;
        aligned.synced = true;
        aligned.deep = false;
        aligned.before = aligned.tail.len();
        aligned.snapshot_by(now + if aligned.merged == 1 { SECOND } else { AUDIT });
        self.merge = Merge::Aligned(aligned);
        self.synced().await;
        self.history_looked_at(now).await;
    }

    /// Turns an alignment into changes. Rows of a run are put before the next row of ours, one after the other, so an echo
    /// of ours that is found among them can be put there too.
    pub(super) fn merge_rows(&mut self, draft: &mut Draft, compared: &Compared<'_>, now: Instant) {
        let Compared { rows, index, alignment, entries, asked_at: _, goes_on } = *compared;
        let confirmed: Vec<_> = alignment.same.iter().map(|(our, _)| &rows[index[*our]]).collect();
        let keys = confirmed.iter().filter(|row| row.standing != Standing::Confirmed);
        stand(draft, keys.filter_map(|row| row.key).collect(), Standing::Confirmed);
        if let Merge::Aligned(aligned) = &mut self.merge {
            let found = confirmed.iter().filter(|row| row.misses > 0);
            found.for_each(|row| aligned.set_misses(row.key, 0));
            if alignment.undecided {
                aligned.snapshot_by(now + SECOND);
            }
        }
        let last = alignment.same.last().map_or(0, |(our, _)| our + 1);
        if !rows.is_empty() {
            let missed: usize = alignment.missed.iter().map(|(_, range)| range.len()).sum();
            self.count(|counters| counters.recovered += missed as u64);
        }
        for (before, range) in &alignment.missed {
            let next = index.get(*before).copied().unwrap_or(rows.len());
            let at = before_row(rows, next);
            let others = rows[next..].iter().filter(|row| !row.mine);
            let mut known_after: Vec<_> = others.filter_map(|row| row.key).collect();
            known_after.sort_unstable();
            known_after.truncate(KNOWN_AFTER);
            let place = Place { goes_on, known_after };
            for entry in &entries[range.clone()] {
                self.missed_entry(draft, entry.clone(), at, &place);
                if *before >= last {
                    self.may_come_live(entry, alignment.likeness, now);
                }
            }
        }
        self.unseen_rows(draft, compared, now);
        // A gap between two rows that the snapshot shows both is none any more.
        if let (Some((first, _)), Some((end, _))) = (alignment.same.first(), alignment.same.last())
        {
            let gaps = rows[index[*first]..=index[*end]].iter().filter(|row| row.gap);
            gaps.filter_map(|row| row.key).for_each(|key| draft.push(Change::Remove { key }));
        }
    }

    fn missed_entry(&mut self, draft: &mut Draft, entry: Entry, at: Where, place: &Place) {
        match self.own_in_history(&entry, place) {
            Some(own) => self.settle(draft, own, entry, at, Standing::Confirmed),
            None => draft.insert_missed(at, self.row_of(entry, Standing::Confirmed)),
        }
    }

    /// The timeline has this entry now; should it be heard live soon, that is the same one.
    fn may_come_live(&mut self, entry: &Entry, likeness: Likeness, now: Instant) {
        let print = self.printer.print(entry);
        if let Merge::Aligned(aligned) = &mut self.merge {
            aligned.early.push((print, likeness, now + LATE));
        }
    }

    /// Rows that the snapshot should show and does not. One snapshot may be too early, two are not.
    fn unseen_rows(&mut self, draft: &mut Draft, compared: &Compared<'_>, now: Instant) {
        let Compared { rows, index, alignment, entries: _, asked_at, goes_on: _ } = *compared;
        let words = |row: &TailRow| row.print.map(|print| print.words());
        let shown: HashSet<_> =
            alignment.same.iter().filter_map(|(our, _)| words(&rows[index[*our]])).collect();
        let mut gone = Vec::new();
        for row in alignment.unseen.iter().map(|our| &rows[index[*our]]) {
            // Shown under another name, and found to be ours.
            if row.key.is_some_and(|key| draft.settles(key)) {
                continue;
            }
            let shown_by_now = asked_at.duration_since(row.received_at) > LAG;
            if !shown_by_now || row.standing == Standing::NotInHistory {
                continue;
            }
            if row.misses == 0 {
                if let Merge::Aligned(aligned) = &mut self.merge {
                    aligned.set_misses(row.key, 1);
                    aligned.snapshot_by(now + SECOND);
                }
            } else if let (true, Some(key)) =
                (words(row).is_some_and(|words| shown.contains(&words)), row.key)
            {
                // The same person's same words are shown elsewhere: an early snapshot had put them into the wrong place, or dated
                // them otherwise.
                draft.push(Change::Remove { key });
            } else {
                gone.extend(row.key);
            }
        }
        stand(draft, gone, Standing::NotInHistory);
    }

    /// History did not come in time: what is before the first live entry of this connection is unknown.
    pub(super) async fn give_up_alignment(&mut self) {
        let Merge::Aligned(aligned) = &self.merge else { return };
        let at = aligned.before.min(aligned.tail.len());
        let rows: Vec<_> = aligned.tail.iter().cloned().collect();
        let known = at.checked_sub(1).is_some_and(|n| rows[n].gap);
        if known {
            return;
        }
        let mut draft = Draft::default();
        draft.insert(before_row(&rows, at), self.gap_row(None));
        if self.commit(draft).await.is_some() {
            self.reload_tail().await;
        }
    }
}

fn stand(draft: &mut Draft, keys: Vec<RowKey>, standing: Standing) {
    if !keys.is_empty() {
        draft.push(Change::Stand { keys, standing });
    }
}

/// The rows that are entries, as alignment takes them, and where each stands in `rows`.
pub(super) fn entries_of(rows: &[TailRow], marks: &[bool]) -> (Vec<usize>, Vec<Ours>) {
    let entries = rows.iter().zip(marks).enumerate();
    entries.filter_map(|(n, (row, anchor))| Some((n, Ours::firm(row.print?, *anchor)))).unzip()
}

/// As [`entries_of`], for a snapshot of the newest: a row that it does not show under its own date may stand there under another.
fn looked_for(
    rows: &[TailRow],
    marks: &[bool],
    outbox: &VecDeque<Item>,
) -> (Vec<usize>, Vec<Ours>) {
    let (index, mut ours) = entries_of(rows, marks);
    for (our, n) in ours.iter_mut().zip(&index) {
        let row = &rows[*n];
        // What the outbox waits for is settled by what is missed.
        let waited_for = row.mine && outbox.iter().any(|item| Some(item.key) == row.key);
        our.dating = match row.standing {
            _ if waited_for => Dating::Firm,
            Standing::NotInHistory => Dating::Firm,
            Standing::Provisional if row.misses == 0 => Dating::Open,
            Standing::Provisional | Standing::Confirmed => Dating::Loose,
        };
    }
    (index, ours)
}

fn before_row(rows: &[TailRow], n: usize) -> Where {
    rows.get(n).and_then(|row| row.key).map_or(Where::End, Where::Before)
}
