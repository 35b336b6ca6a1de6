//! What is written at the desk: drafts of answers, answers on their way, and those that their guard holds.

use aside_history::{Delivery, Draft, DraftMode, OutboxError, OutgoingBody, RowKey};
use aside_protocol::{EntryId, triage};

use super::Room;
use super::sending::{Item, State};
use super::settling::OVERTAKEN;
use crate::error::SessionError;

/// How the slots of drafts of answers begin.
pub(super) const DRAFT: &str = "answer:";

/// The place of a question's draft among the drafts of a room.
pub(crate) fn draft_slot(question: &EntryId) -> String {
    format!("{DRAFT}{}", question.as_str())
}

/// An answer that was written here and is not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingAnswer {
    /// Its row.
    pub key: RowKey,
    /// The question.
    pub question: EntryId,
    /// What it says.
    pub text: String,
    /// How far it got.
    pub state: Delivery,
    /// Its guard holds it: somebody else answered, or is about to.
    pub held: bool,
}

impl Room {
    /// An answer was held by its guard: the question as it is now came with the refusal.
    pub(super) fn overtaken(&mut self, body: &[u8]) -> bool {
        let Some(item) = triage::parse_item_reply(body) else { return false };
        self.item_came(item);
        true
    }

    /// Sends an answer that was held, beside the others.
    pub(super) async fn answer_anyway(&mut self, key: RowKey) -> Result<(), SessionError> {
        // One that is still on its way keeps its guard.
        let n = self.retriable(key)?;
        let item = &mut self.outbox[n];
        let OutgoingBody::Answer { seen, .. } = &mut item.body else {
            return Err(SessionError::NoSuchRow);
        };
        self.store.unguard_outgoing(item.id).await?;
        *seen = None;
        self.retry(key).await
    }

    /// Keeps a draft of an answer; an empty text clears it.
    pub(super) async fn draft_answer(
        &mut self,
        question: EntryId,
        text: String,
    ) -> Result<(), OutboxError> {
        let (has, mode) = (!text.is_empty(), DraftMode::Message);
        let draft = Draft { text, mode, updated: self.env.clock.now() };
        self.store.set_draft(self.id, &draft_slot(&question), draft).await?;
        let drafted = &mut self.desk.drafted;
        let changed =
            if has { drafted.insert(question.clone()) } else { drafted.remove(&question) };
        if changed {
            self.desk.touch(&question);
            self.tell_desk();
        }
        Ok(())
    }

    /// Answers that were written, held or settled since make their questions look different.
    pub(super) fn follow_outbox(&mut self) {
        let answers: Vec<OutgoingAnswer> = self.outbox.iter().filter_map(outgoing).collect();
        if answers == self.desk.outgoing {
            return;
        }
        let before = std::mem::replace(&mut self.desk.outgoing, answers);
        let now = &self.desk.outgoing;
        let left = before.iter().filter(|answer| !now.contains(answer));
        let came = now.iter().filter(|answer| !before.contains(answer));
        let questions: Vec<EntryId> =
            left.chain(came).map(|answer| answer.question.clone()).collect();
        for question in &questions {
            self.desk.touch(question);
        }
        self.tell_desk();
    }
}

/// An item of the outbox, if it is an answer.
fn outgoing(item: &Item) -> Option<OutgoingAnswer> {
    let OutgoingBody::Answer { question, text, .. } = &item.body else { return None };
    let (state, held) = match &item.state {
        State::Queued | State::Written { .. } | State::Posting { .. } => (Delivery::Sending, false),
        State::Accepted { .. } => (Delivery::Sent, false),
        State::Unsure(_) => (Delivery::Unsure, false),
        State::Failed { code } => {
            let state = Delivery::Failed { code: code.clone(), reason: String::new() };
            (state, code == OVERTAKEN)
        }
    };
    let (question, text) = (question.clone(), text.clone());
    Some(OutgoingAnswer { key: item.key, question, text, state, held })
}
