//! Order's part of what the page and the shell say to each other. Times are epoch milliseconds.

use serde::Serialize;

/// How order is kept in a room, as far as one has to do with it; `can_moderate` says whether this person may. `muted_until` and `slowed_until` are what the
/// server told this person of themselves, `not_removed` are the removals that failed and nobody has taken note of, the newest last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct OrderStatus {
    pub(crate) can_moderate: bool,
    pub(crate) reviews: bool,
    pub(crate) slow_seconds: u32,
    pub(crate) muted_until: Option<i64>,
    pub(crate) slowed_until: Option<i64>,
    pub(crate) removing: Vec<Removing>,
    pub(crate) not_removed: Vec<NotRemoved>,
}

/// An entry that is about to be removed, and when; once it is `sent`, nothing takes it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Removing {
    pub(crate) entry: String,
    pub(crate) at: i64,
    pub(crate) sent: bool,
}

/// An entry that stays, and why: a code and what its sentence names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct NotRemoved {
    pub(crate) entry: String,
    pub(crate) why: crate::errors::AppError,
}

/// Somebody who may not speak; the name is the one that they had last here, empty where they have said nothing. No `until`: a time that nobody
/// could read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct MutedPerson {
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) until: Option<i64>,
}

/// How a room is moderated now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Moderation {
    pub(crate) slow_seconds: u32,
    pub(crate) muted: Vec<MutedPerson>,
}

/// Something that was done for order. `action` is `removed`, `muted`, `unmuted`, `slow`, `words`, or a word that the page does not know. No `at`: as above.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Deed {
    pub(crate) number: u64,
    pub(crate) action: String,
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) at: Option<i64>,
}

/// Some of what was done, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Deeds {
    pub(crate) deeds: Vec<Deed>,
    pub(crate) has_older: bool,
}
