//! What is written at the desk: drafts of answers, answers on their way, and those that their guard holds.

use std::time::Duration;

use aside_history::{
    Change, Delivery, DraftMode, NewRow, OutboxError, OutgoingBody, RowKey, RowKind, StoreError,
};
use aside_protocol::triage::{AnswerEdit, Visibility};
use aside_protocol::{Body, Entry, EntryId, EntryKind, Extension, triage};

use super::Room;
use super::draft::Draft;
use super::sending::{Item, State};
use crate::error::SessionError;

/// How the slots of drafts begin: of answers ...
const ANSWER: &str = "answer:";
/// ... and of other words for those that were given.
const EDIT: &str = "edit:";

/// The code under which an answer is held: somebody else answered, or is about to.
pub const OVERTAKEN: &str = "overtaken";

/// What a draft at the desk is of: an answer to a question, or other words for one that was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Begun {
    /// The question.
    pub question: EntryId,
    /// The answer that gets other words; nothing for a new one.
    pub answer: Option<EntryId>,
}

impl Begun {
    /// Its place among the drafts of a room.
    pub(crate) fn slot(&self) -> String {
        let question = self.question.as_str();
        match &self.answer {
            None => format!("{ANSWER}{question}"),
            // Ids are a server's words: nothing in them is taken for the end of one.
            Some(answer) => format!("{EDIT}{}", serde_json::json!([question, answer.as_str()])),
        }
    }

    pub(super) fn of_slot(slot: &str) -> Option<Self> {
        if let Some(question) = slot.strip_prefix(ANSWER) {
            return Some(Self { question: EntryId::new(question), answer: None });
        }
        let (question, answer): (String, String) =
            serde_json::from_str(slot.strip_prefix(EDIT)?).ok()?;
        Some(Self { question: EntryId::new(question), answer: Some(EntryId::new(answer)) })
    }
}

/// What a draft of an answer says, and to whom; nothing to everybody, where there is none.
pub(crate) fn draft_of(draft: Option<aside_history::Draft>) -> (String, Visibility) {
    draft.map_or((String::new(), Visibility::Public), |draft| {
        let readers = match draft.mode {
            DraftMode::Message | DraftMode::Question => Visibility::Public,
            DraftMode::ForAsker => Visibility::Asker,
            DraftMode::ForStaff => Visibility::Staff,
        };
        (draft.text, readers)
    })
}

/// For whom an answer is, and what its writer knew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answering {
    /// Who may read it.
    pub visibility: Visibility,
    /// The question's `last_answer` that its writer saw: if there is a newer one by then, or somebody else has claimed the question,
    /// nothing is published, and the row fails with the code `overtaken`. Nothing for no guard.
    pub seen: Option<u64>,
    /// Its writer knows that somebody else is about to answer, or has.
    pub co_answer: bool,
    /// For so long it does not leave, and [`Session::take_back`](crate::Session::take_back) has it back; zero: it leaves at once. A
    /// room that is left sends it first.
    pub grace: Duration,
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
    /// Who may read it.
    pub visibility: Visibility,
    /// How far it got.
    pub state: Delivery,
    /// Its guard holds it: somebody else answered, or is about to.
    pub held: bool,
    /// It is held back, so that it can be taken back.
    pub held_back: bool,
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
        let OutgoingBody::Answer { seen, co_answer, .. } = &mut item.body else {
            return Err(SessionError::NoSuchRow);
        };
        self.store.unguard_outgoing(item.id).await?;
        (*seen, *co_answer) = (None, true);
        self.retry(key).await
    }

    /// Whether an answer may be for its asker alone: it needs a server that knows them, and takes each once.
    pub(super) fn has_private_answers(&self) -> bool {
        self.has_desk() && self.has(Extension::Ack) && self.tell.borrow().facts.role.answers()
    }

    /// The draft of an answer, empty for none, and who is to read it.
    pub(super) async fn answer_draft(
        &self,
        question: &EntryId,
    ) -> Result<(String, Visibility), StoreError> {
        let begun = Begun { question: question.clone(), answer: None };
        Ok(draft_of(self.store.draft(self.id, &begun.slot()).await?))
    }

    /// Keeps a draft; an empty text clears it.
    pub(super) async fn keep_draft(
        &mut self,
        of: Begun,
        text: String,
        readers: Visibility,
    ) -> Result<(), OutboxError> {
        let has = !text.is_empty();
        let mode = match readers {
            Visibility::Public => DraftMode::Message,
            Visibility::Asker => DraftMode::ForAsker,
            Visibility::Staff => DraftMode::ForStaff,
        };
        let draft = aside_history::Draft { text, mode, updated: self.env.clock.now() };
        self.store.set_draft(self.id, &of.slot(), draft).await?;
        let (drafted, question) = (&mut self.desk.drafted, of.question.clone());
        let changed = if has { drafted.insert(of) } else { drafted.remove(&of) };
        if changed {
            self.desk.touch(&question);
            self.tell_desk();
        }
        Ok(())
    }

    /// Answers that were changed after they were published are changed in the timeline, too; what can't be written now is kept for later.
    pub(super) async fn edit_rows(&mut self) {
        if self.desk.edits.is_empty() || self.waits_for_storage() {
            return;
        }
        let edits = std::mem::take(&mut self.desk.edits);
        let kept = match self.edited(&edits).await {
            Ok(draft) => self.commit(draft).await.is_some(),
            Err(error) => {
                tracing::warn!(%error, "an answer that was changed could not be looked for");
                false
            }
        };
        if !kept {
            self.desk.edits = edits;
        }
    }

    async fn edited(&self, edits: &[AnswerEdit]) -> Result<Draft, StoreError> {
        let mut draft = Draft::default();
        for AnswerEdit { answer_id, content } in edits {
            let Some(row) = self.store.row_by_entry_id(self.id, answer_id).await? else {
                // Not here yet: its question knows how it reads now.
                continue;
            };
            let (key, received_at) = (row.key, row.received_at);
            let RowKind::Entry(mut entry) = row.kind else { continue };
            if entry.entry.content != *content {
                entry.entry.content.clone_from(content);
                let row = NewRow { received_at, kind: RowKind::Entry(entry) };
                draft.push(Change::Update { key, row });
            }
        }
        Ok(draft)
    }

    /// An answer may come late, held back until others came or on a page that was made before it was changed: it says what its question knows.
    pub(super) fn say_as_changed(&self, said: &mut Entry) {
        if said.kind != EntryKind::Answer || self.desk.items.is_empty() {
            return;
        }
        let Body::Answer { question_id: Some(question), notes, .. } = said.body() else { return };
        let Some((_, item)) = self.desk.items.get(&question) else { return };
        let edit = item.edits.iter().find(|edit| said.id.as_ref() == Some(&edit.answer_id));
        let Some(AnswerEdit { content, .. }) = edit else { return };
        let changed = Entry { content: content.clone(), ..said.clone() };
        let Body::Answer { notes: told, .. } = changed.body() else { return };
        // What comes may be newer than what is known of the question.
        let newer = notes.retracted || !told.retracted && notes.edited_at > told.edited_at;
        if !newer {
            *said = changed;
        }
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
    let OutgoingBody::Answer { question, text, visibility, .. } = &item.body else { return None };
    let (state, held) = match &item.state {
        State::Queued | State::Written { .. } | State::Posting { .. } => (Delivery::Sending, false),
        State::Accepted { .. } => (Delivery::Sent, false),
        // Nothing waits for it any more.
        State::Shown { .. } => return None,
        State::InReview { .. } => (Delivery::InReview, false),
        State::Unsure(_) => (Delivery::Unsure, false),
        State::Failed { code, reason } => {
            let state = Delivery::Failed { code: code.clone(), reason: reason.clone() };
            (state, code == OVERTAKEN)
        }
    };
    let (question, text, visibility) = (question.clone(), text.clone(), *visibility);
    let held_back = item.held_back_until().is_some();
    Some(OutgoingAnswer { key: item.key, question, text, visibility, state, held, held_back })
}
