//! The writing half of a connection: joins with their replay, live entries, pings; each write with a deadline.

use std::time::Duration;

use aside_protocol::moderation::Removal;
use aside_protocol::{Control, Epoch, Seq, ServerFrame, close};
use futures_util::{Sink, SinkExt};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, Utf8Bytes};

use crate::connection::{Connection, goodbye_for};
use crate::inbound::{Resumed, desk_frames};
use crate::outlet::{Goodbye, Item, Waiting};
use crate::room::Sees;
use crate::store::entries::{self, End, Range, Record};
use crate::store::items::Items;

/// Entries read at once while a client catches up.
const REPLAY_PAGE: u32 = 500;

/// A client this close to the newest place is subscribed; before that, it is not told of live entries, so that a long
/// way back cannot overflow its queue.
const NEAR: u64 = 100;

/// What a client that did not read for the whole deadline gets to read the close frame.
const LAST_CHANCE: Duration = Duration::from_millis(200);

/// How long what another server told may take to be here.
const HEARD: Duration = Duration::from_secs(2);

/// How often that is looked at.
const HEARD_EVERY: Duration = Duration::from_millis(10);

/// Items written before the next join is looked at again.
const RUN: usize = 64;

/// What the writing half owns.
pub(crate) struct Outbound<'a, S> {
    connection: &'a Connection,
    sink: S,
    waiting: Waiting,
    ping: Interval,
    /// When the write in progress began; a connection may be ended in the middle of it.
    writing_since: Option<Instant>,
}

type Written = Result<(), Goodbye>;

impl<'a, S: Sink<Message, Error = Error> + Unpin> Outbound<'a, S> {
    pub(crate) fn new(connection: &'a Connection, sink: S, waiting: Waiting) -> Self {
        let every = connection.server.config.limits.ping_every;
        let mut ping = interval_at(Instant::now() + every, every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { connection, sink, waiting, ping, writing_since: None }
    }

    /// Writes until something ends the connection.
    pub(crate) async fn run(&mut self) -> Goodbye {
        loop {
            self.waiting.rest();
            let written = tokio::select! {
                biased;
                () = self.waiting.some() => match self.waiting.resumed() {
                    // Rare, and larger than all the rest of a connection.
                    Some(resumed) => Box::pin(self.resume(resumed)).await,
                    None => self.items().await,
                },
                _ = self.ping.tick() => self.ping().await,
            };
            if let Err(goodbye) = written {
                return goodbye;
            }
        }
    }

    async fn ping(&mut self) -> Written {
        self.feed(Message::Ping(Bytes::new())).await?;
        self.flush().await
    }

    /// Writes what waits, with as few system calls as it fits into.
    async fn items(&mut self) -> Written {
        for _ in 0..RUN {
            match self.waiting.take() {
                Some(Item::Own(text)) => self.feed(Message::Text(text)).await?,
                Some(Item::Live(_, chunk)) => {
                    for text in &chunk.texts {
                        self.feed(Message::Text(text.clone())).await?;
                    }
                }
                None => break,
            }
        }
        self.flush().await
    }

    fn subscribe(&self, subscription: u32, sees: &Sees) -> (Epoch, Seq, u64) {
        let connection = self.connection;
        connection.seat.room.subscribe(
            connection.number,
            subscription,
            connection.outlet.clone(),
            sees.clone(),
        )
    }

    /// Answers a join that says where the client left off: `joined`, then what it missed, then live entries, without a
    /// hole and without a repetition between them.
    async fn resume(&mut self, Resumed { resume, sees }: Resumed) -> Written {
        let room = &self.connection.seat.room;
        // An earlier join of this connection ends here; what it left in the queue is no longer written.
        let subscription = self.waiting.resubscribe();
        room.unsubscribe(self.connection.number);
        if self.connection.server.hall.store.is_shared() {
            // Another server told this client more than this one has heard of yet.
            let heard = async {
                while room.position().0 == resume.epoch && room.head() < resume.after {
                    sleep(HEARD_EVERY).await;
                }
            };
            let _ = timeout(HEARD, heard).await;
        }
        let (epoch, head) = room.position();
        // What comes next for it may be thrown away by now.
        let goes_on = resume.epoch == epoch && resume.after.next() >= room.first();
        let missed = head.0.checked_sub(resume.after.0).filter(|_| goes_on);
        let most = self.connection.server.config.limits.resume_entries;
        if missed.is_none_or(|missed| missed > most) {
            let (epoch, seq, change) = self.subscribe(subscription, &sees);
            self.answer(epoch, seq, false).await?;
            return self.open_desk(&sees, change).await;
        }
        let removals = room.removals();
        self.answer(epoch.clone(), head, true).await?;
        let mut told = resume.after;
        let mut goal = head;
        while goal.0 - told.0 > NEAR {
            told = self.replay(&epoch, told, goal).await?;
            goal = room.head().max(goal);
        }
        let (subscribed_epoch, goal, change) = self.subscribe(subscription, &sees);
        if subscribed_epoch != epoch {
            return Err(Goodbye::close(close::RESTARTING, "history was reset"));
        }
        while told < goal {
            told = self.replay(&epoch, told, goal).await?;
        }
        self.tell_removals(&epoch, removals).await?;
        self.open_desk(&sees, change).await
    }

    /// Tells what was removed since `joined` counted: it may have been replayed before, and nobody told it here.
    async fn tell_removals(&mut self, epoch: &Epoch, counted: u64) -> Written {
        let mut after = counted;
        loop {
            let room = self.connection.seat.room.clone();
            if room.removals() <= after {
                return Ok(());
            }
            let (key, of) = (room.key(), epoch.clone());
            let from = i64::try_from(after).unwrap_or(i64::MAX);
            let store = &self.connection.server.hall.store;
            let read = store.read(move |conn| {
                Items { conn, room: key, epoch: &of }.removals_after(from, REPLAY_PAGE)
            });
            let gone = read.await.map_err(|error| {
                tracing::error!(%error, "removals could not be read");
                Goodbye::close(close::TRY_LATER, "nothing can be read now")
            })?;
            let Some(last) = gone.last() else { return Ok(()) };
            after = last.number;
            for Removal { id, seq, number } in gone {
                let removed = Control::Removed { id, seq, number };
                self.feed(Message::Text(ServerFrame::control_text(&removed).into())).await?;
            }
        }
    }

    /// Says where the changes begin that will be told.
    async fn open_desk(&mut self, sees: &Sees, change: u64) -> Written {
        for frame in desk_frames(&self.connection.seat.room, sees, change) {
            self.feed(Message::Text(frame.into())).await?;
        }
        self.flush().await
    }

    async fn answer(&mut self, epoch: Epoch, seq: Seq, resumed: bool) -> Written {
        let topic = self.connection.seat.room.topic().as_str().to_owned();
        let removals = self.connection.seat.room.removals();
        let joined = Control::Joined { topic, epoch, seq, resumed, removals };
        self.feed(Message::Text(ServerFrame::control_text(&joined).into())).await?;
        self.flush().await
    }

    /// Writes one page of what was missed, and says how far it went.
    async fn replay(&mut self, epoch: &Epoch, told: Seq, goal: Seq) -> Result<Seq, Goodbye> {
        let room = self.connection.seat.room.clone();
        let range = Range {
            after: told,
            before: goal.next(),
            kind: None,
            from: End::Oldest,
            skip: 0,
            count: REPLAY_PAGE,
        };
        let key = room.key();
        let store = &self.connection.server.hall.store;
        let read = store.read(move |conn| entries::range(conn, key, range)).await;
        let records = read.map_err(|error| {
            tracing::error!(%error, "a replay could not be read");
            Goodbye::close(close::TRY_LATER, "nothing can be read now")
        })?;
        // Anything but the very next places would be a hole that nobody sees.
        let Some(last) = contiguous(told, &records) else {
            tracing::error!(room = room.topic().as_str(), "the log has a hole, or was reset");
            return Err(Goodbye::close(close::RESTARTING, "history was reset"));
        };
        for record in &records {
            let text: Utf8Bytes = room.frame(record, epoch);
            self.feed(Message::Text(text)).await?;
        }
        self.flush().await?;
        Ok(last)
    }

    async fn feed(&mut self, message: Message) -> Written {
        let deadline = self.connection.server.config.limits.write_deadline;
        self.writing_since = Some(Instant::now());
        let written = timeout(deadline, self.sink.feed(message)).await;
        self.written(written)
    }

    async fn flush(&mut self) -> Written {
        let deadline = self.connection.server.config.limits.write_deadline;
        self.writing_since = Some(Instant::now());
        let written = timeout(deadline, self.sink.flush()).await;
        self.written(written)
    }

    /// A write that hangs means a client that does not read.
    fn written(&mut self, written: Result<Result<(), Error>, Elapsed>) -> Written {
        let written = written.map_err(|_| Goodbye::too_slow())?;
        self.writing_since = None;
        written.map_err(|error| goodbye_for(&error))
    }

    /// How long the last words may still take: a write that hangs already has used up some of its time.
    pub(crate) fn time_left(&self, now: Instant) -> Duration {
        let deadline = self.connection.server.config.limits.write_deadline;
        let used =
            self.writing_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        deadline.saturating_sub(used).max(LAST_CHANCE)
    }
}

/// The last place, if the records follow each other from the one after `told` on.
fn contiguous(told: Seq, records: &[Record]) -> Option<Seq> {
    let mut last = told;
    for record in records {
        if record.seq != last.next() {
            return None;
        }
        last = record.seq;
    }
    (last > told).then_some(last)
}
