//! One open room: its newest place, and who is told of the next. Only the writer's thread moves it on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aside_protocol::triage::Item;
use aside_protocol::{EntryId, Epoch, Seq, ServerFrame, StreamId, Topic, close};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::outlet::{Chunk, Goodbye, Outlet};
use crate::store::entries::Record;
use crate::store::tokens::RoomRow;
use crate::wire::{self, Wire};

/// A room as this process knows it.
#[derive(Debug)]
pub(crate) struct Room {
    key: i64,
    topic: Topic,
    stream: StreamId,
    wire: Wire,
    /// Held for a moment only, by the writer's thread to move on and by a client to come or go; never across an await.
    /// It is what makes "subscribed at place N" and "told everything after N" one thing.
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    epoch: Epoch,
    head: Seq,
    /// The newest change of a question that was told.
    change: u64,
    listeners: Vec<Listener>,
}

#[derive(Debug)]
struct Listener {
    connection: u64,
    subscription: u32,
    outlet: Outlet,
    /// Is told the states of questions, too.
    desk: bool,
}

impl Room {
    pub(crate) fn new(row: RoomRow, head: Seq, change: u64, wire: Wire) -> Self {
        let now = Mutex::new(Now { epoch: row.epoch, head, change, listeners: Vec::new() });
        Self { key: row.key, topic: row.topic, stream: row.stream, wire, now }
    }

    /// The database's name for it.
    pub(crate) fn key(&self) -> i64 {
        self.key
    }

    pub(crate) fn topic(&self) -> &Topic {
        &self.topic
    }

    pub(crate) fn stream(&self) -> &StreamId {
        &self.stream
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        // Nothing in here panics halfway through a change.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest place that is on disk and told.
    pub(crate) fn head(&self) -> Seq {
        self.now().head
    }

    /// The life of the history, with its newest place.
    pub(crate) fn position(&self) -> (Epoch, Seq) {
        let now = self.now();
        (now.epoch.clone(), now.head)
    }

    /// The id of the entry at a place.
    pub(crate) fn entry_id(&self, seq: Seq) -> EntryId {
        wire::entry_id(&self.now().epoch, seq)
    }

    /// The place that an id names.
    pub(crate) fn place_of(&self, id: &EntryId) -> Option<Seq> {
        wire::place_of(&self.now().epoch, id)
    }

    /// From now on this client is told everything after the place that is returned, once and in order; at a desk, also every
    /// change after the one that is returned.
    pub(crate) fn subscribe(
        &self,
        connection: u64,
        subscription: u32,
        outlet: Outlet,
        desk: bool,
    ) -> (Epoch, Seq, u64) {
        let mut now = self.now();
        now.listeners.retain(|listener| listener.connection != connection);
        now.listeners.push(Listener { connection, subscription, outlet, desk });
        (now.epoch.clone(), now.head, now.change)
    }

    /// This client is told nothing any more.
    pub(crate) fn unsubscribe(&self, connection: u64) {
        self.now().listeners.retain(|listener| listener.connection != connection);
    }

    #[cfg(test)]
    pub(crate) fn listeners(&self) -> usize {
        self.now().listeners.len()
    }

    /// Tells everyone what was committed, and moves on.
    pub(crate) fn deliver(&self, records: &[Record]) {
        let Some(last) = records.last() else { return };
        let mut now = self.now();
        if !now.listeners.is_empty() {
            let frames: Vec<_> =
                records.iter().map(|record| self.frame(record, &now.epoch)).collect();
            let bytes = frames.iter().map(|frame| frame.len()).sum();
            let chunk = Arc::new(Chunk { frames, bytes });
            for listener in &now.listeners {
                listener.outlet.live(listener.subscription, chunk.clone());
            }
        }
        now.head = last.seq;
    }

    /// Tells the desks what was committed about questions.
    pub(crate) fn deliver_items(&self, items: &[Item]) {
        let Some(last) = items.last() else { return };
        let mut now = self.now();
        if now.listeners.iter().any(|listener| listener.desk) {
            let frames: Vec<Utf8Bytes> =
                items.iter().map(|item| ServerFrame::triage_text(item).into()).collect();
            let bytes = frames.iter().map(|frame| frame.len()).sum();
            let chunk = Arc::new(Chunk { frames, bytes });
            for listener in now.listeners.iter().filter(|listener| listener.desk) {
                listener.outlet.live(listener.subscription, chunk.clone());
            }
        }
        now.change = last.change;
    }

    /// The frame that carries an entry.
    pub(crate) fn frame(&self, record: &Record, epoch: &Epoch) -> Utf8Bytes {
        ServerFrame::entry_text(&self.wire.entry(record, &self.stream, epoch)).into()
    }

    /// A new life begins without entries; whoever listens is asked to come back and learn of it.
    pub(crate) fn restart(&self, epoch: Epoch) {
        let mut now = self.now();
        now.epoch = epoch;
        now.head = Seq(0);
        now.change = 0;
        for listener in now.listeners.drain(..) {
            listener.outlet.end(Goodbye::close(close::RESTARTING, "history was reset"));
        }
    }
}
