//! The one thread that writes: it commits what is waiting as one transaction, then tells everyone.

mod writes;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use aside_protocol::triage::Item;
use aside_protocol::{Epoch, Seq};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::mpsc;

use super::entries::{self, Record};
use super::items::Items;
use super::log::Log;
use super::nonces::{self, Known};
use super::{StoreError, aliases, lock, removal};
use crate::config::Clock;
use crate::inline::{Rests, Step};
use crate::metrics::Metrics;
use crate::room::Room;
use crate::running::ServerError;

use writes::Job;
pub(crate) use writes::{Append, AppendError, Reply, Write};

/// The most writes in one transaction: enough to share an fsync among many, few enough that nobody waits long.
const BATCH: usize = 256;

/// Nonces are kept longer than the 24 h that are promised: a laptop may sleep through a holiday.
const NONCE_DAYS: i64 = 14;

/// How often old nonces are looked for.
const PRUNE_EVERY_MS: i64 = 60 * 60 * 1000;

fn in_transaction<T>(
    conn: &mut Connection,
    change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = change(&tx)?;
    aside_failpoint::at("server.before-commit");
    tx.commit()?;
    Ok(value)
}

/// Keeps a second server away from a data directory for as long as it lives.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    pub(super) fn take(dir: &Path) -> Result<Self, ServerError> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(dir.join("server.lock"))
            .map_err(ServerError::Directory)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(ServerError::Locked),
            Err(std::fs::TryLockError::Error(error)) => Err(ServerError::Directory(error)),
        }
    }
}

/// The writer before its thread runs.
pub(crate) struct Writer {
    conn: Arc<Mutex<Connection>>,
    queue: mpsc::Receiver<Write>,
    lock: Option<DirectoryLock>,
    clock: Clock,
    metrics: Arc<Metrics>,
    log: Option<Log>,
    pruned_ms: i64,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    pub(super) fn new(
        conn: Arc<Mutex<Connection>>,
        queue: mpsc::Receiver<Write>,
        lock: Option<DirectoryLock>,
        clock: Clock,
        metrics: Arc<Metrics>,
        log: Option<Log>,
    ) -> Self {
        Self { conn, queue, lock, clock, metrics, log, pruned_ms: 0 }
    }

    /// Runs until [`Write::Stop`], or until every handle is gone.
    pub(crate) fn spawn(self) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("aside-server-writer".to_owned()).spawn(move || self.run())
    }

    fn run(mut self) {
        while let Some(first) = self.next() {
            let batch = self.batch(first);
            if self.work(batch).is_break() {
                break;
            }
            self.prune();
        }
        self.queue.close();
        let conn = lock(&self.conn);
        if let Err(error) =
            conn.pragma_update_and_check(None, "wal_checkpoint", "truncate", |_| Ok(()))
        {
            tracing::warn!(%error, "the write-ahead log stays");
        }
        drop(conn);
        drop(self.lock);
    }

    /// The next that is to be written. What other servers write meanwhile is heeded.
    fn next(&mut self) -> Option<Write> {
        match &mut self.log {
            None => self.queue.blocking_recv(),
            Some(log) => log.next(&mut self.queue, &self.conn),
        }
    }

    /// The same on the caller's runtime, resting between the steps as it is told to.
    pub(crate) async fn run_inline(mut self, rests: Rests) {
        while let Some(first) = self.queue.recv().await {
            rests.after(Step::Asked).await;
            for write in self.batch(first) {
                match write {
                    Write::Append(append) => self.append_slowly(vec![append], &rests).await,
                    Write::Job(job) => self.make(job),
                    Write::Stop => return,
                }
            }
            self.prune();
        }
    }

    fn batch(&mut self, first: Write) -> Vec<Write> {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            let Ok(next) = self.queue.try_recv() else { break };
            batch.push(next);
        }
        batch
    }

    /// Writes a batch in the order in which it was asked for.
    fn work(&mut self, batch: Vec<Write>) -> std::ops::ControlFlow<()> {
        let mut appends = Vec::new();
        for write in batch {
            match write {
                Write::Append(append) => appends.push(append),
                Write::Job(job) => {
                    self.append_all(std::mem::take(&mut appends));
                    self.make(job);
                }
                Write::Stop => {
                    self.append_all(appends);
                    return std::ops::ControlFlow::Break(());
                }
            }
        }
        self.append_all(appends);
        std::ops::ControlFlow::Continue(())
    }

    fn make(&mut self, mut job: Job) {
        let began = Instant::now();
        let made = self.commit(|tx| job.make(tx));
        self.metrics.committed(began.elapsed());
        job.end(made);
    }

    /// Makes a change in a transaction of its own, and has it on disk. With a log, it is in the log first; where others were
    /// faster, it is made again on what they wrote.
    fn commit<T>(
        &mut self,
        mut change: impl FnMut(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut conn = lock(&self.conn);
        match &mut self.log {
            None => Ok(in_transaction(&mut conn, change)?),
            Some(log) => log.commit(&mut conn, &mut change),
        }
    }

    /// Commits, then tells the rooms, then the senders. Nothing is told before it is on disk.
    fn append_all(&mut self, appends: Vec<Append>) {
        if appends.is_empty() {
            return;
        }
        let outcomes = match self.store(&appends) {
            Ok((fresh, outcomes)) => {
                aside_failpoint::at("server.committed");
                tell(fresh);
                aside_failpoint::at("server.told-the-room");
                outcomes
            }
            Err(StoreError::TooLarge) if appends.len() > 1 => {
                let mut first = appends;
                let second = first.split_off(first.len() / 2);
                self.append_all(first);
                return self.append_all(second);
            }
            Err(error) => refused(&error, appends.len()),
        };
        give(appends, outcomes);
    }

    async fn append_slowly(&mut self, appends: Vec<Append>, rests: &Rests) {
        let outcomes = match self.store(&appends) {
            Ok((fresh, outcomes)) => {
                rests.after(Step::Committed).await;
                tell(fresh);
                rests.after(Step::Told).await;
                outcomes
            }
            Err(error) => refused(&error, appends.len()),
        };
        give(appends, outcomes);
    }

    fn store(&mut self, appends: &[Append]) -> Result<(Fresh, Outcomes), StoreError> {
        let now_ms = self.clock.now().as_millisecond();
        let (count, began) = (appends.len(), Instant::now());
        let stored = self.commit(|tx| insert_all(tx, appends, now_ms));
        self.metrics.committed(began.elapsed());
        if let Ok((fresh, _)) = &stored {
            let entries: usize = fresh.values().map(|given| given.records.len()).sum();
            Metrics::add(&self.metrics.entries, entries as u64);
        }
        stored.inspect_err(|error| {
            tracing::error!(%error, writes = count, "nothing could be stored");
        })
    }

    fn prune(&mut self) {
        let now_ms = self.clock.now().as_millisecond();
        if now_ms - self.pruned_ms < PRUNE_EVERY_MS {
            return;
        }
        self.pruned_ms = now_ms;
        let before_ms = now_ms - NONCE_DAYS * 24 * 60 * 60 * 1000;
        match self.commit(|tx| nonces::forget_nonces(tx, before_ms)) {
            // The rest of them with the next write.
            Ok(true) => self.pruned_ms = 0,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "old nonces stay"),
        }
    }
}

/// What one transaction gave the rooms.
type Fresh = BTreeMap<i64, Given>;

struct Given {
    room: Arc<Room>,
    /// Where the room stood before.
    position: (Epoch, Seq),
    records: Vec<Record>,
    items: Vec<Item>,
}

type Outcomes = Vec<Result<Vec<Seq>, AppendError>>;

fn tell(fresh: Fresh) {
    for Given { room, records, items, .. } in fresh.into_values() {
        room.deliver(&records);
        room.deliver_items(&items);
    }
}

fn refused(error: &StoreError, count: usize) -> Outcomes {
    let why = match error {
        StoreError::Unsure => AppendError::Unsure,
        StoreError::Database(_) | StoreError::Stopped | StoreError::Away | StoreError::TooLarge => {
            AppendError::Unavailable
        }
    };
    vec![Err(why); count]
}

fn give(appends: Vec<Append>, outcomes: Outcomes) {
    for (append, outcome) in appends.into_iter().zip(outcomes) {
        append.reply.give(&append.room, outcome);
        aside_failpoint::at("server.told-a-sender");
    }
}

#[cfg(test)]
mod tests;

/// Inserts what is new and gives every entry its place.
fn insert_all(
    tx: &Transaction<'_>,
    appends: &[Append],
    now_ms: i64,
) -> rusqlite::Result<(Fresh, Outcomes)> {
    let mut fresh = Fresh::new();
    let mut outcomes = Outcomes::with_capacity(appends.len());
    for append in appends {
        let room = &append.room;
        let given = fresh.entry(room.key()).or_insert_with(|| Given {
            room: room.clone(),
            position: room.position(),
            records: Vec::new(),
            items: Vec::new(),
        });
        let items = Items { conn: tx, room: room.key(), epoch: &given.position.0 };
        let mut places = Vec::with_capacity(append.drafts.len());
        let mut refused = None;
        for draft in &append.drafts {
            let source = draft.source;
            if let Some(made) =
                source.map(|message| items.made_from(message)).transpose()?.flatten()
            {
                places.push(made);
                continue;
            }
            // Removed since it was read.
            if let Some(message) = source
                && removal::is_removed(tx, room.key(), message)?
            {
                refused = Some(AppendError::Gone);
                continue;
            }
            match nonces::known_nonce(tx, room.key(), draft)? {
                Known::Same(seq) => places.push(seq),
                Known::Other => refused = Some(AppendError::NonceReused),
                Known::Submitted(_) => refused = Some(AppendError::InReview),
                Known::New if items.overtaken(draft, now_ms)? => {
                    refused = Some(AppendError::Overtaken);
                }
                Known::New => {
                    // Its question may be another since it was read.
                    let Some(draft) = items.quoting(draft)? else {
                        refused = Some(AppendError::Gone);
                        continue;
                    };
                    let seq = given.records.last().map_or(given.position.1, |last| last.seq).next();
                    if let Some(owner) = &draft.owner {
                        aliases::keep(tx, room.key(), &draft.user, owner)?;
                    }
                    let owner = draft.owner().to_owned();
                    let record = draft.place(seq, now_ms);
                    entries::insert(tx, room.key(), &record, &owner, now_ms)?;
                    aside_failpoint::at("server.inserted");
                    given.items.extend(items.follow(&record, source, now_ms)?);
                    places.push(seq);
                    given.records.push(record);
                }
            }
        }
        outcomes.push(refused.map_or(Ok(places), Err));
    }
    Ok((fresh, outcomes))
}
