//! Texts for many answers: one's own from the files, a team's from its room's server.

use aside_protocol::triage::{self, SNIPPET_NAME_BYTES, SNIPPET_TEXT_BYTES};
use uuid::Uuid;

use super::Shell;
use crate::args::{bad, bounded};
use crate::dto::Snippet;
use crate::errors::{AppError, Code};
use crate::once::once;
use crate::rooms::Live;
use crate::settings::RoomKey;

impl Shell {
    /// All of them, for every open room: which fit the room on show is the page's to say.
    pub(crate) async fn snippets(&self) -> Result<Vec<Snippet>, AppError> {
        let rooms = self.rooms.names();
        let own = self.rooms.store().snippets().await?;
        let snippet = |own: aside_history::Snippet| {
            let room = match own.room {
                None => None,
                // Of a room that is not open: nobody could use it now.
                Some(id) => Some(rooms.iter().find(|(_, room)| *room == id)?.0.to_string()),
            };
            let (id, name, text) = (own.id.to_string(), own.name, own.text);
            Some(Snippet { id, name, text, room, team: false, rev: 0 })
        };
        let mut all: Vec<Snippet> = own.into_iter().filter_map(snippet).collect();
        for (key, _) in rooms {
            // A room that is left meanwhile has none.
            let Ok(live) = self.rooms.live(key).await else { continue };
            let Ok(team) = live.session.team_snippets().await else { continue };
            let rev = team.rev;
            let snippets = once(team.snippets, |one| one.id.clone());
            all.extend(snippets.into_iter().map(|one| of_team(key, rev, one)));
        }
        Ok(all)
    }

    /// Keeps a snippet; one without an id is new. One of a team goes to its room's server, into the list of the revision
    /// that was looked at.
    pub(crate) async fn save_snippet(&self, snippet: Snippet) -> Result<(), AppError> {
        let Snippet { id, name, text, room, team, rev } = snippet;
        let name = bounded(name, "name", SNIPPET_NAME_BYTES)?.trim().to_owned();
        let text = bounded(text, "text", SNIPPET_TEXT_BYTES)?;
        if name.is_empty() || text.trim().is_empty() {
            return Err(Code::Empty.into());
        }
        let place = match &room {
            None => None,
            Some(room) => Some(self.room_of(room).await?.session),
        };
        if team {
            let session = place.ok_or(Code::RoomUnknown)?;
            // A new one overwrites nothing, whatever the list was when it was begun.
            let (id, rev) = match id.as_str() {
                "" => (None, session.team_snippets().await?.rev),
                _ => (Some(bounded(id, "id", SNIPPET_NAME_BYTES)?), rev),
            };
            session.put_team_snippet(rev, id, name, text).await?;
            return Ok(());
        }
        let id = match id.as_str() {
            "" => Uuid::now_v7(),
            id => Uuid::try_parse(id).map_err(|_| bad("snippet"))?,
        };
        let room = place.map(|session| session.room());
        let own = aside_history::Snippet { id, room, name, text };
        Ok(self.rooms.store().save_snippet(own).await?)
    }

    /// Removes a snippet, wherever it is kept.
    pub(crate) async fn remove_snippet(&self, snippet: Snippet) -> Result<(), AppError> {
        let Snippet { id, room, team, rev, .. } = snippet;
        if team {
            let id = bounded(id, "id", SNIPPET_NAME_BYTES)?;
            let live = self.room_of(&room.ok_or(Code::RoomUnknown)?).await?;
            live.session.remove_team_snippet(rev, id).await?;
            return Ok(());
        }
        let id = Uuid::try_parse(&id).map_err(|_| bad("id"))?;
        self.rooms.store().remove_snippet(id).await?;
        Ok(())
    }

    async fn room_of(&self, room: &str) -> Result<Live, AppError> {
        self.rooms.live(RoomKey::parse(room).ok_or(Code::RoomUnknown)?).await
    }
}

/// A snippet that somebody else may have written, made safe to look at.
fn of_team(room: RoomKey, rev: u64, snippet: triage::Snippet) -> Snippet {
    Snippet {
        id: snippet.id,
        name: aside_text::name(&snippet.name),
        text: aside_text::body(&snippet.text).into_owned(),
        room: Some(room.to_string()),
        team: true,
        rev,
    }
}
