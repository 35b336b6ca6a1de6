//! Votes, and claims that are kept by a sign of life.

use aside_protocol::Seq;
use aside_protocol::triage::{Item, Review, Voted, Votes, Work};
use rusqlite::params;

use super::entries::{seq_of, sql};
use super::items::{Items, text};
use crate::triage::CLAIM_MS;
use crate::votes::Cast;
use crate::wire::{entry_id, place_of};

impl Items<'_> {
    /// Takes a vote, or takes it back.
    pub(crate) fn vote(&self, question: Seq, user: &str, vote: bool) -> rusqlite::Result<Cast> {
        let Some(item) = self.get(question)? else { return Ok(Cast::NotFound) };
        if item.work == Work::Merged || item.review != Review::Approved {
            return Ok(Cast::Closed(Box::new(item)));
        }
        let place = sql(question);
        if vote {
            self.conn
                .prepare_cached("INSERT OR IGNORE INTO vote (room, question, user, cast_on) VALUES (?, ?, ?, ?)")?
                .execute(params![self.room, place, user, place])?;
        } else {
            self.conn
                .prepare_cached("DELETE FROM vote WHERE room = ? AND question = ? AND user = ?")?
                .execute(params![self.room, place, user])?;
        }
        Ok(Cast::Counted(Voted { votes: self.votes(question)?, voted: vote }))
    }

    /// Whether somebody wants a question answered.
    pub(crate) fn voted(&self, question: Seq, user: &str) -> rusqlite::Result<bool> {
        self.conn
            .prepare_cached("SELECT 1 FROM vote WHERE room = ? AND question = ? AND user = ?")?
            .exists(params![self.room, sql(question), user])
    }

    fn votes(&self, question: Seq) -> rusqlite::Result<u32> {
        self.conn
            .prepare_cached("SELECT count(*) FROM vote WHERE room = ? AND question = ?")?
            .query_row(params![self.room, sql(question)], |row| row.get(0))
    }

    /// Writes down how many votes these questions have, each under a number of its own; no look at them is made stale.
    pub(crate) fn count_votes(
        &self,
        questions: impl IntoIterator<Item = Seq>,
    ) -> rusqlite::Result<Vec<Votes>> {
        let mut told = Vec::new();
        for question in questions {
            let count = self.votes(question)?;
            let change = self.next_change()?;
            let changed = self
                .conn
                .prepare_cached("UPDATE item SET votes = ?, change = ? WHERE room = ? AND seq = ? AND votes <> ?")?
                .execute(params![count, change, self.room, sql(question), count])?;
            if changed > 0 {
                let change = u64::try_from(change).unwrap_or(0);
                told.push(Votes(entry_id(self.epoch, question), count, change));
            }
        }
        Ok(told)
    }

    /// The questions whose votes were taken but not counted: the server ended in between.
    pub(crate) fn uncounted(&self) -> rusqlite::Result<Vec<Seq>> {
        self.conn
            .prepare_cached(
                "SELECT seq FROM item WHERE room = ?1
                 AND votes <> (SELECT count(*) FROM vote WHERE vote.room = ?1 AND vote.question = item.seq)",
            )?
            .query_map([self.room], |row| Ok(seq_of(row.get(0)?)))?
            .collect()
    }

    /// Votes follow a question into the one that it is the same as: nobody counts twice.
    pub(crate) fn move_votes(&self, from: Seq, into: Seq) -> rusqlite::Result<()> {
        self.conn
            .prepare_cached(
                "UPDATE OR IGNORE vote SET question = ? WHERE room = ? AND question = ?",
            )?
            .execute(params![sql(into), self.room, sql(from)])?;
        self.recount(from)?;
        self.recount(into)
    }

    /// And back: those given at the question or at what is merged into it, from wherever in the chain they are by now. Returns
    /// the questions of the chain, which count others now.
    pub(crate) fn return_votes(&self, from: Seq, to: Seq) -> rusqlite::Result<Vec<Seq>> {
        let mut givers = vec![to];
        let mut next = 0;
        while let Some(giver) = givers.get(next) {
            let merged = self.merged(*giver)?;
            givers
                .extend(merged.iter().filter_map(|other| place_of(self.epoch, &other.question_id)));
            next += 1;
        }
        let (mut chain, mut next) = (Vec::new(), Some(from));
        while let Some(link) = next {
            for giver in &givers {
                self.conn
                    .prepare_cached(
                        "UPDATE OR IGNORE vote SET question = ? WHERE room = ? AND question = ? AND cast_on = ?",
                    )?
                    .execute(params![sql(to), self.room, sql(link), sql(*giver)])?;
            }
            self.recount(link)?;
            chain.push(link);
            let into = self.get(link)?.and_then(|item| item.merged_into);
            next = into.and_then(|id| place_of(self.epoch, &id));
        }
        self.recount(to)?;
        Ok(chain)
    }

    fn recount(&self, question: Seq) -> rusqlite::Result<()> {
        self.conn
            .prepare_cached("UPDATE item SET votes = ? WHERE room = ? AND seq = ?")?
            .execute(params![self.votes(question)?, self.room, sql(question)])?;
        Ok(())
    }

    /// Keeps a claim that is this person's own.
    pub(crate) fn renew(
        &self,
        question: Seq,
        user: &str,
        now_ms: i64,
    ) -> rusqlite::Result<Option<Item>> {
        let Some(item) = self.get(question)? else { return Ok(None) };
        let Some(mut claim) = item.claim.filter(|claim| claim.by.user == user) else {
            return Ok(None);
        };
        claim.expires_at = now_ms + CLAIM_MS;
        self.conn
            .prepare_cached(
                "UPDATE item SET claim = ?, claim_until_ms = ? WHERE room = ? AND seq = ?",
            )?
            .execute(params![text(&claim), claim.expires_at, self.room, sql(question)])?;
        self.renumber(question)
    }
}
