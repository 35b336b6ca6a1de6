//! What was asked in a room that reviews, or is held for a word: it is with staff until the desk says what became of it.

use aside_history::{Change, Delivery, LocalId, OutgoingState};
use aside_protocol::triage::{Item, Review, SaidAs};
use aside_protocol::{EntryId, Nonce};

use super::Room;
use super::draft::Draft;
use super::sending::State;
use crate::error::Settled;

/// The code under which a server takes a message for review: a word in it holds it.
pub(super) const HELD: i64 = 202;
/// The code of a question that staff did not accept.
const REJECTED: &str = "rejected";
/// The code of a question that the server no longer knows: most likely its history began anew before anybody looked.
const WITHDRAWN: &str = "withdrawn";

impl Room {
    /// The server has a question, and staff are to look at it: it is no entry, and is not sent again.
    pub(super) async fn in_review(&mut self, own: usize, submission: EntryId, review: Review) {
        self.wait_for_review(own, submission.clone()).await;
        let settled = Settled::InReview { id: submission };
        self.tell_settled(self.outbox[own].id, settled);
        // Otherwise the desk tells, and why.
        if review == Review::Rejected {
            self.rejected(own).await;
        }
    }

    /// The same of a message, which a word holds.
    pub(super) async fn held(&mut self, draft: &mut Draft, nonce: &Nonce, submission: EntryId) {
        let local = LocalId::parse(nonce.as_str());
        let Some(own) = self.outbox.iter().position(|item| Some(item.id) == local) else { return };
        let (id, key) = (self.outbox[own].id, self.outbox[own].key);
        self.mark_in_review(own, submission.clone()).await;
        draft.push(Change::Deliver { key, delivery: Delivery::InReview });
        draft.settled.push((id, Settled::InReview { id: submission }));
    }

    async fn mark_in_review(&mut self, own: usize, submission: EntryId) {
        let stored = OutgoingState::InReview { submission: submission.clone() };
        let state = State::InReview { generation: self.generation };
        self.outbox[own].submission = Some(submission);
        self.set_state(own, state, stored).await;
    }

    async fn wait_for_review(&mut self, own: usize, submission: EntryId) {
        self.mark_in_review(own, submission).await;
        let key = self.outbox[own].key;
        self.deliver(key, Delivery::InReview).await;
    }

    async fn rejected(&mut self, own: usize) {
        let item = self.submission(own).filter(|item| item.review == Review::Rejected);
        let reason = item.map_or_else(String::new, |item| item.reason.clone());
        self.fail(own, REJECTED.to_owned(), reason).await;
    }

    fn submission(&self, own: usize) -> Option<&Item> {
        let submission = self.outbox[own].submission.as_ref()?;
        self.desk.items.get(submission).map(|(_, item)| item)
    }

    /// What the desk knows by now of the questions that wait for review here, or were rejected.
    pub(super) async fn follow_reviews(&mut self) {
        // All is known, or there is nothing to know: the server keeps no states any more.
        let told =
            self.desk.is_fresh() || (self.is_online() && self.hearing.fresh && !self.has_desk());
        for own in 0..self.outbox.len() {
            let waits = match &self.outbox[own].state {
                State::InReview { generation } => Some(*generation),
                State::Failed { code, .. } if code == REJECTED => None,
                _ => continue,
            };
            let Some(item) = self.submission(own).cloned() else {
                // Said on an earlier connection, and no longer so on this one: the server has forgotten it.
                if told && waits.is_some_and(|generation| generation < self.generation) {
                    self.fail(own, WITHDRAWN.to_owned(), String::new()).await;
                }
                continue;
            };
            match (item.review, item.published) {
                (Review::Rejected, _) if waits.is_some() => self.rejected(own).await,
                // Staff took the rejection back.
                (Review::Pending, _) if waits.is_none() => {
                    self.wait_for_review(own, item.question_id).await;
                }
                (Review::Approved, Some(entry)) => self.published(own, entry, item.kind).await,
                _ => {}
            }
        }
    }

    /// It is an entry: its row becomes that, as soon as the timeline has it.
    async fn published(&mut self, own: usize, entry: EntryId, kind: SaidAs) {
        let seq = self.desk.items.get(&entry).map(|(_, item)| item.seq);
        // Told in the order of the last changes: a question's own item may come after. A message has none.
        if seq.is_none() && kind == SaidAs::Question {
            return;
        }
        let mut draft = Draft::default();
        self.stored(&mut draft, own, Some(entry), seq);
        self.keep(draft).await;
    }
}
