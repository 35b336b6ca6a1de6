//! Snippets in the database: one list per room, whose changes are counted.

use aside_protocol::triage::{Person, SNIPPETS, Snippet, SnippetChange, Snippets};
use rusqlite::{Connection, params};

use super::items::{json, number, text};

/// What became of a change.
pub(crate) enum Changed {
    /// Done: the list as it stands now.
    Done(Snippets),
    /// Not done: somebody else changed the list, which is so now.
    Stale(Snippets),
    /// Not done: the room has as many as it may.
    Full,
    /// Not done: there is no such snippet.
    NotFound,
}

/// How often a room's list was changed.
pub(crate) fn revision(conn: &Connection, room: i64) -> rusqlite::Result<u64> {
    conn.prepare_cached("SELECT snippets_rev FROM room WHERE id = ?")?
        .query_row([room], |row| number(row, 0))
}

/// The list of a room.
pub(crate) fn all(conn: &Connection, room: i64) -> rusqlite::Result<Snippets> {
    let snippets = conn
        .prepare_cached(
            "SELECT id, name, text, by, at_ms FROM snippet WHERE room = ? ORDER BY name, id",
        )?
        .query_map([room], |row| {
            Ok(Snippet {
                id: row.get::<_, i64>(0)?.to_string(),
                name: row.get(1)?,
                text: row.get(2)?,
                by: json(row, 3)?,
                at: row.get(4)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Snippets { rev: revision(conn, room)?, snippets })
}

/// Changes the list that somebody looked at, if it is still that one.
pub(crate) fn change(
    conn: &Connection,
    room: i64,
    seen: u64,
    change: SnippetChange,
    by: &Person,
    now_ms: i64,
) -> rusqlite::Result<Changed> {
    let rev = revision(conn, room)?;
    if rev != seen {
        return Ok(Changed::Stale(all(conn, room)?));
    }
    let next = i64::try_from(rev).unwrap_or(i64::MAX).saturating_add(1);
    let changed = match change {
        SnippetChange::Put { id: None, name, text: words } => {
            let count = conn
                .prepare_cached("SELECT count(*) FROM snippet WHERE room = ?")?
                .query_row([room], |row| number(row, 0))?;
            if count >= SNIPPETS as u64 {
                return Ok(Changed::Full);
            }
            conn.prepare_cached(
                "INSERT INTO snippet (room, id, name, text, by, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![room, next, name, words, text(by), now_ms])?
        }
        SnippetChange::Put { id: Some(id), name, text: words } => conn
            .prepare_cached(
                "UPDATE snippet SET name = ?, text = ?, by = ?, at_ms = ? WHERE room = ? AND id = ?",
            )?
            .execute(params![name, words, text(by), now_ms, room, key(&id)])?,
        SnippetChange::Remove { id } => conn
            .prepare_cached("DELETE FROM snippet WHERE room = ? AND id = ?")?
            .execute(params![room, key(&id)])?,
    };
    if changed == 0 {
        return Ok(Changed::NotFound);
    }
    conn.prepare_cached("UPDATE room SET snippets_rev = ? WHERE id = ?")?
        .execute(params![next, room])?;
    Ok(Changed::Done(all(conn, room)?))
}

/// The number that an id names; "+5" and "05" name none.
fn key(id: &str) -> Option<i64> {
    id.parse().ok().filter(|number: &i64| number.to_string() == id)
}
