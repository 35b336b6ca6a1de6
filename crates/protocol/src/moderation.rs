//! What a desk does about people and what they say (extension `moderation`): entries removed, people muted, a slow room.

use serde::{Deserialize, Serialize};

use crate::entry::json_of;
use crate::ids::{EntryId, Seq, StreamId};
use crate::lenient::read_value;
use crate::triage::{Person, REASON_BYTES};

/// Where an entry is removed.
pub const REMOVE_PATH: &str = "api/moderation/remove";
/// Where somebody is muted.
pub const MUTE_PATH: &str = "api/moderation/mute";
/// Where the room is slowed.
pub const SLOW_PATH: &str = "api/moderation/slow";
/// Where it is read who is muted and how slow the room is.
pub const MODERATION_PATH: &str = "api/moderation/state";
/// Where it is read who did what.
pub const DEEDS_PATH: &str = "api/moderation/log";
/// Where everybody reads which entries were removed.
pub const REMOVALS_PATH: &str = "api/moderation/removals";
/// The longest that somebody is muted at a time, in seconds: thirty days.
pub const MUTE_SECONDS: u64 = 30 * 24 * 60 * 60;
/// The longest that a room makes people wait between what they say, in seconds.
pub const SLOW_SECONDS: u32 = 60 * 60;

/// `POST api/moderation/remove`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoveRequest {
    /// The entry: a message or a question.
    pub entry_id: EntryId,
    /// The room.
    pub stream_id: StreamId,
    /// Why, for the log.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// `POST api/moderation/mute`: by id, or whoever said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MuteRequest {
    /// The room.
    pub stream_id: StreamId,
    /// Who, as entries name them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Whoever said this, where no user is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<EntryId>,
    /// For how long; 0 lets them speak again.
    pub seconds: u64,
    /// Why, for the log.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// `POST api/moderation/slow`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SlowRequest {
    /// The room.
    pub stream_id: StreamId,
    /// The least time between two entries of one person of the audience; 0 for none.
    pub seconds: u32,
}

macro_rules! bodies {
    ($($name:ident: $fits:expr;)+) => {$(
        impl $name {
            /// The request's body.
            pub fn to_json(&self) -> String {
                json_of(self)
            }

            /// Reads the request's body, as a server does; nothing where something is out of its bounds.
            pub fn parse(body: &[u8]) -> Option<Self> {
                let fits: fn(&Self) -> bool = $fits;
                read_value(body).filter(fits)
            }
        }
    )+};
}

bodies! {
    RemoveRequest: |asked| asked.reason.len() <= REASON_BYTES;
    MuteRequest: |asked| {
        asked.reason.len() <= REASON_BYTES
            && asked.seconds <= MUTE_SECONDS
            && (asked.user.is_empty() == asked.entry_id.is_some())
    };
    SlowRequest: |asked| asked.seconds <= SLOW_SECONDS;
}

/// Somebody who may not speak.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Muted {
    /// The id, as entries name them.
    pub user: String,
    /// Until when, in milliseconds of the epoch.
    pub until: i64,
}

/// How a room is moderated now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Moderation {
    /// The least time between two entries of one person of the audience, in seconds; 0 for none.
    pub slow_seconds: u32,
    /// Who may not speak, in the order of their ids.
    pub muted: Vec<Muted>,
}

/// Something that was done, for the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deed {
    /// Its number among the room's, from 1.
    pub number: u64,
    /// `removed`, `muted`, `unmuted`, `slow`, `words`.
    pub action: String,
    /// The entry that it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<EntryId>,
    /// Who it was done to, as entries name them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// What was there before: the text of a removed entry, the seconds of a slow room.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub old: String,
    /// What is there now.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub new: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who did it.
    pub by: Person,
    /// When, in milliseconds of the epoch.
    pub at: i64,
}

/// An entry that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Its number among the room's removals, from 1 without holes.
    pub number: u64,
    /// The entry.
    pub id: EntryId,
    /// Its place.
    pub seq: Seq,
}

impl Moderation {
    /// The reply's body, as a server writes it.
    pub fn to_json(&self) -> String {
        serde_json::json!({ "code": 200, "data": self }).to_string()
    }

    /// Reads the reply's body.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut value: serde_json::Value = read_value(body)?;
        serde_json::from_value(value.get_mut("data")?.take()).ok()
    }
}

impl Deed {
    /// The reply's body, as a server writes it.
    pub fn all_to_json(deeds: &[Self]) -> String {
        serde_json::json!({ "code": 200, "data": { "deeds": deeds } }).to_string()
    }

    /// Reads the reply's body.
    pub fn parse_all(body: &[u8]) -> Option<Vec<Self>> {
        let mut value: serde_json::Value = read_value(body)?;
        serde_json::from_value(value.get_mut("data")?.get_mut("deeds")?.take()).ok()
    }
}

impl Removal {
    /// The reply's body, as a server writes it.
    pub fn all_to_json(removals: &[Self]) -> String {
        serde_json::json!({ "code": 200, "data": { "removals": removals } }).to_string()
    }

    /// Reads the reply's body.
    pub fn parse_all(body: &[u8]) -> Option<Vec<Self>> {
        let mut value: serde_json::Value = read_value(body)?;
        serde_json::from_value(value.get_mut("data")?.get_mut("removals")?.take()).ok()
    }
}
