//! A room on a server without places: live entries are shown at once, and snapshots of the history put them right.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aside_history::{Change, Row, RowKey, RowKind, Standing, Where};
use aside_protocol::Entry;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::draft::Draft;
use super::exact::ENTRY_PAGE;
use super::{Done, Merge, Room};
use crate::align::{Alignment, Ours, Print, align};
use crate::fetch::{FetchError, Snapshot};
use crate::link::Say;

/// The anchor: so many of our newest confirmed rows must be re-found.
pub(super) const ANCHOR: u32 = 64;
/// So many confirmed rows are looked at again: one that a first snapshot missed must be there for the second.
const LOOKED_AT: u32 = 512;
/// Rows that are kept for alignment; what is older is taken as it is.
const TAIL: usize = 2064;
/// A snapshot that does not reach the anchor is taken once more with so many.
const DEEP: u32 = 2000;
/// A history shows an entry this long after its broadcast, at the latest (more or less).
const LAG: SignedDuration = SignedDuration::from_secs(3);
/// What a snapshot showed first may still come live within this time.
const LATE: Duration = Duration::from_secs(3);
/// The first snapshot after a join, where something is in the cache already; the join has to take effect first.
const FIRST: Duration = Duration::from_millis(300);
/// The second, which sees what the first was too early for.
const SECOND: Duration = Duration::from_secs(5);
/// And from then on.
const AUDIT: Duration = Duration::from_secs(60);
/// A snapshot waits so long for the frames that were on their way when it was made.
const BARRIER: Duration = Duration::from_secs(2);
/// A snapshot that fails is tried again after so long, twice as long each time, up to the second.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_MOST: Duration = Duration::from_secs(30);

/// A row of the timeline's end, as far as alignment needs it.
#[derive(Clone, Debug)]
pub(super) struct TailRow {
    /// Missing only while the row is on its way to the disk.
    pub(super) key: Option<RowKey>,
    /// Missing for gaps and boundaries.
    pub(super) print: Option<Print>,
    pub(super) gap: bool,
    pub(super) standing: Standing,
    pub(super) received_at: Timestamp,
    /// Snapshots that should have shown it and did not.
    pub(super) misses: u8,
}

/// The merge by alignment.
pub(super) struct Aligned {
    tail: VecDeque<TailRow>,
    /// The tail's first row is the cache's first row.
    leads: bool,
    /// Rows of the tail that were there when this connection joined.
    before: usize,
    /// A snapshot of this connection has been merged.
    synced: bool,
    deep: bool,
    fetching: bool,
    failures: u32,
    next: Option<Instant>,
    ready: Option<Ready>,
    /// Seen in a snapshot before they were heard.
    early: Vec<(Print, Instant)>,
    merged: u32,
    pings: u64,
}

/// A snapshot that waits for the frames that were on their way when it was made.
struct Ready {
    snapshot: Snapshot,
    asked_at: Timestamp,
    by: Instant,
    /// The ping that was sent after it was made.
    ping: u64,
    passed: bool,
}

/// What a request for this merge brought.
pub(super) struct Fetched {
    asked_at: Timestamp,
    snapshot: Result<Snapshot, FetchError>,
}

impl Aligned {
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        match &self.ready {
            Some(ready) => Some(if ready.passed { now } else { ready.by }),
            None if self.fetching => None,
            None => self.next,
        }
    }

    /// A snapshot is wanted by then.
    pub(super) fn snapshot_by(&mut self, at: Instant) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    fn push(&mut self, row: TailRow) {
        self.tail.push_back(row);
        if self.tail.len() > TAIL {
            self.tail.pop_front();
            self.before = self.before.saturating_sub(1);
            self.leads = false;
        }
    }

    /// The rows that the next snapshot must reach back to: the newest confirmed ones that were there before this connection
    /// (or, once it is merged, at all); for want of confirmed ones, the newest.
    fn anchor(&self) -> Vec<bool> {
        let within = if self.synced { self.tail.len() } else { self.before };
        let mut marks = vec![false; self.tail.len()];
        for only_confirmed in [true, false] {
            let fits = |row: &TailRow| {
                row.print.is_some() && (!only_confirmed || row.standing == Standing::Confirmed)
            };
            let chosen = (0..within).rev().filter(|n| fits(&self.tail[*n])).take(ANCHOR as usize);
            let chosen: Vec<_> = chosen.collect();
            if !chosen.is_empty() {
                chosen.into_iter().for_each(|n| marks[n] = true);
                break;
            }
        }
        marks
    }

    fn wanted(&self) -> u32 {
        if self.deep {
            return DEEP;
        }
        let settled = |row: &TailRow| row.standing != Standing::Provisional && row.misses == 0;
        let open = self.tail.iter().position(|row| !settled(row)).unwrap_or(self.tail.len());
        let newer = self.tail.len() - open;
        let wanted =
            u32::try_from(newer + newer / 2).unwrap_or(u32::MAX).saturating_add(2 * ANCHOR);
        wanted.clamp(ENTRY_PAGE, aside_protocol::limits::PAGE_ENTRIES)
    }
}

impl Room {
    pub(super) async fn begin_aligned(&mut self, draft: &mut Draft) {
        let now = Instant::now();
        if self.position.applied.is_some() || self.position.epoch.is_some() {
            (self.position.applied, self.position.epoch) = (None, None);
            draft.moved();
        }
        let mut aligned = Aligned {
            tail: VecDeque::new(),
            leads: true,
            before: 0,
            synced: false,
            deep: false,
            fetching: false,
            failures: 0,
            next: None,
            ready: None,
            early: Vec::new(),
            merged: 0,
            pings: 0,
        };
        self.load_tail(&mut aligned).await;
        aligned.before = aligned.tail.len();
        aligned.next = Some(if aligned.tail.is_empty() { now } else { now + FIRST });
        self.merge = Merge::Aligned(aligned);
    }

    /// The timeline changed in other ways than by live entries.
    pub(super) async fn reload_tail(&mut self) {
        let placeholder = Merge::Undecided(Vec::new());
        match std::mem::replace(&mut self.merge, placeholder) {
            Merge::Aligned(mut aligned) => {
                let live = aligned.tail.len() - aligned.before.min(aligned.tail.len());
                self.load_tail(&mut aligned).await;
                aligned.before = aligned.tail.len().saturating_sub(live);
                self.merge = Merge::Aligned(aligned);
            }
            other => self.merge = other,
        }
    }

    async fn load_tail(&mut self, aligned: &mut Aligned) {
        let limit = u32::try_from(TAIL).unwrap_or(u32::MAX);
        let (rows, state) = (
            self.store.tail(self.id, LOOKED_AT, limit).await,
            self.store.room_state(self.id).await,
        );
        let (Ok(rows), Ok(state)) = (rows, state) else {
            self.storage_broken = true;
            return;
        };
        let misses: HashMap<_, _> = aligned.tail.iter().map(|row| (row.key, row.misses)).collect();
        aligned.leads = rows.first().map(|row| row.place) == state.oldest || rows.is_empty();
        aligned.tail = rows.iter().map(|row| self.tail_row(row)).collect();
        for row in &mut aligned.tail {
            row.misses = misses.get(&row.key).copied().unwrap_or(0);
        }
    }

    pub(super) fn tail_row(&self, row: &Row) -> TailRow {
        let entry = row.entry();
        TailRow {
            key: Some(row.key),
            print: entry.map(|entry| self.printer.print(&entry.entry)),
            gap: matches!(row.kind, RowKind::Gap(_)),
            standing: entry.map_or(Standing::Confirmed, |entry| entry.standing),
            received_at: row.received_at,
            misses: 0,
        }
    }

    pub(super) fn live_aligned(&mut self, draft: &mut Draft, entry: Entry) {
        let now = Instant::now();
        let print = self.printer.print(&entry);
        let own = self.own(&entry);
        let received_at = self.env.clock.now();
        let Merge::Aligned(aligned) = &mut self.merge else { return };
        aligned.early.retain(|(_, until)| *until > now);
        if own.is_none()
            && let Some(n) = aligned.early.iter().position(|(early, _)| *early == print)
        {
            // A snapshot had it first. Should it be another one with the same words, the next snapshot tells.
            aligned.early.swap_remove(n);
            aligned.snapshot_by(now + SECOND);
            return self.count(|counters| counters.repeated += 1);
        }
        let key = own.map(|n| self.outbox[n].key);
        let standing = Standing::Provisional;
        aligned.push(TailRow {
            key,
            print: Some(print),
            gap: false,
            standing,
            received_at,
            misses: 0,
        });
        match own {
            Some(own) => self.settle(draft, own, entry, Where::End, standing),
            None => draft.insert(Where::End, self.row_of(entry, standing)),
        }
    }

    /// Commits a draft of live entries; what was inserted gets its key in the tail.
    pub(super) async fn keep(&mut self, draft: Draft) {
        let Some(keys) = self.commit(draft).await else { return };
        if let Merge::Aligned(aligned) = &mut self.merge {
            let keyless = aligned.tail.iter_mut().filter(|row| row.key.is_none());
            keyless.zip(keys).for_each(|(row, key)| row.key = Some(key));
        }
    }

    pub(super) fn pong(&mut self, number: u64) {
        if let Merge::Aligned(Aligned { ready: Some(ready), .. }) = &mut self.merge {
            ready.passed |= ready.ping == number;
        }
    }

    pub(super) async fn check_aligned(&mut self, now: Instant) {
        let Merge::Aligned(aligned) = &mut self.merge else { return };
        if aligned.due(now).is_none_or(|due| now < due) {
            return;
        }
        if let Some(ready) = aligned.ready.take() {
            return self.merge_snapshot(ready, now).await;
        }
        aligned.fetching = true;
        aligned.next = None;
        let (count, asked_at) = (aligned.wanted(), self.env.clock.now());
        let (generation, fetch, printer) =
            (self.generation, self.fetch(), Arc::clone(&self.printer));
        self.jobs.spawn(async move {
            let snapshot = fetch.snapshot(count, &printer).await;
            Done::Snapshot(generation, Fetched { asked_at, snapshot })
        });
    }

    pub(super) fn snapshot_came(&mut self, fetched: Fetched) {
        let now = Instant::now();
        let Merge::Aligned(aligned) = &mut self.merge else { return };
        aligned.fetching = false;
        match fetched.snapshot {
            Ok(snapshot) => {
                aligned.failures = 0;
                let (asked_at, by) = (fetched.asked_at, now + BARRIER);
                aligned.pings += 1;
                let ping = aligned.pings;
                aligned.ready = Some(Ready { snapshot, asked_at, by, ping, passed: false });
                // Frames that were sent before the snapshot was made come before the pong.
                self.say_to_link(Say::Ping(ping));
            }
            Err(error) => {
                tracing::debug!(?error, "history did not come");
                aligned.failures += 1;
                let wait = AGAIN * 2_u32.saturating_pow(aligned.failures.min(6) - 1);
                aligned.snapshot_by(now + wait.min(AGAIN_MOST));
            }
        }
    }

    async fn merge_snapshot(&mut self, ready: Ready, now: Instant) {
        let prints: Vec<_> = ready.snapshot.entries.iter().map(|e| self.printer.print(e)).collect();
        let Merge::Aligned(aligned) = &mut self.merge else { return };
        let marks = aligned.anchor();
        let rows: Vec<TailRow> = aligned.tail.iter().cloned().collect();
        let (index, ours) = entries_of(&rows, &marks);
        let alignment = align(&ours, &prints, aligned.leads);
        let mut draft = Draft::default();
        if alignment.anchored {
            self.merge_rows(
                &mut draft,
                &rows,
                &index,
                &alignment,
                &ready.snapshot.entries,
                ready.asked_at,
                now,
            );
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
            let (index, ours) = entries_of(&live, &vec![false; live.len()]);
            let alignment = align(&ours, &prints, true);
            self.merge_rows(
                &mut draft,
                &live,
                &index,
                &alignment,
                &ready.snapshot.entries,
                ready.asked_at,
                now,
            );
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
        self.snapshot_looked_at(now).await;
    }

    /// Turns an alignment into changes. Rows of a run are put before the next row of ours, one after the other, so an echo
    /// of ours that is found among them can be put there too.
    #[allow(clippy::too_many_arguments, reason = "one step of one algorithm, with its whole input")]
    pub(super) fn merge_rows(
        &mut self,
        draft: &mut Draft,
        rows: &[TailRow],
        index: &[usize],
        alignment: &Alignment,
        entries: &[Entry],
        asked_at: Timestamp,
        now: Instant,
    ) {
        let confirmed: Vec<_> = alignment.same.iter().map(|(our, _)| &rows[index[*our]]).collect();
        let keys = confirmed.iter().filter(|row| row.standing != Standing::Confirmed);
        stand(draft, keys.filter_map(|row| row.key).collect(), Standing::Confirmed);
        let last = alignment.same.last().map_or(0, |(our, _)| our + 1);
        if !rows.is_empty() {
            let missed: usize = alignment.missed.iter().map(|(_, range)| range.len()).sum();
            self.count(|counters| counters.recovered += missed as u64);
        }
        for (before, range) in &alignment.missed {
            let at = before_row(rows, index.get(*before).copied().unwrap_or(rows.len()));
            for entry in &entries[range.clone()] {
                self.missed_entry(draft, entry.clone(), at);
                if *before >= last {
                    self.may_come_live(entry, now);
                }
            }
        }
        self.unseen_rows(draft, rows, index, alignment, asked_at, now);
        // A gap between two rows that the snapshot shows both is none any more.
        if let (Some((first, _)), Some((end, _))) = (alignment.same.first(), alignment.same.last())
        {
            let gaps = rows[index[*first]..=index[*end]].iter().filter(|row| row.gap);
            gaps.filter_map(|row| row.key).for_each(|key| draft.push(Change::Remove { key }));
        }
    }

    fn missed_entry(&mut self, draft: &mut Draft, entry: Entry, at: Where) {
        match self.own_in_history(&entry) {
            Some(own) => self.settle(draft, own, entry, at, Standing::Confirmed),
            None => draft.insert(at, self.row_of(entry, Standing::Confirmed)),
        }
    }

    fn may_come_live(&mut self, entry: &Entry, now: Instant) {
        self.may_come_live_until(entry, now + LATE);
    }

    /// The timeline has this entry already; should it be heard live by then, that is the same one.
    pub(super) fn may_come_live_until(&mut self, entry: &Entry, until: Instant) {
        let print = self.printer.print(entry);
        if let Merge::Aligned(aligned) = &mut self.merge {
            aligned.early.push((print, until));
        }
    }

    /// Rows that the snapshot should show and does not. One snapshot may be too early, two are not.
    fn unseen_rows(
        &mut self,
        draft: &mut Draft,
        rows: &[TailRow],
        index: &[usize],
        alignment: &Alignment,
        asked_at: Timestamp,
        now: Instant,
    ) {
        let shown: HashSet<_> =
            alignment.same.iter().filter_map(|(our, _)| rows[index[*our]].print).collect();
        let mut gone = Vec::new();
        for row in alignment.unseen.iter().map(|our| &rows[index[*our]]) {
            let shown_by_now = asked_at.duration_since(row.received_at) > LAG;
            if !shown_by_now || row.standing == Standing::NotInHistory {
                continue;
            }
            if row.misses == 0 {
                if let Merge::Aligned(aligned) = &mut self.merge {
                    aligned
                        .tail
                        .iter_mut()
                        .filter(|r| r.key == row.key)
                        .for_each(|r| r.misses += 1);
                    aligned.snapshot_by(now + SECOND);
                }
            } else if let (true, Some(key)) =
                (row.print.is_some_and(|p| shown.contains(&p)), row.key)
            {
                // The same person's same words are shown elsewhere: an early snapshot had put them into the wrong place.
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
    entries
        .filter_map(|(n, (row, anchor))| Some((n, Ours { print: row.print?, anchor: *anchor })))
        .unzip()
}

fn before_row(rows: &[TailRow], n: usize) -> Where {
    rows.get(n).and_then(|row| row.key).map_or(Where::End, Where::Before)
}
