//! The handle that everybody holds: each method is one job for the writer or for a reader.

mod desk;
mod outbox;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use aside_protocol::{EntryId, Seq};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::cache::{read, rooms};
use crate::commit::{Commit, Committed};
use crate::error::{CommitError, OpenError, StoreError};
use crate::files::cache_path;
use crate::ids::{LocalId, Revision, RoomId, RoomName, RowKey};
use crate::row::Row;
use crate::view::{Anchor, Changes, Page, RoomState, Unread};
use crate::work::desk::Desk;
use crate::work::readers::{Question, READERS, Reading, Readings, Shelf, read_until_closed};
use crate::work::writer::{CommitJob, Job, write_until_closed};

/// So many jobs wait for the writer, and so many for the readers; who comes then waits to be let in, and nothing is lost.
const WAITING: usize = 64;

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
///
/// # Errors
/// Every method: [`StoreError`], for the disk, a file that was damaged and begun anew, a room that is not there, a store that was
/// closed. [`CommitError`] and [`OutboxError`] are that, or say what was wrong with the wish.
#[derive(Clone)]
pub struct Store {
    way: Arc<Way>,
    /// None: in memory, where nothing is rebuilt.
    shelf: Option<Arc<Shelf>>,
    /// What is kept is for this cache alone.
    bound: Option<u64>,
}

/// How jobs reach the desk.
enum Way {
    Threads(Threads),
    /// None after closing.
    Inline(Mutex<Option<Box<Desk>>>),
}

/// The threads that have the desk. They end when nobody can send them anything any more.
struct Threads {
    writer: Option<mpsc::Sender<Job>>,
    /// None: the files are in memory, and only the writer can read them.
    readers: Option<mpsc::Sender<Box<dyn Reading>>>,
    running: Vec<JoinHandle<()>>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        // The readers also hold a way to the writer, so it ends last.
        self.readers = None;
        self.writer = None;
        for thread in self.running.drain(..) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

/// Starts a thread of the store, under a name by which a debugger knows it.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    Builder::new().name(format!("history-{name}")).spawn(work).map_err(OpenError::Thread)
}

impl Store {
    /// Opens (or makes) the store below `dir`, which one process has at a time. Blocks: a few milliseconds, but up to a second
    /// for a large cache whose last holder was killed, because it is checked then.
    pub fn open(dir: &Path) -> Result<Opened, OpenError> {
        let shelf = Arc::new(Shelf::new(cache_path(dir)));
        let (desk, report) = Desk::open(dir.to_owned(), Arc::clone(&shelf))?;
        let (writer, jobs) = mpsc::channel(WAITING);
        let (readers, readings) = mpsc::channel(WAITING);
        let readings: Readings = Arc::new(Mutex::new(readings));
        let mut running = Vec::new();
        for index in 0..READERS {
            let (shelf, readings, writer) =
                (Arc::clone(&shelf), Arc::clone(&readings), writer.clone());
            let work = move || read_until_closed(&shelf, index, &readings, &writer);
            running.push(spawn("reader", work)?);
        }
        running.push(spawn("writer", move || write_until_closed(desk, jobs))?);
        let threads = Threads { writer: Some(writer), readers: Some(readers), running };
        let store = Self { way: Arc::new(Way::Threads(threads)), shelf: Some(shelf), bound: None };
        Ok(Opened { store, report })
    }

    /// As [`Store::open`], but every job runs on the caller's thread before its method returns: for programs that count what it costs.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_inline(dir: &Path) -> Result<Opened, OpenError> {
        let shelf = Arc::new(Shelf::new(cache_path(dir)));
        let (desk, report) = Desk::open(dir.to_owned(), Arc::clone(&shelf))?;
        let way = Arc::new(Way::Inline(Mutex::new(Some(Box::new(desk)))));
        Ok(Opened { store: Self { way, shelf: Some(shelf), bound: None }, report })
    }

    /// A store that is gone when it is dropped.
    pub fn in_memory() -> Result<Self, OpenError> {
        let desk = Desk::in_memory()?;
        let (writer, jobs) = mpsc::channel(WAITING);
        let running = vec![spawn("writer", move || write_until_closed(desk, jobs))?];
        let threads = Threads { writer: Some(writer), readers: None, running };
        Ok(Self { way: Arc::new(Way::Threads(threads)), shelf: None, bound: None })
    }

    /// As [`Store::in_memory`], but every job runs on the caller's thread before its method returns:
    /// the same calls in the same order give the same results, whatever the executor does.
    pub fn in_memory_inline() -> Result<Self, OpenError> {
        let desk = Desk::in_memory()?;
        let way = Arc::new(Way::Inline(Mutex::new(Some(Box::new(desk)))));
        Ok(Self { way, shelf: None, bound: None })
    }

    /// The same store for whoever remembers what is in its cache: once that is rebuilt, [`Store::commit`] and [`Store::keep_items`] answer
    /// [`StoreError::CacheRebuilt`], so that nothing which follows from the old one gets into the new one.
    #[must_use]
    pub fn bound(&self) -> Self {
        Self { bound: Some(self.generation()), ..self.clone() }
    }

    /// Whether this is for a cache that was rebuilt since.
    pub fn is_outdated(&self) -> bool {
        self.bound.is_some_and(|bound| bound != self.generation())
    }

    fn generation(&self) -> u64 {
        self.shelf.as_ref().map_or(0, |shelf| shelf.generation())
    }

    /// Finds or makes a room. The id stays the same, also over a rebuilt cache.
    pub async fn room(&self, name: &RoomName) -> Result<RoomId, StoreError> {
        let name = name.clone();
        self.at_desk(move |desk| desk.room(&name)).await
    }

    /// All rooms of which something is kept.
    pub async fn rooms(&self) -> Result<Vec<(RoomId, RoomName)>, StoreError> {
        self.read(|conn| Ok(rooms::all(conn)?)).await
    }

    /// Gives a room another name. False, and nothing is changed: there is none of the old name, or one of the new.
    pub async fn rename_room(&self, from: &RoomName, to: &RoomName) -> Result<bool, StoreError> {
        let (from, to) = (from.clone(), to.clone());
        self.at_desk(move |desk| desk.rename(&from, &to)).await
    }

    /// Erases everything about a room: rows, position, outbox, drafts.
    pub async fn forget_room(&self, room: RoomId) -> Result<(), StoreError> {
        self.at_desk(move |desk| desk.forget(room)).await
    }

    /// Changes a room, all of it or nothing; returns once that is on disk.
    pub async fn commit(&self, room: RoomId, commit: Commit) -> Result<Committed, CommitError> {
        let (reply, answer) = oneshot::channel();
        let job = CommitJob { room, commit, bound: self.bound, reply };
        match &*self.way {
            Way::Threads(threads) => threads.send(Job::Commit(job)).await?,
            Way::Inline(desk) => match &mut *desk.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(desk) => desk.commit_inline(job),
                None => return Err(StoreError::Closed.into()),
            },
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Neighbouring rows.
    pub async fn page(&self, room: RoomId, anchor: Anchor, limit: u32) -> Result<Page, StoreError> {
        self.read(move |conn| read::page(conn, room, anchor, limit)).await
    }

    /// What happened since a revision. More than `limit` changes: [`Changes::reset`].
    pub async fn changes(
        &self,
        room: RoomId,
        since: Revision,
        limit: u32,
    ) -> Result<Changes, StoreError> {
        self.read(move |conn| read::changes(conn, room, since, limit)).await
    }

    /// Where a room stands.
    pub async fn room_state(&self, room: RoomId) -> Result<RoomState, StoreError> {
        self.read(move |conn| read::state(conn, room)).await
    }

    /// What the user has not read.
    pub async fn unread(&self, room: RoomId) -> Result<Unread, StoreError> {
        self.read(move |conn| read::unread(conn, room)).await
    }

    /// The end of the timeline for alignment: every settled row (gaps and unconfirmed entries too) from the
    /// `confirmed`-th newest confirmed entry on, at most `limit` (the newest of them), oldest first.
    pub async fn tail(
        &self,
        room: RoomId,
        confirmed: u32,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        self.read(move |conn| read::tail(conn, room, confirmed, limit)).await
    }

    /// One row.
    pub async fn row(&self, room: RoomId, key: RowKey) -> Result<Option<Row>, StoreError> {
        self.read(move |conn| read::row(conn, room, key)).await
    }

    /// The row of an entry by the server's id (the newest, should a server have used it twice).
    pub async fn row_by_entry_id(
        &self,
        room: RoomId,
        id: &EntryId,
    ) -> Result<Option<Row>, StoreError> {
        let id = id.clone();
        self.read(move |conn| read::by_entry_id(conn, room, &id)).await
    }

    /// The row of something written here, settled or not.
    pub async fn row_by_local_id(
        &self,
        room: RoomId,
        id: LocalId,
    ) -> Result<Option<Row>, StoreError> {
        self.read(move |conn| read::by_local_id(conn, room, id)).await
    }

    /// The rows of the current epoch with `from <= seq <= to`, by seq, at most `limit`.
    pub async fn rows_by_seq(
        &self,
        room: RoomId,
        from: Seq,
        to: Seq,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        self.read(move |conn| read::by_seq(conn, room, (from, to), limit)).await
    }

    /// All gap rows, oldest first, at most `limit` (the newest of them).
    pub async fn gaps(&self, room: RoomId, limit: u32) -> Result<Vec<Row>, StoreError> {
        self.read(move |conn| read::gaps(conn, room, limit)).await
    }

    /// The echoes that have not been settled, in the order they were written.
    pub async fn echoes(&self, room: RoomId) -> Result<Vec<Row>, StoreError> {
        self.read(move |conn| read::echoes(conn, room)).await
    }

    /// Finishes what is waiting, folds the write-ahead logs in and lets the files go. Other handles then
    /// answer [`StoreError::Closed`].
    pub async fn close(&self) {
        match &*self.way {
            Way::Threads(threads) => {
                let (done, closed) = oneshot::channel();
                if threads.send(Job::Close(done)).await.is_ok() {
                    let _ = closed.await;
                }
            }
            Way::Inline(desk) => {
                if let Some(desk) = desk.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    desk.finish();
                }
            }
        }
    }

    /// Does something with the outbox that cannot be refused.
    async fn in_outbox<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.at_desk(move |desk| desk.outbox(|conn| work(conn).map_err(StoreError::from))).await
    }

    /// Reads the cache without waiting for the writer, where that is possible.
    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        match &*self.way {
            Way::Threads(Threads { readers: Some(readers), .. }) => {
                let (reply, answer) = oneshot::channel();
                let question = Box::new(Question::new(work, reply));
                readers.send(question).await.map_err(|_| StoreError::Closed)?;
                answer.await.unwrap_or(Err(StoreError::Closed))
            }
            Way::Threads(_) | Way::Inline(_) => self.at_desk(move |desk| desk.read(work)).await,
        }
    }

    /// Does something with both files, one after the other.
    async fn at_desk<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Desk) -> Result<T, E> + Send + 'static,
    {
        match &*self.way {
            Way::Threads(threads) => {
                let (reply, answer) = oneshot::channel();
                let job = Job::Other(Box::new(move |desk| {
                    // Nobody waits any more: the asker was cancelled.
                    let _ = reply.send(work(desk));
                }));
                threads.send(job).await?;
                answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
            }
            Way::Inline(desk) => match &mut *desk.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(desk) => work(desk),
                None => Err(StoreError::Closed.into()),
            },
        }
    }
}

impl Threads {
    async fn send(&self, job: Job) -> Result<(), StoreError> {
        match &self.writer {
            Some(writer) => writer.send(job).await.map_err(|_| StoreError::Closed),
            None => Err(StoreError::Closed),
        }
    }
}
