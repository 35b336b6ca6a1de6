//! What is kept of questions as work items, and what a person at the desk keeps for themselves.

use aside_protocol::triage::Item;
use aside_protocol::{EntryId, Epoch};
use uuid::Uuid;

use crate::ids::RoomId;

/// So many items of a room are kept: more than its people ask, and few enough to be in memory whatever its server says.
pub const ITEMS: usize = 20_000;
/// So much of them, as JSON: ten times what as many usual questions take.
pub const ITEMS_BYTES: usize = 64 * 1024 * 1024;

/// The items of a room as they were last heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// The life of the room that they belong to, where the server says.
    pub epoch: Option<Epoch>,
    /// Every change up to this one is in them.
    pub whole: u64,
    /// By number.
    pub items: Vec<Item>,
}

/// What was heard of items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemsHeard {
    /// The life of the room that they belong to.
    pub epoch: Option<Epoch>,
    /// Every change up to this one is known now.
    pub whole: u64,
    /// Everything that was known before is void.
    pub forget: bool,
    /// Those that are new or different.
    pub items: Vec<Item>,
    /// The questions that are gone.
    pub gone: Vec<EntryId>,
}

/// A text that is used in many answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// Its name for programs.
    pub id: Uuid,
    /// Where it is offered; `None` for every room.
    pub room: Option<RoomId>,
    /// Its name for people.
    pub name: String,
    /// The text, with its placeholders.
    pub text: String,
}
