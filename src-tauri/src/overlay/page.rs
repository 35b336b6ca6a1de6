//! The overlay's pages, built into the app.

use aside_words::Language;

use super::choices::Choices;
use super::gate::Screen;

pub(super) const STYLE: &str = include_str!("page/overlay.css");
pub(super) const SCRIPT: &str = include_str!("page/overlay.js");
const PAGE: &str = include_str!("page/overlay.html");

/// A page with what was chosen: numbers and our own words, nothing of the room's.
pub(super) fn fill(screen: Screen, choices: Choices, language: Language) -> String {
    let Choices { rows, fade, size } = choices;
    let screen = match screen {
        Screen::Chat => "chat",
        Screen::Question => "question",
    };
    PAGE.replace("{language}", language.tag())
        .replace("{screen}", screen)
        .replace("{rows}", &rows.to_string())
        .replace("{fade}", &fade.to_string())
        .replace("{size}", &size.map(|size| size.to_string()).unwrap_or_default())
}
