//! What a server says about items over HTTP.

use serde::{Deserialize, Serialize};

use super::{Item, Person};
use crate::lenient::read_value;

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

impl LogLine {
    /// The body of a reply that holds them.
    pub fn all_to_json(lines: &[Self]) -> String {
        serde_json::json!({ "code": 200, "data": { "changes": lines } }).to_string()
    }

    /// Reads such a body; lines that can't be read are left out.
    pub fn parse_all(body: &[u8]) -> Option<Vec<Self>> {
        let mut value: serde_json::Value = read_value(body)?;
        let serde_json::Value::Array(lines) = value.get_mut("data")?.get_mut("changes")?.take()
        else {
            return None;
        };
        Some(lines.into_iter().filter_map(|line| serde_json::from_value(line).ok()).collect())
    }
}
