//! What a timeline is made of: entries, gaps and the line between two lives of a room.

use aside_protocol::{Entry, Seq};
use jiff::Timestamp;

use crate::ids::{LocalId, Place, Revision, RowKey};

/// One row of a timeline as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Stays the same whatever happens to the row.
    pub key: RowKey,
    /// Where it stands.
    pub place: Place,
    /// The commit that touched it last.
    pub revision: Revision,
    /// When it was first seen here (kept to the microsecond).
    pub received_at: Timestamp,
    /// What it is.
    pub kind: RowKind,
}

impl Row {
    /// The entry, if it is one.
    pub fn entry(&self) -> Option<&EntryRow> {
        match &self.kind {
            RowKind::Entry(entry) => Some(entry),
            RowKind::Gap(_) | RowKind::Boundary => None,
        }
    }
}

/// A row before it has a key and a place.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRow {
    /// When it was seen here (kept to the microsecond). An update keeps the row's first one.
    pub received_at: Timestamp,
    /// What it is.
    pub kind: RowKind,
}

/// The three kinds of row.
#[derive(Clone, Debug, PartialEq)]
pub enum RowKind {
    /// A message, a question or an answer.
    Entry(Box<EntryRow>),
    /// Entries that are known or feared to be missing here.
    Gap(Gap),
    /// The room's history was reset here: older rows belong to another epoch.
    Boundary,
}

/// An entry and what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryRow {
    /// The entry exactly as it came (or, for an echo, as it will be sent).
    pub entry: Entry,
    /// `entry.created_at` as a point in time, resolved when it was received (kept to the microsecond).
    pub created_at: Option<Timestamp>,
    /// Whether it was sent by the user of this room.
    pub mine: bool,
    /// How sure its place in the room's history is.
    pub standing: Standing,
    /// How far it got on its way to or from the server.
    pub delivery: Delivery,
    /// The name it has in the outbox, if it was written here.
    pub local_id: Option<LocalId>,
}

/// How sure an entry's place in the room's history is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Heard live, not yet found in the server's history.
    Provisional,
    /// Its place is the server's.
    Confirmed,
    /// Heard live, but the server's history does not have it.
    NotInHistory,
}

/// How far an entry got.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// It came from the server.
    Received,
    /// Written here, on its way.
    Sending,
    /// Written here; the server has it.
    Sent,
    /// Written here; the link broke before anything was heard of it.
    Unsure,
    /// Written here; it will not arrive by itself.
    Failed {
        /// A code with words in the catalogue.
        code: String,
        /// What the server said, if it said something; hostile text.
        reason: String,
    },
    /// Written here; the server has it, and staff are to look at it before the room sees it.
    InReview,
}

/// Entries that are not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// What is being done about it.
    pub state: GapState,
    /// The first missing place, where it is known.
    pub from: Option<Seq>,
    /// The last missing place, where it is known.
    pub to: Option<Seq>,
    /// How many are missing, where it is known.
    pub missing: Option<u64>,
}

/// What is being done about a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GapState {
    /// Nothing: it waits for a person or for a better moment.
    Open,
    /// It is being fetched.
    Loading,
    /// Fetching it failed.
    Failed,
}
