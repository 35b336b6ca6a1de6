//! A room on a server with places: what is missing is known, fetched, or shown as a gap.

use std::time::Duration;

use aside_history::{Change, Gap, GapState, NewRow, Position, RowKind, Standing, Where};
use aside_protocol::http::HistoryPage;
use aside_protocol::{Entry, Epoch, Seq};
use tokio::time::Instant;

use super::behind::MUCH;
use super::draft::Draft;
use super::{Done, Merge, Room};
use crate::fetch::FetchError;
use crate::sequence::{Piece, Sequence, Taken, WIDEST};

/// So much history is fetched when a room is entered for the first time.
pub(super) const ENTRY_PAGE: u32 = 250;
/// One request for a hole asks for so many.
const HOLE_PAGE: u64 = 1000;
/// A fetch that fails is tried again after so long, and twice as long each time.
const AGAIN: Duration = Duration::from_secs(1);
/// A hole whose fetch failed so often becomes a gap row.
const FAILURES: u32 = 4;
/// The reply to a join that asked to resume comes within this time, or the join was none.
const JOINED: Duration = Duration::from_secs(5);
/// The largest place that fits the timeline's own order; a server that names a larger one is broken.
pub(super) const LARGEST: u64 = u32::MAX as u64;

/// The merge by places.
pub(super) struct Exact {
    pub(super) sequence: Sequence,
    /// The `joined` reply is awaited until then.
    joined_by: Option<Instant>,
    wants_newest: bool,
    /// The newest page is on its way, ahead of what is told.
    pub(super) leaps: bool,
    fetching: bool,
    not_before: Option<Instant>,
    failures: u32,
    /// The hole is known from a page, not from a frame that may only be late.
    urgent: bool,
    /// Places up to here, heard after a join, had been missed.
    replay_to: Seq,
    /// The timeline has a boundary right before the first page.
    after_boundary: bool,
}

/// What is asked of the history for this merge.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    Newest,
    /// A hole, from its start.
    Hole(Seq, Seq),
    /// The newest page, ahead of what is being told in order.
    Ahead,
    /// What is missing behind the newest rows, from its start.
    Behind(Seq, Seq),
}

impl Exact {
    fn new(applied: Option<Seq>, resumes: bool, now: Instant) -> Self {
        Self {
            sequence: Sequence::new(applied, now),
            joined_by: resumes.then(|| now + JOINED),
            wants_newest: !resumes,
            leaps: false,
            fetching: false,
            not_before: None,
            failures: 0,
            urgent: false,
            replay_to: Seq(0),
            after_boundary: false,
        }
    }

    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        if self.fetching {
            return None;
        }
        let wants = if self.wants_newest || (self.urgent && self.sequence.hole().is_some()) {
            Some(now)
        } else {
            [self.joined_by, self.sequence.due(), self.behind_due()].into_iter().flatten().min()
        };
        wants.map(|at| self.not_before.map_or(at, |floor| at.max(floor)))
    }

    /// Before the reply to the join, it may be another life of the room.
    fn behind_due(&self) -> Option<Instant> {
        self.sequence.behind_due().filter(|_| self.joined_by.is_none())
    }

    pub(super) fn is_synced(&self) -> bool {
        self.sequence.applied().is_some()
            && self.sequence.hole().is_none()
            && self.sequence.behind().is_none()
            && self.joined_by.is_none()
            && !self.wants_newest
            && !self.fetching
    }

    fn failed(&mut self, now: Instant) {
        self.failures += 1;
        self.not_before = Some(now + AGAIN * 2_u32.saturating_pow(self.failures.min(5) - 1));
    }

    fn succeeded(&mut self) {
        self.failures = 0;
        self.not_before = None;
    }
}

impl Room {
    pub(super) async fn begin_exact(&mut self, draft: &mut Draft) {
        let now = Instant::now();
        let resumes = self.hearing.joined.is_some_and(|asked| asked.resumes);
        let mut exact = Exact::new(self.position.applied, resumes, now);
        if self.position.applied.is_none() && self.has_settled_rows().await {
            // What is in the cache came without places: it can't be compared with what comes now.
            self.reset_history(draft, self.position.epoch.clone());
            exact.after_boundary = true;
        }
        if let Some((from, to)) = self.behind() {
            exact.sequence.go_on_behind(from, to, now);
        }
        self.merge = Merge::Exact(exact);
    }

    async fn has_settled_rows(&self) -> bool {
        self.store.room_state(self.id).await.is_ok_and(|state| state.newest.is_some())
    }

    /// The room's history begins anew behind a line; nothing before the line can ever be fetched.
    fn reset_history(&mut self, draft: &mut Draft, epoch: Option<Epoch>) {
        self.behind_is_over(draft, GapState::Failed);
        draft.push(Change::Boundary { received_at: self.env.clock.now() });
        self.position = Position { epoch, applied: None, reached_start: true };
        draft.moved();
    }

    pub(super) fn joined(&mut self, draft: &mut Draft, epoch: Epoch, seq: Seq, resumed: bool) {
        let now = Instant::now();
        let Merge::Exact(exact) = &mut self.merge else { return };
        exact.joined_by = None;
        let other_life = match &self.position.epoch {
            Some(known) => *known != epoch,
            None => self.position.applied.is_some_and(|applied| applied > seq),
        };
        if other_life {
            exact.sequence = Sequence::new(None, now);
            exact.after_boundary = true;
            self.reset_history(draft, Some(epoch));
        } else {
            self.position.epoch = Some(epoch);
            draft.moved();
        }
        let Merge::Exact(exact) = &mut self.merge else { return };
        if seq.0 <= LARGEST {
            exact.sequence.exists(seq);
        }
        match exact.sequence.applied() {
            Some(applied) if resumed => {
                exact.replay_to = seq;
                if seq.0.saturating_sub(applied.0) > MUCH && exact.sequence.behind().is_none() {
                    exact.leaps = true;
                    self.ask(Asked::Ahead);
                }
            }
            _ => exact.wants_newest = true,
        }
    }

    pub(super) fn live_exact(&mut self, draft: &mut Draft, entry: Entry) {
        let Some(seq) = place(&entry) else {
            return self.count(|counters| counters.skipped += 1);
        };
        let Merge::Exact(exact) = &mut self.merge else { return };
        let replayed = seq <= exact.replay_to;
        match exact.sequence.take(seq, entry, Instant::now()) {
            Taken::Apply(entries) => {
                if replayed {
                    let count = entries.len() as u64;
                    self.count(|counters| counters.recovered += count);
                }
                for entry in entries {
                    self.append_exact(draft, entry, replayed);
                }
            }
            Taken::Known(_) => self.count(|counters| counters.repeated += 1),
            Taken::Held => {}
        }
    }

    fn append_exact(&mut self, draft: &mut Draft, entry: Entry, missed: bool) {
        match self.own(&entry) {
            Some(own) => self.settle(draft, own, entry, Where::BySeq, Standing::Confirmed),
            None => {
                let row = self.row_of(entry, Standing::Confirmed);
                let insert = if missed { Draft::insert_missed } else { Draft::insert };
                insert(draft, Where::BySeq, row);
            }
        }
        draft.moved();
    }

    pub(super) fn append_pieces(&mut self, draft: &mut Draft, pieces: Vec<Piece>, recovered: bool) {
        for piece in pieces {
            match piece {
                Piece::Entry(entry) => {
                    if recovered {
                        self.count(|counters| counters.recovered += 1);
                    }
                    self.append_exact(draft, entry, recovered);
                }
                Piece::Gap(from, to) => {
                    draft.insert(Where::BeforeSeq(from), self.gap_row(Some((from, to))));
                    draft.moved();
                }
            }
        }
    }

    pub(super) fn gap_row(&self, range: Option<(Seq, Seq)>) -> NewRow {
        let gap = Gap {
            state: GapState::Open,
            from: range.map(|(from, _)| from),
            to: range.map(|(_, to)| to),
            missing: range.map(|(from, to)| to.0 - from.0 + 1),
        };
        NewRow { received_at: self.env.clock.now(), kind: RowKind::Gap(gap) }
    }

    pub(super) async fn check_exact(&mut self, now: Instant) {
        let Merge::Exact(exact) = &mut self.merge else { return };
        if exact.due(now).is_none_or(|due| now < due) {
            return self.check_synced().await;
        }
        if exact.joined_by.is_some_and(|by| by <= now) {
            exact.joined_by = None;
            exact.wants_newest = true;
        }
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        let hole = exact.sequence.hole().filter(|_| exact.urgent || is_due(exact.sequence.due()));
        let behind = exact.sequence.behind().filter(|_| is_due(exact.behind_due()));
        let wide = hole.is_some_and(|(from, to)| to.0 - from.0 >= WIDEST);
        let failed = exact.failures >= FAILURES;
        let asked = match (hole, behind) {
            _ if exact.wants_newest || (wide && !exact.urgent) => Asked::Newest,
            (Some(_), _) if wide || failed => return self.give_up_hole().await,
            (Some((from, to)), _) => Asked::Hole(from, to),
            (None, Some(_)) if failed => return self.give_up_behind().await,
            (None, Some((from, to))) => Asked::Behind(from, to),
            (None, None) => return,
        };
        exact.fetching = true;
        self.ask(asked);
    }

    fn ask(&mut self, asked: Asked) {
        let (generation, fetch) = (self.generation, self.fetch());
        self.jobs.spawn(async move {
            let page = match asked {
                Asked::Newest | Asked::Ahead => fetch.newest(ENTRY_PAGE).await,
                Asked::Hole(from, to) | Asked::Behind(from, to) => {
                    fetch.range(from, Seq(to.0.min(from.0 + HOLE_PAGE - 1))).await
                }
            };
            Done::Exact(generation, asked, page)
        });
    }

    /// What can't be fetched becomes a gap row, and the room goes on behind it.
    pub(super) async fn give_up_hole(&mut self) {
        let now = Instant::now();
        let Merge::Exact(exact) = &mut self.merge else { return };
        exact.succeeded();
        exact.urgent = false;
        let mut pieces = exact.sequence.give_up(now);
        if exact.sequence.applied().is_none() {
            // Not even the newest page came. Live entries must not wait for it: what is before them is a gap.
            pieces = exact.sequence.begin(Vec::new(), now);
            pieces.extend(exact.sequence.give_up(now));
            exact.wants_newest = false;
        }
        let mut draft = Draft::default();
        self.append_pieces(&mut draft, pieces, false);
        self.keep(draft).await;
    }

    pub(super) async fn exact_came(&mut self, asked: Asked, page: Result<HistoryPage, FetchError>) {
        let now = Instant::now();
        let Merge::Exact(exact) = &mut self.merge else { return };
        // What is told in order comes all the same.
        let ahead = matches!(asked, Asked::Ahead);
        exact.fetching &= ahead;
        exact.leaps &= !ahead;
        let Ok(page) = page else {
            tracing::debug!(?asked, error = ?page.err(), "history did not come");
            if !ahead {
                exact.failed(now);
            }
            return;
        };
        exact.succeeded();
        let (items, entries) = (page.items, placed(page));
        let mut draft = Draft::default();
        match asked {
            Asked::Newest => self.newest_came(&mut draft, entries, items, now),
            Asked::Ahead => return self.leap(entries, now).await,
            // The server doesn't have it either.
            Asked::Hole(..) if entries.is_empty() => return self.give_up_hole().await,
            Asked::Behind(..) if entries.is_empty() => return self.give_up_behind().await,
            Asked::Hole(..) => {
                let pieces = exact.sequence.fill(entries, now);
                self.append_pieces(&mut draft, pieces, true);
            }
            Asked::Behind(..) => {
                let pieces = exact.sequence.fill_behind(entries, now);
                self.append_pieces(&mut draft, pieces, true);
            }
        }
        self.keep(draft).await;
        self.check_synced().await;
    }

    fn newest_came(
        &mut self,
        draft: &mut Draft,
        entries: Vec<(Seq, Entry)>,
        items: usize,
        now: Instant,
    ) {
        let Merge::Exact(exact) = &mut self.merge else { return };
        exact.wants_newest = false;
        exact.urgent = true;
        let last = entries.last().map_or(Seq(0), |(seq, _)| *seq);
        if exact.sequence.applied().is_some_and(|applied| applied > last)
            && self.position.epoch.is_none()
        {
            exact.sequence = Sequence::new(None, now);
            exact.after_boundary = true;
            self.reset_history(draft, None);
        }
        let Merge::Exact(exact) = &mut self.merge else { return };
        if exact.sequence.applied().is_some() {
            for (seq, entry) in entries {
                let Merge::Exact(exact) = &mut self.merge else { return };
                if let Taken::Apply(entries) = exact.sequence.take(seq, entry, now) {
                    let pieces = entries.into_iter().map(Piece::Entry).collect();
                    self.append_pieces(draft, pieces, true);
                }
            }
            return;
        }
        let first = entries.first().map_or(Seq(1), |(seq, _)| *seq);
        let mut pieces = exact.sequence.begin(entries, now);
        if exact.after_boundary && first.0 > 1 {
            pieces.insert(0, Piece::Gap(Seq(1), Seq(first.0 - 1)));
        }
        // A page that is short may be the server's own limit; the first place is not.
        self.position.reached_start |= items == 0 || first.0 <= 1;
        self.append_pieces(draft, pieces, false);
        draft.moved();
    }

    async fn check_synced(&mut self) {
        if matches!(&self.merge, Merge::Exact(exact) if exact.is_synced()) {
            self.synced().await;
        }
    }
}

/// An entry's place, if it has one that a server in its right mind would give.
pub(super) fn place(entry: &Entry) -> Option<Seq> {
    entry.seq.filter(|seq| (1..=LARGEST).contains(&seq.0))
}

/// The entries of a page, each with its place.
fn placed(page: HistoryPage) -> Vec<(Seq, Entry)> {
    page.entries.into_iter().filter_map(|entry| Some((place(&entry)?, entry))).collect()
}
