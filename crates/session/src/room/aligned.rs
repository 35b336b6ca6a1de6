//! A room on a server without places: live entries are shown at once, and snapshots of the history put them right.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aside_history::{Row, RowKey, RowKind, Standing, Where};
use aside_protocol::Entry;
use jiff::Timestamp;
use tokio::time::Instant;

use super::draft::Draft;
use super::exact::ENTRY_PAGE;
use super::{Done, Merge, Room};
use crate::align::{Likeness, Print};
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
/// The first snapshot after a join, where something is in the cache already; the join has to take effect first.
const FIRST: Duration = Duration::from_millis(300);
/// The second, which sees what the first was too early for.
pub(super) const SECOND: Duration = Duration::from_secs(5);
/// And from then on.
pub(super) const AUDIT: Duration = Duration::from_secs(60);
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
    /// Written here: it may stand elsewhere than its key says.
    pub(super) mine: bool,
    pub(super) standing: Standing,
    pub(super) received_at: Timestamp,
    /// Snapshots that should have shown it and did not.
    pub(super) misses: u8,
}

/// The merge by alignment.
pub(super) struct Aligned {
    pub(super) tail: VecDeque<TailRow>,
    /// The tail's first row is the cache's first row.
    pub(super) leads: bool,
    /// Rows of the tail that were there when this connection joined.
    pub(super) before: usize,
    /// A snapshot of this connection has been merged.
    pub(super) synced: bool,
    pub(super) deep: bool,
    fetching: bool,
    failures: u32,
    next: Option<Instant>,
    ready: Option<Ready>,
    /// Seen in a snapshot before they were heard: how alike what is heard must be, and until when.
    pub(super) early: Vec<(Print, Likeness, Instant)>,
    pub(super) merged: u32,
    /// A gap row is due before this one.
    gap_before: Option<RowKey>,
    pings: u64,
}

/// A snapshot that waits for the frames that were on their way when it was made.
pub(super) struct Ready {
    pub(super) snapshot: Snapshot,
    pub(super) asked_at: Timestamp,
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

    pub(super) fn set_misses(&mut self, key: Option<RowKey>, misses: u8) {
        let rows = self.tail.iter_mut().filter(|row| row.key == key);
        rows.for_each(|row| row.misses = misses);
    }

    /// A row that stood without its entry goes to where that is heard.
    fn forget(&mut self, key: Option<RowKey>) {
        let stands = |row: &TailRow| key.is_some() && row.key == key;
        if let Some(n) = self.tail.iter().position(stands) {
            self.tail.remove(n);
            self.before -= usize::from(n < self.before);
        }
    }

    fn push(&mut self, row: TailRow) {
        self.tail.push_back(row);
        while self.tail.len() > TAIL {
            if self.before == 1 && !self.synced {
                // The last row that was there before this connection falls out before a snapshot came: what is between it and
                // the first live row will never be known by alignment.
                let Some(first_live) = self.tail.get(1).and_then(|row| row.key) else { return };
                self.gap_before = Some(first_live);
            }
            self.tail.pop_front();
            self.before = self.before.saturating_sub(1);
            self.leads = false;
        }
    }

    /// The rows that the next snapshot must reach back to: the newest confirmed ones that were there before this connection
    /// (or, once it is merged, at all); for want of confirmed ones, the newest.
    pub(super) fn anchor(&self) -> Vec<bool> {
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
            gap_before: None,
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

    pub(super) async fn load_tail(&mut self, aligned: &mut Aligned) {
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
            mine: entry.is_some_and(|entry| entry.mine),
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
        aligned.early.retain(|(.., until)| *until > now);
        if own.is_none()
            && let Some(n) =
                aligned.early.iter().position(|(early, likeness, _)| likeness.same(early, &print))
        {
            // A snapshot had it first. Should it be another one with the same words, the next snapshot tells.
            aligned.early.swap_remove(n);
            aligned.snapshot_by(now + SECOND);
            return self.count(|counters| counters.repeated += 1);
        }
        let key = own.map(|n| self.outbox[n].key);
        let standing = Standing::Provisional;
        aligned.forget(key);
        aligned.push(TailRow {
            key,
            print: Some(print),
            gap: false,
            mine: own.is_some(),
            standing,
            received_at,
            misses: 0,
        });
        match own {
            Some(own) => self.settle(draft, own, entry, Where::End, standing),
            None => draft.insert(Where::End, self.row_of(entry, standing)),
        }
    }

    pub(super) fn pong(&mut self, number: u64) {
        if let Merge::Aligned(Aligned { ready: Some(ready), .. }) = &mut self.merge {
            ready.passed |= ready.ping == number;
        }
    }

    pub(super) async fn check_aligned(&mut self, now: Instant) {
        let Merge::Aligned(aligned) = &mut self.merge else { return };
        if let Some(first_live) = aligned.gap_before.take() {
            let mut draft = Draft::default();
            draft.insert(Where::Before(first_live), self.gap_row(None));
            // A refused commit begins the connection anew.
            let _keys = self.commit(draft).await;
        }
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
}
