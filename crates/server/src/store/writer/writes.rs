//! What is asked of the writer, and who is told what became of it.

use std::sync::Arc;

use aside_protocol::{Control, Nonce, Seq, ServerFrame, close};
use rusqlite::Transaction;
use tokio::sync::oneshot;

use super::super::StoreError;
use super::super::entries::Draft;
use crate::outlet::{Goodbye, Outlet};
use crate::room::Room;

/// Something to be written.
pub(crate) enum Write {
    /// Entries of one room.
    Append(Append),
    /// A change of rooms or tokens, in a transaction of its own.
    Job(Job),
    /// Commit what came before, tidy up, end.
    Stop,
}

pub(super) type Job = Box<dyn Change>;

/// A change that may be made again, where what it was made on was old.
pub(crate) trait Change: Send {
    /// Makes it, and keeps what came of it.
    fn make(&mut self, tx: &Transaction<'_>) -> rusqlite::Result<()>;
    /// Says how it ended: what was made last is on disk, or none of it is.
    fn end(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Asked<T, C, D> {
    change: C,
    made: Option<T>,
    then: D,
    done: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, C, D> Change for Asked<T, C, D>
where
    T: Send,
    C: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Clone + Send,
    D: FnOnce(&T) + Send,
{
    fn make(&mut self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        self.made = Some((self.change.clone())(tx)?);
        Ok(())
    }

    fn end(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { made, then, done, .. } = *self;
        let outcome = outcome.and_then(|()| made.ok_or(StoreError::Stopped));
        // The caller may have gone; what was asked for is done all the same.
        let _ = done.send(outcome.inspect(|value| then(value)));
    }
}

/// Entries of one room, stored all together, in order, without anything between them.
pub(crate) struct Append {
    pub(crate) room: Arc<Room>,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) reply: Reply,
}

/// Who is told once the entries are on disk.
pub(crate) enum Reply {
    /// Nobody: a send without a nonce.
    Nobody,
    /// The sender, on its socket, after the room was told.
    Socket(Outlet, Nonce),
    /// A caller that waits.
    Caller(oneshot::Sender<Result<Vec<Seq>, AppendError>>),
}

/// Entries were not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AppendError {
    /// The same nonce came before, with another body.
    #[error("the nonce was used for something else")]
    NonceReused,
    /// Somebody else answered, or is about to.
    #[error("somebody else answered, or is about to")]
    Overtaken,
    /// The same question came before, and waits for review.
    #[error("it waits for review")]
    InReview,
    /// What it is made of, or what it answers, was removed.
    #[error("it was removed")]
    Gone,
    /// The disk, the database or the log refused.
    #[error("nothing can be stored now")]
    Unavailable,
    /// The log did not say whether it has them.
    #[error("nobody knows whether it is stored")]
    Unsure,
}

impl Write {
    /// Wraps a change, so that its outcome goes to `done`.
    pub(in crate::store) fn job<T: Send + 'static>(
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Clone + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
        done: oneshot::Sender<Result<T, StoreError>>,
    ) -> Self {
        Self::Job(Box::new(Asked { change, made: None, then, done }))
    }
}

impl Reply {
    pub(super) fn give(self, room: &Room, outcome: Result<Vec<Seq>, AppendError>) {
        match self {
            Self::Nobody => {}
            // A caller that no longer waits knows that it does not know; the entry is stored.
            Self::Caller(caller) => drop(caller.send(outcome)),
            // It comes back and finds what it said, or says it again under the same nonce.
            Self::Socket(outlet, _) if outcome == Err(AppendError::Unsure) => {
                outlet.end(Goodbye::close(close::TRY_LATER, "whether it is stored is not known"));
            }
            Self::Socket(outlet, nonce) => {
                let control = match outcome {
                    Ok(places) => {
                        let seq = places.last().copied();
                        let with_seq = room.wire().seq;
                        let seq = seq.filter(|_| with_seq);
                        Control::Ack { nonce, id: seq.map(|seq| room.entry_id(seq)), seq }
                    }
                    Err(error) => error.nack(nonce),
                };
                outlet.say(ServerFrame::control_text(&control).into());
            }
        }
    }
}

impl AppendError {
    fn nack(self, nonce: Nonce) -> Control {
        let code = match self {
            Self::NonceReused | Self::Overtaken | Self::InReview => 409,
            Self::Gone => 404,
            Self::Unavailable | Self::Unsure => 503,
        };
        Control::Nack { nonce, code, reason: self.to_string(), retry_ms: None, id: None }
    }
}
