//! What a person at the desk keeps for themselves: marks on questions, and snippets.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::statements::{
    CLEAR_MARK, DROP_SNIPPET, HAS_ROOM, MARK, MARKS, SET_MARK, SET_SNIPPET, SNIPPETS,
};
use crate::error::{OutboxError, StoreError};
use crate::ids::RoomId;
use crate::outgoing::BODY_BYTES;
use crate::triage::Snippet;

/// All marks of a room, by subject.
pub(crate) fn marks(conn: &Connection, room: RoomId) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = conn.prepare_cached(MARKS)?;
    let marks = statement.query_map([room.0], |line| Ok((line.get(0)?, line.get(1)?)))?;
    marks.collect()
}

/// One mark.
pub(crate) fn one(
    conn: &Connection,
    room: RoomId,
    subject: &str,
) -> rusqlite::Result<Option<String>> {
    let mut statement = conn.prepare_cached(MARK)?;
    statement.query_row(params![room.0, subject], |line| line.get(0)).optional()
}

/// Sets a mark; an empty body takes it away.
pub(crate) fn mark(
    conn: &Connection,
    room: RoomId,
    subject: &str,
    body: &str,
) -> Result<(), OutboxError> {
    if body.is_empty() {
        conn.prepare_cached(CLEAR_MARK)?.execute(params![room.0, subject])?;
        return Ok(());
    }
    fits(body)?;
    if !conn.prepare_cached(HAS_ROOM)?.exists([room.0])? {
        return Err(StoreError::UnknownRoom(room).into());
    }
    conn.prepare_cached(SET_MARK)?.execute(params![room.0, subject, body])?;
    Ok(())
}

/// All snippets, of all rooms.
pub(crate) fn snippets(conn: &Connection) -> rusqlite::Result<Vec<Snippet>> {
    let mut statement = conn.prepare_cached(SNIPPETS)?;
    let snippets = statement.query_map([], |line| {
        Ok(Snippet {
            id: Uuid::from_bytes(line.get(0)?),
            room: line.get::<_, Option<i64>>(1)?.map(RoomId),
            name: line.get(2)?,
            text: line.get(3)?,
        })
    })?;
    snippets.collect()
}

/// Keeps a snippet, new or changed.
pub(crate) fn save_snippet(conn: &Connection, snippet: &Snippet) -> Result<(), OutboxError> {
    fits(&snippet.name)?;
    fits(&snippet.text)?;
    let Snippet { id, room, name, text } = snippet;
    let cells = params![id.as_bytes(), room.map(|room| room.0), name, text];
    conn.prepare_cached(SET_SNIPPET)?.execute(cells)?;
    Ok(())
}

/// Throws a snippet away. False if it was not there.
pub(crate) fn remove_snippet(conn: &Connection, id: Uuid) -> rusqlite::Result<bool> {
    Ok(conn.prepare_cached(DROP_SNIPPET)?.execute([id.as_bytes()])? > 0)
}

fn fits(text: &str) -> Result<(), OutboxError> {
    let bytes = text.len();
    if bytes > BODY_BYTES { Err(OutboxError::TooLong { bytes }) } else { Ok(()) }
}
