//! What a person wrote: entries on their way to a server, and drafts.

use aside_protocol::EntryId;
use aside_protocol::triage::Visibility;
use jiff::{SignedDuration, Timestamp};

use crate::ids::LocalId;

/// A room's outbox holds at most this many.
pub const OUTBOX_ROWS: u32 = 500;
/// A body, and a draft, has at most this many bytes.
pub const BODY_BYTES: usize = 64 * 1024;
/// What could not be sent for this long is failed rather than sent to a room that has moved on.
pub const OUTBOX_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The code under which an entry older than [`OUTBOX_AGE`] fails.
pub const EXPIRED: &str = "expired";

/// Something to be sent; never holds a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOutgoing {
    /// Its name here, and its nonce.
    pub id: LocalId,
    /// What it says.
    pub body: OutgoingBody,
    /// When it was written (kept to the microsecond).
    pub created: Timestamp,
}

/// What is to be sent.
#[derive(Clone, PartialEq, Eq)]
pub enum OutgoingBody {
    /// A message.
    Message {
        /// The text.
        text: String,
    },
    /// A question.
    Question {
        /// The text.
        text: String,
    },
    /// An answer.
    Answer {
        /// The question that is answered.
        question: EntryId,
        /// The text.
        text: String,
        /// Who may read it.
        visibility: Visibility,
        /// The question's `last_answer` that its writer saw, zero for none; nothing for no guard.
        seen: Option<u64>,
        /// Its writer knows that somebody else is about to answer, or has.
        co_answer: bool,
    },
}

impl OutgoingBody {
    /// The text.
    pub fn text(&self) -> &str {
        match self {
            Self::Message { text } | Self::Question { text } | Self::Answer { text, .. } => text,
        }
    }
}

impl std::fmt::Debug for OutgoingBody {
    // What people write stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self {
            Self::Message { .. } => "Message",
            Self::Question { .. } => "Question",
            Self::Answer { .. } => "Answer",
        };
        write!(f, "{kind}({} bytes)", self.text().len())
    }
}

/// One entry of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its name here, and its nonce.
    pub id: LocalId,
    /// What it says.
    pub body: OutgoingBody,
    /// When a person last wanted it sent.
    pub created: Timestamp,
    /// How far it got.
    pub state: OutgoingState,
    /// How often it was written to a socket.
    pub attempts: u32,
    /// The name under which the server has, or had, it for review.
    pub submission: Option<EntryId>,
}

/// How far an outgoing entry got. A settled one is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutgoingState {
    /// Waits for its turn.
    Queued,
    /// Written to a socket, nothing heard yet; the history may still tell.
    Written(Written),
    /// Written to a socket, and nothing tells whether it arrived: left to the person.
    Unsure(Written),
    /// Will not be sent again by itself.
    Failed {
        /// A code with words in the catalogue.
        code: String,
        /// What the server said, if it said something.
        reason: String,
    },
    /// The server has it, and staff are to look at it before it is an entry.
    InReview {
        /// The name under which it waits.
        submission: EntryId,
    },
}

/// The last time an outgoing entry was written to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The connection's generation.
    pub generation: u64,
    /// When (kept to the microsecond).
    pub at: Timestamp,
}

/// Text that was not sent yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// The text.
    pub text: String,
    /// What it would be sent as.
    pub mode: DraftMode,
    /// When it was last changed (kept to the microsecond).
    pub updated: Timestamp,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Draft({} bytes, {:?})", self.text.len(), self.mode)
    }
}

/// What a draft would be sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DraftMode {
    /// A message; in the slot of an answer, one for all.
    Message,
    /// A question.
    Question,
    /// An answer for its asker alone.
    ForAsker,
    /// An answer that stays among staff: a note.
    ForStaff,
}
