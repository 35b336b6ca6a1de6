//! How a room comes into the list, or changes there: by the form, or by a command line.

use aside_protocol::Token;

use super::list::saved;
use super::{Shell, files};
use crate::dto::{RoomForm, SavedRoom};
use crate::errors::{AppError, Code};
use crate::form;
use crate::settings::{self, RoomKey};

impl Shell {
    /// Keeps a room and its token, new or changed. A new one that is in the list already is that one, changed. The token that it has stays
    /// with the hosts that it was given for: a link, or a slip, may lead the room to somebody else's.
    ///
    /// # Errors
    /// What the form lacks, and `room_known`; nothing is kept then.
    pub(crate) async fn save(
        &self,
        key: Option<RoomKey>,
        form: RoomForm,
        token: Option<Token>,
    ) -> Result<SavedRoom, AppError> {
        let known = key.map(|key| self.elsewhere(key)).transpose()?;
        let new = RoomKey::random();
        let form = form::tidy(form, key.unwrap_or(new))?;
        let known = self.known(known, &form)?;
        let moved = known.as_ref().is_some_and(|room| room.form != form);
        let elsewhere = known.as_ref().is_some_and(|room| !form::keeps_token(&room.form, &form));
        let mut room = known.unwrap_or_else(|| settings::SavedRoom::new(new));
        let key = room.key;
        room.form = form;
        if let Some(token) = &token {
            room.token_store = self.keep_token(key, token.clone()).await;
        } else if elsewhere {
            room.token_store = self.drop_token(key).await;
        }
        self.change(|memory| match memory.room_mut(key) {
            Some(known) => *known = room.clone(),
            None => memory.rooms.push(room.clone()),
        })?;
        let entered = match (room.open, moved, token) {
            // A room that is open under its old address is entered anew under the new one.
            (true, true, _) => {
                self.rooms.leave(key).await;
                self.open(key).await
            }
            (true, false, Some(token)) => self.bring_token(key, token).await,
            (true, false, None) | (false, ..) => Ok(()),
        };
        self.list_changed();
        entered?;
        Ok(saved(&room, self.language()))
    }

    /// Which room of the list a form means that is written for this one, or for a new one: two of one name would be two sessions
    /// on the same files.
    fn known(
        &self,
        room: Option<settings::SavedRoom>,
        form: &RoomForm,
    ) -> Result<Option<settings::SavedRoom>, AppError> {
        let name = files::name(form)?;
        let is_of_it =
            |room: &settings::SavedRoom| files::name(&room.form).is_ok_and(|other| other == name);
        let twin =
            self.remembered.read(|memory| memory.rooms.iter().find(|room| is_of_it(room)).cloned());
        match (room, twin) {
            (Some(room), Some(twin)) if room.key != twin.key && !is_of_it(&room) => {
                Err(Code::RoomKnown.into())
            }
            (None, Some(twin)) if twin.demo || twin.hosted.is_some() => Err(Code::RoomKnown.into()),
            (room, twin) => Ok(room.or(twin)),
        }
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
            let place = form::address(&saved.server) == form::address(&asked.server)
                && saved.topic == asked.topic
                && saved.stream == asked.stream;
            place && !room.demo && (asked.user.is_empty() || asked.user == saved.user)
        };
        let known =
            self.remembered.read(|memory| memory.rooms.iter().find(|room| same(room)).cloned());
        let token = token.map(form::token).transpose()?;
        let (known, form) = match known {
            Some(room) => (Some(room.key), filled(form, room.form)),
            None => (None, form),
        };
        let saved = self.save(known, form, token).await?;
        let key = RoomKey::parse(&saved.id).ok_or(Code::RoomUnknown)?;
        self.open(key).await?;
        Ok(key)
    }
}

/// What a line leaves out of a room that is known stays as it is.
fn filled(line: RoomForm, known: RoomForm) -> RoomForm {
    let RoomForm { socket, name, user, avatar, allow_insecure, .. } = line;
    let or = |named: String, known: String| if named.is_empty() { known } else { named };
    // What was allowed for one socket is not for another.
    let as_allowed = known.allow_insecure && (socket.is_empty() || socket == known.socket);
    RoomForm {
        socket: or(socket, known.socket),
        name: or(name, known.name),
        user: or(user, known.user),
        avatar: or(avatar, known.avatar),
        allow_insecure: allow_insecure || as_allowed,
        ..known
    }
}

#[cfg(test)]
mod tests {
    use aside_history::{Draft, DraftMode};

    use super::*;
    use crate::shell::tests::{Table, keyring};

    fn key(saved: &SavedRoom) -> RoomKey {
        RoomKey::parse(&saved.id).unwrap()
    }

    #[tokio::test]
    async fn a_line_changes_of_a_known_room_only_what_it_names() {
        let table = Table::set().await;
        let shell = table.start(&keyring());
        let form = RoomForm {
            server: "http://rooms.example".to_owned(),
            socket: "ws://rooms.example/live".to_owned(),
            avatar: "https://rooms.example/a.png".to_owned(),
            allow_insecure: true,
            ..table.form()
        };
        let room = key(&shell.save(None, form.clone(), None).await.unwrap());
        let at = jiff::Timestamp::UNIX_EPOCH;
        let draft = Draft { text: "half".to_owned(), mode: DraftMode::Message, updated: at };
        shell.keep_draft(room, draft.clone()).await.unwrap();
        let line = RoomForm {
            server: "http://ROOMS.example:80/".to_owned(),
            topic: form.topic.clone(),
            stream: form.stream.clone(),
            ..RoomForm::default()
        };

        assert_eq!(shell.join(line.clone(), None).await.unwrap(), room);
        assert_eq!(shell.list()[0].form, form);
        assert_eq!(shell.draft(room).await.unwrap(), Some(draft));
        let named = RoomForm { name: "Ana M".to_owned(), ..line.clone() };
        assert_eq!(shell.join(named, None).await.unwrap(), room);
        assert_eq!(shell.list()[0].form, RoomForm { name: "Ana M".to_owned(), ..form });
        let other = RoomForm { socket: "ws://elsewhere.example/ws".to_owned(), ..line };
        assert_eq!(shell.join(other, None).await.unwrap_err().code(), "insecure");
        shell.rooms.close().await;
    }

    #[tokio::test]
    async fn the_same_room_is_listed_once() {
        let table = Table::set().await;
        let shell = table.start(&keyring());
        let form = RoomForm { server: "https://rooms.example".to_owned(), ..table.form() };
        let first = shell.save(None, form.clone(), None).await.unwrap();
        let again = RoomForm {
            server: "https://ROOMS.example:443/".to_owned(),
            name: "Ana M".to_owned(),
            ..form.clone()
        };
        let second = shell.save(None, again.clone(), None).await.unwrap();
        assert_eq!((second.id, &second.form), (first.id.clone(), &again));
        let other = RoomForm { user: "bo".to_owned(), ..form.clone() };
        let other = shell.save(None, other, None).await.unwrap();

        let refused = shell.save(Some(key(&other)), form, None).await.unwrap_err();
        assert_eq!(refused.code(), "room_known");
        let forms: Vec<_> = shell.list().into_iter().map(|room| room.form).collect();
        assert_eq!(forms, [again, other.form]);
        shell.rooms.close().await;
    }
}
