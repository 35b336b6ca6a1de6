//! Threads that only read, so that a page never waits for a long write.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::writer::Job;
use crate::error::StoreError;
use crate::files::database::open_reader;

/// How many read at the same time: a window's page and somebody's count.
pub(crate) const READERS: usize = 2;

/// The readers' connections, where the writer can close them (a file that is open cannot be renamed everywhere).
pub(crate) struct Shelf {
    path: PathBuf,
    connections: [Mutex<Option<Connection>>; READERS],
    /// Which cache this is; counts up when it is rebuilt.
    generation: AtomicU64,
    closed: AtomicBool,
}

/// Nobody reads while this is held.
pub(crate) struct AllClosed<'s> {
    shelf: &'s Shelf,
    _guards: Vec<MutexGuard<'s, Option<Connection>>>,
}

impl AllClosed<'_> {
    /// What is read from now on is another cache.
    pub(crate) fn next_generation(&mut self) {
        self.shelf.generation.fetch_add(1, Ordering::Release);
    }
}

impl Shelf {
    pub(crate) fn new(path: PathBuf) -> Self {
        let connections = std::array::from_fn(|_| Mutex::new(None));
        Self { path, connections, generation: AtomicU64::new(0), closed: AtomicBool::new(false) }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Waits for the reads that are running and closes all connections; the next read opens its own anew.
    pub(crate) fn close_all(&self) -> AllClosed<'_> {
        let guards = self.connections.iter().map(|connection| {
            let mut guard = connection.lock().unwrap_or_else(PoisonError::into_inner);
            *guard = None;
            guard
        });
        AllClosed { shelf: self, _guards: guards.collect() }
    }

    /// The same, and no read will ever open one again.
    pub(crate) fn close_for_good(&self) {
        let _all = self.close_all();
        self.closed.store(true, Ordering::Release);
    }
}

/// Something to be read.
pub(crate) trait Reading: Send {
    /// Reads, and keeps the result for [`Reading::answer`]. Says if the file is damaged.
    fn read(&mut self, conn: &Connection) -> Result<(), StoreError>;
    /// Tells whoever asked: what was read, or this.
    fn answer(self: Box<Self>, instead: Option<StoreError>);
}

/// A [`Reading`] made of a closure.
pub(crate) struct Question<T, F> {
    work: Option<F>,
    result: Result<T, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Question<T, F> {
    pub(crate) fn new(work: F, reply: oneshot::Sender<Result<T, StoreError>>) -> Self {
        Self { work: Some(work), result: Err(StoreError::Closed), reply }
    }
}

impl<T, F> Reading for Question<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn read(&mut self, conn: &Connection) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        // One moment for all statements of the reading.
        self.result =
            conn.unchecked_transaction().map_err(Into::into).and_then(|_moment| work(conn));
        match &self.result {
            Err(error) if error.is_cache_damage() => Err(error.clone()),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn answer(self: Box<Self>, instead: Option<StoreError>) {
        // Nobody waits any more: the asker was cancelled.
        let _ = self.reply.send(instead.map_or(self.result, Err));
    }
}

/// The readings that wait, shared by the readers: whoever is free takes the next.
pub(crate) type Readings = Arc<Mutex<mpsc::Receiver<Box<dyn Reading>>>>;

/// One reader's life: ends when nobody can ask any more.
pub(crate) fn read_until_closed(
    shelf: &Shelf,
    index: usize,
    readings: &Readings,
    writer: &mpsc::Sender<Job>,
) {
    loop {
        let next = readings.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(mut reading) = next else { return };
        let trouble = match shelf.read(index, reading.as_mut()) {
            Ok(()) => None,
            Err(Unread::Damaged { generation, error }) => Some(report(writer, generation, error)),
            Err(Unread::Unopened(error)) => Some(error),
        };
        reading.answer(trouble);
    }
}

enum Unread {
    Damaged { generation: u64, error: StoreError },
    Unopened(StoreError),
}

impl Shelf {
    fn read(&self, index: usize, reading: &mut dyn Reading) -> Result<(), Unread> {
        let mut place = self.connections[index].lock().unwrap_or_else(PoisonError::into_inner);
        if self.closed.load(Ordering::Acquire) {
            return Err(Unread::Unopened(StoreError::Closed));
        }
        let generation = self.generation();
        let damaged = |error| Unread::Damaged { generation, error };
        let conn = match place.take() {
            Some(conn) => conn,
            None => match open_reader(&self.path) {
                Err(error) if error.is_damage() => return Err(damaged(error)),
                opened => opened.map_err(Unread::Unopened)?,
            },
        };
        reading.read(place.insert(conn)).map_err(damaged)
    }
}

/// Only the writer can replace a damaged file; waits for it, without holding a connection.
fn report(writer: &mpsc::Sender<Job>, generation: u64, error: StoreError) -> StoreError {
    let (reply, answer) = oneshot::channel();
    let job = Job::Other(Box::new(move |desk| {
        let _ = reply.send(desk.cache_damaged(generation, error));
    }));
    match writer.blocking_send(job) {
        Ok(()) => answer.blocking_recv().unwrap_or(StoreError::Closed),
        Err(_) => StoreError::Closed,
    }
}
