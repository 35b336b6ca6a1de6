//! The desk's part of the handle.

use aside_history::{OutboxError, RowKey, StoreError};
use aside_protocol::EntryId;
use aside_protocol::triage::{Doing, Item, LogLine, SnippetChange, Snippets, Visibility, Voted};
use tokio::sync::oneshot;

use super::Session;
use crate::error::{SessionError, SnippetError, TriageError};
use crate::room::{self, Begun, Command, Questions, Staff, TakenBack, Wish};

impl Session {
    /// Sends an answer that its guard held, beside the others.
    ///
    /// # Errors
    /// [`SessionError::NoSuchRow`] when it's no such row.
    pub async fn answer_anyway(&self, key: RowKey) -> Result<(), SessionError> {
        self.request(|reply| Command::AnswerAnyway { key, reply }).await
    }

    /// Has an answer back that has not left: it is its question's draft then.
    ///
    /// # Errors
    /// [`SessionError::NoSuchRow`] when it's no such row, or has left; [`SessionError::DraftTooLong`], and it leaves.
    pub async fn take_back(&self, key: RowKey) -> Result<TakenBack, SessionError> {
        self.request(|reply| Command::TakeBack { key, reply }).await
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

    /// Takes an answer back; says what its question is then, where the server still has that.
    ///
    /// # Errors
    /// [`TriageError`].
    pub async fn retract_answer(&self, answer: EntryId) -> Result<Option<Item>, TriageError> {
        match self.staff(Staff::Retract(answer)).await {
            Ok(item) => Ok(Some(item)),
            Err(TriageError::Refused { status: 200..=299, .. }) => Ok(None),
            Err(error) => Err(error),
        }
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

    /// The snippets that staff share, as the server last told them; none where there are none for this person.
    ///
    /// # Errors
    /// [`SessionError::Closed`].
    pub async fn team_snippets(&self) -> Result<Snippets, SessionError> {
        self.request(|reply| Command::Snippets { reply }).await
    }

    /// Writes a snippet of the team, a new one without an id, into the list of a revision that was looked at; says what the
    /// list is then.
    ///
    /// # Errors
    /// [`SnippetError`].
    pub async fn put_team_snippet(
        &self,
        rev: u64,
        id: Option<String>,
        name: String,
        text: String,
    ) -> Result<Snippets, SnippetError> {
        self.change_snippets(rev, SnippetChange::Put { id, name, text }).await
    }

    /// Removes a snippet of the team from the list of a revision that was looked at; says what the list is then.
    ///
    /// # Errors
    /// [`SnippetError`].
    pub async fn remove_team_snippet(
        &self,
        rev: u64,
        id: String,
    ) -> Result<Snippets, SnippetError> {
        self.change_snippets(rev, SnippetChange::Remove { id }).await
    }

    async fn change_snippets(
        &self,
        rev: u64,
        change: SnippetChange,
    ) -> Result<Snippets, SnippetError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::ChangeSnippets { rev, change, reply }).await;
        sent.map_err(|_| SnippetError::Closed)?;
        answer.await.map_err(|_| SnippetError::Closed)?
    }

    /// The draft of an answer, empty for none, and who is to read it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn question_draft(
        &self,
        question: &EntryId,
    ) -> Result<(String, Visibility), StoreError> {
        let begun = Begun { question: question.clone(), answer: None };
        Ok(room::draft_of(self.store.draft(self.room, &begun.slot()).await?))
    }

    /// Keeps the draft of an answer, and who is to read it; an empty text clears it.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn set_question_draft(
        &self,
        question: EntryId,
        text: String,
        readers: Visibility,
    ) -> Result<(), OutboxError> {
        self.keep_draft(Begun { question, answer: None }, text, readers).await
    }

    /// The other words that were begun for an answer that was given; empty for none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn edit_draft(&self, begun: &Begun) -> Result<String, StoreError> {
        let draft = self.store.draft(self.room, &begun.slot()).await?;
        Ok(draft.map_or_else(String::new, |draft| draft.text))
    }

    /// Keeps other words for an answer that was given, until [`Session::edit_answer`] has said them; an empty text clears them.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn set_edit_draft(
        &self,
        question: EntryId,
        answer: EntryId,
        text: String,
    ) -> Result<(), OutboxError> {
        let begun = Begun { question, answer: Some(answer) };
        self.keep_draft(begun, text, Visibility::Public).await
    }

    async fn keep_draft(
        &self,
        of: Begun,
        text: String,
        readers: Visibility,
    ) -> Result<(), OutboxError> {
        let (reply, answer) = oneshot::channel();
        let closed = OutboxError::Store(StoreError::Closed);
        let sent = self.commands.send(Command::Draft { of, text, readers, reply }).await;
        sent.map_err(|_| closed)?;
        answer.await.map_err(|_| OutboxError::Store(StoreError::Closed))?
    }
}
