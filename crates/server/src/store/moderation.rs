//! Moderation in the database: people muted, words that hold, and the log of all that is done.

use std::collections::HashMap;

use aside_protocol::Seq;
use aside_protocol::moderation::{Deed, Muted};
use aside_protocol::triage::Person;
use rusqlite::{Connection, params};

use super::entries::{seq_of, sql};
use super::items::{Items, json, number, text};
use crate::wire::entry_id;

/// Something done, before it has a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewDeed {
    pub(crate) action: &'static str,
    pub(crate) entry: Option<Seq>,
    pub(crate) user: String,
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) reason: String,
    pub(crate) by: Person,
}

impl NewDeed {
    /// Writes it down.
    pub(crate) fn note(&self, conn: &Connection, room: i64, now_ms: i64) -> rusqlite::Result<()> {
        conn.prepare_cached(
            "INSERT INTO deed (room, id, action, entry, user, old, new, reason, by, at_ms)
             VALUES (?1, (SELECT coalesce(max(id), 0) + 1 FROM deed WHERE room = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            room,
            self.action,
            self.entry.map(sql),
            self.user,
            self.old,
            self.new,
            self.reason,
            text(&self.by),
            now_ms,
        ])?;
        Ok(())
    }
}

impl Items<'_> {
    /// What was done after a deed, oldest first.
    pub(crate) fn deeds_after(&self, after: i64, count: u32) -> rusqlite::Result<Vec<Deed>> {
        self.deeds(
            "SELECT id, action, entry, user, old, new, reason, by, at_ms FROM deed WHERE room = ? AND id > ? ORDER BY id LIMIT ?",
            after,
            count,
        )
    }

    /// The last of what was done before a deed, oldest first.
    pub(crate) fn deeds_before(&self, before: i64, count: u32) -> rusqlite::Result<Vec<Deed>> {
        let mut deeds = self.deeds(
            "SELECT id, action, entry, user, old, new, reason, by, at_ms FROM deed WHERE room = ? AND id < ? ORDER BY id DESC LIMIT ?",
            before,
            count,
        )?;
        deeds.reverse();
        Ok(deeds)
    }

    fn deeds(&self, statement: &str, place: i64, count: u32) -> rusqlite::Result<Vec<Deed>> {
        self.conn
            .prepare_cached(statement)?
            .query_map(params![self.room, place, count], |row| {
                let place: Option<i64> = row.get(2)?;
                Ok(Deed {
                    number: number(row, 0)?,
                    action: row.get(1)?,
                    entry_id: place.map(|place| entry_id(self.epoch, seq_of(place))),
                    user: row.get(3)?,
                    old: row.get(4)?,
                    new: row.get(5)?,
                    reason: row.get(6)?,
                    by: json(row, 7)?,
                    at: row.get(8)?,
                })
            })?
            .collect()
    }
}

/// Mutes whoever is shown under a name until a moment, or lets them speak.
pub(crate) fn mute(
    conn: &Connection,
    room: i64,
    shown: &str,
    until_ms: Option<i64>,
) -> rusqlite::Result<()> {
    match until_ms {
        Some(until_ms) => {
            let user = super::aliases::owner(conn, room, shown)?;
            conn.prepare_cached(
                "INSERT OR REPLACE INTO mute (room, shown, user, until_ms) VALUES (?, ?, ?, ?)",
            )?
            .execute(params![room, shown, user, until_ms])?;
        }
        None => {
            conn.prepare_cached("DELETE FROM mute WHERE room = ? AND shown = ?")?
                .execute(params![room, shown])?;
        }
    }
    notice(conn, room)
}

/// Who may not speak at a moment, by the name that they are shown under.
pub(crate) fn muted(conn: &Connection, room: i64, now_ms: i64) -> rusqlite::Result<Vec<Muted>> {
    conn.prepare_cached(
        "SELECT shown, until_ms FROM mute WHERE room = ? AND until_ms > ? ORDER BY shown",
    )?
    .query_map(params![room, now_ms], |row| Ok(Muted { user: row.get(0)?, until: row.get(1)? }))?
    .collect()
}

/// Until when people may not speak, by who they are.
pub(crate) fn mutes(conn: &Connection, room: i64) -> rusqlite::Result<HashMap<String, i64>> {
    let mut mutes = HashMap::new();
    let mut rows = conn.prepare_cached("SELECT user, until_ms FROM mute WHERE room = ?")?;
    let rows =
        rows.query_map([room], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    for row in rows {
        let (user, until) = row?;
        let known = mutes.entry(user).or_insert(until);
        *known = until.max(*known);
    }
    Ok(mutes)
}

/// Makes people wait so many seconds between what they say, and says how many it were before.
pub(crate) fn set_slow(conn: &Connection, room: i64, seconds: u32) -> rusqlite::Result<u32> {
    let before =
        conn.query_row("SELECT slow_s FROM room WHERE id = ?", [room], |row| row.get(0))?;
    conn.execute("UPDATE room SET slow_s = ? WHERE id = ?", params![seconds, room])?;
    notice(conn, room)?;
    Ok(before)
}

/// The words that hold an entry for review, by language.
pub(crate) fn words(conn: &Connection, room: i64) -> rusqlite::Result<Vec<(String, String)>> {
    conn.prepare_cached("SELECT lang, word FROM word WHERE room = ? ORDER BY lang, word")?
        .query_map([room], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Adds words to a list, or takes them off it; folded ones. Says how many that changed.
pub(crate) fn change_words(
    conn: &Connection,
    room: i64,
    lang: &str,
    words: &[String],
    add: bool,
) -> rusqlite::Result<usize> {
    let mut statement = if add {
        conn.prepare("INSERT OR IGNORE INTO word (room, lang, word) VALUES (?, ?, ?)")?
    } else {
        conn.prepare("DELETE FROM word WHERE room = ? AND lang = ? AND word = ?")?
    };
    let mut changed = 0;
    for word in words {
        changed += statement.execute(params![room, lang, word])?;
    }
    notice(conn, room)?;
    Ok(changed)
}

fn notice(conn: &Connection, room: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("INSERT INTO notice (room) VALUES (?)")?.execute([room])?;
    Ok(())
}

/// A room's history began anew; who is muted stays so, and what was done stays known.
pub(crate) fn forget_room(conn: &Connection, room: i64) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM removal WHERE room = ?", [room])?;
    conn.execute("UPDATE deed SET entry = NULL WHERE room = ?", [room])?;
    Ok(())
}
