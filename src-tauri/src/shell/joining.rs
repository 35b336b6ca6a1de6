//! How a room comes into the list, or changes there: by the form, or by a command line.

use aside_protocol::Token;

use super::Shell;
use super::list::saved;
use crate::dto::{RoomForm, SavedRoom};
use crate::errors::{AppError, Code};
use crate::form;
use crate::settings::{self, RoomKey};

impl Shell {
    /// Keeps a room and its token, new or changed.
    ///
    /// # Errors
    /// What the form lacks; nothing is kept then.
    pub(crate) async fn save(
        &self,
        key: Option<RoomKey>,
        form: RoomForm,
        token: Option<Token>,
    ) -> Result<SavedRoom, AppError> {
        let known = key.map(|key| self.elsewhere(key)).transpose()?;
        let key = key.unwrap_or_else(RoomKey::random);
        let form = form::tidy(form, key)?;
        let moved = known.as_ref().is_some_and(|room| room.form != form);
        let mut room = known.unwrap_or_else(|| settings::SavedRoom::new(key));
        room.form = form;
        if let Some(token) = &token {
            room.token_store = self.keep_token(key, token.clone()).await;
        }
        self.change(|memory| match memory.room_mut(key) {
            Some(known) => *known = room.clone(),
            None => memory.rooms.push(room.clone()),
        })?;
        match (room.open, moved, token) {
            // A room that is open under its old address is entered anew under the new one.
            (true, true, _) => {
                self.rooms.leave(key).await;
                self.open(key).await?;
            }
            (true, false, Some(token)) => self.bring_token(key, token).await?,
            (true, false, None) | (false, ..) => {}
        }
        Ok(saved(&room, self.language()))
    }

    /// Opens a room that a command line names, saving it if it is new, and says which it is.
    ///
    /// # Errors
    /// What the line lacks, or what keeps the room from opening.
    pub(crate) async fn join(
        &self,
        form: RoomForm,
        token: Option<String>,
    ) -> Result<RoomKey, AppError> {
        let same = |room: &settings::SavedRoom| {
            let (saved, asked) = (&room.form, &form);
            let place = saved.server == asked.server
                && saved.topic == asked.topic
                && saved.stream == asked.stream;
            place && !room.demo && (asked.user.is_empty() || asked.user == saved.user)
        };
        let known = self
            .remembered
            .read(|memory| memory.rooms.iter().find(|room| same(room)).map(|room| room.key));
        let token = token.map(form::token).transpose()?;
        let saved = self.save(known, form, token).await?;
        let key = RoomKey::parse(&saved.id).ok_or(Code::RoomUnknown)?;
        self.open(key).await?;
        Ok(key)
    }
}
