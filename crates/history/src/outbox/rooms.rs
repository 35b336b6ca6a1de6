//! The rooms' names and ids, of which this file is the authority.

use rusqlite::{Connection, OptionalExtension, params};

use super::statements::{
    ADD_ROOM, ALL_ROOMS, DROP_DRAFTS, DROP_MARKS, DROP_OUTGOING, DROP_ROOM, DROP_SNIPPETS,
    FIND_ROOM, NEW_ROOM, RENAME_ROOM,
};
use crate::ids::{RoomId, RoomName};

/// Finds or makes a room.
pub(crate) fn find_or_make(conn: &Connection, name: &RoomName) -> rusqlite::Result<RoomId> {
    let cells = params![name.server, name.topic, name.stream, name.user];
    let found = conn.prepare_cached(FIND_ROOM)?.query_row(cells, |line| line.get(0)).optional()?;
    match found {
        Some(room) => Ok(RoomId(room)),
        None => conn.prepare_cached(NEW_ROOM)?.query_row(cells, |line| line.get(0).map(RoomId)),
    }
}

/// All of them.
pub(crate) fn all(conn: &Connection) -> rusqlite::Result<Vec<(RoomId, RoomName)>> {
    let mut statement = conn.prepare_cached(ALL_ROOMS)?;
    let rooms = statement.query_map([], |line| Ok((RoomId(line.get(0)?), name(line, 1)?)))?;
    rooms.collect()
}

/// Makes a room with the id that it has in the cache; false if the id or the name is another room's.
pub(crate) fn add(conn: &Connection, room: RoomId, name: &RoomName) -> rusqlite::Result<bool> {
    let cells = params![room.0, name.server, name.topic, name.stream, name.user];
    Ok(conn.prepare_cached(ADD_ROOM)?.execute(cells)? == 1)
}

/// Gives a room another name; nothing if there is none of the old name, or one of the new.
pub(crate) fn rename(
    conn: &Connection,
    from: &RoomName,
    to: &RoomName,
) -> rusqlite::Result<Option<RoomId>> {
    let old = params![from.server, from.topic, from.stream, from.user];
    let found = conn.prepare_cached(FIND_ROOM)?.query_row(old, |line| line.get(0)).optional()?;
    let Some(room) = found.map(RoomId) else { return Ok(None) };
    let new = params![room.0, to.server, to.topic, to.stream, to.user];
    let renamed = conn.prepare_cached(RENAME_ROOM)?.execute(new)?;
    Ok((renamed == 1).then_some(room))
}

/// Erases a room and all that was written in it.
pub(crate) fn erase(conn: &Connection, room: RoomId) -> rusqlite::Result<()> {
    for sql in [DROP_OUTGOING, DROP_DRAFTS, DROP_MARKS, DROP_SNIPPETS, DROP_ROOM] {
        conn.prepare_cached(sql)?.execute([room.0])?;
    }
    Ok(())
}

fn name(line: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<RoomName> {
    Ok(RoomName {
        server: line.get(first)?,
        topic: line.get(first + 1)?,
        stream: line.get(first + 2)?,
        user: line.get(first + 3)?,
    })
}
