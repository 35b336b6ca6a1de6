//! The views that a person made of rooms; a part of the settings.

use serde::{Deserialize, Serialize};

use super::Said;
use crate::views::is_free;

/// Somebody, by the id; the name is only shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Named {
    pub(crate) user: String,
    pub(crate) name: String,
}

/// A view: what is of one of these kinds (none: of any) and has one of these words in it, fits the pattern (empty: there is none) or
/// comes from one of these people (none of the three: whatever it says).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct SavedView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kinds: Vec<Said>,
    pub(crate) words: Vec<String>,
    #[serde(default)]
    pub(crate) pattern: String,
    pub(crate) people: Vec<Named>,
}

impl SavedView {
    /// The most of them.
    const MOST: usize = 8;
    /// The longest id, name, and word or pattern, in bytes, and how many words and people there may be.
    const ID_BYTES: usize = 64;
    const NAME_BYTES: usize = 120;
    const WORD_BYTES: usize = 512;
    const EACH: usize = 20;

    /// Those that can be, and no more than there may be.
    pub(super) fn bounded(views: Vec<Self>) -> Vec<Self> {
        let mut kept: Vec<Self> = Vec::new();
        for mut view in views {
            let taken = kept.iter().any(|other| other.id == view.id);
            let long = view.id.len() > Self::ID_BYTES
                || view.name.len() > Self::NAME_BYTES
                || view.pattern.len() > Self::WORD_BYTES;
            if taken || long || !is_free(&view.id) || kept.len() == Self::MOST {
                continue;
            }
            view.words.retain(|word| !word.trim().is_empty() && word.len() <= Self::WORD_BYTES);
            view.people.retain(|one| one.user.len() + one.name.len() <= Self::WORD_BYTES);
            view.words.truncate(Self::EACH);
            view.people.truncate(Self::EACH);
            kept.push(view);
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(id: &str) -> SavedView {
        let id = id.to_owned();
        let (name, pattern) = (id.clone(), String::new());
        SavedView { id, name, kinds: vec![], words: vec![], pattern, people: vec![] }
    }

    #[test]
    fn what_cannot_be_a_view_is_left_out_and_eight_are_enough() {
        let odd = [view(""), view("questions"), view(&"x".repeat(65)), view("a"), view("a")];
        let long = SavedView { pattern: "x".repeat(513), ..view("b") };
        let odd = odd.into_iter().chain([long]);
        let more = (0..9).map(|n| view(&n.to_string()));
        let kept = SavedView::bounded(odd.chain(more).collect());
        let ids: Vec<_> = kept.iter().map(|view| view.id.as_str()).collect();
        assert_eq!(ids, ["a", "0", "1", "2", "3", "4", "5", "6"]);
    }

    #[test]
    fn a_view_from_before_there_were_patterns_has_none() {
        let text = r#"{"id":"a","name":"A","kinds":["question"],"words":["w"],"people":[]}"#;
        let view: SavedView = serde_json::from_str(text).unwrap();
        assert_eq!((view.words, view.pattern), (vec!["w".to_owned()], String::new()));
    }

    #[test]
    fn words_and_people_are_few_and_short() {
        let words = (0..30).map(|n| n.to_string()).chain([" ".to_owned(), "x".repeat(513)]);
        let kept = SavedView::bounded(vec![SavedView { words: words.collect(), ..view("a") }]);
        assert_eq!((kept[0].words.len(), kept[0].words[19].as_str()), (20, "19"));
    }
}
