//! Names and numbers that tell rooms, rows, places and revisions apart.

use std::fmt;

use aside_protocol::Nonce;
use jiff::Timestamp;
use uuid::{Builder, Uuid};

/// What tells one room's cache from another's: the same room seen by two users is two rooms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoomName {
    /// The server's base URL as text.
    pub server: String,
    /// The room's name on the socket.
    pub topic: String,
    /// The room's name over HTTP.
    pub stream: String,
    /// Who is in the room.
    pub user: String,
}

/// A room in this store. Stays the same for a name, even when the cache had to be rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub i64);

/// Grows, per room, with every commit that changes rows or the read mark; survives restarts. A rebuilt cache
/// starts above every revision that was handed out before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub u64);

/// A row's name for its whole life (echo, sent, confirmed); never used again after the row is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey(pub i64);

/// A row's order in its timeline, always within what a JavaScript number holds exactly (±2^53). Only the order means
/// something: a row may be given another place (and a new revision) to make room beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place(pub i64);

impl Place {
    /// Whether this is the place of an echo that has not been settled yet (they stand after everything else).
    pub fn is_echo(self) -> bool {
        self.0 >= crate::place::ECHO_BASE
    }
}

/// The name of something written here, before and after a server has named it. A UUIDv7: also its nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(Uuid);

impl LocalId {
    /// A new name from the time and ten random bytes.
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Reads the text form (also: a nonce that a server echoed). None if it is no UUID.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    /// The nonce under which this travels.
    pub fn nonce(self) -> Nonce {
        Nonce::new(self.0.to_string())
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for LocalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
