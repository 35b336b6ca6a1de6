//! The log that several servers share, on NATS JetStream: what is written here is in it first, what is in it is written here.
//!
//! All of them write into one stream, and each message says after which it comes: the first to say so is stored, the others
//! are refused, take in what they had not heard of, and do their work again on it. So there is one order of all changes, and
//! every rule about them is the code that one server has. A database stands at one message of the log, always.

mod changes;
mod link;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use self::changes::{Changes, Forms};
use self::link::{Link, Message, Published, Tail};
use super::replica::{self, Position};
use super::writer::Write;
use super::{StoreError, lock};
use crate::log::{LogError, LogPlace};
use crate::metrics::Metrics;
use crate::room::OpenRooms;
use crate::running::ServerError;

/// How long a write waits for the log: less than another process waits for the database.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a start waits for the next message that it knows to be there.
const START: Duration = Duration::from_secs(30);

/// After so long without a word it is looked whether one was lost.
const QUIET: Duration = Duration::from_secs(3);

/// The most messages taken in with one transaction: enough to share an fsync among many.
const TOGETHER: usize = 256;

/// The log, as the writer's thread has it.
pub(crate) struct Log {
    /// NATS is served while the writer waits for it, on the writer's own thread.
    runtime: Runtime,
    link: Link,
    forms: Forms,
    rooms: Arc<OpenRooms>,
    metrics: Arc<Metrics>,
    /// Up to here the rooms of this process were told. Another process may have taken more into the same database.
    told: u64,
    /// The connection at which it was last looked whether the log still has what is here.
    trusted: u64,
    /// Nothing is written any more: the log and the database do not belong together.
    broken: bool,
}

enum Next {
    Heard(Message),
    Reconnected,
    Quiet,
    Asked(Option<Write>),
}

impl Log {
    /// Connects, and takes in what the database does not have yet.
    pub(super) fn open(
        place: &LogPlace,
        conn: &mut Connection,
        rooms: Arc<OpenRooms>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ServerError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(ServerError::Directory)?;
        Self::follow(runtime, place, conn, rooms, metrics).map_err(ServerError::Log)
    }

    fn follow(
        runtime: Runtime,
        place: &LogPlace,
        conn: &mut Connection,
        rooms: Arc<OpenRooms>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, LogError> {
        let link = runtime.block_on(Link::open(place, metrics.clone()))?;
        let forms = Forms::watch(conn)?;
        let told = Position::read(conn)?.seq;
        let mut log =
            Self { runtime, link, forms, rooms, metrics, told, trusted: 0, broken: false };
        let tail = log.verify(conn)?;
        if told == 0 && replica::has_rooms(conn)? {
            log.begin(conn, tail)?;
        }
        let mut until = Instant::now() + START;
        while log.told < tail.last {
            let before = log.told;
            let heard = log.hear_until(conn, tail.last, until);
            if log.told == before {
                heard?;
            }
            until = Instant::now() + START;
        }
        tracing::info!(stream = place.stream, at = log.told, "the log is followed");
        Ok(log)
    }

    /// The rooms that are here become the beginning of an empty log. They are not in it: whoever joins needs a backup.
    fn begin(&mut self, conn: &Connection, tail: Tail) -> Result<(), LogError> {
        let before = Position::read(conn)?.name;
        if tail.last > 0 {
            // Unless that was done before, by one that died before it knew.
            let first = self.runtime.block_on(self.link.name_at(1))?;
            if before.is_empty() || first.as_ref() != Some(&before) {
                return Err(LogError::Foreign);
            }
            Position { seq: 1, name: before }.write(conn)?;
            self.stands_at(1);
            return Ok(());
        }
        let message = self.link.compose(0, self.forms.version, String::new(), true);
        Position { seq: 0, name: message.name.clone() }.write(conn)?;
        match self.runtime.block_on(self.link.publish(&message, Instant::now() + PATIENCE)) {
            Published::Stored => {}
            Published::Overtaken => return Err(LogError::Foreign),
            Published::Refused | Published::Unsure | Published::TooLarge => {
                return Err(LogError::Unreachable("the log took no first message".into()));
            }
        }
        Position { seq: 1, name: message.name }.write(conn)?;
        self.stands_at(1);
        Ok(())
    }

    /// Looks whether the log has what is here, and what comes next.
    fn verify(&mut self, conn: &Connection) -> Result<Tail, LogError> {
        let connection = self.link.connection();
        let here = Position::read(conn)?;
        let tail = self.runtime.block_on(self.link.tail())?;
        if tail.last < here.seq {
            return Err(LogError::Differs { here: here.seq });
        }
        if tail.last > here.seq && tail.first > here.seq + 1 {
            return Err(LogError::Begins { first: tail.first, here: here.seq });
        }
        if here.seq > 0 && tail.first <= here.seq {
            let name = self.runtime.block_on(self.link.name_at(here.seq))?;
            if name.is_some_and(|name| name != here.name) {
                return Err(LogError::Differs { here: here.seq });
            }
        }
        self.trusted = connection;
        Ok(tail)
    }

    /// The next that somebody here wants to be written. What others wrote is taken in meanwhile.
    pub(super) fn next(
        &mut self,
        queue: &mut mpsc::Receiver<Write>,
        conn: &Mutex<Connection>,
    ) -> Option<Write> {
        loop {
            // Not in the midst of what may be given up: each try leaves something behind at NATS for a while.
            if !self.broken && self.link.is_deaf() {
                self.runtime.block_on(self.link.listen(self.told));
            }
            let Self { runtime, link, told, broken, trusted, .. } = self;
            let another = link.another(*trusted);
            let next = runtime.block_on(async {
                tokio::select! {
                    biased;
                    message = link.hear(*told), if !*broken => Next::Heard(message),
                    write = queue.recv() => Next::Asked(write),
                    () = another, if !*broken => Next::Reconnected,
                    () = tokio::time::sleep(QUIET), if !*broken => Next::Quiet,
                }
            });
            match next {
                Next::Asked(write) => return write,
                Next::Reconnected => self.doubt(&lock(conn)),
                Next::Quiet => self.look(&mut lock(conn)),
                Next::Heard(message) => {
                    // What went wrong is logged, and tried again with the next message or write.
                    let _ = self.heed(&mut lock(conn), message);
                }
            }
        }
    }

    /// Makes a change here and in the log, or neither. Where others were faster, it is made again on what they wrote.
    pub(super) fn commit<T>(
        &mut self,
        conn: &mut Connection,
        change: &mut dyn FnMut(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let until = Instant::now() + PATIENCE;
        loop {
            self.take_in(conn)?;
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let here = Position::read(&tx)?.seq;
            if here != self.told {
                // Another process took it in. The rooms here have yet to be told.
                drop(tx);
                self.hear_until(conn, here, until).map_err(|_| StoreError::Away)?;
                continue;
            }
            Forms::forget(&tx)?;
            let made = change(&tx)?;
            let changes = Forms::take(&tx)?;
            if changes.is_empty() {
                tx.commit()?;
                return Ok(made);
            }
            if self.broken || self.trusted != self.link.connection() {
                return Err(StoreError::Away);
            }
            let message = self.link.compose(here, self.forms.version, changes, false);
            // From here on the database is held.
            let patience = Instant::now() + PATIENCE;
            match self.runtime.block_on(self.link.publish(&message, patience)) {
                Published::Stored => {
                    Position { seq: here + 1, name: message.name }.write(&tx)?;
                    aside_failpoint::at("server.before-commit");
                    // In the log it is: what was not committed comes back from there.
                    tx.commit().map_err(|error| {
                        tracing::error!(%error, "what is in the log could not be committed");
                        StoreError::Unsure
                    })?;
                    self.stands_at(here + 1);
                    return Ok(made);
                }
                Published::Overtaken => {
                    drop(tx);
                    Metrics::add(&self.metrics.log_overtaken, 1);
                    if self.hear_until(conn, here + 1, until).is_err() {
                        self.doubt(conn);
                        return Err(StoreError::Away);
                    }
                }
                Published::Refused => return Err(StoreError::Away),
                Published::Unsure => return Err(StoreError::Unsure),
                Published::TooLarge => return Err(StoreError::TooLarge),
            }
        }
    }

    /// Takes in what has arrived, without waiting; after a broken link, looks first whether it is still the same log.
    fn take_in(&mut self, conn: &mut Connection) -> Result<(), StoreError> {
        if !self.broken && self.link.is_up() && self.link.connection() != self.trusted {
            self.doubt(conn);
        }
        while !self.broken {
            let Some(message) = self.runtime.block_on(self.link.heard(self.told)) else { break };
            self.heed(conn, message)?;
        }
        Ok(())
    }

    /// Looks whether there is something that was not brought.
    fn look(&mut self, conn: &mut Connection) {
        if !self.link.is_up() {
            return;
        }
        let Ok(tail) = self.runtime.block_on(self.link.tail()) else { return };
        let moment = Instant::now() + link::REST;
        if tail.last > self.told && self.hear_until(conn, tail.last, moment).is_err() {
            tracing::warn!(at = self.told, last = tail.last, "what others wrote does not come");
            self.link.hear_again();
        }
    }

    fn doubt(&mut self, conn: &Connection) {
        match self.verify(conn) {
            Ok(_) => {}
            Err(LogError::Unreachable(error)) => {
                tracing::warn!(error, "the log does not answer");
                self.runtime.block_on(async { tokio::time::sleep(link::REST).await });
            }
            Err(error) => self.give_up(&error),
        }
    }

    fn give_up(&mut self, error: &LogError) {
        self.broken = true;
        self.metrics.log_broken.store(true, Ordering::Relaxed);
        tracing::error!(error = error as &dyn std::error::Error, "nothing is written any more");
    }

    fn hear_until(
        &mut self,
        conn: &mut Connection,
        goal: u64,
        until: Instant,
    ) -> Result<(), LogError> {
        while self.told < goal {
            let Self { runtime, link, told, .. } = self;
            let heard = runtime
                .block_on(async { tokio::time::timeout_at(until.into(), link.hear(*told)).await });
            let message = heard.map_err(|late| LogError::Unreachable(late.into()))?;
            self.heed(conn, message)?;
        }
        Ok(())
    }

    /// Takes in a message and those right behind it, then tells the rooms.
    fn heed(&mut self, conn: &mut Connection, first: Message) -> Result<(), LogError> {
        let mut messages = vec![first];
        while messages.len() < TOGETHER {
            let after = messages.last().map_or(self.told, |message| message.seq);
            let Some(next) = self.runtime.block_on(self.link.heard(after)) else { break };
            messages.push(next);
        }
        let heeded = self.write_all(conn, &messages);
        match heeded {
            Ok(rooms) => {
                self.stands_at(messages.last().map_or(self.told, |message| message.seq));
                self.rooms.hear(conn, &rooms);
                Ok(())
            }
            // The database may be busy or full for a while: it is heard again.
            Err(LogError::Database(error)) => {
                tracing::error!(%error, "what others wrote could not be taken in");
                self.link.hear_again();
                self.runtime.block_on(async { tokio::time::sleep(link::REST).await });
                Err(LogError::Database(error))
            }
            Err(error) => {
                self.give_up(&error);
                Err(error)
            }
        }
    }

    fn write_all(
        &mut self,
        conn: &mut Connection,
        messages: &[Message],
    ) -> Result<BTreeMap<i64, bool>, LogError> {
        let mut rooms = BTreeMap::new();
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut here = Position::read(&tx)?;
        for message in messages {
            let Message { seq, name, version, begins, changes } = message;
            if *version > self.forms.version {
                return Err(LogError::Newer { theirs: *version, ours: self.forms.version });
            }
            let unfit = |why| LogError::Unfit { seq: *seq, why };
            let changes = Changes::read(changes)
                .map_err(|error| unfit(rusqlite::Error::ToSqlConversionFailure(error.into())))?;
            self.forms.rooms(&changes, &mut rooms);
            if *seq <= here.seq {
                continue;
            }
            if *begins {
                return Err(LogError::NeedsBackup);
            }
            self.forms.apply(&tx, &changes).map_err(|error| match error.sqlite_error_code() {
                // The disk is full, or something else that passes.
                Some(code)
                    if code != ErrorCode::ConstraintViolation && code != ErrorCode::Unknown =>
                {
                    LogError::Database(error)
                }
                _ => unfit(error),
            })?;
            here = Position { seq: *seq, name: name.clone() };
        }
        Forms::forget(&tx)?;
        here.write(&tx)?;
        tx.commit()?;
        Ok(rooms)
    }

    fn stands_at(&mut self, seq: u64) {
        self.told = seq;
        self.metrics.log_position.store(seq, Ordering::Relaxed);
    }
}

impl From<LogError> for StoreError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Database(error) => Self::Database(error),
            _ => Self::Away,
        }
    }
}
