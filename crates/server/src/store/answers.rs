//! Answers that are no entries, and answers that are changed after they were given.

use aside_protocol::triage::{AnswerEdit, Item, Merged, Person, PrivateAnswer, Visibility, Work};
use aside_protocol::{Body, EntryId, EntryKind, Epoch, Nonce, Seq};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::entries::{self, Draft, seq_of, sql};
use super::follow::IN_WRITING;
use super::items::{Items, json, text};
use super::removal::Removed;
use crate::wire::{entry_id, place_of, private_id};

/// The question that an answer quotes: in the words that it has at the desk, or in those that it was asked in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Quotes {
    Item(Seq),
    Entry(Seq),
}

/// The most names that an answer says beside the asker's.
const ALSO_ASKED: usize = 10;

/// An answer that is to be no entry.
#[derive(Clone, Debug)]
pub(crate) struct NewPrivate {
    pub(crate) question: Seq,
    pub(crate) visibility: Visibility,
    pub(crate) text: String,
    pub(crate) org_name: String,
    pub(crate) by: Person,
    pub(crate) nonce: Option<Nonce>,
    pub(crate) seen: Option<u64>,
    pub(crate) co_answer: bool,
}

/// What became of it.
pub(crate) enum Given {
    /// It is there now.
    New(EntryId, Box<Item>),
    /// It was there before, under the same nonce.
    Same(EntryId),
    /// The nonce was used for other words.
    NonceReused,
    /// Somebody else answered, or is about to.
    Overtaken(Box<Item>),
    NotFound,
}

/// An answer by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerName {
    /// The entry at this place.
    Public(Seq),
    /// The private one of this number.
    Private(i64),
}

/// What was done to an answer.
pub(crate) enum Edited {
    Done(Box<Item>),
    /// Nothing is left of it but its place, its question being gone already; its removal's number.
    Gone(Vec<(Seq, u64)>),
    NotFound,
    /// It is somebody else's, or too old.
    NotAllowed,
}

/// Its author may change it for so long.
const EDIT_MS: i64 = 10 * 60 * 1000;

const PRIVATE: &str =
    "SELECT id, visibility, text, org_name, by, at_ms, edited_ms, retracted FROM private_answer";

/// Answers name their questions by the life of their room: in another one, these have other names.
pub(super) fn follow_epoch(
    conn: &Connection,
    room: i64,
    old: &Epoch,
    new: &Epoch,
) -> rusqlite::Result<()> {
    let answers: Vec<(i64, String)> = conn
        .prepare_cached("SELECT seq, content FROM entry WHERE room = ? AND kind = 3 ORDER BY seq")?
        .query_map([room], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (seq, content) in answers {
        let mut body = Body::parse(EntryKind::Answer, &content);
        let Body::Answer { question_id: Some(id), .. } = &mut body else { continue };
        let Some(question) = place_of(old, id) else { continue };
        *id = entry_id(new, question);
        conn.prepare_cached("UPDATE entry SET content = ? WHERE room = ? AND seq = ?")?
            .execute(params![body.to_content(), room, seq])?;
    }
    Ok(())
}

impl Items<'_> {
    /// The questions that are the same as this one.
    pub(super) fn merged(&self, seq: Seq) -> rusqlite::Result<Vec<Merged>> {
        self.conn
            .prepare_cached(
                "SELECT i.seq, e.display_name FROM item i JOIN entry e ON e.room = i.room AND e.seq = i.seq
                 WHERE i.room = ? AND i.merged_into = ? ORDER BY i.seq",
            )?
            .query_map(params![self.room, sql(seq)], |row| {
                let question_id = entry_id(self.epoch, seq_of(row.get(0)?));
                Ok(Merged { question_id, display_name: row.get(1)? })
            })?
            .collect()
    }

    /// The same draft, an answer saying of its question what is true now: in which words, and who asked it. Nothing when there
    /// is no such question.
    pub(crate) fn quoting(&self, draft: &Draft) -> rusqlite::Result<Option<Draft>> {
        let mut draft = draft.clone();
        let Some(quotes) = draft.quotes else { return Ok(Some(draft)) };
        let (Quotes::Item(place) | Quotes::Entry(place)) = quotes;
        let Some((asker, asked)) = entries::question(self.conn, self.room, place)? else {
            return Ok(None);
        };
        let item = match quotes {
            Quotes::Item(place) => self.get(place)?,
            Quotes::Entry(_) => None,
        };
        let mut body = Body::parse(draft.kind, &draft.content);
        if let Body::Answer { question, notes, .. } = &mut body {
            notes.also_asked.clear();
            for other in item.iter().flat_map(|item| &item.merged) {
                let name = other.display_name.replace('\n', " ");
                if name != asker && !name.is_empty() && !notes.also_asked.contains(&name) {
                    notes.also_asked.push(name);
                }
            }
            notes.also_asked.truncate(ALSO_ASKED);
            *question = item.map_or(asked, |item| item.text);
        }
        (draft.display_name, draft.content) = (asker, body.to_content());
        Ok(Some(draft))
    }

    /// The private answers to a question, oldest first.
    pub(super) fn private(&self, question: Seq) -> rusqlite::Result<Vec<PrivateAnswer>> {
        self.conn
            .prepare_cached(&format!("{PRIVATE} WHERE room = ? AND question = ? ORDER BY id"))?
            .query_map(params![self.room, sql(question)], |row| self.read_private(row))?
            .collect()
    }

    /// The public answers to a question that were changed.
    pub(super) fn edits(&self, question: Seq) -> rusqlite::Result<Vec<AnswerEdit>> {
        self.conn
            .prepare_cached(
                "SELECT DISTINCT a.answer, e.content FROM answer_edit a JOIN entry e ON e.room = a.room AND e.seq = a.answer
                 WHERE a.room = ? AND a.question = ? AND a.answer > 0 ORDER BY a.answer",
            )?
            .query_map(params![self.room, sql(question)], |row| {
                let answer_id = entry_id(self.epoch, seq_of(row.get(0)?));
                Ok(AnswerEdit { answer_id, content: row.get(1)? })
            })?
            .collect()
    }

    fn read_private(&self, row: &Row<'_>) -> rusqlite::Result<PrivateAnswer> {
        let word: String = row.get(1)?;
        let unknown = || rusqlite::Error::from(FromSqlError::Other(word.clone().into()));
        Ok(PrivateAnswer {
            id: private_id(self.epoch, row.get(0)?),
            visibility: Visibility::parse(&word).ok_or_else(unknown)?,
            text: row.get(2)?,
            org_name: row.get(3)?,
            by: json(row, 4)?,
            at: row.get(5)?,
            edited_at: row.get(6)?,
            retracted: row.get(7)?,
        })
    }

    /// Gives an answer that is no entry, once.
    pub(crate) fn give(&self, new: &NewPrivate, now_ms: i64) -> rusqlite::Result<Given> {
        let user = &new.by.user;
        if let Some(nonce) = &new.nonce {
            let known = self
                .conn
                .prepare_cached("SELECT id, question, text FROM private_answer WHERE room = ? AND user = ? AND nonce = ?")?
                .query_row(params![self.room, user, nonce.as_str()], |row| {
                    Ok((row.get::<_, i64>(0)?, seq_of(row.get(1)?), row.get::<_, String>(2)?))
                })
                .optional()?;
            if let Some((id, question, text)) = known {
                let same = question == new.question && text == new.text;
                return Ok(if same {
                    Given::Same(private_id(self.epoch, id))
                } else {
                    Given::NonceReused
                });
            }
        }
        let Some(before) = self.get(new.question)? else { return Ok(Given::NotFound) };
        let is_note = new.visibility == Visibility::Staff;
        if let Some(seen) = new.seen.filter(|_| !is_note) {
            let mut item = before.clone();
            item.let_go_if_expired(now_ms);
            let elsewhere = item.claim.as_ref().is_some_and(|claim| claim.by.user != *user);
            if item.last_answer > seen || (elsewhere && !new.co_answer) {
                return Ok(Given::Overtaken(Box::new(before)));
            }
        }
        let id: i64 = self
            .conn
            .prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM private_answer WHERE room = ?")?
            .query_row([self.room], |row| row.get(0))?;
        self.conn
            .prepare_cached(
                "INSERT INTO private_answer (room, id, question, visibility, text, org_name, user, by, nonce, at_ms)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.room,
                id,
                sql(new.question),
                new.visibility.as_str(),
                new.text,
                new.org_name,
                user,
                text(&new.by),
                new.nonce.as_ref().map(Nonce::as_str),
                now_ms,
            ])?;
        let by = new.by.clone();
        let saved = if is_note {
            self.save(&before, before.clone(), by, now_ms)?
        } else {
            self.one_more_answer(&before, by, now_ms, now_ms)?
        };
        // Saved before it was told of: read again, it has the new answer in it.
        let item = self.get(saved.seq)?.unwrap_or(saved);
        Ok(Given::New(private_id(self.epoch, id), Box::new(item)))
    }

    /// Changes an answer's text; none takes it back. Its author may for ten minutes, a host always.
    pub(crate) fn edit(
        &self,
        name: AnswerName,
        new: Option<&str>,
        by: &Person,
        host: bool,
        now_ms: i64,
    ) -> rusqlite::Result<Edited> {
        let found = match name {
            AnswerName::Public(seq) => self
                .conn
                .prepare_cached("SELECT user, created_ms, content FROM entry WHERE room = ? AND seq = ? AND kind = 3")?
                .query_row(params![self.room, sql(seq)], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?, None))
                })
                .optional()?,
            AnswerName::Private(id) => self
                .conn
                .prepare_cached("SELECT user, at_ms, text, question FROM private_answer WHERE room = ? AND id = ?")?
                .query_row(params![self.room, id], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, Some(seq_of(row.get(3)?))))
                })
                .optional()?,
        };
        let Some((user, at_ms, old, question)) = found else { return Ok(Edited::NotFound) };
        let body = Body::parse(EntryKind::Answer, &old);
        let question = question.or_else(|| self.question_of(EntryKind::Answer, &old));
        let before = question.map(|seq| self.get(seq)).transpose()?.flatten();
        let allowed = host || (user == by.user && now_ms - at_ms <= EDIT_MS);
        let before = match (before, name, new) {
            (_, AnswerName::Public(_), _) | (Some(_), ..) if !allowed => {
                return Ok(Edited::NotAllowed);
            }
            (Some(before), ..) => before,
            (None, AnswerName::Public(seq), None) => {
                return self.remove_orphan(seq, by, now_ms);
            }
            (None, ..) => return Ok(Edited::NotFound),
        };
        let retracted = new.is_none();
        let text_now = new.unwrap_or_default().to_owned();
        let (was_retracted, counted, key) = match name {
            AnswerName::Public(seq) => {
                let Body::Answer { org_name, org_logo, question, question_id, mut notes, .. } =
                    body
                else {
                    return Ok(Edited::NotFound);
                };
                let was = notes.retracted;
                (notes.edited_at, notes.retracted) = (Some(now_ms), retracted);
                let content = Body::Answer {
                    org_name,
                    org_logo,
                    question,
                    text: text_now,
                    question_id,
                    notes,
                };
                self.conn
                    .prepare_cached("UPDATE entry SET content = ? WHERE room = ? AND seq = ?")?
                    .execute(params![content.to_content(), self.room, sql(seq)])?;
                (was, true, sql(seq))
            }
            AnswerName::Private(id) => {
                let of =
                    before.private.iter().find(|answer| answer.id == private_id(self.epoch, id));
                let was = of.is_some_and(|answer| answer.retracted);
                let counted = of.is_some_and(|answer| answer.visibility == Visibility::Asker);
                self.conn
                    .prepare_cached(
                        "UPDATE private_answer SET text = ?, edited_ms = ?, retracted = ? WHERE room = ? AND id = ?",
                    )?
                    .execute(params![text_now, now_ms, retracted, self.room, id])?;
                (was, counted, -id)
            }
        };
        // Twice in a millisecond is one edit, as far as anybody wants to know.
        self.conn
            .prepare_cached(
                "INSERT OR IGNORE INTO answer_edit (room, answer, at_ms, question, before, by) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![self.room, key, now_ms, sql(before.seq), old, text(by)])?;
        let mut item = before.clone();
        if counted && retracted != was_retracted {
            recount(&mut item, retracted, now_ms);
        }
        let saved = self.save(&before, item, by.clone(), now_ms)?;
        let item = self.get(saved.seq)?.unwrap_or(saved);
        Ok(Edited::Done(Box::new(item)))
    }

    /// Takes an answer back that nobody learns of by its question.
    fn remove_orphan(&self, seq: Seq, by: &Person, now_ms: i64) -> rusqlite::Result<Edited> {
        Ok(match self.remove_one(seq, "retracted", by, now_ms)? {
            Removed::Done(gone, _) => Edited::Gone(gone),
            Removed::Before => Edited::Gone(Vec::new()),
            Removed::Answer | Removed::NotFound => Edited::NotFound,
        })
    }

    /// The question that was made of a message.
    pub(crate) fn made_from(&self, message: Seq) -> rusqlite::Result<Option<Seq>> {
        self.conn
            .prepare_cached("SELECT seq FROM item WHERE room = ? AND source = ?")?
            .query_row(params![self.room, sql(message)], |row| Ok(seq_of(row.get(0)?)))
            .optional()
    }
}

/// An answer was taken back, or says something again.
fn recount(item: &mut Item, retracted: bool, now_ms: i64) {
    if retracted {
        item.answers = item.answers.saturating_sub(1);
        // What closed it is gone, and whoever asked waits again.
        if item.answers == 0 && item.work == Work::Answered && item.reason == IN_WRITING {
            item.open();
        }
        return;
    }
    item.answers += 1;
    if !item.work.is_over() {
        item.close(Work::Answered, IN_WRITING, now_ms);
    }
}
