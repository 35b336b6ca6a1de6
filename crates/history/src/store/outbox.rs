//! What a person wrote: entries on their way, and drafts.

use jiff::Timestamp;

use super::Store;
use crate::error::{OutboxError, StoreError};
use crate::ids::{LocalId, RoomId};
use crate::outbox::{drafts, queue};
use crate::outgoing::{Draft, NewOutgoing, Outgoing, OutgoingState};

impl Store {
    /// Keeps something to be sent; on disk when this returns. The same id again changes nothing.
    pub async fn enqueue(&self, room: RoomId, item: NewOutgoing) -> Result<(), OutboxError> {
        self.at_desk(move |desk| desk.outbox(|conn| queue::enqueue(conn, room, &item))).await
    }

    /// Keeps something whose line was lost, in the state that is left to assume. False if it has a line, which need not be one that can be
    /// read.
    pub async fn adopt_outgoing(
        &self,
        room: RoomId,
        item: NewOutgoing,
        state: OutgoingState,
    ) -> Result<bool, OutboxError> {
        self.at_desk(move |desk| desk.outbox(|conn| queue::adopt(conn, room, &item, &state))).await
    }

    /// A room's outbox, first written first.
    pub async fn outbox(&self, room: RoomId) -> Result<Vec<Outgoing>, StoreError> {
        self.in_outbox(move |conn| queue::list(conn, room)).await
    }

    /// Sets how far something got ([`OutgoingState::Written`] counts as an attempt). False if it is not there.
    pub async fn set_outgoing(
        &self,
        id: LocalId,
        state: OutgoingState,
    ) -> Result<bool, StoreError> {
        self.in_outbox(move |conn| queue::set(conn, id, &state)).await
    }

    /// Queues something again because a person wants it now: what it waited before counts no more. False if it is not there.
    pub async fn retry_outgoing(&self, id: LocalId, now: Timestamp) -> Result<bool, StoreError> {
        self.in_outbox(move |conn| queue::retry(conn, id, now)).await
    }

    /// Takes an answer's guard away: whoever wrote it knows of the others now. False if it is not there.
    pub async fn unguard_outgoing(&self, id: LocalId) -> Result<bool, StoreError> {
        self.in_outbox(move |conn| queue::unguard(conn, id)).await
    }

    /// Fails what is queued and waited longer than [`OUTBOX_AGE`](crate::outgoing::OUTBOX_AGE), with the code
    /// [`EXPIRED`](crate::outgoing::EXPIRED); the text is kept. Returns what failed.
    pub async fn expire_outgoing(
        &self,
        room: RoomId,
        now: Timestamp,
    ) -> Result<Vec<LocalId>, StoreError> {
        self.in_outbox(move |conn| queue::expire(conn, room, now)).await
    }

    /// Takes something out of the outbox: it is settled, or discarded by a person. False if it was not there.
    pub async fn remove_outgoing(&self, id: LocalId) -> Result<bool, StoreError> {
        self.in_outbox(move |conn| queue::remove(conn, id)).await
    }

    /// The draft in a slot of a room (`composer`, or one per question).
    pub async fn draft(&self, room: RoomId, slot: &str) -> Result<Option<Draft>, StoreError> {
        let slot = slot.to_owned();
        self.in_outbox(move |conn| drafts::get(conn, room, &slot)).await
    }

    /// Keeps a draft; an empty text clears the slot.
    pub async fn set_draft(
        &self,
        room: RoomId,
        slot: &str,
        draft: Draft,
    ) -> Result<(), OutboxError> {
        let slot = slot.to_owned();
        self.at_desk(move |desk| desk.outbox(|conn| drafts::set(conn, room, &slot, &draft))).await
    }
}
