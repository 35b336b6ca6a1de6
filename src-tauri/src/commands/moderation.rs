//! Keeping order: entries removed, people muted, a slow room, and the log of it.

use std::cmp::Reverse;
use std::collections::HashMap;

use aside_protocol::moderation;
use aside_session::Mute;
use aside_text::{body, name};
use tauri::State;

use crate::args::{Arg, bad, bounded};
use crate::dto::{Deed, Deeds, Moderation, MutedPerson};
use crate::errors::{AppError, Code};
use crate::once::once;
use crate::rooms::Live;
use crate::shell::Shell;
use crate::times::shown;

/// The longest reason that a server takes, and the longest user id, in bytes.
const REASON_BYTES: usize = aside_protocol::triage::REASON_BYTES;
const USER_BYTES: usize = 1024;
/// Lines of the log on a page.
const LINES: u32 = 50;

/// Removes an entry in a moment; what becomes of it shows in the room's status.
#[tauri::command]
pub(crate) async fn remove_entry(
    shell: State<'_, Shell>,
    room: Arg<String>,
    key: Arg<String>,
    reason: Arg<String>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let row = shell.rooms.store().row(live.session.room(), key.row()?).await?;
    let id = row.and_then(|row| row.entry().and_then(|entry| entry.entry.id.clone()));
    let reason = bounded(reason.0, "reason", REASON_BYTES)?;
    Ok(live.session.remove_entry(id.ok_or(Code::RowUnknown)?, reason).await?)
}

/// Takes a removal back.
#[tauri::command]
pub(crate) async fn keep_entry(
    shell: State<'_, Shell>,
    room: Arg<String>,
    entry: Arg<String>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    Ok(live.session.keep_entry(entry.entry()?).await?)
}

/// Does not wait before a removal.
#[tauri::command]
pub(crate) async fn remove_now(
    shell: State<'_, Shell>,
    room: Arg<String>,
    entry: Arg<String>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    live.session.remove_now(entry.entry()?).await;
    Ok(())
}

/// Somebody has seen why an entry could not be removed.
#[tauri::command]
pub(crate) async fn note_removal(
    shell: State<'_, Shell>,
    room: Arg<String>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    live.session.take_note().await;
    Ok(())
}

/// Lets somebody not speak for so many seconds, for everybody in the room; none lets them speak again.
#[tauri::command]
pub(crate) async fn mute_person(
    shell: State<'_, Shell>,
    room: Arg<String>,
    user: Arg<String>,
    seconds: Arg<u64>,
    reason: Arg<String>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let user = bounded(user.0, "user", USER_BYTES)?;
    let seconds = Some(seconds.0).filter(|seconds| *seconds <= moderation::MUTE_SECONDS);
    let seconds = seconds.ok_or_else(|| bad("seconds"))?;
    let reason = bounded(reason.0, "reason", REASON_BYTES)?;
    Ok(live.session.mute(Mute { user, seconds, reason }).await?)
}

/// Makes each person of the audience wait so many seconds between what they say.
#[tauri::command]
pub(crate) async fn slow_room(
    shell: State<'_, Shell>,
    room: Arg<String>,
    seconds: Arg<u32>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let seconds = Some(seconds.0).filter(|seconds| *seconds <= moderation::SLOW_SECONDS);
    Ok(live.session.slow(seconds.ok_or_else(|| bad("seconds"))?).await?)
}

/// How the room is moderated now.
#[tauri::command]
pub(crate) async fn moderation(
    shell: State<'_, Shell>,
    room: Arg<String>,
) -> Result<Moderation, AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let now = live.session.moderation().await?;
    let mut names = Names::of(&shell, &live);
    let mut muted = Vec::new();
    for moderation::Muted { user, until } in once(now.muted, |one| one.user.clone()) {
        muted.push(MutedPerson { name: names.of_user(&user).await?, user, until: shown(until) });
    }
    Ok(Moderation { slow_seconds: now.slow_seconds, muted })
}

/// What was done, the newest or that before a line of the log.
#[tauri::command]
pub(crate) async fn deeds(
    shell: State<'_, Shell>,
    room: Arg<String>,
    before: Arg<Option<u64>>,
) -> Result<Deeds, AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let found = newest_first(live.session.deeds(before.0, LINES).await?, before.0);
    // Numbers have no holes, and begin with one.
    let has_older = found.last().is_some_and(|deed| deed.number > 1);
    let mut names = Names::of(&shell, &live);
    let mut deeds = Vec::new();
    for deed in found {
        deeds.push(Deed {
            number: deed.number,
            name: names.of_user(&deed.user).await?,
            action: deed.action,
            user: deed.user,
            old: body(&deed.old).into_owned(),
            new: body(&deed.new).into_owned(),
            reason: body(&deed.reason).into_owned(),
            by: name(&deed.by.display_name),
            at: shown(deed.at),
        });
    }
    Ok(Deeds { deeds, has_older })
}

/// Lines of the log as a page goes on with them, whatever a server sends: each number once, and none that is there already.
fn newest_first(mut found: Vec<moderation::Deed>, before: Option<u64>) -> Vec<moderation::Deed> {
    found.retain(|deed| before.is_none_or(|before| deed.number < before));
    let mut lines = once(found, |deed| deed.number);
    lines.sort_by_key(|deed| Reverse(deed.number));
    lines
}

/// Under which names people were last seen here; the server names them by their ids.
struct Names<'a> {
    shell: &'a Shell,
    live: &'a Live,
    known: HashMap<String, String>,
}

impl<'a> Names<'a> {
    fn of(shell: &'a Shell, live: &'a Live) -> Self {
        Self { shell, live, known: HashMap::new() }
    }

    async fn of_user(&mut self, user: &str) -> Result<String, AppError> {
        if user.is_empty() {
            return Ok(String::new());
        }
        if let Some(known) = self.known.get(user) {
            return Ok(known.clone());
        }
        let (store, room) = (self.shell.rooms.store(), self.live.session.room());
        let found = store.person(room, user.to_owned(), None, 1).await?;
        let last = found.rows.last().and_then(|row| row.entry());
        let shown = last.map_or_else(String::new, |row| name(&row.entry.display_name));
        self.known.insert(user.to_owned(), shown.clone());
        Ok(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_log_come_once_however_a_server_numbers_them() {
        let deed = |number: u64, by: &str| -> moderation::Deed {
            let by = serde_json::json!({ "user": by, "displayName": by });
            let deed =
                serde_json::json!({ "number": number, "action": "words", "by": by, "at": 0 });
            serde_json::from_value(deed).unwrap()
        };
        let lines = |found: &[(u64, &str)], before| -> Vec<(u64, String)> {
            let found = found.iter().map(|(number, by)| deed(*number, by)).collect();
            let lines = newest_first(found, before).into_iter();
            lines.map(|deed| (deed.number, deed.by.user)).collect()
        };
        let named = |lines: &[(u64, &str)]| -> Vec<(u64, String)> {
            lines.iter().map(|(number, by)| (*number, (*by).to_owned())).collect()
        };
        assert_eq!(lines(&[(6, "a"), (7, "b")], None), named(&[(7, "b"), (6, "a")]));
        let wild = [(9, "a"), (4, "b"), (9, "c"), (7, "d"), (4, "e")];
        assert_eq!(lines(&wild, None), named(&[(9, "a"), (7, "d"), (4, "b")]));
        assert_eq!(lines(&wild, Some(7)), named(&[(4, "b")]));
    }
}
