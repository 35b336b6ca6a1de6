//! Entries that a desk removed: while we listen, and while we were away. Of each its place stays, as in the history.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use aside_history::{Change, NewRow, Place, Row, RowKind, StoreError};
use aside_protocol::moderation::Removal;
use aside_protocol::{Body, Entry, EntryId, EntryKind};
use tokio::time::Instant;

use super::draft::Draft;
use super::{Done, Room};
use crate::fetch::FetchError;

/// A list that did not come is asked for again after this, and after twice as long each time ...
const AGAIN: Duration = Duration::from_secs(2);
/// ... up to this.
const AGAIN_MOST: Duration = Duration::from_secs(300);
/// So many removals are remembered, the newest.
const REMEMBERED: usize = 4096;
/// Of more questions than this, the answers are looked for together ...
const FEW: usize = 8;
/// ... among so many rows at a time.
const ROWS: u32 = 1000;
/// An entry's name that is longer is not remembered; whoever makes such names is no server of ours.
pub(super) const ID_BYTES: usize = 256;

/// What is known of a room's removals. Not kept: what a cache has is compared once in each session.
#[derive(Debug, Default)]
pub(super) struct Removals {
    /// Up to this one they were heeded.
    heeded: u64,
    /// So many there are.
    told: u64,
    /// They are being read, on this connection.
    reading: Option<u64>,
    /// They could not be read, so often ...
    failures: u32,
    /// ... and may be asked for again from then on.
    again: Option<Instant>,
    gone: Gone,
}

/// Entries that are gone, for those that come late: held back until others come, or on a page that was made before.
#[derive(Debug, Default)]
struct Gone {
    ids: HashSet<EntryId>,
    oldest_first: VecDeque<EntryId>,
}

impl Gone {
    fn add(&mut self, id: &EntryId) {
        if id.as_str().len() > ID_BYTES || !self.ids.insert(id.clone()) {
            return;
        }
        self.oldest_first.push_back(id.clone());
        if self.oldest_first.len() > REMEMBERED
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

impl Removals {
    /// When those that could not be read are asked for again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.again
    }

    /// Takes out of an entry what was said in it, if it is gone, and what it says of a question that is.
    pub(super) fn blank(&self, entry: &mut Entry) {
        if self.gone.ids.is_empty() {
            return;
        }
        let is_gone = |id: Option<&EntryId>| id.is_some_and(|id| self.gone.ids.contains(id));
        if is_gone(entry.id.as_ref()) {
            blank(entry);
        } else if is_gone(question_of(entry).as_ref()) {
            blank_quote(entry);
        }
    }

    fn failed(&mut self, now: Instant) {
        let wait = AGAIN * 2_u32.saturating_pow(self.failures.min(16));
        self.failures += 1;
        self.again = Some(now + wait.min(AGAIN_MOST));
    }

    fn may_ask(&mut self) {
        (self.failures, self.again) = (0, None);
    }

    /// A commit was refused, and which of them were in it nobody knows: the next join reads the list again.
    pub(super) fn none_heeded(&mut self) {
        self.heeded = 0;
    }
}

impl Room {
    /// The server says how many there were so far; fewer than were heeded are another history's.
    pub(super) fn removals_told(&mut self, count: u64) {
        if count < self.removals.heeded {
            self.removals = Removals::default();
        }
        self.removals.told = count;
        self.removals.may_ask();
        self.read_removals();
    }

    fn read_removals(&mut self) {
        let (generation, after) = (self.generation, self.removals.heeded);
        let waits = self.removals.again.is_some();
        if self.removals.told <= after || waits || self.removals.reading == Some(generation) {
            return;
        }
        self.removals.reading = Some(generation);
        let fetch = self.fetch();
        self.jobs.spawn(async move { Done::Removals(generation, fetch.removals(after).await) });
    }

    /// Asks again for those that did not come.
    pub(super) fn check_missed_removals(&mut self, now: Instant) {
        if self.removals.again.is_some_and(|again| again <= now) {
            self.removals.again = None;
            self.read_removals();
        }
    }

    /// Those that were missed came, or did not.
    pub(super) async fn removals_came(&mut self, found: Result<Vec<Removal>, FetchError>) {
        self.removals.reading = None;
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(?error, "the list of removals did not come");
                return self.removals.failed(Instant::now());
            }
        };
        self.removals.may_ask();
        let Some(newest) = found.last().map(|last| last.number) else { return };
        let mut draft = Draft::default();
        let ids: Vec<EntryId> = found.into_iter().map(|removal| removal.id).collect();
        self.forget_entries(&mut draft, &ids).await;
        let kept = self.commit(draft).await.is_some();
        // A list that goes nowhere is not asked for again and again.
        if kept && newest > self.removals.heeded {
            self.removals.heeded = newest;
            self.read_removals();
        }
    }

    /// One more is told.
    pub(super) async fn removed(&mut self, draft: &mut Draft, id: &EntryId, number: u64) {
        self.order.gone(id);
        // It may have come a moment ago, and be in the draft.
        self.commit(std::mem::take(draft)).await;
        self.forget_entries(draft, std::slice::from_ref(id)).await;
        if number == self.removals.heeded + 1 {
            self.removals.heeded = number;
        }
        // Only a join may say that this is another history: a list that was read may be ahead of what is told.
        self.removals.told = number.max(self.removals.heeded);
        self.read_removals();
    }

    /// What was said in entries goes, as far as they are here, and does not come.
    async fn forget_entries(&mut self, draft: &mut Draft, ids: &[EntryId]) {
        for id in ids {
            self.removals.gone.add(id);
        }
        let rows = match self.rows_about(ids).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "what was removed could not be looked for");
                self.storage_broken = true;
                return;
            }
        };
        let ids: HashSet<&EntryId> = ids.iter().collect();
        for row in rows {
            let (key, received_at) = (row.key, row.received_at);
            let RowKind::Entry(mut entry) = row.kind else { continue };
            if entry.entry.id.as_ref().is_some_and(|id| ids.contains(id)) {
                blank(&mut entry.entry);
            } else if question_of(&entry.entry).is_some_and(|id| ids.contains(&id)) {
                blank_quote(&mut entry.entry);
            } else {
                continue;
            }
            let row = NewRow { received_at, kind: RowKind::Entry(entry) };
            draft.push(Change::Update { key, row });
        }
    }

    /// The rows of entries, and those of the answers to them, which may be here without their questions.
    async fn rows_about(&self, ids: &[EntryId]) -> Result<Vec<Row>, StoreError> {
        let (mut rows, mut asked) = (Vec::new(), HashSet::new());
        for id in ids {
            let row = self.store.row_by_entry_id(self.id, id).await?;
            let kind = row.as_ref().and_then(|row| Some(row.entry()?.entry.kind));
            if kind.is_none_or(|kind| kind == EntryKind::Question) {
                asked.insert(id);
            }
            rows.extend(row);
        }
        if asked.len() <= FEW {
            for id in asked {
                rows.extend(self.store.answers_to(self.id, id, "").await?);
            }
            return Ok(rows);
        }
        // All answers are read once, not once for each of many questions.
        let mut after = Place(i64::MIN);
        loop {
            let some = self.store.asked_and_answered(self.id, after, ROWS).await?;
            let Some(last) = some.last() else { return Ok(rows) };
            after = last.place;
            let answers = |row: &Row| row.entry().and_then(|row| question_of(&row.entry));
            rows.extend(
                some.into_iter().filter(|row| answers(row).is_some_and(|id| asked.contains(&id))),
            );
        }
    }
}

/// The question that an answer names.
fn question_of(said: &Entry) -> Option<EntryId> {
    if said.kind != EntryKind::Answer {
        return None;
    }
    let Body::Answer { question_id, .. } = said.body() else { return None };
    question_id
}

/// An answer repeats what was asked, and is in the name of who asked.
fn blank_quote(said: &mut Entry) {
    let mut body = said.body();
    if let Body::Answer { question, .. } = &mut body {
        question.clear();
        said.content = body.to_content();
        said.display_name.clear();
    }
}

fn blank(said: &mut Entry) {
    said.content = match said.kind {
        EntryKind::Question => Body::Question { text: String::new() }.to_content(),
        EntryKind::Message | EntryKind::Answer => String::new(),
    };
    (said.user, said.display_name, said.avatar_url) = Default::default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_remembered_as_there_is_room_for() {
        let mut gone = Gone::default();
        for n in 0..2 * REMEMBERED {
            gone.add(&EntryId::new(n.to_string()));
            gone.add(&EntryId::new(n.to_string()));
        }
        gone.add(&EntryId::new("x".repeat(ID_BYTES + 1)));
        assert_eq!((gone.ids.len(), gone.oldest_first.len()), (REMEMBERED, REMEMBERED));
        assert!(gone.ids.contains(&EntryId::new((2 * REMEMBERED - 1).to_string())));
        assert!(!gone.ids.contains(&EntryId::new("0")));
    }
}
