//! Small types for the names that would otherwise all be strings and numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a value as it was received or typed; any text is allowed.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it travels.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The room's name on the socket (the room number).
    Topic
);
text_id!(
    /// The room's name over HTTP.
    StreamId
);
text_id!(
    /// A server's name for one entry, unique in its room (extension `seq`).
    EntryId
);
text_id!(
    /// One life of a room's history: positions of different epochs do not compare (extension `resume`).
    Epoch
);
text_id!(
    /// A sender's own name for one send, stored once by the server (extension `ack`).
    Nonce
);

/// An entry's place in its room: strictly increasing from 1, without holes (extension `seq`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The place that follows this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
