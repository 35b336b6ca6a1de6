//! Words that hold an entry for review: found however they are written, and no sooner than they stand there as words.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// The longest word of a list, folded, in bytes.
pub(crate) const WORD_BYTES: usize = 128;

/// The words of a room, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words(BTreeSet<String>);

impl Words {
    pub(crate) fn new(folded: impl IntoIterator<Item = String>) -> Self {
        Self(folded.into_iter().filter(|word| !word.is_empty()).collect())
    }

    /// Whether one of them stands in a text.
    pub(crate) fn hold(&self, text: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let text = fold(text);
        self.0.iter().any(|word| stands_in(word, &text))
    }
}

/// A text as it is compared: without case, marks, forms of the same letter, and what cannot be seen; one space for many.
pub(crate) fn fold(text: &str) -> String {
    let letters = text
        .nfkd()
        .filter(|letter| canonical_combining_class(*letter) == 0 && !is_invisible(*letter))
        .flat_map(char::to_lowercase);
    let folded: String = letters.collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A word begins and ends where letters do; where a script sets no spaces, it stands wherever its letters do. A `*` at its
/// end stands for any ending.
fn stands_in(word: &str, text: &str) -> bool {
    let (word, open) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
    let joins = |inner: Option<char>, outer: Option<char>| {
        let spaced = |letter: char| letter.is_alphanumeric() && !is_unspaced(letter);
        inner.is_some_and(spaced) && outer.is_some_and(spaced)
    };
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + word.len()..]);
            !joins(word.chars().next(), before.chars().next_back())
                && (open || !joins(word.chars().next_back(), after.chars().next()))
        })
}

/// Scripts that set no spaces between words: Chinese, Japanese, Thai, Lao, Burmese, Khmer.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hold(words: &[&str], text: &str) -> bool {
        Words::new(words.iter().map(|word| fold(word))).hold(text)
    }

    #[test]
    fn a_word_is_found_however_it_is_written_and_never_inside_another() {
        for text in [
            "spam",
            "SPAM!",
            "no Spam, please",
            "ｓｐａｍ",
            "s\u{200b}p\u{ad}am",
            "spám",
            "«spam»",
            "𝓼𝓹𝓪𝓶",
            "买spam吗",
            "free   gold now",
        ] {
            assert!(hold(&["spam", "Free Gold"], text), "{text}");
        }
        for text in ["spammer", "spa m", "antispam", "spam2", "", "freegold", "free golden"] {
            assert!(!hold(&["spam", "Free Gold"], text), "{text}");
        }
        assert!(hold(&["spam*"], "spammers") && !hold(&["spam*"], "antispam"));
    }

    #[test]
    fn scripts_without_spaces_are_searched_for_their_letters() {
        assert!(hold(&["赌博"], "来这里赌博吧") && !hold(&["赌博"], "打赌，博士"));
        assert!(hold(&["การพนัน"], "เล่นการพนันกัน"));
        assert!(hold(&["日本"], "㈰本") == hold(&["日本"], "(日)本"));
        assert!(!Words::default().hold("anything"));
        assert!(!hold(&["", " ", "*"], "* anything"));
    }

    proptest! {
        #[test]
        fn folding_is_done_after_one_time_and_nothing_panics(text in "\\PC{0,40}", word in "\\PC{1,8}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
            let _ = hold(&[word.as_str()], &text);
        }
    }
}
