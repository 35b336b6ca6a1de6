//! All the rooms of a server: the database, the rooms that are open, the sockets in them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aside_protocol::{Epoch, Seq, Topic};
use tokio::sync::oneshot;

use crate::config::{Clock, Dice};
use crate::outlet::Goodbye;
use crate::room::Room;
use crate::rooms::RoomsError;
use crate::sockets::Sockets;
use crate::store::entries::{self, Draft};
use crate::store::items::{self, Items};
use crate::store::tokens::{self, RoomRow, TokenHash, TokenRow};
use crate::store::writer::{Append, AppendError, Reply, Write};
use crate::store::{Store, StoreError};
use crate::store::{aliases, snippets};
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
    open: Mutex<HashMap<i64, Arc<Room>>>,
}

impl Hall {
    pub(crate) fn new(store: Store, clock: Clock, dice: Dice, wire: Wire) -> Self {
        Self {
            store,
            sockets: Arc::default(),
            clock,
            dice,
            wire,
            noticed: AtomicI64::new(0),
            open: Mutex::default(),
        }
    }

    /// Opens a room, once: everyone gets the same one.
    pub(crate) async fn open(self: &Arc<Self>, row: RoomRow) -> Result<Arc<Room>, StoreError> {
        if let Some(room) = self.opened(row.key) {
            return Ok(room);
        }
        let key = row.key;
        let epoch = row.epoch.clone();
        let (head, change, snippets, uncounted, aliases) = self
            .store
            .read(move |conn| {
                let uncounted = Items { conn, room: key, epoch: &epoch }.uncounted()?;
                let (head, change) = (entries::head(conn, key)?, items::newest(conn, key)?);
                let aliases = aliases::all(conn, key)?;
                Ok((head, change, snippets::revision(conn, key)?, uncounted, aliases))
            })
            .await?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever opened it meanwhile may have moved it on: that one stands.
        let room = open
            .entry(key)
            .or_insert_with(|| {
                Arc::new(Room::new(row, (head, change, snippets), aliases, self.wire.clone()))
            })
            .clone();
        drop(open);
        for question in uncounted {
            self.tell_votes(&room, question);
        }
        Ok(room)
    }

    /// Everybody who gave no sign of life for too long is no longer taken to be before a question.
    pub(crate) fn end_stale_looks(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let rooms: Vec<Arc<Room>> = open.values().cloned().collect();
        drop(open);
        for room in rooms {
            room.end_stale_looks();
        }
    }

    pub(crate) fn opened(&self, key: i64) -> Option<Arc<Room>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
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
        for row in notices.rooms {
            if let Some(room) = self.opened(row.key) {
                room.set_settings(row.settings);
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

/// A new life for a room's history: 128 random bits.
pub(crate) fn new_epoch(dice: &Dice) -> Epoch {
    Epoch::new(format!("{:032x}", dice.roll()))
}
