//! What the log does to the desk: a question begins an item, an answer closes it.

use aside_protocol::triage::{Item, Person, Work};
use aside_protocol::{Body, EntryKind, Seq};
use rusqlite::{OptionalExtension, params};

use super::entries::{Draft, Record, seq_of, sql};
use super::items::Items;
use crate::wire::place_of;

/// Why a question is closed that was answered in writing.
pub(super) const IN_WRITING: &str = "text";

impl Items<'_> {
    /// What an entry that was just stored does to the desk.
    pub(crate) fn follow(
        &self,
        record: &Record,
        source: Option<Seq>,
        now_ms: i64,
    ) -> rusqlite::Result<Option<Item>> {
        match record.kind {
            EntryKind::Message => Ok(None),
            EntryKind::Question => self.asked(record.seq, source.map(sql)).map(Some),
            EntryKind::Answer => self.answered(record, now_ms),
        }
    }

    /// Whether a guarded answer comes too late: somebody answered since its writer looked, or somebody else is about to.
    pub(crate) fn overtaken(&self, answer: &Draft, now_ms: i64) -> rusqlite::Result<bool> {
        let (Some(seen), Some(question)) =
            (answer.seen, self.question_of(answer.kind, &answer.content))
        else {
            return Ok(false);
        };
        let Some(mut item) = self.get(question)? else { return Ok(false) };
        item.let_go_if_expired(now_ms);
        let elsewhere = item.claim.is_some_and(|claim| claim.by.user != answer.user);
        Ok(item.last_answer > seen || (elsewhere && !answer.co_answer))
    }

    /// A question was asked, or made of a message, or (a number below zero) of what waited for review.
    pub(super) fn asked(&self, seq: Seq, source: Option<i64>) -> rusqlite::Result<Item> {
        let number: i64 = self
            .conn
            .prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM (SELECT number FROM item WHERE room = ? ORDER BY seq DESC LIMIT 1)")?
            .query_row([self.room], |row| row.get(0))?;
        self.conn
            .prepare_cached(
                "INSERT INTO item (room, seq, number, change, source) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![self.room, sql(seq), number, self.next_change()?, source])?;
        self.get(seq)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    /// A question was answered in writing. Nothing when the answer names none.
    fn answered(&self, answer: &Record, now_ms: i64) -> rusqlite::Result<Option<Item>> {
        let Some(question) = self.question_of(answer.kind, &answer.content) else {
            return Ok(None);
        };
        let Some(before) = self.get(question)? else { return Ok(None) };
        let by = self.person(&answer.user)?;
        self.one_more_answer(&before, by, answer.created_ms, now_ms).map(Some)
    }

    /// A question has one answer more, for everybody or for its asker.
    pub(super) fn one_more_answer(
        &self,
        before: &Item,
        by: Person,
        at_ms: i64,
        now_ms: i64,
    ) -> rusqlite::Result<Item> {
        let mut item = before.clone();
        item.answers += 1;
        item.last_answer = u64::try_from(self.next_change()?).unwrap_or(0);
        item.first_answer_at.get_or_insert(at_ms);
        if item.work != Work::Merged {
            item.close(Work::Answered, IN_WRITING, at_ms);
        }
        self.save(before, item, by, now_ms)
    }

    pub(super) fn question_of(&self, kind: EntryKind, content: &str) -> Option<Seq> {
        match Body::parse(kind, content) {
            Body::Answer { question_id: Some(id), .. } => place_of(self.epoch, &id),
            Body::Answer { question, .. } => self.quoted(&question).ok().flatten(),
            Body::Message { .. } | Body::Question { .. } => None,
        }
    }

    /// The oldest question with these words that has no answer: what is imported quotes, and names nothing.
    fn quoted(&self, text: &str) -> rusqlite::Result<Option<Seq>> {
        if text.is_empty() {
            return Ok(None);
        }
        let content = Body::Question { text: text.to_owned() }.to_content();
        self.conn
            .prepare_cached(
                "SELECT i.seq FROM item i JOIN entry e ON e.room = i.room AND e.seq = i.seq
                 WHERE i.room = ? AND i.answers = 0 AND e.content = ? ORDER BY i.seq LIMIT 1",
            )?
            .query_row(params![self.room, content], |row| Ok(seq_of(row.get(0)?)))
            .optional()
    }

    /// Whoever last had a token under this id.
    fn person(&self, user: &str) -> rusqlite::Result<Person> {
        let found = self
            .conn
            .prepare_cached("SELECT display_name, avatar_url FROM token WHERE room = ? AND user = ? ORDER BY created_ms DESC LIMIT 1")?
            .query_row(params![self.room, user], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (display_name, avatar_url) = found.unwrap_or_else(|| (user.to_owned(), String::new()));
        Ok(Person { user: user.to_owned(), display_name, avatar_url })
    }
}
