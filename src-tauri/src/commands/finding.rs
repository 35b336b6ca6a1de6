//! What a person keeps for answering: snippets, and the keys that they chose.

use std::collections::BTreeMap;

use aside_protocol::triage::{self, SNIPPET_NAME_BYTES, SNIPPET_TEXT_BYTES};
use tauri::State;
use uuid::Uuid;

use crate::args::{Arg, bad, bounded};
use crate::dto::Snippet;
use crate::errors::{AppError, Code};
use crate::settings::RoomKey;
use crate::shell::Shell;

/// The most keys that a person may choose, and the longest name of one, in bytes.
const KEYS: usize = 200;

/// All of them, for every room, one's own and the teams': which fit the room on show is the page's to say.
#[tauri::command]
pub(crate) async fn snippets(shell: State<'_, Shell>) -> Result<Vec<Snippet>, AppError> {
    let rooms = shell.rooms.names();
    let own = shell.rooms.store().snippets().await?;
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
        let Ok(live) = shell.rooms.live(key).await else { continue };
        let Ok(team) = live.session.team_snippets().await else { continue };
        let rev = team.rev;
        all.extend(team.snippets.into_iter().map(|one| of_team(key, rev, one)));
    }
    Ok(all)
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

/// Keeps a snippet; one without an id is new. One of a team goes to the room's server, into the list of the revision that
/// was looked at.
#[tauri::command]
pub(crate) async fn save_snippet(
    shell: State<'_, Shell>,
    snippet: Arg<Snippet>,
) -> Result<(), AppError> {
    let Snippet { id, name, text, room, team, rev } = snippet.0;
    let name = bounded(name, "name", SNIPPET_NAME_BYTES)?.trim().to_owned();
    let text = bounded(text, "text", SNIPPET_TEXT_BYTES)?;
    if name.is_empty() || text.trim().is_empty() {
        return Err(Code::Empty.into());
    }
    let place = match &room {
        None => None,
        Some(room) => {
            let key = RoomKey::parse(room).ok_or(Code::RoomUnknown)?;
            Some(shell.rooms.live(key).await?.session)
        }
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
    shell.rooms.store().save_snippet(aside_history::Snippet { id, room, name, text }).await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn remove_snippet(
    shell: State<'_, Shell>,
    snippet: Arg<Snippet>,
) -> Result<(), AppError> {
    let Snippet { id, room, team, rev, .. } = snippet.0;
    if team {
        let key = room.as_deref().and_then(RoomKey::parse).ok_or(Code::RoomUnknown)?;
        let id = bounded(id, "id", SNIPPET_NAME_BYTES)?;
        shell.rooms.live(key).await?.session.remove_team_snippet(rev, id).await?;
        return Ok(());
    }
    let id = Uuid::try_parse(&id).map_err(|_| bad("id"))?;
    shell.rooms.store().remove_snippet(id).await?;
    Ok(())
}

/// The keys that a person chose, by command.
#[tauri::command]
pub(crate) fn keys(shell: State<'_, Shell>) -> BTreeMap<String, String> {
    shell.remembered.read(|memory| memory.keys.clone())
}

#[tauri::command(async)]
pub(crate) fn save_keys(
    shell: State<'_, Shell>,
    keys: Arg<BTreeMap<String, String>>,
) -> Result<(), AppError> {
    let fits = |(command, key): (&String, &String)| command.len() <= KEYS && key.len() <= KEYS;
    if keys.0.len() > KEYS || !keys.0.iter().all(fits) {
        return Err(bad("keys"));
    }
    shell.change(|memory| memory.keys = keys.0)
}
