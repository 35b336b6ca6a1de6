//! Texts for many answers that a room's staff share: one list per room, whose changes are counted.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::Person;
use crate::entry::json_of;
use crate::ids::StreamId;
use crate::lenient::read_value;

/// Where a room's snippets are read and changed.
pub const SNIPPETS_PATH: &str = "api/desk/snippets";
/// The most snippets of a room.
pub const SNIPPETS: usize = 200;
/// The longest name of a snippet, in bytes.
pub const SNIPPET_NAME_BYTES: usize = 256;
/// The longest text of a snippet, in bytes.
pub const SNIPPET_TEXT_BYTES: usize = 16 * 1024;

/// A text that the whole team has at hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    /// The server's name for it, unique in its room and never given twice.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The text; its fields are filled in by whoever uses it.
    pub text: String,
    /// Who wrote it, or changed it last.
    #[serde(default)]
    pub by: Person,
    /// When, in milliseconds of the epoch.
    #[serde(default)]
    pub at: i64,
}

/// The snippets of a room, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippets {
    /// How many changes it took to come here; whoever changes the list says which one they looked at.
    pub rev: u64,
    /// All of them.
    pub snippets: Vec<Snippet>,
}

impl Snippets {
    /// The reply's body: what was asked for or done (200), or the list that somebody else changed (409).
    pub fn to_json(&self, code: u16, words: &str) -> String {
        let Self { rev, snippets } = self;
        let data = serde_json::json!({ "rev": rev, "snippets": snippets });
        let mut reply = serde_json::json!({ "code": code, "data": data });
        if !words.is_empty() {
            reply["msg"] = words.into();
        }
        reply.to_string()
    }

    /// Reads the reply's body. Left out is what can't be read, what no server of ours would keep, and whatever has the id of
    /// another.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut value: serde_json::Value = read_value(body)?;
        let data = value.get_mut("data")?;
        let serde_json::Value::Array(found) = data.get_mut("snippets")?.take() else { return None };
        let mut ids = HashSet::new();
        let read = |one| serde_json::from_value(one).ok();
        let snippets = found
            .into_iter()
            .filter_map(read)
            .filter(|one: &Snippet| {
                (1..=SNIPPET_NAME_BYTES).contains(&one.id.len())
                    && fits(&one.name, &one.text)
                    && ids.insert(one.id.clone())
            })
            .take(SNIPPETS)
            .collect();
        Some(Self { rev: data.get("rev")?.as_u64()?, snippets })
    }
}

/// Whether a name and a text are as long as they may be.
fn fits(name: &str, text: &str) -> bool {
    (1..=SNIPPET_NAME_BYTES).contains(&name.len()) && (1..=SNIPPET_TEXT_BYTES).contains(&text.len())
}

/// `POST api/desk/snippets`: one snippet more, another or none in place of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnippetRequest {
    /// The room.
    pub stream_id: StreamId,
    /// The revision of the list that was looked at.
    pub rev: u64,
    /// The change.
    #[serde(flatten)]
    pub change: SnippetChange,
}

/// What is to become of a room's snippets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnippetChange {
    /// One is written.
    Put {
        /// Which; none for a new one.
        id: Option<String>,
        /// Its name.
        name: String,
        /// Its text.
        text: String,
    },
    /// One goes.
    Remove {
        /// Which.
        id: String,
    },
}

/// A change as it travels.
#[derive(Serialize, Deserialize)]
struct Change {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    remove: bool,
}

impl Serialize for SnippetChange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let change = match self.clone() {
            Self::Put { id, name, text } => {
                Change { id, name: Some(name), text: Some(text), remove: false }
            }
            Self::Remove { id } => Change { id: Some(id), name: None, text: None, remove: true },
        };
        change.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SnippetChange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Change::deserialize(deserializer)? {
            Change { id: Some(id), name: None, text: None, remove: true } => {
                Ok(Self::Remove { id })
            }
            Change { id, name: Some(name), text: Some(text), remove: false } => {
                Ok(Self::Put { id, name, text })
            }
            _ => Err(serde::de::Error::custom("neither written nor removed")),
        }
    }
}

impl SnippetRequest {
    /// The request's body.
    pub fn to_json(&self) -> String {
        json_of(self)
    }

    /// Reads the request's body, as a server does. A name or a text with nothing in it is none; names lose the space around
    /// them.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut request: Self = read_value(body)?;
        if let SnippetChange::Put { name, text, .. } = &mut request.change {
            *name = name.trim().to_owned();
            if name.is_empty() || text.trim().is_empty() {
                return None;
            }
        }
        Some(request)
    }

    /// Whether what is to be written is as long as it may be.
    pub fn fits(&self) -> bool {
        match &self.change {
            SnippetChange::Put { name, text, .. } => fits(name, text),
            SnippetChange::Remove { .. } => true,
        }
    }
}
