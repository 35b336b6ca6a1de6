//! Questions as work items (extension `triage`): their state, who has claimed them, what changed; for staff alone.
//!
//! A room's entries are a log that everybody reads. What staff do with questions is kept beside it, as one *item* per
//! question, each change with a number of its own (`change`), so that a client can ask for what it missed.

mod change;
mod changes;
mod item;
mod live;
mod snippets;

use serde::{Deserialize, Serialize};

pub use change::{Change, EditRequest, FromRequest, RetractRequest, StateRequest};
pub use changes::{Changes, LogLine, item_reply, parse_item_reply};
pub use item::{AnswerEdit, Claim, Item, Merged, PrivateAnswer, SaidAs, Visibility};
pub use live::{Doing, Look, Presence, Present, VoteRequest, Voted, Votes};
pub(crate) use live::{votes_from_frame, votes_to_frame};
pub use snippets::{
    SNIPPET_NAME_BYTES, SNIPPET_TEXT_BYTES, SNIPPETS, SNIPPETS_PATH, Snippet, SnippetChange,
    SnippetRequest, Snippets,
};

/// Where what changed is read.
pub const CHANGES_PATH: &str = "api/question/changes";
/// Where an item is changed.
pub const STATE_PATH: &str = "api/question/state";
/// Where a message becomes a question.
pub const FROM_PATH: &str = "api/question/from";
/// Where an answer is changed.
pub const EDIT_PATH: &str = "api/answer/edit";
/// Where an answer is taken back.
pub const RETRACT_PATH: &str = "api/answer/retract";
/// Where the audience says what it wants answered (extension `votes`).
pub const VOTE_PATH: &str = "api/question/vote";
/// Where the history of one item is read.
pub const LOG_PATH: &str = "api/question/log";
/// The most items of one reply.
pub const CHANGES: u32 = 500;
/// The longest note, in bytes.
pub const NOTE_BYTES: usize = 2000;
/// The most tags of an item.
pub const TAGS: usize = 10;
/// The longest reason, in bytes.
pub const REASON_BYTES: usize = 256;
/// The longest tag, in bytes.
pub const TAG_BYTES: usize = 64;

/// What is being done about a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Nobody has taken it.
    #[default]
    Open,
    /// Somebody is about to answer.
    Claimed,
    /// Answered, in writing or aloud.
    Answered,
    /// It will not be answered.
    Dismissed,
    /// It will be answered later, elsewhere.
    FollowUp,
    /// It is the same as another.
    Merged,
}

impl Work {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Claimed, Self::Answered, Self::Dismissed, Self::FollowUp, Self::Merged];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Answered => "answered",
            Self::Dismissed => "dismissed",
            Self::FollowUp => "follow_up",
            Self::Merged => "merged",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|work| work.as_str() == word)
    }

    /// Whether nothing more is to be done.
    pub fn is_over(self) -> bool {
        match self {
            Self::Open | Self::Claimed => false,
            Self::Answered | Self::Dismissed | Self::FollowUp | Self::Merged => true,
        }
    }
}

/// Whether a question may be seen by everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// It may: either somebody said so, or the room asks nobody.
    #[default]
    Approved,
    /// Nobody has looked at it yet.
    Pending,
    /// It may not.
    Rejected,
}

impl Review {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Approved, Self::Pending, Self::Rejected];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|review| review.as_str() == word)
    }

    /// Whether there is nothing to say about it.
    pub(crate) fn is_approved(&self) -> bool {
        *self == Self::Approved
    }
}

/// Whether a question is being talked about in front of the audience.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is not.
    #[default]
    None,
    /// It comes next.
    Next,
    /// It is.
    Now,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Next, Self::Now];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Next => "next",
            Self::Now => "now",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }
}

/// Somebody, as entries name them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Person {
    /// The id.
    pub user: String,
    /// The name.
    pub display_name: String,
    /// Where the picture is. Never fetched by the page.
    #[serde(rename = "avatarurl")]
    pub avatar_url: String,
}
