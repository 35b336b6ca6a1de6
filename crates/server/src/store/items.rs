//! Questions as work items in the database: read, changed by rule, each change numbered and written down.

use aside_protocol::triage::Person;
use aside_protocol::triage::{Claim, Item, LogLine, Review, SaidAs, Stage, Work};
use aside_protocol::{Body, EntryKind, Epoch, Seq};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entries::{seq_of, sql};
use crate::wire::{entry_id, place_of, submission_id};

const COLUMNS: &str = "SELECT i.seq, i.number, i.rev, i.change, i.work, i.merged_into, i.stage, i.pinned, i.tags, i.note, i.claim,
    i.answers, i.last_answer, i.first_answer_ms, i.closed_ms, i.reason, i.changed_by,
    e.user, e.display_name, e.avatar_url, e.content, coalesce(s.asked_ms, e.created_ms), i.text, i.source, i.votes
    FROM item i JOIN entry e ON e.room = i.room AND e.seq = i.seq
    LEFT JOIN submission s ON s.room = i.room AND s.id = -i.source";

/// What has a log of its changes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Logged {
    Question(Seq),
    Submission(i64),
}

/// One room's items, inside a transaction or for reading.
pub(crate) struct Items<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) room: i64,
    pub(crate) epoch: &'a Epoch,
}

impl Items<'_> {
    /// The item of a question.
    pub(crate) fn get(&self, seq: Seq) -> rusqlite::Result<Option<Item>> {
        self.conn
            .prepare_cached(&format!("{COLUMNS} WHERE i.room = ? AND i.seq = ?"))?
            .query_row(params![self.room, sql(seq)], |row| self.read(row))
            .optional()
    }

    /// What changed after a change, in the order of the last changes.
    pub(crate) fn after(&self, change: u64, count: u32) -> rusqlite::Result<Vec<Item>> {
        let after = i64::try_from(change).unwrap_or(i64::MAX);
        let mut changed = self.submissions_after(after, count)?;
        let questions: rusqlite::Result<Vec<Item>> = self
            .conn
            .prepare_cached(&format!(
                "{COLUMNS} WHERE i.room = ? AND i.change > ? ORDER BY i.change LIMIT ?"
            ))?
            .query_map(params![self.room, after, count], |row| self.read(row))?
            .collect();
        changed.extend(questions?);
        changed.sort_unstable_by_key(|item| item.change);
        changed.truncate(count as usize);
        Ok(changed)
    }

    /// What stands at a place of the stage.
    pub(crate) fn on(&self, stage: Stage) -> rusqlite::Result<Vec<Item>> {
        self.conn
            .prepare_cached(&format!(
                "{COLUMNS} WHERE i.room = ? AND i.stage = ? AND i.stage <> 'none'"
            ))?
            .query_map(params![self.room, stage.as_str()], |row| self.read(row))?
            .collect()
    }

    /// What was changed of a question and of the submission that it was, or of a submission, oldest first.
    pub(crate) fn log(&self, of: Logged) -> rusqlite::Result<Vec<LogLine>> {
        let key = match of {
            Logged::Question(seq) => sql(seq),
            Logged::Submission(id) => -id,
        };
        self.conn
            .prepare_cached(
                "SELECT change, field, old, new, by, at_ms FROM item_log WHERE room = ?1
                 AND seq IN (?2, (SELECT source FROM item WHERE room = ?1 AND seq = ?2 AND source < 0)) ORDER BY change, field",
            )?
            .query_map(params![self.room, key], |row| {
                Ok(LogLine {
                    change: number(row, 0)?,
                    field: row.get(1)?,
                    old: row.get(2)?,
                    new: row.get(3)?,
                    by: json(row, 4)?,
                    at: row.get(5)?,
                })
            })?
            .collect()
    }

    /// The number that the next change will have.
    pub(super) fn next_change(&self) -> rusqlite::Result<i64> {
        Ok(newest_number(self.conn, self.room)? + 1)
    }

    /// Gives an item the next number, since something beside it is different: whoever looks at it need not look again.
    pub(crate) fn renumber(&self, seq: Seq) -> rusqlite::Result<Option<Item>> {
        self.conn
            .prepare_cached("UPDATE item SET change = ? WHERE room = ? AND seq = ?")?
            .execute(params![self.next_change()?, self.room, sql(seq)])?;
        self.get(seq)
    }

    /// Stores an item that was changed, under the next number, and what is different in it.
    pub(crate) fn save(
        &self,
        before: &Item,
        mut item: Item,
        by: Person,
        now_ms: i64,
    ) -> rusqlite::Result<Item> {
        let change = self.next_change()?;
        item.rev += 1;
        item.change = u64::try_from(change).unwrap_or(0);
        item.changed_by = by;
        let merged_into = item.merged_into.as_ref().and_then(|id| place_of(self.epoch, id));
        self.conn
            .prepare_cached(
                "UPDATE item SET rev = ?3, change = ?4, work = ?5, merged_into = ?6, stage = ?7, pinned = ?8, tags = ?9, note = ?10,
                 claim = ?11, claim_until_ms = ?12, answers = ?13, last_answer = ?14, first_answer_ms = ?15, closed_ms = ?16,
                 reason = ?17, changed_by = ?18, text = ?19, votes = ?20 WHERE room = ?1 AND seq = ?2",
            )?
            .execute(params![
                self.room,
                sql(item.seq),
                i64::try_from(item.rev).unwrap_or(i64::MAX),
                change,
                item.work.as_str(),
                merged_into.map(sql),
                item.stage.as_str(),
                item.pinned,
                text(&item.tags),
                item.note,
                item.claim.as_ref().map(text),
                item.claim.as_ref().map(|claim| claim.expires_at),
                item.answers,
                i64::try_from(item.last_answer).unwrap_or(i64::MAX),
                item.first_answer_at,
                item.closed_at,
                item.reason,
                text(&item.changed_by),
                item.original_text.as_ref().map(|_| &item.text),
                item.votes,
            ])?;
        self.note_differences(sql(item.seq), before, &item, now_ms)?;
        Ok(item)
    }

    /// Writes down what is different, and who did that.
    pub(super) fn note_differences(
        &self,
        key: i64,
        before: &Item,
        item: &Item,
        now_ms: i64,
    ) -> rusqlite::Result<()> {
        let (change, by) = (i64::try_from(item.change).unwrap_or(i64::MAX), text(&item.changed_by));
        for (field, old, new) in differences(before, item) {
            self.conn
                .prepare_cached("INSERT INTO item_log (room, seq, change, field, old, new, by, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?
                .execute(params![self.room, key, change, field, old, new, by, now_ms])?;
        }
        Ok(())
    }

    fn read(&self, row: &Row<'_>) -> rusqlite::Result<Item> {
        let seq = seq_of(row.get(0)?);
        let content: String = row.get(20)?;
        let asked = Body::parse(EntryKind::Question, &content).text().to_owned();
        let other: Option<String> = row.get(22)?;
        let (text, original_text) = match other {
            Some(other) => (other, Some(asked)),
            None => (asked, None),
        };
        let source: Option<i64> = row.get(23)?;
        let merged_into: Option<i64> = row.get(5)?;
        Ok(Item {
            question_id: entry_id(self.epoch, seq),
            seq,
            number: number(row, 1)?,
            rev: number(row, 2)?,
            change: number(row, 3)?,
            text,
            original_text,
            source_id: source.map(|source| match source {
                ..0 => submission_id(self.epoch, -source),
                place => entry_id(self.epoch, seq_of(place)),
            }),
            asker: Person {
                user: row.get(17)?,
                display_name: row.get(18)?,
                avatar_url: row.get(19)?,
            },
            asked_at: row.get(21)?,
            kind: SaidAs::Question,
            review: Review::Approved,
            published: None,
            votes: row.get(24)?,
            voted: None,
            work: Work::parse(&row.get::<_, String>(4)?).unwrap_or_default(),
            merged_into: merged_into.map(|place| entry_id(self.epoch, seq_of(place))),
            merged: self.merged(seq)?,
            stage: Stage::parse(&row.get::<_, String>(6)?).unwrap_or_default(),
            pinned: row.get(7)?,
            tags: json(row, 8)?,
            note: row.get(9)?,
            claim: row.get::<_, Option<String>>(10)?.map(|claim| parse(&claim)).transpose()?,
            answers: row.get(11)?,
            last_answer: number(row, 12)?,
            private: self.private(seq)?,
            edits: self.edits(seq)?,
            first_answer_at: row.get(13)?,
            closed_at: row.get(14)?,
            reason: row.get(15)?,
            changed_by: json(row, 16)?,
        })
    }
}

/// The newest change of a room; zero for none.
pub(crate) fn newest(conn: &Connection, room: i64) -> rusqlite::Result<u64> {
    Ok(u64::try_from(newest_number(conn, room)?).unwrap_or(0))
}

fn newest_number(conn: &Connection, room: i64) -> rusqlite::Result<i64> {
    conn.prepare_cached(
        "SELECT max(coalesce((SELECT max(change) FROM item WHERE room = ?1), 0),
                    coalesce((SELECT max(change) FROM submission WHERE room = ?1), 0))",
    )?
    .query_row([room], |row| row.get(0))
}

/// The rooms and places of claims that are over.
pub(crate) fn expired(conn: &Connection, now_ms: i64) -> rusqlite::Result<Vec<(i64, Seq)>> {
    conn.prepare_cached(
        "SELECT room, seq FROM item WHERE claim_until_ms <= ? ORDER BY claim_until_ms, room, seq",
    )?
    .query_map([now_ms], |row| Ok((row.get(0)?, seq_of(row.get(1)?))))?
    .collect()
}

/// A room's history began anew.
pub(crate) fn forget_room(conn: &Connection, room: i64) -> rusqlite::Result<()> {
    for table in ["item_log", "private_answer", "answer_edit", "vote", "submission"] {
        conn.execute(&format!("DELETE FROM {table} WHERE room = ?"), [room])?;
    }
    conn.execute("DELETE FROM item WHERE room = ?", [room])?;
    Ok(())
}

/// The fields that a person would say were changed; the rest follows from them.
fn differences(old: &Item, new: &Item) -> Vec<(&'static str, String, String)> {
    let holder = |claim: &Option<Claim>| {
        claim.as_ref().map_or(String::new(), |claim| claim.by.display_name.clone())
    };
    let other = |id: &Option<aside_protocol::EntryId>| {
        id.as_ref().map_or(String::new(), |id| id.as_str().to_owned())
    };
    [
        ("review", old.review.as_str().to_owned(), new.review.as_str().to_owned()),
        ("work", old.work.as_str().to_owned(), new.work.as_str().to_owned()),
        ("claim", holder(&old.claim), holder(&new.claim)),
        ("text", old.text.clone(), new.text.clone()),
        ("stage", old.stage.as_str().to_owned(), new.stage.as_str().to_owned()),
        ("pinned", old.pinned.to_string(), new.pinned.to_string()),
        ("tags", old.tags.join(", "), new.tags.join(", ")),
        ("note", old.note.clone(), new.note.clone()),
        ("mergedInto", other(&old.merged_into), other(&new.merged_into)),
        ("reason", old.reason.clone(), new.reason.clone()),
        ("answers", old.answers.to_string(), new.answers.to_string()),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .collect()
}

pub(super) fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn parse<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| FromSqlError::Other(error.into()).into())
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    parse(&row.get::<_, String>(column)?)
}

pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}
