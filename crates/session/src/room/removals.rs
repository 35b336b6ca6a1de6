//! Entries that a desk removed: while we listen, and while we were away. Of each its place stays, as in the history.

use aside_history::{Change, NewRow, RowKind};
use aside_protocol::moderation::Removal;
use aside_protocol::{Body, EntryId, EntryKind};

use super::draft::Draft;
use super::{Done, Room};
use crate::fetch::FetchError;

/// What is known of a room's removals. Not kept: what a cache has is compared once in each session.
#[derive(Debug, Default)]
pub(super) struct Removals {
    /// Up to this one they were heeded.
    heeded: u64,
    /// So many there are.
    told: u64,
    /// They are being read, on this connection.
    reading: Option<u64>,
}

impl Room {
    /// The server says how many there were so far; fewer than were heeded are another history's.
    pub(super) fn removals_told(&mut self, count: u64) {
        if count < self.removals.heeded {
            self.removals = Removals::default();
        }
        self.removals.told = count;
        self.read_removals();
    }

    fn read_removals(&mut self) {
        let (generation, after) = (self.generation, self.removals.heeded);
        if self.removals.told <= after || self.removals.reading == Some(generation) {
            return;
        }
        self.removals.reading = Some(generation);
        let fetch = self.fetch();
        self.jobs.spawn(async move { Done::Removals(generation, fetch.removals(after).await) });
    }

    /// Those that were missed came. If they did not, the next connection asks again.
    pub(super) async fn removals_came(&mut self, found: Result<Vec<Removal>, FetchError>) {
        let Ok(found) = found else { return };
        self.removals.reading = None;
        let Some(newest) = found.last().map(|last| last.number) else { return };
        let mut draft = Draft::default();
        for removal in &found {
            self.blank(&mut draft, &removal.id).await;
        }
        self.commit(draft).await;
        // A list that goes nowhere is not asked for again and again.
        if newest > self.removals.heeded {
            self.removals.heeded = newest;
            self.read_removals();
        }
    }

    /// One more is told.
    pub(super) async fn removed(&mut self, draft: &mut Draft, id: &EntryId, number: u64) {
        self.order.gone(id);
        // It may have come a moment ago, and be in the draft.
        self.commit(std::mem::take(draft)).await;
        self.blank(draft, id).await;
        if number == self.removals.heeded + 1 {
            self.removals.heeded = number;
        }
        // Only a join may say that this is another history: a list that was read may be ahead of what is told.
        self.removals_told(number.max(self.removals.heeded));
    }

    /// What is not here comes as it is now.
    async fn blank(&self, draft: &mut Draft, id: &EntryId) {
        let Ok(Some(row)) = self.store.row_by_entry_id(self.id, id).await else { return };
        let (key, received_at) = (row.key, row.received_at);
        let RowKind::Entry(mut entry) = row.kind else { return };
        let said = &mut entry.entry;
        said.content = match said.kind {
            EntryKind::Question => Body::Question { text: String::new() }.to_content(),
            EntryKind::Message | EntryKind::Answer => String::new(),
        };
        (said.user, said.display_name, said.avatar_url) = Default::default();
        let row = NewRow { received_at, kind: RowKind::Entry(entry) };
        draft.push(Change::Update { key, row });
    }
}
