//! One commit in the making, and what is done once it is on disk.

use aside_history::{Change, Commit, LocalId, NewRow, Place, Revision, RowKey, RowKind, Where};
use aside_protocol::EntryKind;

use super::recovered::Missed;
use super::{Merge, Room};
use crate::error::{SessionError, Settled};

/// Changes that belong together, collected in memory.
#[derive(Default)]
pub(super) struct Draft {
    changes: Vec<Change>,
    moved: bool,
    inserted: usize,
    /// What of it had been missed.
    missed: Vec<Missed>,
    /// What the outbox may forget once the timeline has it.
    pub(super) forget: Vec<LocalId>,
    /// Whoever waits for these may be told then.
    pub(super) settled: Vec<(LocalId, Settled)>,
}

impl Draft {
    /// Adds a row; neighbours that go to the same place become one change.
    pub(super) fn insert(&mut self, at: Where, row: NewRow) {
        self.inserted += 1;
        match self.changes.last_mut() {
            Some(Change::Insert { at: last, rows })
                if *last == at
                    && matches!(
                        at,
                        Where::End | Where::Start | Where::BySeq | Where::Before(_)
                    ) =>
            {
                rows.push(row);
            }
            _ => self.changes.push(Change::Insert { at, rows: vec![row] }),
        }
    }

    /// The same of a row that had been missed.
    pub(super) fn insert_missed(&mut self, at: Where, row: NewRow) {
        self.missed.extend(Missed::of(self.inserted, &row));
        self.insert(at, row);
    }

    pub(super) fn push(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Whether this row is to become an entry of the server's.
    pub(super) fn settles(&self, row: RowKey) -> bool {
        self.changes
            .iter()
            .any(|change| matches!(change, Change::Settle { key, .. } if *key == row))
    }

    /// The room's position is committed too.
    pub(super) fn moved(&mut self) {
        self.moved = true;
    }

    fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.moved
    }
}

impl Room {
    /// Commits a draft of live entries; what was inserted gets its key in the tail.
    pub(super) async fn keep(&mut self, draft: Draft) {
        let Some(keys) = self.commit(draft).await else { return };
        if let Merge::Aligned(aligned) = &mut self.merge {
            let keyless = aligned.tail.iter_mut().filter(|row| row.key.is_none());
            keyless.zip(keys).for_each(|(row, key)| row.key = Some(key));
        }
    }

    /// Commits, then tells. The keys of what was inserted, in order; nothing if the cache refused.
    pub(super) async fn commit(&mut self, mut draft: Draft) -> Option<Vec<RowKey>> {
        let mut keys = Vec::new();
        self.follow_behind(&mut draft);
        if !draft.is_empty() {
            if let Merge::Exact(exact) = &self.merge {
                self.position.applied = exact.sequence.applied().or(self.position.applied);
            }
            let position = draft.moved.then(|| self.position.clone());
            let asks = draft.changes.iter().any(touches_questions);
            let commit = Commit { changes: draft.changes, position, read: None };
            aside_failpoint::at("merge.before-commit");
            match self.store.commit(self.id, commit).await {
                Ok(committed) => {
                    aside_failpoint::at("merge.committed");
                    if asks {
                        self.questions_changed();
                    }
                    keys = committed.inserted.iter().map(|inserted| inserted.key).collect();
                    self.came_back(&draft.missed, &committed);
                    self.tell_revision(committed.revision).await;
                    aside_failpoint::at("merge.told");
                }
                Err(error) => {
                    tracing::warn!(%error, "the cache refused a commit");
                    self.storage_broken = true;
                    return None;
                }
            }
        }
        for id in draft.forget {
            aside_failpoint::at("settle.before-forget");
            // Left behind, it is found settled in the timeline at the next start.
            if let Err(error) = self.store.remove_outgoing(id).await {
                tracing::warn!(%error, "a settled entry stays in the outbox");
            }
            self.outbox.retain(|item| item.id != id);
            aside_failpoint::at("settle.forgotten");
        }
        for (id, settled) in draft.settled {
            self.tell_settled(id, settled);
        }
        Some(keys)
    }

    pub(super) async fn mark_read(&mut self, place: Place) -> Result<(), SessionError> {
        let commit = Commit { read: Some(place), ..Default::default() };
        let committed = self.store.commit(self.id, commit).await?;
        self.recovered_is_read(committed.read);
        self.tell_revision(committed.revision).await;
        Ok(())
    }

    pub(super) async fn tell_revision(&mut self, revision: Revision) {
        let unread = self.store.unread(self.id).await.ok();
        let behind = self.behind.is_some();
        self.tell.send_if_modified(|view| {
            let now = (revision, unread.unwrap_or(view.unread), behind);
            let changed = (view.revision, view.unread, view.behind) != now;
            (view.revision, view.unread, view.behind) = now;
            changed
        });
    }
}

/// Whether questions or answers may be others after this. What is only said is no reason to read them all again.
fn touches_questions(change: &Change) -> bool {
    let asks = |row: &NewRow| match &row.kind {
        RowKind::Entry(entry) => entry.entry.kind != EntryKind::Message,
        RowKind::Gap(_) | RowKind::Boundary => false,
    };
    match change {
        Change::Insert { rows, .. } => rows.iter().any(asks),
        Change::Settle { row, .. } | Change::Update { row, .. } => asks(row),
        Change::Move { .. } | Change::Remove { .. } | Change::Boundary { .. } => true,
        Change::Stand { .. } | Change::Deliver { .. } => false,
    }
}
