//! The database: one thread writes, a few connections read.

pub(crate) mod aliases;
pub(crate) mod answers;
pub(crate) mod backup;
pub(crate) mod entries;
mod follow;
pub(crate) mod guests;
pub(crate) mod items;
#[cfg_attr(not(feature = "nats"), path = "no_log.rs")]
pub(crate) mod log;
pub(crate) mod moderation;
pub(crate) mod nonces;
#[cfg(test)]
mod plans;
pub(crate) mod removal;
pub(crate) mod replica;
pub(crate) mod retention;
pub(crate) mod snippets;
pub(crate) mod submissions;
pub(crate) mod tokens;
mod votes;
pub(crate) mod writer;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction};
use rusqlite_migration::{M, Migrations};
use tokio::sync::mpsc;

use crate::config::Clock;
use crate::log::{LogError, LogPlace};
use crate::metrics::Metrics;
use crate::room::OpenRooms;
use crate::running::ServerError;
use log::Log;
use writer::{DirectoryLock, Write, Writer};

/// Reads are short; more connections than cores would only fight over the page cache.
const READERS: usize = 3;

/// What may wait for the writer. A full queue makes the sender wait, and with it, over TCP, its client.
const WRITES_WAITING: usize = 1024;

/// How long a connection waits for another process (the command line making a token) to let go.
const BUSY: Duration = Duration::from_secs(5);

const FILE: &str = "rooms.db";

/// A handle on the database, shared by everyone who reads or asks for writes.
#[derive(Debug)]
pub(crate) struct Store {
    readers: Vec<Arc<Mutex<Connection>>>,
    next: AtomicUsize,
    writes: mpsc::Sender<Write>,
    hosting: bool,
    /// Whether other servers write into the same rooms.
    shared: bool,
    open: Arc<OpenRooms>,
    /// Reads happen where they are asked for, without a thread.
    inline: bool,
    metrics: Arc<Metrics>,
}

/// A read or a write was not done.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(not(feature = "nats"), expect(dead_code, reason = "what only a log can say"))]
pub(crate) enum StoreError {
    #[error("the database refused")]
    Database(#[from] rusqlite::Error),
    #[error("the server is stopping")]
    Stopped,
    #[error("the log that servers share is away")]
    Away,
    #[error("the log did not say whether it has it")]
    Unsure,
    #[error("the log takes no message so large")]
    TooLarge,
}

impl Store {
    /// Opens the database that a server writes its rooms into: nobody else may do so at the same time.
    pub(crate) fn host(
        data: Option<&Path>,
        log: Option<&LogPlace>,
        clock: Clock,
    ) -> Result<(Self, Writer), ServerError> {
        let Some(dir) = data else {
            let mut conn = Connection::open_in_memory().map_err(ServerError::Database)?;
            migrate(&mut conn)?;
            let conn = Arc::new(Mutex::new(conn));
            return Self::assemble(conn.clone(), vec![conn], None, log, clock, true);
        };
        std::fs::create_dir_all(dir).map_err(ServerError::Directory)?;
        let lock = DirectoryLock::take(dir)?;
        let (writer, readers) = open_file(dir)?;
        Self::assemble(writer, readers, Some(lock), log, clock, true)
    }

    /// Opens the database beside a server that may be running, for rooms and tokens alone.
    pub(crate) fn administer(
        dir: &Path,
        log: Option<&LogPlace>,
        clock: Clock,
    ) -> Result<(Self, Writer), ServerError> {
        std::fs::create_dir_all(dir).map_err(ServerError::Directory)?;
        let (writer, readers) = open_file(dir)?;
        Self::assemble(writer, readers, None, log, clock, false)
    }

    fn assemble(
        writer: Arc<Mutex<Connection>>,
        readers: Vec<Arc<Mutex<Connection>>>,
        lock: Option<DirectoryLock>,
        log: Option<&LogPlace>,
        clock: Clock,
        hosting: bool,
    ) -> Result<(Self, Writer), ServerError> {
        let (writes, queue) = mpsc::channel(WRITES_WAITING);
        let (next, metrics) = (AtomicUsize::new(0), Arc::<Metrics>::default());
        let open = Arc::<OpenRooms>::default();
        let log = match log {
            Some(place) => {
                let (open, metrics) = (open.clone(), metrics.clone());
                Some(Log::open(place, &mut self::lock(&writer), open, metrics)?)
            }
            None if replica::is_one(&self::lock(&writer)).map_err(ServerError::Database)? => {
                return Err(ServerError::Log(LogError::Missing));
            }
            None => None,
        };
        let shared = log.is_some();
        let writer = Writer::new(writer, queue, lock, clock, metrics.clone(), log);
        Ok((Self { readers, next, writes, hosting, shared, open, inline: false, metrics }, writer))
    }

    /// Hosts rooms in a connection that somebody else keeps, without any thread.
    pub(crate) fn inline(
        conn: Arc<Mutex<Connection>>,
        clock: Clock,
    ) -> Result<(Self, Writer), ServerError> {
        let (store, writer) = Self::assemble(conn.clone(), vec![conn], None, None, clock, true)?;
        Ok((Self { inline: true, ..store }, writer))
    }

    /// Whether other servers write into the same rooms.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared
    }

    /// The rooms that are open in this process.
    pub(crate) fn open_rooms(&self) -> &Arc<OpenRooms> {
        &self.open
    }

    /// Whether this process owns the rooms' logs.
    pub(crate) fn hosting(&self) -> bool {
        self.hosting
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many writes wait.
    pub(crate) fn writes_waiting(&self) -> usize {
        WRITES_WAITING - self.writes.capacity()
    }

    /// Whether so much waits that newcomers had better come later: four fifths of what may.
    pub(crate) fn is_behind(&self) -> bool {
        self.writes_waiting() >= WRITES_WAITING / 5 * 4
    }

    /// Where writes are asked for.
    pub(crate) fn writes(&self) -> &mpsc::Sender<Write> {
        &self.writes
    }

    /// Reads on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.readers.len();
        let conn = self.readers[turn].clone();
        if self.inline {
            return Ok(look(&lock(&conn))?);
        }
        let read = tokio::task::spawn_blocking(move || look(&lock(&conn)));
        Ok(read.await.map_err(|_| StoreError::Stopped)??)
    }

    /// Changes rooms or tokens on the writer's thread, in a transaction of its own.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Clone + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_then(change, |_| {}).await
    }

    /// The same; `then` runs on the writer's thread after the commit, before anything else is written.
    pub(crate) async fn write_then<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Clone + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, answer) = tokio::sync::oneshot::channel();
        let job = Write::job(change, then, done);
        self.writes.send(job).await.map_err(|_| StoreError::Stopped)?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }
}

/// A reader that panicked leaves a usable connection behind: reads change nothing.
fn lock(conn: &Mutex<Connection>) -> std::sync::MutexGuard<'_, Connection> {
    conn.lock().unwrap_or_else(PoisonError::into_inner)
}

type Opened = (Arc<Mutex<Connection>>, Vec<Arc<Mutex<Connection>>>);

fn open_file(dir: &Path) -> Result<Opened, ServerError> {
    let path = dir.join(FILE);
    let mut writer = Connection::open(&path).map_err(ServerError::Database)?;
    restrict(&path);
    writer.busy_timeout(BUSY).map_err(ServerError::Database)?;
    writer
        .pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .map_err(ServerError::Database)?;
    // FULL: what was acknowledged must survive a power cut, so every commit waits for the disk.
    writer.pragma_update(None, "synchronous", "full").map_err(ServerError::Database)?;
    migrate(&mut writer)?;
    let mut readers = Vec::with_capacity(READERS);
    for _ in 0..READERS {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(&path, flags).map_err(ServerError::Database)?;
        reader.busy_timeout(BUSY).map_err(ServerError::Database)?;
        readers.push(Arc::new(Mutex::new(reader)));
    }
    Ok((Arc::new(Mutex::new(writer)), readers))
}

pub(crate) fn migrate(conn: &mut Connection) -> Result<(), ServerError> {
    let steps = Migrations::new(vec![
        M::up(include_str!("schema.sql")),
        M::up(include_str!("triage.sql")),
        M::up(include_str!("desk.sql")),
        M::up(include_str!("review.sql")),
        M::up(include_str!("snippets.sql")),
        M::up(include_str!("keys.sql")),
        M::up(include_str!("moderation.sql")),
        M::up(include_str!("guests.sql")),
        M::up(include_str!("replica.sql")),
    ]);
    steps.to_latest(conn).map_err(ServerError::Migration)
}

/// The log of a room is for its owner's eyes.
fn restrict(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if let Err(error) = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)) {
            tracing::warn!(%error, "the database stays readable for others");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_acknowledged_waits_for_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let (writer, _) = open_file(dir.path()).unwrap();
        let setting = |name: &str| -> String {
            lock(&writer)
                .pragma_query_value(None, name, |row| {
                    row.get::<_, rusqlite::types::Value>(0).map(|value| format!("{value:?}"))
                })
                .unwrap()
        };
        assert_eq!(setting("journal_mode"), "Text(\"wal\")");
        assert_eq!(setting("synchronous"), "Integer(2)", "FULL");
    }
}
