//! What is told of questions while people look at them: who does, and how many want them answered.

use serde::{Deserialize, Serialize};

use super::Person;
use crate::entry::json_of;
use crate::ids::{EntryId, StreamId};
use crate::lenient::{read_object, read_value};

/// What somebody does with a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// They have it before them.
    #[default]
    Viewing,
    /// They write an answer.
    Drafting,
}

impl Doing {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewing => "viewing",
            Self::Drafting => "drafting",
        }
    }
}

/// A sign that somebody has a question before them; repeated while they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The question; none when they look at nothing any more.
    pub question: Option<EntryId>,
    /// What they do with it.
    pub doing: Doing,
    /// On which of their devices.
    pub device: String,
}

impl Look {
    pub(crate) fn parse(payload: &str) -> Option<Self> {
        let (mut question, mut doing, mut device) = (None, Doing::Viewing, String::new());
        read_object(payload, |key, value| match key {
            "questionId" => question = value.into_nonempty().map(EntryId::new),
            "doing" if value.clone().into_text() == "drafting" => doing = Doing::Drafting,
            "device" => device = value.into_text().into_owned(),
            _ => {}
        })
        .ok()?;
        Some(Self { question, doing, device })
    }
}

/// Somebody who has a question before them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Present {
    /// Who.
    #[serde(flatten)]
    pub who: Person,
    /// On which of their devices.
    #[serde(default)]
    pub device: String,
    /// What they do with it.
    #[serde(default)]
    pub doing: Doing,
}

/// Everybody who has a question before them now; for staff, and never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// The question.
    pub question_id: EntryId,
    /// All of them.
    pub people: Vec<Present>,
}

impl Presence {
    pub(crate) fn from_frame(data: &str) -> Option<Self> {
        read_value(data.as_bytes())
    }

    pub(crate) fn to_frame(&self) -> String {
        let Self { question_id, people } = self;
        serde_json::json!({ "type": "presence", "questionId": question_id, "people": people })
            .to_string()
    }
}

/// How many want a question answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Votes(
    /// The question.
    pub EntryId,
    /// How many.
    pub u32,
    /// The number of this change among all changes of the room.
    pub u64,
);

pub(crate) fn votes_from_frame(data: &str) -> Option<Vec<Votes>> {
    let mut value: serde_json::Value = read_value(data.as_bytes())?;
    serde_json::from_value(value.get_mut("votes")?.take()).ok()
}

pub(crate) fn votes_to_frame(votes: &[Votes]) -> String {
    serde_json::json!({ "type": "votes", "votes": votes }).to_string()
}

/// `POST api/question/vote`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoteRequest {
    /// The question.
    pub question_id: EntryId,
    /// The room.
    pub stream_id: StreamId,
    /// Whether it is wanted, or no longer.
    pub vote: bool,
}

impl VoteRequest {
    /// The request's body.
    pub fn to_json(&self) -> String {
        json_of(self)
    }

    /// Reads the request's body, as a server does.
    pub fn parse(body: &[u8]) -> Option<Self> {
        read_value(body)
    }
}

/// What a server says to a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voted {
    /// How many want it answered now.
    pub votes: u32,
    /// Whether the voter does.
    pub voted: bool,
}

impl Voted {
    /// The reply's body.
    pub fn to_json(self) -> String {
        serde_json::json!({ "code": 200, "data": self }).to_string()
    }

    /// Reads the reply's body.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut value: serde_json::Value = read_value(body)?;
        serde_json::from_value(value.get_mut("data")?.take()).ok()
    }
}
