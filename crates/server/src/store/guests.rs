//! The tokens of guests: how many there may be, and when they are forgotten.

use rusqlite::{Connection, params};

/// What the id of a guest begins with.
pub(crate) const USER: &str = "guest-";

/// Guests of one room whose time is not over. Whoever invents more than come to any event may not fill the disk.
const MOST: i64 = 20_000;

/// Lets one more in, and forgets those whose time is over. False when there are too many.
pub(crate) fn admit(
    conn: &Connection,
    room: i64,
    now_ms: i64,
    insert: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "DELETE FROM token WHERE room = ? AND expires_ms <= ? AND user GLOB 'guest-*'",
    )?
    .execute(params![room, now_ms])?;
    let here: i64 = conn
        .prepare_cached("SELECT count(*) FROM token WHERE room = ? AND user GLOB 'guest-*'")?
        .query_row([room], |row| row.get(0))?;
    if here >= MOST {
        return Ok(false);
    }
    insert(conn)?;
    Ok(true)
}
