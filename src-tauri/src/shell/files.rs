//! What is kept of a room in files: it goes with the room, and moves with it.

use std::collections::{BTreeMap, HashMap};

use aside_history::{Draft, RoomId, RoomName};

use super::Shell;
use crate::dto::RoomForm;
use crate::errors::AppError;
use crate::form;
use crate::settings::{RoomKey, SavedRoom};
use crate::source::{GLANCE, Kept, Source};

/// The composer's place among the drafts of a room.
const COMPOSER: &str = "composer";

impl Shell {
    /// What is being written into a room, which need not be open: its token may be asked for meanwhile.
    pub(crate) async fn draft(&self, key: RoomKey) -> Result<Option<Draft>, AppError> {
        Ok(self.rooms.store().draft(self.files(key).await?, COMPOSER).await?)
    }

    pub(crate) async fn keep_draft(&self, key: RoomKey, draft: Draft) -> Result<(), AppError> {
        Ok(self.rooms.store().set_draft(self.files(key).await?, COMPOSER, draft).await?)
    }

    /// Where a room is read from now. It need not be open.
    ///
    /// # Errors
    /// An unknown room, an address that will not do, or a cache that cannot be used.
    pub(crate) async fn source(&self, key: RoomKey) -> Result<Source, AppError> {
        match self.rooms.live_within(key, GLANCE).await {
            Ok(live) => Ok(Source::Live(live)),
            Err(_without_session) => self.source_of(key, self.files(key).await?),
        }
    }

    /// The same of a room whose name in the files is known.
    ///
    /// # Errors
    /// An unknown room, or an address that will not do.
    pub(crate) fn source_of(&self, key: RoomKey, room: RoomId) -> Result<Source, AppError> {
        if let Some(live) = self.rooms.ready(key) {
            return Ok(Source::Live(live));
        }
        let form = self.saved(key)?.form;
        let server = form::config(&form)?.server;
        let (namesakes, store) = (self.rooms.namesakes(room), self.rooms.store().clone());
        Ok(Source::Kept(Kept { key, room, server, user: form.user, namesakes, store }))
    }

    /// Whose the rooms in the files are, of those that are saved; of two that are the same, the one that is open.
    ///
    /// # Errors
    /// A cache that cannot be used.
    pub(crate) async fn owners(&self) -> Result<BTreeMap<RoomId, RoomKey>, AppError> {
        let mut saved = self.remembered.read(|memory| memory.rooms.clone());
        saved.sort_by_key(|room| (room.open, !room.archived));
        let kept: HashMap<_, _> = self
            .rooms
            .store()
            .rooms()
            .await?
            .into_iter()
            .map(|(room, name)| (name, room))
            .collect();
        let owner = |room: &SavedRoom| Some((*kept.get(&name(&room.form).ok()?)?, room.key));
        Ok(saved.iter().filter_map(owner).collect())
    }

    async fn files(&self, key: RoomKey) -> Result<RoomId, AppError> {
        Ok(self.rooms.store().room(&name(&self.saved(key)?.form)?).await?)
    }

    /// Forgets what is kept of a room, unless another that is saved is the same.
    pub(super) async fn forget_files(&self, room: &SavedRoom) -> Result<(), AppError> {
        // One whose form leads nowhere has none.
        let Ok(of_it) = name(&room.form) else { return Ok(()) };
        let is_twin = |other: &SavedRoom| {
            other.key != room.key && name(&other.form).is_ok_and(|name| name == of_it)
        };
        let still_used = self.remembered.read(|memory| memory.rooms.iter().any(is_twin));
        if !still_used {
            let store = self.rooms.store();
            let room = store.room(&of_it).await?;
            store.forget_room(room).await?;
        }
        Ok(())
    }

    /// A room is somewhere else from now on, with all that was written in it. It must not be open.
    pub(crate) async fn move_files(&self, from: &RoomForm, to: &RoomForm) -> Result<(), AppError> {
        if !self.rooms.store().rename_room(&name(from)?, &name(to)?).await? {
            tracing::warn!("nothing was kept of a room that moves, or something of where it goes");
        }
        Ok(())
    }
}

/// As the session names it.
pub(super) fn name(form: &RoomForm) -> Result<RoomName, AppError> {
    let config = form::config(form)?;
    Ok(RoomName {
        server: config.server.to_string(),
        topic: config.topic.to_string(),
        stream: config.stream.to_string(),
        user: config.user,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::tests::{Table, keyring};

    #[tokio::test]
    async fn a_room_whose_files_cannot_be_forgotten_is_forgotten_with_the_next_try() {
        let (table, secrets) = (Table::set().await, keyring());
        let shell = table.start(&secrets);
        let saved = shell.save(None, table.form(), Some(table.token.clone())).await.unwrap();
        let key = RoomKey::parse(&saved.id).unwrap();
        shell.rooms.store().close().await;
        assert_eq!(shell.forget(key).await.unwrap_err().code(), "storage");
        assert_eq!(shell.list().len(), 1);
        assert_eq!(secrets.find(key).await, Ok(Some(table.token.clone())));

        let shell = table.start(&secrets);
        shell.forget(key).await.unwrap();
        assert_eq!(shell.list(), []);
        assert_eq!(secrets.find(key).await, Ok(None));
        shell.rooms.close().await;
    }
}
