//! What a person wants to stand out, and what they want to see less of; a part of what the page and the shell say.

use serde::{Deserialize, Serialize};

/// The colours that a row can stand out in; how they look, light and dark, is the page's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Colour {
    Red,
    Amber,
    Green,
    Teal,
    Blue,
    Violet,
}

/// The short sounds that the page makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Sound {
    Drop,
    Bell,
    Knock,
}

/// What was said: a message, a question or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Said {
    Message,
    Question,
    Answer,
}

/// What a rule looks at. A person is known by the id; the name is only shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum When {
    Words { text: String },
    Pattern { text: String },
    Person { user: String, name: String },
    Kind { kind: Said },
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "do")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Effect {
    Mark { colour: Option<Colour>, sound: Option<Sound>, notify: bool },
    Mute,
}

/// One rule; `room` null: of every room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) on: bool,
    pub(crate) room: Option<String>,
    pub(crate) when: When,
    pub(crate) effect: Effect,
}

/// All rules, from the top: the first that fits decides. `volume` is in per cent, `apart` the seconds between two sounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Rules {
    pub(crate) list: Vec<Rule>,
    pub(crate) volume: u8,
    pub(crate) apart: u16,
}

impl Rules {
    /// Longer than this between two sounds, and a person would think that they are broken.
    const APART: std::ops::RangeInclusive<u16> = 1..=300;

    /// The rules with every number in its range.
    pub(crate) fn bounded(mut self) -> Self {
        self.volume = self.volume.min(100);
        self.apart = self.apart.clamp(*Self::APART.start(), *Self::APART.end());
        self
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self { list: Vec::new(), volume: 50, apart: 5 }
    }
}

/// Why a rule cannot be: a code, and of a pattern the character (from one) and what it is that does not fit there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct RuleFault {
    pub(crate) rule: String,
    pub(crate) code: &'static str,
    pub(crate) at: Option<u32>,
    pub(crate) reason: Option<String>,
}

/// A rule that fits a text, and what of the text it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Fit {
    pub(crate) rule: String,
    pub(crate) found: String,
}

/// What the rules would make of a text; the first fit decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Tried {
    pub(crate) faults: Vec<RuleFault>,
    pub(crate) fits: Vec<Fit>,
}

/// What the rules made of a row; `rule` names the one that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Ruled {
    pub(crate) rule: String,
    pub(crate) muted: bool,
    pub(crate) colour: Option<Colour>,
    pub(crate) sound: Option<Sound>,
}
