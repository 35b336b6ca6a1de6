//! One person of a room: all that they said here, and what one wants to remember of them.

use aside_history::Place;
use tauri::State;

use crate::args::{Arg, bounded};
use crate::dto::PersonCard;
use crate::errors::AppError;
use crate::shell::Shell;

/// Entries on a page.
const ROWS: u32 = 50;
/// The longest user id and the longest note, in bytes.
const USER_BYTES: usize = 1024;
const NOTE_BYTES: usize = 4 * 1024;

/// A person by id: counts, the note, and a page of what they said, the last or that before a place.
#[tauri::command]
pub(crate) async fn person(
    shell: State<'_, Shell>,
    room: Arg<String>,
    user: Arg<String>,
    before: Arg<Option<i64>>,
) -> Result<PersonCard, AppError> {
    let source = shell.source(room.room()?).await?;
    let user = bounded(user.0, "user", USER_BYTES)?;
    let (store, room) = (shell.rooms.store(), source.room());
    let note = store.mark(room, subject(&user)).await?;
    let found = store.person(room, user, before.0.map(Place), ROWS).await?;
    let painter = shell.painter_of(&source);
    Ok(PersonCard {
        messages: found.messages,
        questions: found.questions,
        first_seen: found.first_seen.map(jiff::Timestamp::as_millisecond),
        note: note.and_then(|note| serde_json::from_str(&note).ok()).unwrap_or_default(),
        rows: found.rows.into_iter().map(|row| painter.row(row)).collect(),
        has_older: found.has_older,
    })
}

/// Keeps a note about a person, on this computer alone; an empty one takes it away.
#[tauri::command]
pub(crate) async fn set_person_note(
    shell: State<'_, Shell>,
    room: Arg<String>,
    user: Arg<String>,
    note: Arg<String>,
) -> Result<(), AppError> {
    let source = shell.source(room.room()?).await?;
    let user = bounded(user.0, "user", USER_BYTES)?;
    let note = bounded(note.0, "note", NOTE_BYTES)?;
    // As a text of JSON it is no mark on a question, whatever the person is called.
    let body = if note.trim().is_empty() {
        String::new()
    } else {
        serde_json::Value::String(note).to_string()
    };
    Ok(shell.rooms.store().set_mark(source.room(), subject(&user), body).await?)
}

/// Marks on questions begin with the asker's id; nobody's is empty.
fn subject(user: &str) -> String {
    format!("\nperson\n{user}")
}
