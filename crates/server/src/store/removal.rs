//! Entries taken out of a room: of each nothing is left but its place, and what quoted it forgets it.

use aside_protocol::moderation::Removal;
use aside_protocol::triage::{Item, Person, Stage, Work};
use aside_protocol::{AnswerNotes, Body, EntryKind, Seq};
use rusqlite::{Connection, params};

use super::entries::{self, seq_of, sql};
use super::items::{Items, number, text};
use super::moderation::NewDeed;
use crate::wire::{entry_id, place_of};

/// What became of an entry that was to go.
pub(crate) enum Removed {
    /// What is gone, each with the number of its removal, and the items that changed, in the order of their changes.
    Done(Vec<(Seq, u64)>, Vec<Item>),
    /// It was gone before.
    Before,
    /// Answers are taken back by who gave them, or by a host, as long as their questions are there.
    Answer,
    NotFound,
}

impl Items<'_> {
    /// Leaves nothing of an entry but its place, nor of a question that was made of it; what they were stands in the log.
    pub(crate) fn remove(
        &self,
        seq: Seq,
        reason: &str,
        by: &Person,
        now_ms: i64,
    ) -> rusqlite::Result<Removed> {
        let removed = self.remove_one(seq, reason, by, now_ms)?;
        let Removed::Done(mut gone, mut items) = removed else { return Ok(removed) };
        if let Some(made) = self.made_from(seq)?
            && let Removed::Done(more, changed) = self.remove_one(made, reason, by, now_ms)?
        {
            gone.extend(more);
            items.extend(changed);
        }
        Ok(Removed::Done(gone, items))
    }

    /// What it says is told at the answer's question; where that is not kept any more, as of any entry.
    pub(crate) fn remove_one(
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
        if entry.user.is_empty() && body.text().is_empty() {
            return Ok(Removed::Before);
        }
        let empty = match entry.kind {
            EntryKind::Message => Body::Message { text: String::new() },
            EntryKind::Question => Body::Question { text: String::new() },
            EntryKind::Answer => {
                let question = self.question_of(entry.kind, &entry.content);
                if question.map(|seq| self.get(seq)).transpose()?.flatten().is_some() {
                    return Ok(Removed::Answer);
                }
                Body::parse(EntryKind::Answer, "")
            }
        };
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
        self.conn
            .prepare_cached("DELETE FROM answer_edit WHERE room = ? AND answer = ?")?
            .execute(params![self.room, sql(seq)])?;
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
        let removal: i64 = self
            .conn
            .prepare_cached("INSERT INTO removal (room, id, seq) VALUES (?1, (SELECT coalesce(max(id), 0) + 1 FROM removal WHERE room = ?1), ?2) RETURNING id")?
            .query_row(params![self.room, sql(seq)], |row| row.get(0))?;
        let gone = vec![(seq, u64::try_from(removal).unwrap_or(0))];
        self.rewrite_answers(seq, by, now_ms, true, |question, _| {
            question.clear();
            true
        })?;
        let Some(before) = self.get(seq)? else { return Ok(Removed::Done(gone, Vec::new())) };
        let mut item = before.clone();
        (item.original_text, item.text) = (None, String::new());
        (item.stage, item.pinned) = (Stage::None, false);
        if !item.work.is_over() {
            item.close(Work::Dismissed, "removed", now_ms);
        }
        let mut items = vec![self.save(&before, item, by.clone(), now_ms)?];
        // The question that it was merged into lists who asked the same, and so do the answers to that one.
        if let Some(into) = before.merged_into.as_ref().and_then(|id| place_of(self.epoch, id)) {
            // As the answers name people: once each, in one line.
            let name = entry.display_name.replace('\n', " ");
            let others = self.merged(into)?;
            let stays = others.iter().any(|other| other.display_name.replace('\n', " ") == name);
            self.rewrite_answers(into, by, now_ms, false, |_, notes| {
                let before = notes.also_asked.len();
                notes.also_asked.retain(|also| stays || *also != name);
                notes.also_asked.len() < before
            })?;
            items.extend(self.renumber(into)?);
        }
        Ok(Removed::Done(gone, items))
    }

    /// Changes what answers to a question say of it: the words that they quote, and their notes. Without the name of who asked,
    /// where that is to go. Whoever has them open learns it as of an edit.
    fn rewrite_answers(
        &self,
        of: Seq,
        by: &Person,
        now_ms: i64,
        nameless: bool,
        change: impl Fn(&mut String, &mut AnswerNotes) -> bool,
    ) -> rusqlite::Result<()> {
        let id = entry_id(self.epoch, of);
        let answers: Vec<(i64, String)> = self
            .conn
            .prepare_cached(
                "SELECT seq, content FROM entry WHERE room = ? AND seq > ? AND kind = 3",
            )?
            .query_map(params![self.room, sql(of)], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (seq, content) in answers {
            let mut body = Body::parse(EntryKind::Answer, &content);
            let Body::Answer { question, text: said, question_id, notes, .. } = &mut body else {
                continue;
            };
            if question_id.as_ref() != Some(&id) || !change(question, notes) {
                continue;
            }
            let before = said.clone();
            self.conn
                .prepare_cached(
                    "UPDATE entry SET display_name = iif(?, '', display_name), content = ? WHERE room = ? AND seq = ?",
                )?
                .execute(params![nameless, body.to_content(), self.room, seq])?;
            self.conn
                .prepare_cached(
                    "INSERT OR IGNORE INTO answer_edit (room, answer, at_ms, question, before, by) VALUES (?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![self.room, seq, now_ms, sql(of), before, text(by)])?;
        }
        Ok(())
    }

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
}

/// Whether nothing is left of an entry but its place.
pub(crate) fn is_removed(conn: &Connection, room: i64, seq: Seq) -> rusqlite::Result<bool> {
    let entry = entries::at(conn, room, seq)?;
    Ok(entry.is_none_or(|entry| {
        entry.user.is_empty() && Body::parse(entry.kind, &entry.content).text().is_empty()
    }))
}

/// How many entries of a room were removed.
pub(crate) fn removals(conn: &Connection, room: i64) -> rusqlite::Result<u64> {
    conn.prepare_cached("SELECT coalesce(max(id), 0) FROM removal WHERE room = ?")?
        .query_row([room], |row| number(row, 0))
}
