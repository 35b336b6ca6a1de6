//! What was written here and is not to be sent after all: thrown away, or, of an answer, taken back in the moment for which it waits here. Nothing
//! of that moment is on disk: should everything stop in it, the next start sends the answer.

use std::time::Duration;

use aside_history::{Change, OutboxError, OutgoingBody, RowKey};
use aside_protocol::EntryId;
use aside_protocol::triage::Visibility;
use tokio::time::{Instant, timeout_at};

use super::answers::Begun;
use super::draft::Draft;
use super::sending::{Item, State};
use super::{Done, Room};
use crate::error::{SessionError, Settled};

/// The code under which those who wait hear that a person threw it away.
const DISCARDED: &str = "discarded";

/// An answer that was taken back: its question's draft now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The question.
    pub question: EntryId,
    /// What it said, before whatever was begun since.
    pub text: String,
    /// Who was to read it, or fewer.
    pub visibility: Visibility,
}

impl Item {
    pub(super) fn is_held_back(&self, now: Instant) -> bool {
        self.leaves.is_some_and(|leaves| now < leaves)
    }

    /// When it is no longer held back, if it was and has not left.
    pub(super) fn held_back_until(&self) -> Option<Instant> {
        self.leaves.filter(|_| self.never_left())
    }

    /// No server can have it: what waits to be sent once more may be there already.
    fn never_left(&self) -> bool {
        self.state == State::Queued && self.attempts == 0
    }
}

impl Room {
    /// What was just written does not leave for so long.
    pub(super) fn hold_back(&mut self, grace: Duration) {
        if let Some(item) = self.outbox.back_mut().filter(|_| !grace.is_zero()) {
            item.leaves = Some(Instant::now() + grace);
        }
    }

    /// An answer that has not left becomes a draft again. First the draft: whatever happens, the words are somewhere.
    pub(super) async fn take_back(&mut self, key: RowKey) -> Result<TakenBack, SessionError> {
        let found = self.outbox.iter().find(|item| item.key == key && item.never_left());
        let body = found.map(|item| item.body.clone());
        let Some(OutgoingBody::Answer { question, text, visibility, .. }) = body else {
            return Err(SessionError::NoSuchRow);
        };
        let (begun, readers) = self.answer_draft(&question).await?;
        let (text, visibility) = if begun.trim().is_empty() {
            (text, visibility)
        } else {
            (format!("{text}\n\n{begun}"), fewer(visibility, readers))
        };
        let of = Begun { question: question.clone(), answer: None };
        let kept = self.keep_draft(of, text.clone(), visibility).await;
        kept.map_err(|error| match error {
            OutboxError::Store(error) => SessionError::Store(error),
            // Together they are too long for a draft: it stays an answer.
            OutboxError::TooLong { .. } | OutboxError::Full => SessionError::DraftTooLong,
        })?;
        self.discard(key).await?;
        Ok(TakenBack { question, text, visibility })
    }

    pub(super) async fn discard(&mut self, key: RowKey) -> Result<(), SessionError> {
        let queued = self.outbox.iter().position(|i| i.key == key && i.state == State::Queued);
        let n = queued.map_or_else(|| self.retriable(key), Ok)?;
        // First what would be sent: should everything stop between the two, only a row is left.
        let id = self.outbox[n].id;
        self.store.remove_outgoing(id).await?;
        self.outbox.remove(n);
        let mut draft = Draft::default();
        draft.push(Change::Remove { key });
        let (code, reason) = (DISCARDED.to_owned(), String::new());
        draft.settled.push((id, Settled::Failed { code, reason }));
        self.commit(draft).await.map(drop).ok_or(SessionError::Closed)
    }

    /// The room is left: nobody takes anything back any more.
    pub(super) async fn hold_nothing_back(&mut self) {
        let now = Instant::now();
        for item in self.outbox.iter_mut().filter(|item| item.is_held_back(now)) {
            item.leaves = Some(now);
        }
        self.send_outbox().await;
    }

    /// Waits for what the server says of answers and removals that are on their way; what else comes is of no use to who leaves.
    pub(super) async fn hear_of_last_deeds(&mut self, until: Instant) {
        while self.removes() || self.is_online() && self.outbox.iter().any(is_leaving) {
            match timeout_at(until, self.jobs.join_next()).await {
                Ok(Some(Ok(Done::Removed(asked)))) => self.removal_answered(asked),
                Ok(Some(Ok(Done::Posted(posted)))) => self.posted(posted).await,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        self.tell_left_removals();
    }
}

/// What was held back, and is with the server now or waits for its turn.
fn is_leaving(item: &Item) -> bool {
    let under_way = matches!(item.state, State::Queued | State::Posting { .. });
    item.leaves.is_some() && under_way
}

fn fewer(one: Visibility, other: Visibility) -> Visibility {
    let readers = |of: Visibility| match of {
        Visibility::Public => 2,
        Visibility::Asker => 1,
        Visibility::Staff => 0,
    };
    if readers(one) <= readers(other) { one } else { other }
}
