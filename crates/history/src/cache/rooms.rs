//! The rooms that the cache knows: made from, and compared with, those of the outbox.

use rusqlite::{Connection, params};

use super::statements::{
    ADD_ROOM, ALL_ROOMS, DROP_ITEMS, DROP_REMOVED, DROP_ROOM, DROP_ROWS, RENAME_ROOM,
};
use crate::ids::{RoomId, RoomName};

/// All of them.
pub(crate) fn all(conn: &Connection) -> rusqlite::Result<Vec<(RoomId, RoomName)>> {
    let mut statement = conn.prepare_cached(ALL_ROOMS)?;
    let rooms = statement.query_map([], |line| {
        let name = RoomName {
            server: line.get(1)?,
            topic: line.get(2)?,
            stream: line.get(3)?,
            user: line.get(4)?,
        };
        Ok((RoomId(line.get(0)?), name))
    })?;
    rooms.collect()
}

/// Makes a room with the outbox's id for it, its revisions starting after `first`; nothing if it is there.
pub(crate) fn add(
    conn: &Connection,
    room: RoomId,
    name: &RoomName,
    first: i64,
) -> rusqlite::Result<()> {
    let cells = params![room.0, name.server, name.topic, name.stream, name.user, first];
    conn.prepare_cached(ADD_ROOM)?.execute(cells)?;
    Ok(())
}

/// Gives a room the name that the outbox has for it now.
pub(crate) fn rename(conn: &Connection, room: RoomId, name: &RoomName) -> rusqlite::Result<()> {
    let cells = params![room.0, name.server, name.topic, name.stream, name.user];
    conn.prepare_cached(RENAME_ROOM)?.execute(cells)?;
    Ok(())
}

/// Erases a room, its rows and all traces of them.
pub(crate) fn erase(conn: &Connection, room: RoomId) -> rusqlite::Result<()> {
    for sql in [DROP_ROWS, DROP_REMOVED, DROP_ITEMS, DROP_ROOM] {
        conn.prepare_cached(sql)?.execute([room.0])?;
    }
    super::indexing::begin_anew(conn)
}
