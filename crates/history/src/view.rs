//! How a timeline is read: pages, changes since a revision, counts.

use aside_protocol::Seq;
use jiff::Timestamp;

use crate::commit::Position;
use crate::ids::{Place, Revision, RowKey};
use crate::row::Row;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The newest rows, echoes included.
    End,
    /// The rows right before this place.
    Before(Place),
    /// The rows right after this place.
    After(Place),
    /// Rows on both sides of the read mark, half and half; the newest rows if there is no mark or nothing unread.
    Unread,
}

/// Which rows of a room, where not all of them: each is found by an index. Gaps among them, and what is still on its way from
/// here, are always wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    /// Everything that was asked.
    pub questions: bool,
    /// Everything that was answered.
    pub answers: bool,
    /// What these people said and asked, by their ids. Each costs a query: a few dozen at most.
    pub people: Vec<String>,
}

/// Neighbouring rows, without a hole between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The room's revision when the page was read: ask for the changes since it.
    pub revision: Revision,
    /// Oldest first.
    pub rows: Vec<Row>,
    /// Whether the cache has rows before these.
    pub has_older: bool,
    /// Whether the cache has rows after these.
    pub has_newer: bool,
    /// Everything up to here has been read.
    pub read: Option<Place>,
    /// Whether the room's very first entry is in the cache.
    pub reached_start: bool,
}

/// One person in a room, as far as the cache goes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Some of what they said and asked, oldest first.
    pub rows: Vec<Row>,
    /// Whether they said more before these.
    pub has_older: bool,
    /// How many messages of theirs there are.
    pub messages: u32,
    /// How many questions.
    pub questions: u32,
    /// When they first said something, if they ever did.
    pub first_seen: Option<Timestamp>,
}

/// A moment in a room, as far as the cache goes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The first settled entry of it or later, while the one before is earlier; none if everything is earlier. An entry without a
    /// time of its own is of the moment of the next that has one.
    pub spot: Option<(RowKey, Place)>,
    /// When the first entry was said.
    pub begins: Option<Timestamp>,
    /// When the last one was said.
    pub ends: Option<Timestamp>,
}

/// What happened since a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The room's revision now.
    pub revision: Revision,
    /// Rows that are new, other than they were, or elsewhere; by place, oldest first.
    pub upserts: Vec<Row>,
    /// Rows that are gone.
    pub removed: Vec<RowKey>,
    /// Too much happened, or too long ago: take a page instead. The lists are empty then.
    pub reset: bool,
    /// Everything up to here has been read.
    pub read: Option<Place>,
}

/// Where a room stands.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomState {
    /// How far its history was applied; none before the first commit that said so.
    pub position: Option<Position>,
    /// The room's revision now.
    pub revision: Revision,
    /// Everything up to here has been read.
    pub read: Option<Place>,
    /// The place of the oldest row.
    pub oldest: Option<Place>,
    /// The place of the newest settled row.
    pub newest: Option<Place>,
    /// The smallest and the largest sequence number of the current epoch that have a row.
    pub seqs: Option<(Seq, Seq)>,
}

/// What the user has not read: other people's entries after the read mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// All of them, capped at [`Unread::CAP`].
    pub entries: u32,
    /// Questions among them, capped likewise.
    pub questions: u32,
}

impl Unread {
    /// Counting stops here: "1000" reads "1000 or more".
    pub const CAP: u32 = 1000;
}
