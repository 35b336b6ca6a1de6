//! Throwing away what is old: the log of a room is cut at its beginning, and what belongs to it goes along.

use aside_protocol::Seq;
use rusqlite::{Connection, params};

use super::entries::{self, seq_of, sql};

/// Entries that go in one transaction: few enough that a live room is not held up.
const CHUNK: i64 = 1000;

/// What is used of the database, in bytes; pages that are free are used again before it grows.
pub(crate) fn size(conn: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok(u64::try_from(pages * pragma("page_size")?).unwrap_or(0))
}

/// What is used by that which stays whatever entries go, in bytes: names of sends, tokens, logs. Every page of it is looked at.
pub(crate) fn beside(conn: &Connection) -> rusqlite::Result<u64> {
    let bytes: i64 = conn
        .prepare_cached(
            "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = 1 AND name IN
             (SELECT name FROM sqlite_schema WHERE tbl_name NOT IN
              ('alias', 'item_log', 'private_answer', 'answer_edit', 'vote', 'submission', 'item', 'entry'))",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(u64::try_from(bytes).unwrap_or(0))
}

/// The oldest place that a room still has; one for a room without entries.
pub(crate) fn first(conn: &Connection, room: i64) -> rusqlite::Result<Seq> {
    conn.prepare_cached("SELECT coalesce(min(seq), 1) FROM entry WHERE room = ?")?
        .query_row([room], |row| Ok(seq_of(row.get(0)?)))
}

/// When the oldest entry of a room was made; nothing for a room of one entry or none.
pub(crate) fn oldest_ms(conn: &Connection, room: i64) -> rusqlite::Result<Option<i64>> {
    let first = first(conn, room)?;
    if first >= entries::head(conn, room)? {
        return Ok(None);
    }
    Ok(entries::at(conn, room, first)?.map(|entry| entry.created_ms))
}

/// The oldest place whose entry is younger than a moment; the newest of all stays in any case.
pub(crate) fn first_since(conn: &Connection, room: i64, ms: i64) -> rusqlite::Result<Seq> {
    let young = conn
        .prepare_cached(
            "SELECT coalesce((SELECT seq FROM entry WHERE room = ? AND created_ms >= ? ORDER BY seq LIMIT 1), -1)",
        )?
        .query_row(params![room, ms], |row| row.get::<_, i64>(0))?;
    if young < 0 { entries::head(conn, room) } else { Ok(seq_of(young)) }
}

/// Forgets entries before a place, oldest first, at most a chunk of them; says which is the oldest then. The newest stays,
/// so that places go on from it, and so do the newest item and submission, for their numbers.
pub(crate) fn forget_before(conn: &Connection, room: i64, before: Seq) -> rusqlite::Result<Seq> {
    let (from, head) = (sql(first(conn, room)?), sql(entries::head(conn, room)?));
    let until = sql(before).min(from.saturating_add(CHUNK)).min(head);
    if until <= from {
        return Ok(seq_of(from));
    }
    for statement in [
        "DELETE FROM alias WHERE room = ?1 AND alias IN (SELECT user FROM entry WHERE room = ?1 AND seq >= ?2 AND seq < ?3)",
        "DELETE FROM item_log WHERE room = ?1 AND seq >= ?2 AND seq < ?3",
        "DELETE FROM private_answer WHERE room = ?1 AND question >= ?2 AND question < ?3
         AND id < (SELECT max(id) FROM private_answer WHERE room = ?1)",
        "DELETE FROM answer_edit WHERE room = ?1 AND question >= ?2 AND question < ?3",
        "DELETE FROM vote WHERE room = ?1 AND question >= ?2 AND question < ?3",
        "DELETE FROM submission WHERE room = ?1 AND question >= ?2 AND question < ?3
         AND id < (SELECT max(id) FROM submission WHERE room = ?1) AND change < (SELECT max(change) FROM submission WHERE room = ?1)",
        "DELETE FROM item WHERE room = ?1 AND seq >= ?2 AND seq < ?3
         AND seq < (SELECT max(seq) FROM item WHERE room = ?1) AND change < (SELECT max(change) FROM item WHERE room = ?1)",
        "DELETE FROM entry WHERE room = ?1 AND seq >= ?2 AND seq < ?3",
    ] {
        conn.prepare_cached(statement)?.execute(params![room, from, until])?;
    }
    Ok(seq_of(until))
}

/// What is not in the log goes by its own time: what waited for review or was rejected, and what removed entries said.
pub(crate) fn forget_beside(conn: &Connection, room: i64, before_ms: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "DELETE FROM submission WHERE room = ?1 AND asked_ms < ?2 AND question IS NULL
         AND id < (SELECT max(id) FROM submission WHERE room = ?1) AND change < (SELECT max(change) FROM submission WHERE room = ?1)",
    )?
    .execute(params![room, before_ms])?;
    conn.prepare_cached("UPDATE deed SET old = '' WHERE room = ? AND at_ms < ? AND old <> ''")?
        .execute(params![room, before_ms])?;
    conn.prepare_cached("DELETE FROM mute WHERE room = ? AND until_ms < ?")?
        .execute(params![room, before_ms])?;
    Ok(())
}
