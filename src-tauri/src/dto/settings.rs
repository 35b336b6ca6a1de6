//! What a person has chosen, as the page and the settings file know it.

use aside_words::Language;
use serde::{Deserialize, Serialize};

use super::{SavedView, StreamerMode};
use crate::proxy;
use crate::settings::RoomKey;

/// The language of the app: the system's, which also stands for one that is gone, or the one with this tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(crate) enum Locale {
    #[default]
    System,
    Chosen(Language),
}

impl From<String> for Locale {
    fn from(tag: String) -> Self {
        Language::tagged(&tag).map_or(Self::System, Self::Chosen)
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        match locale {
            Locale::System => "system".to_owned(),
            Locale::Chosen(language) => language.tag().to_owned(),
        }
    }
}

/// Light, dark, as the system, or that with more contrast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
    Contrast,
}

/// What closing the window does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum CloseChoice {
    #[default]
    Ask,
    Hide,
    Quit,
}

/// How close together the rows stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Density {
    #[default]
    Comfortable,
    Compact,
}

/// Through which proxy rooms are reached: as the system says, none, or this one, without a name and a password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Proxy {
    #[default]
    System,
    Direct,
    Through {
        url: String,
    },
}

/// What a person has chosen; `text_size` is in per cent, `pictures_elsewhere` says whether pictures are fetched from other
/// servers than the room's own; `overlay_room` is the one that the overlay shows, empty for the one on show. `notifications` are those of the desk; `notify_text` lets them say what was said, and after
/// `notify_waiting_mins` (0 never) a question that nobody took is told of once more. Of the timeline: how long a moving pointer holds it still, in milliseconds (0 not at all,
/// 65535 until it leaves), whether repeats become one row, whether a room that outruns readers is sampled, after how many
/// seconds rows fade (0 never), and whether what was read is dimmed. Of the windows: `side_opacity` (10 to 100, per cent) is how much of the side window's background is its own,
/// `rest_after_secs` (5 to 3600) how long a hidden window keeps its page; `unsend_secs` (0 to 60) how long an answer can be taken back before it leaves; transcripts go after
/// `transcript_days` (1 to 3650) or beyond `transcript_megabytes` (10 to 50,000).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Settings {
    #[cfg_attr(test, ts(as = "String"))]
    pub(crate) locale: Locale,
    pub(crate) theme: Theme,
    pub(crate) close: CloseChoice,
    pub(crate) text_size: u16,
    pub(crate) density: Density,
    pub(crate) pictures_elsewhere: bool,
    pub(crate) notifications: bool,
    pub(crate) notify_marked: bool,
    pub(crate) notify_silence: bool,
    pub(crate) notify_text: bool,
    pub(crate) notify_waiting_mins: u16,
    pub(crate) overlay: bool,
    pub(crate) overlay_room: String,
    pub(crate) streamer_mode: StreamerMode,
    pub(crate) hover_freeze_ms: u16,
    pub(crate) fold_repeats: bool,
    pub(crate) sample_fast: bool,
    pub(crate) fade_after_secs: u16,
    pub(crate) dim_read: bool,
    pub(crate) side_opacity: u8,
    pub(crate) rest_after_secs: u16,
    pub(crate) unsend_secs: u16,
    pub(crate) start_with_system: bool,
    pub(crate) start_hidden: bool,
    pub(crate) keep_transcripts: bool,
    pub(crate) transcript_days: u16,
    pub(crate) transcript_megabytes: u16,
    pub(crate) views: Vec<SavedView>,
    pub(crate) proxy: Proxy,
}

/// Nothing behind the window is seen.
pub(crate) const OPAQUE: u8 = 100;

impl Settings {
    /// The text sizes that a window of 240 px and a screen across the room can use, in per cent.
    const TEXT_SIZES: std::ops::RangeInclusive<u16> = 50..=200;

    /// What is longer means: until the pointer leaves.
    const LONGEST_HOVER_MS: u16 = 10_000;

    /// How much of a side window's background is its own, in per cent. None at all could not be found again.
    const OPACITIES: std::ops::RangeInclusive<u8> = 10..=OPAQUE;

    /// How long transcripts are kept, in days, and how much they may take, in megabytes.
    const DAYS: std::ops::RangeInclusive<u16> = 1..=3650;
    const MEGABYTES: std::ops::RangeInclusive<u16> = 10..=50_000;

    /// Who wants to hear of a question later than after a day does not want to hear of it.
    const LONGEST_WAITING_MINS: u16 = 24 * 60;

    /// How long a hidden window may keep its page, in seconds.
    const RESTS: std::ops::RangeInclusive<u16> = 5..=3600;

    /// Who asked waits so long at most for an answer that is written.
    const LONGEST_UNSEND_SECS: u16 = 60;

    /// The settings with every number in its range, no room by a name that is none of ours, and no proxy that can't be one.
    pub(crate) fn bounded(mut self) -> Self {
        self.text_size = self.text_size.clamp(*Self::TEXT_SIZES.start(), *Self::TEXT_SIZES.end());
        if RoomKey::parse(&self.overlay_room).is_none() {
            self.overlay_room.clear();
        }
        if self.hover_freeze_ms > Self::LONGEST_HOVER_MS {
            self.hover_freeze_ms = u16::MAX;
        }
        self.notify_waiting_mins = self.notify_waiting_mins.min(Self::LONGEST_WAITING_MINS);
        self.side_opacity =
            self.side_opacity.clamp(*Self::OPACITIES.start(), *Self::OPACITIES.end());
        self.rest_after_secs = self.rest_after_secs.clamp(*Self::RESTS.start(), *Self::RESTS.end());
        self.unsend_secs = self.unsend_secs.min(Self::LONGEST_UNSEND_SECS);
        self.transcript_days = self.transcript_days.clamp(*Self::DAYS.start(), *Self::DAYS.end());
        self.transcript_megabytes =
            self.transcript_megabytes.clamp(*Self::MEGABYTES.start(), *Self::MEGABYTES.end());
        self.views = SavedView::bounded(self.views);
        self.proxy = proxy::tidy(self.proxy).unwrap_or_default();
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            locale: Locale::default(),
            theme: Theme::default(),
            close: CloseChoice::default(),
            text_size: 100,
            density: Density::default(),
            pictures_elsewhere: false,
            notifications: true,
            notify_marked: true,
            notify_silence: false,
            notify_text: false,
            notify_waiting_mins: 4,
            overlay: false,
            overlay_room: String::new(),
            streamer_mode: StreamerMode::default(),
            hover_freeze_ms: 0,
            fold_repeats: true,
            sample_fast: true,
            fade_after_secs: 0,
            dim_read: false,
            side_opacity: OPAQUE,
            rest_after_secs: 60,
            unsend_secs: 6,
            start_with_system: false,
            start_hidden: true,
            keep_transcripts: true,
            transcript_days: 30,
            transcript_megabytes: 500,
            views: Vec::new(),
            proxy: Proxy::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_kept_by_its_tag_and_one_that_is_gone_is_the_systems() {
        for tag in ["system", "en", "zh-CN"] {
            let settings: Settings =
                serde_json::from_value(serde_json::json!({ "locale": tag })).unwrap();
            assert_eq!(serde_json::to_value(&settings).unwrap()["locale"], tag);
        }
        let gone: Settings =
            serde_json::from_str(r#"{ "locale": "xx", "dimRead": true }"#).unwrap();
        assert_eq!((gone.locale, gone.dim_read), (Locale::System, true));
    }
}
