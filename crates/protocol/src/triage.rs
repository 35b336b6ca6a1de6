//! Questions as work items (extension `triage`): their state, who has claimed them, what changed; for staff alone.
//!
//! A room's entries are a log that everybody reads. What staff do with questions is kept beside it, as one *item* per
//! question, each change with a number of its own (`change`), so that a client can ask for what it missed.

use serde::{Deserialize, Serialize};

use crate::entry::json_of;
use crate::ids::{EntryId, Seq, StreamId};
use crate::lenient::read_value;

/// Where what changed is read.
pub const CHANGES_PATH: &str = "api/question/changes";
/// Where an item is changed.
pub const STATE_PATH: &str = "api/question/state";
/// Where the history of one item is read.
pub const LOG_PATH: &str = "api/question/log";
/// The most items of one reply.
pub const CHANGES: u32 = 500;
/// The longest note, in bytes.
pub const NOTE_BYTES: usize = 2000;
/// The most tags of an item.
pub const TAGS: usize = 10;
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

/// Somebody is about to answer, until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Who.
    #[serde(flatten)]
    pub by: Person,
    /// On which of their devices: any text that the client made up.
    #[serde(default)]
    pub device: String,
    /// Since when, in milliseconds of the epoch.
    pub at: i64,
    /// Until when, unless a sign of life comes before, in milliseconds of the epoch.
    pub expires_at: i64,
}

/// A question and everything that staff know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// The question's entry.
    pub question_id: EntryId,
    /// Its place in the room.
    pub seq: Seq,
    /// Its number among the room's questions, from 1; it never changes.
    pub number: u64,
    /// How often it was changed; a change must name it.
    pub rev: u64,
    /// The number of its last change among all changes of the room.
    pub change: u64,
    /// The question.
    pub text: String,
    /// Who asked.
    pub asker: Person,
    /// When, in milliseconds of the epoch.
    pub asked_at: i64,
    /// What is being done.
    #[serde(default)]
    pub work: Work,
    /// The question that this one is the same as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<EntryId>,
    /// Where it stands in front of the audience.
    #[serde(default)]
    pub stage: Stage,
    /// Kept in sight.
    #[serde(default)]
    pub pinned: bool,
    /// Words that staff sort by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What staff tell each other about it.
    #[serde(default)]
    pub note: String,
    /// Who is about to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// How many answers it has.
    #[serde(default)]
    pub answers: u32,
    /// The place of its newest answer, zero for none: what the guard of an answer compares.
    #[serde(default)]
    pub last_answer: Seq,
    /// When it was first answered, in milliseconds of the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_answer_at: Option<i64>,
    /// When its work ended, in milliseconds of the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<i64>,
    /// How or why it ended: `text`, `spoken`, or whatever word the one who ended it chose.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who changed it last.
    #[serde(default)]
    pub changed_by: Person,
}

impl Item {
    /// Nobody has it, and it is to be done.
    pub fn open(&mut self) {
        (self.work, self.claim, self.closed_at) = (Work::Open, None, None);
        (self.merged_into, self.reason) = (None, String::new());
    }

    /// It is done, in whichever way.
    pub fn close(&mut self, how: Work, reason: &str, now_ms: i64) {
        (self.work, self.claim) = (how, None);
        self.reason = reason.to_owned();
        self.closed_at = Some(now_ms);
    }

    /// A claim ends by itself.
    pub fn let_go_if_expired(&mut self, now_ms: i64) {
        if self.claim.as_ref().is_some_and(|claim| claim.expires_at <= now_ms) {
            self.claim = None;
            if self.work == Work::Claimed {
                self.work = Work::Open;
            }
        }
    }

    /// Reads an item from a JSON value. Nothing when it lacks what an item can't do without, or says something that this
    /// client doesn't know: an item that is misunderstood is worse than one that is missing.
    fn read(value: serde_json::Value) -> Option<Self> {
        serde_json::from_value(value).ok()
    }

    /// Reads the `data` of a frame, which says `"type": "triage"`.
    pub(crate) fn from_frame(data: &str) -> Option<Self> {
        let value: serde_json::Value = read_value(data.as_bytes())?;
        Self::read(value.get("item")?.clone())
    }

    /// The `data` of a frame.
    pub(crate) fn to_frame(&self) -> String {
        serde_json::json!({ "type": "triage", "item": self }).to_string()
    }
}

/// A change that somebody wants. What is absent stays as it is; all of it happens, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Change {
    /// Another state of the work. `claimed` is one step: it succeeds if nobody else holds the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Work>,
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
        let request: Self = read_value(body)?;
        let change = &request.change;
        let tags = change.tags.iter().flatten();
        let fits = change.tags.as_ref().is_none_or(|tags| tags.len() <= TAGS)
            && tags.into_iter().all(|tag| !tag.trim().is_empty() && tag.len() <= TAG_BYTES)
            && change.note.as_ref().is_none_or(|note| note.len() <= NOTE_BYTES)
            && change.reason.as_ref().is_none_or(|reason| reason.len() <= TAG_BYTES)
            && request.device.len() <= TAG_BYTES;
        fits.then_some(request)
    }
}

/// What a server says to a change: the item as it stands now, whether the change happened (2xx) or not (409).
pub fn item_reply(code: u16, words: &str, item: &Item) -> String {
    serde_json::json!({ "code": code, "msg": words, "data": { "item": item } }).to_string()
}

/// Reads the item out of such a reply.
pub fn parse_item_reply(body: &[u8]) -> Option<Item> {
    let value: serde_json::Value = read_value(body)?;
    Item::read(value.get("data")?.get("item")?.clone())
}

/// Items that changed, in the order of their last changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The items, each as it stands now.
    pub items: Vec<Item>,
    /// The newest change that is in here, or before it; the next question is for what comes after.
    pub change: u64,
    /// There is more.
    pub more: bool,
}

impl Changes {
    /// The reply's body.
    pub fn to_json(&self) -> String {
        let Self { items, change, more } = self;
        serde_json::json!({ "code": 200, "data": { "items": items, "change": change, "more": more } })
            .to_string()
    }

    /// Reads the reply's body; items that can't be read are left out.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut value: serde_json::Value = read_value(body)?;
        let data = value.get_mut("data")?;
        let serde_json::Value::Array(items) = data.get_mut("items")?.take() else { return None };
        Some(Self {
            items: items.into_iter().filter_map(Item::read).collect(),
            change: data.get("change")?.as_u64()?,
            more: data.get("more").and_then(serde_json::Value::as_bool).unwrap_or(false),
        })
    }
}

/// One change of one item, for people: feeds the history that stands under a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// The change's number.
    pub change: u64,
    /// What was changed: a key of the item.
    pub field: String,
    /// What it was.
    #[serde(default)]
    pub old: String,
    /// What it became.
    #[serde(default)]
    pub new: String,
    /// Who did it.
    #[serde(default)]
    pub by: Person,
    /// When, in milliseconds of the epoch.
    pub at: i64,
}
