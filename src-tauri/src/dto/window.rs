//! The windows around the page, the keys that reach them, and the files that are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a window looks around its page: in front of all others, without anything but the rows, and whether this desktop
/// lets it stay in front, or be seen through; which view of a room it shows ("": everything); and, for both windows alike,
/// whether clicks can go and go through the side window, and the key that ends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct WindowLook {
    pub(crate) pinned: bool,
    pub(crate) bare: bool,
    pub(crate) can_pin: bool,
    pub(crate) see_through: SeeThrough,
    pub(crate) can_click_through: bool,
    pub(crate) click_through: bool,
    pub(crate) click_through_key: Option<String>,
    pub(crate) view: String,
}

/// Whether a window can be seen through: it can, this desktop blends no windows, or the web view cannot draw such a page rightly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum SeeThrough {
    #[default]
    Possible,
    Unblended,
    Undrawn,
}

/// Where a reader stands in a room's timeline: a row, its place should the row be gone, and how far below the upper edge of
/// the list it begins, in px (less than nothing: above it); what stands after `after` is new to them. Who is at the end stands
/// nowhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Stand {
    pub(crate) key: String,
    pub(crate) place: i64,
    pub(crate) top: f64,
    pub(crate) after: i64,
}

/// Which of the two windows of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum WhichWindow {
    Main,
    Side,
}

/// Where the transcripts are, and how many bytes they take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Transcripts {
    pub(crate) path: String,
    pub(crate) bytes: u64,
}

/// What a key does that works while another program has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum HotkeyAction {
    Toggle,
    MarkRead,
    Write,
    ClickThrough,
}

impl HotkeyAction {
    /// Its name for the page and in the settings file.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Toggle => "toggle",
            Self::MarkRead => "markRead",
            Self::Write => "write",
            Self::ClickThrough => "clickThrough",
        }
    }

    /// The action of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::Toggle, Self::MarkRead, Self::Write, Self::ClickThrough]
            .into_iter()
            .find(|action| action.as_str() == name)
    }
}

/// The global keys that a person chose, and whether this desktop has such keys at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Hotkeys {
    pub(crate) supported: bool,
    #[cfg_attr(test, ts(type = "Partial<Record<HotkeyAction, string>>"))]
    pub(crate) keys: BTreeMap<HotkeyAction, String>,
}

/// What the answer to "close or hide?" was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum CloseAction {
    Hide,
    Quit,
    /// Neither: the question was put away.
    Stay,
}

/// What a Quit would leave undone in a room: how many drafts (they are kept), what waits to be sent, answers that their guard holds, questions
/// that this person has claimed here, and people who would be cut off, where the room is hosted here. Of drafts, and of what waits or is
/// held, that is about `questions`, it tells which they are, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Undone {
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) questions: Vec<UndoneQuestion>,
    pub(crate) drafts: u32,
    pub(crate) unsent: u32,
    pub(crate) held: u32,
    pub(crate) claims: u32,
    pub(crate) people: u32,
}

/// A question with something half written or not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct UndoneQuestion {
    pub(crate) id: String,
    pub(crate) number: u64,
}

/// What a page says to the question whether to quit: it is on the screen, or a person has answered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum QuitChoice {
    Shown,
    Stay,
    Quit,
}

/// What a page has drawn since it exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Painted {
    /// The number of the last row that is drawn; 0 where rows have none.
    pub(crate) seq: u64,
    /// How many rows are drawn.
    pub(crate) rows: u32,
    /// Animation frames that passed while there was something to draw.
    pub(crate) frames: u32,
    /// Those that came more than 25 ms after the one before.
    pub(crate) late: u32,
    /// Those in which no row stood in the middle of the list.
    pub(crate) blank: u32,
}
