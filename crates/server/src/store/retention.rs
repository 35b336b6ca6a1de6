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

/// What is used by that which stays whatever entries go, in bytes: names of sends, tokens, logs, and of what was asked that which
/// was never published. Every page of it is looked at.
pub(crate) fn beside(conn: &Connection) -> rusqlite::Result<u64> {
    let bytes: i64 = conn
        .prepare_cached(
            "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = 1 AND name IN
             (SELECT name FROM sqlite_schema WHERE tbl_name NOT IN
              ('alias', 'item_log', 'private_answer', 'answer_edit', 'vote', 'submission', 'item', 'entry'))",
        )?
        .query_row([], |row| row.get(0))?;
    let asked: i64 = conn
        .prepare_cached(
            "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = 1 AND name IN
             (SELECT name FROM sqlite_schema WHERE tbl_name = 'submission')",
        )?
        .query_row([], |row| row.get(0))?;
    let share: f64 = conn
        .prepare_cached(
            "SELECT coalesce(1.0 * sum(octet_length(content)) FILTER (WHERE question IS NULL) / sum(octet_length(content)), 0.0)
             FROM submission",
        )?
        .query_row([], |row| row.get(0))?;
    #[expect(clippy::cast_possible_truncation, reason = "a share of a number of bytes")]
    let unpublished = (asked as f64 * share) as i64;
    Ok(u64::try_from(bytes + unpublished).unwrap_or(0))
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
/// so that places go on from it, and so do the newest item, private answer and submission, for their numbers: without a word.
pub(crate) fn forget_before(conn: &Connection, room: i64, before: Seq) -> rusqlite::Result<Seq> {
    let (from, head) = (sql(first(conn, room)?), sql(entries::head(conn, room)?));
    let until = sql(before).min(from.saturating_add(CHUNK)).min(head);
    if until <= from {
        return Ok(seq_of(from));
    }
    // From the first place on: what was spared for its number last time is not the newest for ever.
    for statement in [
        "DELETE FROM alias WHERE room = ?1 AND alias IN
         (SELECT user FROM entry WHERE room = ?1 AND seq < ?2 UNION ALL SELECT user FROM deed WHERE room = ?1 AND entry < ?2)",
        "DELETE FROM item_log WHERE room = ?1 AND seq >= 0 AND seq < ?2",
        "DELETE FROM item_log WHERE room = ?1 AND seq IN (SELECT -id FROM submission WHERE room = ?1 AND question < ?2)",
        "DELETE FROM private_answer WHERE room = ?1 AND question < ?2
         AND id < (SELECT max(id) FROM private_answer WHERE room = ?1)",
        "UPDATE private_answer SET text = '', org_name = '', user = '', by = '{}', nonce = NULL WHERE room = ?1 AND question < ?2",
        "DELETE FROM answer_edit WHERE room = ?1 AND question < ?2",
        "DELETE FROM vote WHERE room = ?1 AND question < ?2",
        "DELETE FROM submission WHERE room = ?1 AND question < ?2
         AND id < (SELECT max(id) FROM submission WHERE room = ?1) AND change < (SELECT max(change) FROM submission WHERE room = ?1)",
        "UPDATE submission SET user = '', display_name = '', avatar_url = '', content = '', nonce = NULL, reason = '', changed_by = '{}'
         WHERE room = ?1 AND question < ?2",
        "DELETE FROM item WHERE room = ?1 AND seq < ?2
         AND seq < (SELECT max(seq) FROM item WHERE room = ?1) AND change < (SELECT max(change) FROM item WHERE room = ?1)",
        "UPDATE item SET text = NULL, tags = '[]', note = '', claim = NULL, claim_until_ms = NULL, reason = '', changed_by = '{}'
         WHERE room = ?1 AND seq < ?2",
        "DELETE FROM entry WHERE room = ?1 AND seq < ?2",
    ] {
        conn.prepare_cached(statement)?.execute(params![room, until])?;
    }
    Ok(seq_of(until))
}

/// What is not in the log goes by its own time: what waited for review or was rejected, and what removed entries said.
pub(crate) fn forget_beside(conn: &Connection, room: i64, before_ms: i64) -> rusqlite::Result<()> {
    let last = conn
        .prepare_cached(
            "SELECT coalesce(max(id), 0) FROM submission WHERE room = ? AND asked_ms < ? AND question IS NULL",
        )?
        .query_row(params![room, before_ms], |row| row.get(0))?;
    forget_submissions(conn, room, last)?;
    conn.prepare_cached("UPDATE deed SET old = '' WHERE room = ? AND at_ms < ? AND old <> ''")?
        .execute(params![room, before_ms])?;
    conn.prepare_cached("DELETE FROM mute WHERE room = ? AND until_ms < ?")?
        .execute(params![room, before_ms])?;
    Ok(())
}

/// What is used in each room by that which was never published, in bytes: nothing of it goes with entries.
pub(crate) fn unpublished(conn: &Connection) -> rusqlite::Result<Vec<(i64, u64)>> {
    conn.prepare_cached(
        "SELECT room, sum(octet_length(content) + octet_length(display_name) + octet_length(avatar_url) + 100) FROM submission
         WHERE question IS NULL GROUP BY room",
    )?
    .query_map([], |row| Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0))))?
    .collect()
}

/// Forgets the oldest of what was never published in a room, at most a chunk, until so many bytes are free; says how many are.
pub(crate) fn forget_unpublished(
    conn: &Connection,
    room: i64,
    bytes: u64,
) -> rusqlite::Result<u64> {
    let (mut freed, mut last) = (0, 0);
    let mut oldest = conn.prepare_cached(
        "SELECT id, octet_length(content) + octet_length(display_name) + octet_length(avatar_url) + 100 FROM submission
         WHERE room = ?1 AND question IS NULL AND id < (SELECT max(id) FROM submission WHERE room = ?1) ORDER BY id LIMIT ?2",
    )?;
    let mut rows = oldest.query(params![room, CHUNK])?;
    while let Some(row) = rows.next()?.filter(|_| freed < bytes) {
        last = row.get(0)?;
        freed += u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
    }
    forget_submissions(conn, room, last)?;
    Ok(freed)
}

/// Forgets what was never published up to a number, and who asked it. What is spared for its number is without a word.
fn forget_submissions(conn: &Connection, room: i64, last: i64) -> rusqlite::Result<()> {
    for statement in [
        "DELETE FROM alias WHERE room = ?1 AND alias IN (SELECT user FROM submission WHERE room = ?1 AND id <= ?2 AND question IS NULL)",
        "DELETE FROM item_log WHERE room = ?1 AND seq IN (SELECT -id FROM submission WHERE room = ?1 AND id <= ?2 AND question IS NULL)",
        "DELETE FROM submission WHERE room = ?1 AND id <= ?2 AND question IS NULL
         AND id < (SELECT max(id) FROM submission WHERE room = ?1) AND change < (SELECT max(change) FROM submission WHERE room = ?1)",
        "UPDATE submission SET user = '', display_name = '', avatar_url = '', content = '', nonce = NULL, review = 'rejected',
         reason = '', changed_by = '{}' WHERE room = ?1 AND id <= ?2 AND question IS NULL",
    ] {
        conn.prepare_cached(statement)?.execute(params![room, last])?;
    }
    Ok(())
}
