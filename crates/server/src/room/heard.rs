//! What another server wrote, told to those who are here: read from the database, after what was told last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aside_protocol::Seq;
use rusqlite::Connection;

use super::Room;
use crate::store::entries::{self, End, Range};
use crate::store::items::Items;
use crate::store::{aliases, retention, snippets, tokens};

/// What is read at once.
const PAGE: u32 = 500;

/// The rooms that are open in this process, by their keys.
#[derive(Debug, Default)]
pub(crate) struct OpenRooms(Mutex<HashMap<i64, Arc<Room>>>);

impl OpenRooms {
    pub(crate) fn lock(&self) -> MutexGuard<'_, HashMap<i64, Arc<Room>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what is new in these rooms; true for those with new names behind which somebody is.
    #[cfg(feature = "nats")]
    pub(crate) fn hear(&self, conn: &Connection, rooms: &std::collections::BTreeMap<i64, bool>) {
        for (key, names) in rooms {
            let room = self.lock().get(key).cloned();
            let Some(room) = room else { continue };
            if let Err(error) = room.hear(conn, *names) {
                tracing::error!(%error, "what others wrote could not be told");
                // It is read anew by whoever comes back.
                self.lock().remove(key);
                room.part();
            }
        }
    }
}

impl Room {
    /// Asks everybody to come back.
    #[cfg(feature = "nats")]
    fn part(&self) {
        super::part(&mut self.now().listeners, "the room is opened anew");
    }

    /// Tells what the database has beyond what was told, whoever wrote it. On the writer's thread alone.
    pub(crate) fn hear(&self, conn: &Connection, names: bool) -> rusqlite::Result<()> {
        let key = self.key();
        let epoch = tokens::epoch(conn, key)?;
        if epoch != self.position().0 {
            self.restart(epoch.clone());
        }
        if names {
            for (alias, user) in aliases::all(conn, key)? {
                self.names(&alias, &user);
            }
        }
        self.set_first(retention::first(conn, key)?);
        loop {
            let (after, before) = (self.head(), Seq(u64::MAX));
            let range =
                Range { after, before, kind: None, from: End::Oldest, skip: 0, count: PAGE };
            let records = entries::range(conn, key, range)?;
            if records.is_empty() {
                break;
            }
            self.deliver(&records);
        }
        let items = Items { conn, room: key, epoch: &epoch };
        loop {
            let after = i64::try_from(self.removals()).unwrap_or(i64::MAX);
            let removals = items.removals_after(after, PAGE)?;
            if removals.is_empty() {
                break;
            }
            for removal in removals {
                self.deliver_removal(removal.seq, removal.number);
            }
        }
        loop {
            let changed = items.after(self.change(), PAGE)?;
            if changed.is_empty() {
                break;
            }
            self.deliver_items(&changed);
        }
        let rev = snippets::revision(conn, key)?;
        if rev != self.snippets() {
            self.deliver_snippets(rev);
        }
        Ok(())
    }
}
