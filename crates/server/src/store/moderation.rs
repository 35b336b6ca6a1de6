//! Moderation in the database: entries removed, people muted, words that hold, and the log of all that.

use std::collections::HashMap;

use aside_protocol::moderation::{Deed, Muted, Removal};
use aside_protocol::triage::{Item, Person, Stage, Work};
use aside_protocol::{Body, EntryKind, Seq};
use rusqlite::{Connection, params};

use super::entries::{self, seq_of, sql};
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

/// What became of an entry that was to go.
pub(crate) enum Removed {
    /// It is gone; the number of its removal, and its item, if it has one.
    Done(u64, Option<Box<Item>>),
    /// It was gone before.
    Before,
    /// Answers are taken back by who gave them, or by a host.
    Answer,
    NotFound,
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
    /// Leaves nothing of an entry but its place; what it was stands in the log.
    pub(crate) fn remove(
        &self,
        seq: Seq,
        reason: &str,
        by: &Person,
        now_ms: i64,
    ) -> rusqlite::Result<Removed> {
        let Some(entry) = entries::at(self.conn, self.room, seq)? else {
            return Ok(Removed::NotFound);
        };
        let body = Body::parse(entry.kind, &entry.content);
        let empty = match entry.kind {
            EntryKind::Message => Body::Message { text: String::new() },
            EntryKind::Question => Body::Question { text: String::new() },
            EntryKind::Answer => return Ok(Removed::Answer),
        };
        if entry.user.is_empty() && body.text().is_empty() {
            return Ok(Removed::Before);
        }
        self.conn
            .prepare_cached(
                "UPDATE entry SET user = '', display_name = '', avatar_url = '', content = ? WHERE room = ? AND seq = ?",
            )?
            .execute(params![empty.to_content(), self.room, sql(seq)])?;
        self.conn
            .prepare_cached(
                "UPDATE submission SET display_name = '', avatar_url = '', content = ? WHERE room = ? AND question = ?",
            )?
            .execute(params![empty.to_content(), self.room, sql(seq)])?;
        let deed = NewDeed {
            action: "removed",
            entry: Some(seq),
            user: entry.user,
            old: body.text().to_owned(),
            reason: reason.to_owned(),
            by: by.clone(),
            ..NewDeed::default()
        };
        deed.note(self.conn, self.room, now_ms)?;
        let number: i64 = self
            .conn
            .prepare_cached("INSERT INTO removal (room, id, seq) VALUES (?1, (SELECT coalesce(max(id), 0) + 1 FROM removal WHERE room = ?1), ?2) RETURNING id")?
            .query_row(params![self.room, sql(seq)], |row| row.get(0))?;
        self.forget_quotes(seq, by, now_ms)?;
        let item = self.get(seq)?.map(|before| {
            let mut item = before.clone();
            (item.original_text, item.text) = (None, String::new());
            (item.stage, item.pinned) = (Stage::None, false);
            if !item.work.is_over() {
                item.close(Work::Dismissed, "removed", now_ms);
            }
            self.save(&before, item, by.clone(), now_ms).map(Box::new)
        });
        Ok(Removed::Done(u64::try_from(number).unwrap_or(0), item.transpose()?))
    }
}

impl Items<'_> {
    /// Takes a question, and who asked it, out of the answers to it. Whoever has them open learns it as of an edit.
    fn forget_quotes(&self, asked: Seq, by: &Person, now_ms: i64) -> rusqlite::Result<()> {
        let id = entry_id(self.epoch, asked);
        let answers: Vec<(i64, String)> = self
            .conn
            .prepare_cached(
                "SELECT seq, content FROM entry WHERE room = ? AND seq > ? AND kind = 3",
            )?
            .query_map(params![self.room, sql(asked)], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (seq, content) in answers {
            let Body::Answer { org_name, org_logo, text: said, question_id, notes, .. } =
                Body::parse(EntryKind::Answer, &content)
            else {
                continue;
            };
            if question_id.as_ref() != Some(&id) {
                continue;
            }
            let before = said.clone();
            let question = String::new();
            let content =
                Body::Answer { org_name, org_logo, question, text: said, question_id, notes };
            self.conn
                .prepare_cached(
                    "UPDATE entry SET display_name = '', content = ? WHERE room = ? AND seq = ?",
                )?
                .execute(params![content.to_content(), self.room, seq])?;
            self.conn
                .prepare_cached(
                    "INSERT OR IGNORE INTO answer_edit (room, answer, at_ms, question, before, by) VALUES (?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![self.room, seq, now_ms, sql(asked), before, text(by)])?;
        }
        Ok(())
    }
}

/// How many entries of a room were removed.
pub(crate) fn removals(conn: &Connection, room: i64) -> rusqlite::Result<u64> {
    conn.prepare_cached("SELECT coalesce(max(id), 0) FROM removal WHERE room = ?")?
        .query_row([room], |row| number(row, 0))
}

impl Items<'_> {
    /// The removals after one, oldest first.
    pub(crate) fn removals_after(&self, after: i64, count: u32) -> rusqlite::Result<Vec<Removal>> {
        self.conn
            .prepare_cached(
                "SELECT id, seq FROM removal WHERE room = ? AND id > ? ORDER BY id LIMIT ?",
            )?
            .query_map(params![self.room, after, count], |row| {
                let seq = seq_of(row.get(1)?);
                Ok(Removal { number: number(row, 0)?, id: entry_id(self.epoch, seq), seq })
            })?
            .collect()
    }

    /// What was done after a deed, oldest first.
    pub(crate) fn deeds_after(&self, after: i64, count: u32) -> rusqlite::Result<Vec<Deed>> {
        self.conn
            .prepare_cached(
                "SELECT id, action, entry, user, old, new, reason, by, at_ms FROM deed WHERE room = ? AND id > ? ORDER BY id LIMIT ?",
            )?
            .query_map(params![self.room, after, count], |row| {
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
