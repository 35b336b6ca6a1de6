//! The one thread that writes. Commits that wait together are written together, and told only afterwards.

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::desk::Desk;
use crate::cache::apply::apply;
use crate::cache::indexing::Index;
use crate::commit::{Commit, Committed};
use crate::error::{CommitError, StoreError};
use crate::ids::RoomId;

/// So many commits share a transaction at most, so that the first of them is not kept waiting.
const TOGETHER: usize = 64;

/// Something for the desk.
pub(crate) enum Job {
    /// Rows of one room.
    Commit(CommitJob),
    /// Anything else.
    Other(Box<dyn FnOnce(&mut Desk) + Send>),
    /// Close the files, then answer.
    Close(oneshot::Sender<()>),
}

/// A commit and who waits for it.
pub(crate) struct CommitJob {
    pub(crate) room: RoomId,
    pub(crate) commit: Commit,
    /// The only cache for which it is.
    pub(crate) bound: Option<u64>,
    pub(crate) reply: oneshot::Sender<Result<Committed, CommitError>>,
}

/// The writer's life: ends on [`Job::Close`], or when nobody can ask any more.
pub(crate) fn write_until_closed(mut desk: Desk, mut jobs: mpsc::Receiver<Job>) {
    let mut next = None;
    loop {
        // While rows are not searchable yet, some of them are made so whenever nobody waits.
        let waiting = next.take().or_else(|| jobs.try_recv().ok());
        if waiting.is_none() && desk.index_some() {
            continue;
        }
        match waiting.or_else(|| jobs.blocking_recv()) {
            None => return desk.finish(),
            Some(Job::Close(done)) => {
                desk.finish();
                jobs.close();
                let _ = done.send(());
                return;
            }
            Some(Job::Other(work)) => work(&mut desk),
            Some(Job::Commit(first)) => {
                let mut group = vec![first];
                while group.len() < TOGETHER && next.is_none() {
                    match jobs.try_recv() {
                        Ok(Job::Commit(job)) => group.push(job),
                        Ok(other) => next = Some(other),
                        Err(_) => break,
                    }
                }
                desk.commit(group);
            }
        }
    }
}

impl Desk {
    /// Writes a commit, and does what the writer does when nobody waits.
    pub(crate) fn commit_inline(&mut self, job: CommitJob) {
        self.commit(vec![job]);
        while self.index_some() {}
    }

    /// Writes these commits in one transaction; each of them happens or not by itself, unless the file fails.
    pub(crate) fn commit(&mut self, asked: Vec<CommitJob>) {
        let mut jobs = Vec::with_capacity(asked.len());
        for job in asked {
            match self.has_cache(job.bound) {
                Ok(()) => jobs.push(job),
                Err(rebuilt) => drop(job.reply.send(Err(rebuilt.into()))),
            }
        }
        if jobs.is_empty() {
            return;
        }
        let results = match write_together(&self.cache, &mut self.index, &jobs) {
            Ok(results) => results,
            Err(error) => {
                self.index.undone();
                let error = if error.is_cache_damage() { self.rebuild_cache(error) } else { error };
                vec![Err(CommitError::Store(error)); jobs.len()]
            }
        };
        for (job, result) in jobs.into_iter().zip(results) {
            // Nobody waits any more: the asker was cancelled.
            let _ = job.reply.send(result);
        }
    }
}

type Results = Vec<Result<Committed, CommitError>>;

fn write_together(
    conn: &Connection,
    index: &mut Index,
    jobs: &[CommitJob],
) -> Result<Results, StoreError> {
    let mut transaction = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    let mut results = Vec::with_capacity(jobs.len());
    for job in jobs {
        let savepoint = transaction.savepoint()?;
        let result = apply(&savepoint, index, job.room, &job.commit);
        match &result {
            Ok(_) => savepoint.commit()?,
            Err(CommitError::Store(error)) if error.is_cache_damage() || conn.is_autocommit() => {
                return Err(error.clone());
            }
            Err(_) => {
                index.undone();
                savepoint.finish()?;
            }
        }
        results.push(result);
        aside_failpoint::at("cache.applied");
    }
    aside_failpoint::at("cache.before-commit");
    transaction.commit()?;
    index.committed();
    aside_failpoint::at("cache.committed");
    Ok(results)
}

#[cfg(test)]
mod tests {
    use aside_protocol::{Entry, EntryKind};
    use jiff::Timestamp;

    use super::*;
    use crate::cache::read;
    use crate::commit::{Change, Where};
    use crate::ids::{Revision, RoomName, RowKey};
    use crate::row::{Delivery, EntryRow, NewRow, RowKind, Standing};
    use crate::view::Anchor;

    fn said(text: &str) -> Commit {
        let entry = Entry {
            kind: EntryKind::Message,
            user: "u".to_owned(),
            display_name: String::new(),
            avatar_url: String::new(),
            stream: String::new(),
            content: text.to_owned(),
            created_at: None,
            id: None,
            seq: None,
            nonce: None,
        };
        let kind = RowKind::Entry(Box::new(EntryRow {
            entry,
            created_at: None,
            mine: false,
            standing: Standing::Provisional,
            delivery: Delivery::Received,
            local_id: None,
        }));
        let row = NewRow { received_at: Timestamp::UNIX_EPOCH, kind };
        Commit {
            changes: vec![Change::Insert { at: Where::End, rows: vec![row] }],
            ..Commit::default()
        }
    }

    fn desk_with_room() -> (Desk, RoomId) {
        let mut desk = Desk::in_memory().unwrap();
        let part = || "x".to_owned();
        let room = desk
            .room(&RoomName { server: part(), topic: part(), stream: part(), user: part() })
            .unwrap();
        (desk, room)
    }

    type Answer = oneshot::Receiver<Result<Committed, CommitError>>;

    fn job(room: RoomId, commit: Commit) -> (CommitJob, Answer) {
        let (reply, answer) = oneshot::channel();
        (CommitJob { room, commit, bound: None, reply }, answer)
    }

    #[test]
    fn a_bad_commit_does_not_spoil_those_that_wait_with_it() {
        let (mut desk, room) = desk_with_room();
        let mut bad = said("never");
        bad.changes.push(Change::Move { key: RowKey(99), at: Where::End });
        let (jobs, mut answers): (Vec<_>, Vec<_>) =
            [said("one"), bad, said("two")].map(|commit| job(room, commit)).into_iter().unzip();
        desk.commit(jobs);
        let answers: Vec<_> = answers.iter_mut().map(|answer| answer.try_recv().unwrap()).collect();
        assert_eq!(answers[0].as_ref().unwrap().revision, Revision(1));
        assert!(matches!(answers[1], Err(CommitError::UnknownRow(RowKey(99)))));
        assert_eq!(answers[2].as_ref().unwrap().revision, Revision(2));
        let page = desk.read(|conn| read::page(conn, room, Anchor::End, 10)).unwrap();
        let texts: Vec<_> =
            page.rows.iter().map(|row| row.entry().unwrap().entry.content.as_str()).collect();
        assert_eq!(texts, ["one", "two"]);
    }

    #[test]
    fn a_full_disk_is_told_as_such_and_keeps_what_was_there() {
        let (mut desk, room) = desk_with_room();
        let (first, mut answer) = job(room, said("kept"));
        desk.commit(vec![first]);
        answer.try_recv().unwrap().unwrap();
        let pages: i64 = desk.cache.query_row("PRAGMA page_count", [], |line| line.get(0)).unwrap();
        desk.cache.pragma_update(None, "max_page_count", pages).unwrap();
        let (large, mut answer) = job(room, said(&"x".repeat(100_000)));
        desk.commit(vec![large]);
        assert!(matches!(
            answer.try_recv().unwrap(),
            Err(CommitError::Store(StoreError::DiskFull))
        ));
        desk.cache.pragma_update(None, "max_page_count", pages + 100).unwrap();
        let (small, mut answer) = job(room, said("after"));
        desk.commit(vec![small]);
        assert_eq!(answer.try_recv().unwrap().unwrap().revision, Revision(2));
        let page = desk.read(|conn| read::page(conn, room, Anchor::End, 10)).unwrap();
        assert_eq!(page.rows.len(), 2);
    }

    #[test]
    fn a_store_that_may_not_be_written_says_so() {
        let (mut desk, room) = desk_with_room();
        desk.cache.pragma_update(None, "query_only", true).unwrap();
        let (refused, mut answer) = job(room, said("never"));
        desk.commit(vec![refused]);
        assert!(matches!(
            answer.try_recv().unwrap(),
            Err(CommitError::Store(StoreError::ReadOnly))
        ));
    }
}
