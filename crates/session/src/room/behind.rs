//! Where much was missed, the newest page comes first, and what is missing behind it while that can be read already. Until it is all there,
//! a gap row stands for the rest of it: whenever everything ends, nothing on disk is missing silently.

use aside_history::{Anchor, Change, Gap, GapState, NewRow, RowKey, RowKind, Where};
use aside_protocol::http::HistoryPage;
use aside_protocol::{Entry, Seq};
use tokio::time::Instant;

use super::draft::Draft;
use super::exact::{ENTRY_PAGE, Fetched, placed};
use super::{Done, Merge, Room};
use crate::fetch::FetchError;

/// Where more was missed, the newest page does not wait for it.
pub(super) const MUCH: u64 = 1000;
/// Frames that are committed together at most while the newest page is awaited.
const SMALL_BATCH: usize = 256;
/// So much is filled by itself after a start; a wider gap is loaded by whoever looks there.
const WIDEST: u64 = 10_000;
/// Gap rows that are looked through for one that was being filled.
const GAPS: u32 = 20;

/// The gap row behind the newest rows, as it is on disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind {
    key: RowKey,
    from: Seq,
    to: Seq,
}

impl Behind {
    fn row(self, room: &Room, state: GapState) -> NewRow {
        let mut row = room.gap_row(Some((self.from, self.to)));
        if let RowKind::Gap(gap) = &mut row.kind {
            gap.state = state;
        }
        row
    }
}

impl Room {
    pub(super) fn behind(&self) -> Option<(Seq, Seq)> {
        self.behind.map(|behind| (behind.from, behind.to))
    }

    /// Whether this gap row is being filled already.
    pub(super) fn is_behind(&self, key: RowKey) -> bool {
        self.behind.is_some_and(|behind| behind.key == key)
    }

    /// How many frames are committed together at most.
    pub(super) fn batch(&self) -> usize {
        match &self.merge {
            Merge::Exact(exact) if exact.leaps => SMALL_BATCH,
            Merge::Exact(_) | Merge::Aligned(_) | Merge::Undecided(_) => super::BATCH,
        }
    }

    /// The server tells in order what was missed. Meanwhile, the newest page is asked for.
    pub(super) fn fetch_ahead(&mut self) {
        let (generation, fetch) = (self.generation, self.fetch());
        let Merge::Exact(exact) = &mut self.merge else { return };
        if exact.sequence.behind().is_some() {
            return;
        }
        exact.leaps = true;
        self.jobs.spawn(async move {
            Done::Exact(generation, Fetched::Ahead(fetch.newest(ENTRY_PAGE).await))
        });
    }

    pub(super) async fn ahead_came(&mut self, page: Result<HistoryPage, FetchError>) {
        let is_online = self.is_online();
        let Merge::Exact(exact) = &mut self.merge else { return };
        exact.leaps = false;
        if is_online {
            return;
        }
        let Ok(page) = page else {
            return tracing::debug!(error = ?page.err(), "the newest page did not come");
        };
        let entries = placed(page);
        // Where what is told has nearly come there, it is as fast.
        if exact.sequence.before(&entries).is_none_or(|missing| missing < ENTRY_PAGE.into()) {
            return;
        }
        exact.told = true;
        let mut draft = Draft::default();
        self.leap(&mut draft, entries, Instant::now());
        self.keep(draft).await;
    }

    /// The page goes to the end, with a gap row before it.
    pub(super) fn leap(&mut self, draft: &mut Draft, page: Vec<(Seq, Entry)>, now: Instant) {
        let Merge::Exact(exact) = &mut self.merge else { return };
        let pieces = exact.sequence.leap(page, now);
        if let Some((from, to)) = exact.sequence.behind() {
            // The key comes with the commit.
            let behind = Behind { key: RowKey(0), from, to };
            // Before the place of the page: what comes from its other end goes before it, too.
            draft.insert(Where::BeforeSeq(to.next()), behind.row(self, GapState::Loading));
            draft.leap = Some((from, to));
        }
        self.append_pieces(draft, pieces, true);
    }

    /// The gap row of a leap is on disk.
    pub(super) fn leapt(&mut self, (from, to): (Seq, Seq), gap: Option<&RowKey>) {
        self.behind = gap.map(|key| Behind { key: *key, from, to });
    }

    /// The gap row says what is still missing, in the commit of what came.
    pub(super) fn follow_behind(&mut self, draft: &mut Draft) {
        let (Some(behind), Merge::Exact(exact)) = (self.behind, &self.merge) else { return };
        match exact.sequence.behind() {
            Some((from, _)) if from == behind.from => {}
            Some((from, _)) => {
                let behind = Behind { from, ..behind };
                let row = behind.row(self, GapState::Loading);
                draft.push(Change::Update { key: behind.key, row });
                self.behind = Some(behind);
            }
            None => {
                draft.push(Change::Remove { key: behind.key });
                self.behind = None;
            }
        }
    }

    pub(super) async fn behind_came(&mut self, page: Result<HistoryPage, FetchError>) {
        let now = Instant::now();
        let Merge::Exact(exact) = &mut self.merge else { return };
        exact.fetching = false;
        let Ok(page) = page else {
            tracing::debug!(error = ?page.err(), "history did not come");
            return exact.failed(now);
        };
        exact.succeeded();
        let entries = placed(page);
        if entries.is_empty() {
            // The server doesn't have it either.
            return self.give_up_behind().await;
        }
        let pieces = exact.sequence.fill_behind(entries, now);
        let mut draft = Draft::default();
        self.append_pieces(&mut draft, pieces, true);
        self.keep(draft).await;
        self.check_synced().await;
    }

    /// What can't be fetched now stays a gap row that a person may load.
    pub(super) async fn give_up_behind(&mut self) {
        let mut draft = Draft::default();
        self.behind_is_over(&mut draft, GapState::Open);
        self.keep(draft).await;
    }

    pub(super) fn behind_is_over(&mut self, draft: &mut Draft, state: GapState) {
        let Some(behind) = self.behind.take() else { return };
        draft.push(Change::Update { key: behind.key, row: behind.row(self, state) });
        if let Merge::Exact(exact) = &mut self.merge {
            exact.sequence.give_up_behind();
        }
    }

    /// A gap row that was being filled when everything ended.
    pub(super) async fn find_behind(&mut self) {
        self.behind = self.behind_on_disk().await;
        let behind = self.behind.is_some();
        self.tell.send_if_modified(|view| {
            let changed = view.behind != behind;
            view.behind = behind;
            changed
        });
    }

    async fn behind_on_disk(&self) -> Option<Behind> {
        let applied = self.position.applied?;
        let gaps = self.store.gaps(self.id, GAPS).await.ok()?;
        for row in gaps.iter().rev() {
            let RowKind::Gap(Gap {
                state: GapState::Loading, from: Some(from), to: Some(to), ..
            }) = row.kind
            else {
                continue;
            };
            let next = self.store.page(self.id, Anchor::After(row.place), 1).await;
            let next = next.ok().and_then(|page| page.rows.into_iter().next());
            let first = self.store.rows_by_seq(self.id, to.next(), to.next(), 1).await;
            let first = first.ok().and_then(|rows| rows.into_iter().next());
            // Only what stands right before a row of this life of the room is of this life.
            let is_of_now = first.is_some() && next.map(|row| row.key) == first.map(|row| row.key);
            if is_of_now && to <= applied && to.0 - from.0 < WIDEST {
                return Some(Behind { key: row.key, from, to });
            }
        }
        None
    }
}
