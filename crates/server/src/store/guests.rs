//! The tokens of guests: how many there may be, and when they are forgotten.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use crate::spec::TokenId;

/// What the id of a guest begins with.
pub(crate) const USER: &str = "guest-";

/// Guests that are forgotten at once: few enough for one message of a log. The next one forgets more.
const CHUNK: u32 = 2000;

/// Lets one more in, and forgets those whose time is over. False when there are too many.
pub(crate) fn admit(
    conn: &Connection,
    room: i64,
    now_ms: i64,
    most: u32,
    insert: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "DELETE FROM token WHERE id IN
         (SELECT id FROM token WHERE room = ? AND expires_ms <= ? AND user GLOB 'guest-*' LIMIT ?)",
    )?
    .execute(params![room, now_ms, CHUNK])?;
    let here: i64 = conn
        .prepare_cached("SELECT count(*) FROM token WHERE room = ? AND user GLOB 'guest-*'")?
        .query_row([room], |row| row.get(0))?;
    if here >= i64::from(most) {
        return Ok(false);
    }
    insert(conn)?;
    Ok(true)
}

/// Of those who only took a token, so many that came first: they would end before a moment, are not among who is here, and have
/// neither said anything (or it would have a nonce) nor voted. Whoever was given more is no longer a mere guest.
pub(crate) fn idle(
    conn: &Connection,
    room: i64,
    before_ms: i64,
    here: &BTreeSet<String>,
    most: usize,
) -> rusqlite::Result<Vec<TokenId>> {
    let mut found = conn.prepare_cached(
        "SELECT id, user FROM token
         WHERE room = ?1 AND expires_ms < ?2 AND user GLOB 'guest-*' AND role = 'audience'
         AND NOT EXISTS (SELECT 1 FROM nonce WHERE nonce.room = ?1 AND nonce.user = token.user)
         AND user NOT IN (SELECT user FROM vote WHERE room = ?1)
         ORDER BY expires_ms",
    )?;
    let found = found.query_map(params![room, before_ms], |row| {
        Ok((TokenId(row.get(0)?), row.get::<_, String>(1)?))
    })?;
    found
        .filter(|found| found.as_ref().map_or(true, |(_, user)| !here.contains(user)))
        .map(|found| found.map(|(id, _)| id))
        .take(most)
        .collect()
}

/// Forgets these, unless they became somebody meanwhile.
pub(crate) fn forget(conn: &Connection, tokens: &[TokenId]) -> rusqlite::Result<()> {
    let mut forget = conn.prepare_cached("DELETE FROM token WHERE id = ? AND role = 'audience'")?;
    for id in tokens {
        forget.execute([&id.0])?;
    }
    Ok(())
}
