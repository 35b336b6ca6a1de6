//! The list of rooms: in which order they stand, which of them are out of sight, and how the page lists them.

use std::sync::Arc;

use aside_words::{Key, Language};
use tokio::sync::Notify;

use crate::dto::SavedRoom;
use crate::errors::AppError;
use crate::settings::{self, Memory, RoomKey};
use crate::shell::Shell;

impl Shell {
    /// All saved rooms, in their order.
    pub(crate) fn list(&self) -> Vec<SavedRoom> {
        let language = self.language();
        self.remembered
            .read(|memory| memory.rooms.iter().map(|room| saved(room, language)).collect())
    }

    /// Puts a room in front of another one, or at the end.
    ///
    /// # Errors
    /// An unknown room; `settings_not_saved`.
    pub(crate) fn put_before(&self, key: RoomKey, before: Option<RoomKey>) -> Result<(), AppError> {
        self.saved(key)?;
        self.change(|memory| move_room(memory, key, before))?;
        self.list_changed();
        Ok(())
    }

    /// Takes a room out of sight, or lists it again where it stood. An archived room is left, so that it costs nothing and
    /// nothing comes of it; its token and all that is kept of it stay. Opening it lists it again.
    ///
    /// # Errors
    /// An unknown room; `settings_not_saved`.
    pub(crate) async fn archive(&self, key: RoomKey, archived: bool) -> Result<(), AppError> {
        self.saved(key)?;
        if archived {
            self.leave(key).await?;
        }
        self.change(|memory| {
            if let Some(room) = memory.room_mut(key) {
                room.archived = archived;
            }
        })?;
        self.list_changed();
        Ok(())
    }

    /// What is done to a room is done, and every window and the tray list it so.
    pub(crate) fn list_changed(&self) {
        self.listed.notify_one();
    }

    /// Notified when the list is another one.
    pub(crate) fn listed(&self) -> Arc<Notify> {
        Arc::clone(&self.listed)
    }
}

fn move_room(memory: &mut Memory, key: RoomKey, before: Option<RoomKey>) {
    let from = memory.rank(key);
    if before == Some(key) || from >= memory.rooms.len() {
        return;
    }
    let room = memory.rooms.remove(from);
    let to = before.map_or(memory.rooms.len(), |before| memory.rank(before));
    memory.rooms.insert(to.min(memory.rooms.len()), room);
}

pub(super) fn set_open(memory: &mut Memory, key: RoomKey, open: bool) {
    if let Some(room) = memory.room_mut(key) {
        room.open = open;
        room.archived &= !open;
    }
}

impl Shell {
    /// What a room is called, as the page lists it; nothing where it is none of ours.
    pub(crate) fn label(&self, key: RoomKey) -> String {
        let language = self.language();
        let label = |memory: &Memory| memory.room(key).map(|room| saved(room, language).label);
        self.remembered.read(label).unwrap_or_default()
    }
}

/// A saved room as the page lists it.
pub(crate) fn saved(room: &settings::SavedRoom, language: Language) -> SavedRoom {
    let label = match &room.hosted {
        Some(hosted) => hosted.name.clone(),
        None if room.demo => language.say(Key::SHELL_DEMO_ROOM).to_owned(),
        None => room.form.topic.clone(),
    };
    SavedRoom {
        id: room.key.to_string(),
        label,
        form: room.form.clone(),
        token_store: room.token_store,
        demo: room.demo,
        open: room.open,
        hosted: room.hosted.is_some(),
        archived: room.archived,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use crate::shell::tests::{Table, keyring};

    #[tokio::test]
    async fn whatever_changes_the_list_is_told_and_nothing_else_is() {
        let table = Table::set().await;
        let shell = table.start(&keyring());
        let is_told = || shell.listed().notified().now_or_never().is_some();
        assert!(!is_told());
        // By a command line.
        let key = table.join(&shell).await;
        assert!(is_told());
        shell.open(key).await.unwrap();
        assert!(!is_told(), "it is open");
        shell.set_token(key, table.token.clone()).await.unwrap();
        assert!(is_told());
        shell.leave(key).await.unwrap();
        assert!(is_told());
        shell.open(key).await.unwrap();
        assert!(is_told());
        shell.save(Some(key), table.form(), None).await.unwrap();
        assert!(is_told());
        shell.put_before(key, None).unwrap();
        assert!(is_told());
        shell.archive(key, true).await.unwrap();
        assert!(is_told());
        shell.forget(key).await.unwrap();
        assert!(is_told());
        shell.rooms.close().await;
    }
}
