//! What is kept of a room in files: it goes with the room, and moves with it.

use aside_history::{Draft, RoomId, RoomName};

use super::Shell;
use crate::dto::RoomForm;
use crate::errors::AppError;
use crate::form;
use crate::settings::RoomKey;

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

    async fn files(&self, key: RoomKey) -> Result<RoomId, AppError> {
        Ok(self.rooms.store().room(&name(&self.saved(key)?.form)?).await?)
    }

    /// Forgets what is kept of a room, unless another that is saved is the same.
    pub(super) async fn forget_files(&self, form: &RoomForm) -> Result<(), AppError> {
        let still_used =
            self.remembered.read(|memory| memory.rooms.iter().any(|other| other.form == *form));
        if let (Ok(name), false) = (name(form), still_used) {
            let store = self.rooms.store();
            let room = store.room(&name).await?;
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
