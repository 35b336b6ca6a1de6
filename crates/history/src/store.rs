//! The handle that everybody holds: each method is one job for the writer or for a reader.

use std::path::{Path, PathBuf};

use aside_protocol::{EntryId, Seq};
use jiff::Timestamp;

use crate::commit::{Commit, Committed};
use crate::error::{CommitError, OpenError, OutboxError, StoreError};
use crate::ids::{LocalId, Revision, RoomId, RoomName, RowKey};
use crate::outgoing::{Draft, NewOutgoing, Outgoing, OutgoingState};
use crate::row::Row;
use crate::view::{Anchor, Changes, Page, RoomState, Unread};

/// A freshly opened store, and what had to be done to open it.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// What people should be told.
    pub report: OpenReport,
}

/// What had to be done to open a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The cache was damaged or of a newer release: it is there now, and the cache starts empty.
    pub cache_set_aside: Option<PathBuf>,
    /// The outbox was damaged: it is there now, and what could be read of it was carried over.
    pub outbox_set_aside: Option<PathBuf>,
    /// How many outgoing entries and drafts were carried over from a damaged outbox.
    pub outbox_salvaged: u32,
}

/// A cheap handle; all clones are the same store. The files are let go when the last one is dropped.
///
/// A method that is not awaited to its end may still happen: the job was given away.
#[derive(Clone, Debug)]
pub struct Store {}

#[allow(unused_variables, clippy::unused_async, reason = "the shapes first")]
impl Store {
    /// Opens (or makes) the store below `dir`, which one process has at a time.
    pub fn open(dir: &Path) -> Result<Opened, OpenError> {
        Err(StoreError::Closed.into())
    }

    /// A store that is gone when it is dropped.
    pub fn in_memory() -> Result<Self, OpenError> {
        Err(StoreError::Closed.into())
    }

    /// As [`Store::in_memory`], but every job runs on the caller's thread before its method returns:
    /// the same calls in the same order give the same results, whatever the executor does.
    pub fn in_memory_inline() -> Result<Self, OpenError> {
        Err(StoreError::Closed.into())
    }

    /// Finds or makes a room. The id stays the same, also over a rebuilt cache.
    pub async fn room(&self, name: &RoomName) -> Result<RoomId, StoreError> {
        Err(StoreError::Closed)
    }

    /// Erases everything about a room: rows, position, outbox, drafts.
    pub async fn forget_room(&self, room: RoomId) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// Changes a room, all of it or nothing; returns once that is on disk.
    pub async fn commit(&self, room: RoomId, commit: Commit) -> Result<Committed, CommitError> {
        Err(StoreError::Closed.into())
    }

    /// Neighbouring rows.
    pub async fn page(&self, room: RoomId, anchor: Anchor, limit: u32) -> Result<Page, StoreError> {
        Err(StoreError::Closed)
    }

    /// What happened since a revision. More than `limit` changes: [`Changes::reset`].
    pub async fn changes(
        &self,
        room: RoomId,
        since: Revision,
        limit: u32,
    ) -> Result<Changes, StoreError> {
        Err(StoreError::Closed)
    }

    /// Where a room stands.
    pub async fn room_state(&self, room: RoomId) -> Result<RoomState, StoreError> {
        Err(StoreError::Closed)
    }

    /// What the user has not read.
    pub async fn unread(&self, room: RoomId) -> Result<Unread, StoreError> {
        Err(StoreError::Closed)
    }

    /// The end of the timeline for alignment: every settled row (gaps and unconfirmed entries too) from the
    /// `confirmed`-th newest confirmed entry on, at most `limit` (the newest of them), oldest first.
    pub async fn tail(
        &self,
        room: RoomId,
        confirmed: u32,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        Err(StoreError::Closed)
    }

    /// One row.
    pub async fn row(&self, room: RoomId, key: RowKey) -> Result<Option<Row>, StoreError> {
        Err(StoreError::Closed)
    }

    /// The row of an entry by the server's id (the newest, should a server have used it twice).
    pub async fn row_by_entry_id(
        &self,
        room: RoomId,
        id: &EntryId,
    ) -> Result<Option<Row>, StoreError> {
        Err(StoreError::Closed)
    }

    /// The row of something written here, settled or not.
    pub async fn row_by_local_id(
        &self,
        room: RoomId,
        id: LocalId,
    ) -> Result<Option<Row>, StoreError> {
        Err(StoreError::Closed)
    }

    /// The rows of the current epoch with `from <= seq <= to`, by seq, at most `limit`.
    pub async fn rows_by_seq(
        &self,
        room: RoomId,
        from: Seq,
        to: Seq,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        Err(StoreError::Closed)
    }

    /// All gap rows, oldest first, at most `limit` (the newest of them).
    pub async fn gaps(&self, room: RoomId, limit: u32) -> Result<Vec<Row>, StoreError> {
        Err(StoreError::Closed)
    }

    /// The echoes that have not been settled, in the order they were written.
    pub async fn echoes(&self, room: RoomId) -> Result<Vec<Row>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Keeps something to be sent; on disk when this returns. The same id again changes nothing.
    pub async fn enqueue(&self, room: RoomId, item: NewOutgoing) -> Result<(), OutboxError> {
        Err(StoreError::Closed.into())
    }

    /// A room's outbox, first written first.
    pub async fn outbox(&self, room: RoomId) -> Result<Vec<Outgoing>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Sets how far something got ([`OutgoingState::Written`] counts as an attempt). False if it is not there.
    pub async fn set_outgoing(
        &self,
        id: LocalId,
        state: OutgoingState,
    ) -> Result<bool, StoreError> {
        Err(StoreError::Closed)
    }

    /// Everything of the room that was written to a connection becomes unsure, in one step: that connection is gone.
    pub async fn unsure_outgoing(&self, room: RoomId) -> Result<Vec<LocalId>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Fails what waited longer than [`OUTBOX_AGE`](crate::outgoing::OUTBOX_AGE), with the code
    /// [`EXPIRED`](crate::outgoing::EXPIRED); the text is kept. Returns what failed.
    pub async fn expire_outgoing(
        &self,
        room: RoomId,
        now: Timestamp,
    ) -> Result<Vec<LocalId>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Takes something out of the outbox: it is settled, or discarded by a person. False if it was not there.
    pub async fn remove_outgoing(&self, id: LocalId) -> Result<bool, StoreError> {
        Err(StoreError::Closed)
    }

    /// The rooms that have something in their outbox, and how much.
    pub async fn rooms_with_outgoing(&self) -> Result<Vec<(RoomName, u32)>, StoreError> {
        Err(StoreError::Closed)
    }

    /// The draft in a slot of a room (`composer`, or one per question).
    pub async fn draft(&self, room: RoomId, slot: &str) -> Result<Option<Draft>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Keeps a draft; an empty text clears the slot.
    pub async fn set_draft(
        &self,
        room: RoomId,
        slot: &str,
        draft: Draft,
    ) -> Result<(), OutboxError> {
        Err(StoreError::Closed.into())
    }

    /// Finishes what is waiting, folds the write-ahead logs in and lets the files go. Other handles then
    /// answer [`StoreError::Closed`].
    pub async fn close(&self) {}
}
