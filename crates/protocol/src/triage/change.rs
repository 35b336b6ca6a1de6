//! What staff ask for.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{NOTE_BYTES, REASON_BYTES, Review, Stage, TAG_BYTES, TAGS, Work};
use crate::entry::json_of;
use crate::ids::{EntryId, StreamId};
use crate::lenient::read_value;

/// A change that somebody wants. What is absent stays as it is; all of it happens, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Change {
    /// Another state of the work. `claimed` is one step: it succeeds if nobody else holds the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Work>,
    /// What becomes of a submission; approved, it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// Another place in front of the audience; whatever stood there leaves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Kept in sight or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    /// Other tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Another note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// It is the same as this question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge_into: Option<EntryId>,
    /// It is no longer the same as another, and open again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unmerge: bool,
    /// Other words; the first ones are kept beside them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Why or how the work ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// With `claimed`: also if somebody else holds it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub take_over: bool,
}

/// `POST api/question/state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateRequest {
    /// The question.
    pub question_id: EntryId,
    /// The room.
    pub stream_id: StreamId,
    /// The revision that was looked at. A claim, its renewal and its release need none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
    /// The device that a claim is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub device: String,
    /// The change.
    #[serde(flatten)]
    pub change: Change,
}

impl StateRequest {
    /// The request's body.
    pub fn to_json(&self) -> String {
        json_of(self)
    }

    /// Reads the request's body, as a server does.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut request: Self = read_value(body)?;
        let change = &request.change;
        let tags = change.tags.iter().flatten();
        let fits = change.tags.as_ref().is_none_or(|tags| tags.len() <= TAGS)
            && tags.into_iter().all(|tag| !tag.trim().is_empty() && tag.len() <= TAG_BYTES)
            && change.note.as_ref().is_none_or(|note| note.len() <= NOTE_BYTES)
            && change.reason.as_ref().is_none_or(|reason| reason.len() <= REASON_BYTES)
            && change.text.as_ref().is_none_or(|text| !text.trim().is_empty())
            && request.device.len() <= TAG_BYTES;
        if let Some(tags) = &mut request.change.tags {
            // Said twice, it is one.
            let mut said = HashSet::new();
            tags.retain(|tag| said.insert(tag.clone()));
        }
        fits.then_some(request)
    }
}

/// `POST api/question/from`: a message becomes a question of its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FromRequest {
    /// The message.
    pub entry_id: EntryId,
    /// The room.
    pub stream_id: StreamId,
}

/// `POST api/answer/edit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EditRequest {
    /// The answer, public or private.
    pub answer_id: EntryId,
    /// The room.
    pub stream_id: StreamId,
    /// Its new text.
    pub content: String,
}

/// `POST api/answer/retract`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetractRequest {
    /// The answer, public or private.
    pub answer_id: EntryId,
    /// The room.
    pub stream_id: StreamId,
}

macro_rules! bodies {
    ($($name:ty),+) => {$(
        impl $name {
            /// The request's body.
            pub fn to_json(&self) -> String {
                json_of(self)
            }

            /// Reads the request's body, as a server does.
            pub fn parse(body: &[u8]) -> Option<Self> {
                read_value(body)
            }
        }
    )+};
}

bodies!(FromRequest, EditRequest, RetractRequest);
