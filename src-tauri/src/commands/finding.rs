//! What a person keeps for answering: snippets, and the keys that they chose.

use std::collections::BTreeMap;

use tauri::State;
use uuid::Uuid;

use crate::args::{Arg, bad, bounded};
use crate::dto::Snippet;
use crate::errors::{AppError, Code};
use crate::settings::RoomKey;
use crate::shell::Shell;

/// The longest name of a snippet, in bytes.
const NAME_BYTES: usize = 256;
/// The longest text of a snippet, in bytes.
const TEXT_BYTES: usize = 16 * 1024;
/// The most keys that a person may choose, and the longest name of one, in bytes.
const KEYS: usize = 200;

/// All of them, for every room: which fit the room on show is the page's to say.
#[tauri::command]
pub(crate) async fn snippets(shell: State<'_, Shell>) -> Result<Vec<Snippet>, AppError> {
    let rooms = shell.rooms.names();
    let kept = shell.rooms.store().snippets().await?;
    let snippet = |kept: aside_history::Snippet| {
        let room = match kept.room {
            None => None,
            // Of a room that is not open: nobody could use it now.
            Some(id) => Some(rooms.iter().find(|(_, room)| *room == id)?.0.to_string()),
        };
        let (id, name, text) = (kept.id.to_string(), kept.name, kept.text);
        Some(Snippet { id, name, text, room, team: false })
    };
    Ok(kept.into_iter().filter_map(snippet).collect())
}

/// Keeps a snippet; one without an id is new.
#[tauri::command]
pub(crate) async fn save_snippet(
    shell: State<'_, Shell>,
    snippet: Arg<Snippet>,
) -> Result<Snippet, AppError> {
    let Snippet { id, name, text, room, .. } = snippet.0;
    let id = match id.as_str() {
        "" => Uuid::now_v7(),
        id => Uuid::try_parse(id).map_err(|_| bad("snippet"))?,
    };
    let name = bounded(name, "name", NAME_BYTES)?.trim().to_owned();
    let text = bounded(text, "text", TEXT_BYTES)?;
    if name.is_empty() || text.trim().is_empty() {
        return Err(Code::Empty.into());
    }
    let place = match &room {
        None => None,
        Some(room) => {
            let key = RoomKey::parse(room).ok_or(Code::RoomUnknown)?;
            Some(shell.rooms.live(key).await?.session.room())
        }
    };
    let kept = aside_history::Snippet { id, room: place, name, text };
    shell.rooms.store().save_snippet(kept.clone()).await?;
    let (id, name, text) = (id.to_string(), kept.name, kept.text);
    Ok(Snippet { id, name, text, room, team: false })
}

#[tauri::command]
pub(crate) async fn remove_snippet(
    shell: State<'_, Shell>,
    id: Arg<String>,
) -> Result<(), AppError> {
    let id = Uuid::try_parse(&id.0).map_err(|_| bad("id"))?;
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
