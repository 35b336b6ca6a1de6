//! Who is behind the names that are nobody's: asked by the server alone.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

/// Keeps who is behind a name.
pub(crate) fn keep(conn: &Connection, room: i64, alias: &str, user: &str) -> rusqlite::Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO alias (room, alias, user) VALUES (?, ?, ?)")?
        .execute(params![room, alias, user])?;
    Ok(())
}

/// Whoever is behind a name; a name of its own is itself.
pub(crate) fn owner(conn: &Connection, room: i64, name: &str) -> rusqlite::Result<String> {
    let found = conn
        .prepare_cached("SELECT user FROM alias WHERE room = ? AND alias = ?")?
        .query_row(params![room, name], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_else(|| name.to_owned()))
}

/// Everybody in a room who is behind a name, by the name.
pub(crate) fn all(conn: &Connection, room: i64) -> rusqlite::Result<HashMap<String, String>> {
    conn.prepare_cached("SELECT alias, user FROM alias WHERE room = ?")?
        .query_map([room], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
