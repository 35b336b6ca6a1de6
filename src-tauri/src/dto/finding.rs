//! Snippets, search, numbers, export and the present window, as the page and the shell speak of them. Times are epoch
//! milliseconds.

use serde::{Deserialize, Serialize};

use super::Row;

/// A text for many answers; `room` null: for every room. `team` ones are kept by the room's server for all its staff, and
/// `rev` is the revision of their list that was read; 0 for one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Snippet {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) room: Option<String>,
    pub(crate) team: bool,
    pub(crate) rev: u64,
}

/// One entry that was found; ranges are UTF-16 units of its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Hit {
    pub(crate) room: String,
    pub(crate) row: Row,
    pub(crate) number: Option<u64>,
    pub(crate) question: Option<String>,
    pub(crate) ranges: Vec<(u32, u32)>,
}

/// Some of what was found, newest first; `indexing` says how much of the history can be searched yet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct SearchPage {
    pub(crate) hits: Vec<Hit>,
    pub(crate) next: Option<String>,
    pub(crate) indexing: Option<f32>,
}

/// How the answering goes; times are milliseconds, minutes are epoch minutes. `perTag`: how many have it, and how many of these
/// were answered. `perPerson` is for hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Numbers {
    pub(crate) asked: u32,
    pub(crate) answered: u32,
    pub(crate) dismissed: u32,
    pub(crate) waiting: u32,
    pub(crate) median_first: Option<i64>,
    pub(crate) p90_first: Option<i64>,
    pub(crate) oldest_waiting: Option<i64>,
    pub(crate) per_minute: Vec<(i64, u32, u32)>,
    pub(crate) per_tag: Vec<(String, u32, u32)>,
    pub(crate) per_person: Vec<PersonNumbers>,
}

/// How one person's answering goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct PersonNumbers {
    pub(crate) who: String,
    pub(crate) answered: u32,
    pub(crate) median_first: Option<i64>,
}

/// What a room's history can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum ExportFormat {
    Csv,
    Xlsx,
    Json,
    Html,
    Report,
}

/// Whether an export goes on; `reading`: what of the room is not here is fetched first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum ExportState {
    Reading,
    Running,
    Done,
    Failed,
    Cancelled,
}

/// How far a room's export is; a later one has a higher number. While it reads, entries are counted, and `total` is 0 where nobody knows
/// how many there are; afterwards questions. `lacking`: older entries could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct ExportProgress {
    pub(crate) room: String,
    pub(crate) number: u64,
    pub(crate) done: u64,
    pub(crate) total: u64,
    pub(crate) state: ExportState,
    pub(crate) path: Option<String>,
    pub(crate) lacking: bool,
    pub(crate) code: Option<String>,
}

/// Where an export is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Exported {
    pub(crate) path: String,
}

/// What the present window shows: approved text alone. `qr` is the path of an SVG whose box is `qrSize` wide; `link` is
/// empty, and there is no `qr`, where the audience has no page that it could reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Presented {
    pub(crate) question: Option<PresentedQuestion>,
    pub(crate) position: u32,
    pub(crate) total: u32,
    pub(crate) blank: bool,
    pub(crate) qr: Option<String>,
    pub(crate) qr_size: u32,
    pub(crate) link: String,
    pub(crate) size: u16,
    pub(crate) room: String,
    pub(crate) label: String,
}

/// The question on stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct PresentedQuestion {
    pub(crate) text: String,
    pub(crate) asker: String,
    pub(crate) number: u64,
}

/// A key of the present window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum PresentStep {
    Next,
    Back,
    Blank,
    Qr,
    Bigger,
    Smaller,
}

/// A person in a room: how much they said and asked, since when (epoch milliseconds), the private note, and a page of what it
/// was, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct PersonCard {
    pub(crate) messages: u32,
    pub(crate) questions: u32,
    pub(crate) first_seen: Option<i64>,
    pub(crate) note: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) has_older: bool,
}

/// A row's key and its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Spot {
    pub(crate) key: String,
    pub(crate) place: i64,
}

/// A moment in a room: the first entry of it or later, none if everything is earlier; and when the first and the last entry that are
/// kept here were said, epoch milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Moment {
    pub(crate) spot: Option<Spot>,
    pub(crate) begins: Option<i64>,
    pub(crate) ends: Option<i64>,
}

/// Asks the page to bring a room to the front, and to go to an entry in it, if one is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct ShowRoom {
    pub(crate) room: String,
    pub(crate) spot: Option<Spot>,
}
