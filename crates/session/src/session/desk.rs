//! The desk's part of the handle.

use aside_history::{OutboxError, RowKey, StoreError};
use aside_protocol::EntryId;
use aside_protocol::triage::{Doing, Item, LogLine, Voted};
use tokio::sync::oneshot;

use super::Session;
use crate::error::{SessionError, TriageError};
use crate::room::{self, Command, Questions, Staff, Wish};

impl Session {
    /// Sends an answer that its guard held, beside the others.
    ///
    /// # Errors
    /// [`SessionError::NoSuchRow`] when it's no such row.
    pub async fn answer_anyway(&self, key: RowKey) -> Result<(), SessionError> {
        self.request(|reply| Command::AnswerAnyway { key, reply }).await
    }

    /// Changes a question's state, and says what it is then.
    ///
    /// # Errors
    /// [`TriageError`].
    pub async fn triage(&self, wish: Wish) -> Result<Item, TriageError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Triage { wish, reply }).await;
        sent.map_err(|_| TriageError::Closed)?;
        answer.await.map_err(|_| TriageError::Closed)?
    }

    /// Makes a question of a message, as its author's; the same one when it was made before.
    ///
    /// # Errors
    /// [`TriageError`].
    pub async fn make_question(&self, message: EntryId) -> Result<Item, TriageError> {
        self.staff(Staff::MakeQuestion(message)).await
    }

    /// Changes an answer's text; says what its question is then.
    ///
    /// # Errors
    /// [`TriageError`].
    pub async fn edit_answer(&self, answer: EntryId, text: String) -> Result<Item, TriageError> {
        self.staff(Staff::Edit(answer, text)).await
    }

    /// Takes an answer back; says what its question is then.
    ///
    /// # Errors
    /// [`TriageError`].
    pub async fn retract_answer(&self, answer: EntryId) -> Result<Item, TriageError> {
        self.staff(Staff::Retract(answer)).await
    }

    async fn staff(&self, wish: Staff) -> Result<Item, TriageError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Staff { wish, reply }).await;
        sent.map_err(|_| TriageError::Closed)?;
        answer.await.map_err(|_| TriageError::Closed)?
    }

    /// What was done with a question, oldest first.
    ///
    /// # Errors
    /// [`TriageError`].
    pub async fn question_log(&self, question: EntryId) -> Result<Vec<LogLine>, TriageError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::QuestionLog { question, reply }).await;
        sent.map_err(|_| TriageError::Closed)?;
        answer.await.map_err(|_| TriageError::Closed)?
    }

    /// What this person has before them, and does with it; said to other staff again and again while it holds.
    pub async fn look(&self, question: Option<EntryId>, doing: Doing, device: String) {
        // A closed room has nobody to tell.
        let _closed = self.commands.send(Command::Look { question, doing, device }).await;
    }

    /// Wants a question answered, or no longer.
    ///
    /// # Errors
    /// [`TriageError`].
    pub async fn vote(&self, question: EntryId, vote: bool) -> Result<Voted, TriageError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Vote { question, vote, reply }).await;
        sent.map_err(|_| TriageError::Closed)?;
        answer.await.map_err(|_| TriageError::Closed)?
    }

    /// The questions whose state changed since a revision; zero for all.
    ///
    /// # Errors
    /// [`SessionError::Closed`].
    pub async fn questions(&self, since: u64) -> Result<Questions, SessionError> {
        self.request(|reply| Command::Questions { since, reply }).await
    }

    /// The draft of an answer; empty for none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn question_draft(&self, question: &EntryId) -> Result<String, StoreError> {
        let draft = self.store.draft(self.room, &room::draft_slot(question)).await?;
        Ok(draft.map(|draft| draft.text).unwrap_or_default())
    }

    /// Keeps the draft of an answer; an empty text clears it.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn set_question_draft(
        &self,
        question: EntryId,
        text: String,
    ) -> Result<(), OutboxError> {
        let (reply, answer) = oneshot::channel();
        let closed = OutboxError::Store(StoreError::Closed);
        let sent = self.commands.send(Command::DraftAnswer { question, text, reply }).await;
        sent.map_err(|_| closed)?;
        answer.await.map_err(|_| OutboxError::Store(StoreError::Closed))?
    }
}
