//! What waits for review in the database: kept apart from the room's log until somebody approves it.

use aside_protocol::triage::{Item, Person, Review, SaidAs};
use aside_protocol::{Body, EntryKind, Nonce, Seq};
use rusqlite::types::FromSqlError;
use rusqlite::{OptionalExtension, Row, params};

use super::aliases;
use super::entries::{self, Draft, Record, seq_of, sql};
use super::items::{Items, json, number, text};
use super::nonces::{self, Known};
use crate::wire::{entry_id, submission_id};

/// What became of what is to be reviewed.
pub(crate) enum Submitted {
    /// It waits.
    New(Box<Item>),
    /// It was there before, under the same nonce.
    Same(Box<Item>),
    /// It is an entry, under the same nonce.
    Entry(Seq),
    /// The nonce was used for other words.
    NonceReused,
}

const SUBMISSION: &str = "SELECT id, rev, change, user, display_name, avatar_url, content, asked_ms, review, reason, question,
    changed_by, kind FROM submission";

impl Items<'_> {
    /// Keeps a question or a message for review, once.
    pub(crate) fn submit(&self, draft: &Draft, now_ms: i64) -> rusqlite::Result<Submitted> {
        match nonces::known_nonce(self.conn, self.room, draft)? {
            Known::New => {}
            Known::Same(seq) => return Ok(Submitted::Entry(seq)),
            // One that was thrown away meanwhile waits anew.
            Known::Submitted(id) => {
                if let Some(item) = self.submission(id)? {
                    return Ok(Submitted::Same(Box::new(item)));
                }
            }
            Known::Other => return Ok(Submitted::NonceReused),
        }
        let id: i64 = self
            .conn
            .prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM submission WHERE room = ?")?
            .query_row([self.room], |row| row.get(0))?;
        self.conn
            .prepare_cached(
                "INSERT INTO submission (room, id, change, user, display_name, avatar_url, content, nonce, asked_ms, kind)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.room,
                id,
                self.next_change()?,
                draft.user,
                draft.display_name,
                draft.avatar_url,
                draft.content,
                draft.nonce.as_ref().map(Nonce::as_str),
                now_ms,
                entries::kind_number(draft.kind),
            ])?;
        if let Some(owner) = &draft.owner {
            aliases::keep(self.conn, self.room, &draft.user, owner)?;
        }
        if let Some(nonce) = &draft.nonce {
            let said = (draft.kind, draft.content.as_str());
            nonces::keep_nonce(self.conn, self.room, draft.owner(), nonce, said, -id, now_ms)?;
        }
        Ok(Submitted::New(Box::new(self.expect(id)?)))
    }

    /// What waits, or waited, for review.
    pub(crate) fn submission(&self, id: i64) -> rusqlite::Result<Option<Item>> {
        self.conn
            .prepare_cached(&format!("{SUBMISSION} WHERE room = ? AND id = ?"))?
            .query_row(params![self.room, id], |row| self.read_submission(row))
            .optional()
    }

    fn expect(&self, id: i64) -> rusqlite::Result<Item> {
        self.submission(id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    /// Those that changed after a change, in the order of the last changes.
    pub(super) fn submissions_after(&self, after: i64, count: u32) -> rusqlite::Result<Vec<Item>> {
        self.conn
            .prepare_cached(&format!(
                "{SUBMISSION} WHERE room = ? AND change > ? ORDER BY change LIMIT ?"
            ))?
            .query_map(params![self.room, after, count], |row| self.read_submission(row))?
            .collect()
    }

    /// Stores what was decided, under the next number.
    pub(crate) fn decide(
        &self,
        id: i64,
        before: &Item,
        review: Review,
        reason: String,
        by: &Person,
        now_ms: i64,
    ) -> rusqlite::Result<Item> {
        let change = self.next_change()?;
        self.conn
            .prepare_cached(
                "UPDATE submission SET rev = rev + 1, change = ?, review = ?, reason = ?, changed_by = ? WHERE room = ? AND id = ?",
            )?
            .execute(params![change, review.as_str(), reason, text(by), self.room, id])?;
        let item = self.expect(id)?;
        self.note_differences(-id, before, &item, now_ms)?;
        Ok(item)
    }

    /// Makes it an entry of its asker at a place: the entry, and the item of a question.
    pub(crate) fn publish(
        &self,
        id: i64,
        seq: Seq,
        now_ms: i64,
    ) -> rusqlite::Result<(Record, Option<Item>)> {
        let record = self
            .conn
            .prepare_cached("SELECT user, display_name, avatar_url, content, nonce, kind FROM submission WHERE room = ? AND id = ?")?
            .query_row(params![self.room, id], |row| {
                Ok(Record {
                    seq,
                    kind: entries::read_kind(row, 5)?,
                    user: row.get(0)?,
                    display_name: row.get(1)?,
                    avatar_url: row.get(2)?,
                    content: row.get(3)?,
                    // Order holds: what was approved later was said later.
                    created_ms: now_ms,
                    nonce: row.get::<_, Option<String>>(4)?.map(Nonce::new),
                })
            })?;
        let owner = aliases::owner(self.conn, self.room, &record.user)?;
        entries::insert(self.conn, self.room, &record, &owner, now_ms)?;
        self.conn
            .prepare_cached("UPDATE submission SET question = ? WHERE room = ? AND id = ?")?
            .execute(params![sql(seq), self.room, id])?;
        let is_question = record.kind == EntryKind::Question;
        let item = is_question.then(|| self.asked(seq, Some(-id))).transpose()?;
        Ok((record, item))
    }

    fn read_submission(&self, row: &Row<'_>) -> rusqlite::Result<Item> {
        let id = submission_id(self.epoch, row.get(0)?);
        let asker =
            Person { user: row.get(3)?, display_name: row.get(4)?, avatar_url: row.get(5)? };
        let content: String = row.get(6)?;
        let kind = entries::read_kind(row, 12)?;
        let asked = Body::parse(kind, &content).text().to_owned();
        let word: String = row.get(8)?;
        let unknown = || rusqlite::Error::from(FromSqlError::Other(word.clone().into()));
        let question: Option<i64> = row.get(10)?;
        Ok(Item {
            rev: number(row, 1)?,
            change: number(row, 2)?,
            kind: match kind {
                EntryKind::Message => SaidAs::Message,
                EntryKind::Question | EntryKind::Answer => SaidAs::Question,
            },
            review: Review::parse(&word).ok_or_else(unknown)?,
            reason: row.get(9)?,
            published: question.map(|place| entry_id(self.epoch, seq_of(place))),
            changed_by: json(row, 11)?,
            ..Item::new(id, 0, asked, asker, row.get(7)?)
        })
    }
}
