//! All the rooms of a server: the database, the rooms that are open, the sockets in them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aside_protocol::triage::Person;
use aside_protocol::{Epoch, Seq, Topic};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::config::{Clock, Dice};
use crate::outlet::Goodbye;
use crate::room::{Found, Room};
use crate::rooms::RoomsError;
use crate::rules::Rules;
use crate::sockets::Sockets;
use crate::store::entries::{self, Draft};
use crate::store::items::{self, Items};
use crate::store::moderation::NewDeed;
use crate::store::tokens::{self, RoomRow, TokenHash, TokenRow};
use crate::store::writer::{Append, AppendError, Reply, Write};
use crate::store::{Store, StoreError};
use crate::store::{aliases, moderation, removal, retention, snippets};
use crate::wire::Wire;

/// What the owner's handle, the HTTP side and every socket share.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) store: Store,
    pub(crate) sockets: Arc<Sockets>,
    pub(crate) clock: Clock,
    pub(crate) dice: Dice,
    wire: Wire,
    /// The newest notice that was heeded.
    noticed: AtomicI64,
}

impl Hall {
    pub(crate) fn new(store: Store, clock: Clock, dice: Dice, wire: Wire) -> Self {
        Self { store, sockets: Arc::default(), clock, dice, wire, noticed: AtomicI64::new(0) }
    }

    /// Opens a room, once: everyone gets the same one.
    pub(crate) async fn open(self: &Arc<Self>, row: RoomRow) -> Result<Arc<Room>, StoreError> {
        if let Some(room) = self.opened(row.key) {
            return Ok(room);
        }
        let key = row.key;
        let read = move |conn: &Connection| Ok((Found::read(conn, &row)?, row));
        let (found, row) = self.store.read(read).await?;
        let uncounted = found.uncounted.clone();
        let room = self.put(row, found);
        // It is on the list now and hears of what changes; what changed since it was read is read again.
        room.set_rules(self.store.read(move |conn| Rules::load(conn, key)).await?);
        if self.store.is_shared() {
            // What others wrote between the reading and the list was told to nobody.
            let told = room.clone();
            self.store.write(move |conn| told.hear(conn, true)).await?;
        }
        // Beside a running server, those are its to count and to tell.
        for question in uncounted.into_iter().filter(|_| self.store.hosting()) {
            self.tell_votes(&room, question);
        }
        Ok(room)
    }

    /// Whoever opened it meanwhile may have moved it on: that one stands.
    fn put(&self, row: RoomRow, found: Found) -> Arc<Room> {
        let mut open = self.store.open_rooms().lock();
        let (key, wire) = (row.key, self.wire.clone());
        let new = || Arc::new(Room::new(row, found, wire));
        open.entry(key).or_insert_with(new).clone()
    }

    /// Everybody who gave no sign of life for too long is no longer taken to be before a question.
    pub(crate) fn end_stale_looks(&self) {
        let rooms: Vec<Arc<Room>> = self.store.open_rooms().lock().values().cloned().collect();
        for room in rooms {
            room.end_stale_looks();
        }
    }

    pub(crate) fn rooms_open(&self) -> usize {
        self.store.open_rooms().lock().len()
    }

    pub(crate) fn opened(&self, key: i64) -> Option<Arc<Room>> {
        self.store.open_rooms().lock().get(&key).cloned()
    }

    /// Opens the room of a topic.
    pub(crate) async fn find(self: &Arc<Self>, topic: &Topic) -> Result<Arc<Room>, RoomsError> {
        let topic = topic.clone();
        let row = self.store.read(move |conn| tokens::room(conn, &topic)).await?;
        Ok(self.open(row.ok_or(RoomsError::NoRoom)?).await?)
    }

    /// Closes the sockets whose token was revoked, has expired or has another role, by whichever process or clock.
    pub(crate) async fn end_stale_sockets(&self) -> Result<(), StoreError> {
        self.heed().await?;
        let now = self.clock.now();
        self.sockets.review(|socket| {
            socket.expires.filter(|end| *end <= now).map(|_| Goodbye::token_refused())
        });
        Ok(())
    }

    /// Looks again at the tokens and rooms that were changed, by whichever process.
    pub(crate) async fn heed(&self) -> Result<(), StoreError> {
        let after = self.noticed.load(Ordering::Relaxed);
        let notices = self.store.read(move |conn| tokens::notices(conn, after)).await?;
        let now_ms = self.clock.now().as_millisecond();
        for (key, rules) in notices.rooms {
            if let Some(room) = self.opened(key) {
                room.set_rules(rules);
            }
        }
        let changed: HashMap<TokenHash, Option<TokenRow>> = notices.tokens.into_iter().collect();
        self.sockets.review(|socket| {
            let row = changed.get(&socket.token)?;
            let Some(row) = row.as_ref().filter(|row| row.holds(now_ms)) else {
                return Some(Goodbye::token_refused());
            };
            socket.expires = row.expires();
            (row.identity.role != socket.role).then(Goodbye::another_role)
        });
        self.noticed.fetch_max(notices.newest, Ordering::Relaxed);
        Ok(())
    }

    /// Whether there is something to heed.
    pub(crate) fn is_behind(&self, newest: i64) -> bool {
        newest > self.noticed.load(Ordering::Relaxed)
    }

    /// Lets somebody, as entries name them, not speak for a time; for none, lets them speak again.
    pub(crate) async fn mute(
        &self,
        room: &Room,
        shown: String,
        time: Duration,
        reason: String,
        by: Person,
    ) -> Result<(), StoreError> {
        let (key, now) = (room.key(), self.clock.now());
        let until = Some(time)
            .filter(|time| !time.is_zero())
            .and_then(|time| now.checked_add(jiff::SignedDuration::try_from(time).ok()?).ok());
        let change = move |conn: &rusqlite::Transaction<'_>| {
            moderation::mute(conn, key, &shown, until.map(|until| until.as_millisecond()))?;
            let action = if until.is_some() { "muted" } else { "unmuted" };
            let new = until.map_or(String::new(), |until| until.as_millisecond().to_string());
            let deed = NewDeed { action, user: shown, new, reason, by, ..NewDeed::default() };
            deed.note(conn, key, now.as_millisecond())
        };
        self.store.write(change).await?;
        self.heed().await
    }

    /// Stores entries and waits until they are on disk.
    pub(crate) async fn append(
        &self,
        room: &Arc<Room>,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Seq>, AppendError> {
        let (caller, answer) = oneshot::channel();
        let append = Append { room: room.clone(), drafts, reply: Reply::Caller(caller) };
        let sent = self.store.writes().send(Write::Append(append)).await;
        sent.map_err(|_| AppendError::Unavailable)?;
        answer.await.unwrap_or(Err(AppendError::Unavailable))
    }
}

impl Found {
    pub(crate) fn read(conn: &Connection, row: &RoomRow) -> rusqlite::Result<Self> {
        let key = row.key;
        Ok(Self {
            first: retention::first(conn, key)?,
            head: entries::head(conn, key)?,
            change: items::newest(conn, key)?,
            snippets: snippets::revision(conn, key)?,
            removals: removal::removals(conn, key)?,
            aliases: aliases::all(conn, key)?,
            rules: Rules::load(conn, key)?,
            uncounted: Items { conn, room: key, epoch: &row.epoch }.uncounted()?,
        })
    }
}

/// A new life for a room's history: 128 random bits.
pub(crate) fn new_epoch(dice: &Dice) -> Epoch {
    Epoch::new(format!("{:032x}", dice.roll()))
}
