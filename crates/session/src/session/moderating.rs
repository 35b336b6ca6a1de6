//! The part of the handle for whoever keeps order.

use aside_protocol::EntryId;
use aside_protocol::moderation::{Deed, Moderation};
use tokio::sync::oneshot;

use super::Session;
use crate::error::ModerationError;
use crate::room::{Command, Mute, OrderWish};

impl Session {
    /// Removes an entry after six seconds, in which [`Session::keep_entry`] takes it back; the room does it, whoever still looks at it. A removal
    /// that is due without a connection waits for one. See [`OrderView`](crate::OrderView).
    ///
    /// # Errors
    /// [`ModerationError::NotOffered`]; what the server says shows in the view.
    pub async fn remove_entry(
        &self,
        entry: EntryId,
        reason: String,
    ) -> Result<(), ModerationError> {
        self.order(|reply| OrderWish::Remove { entry, reason, reply }).await
    }

    /// Takes a removal back.
    ///
    /// # Errors
    /// [`ModerationError::TooLate`] when the server was asked for it.
    pub async fn keep_entry(&self, entry: EntryId) -> Result<(), ModerationError> {
        self.order(|reply| OrderWish::Keep { entry, reply }).await
    }

    /// Does not wait before a removal.
    pub async fn remove_now(&self, entry: EntryId) {
        // A closed room has none.
        let _closed = self.commands.send(Command::Order(OrderWish::RemoveNow { entry })).await;
    }

    /// Somebody has seen why an entry could not be removed.
    pub async fn take_note(&self) {
        // A closed room says nothing more.
        let _closed = self.commands.send(Command::Order(OrderWish::TakeNote)).await;
    }

    /// Lets somebody not speak for a time, or speak again.
    ///
    /// # Errors
    /// [`ModerationError`].
    pub async fn mute(&self, mute: Mute) -> Result<(), ModerationError> {
        self.order(|reply| OrderWish::Mute { mute, reply }).await
    }

    /// Makes each person of the audience wait so many seconds between what they say; zero for not at all.
    ///
    /// # Errors
    /// [`ModerationError`].
    pub async fn slow(&self, seconds: u32) -> Result<(), ModerationError> {
        self.order(|reply| OrderWish::Slow { seconds, reply }).await
    }

    /// How slow the room is, and who may not speak.
    ///
    /// # Errors
    /// [`ModerationError`].
    pub async fn moderation(&self) -> Result<Moderation, ModerationError> {
        self.order(|reply| OrderWish::Moderation { reply }).await
    }

    /// The newest of what was done for order, or what was done before a deed; oldest first.
    ///
    /// # Errors
    /// [`ModerationError`].
    pub async fn deeds(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Deed>, ModerationError> {
        self.order(|reply| OrderWish::Deeds { before, limit, reply }).await
    }

    async fn order<T>(
        &self,
        wish: impl FnOnce(oneshot::Sender<Result<T, ModerationError>>) -> OrderWish,
    ) -> Result<T, ModerationError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Order(wish(reply))).await;
        sent.map_err(|_| ModerationError::Closed)?;
        answer.await.map_err(|_| ModerationError::Closed)?
    }
}
