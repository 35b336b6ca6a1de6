//! A room that the app hosts, as it is remembered.

use crate::dto::Reach;

/// What is remembered of a room that the app hosts; the rest is in its own database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hosted {
    pub(crate) name: String,
    pub(crate) org: String,
    pub(crate) logo: String,
    /// Whoever has the link may come in.
    pub(crate) guests: bool,
    pub(crate) reach: Reach,
    pub(crate) port: u16,
    /// Which of this computer's addresses its links name; none: the likeliest.
    pub(crate) address: String,
    /// Whether its server is to run.
    pub(crate) on: bool,
}
