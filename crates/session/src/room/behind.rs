//! Where much was missed, the newest page comes first, and what is missing behind it while that can be read already. Until it is all there,
//! a gap row stands for the rest of it: whenever everything ends, nothing on disk is missing silently.

use aside_history::{Anchor, Change, Gap, GapState, NewRow, Row, RowKey, RowKind, Where};
use aside_protocol::{Entry, Seq};
use tokio::time::Instant;

use super::draft::Draft;
use super::exact::ENTRY_PAGE;
use super::{BATCH, Merge, Room};

/// Where more was missed, the newest page does not wait for it.
pub(super) const MUCH: u64 = 1000;
/// Frames that are taken together at most while the newest page is on its way: it waits for no more than their commit.
const FEW: usize = 256;
/// Gap rows that are looked through for those that were being filled.
const GAPS: u32 = 20;

/// The gap row behind the newest rows, as it is on disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind {
    key: RowKey,
    from: Seq,
    to: Seq,
}

impl Room {
    pub(super) fn behind(&self) -> Option<(Seq, Seq)> {
        self.behind.map(|behind| (behind.from, behind.to))
    }

    /// How many frames are taken together at most.
    pub(super) fn batch(&self) -> usize {
        match &self.merge {
            Merge::Exact(exact) if exact.leaps => FEW,
            Merge::Exact(_) | Merge::Aligned(_) | Merge::Undecided(_) => BATCH,
        }
    }

    /// Whether this gap row is being filled by itself.
    pub(super) fn is_behind(&self, key: RowKey) -> bool {
        self.behind.is_some_and(|behind| behind.key == key)
    }

    pub(super) fn gap_between(&self, from: Seq, to: Seq, state: GapState) -> NewRow {
        let (from, to, missing) = (Some(from), Some(to), Some(to.0 - from.0 + 1));
        let kind = RowKind::Gap(Gap { state, from, to, missing });
        NewRow { received_at: self.env.clock.now(), kind }
    }

    /// The newest page goes to the end while the server tells in order what was missed, with a gap row before it.
    pub(super) async fn leap(&mut self, page: Vec<(Seq, Entry)>, now: Instant) {
        let Merge::Exact(exact) = &mut self.merge else { return };
        // Where what is told has nearly come there, it is as fast.
        if exact.sequence.before(&page).is_none_or(|missing| missing < ENTRY_PAGE.into()) {
            return;
        }
        let pieces = exact.sequence.leap(page, now);
        let Some((from, to)) = exact.sequence.behind() else { return };
        let behind = Behind { key: RowKey(0), from, to };
        self.behind = Some(behind);
        let mut draft = Draft::default();
        // Before the place of the page: what comes from its other end goes before it, too.
        draft.insert(
            Where::BeforeSeq(to.next()),
            self.gap_between(behind.from, behind.to, GapState::Loading),
        );
        self.append_pieces(&mut draft, pieces, true);
        // Without a commit, everything begins anew from the disk.
        let Some(&[key, ..]) = self.commit(draft).await.as_deref() else { return };
        self.behind = Some(Behind { key, ..behind });
    }

    /// The gap row says what is still missing, in the commit of what came.
    pub(super) fn follow_behind(&mut self, draft: &mut Draft) {
        let (Some(behind), Merge::Exact(exact)) = (self.behind, &self.merge) else { return };
        match exact.sequence.behind() {
            Some((from, _)) if from == behind.from => {}
            Some((from, _)) => {
                let behind = Behind { from, ..behind };
                let row = self.gap_between(behind.from, behind.to, GapState::Loading);
                draft.push(Change::Update { key: behind.key, row });
                self.behind = Some(behind);
            }
            None => {
                draft.push(Change::Remove { key: behind.key });
                self.behind = None;
            }
        }
    }

    /// What can't be fetched now stays a gap row that a person may load.
    pub(super) async fn give_up_behind(&mut self) {
        let mut draft = Draft::default();
        self.behind_is_over(&mut draft, GapState::Open);
        self.keep(draft).await;
    }

    pub(super) fn behind_is_over(&mut self, draft: &mut Draft, state: GapState) {
        let Some(behind) = self.behind.take() else { return };
        draft.push(Change::Update {
            key: behind.key,
            row: self.gap_between(behind.from, behind.to, state),
        });
        if let Merge::Exact(exact) = &mut self.merge {
            exact.sequence.give_up_behind();
        }
    }

    /// Gap rows that were being filled when everything ended: the one behind the newest rows is filled on, and any other waits for a person.
    pub(super) async fn find_behind(&mut self) {
        self.behind = None;
        let mut draft = Draft::default();
        let gaps = self.store.gaps(self.id, GAPS).await.unwrap_or_default();
        for row in gaps.iter().rev() {
            let RowKind::Gap(gap) = row.kind else { continue };
            if gap.state != GapState::Loading {
                continue;
            }
            if let Some((from, to)) = gap.from.zip(gap.to)
                && self.behind.is_none()
                && self.is_right_before(row, to.next()).await
            {
                self.behind = Some(Behind { key: row.key, from, to });
            } else {
                let kind = RowKind::Gap(Gap { state: GapState::Open, ..gap });
                let (stale, row) = (row.key, NewRow { received_at: row.received_at, kind });
                draft.push(Change::Update { key: stale, row });
            }
        }
        // If it can't be kept, everything begins anew.
        self.commit(draft).await;
    }

    /// Whether a gap row stands right before an entry of this life of the room.
    async fn is_right_before(&self, gap: &Row, seq: Seq) -> bool {
        let next = self.store.page(self.id, Anchor::After(gap.place), 1).await;
        let there = self.store.rows_by_seq(self.id, seq, seq, 1).await;
        let (Ok(next), Ok(there)) = (next, there) else { return false };
        there.first().is_some_and(|row| next.rows.first().is_some_and(|next| next.key == row.key))
    }
}
