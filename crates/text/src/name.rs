//! A person's, an organisation's or a room's name as it is shown.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use crate::joiners::{belongs, is_joiner};
use crate::{is_mark, is_wide, with_few_marks};

/// What a reader would count as letters.
const LETTERS: usize = 32;

/// One letter may be made of thousands of characters; all of them together may not.
const CHARS: usize = 160;

/// Longer names are not even looked at to their end.
const LOOKED_AT: usize = 1024;

/// Marks on one letter of a name.
const MARKS: usize = 3;

/// One line of at most 32 letters, composed, without anything that turns or hides what stands around it; empty if
/// nothing of it could be seen.
pub fn name(text: &str) -> String {
    if is_simple(text) {
        return text.to_owned();
    }
    let composed: String = visible(text).nfc().collect();
    let line = with_few_marks(&composed, MARKS).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().all(is_blank) { String::new() } else { cut(line) }
}

/// Most names: a few printable letters of ASCII, words one space apart.
fn is_simple(text: &str) -> bool {
    text.len() <= LETTERS
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.trim().len() == text.len()
        && !text.contains("  ")
}

/// Without what has no shape of its own, but for joiners where they belong.
fn visible(text: &str) -> String {
    let mut shown = String::new();
    let mut letter = None;
    let mut rest = text.chars().take(LOOKED_AT).peekable();
    while let Some(c) = rest.next() {
        let keep =
            if is_joiner(c) { belongs(c, letter, rest.peek().copied()) } else { !is_shapeless(c) };
        if keep {
            shown.push(c);
            if !is_mark(c) && !is_joiner(c) {
                letter = Some(c);
            }
        }
    }
    shown
}

fn is_shapeless(c: char) -> bool {
    !is_wide(c)
        && matches!(
            c.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}

/// Space by another name, or a mark with nothing under it.
fn is_blank(c: char) -> bool {
    let filler = matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    c.is_whitespace() || filler || is_joiner(c) || is_mark(c)
}

fn cut(line: String) -> String {
    if line.graphemes(true).count() <= LETTERS && line.chars().count() <= CHARS {
        return line;
    }
    let mut short = String::new();
    let mut chars = 1;
    for letter in line.graphemes(true).take(LETTERS - 1) {
        chars += letter.chars().count();
        if chars > CHARS {
            break;
        }
        short.push_str(letter);
    }
    // What it would have joined is cut off.
    let mut short = short.trim_end_matches(is_joiner).to_owned();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_every_language_stay_as_they_are() {
        for text in [
            "Ana",
            "Müller",
            "Łukasz",
            "Đặng Thị Ngọc",
            "محمد",
            "می‌رود",
            "דוד",
            "ณัฐ",
            "க்ஷ",
            "അവന്\u{200d}",
            "小明",
            "한국",
            "👩‍👩‍👧",
            "🏳️‍🌈 Kim",
            "👍🏽",
            "O'Neill-Smith (host)",
        ] {
            assert_eq!(name(text), text);
        }
    }

    #[test]
    fn a_letter_and_its_mark_are_one_letter() {
        assert_eq!(name("Mu\u{308}ller"), "Müller");
        assert_eq!(name("Mu\u{200b}\u{308}ller"), "Müller", "what hid between them is gone before");
    }

    #[test]
    fn tricks_are_gone() {
        for (text, shown) in [
            ("ad\u{202e}nim\n\u{0}", "adnim"),
            ("  Ada\n\u{202e}Lovelace\u{200b} ", "AdaLovelace"),
            ("a\u{200d}d\u{200c}min", "admin"),
            ("admin\u{e0041}\u{feff}\u{2069}", "admin"),
            ("a  \u{2003} b\u{a0}c", "a b c"),
            ("\u{200b}\u{feff} ", ""),
            ("\u{3164}\u{2800}\u{301}", ""),
            ("👩\u{200d}x", "👩x"),
        ] {
            assert_eq!(name(text), shown, "{text:?}");
        }
        let tower = format!("Z{}a", "\u{316}".repeat(500));
        assert_eq!(name(&tower), format!("Z{}a", "\u{316}".repeat(MARKS)));
    }

    #[test]
    fn a_name_is_short_however_long_it_is() {
        assert_eq!(name(&"名".repeat(80)), format!("{}…", "名".repeat(31)));
        assert_eq!(name(&"x".repeat(10_000_000)), format!("{}…", "x".repeat(31)));
        // One letter, as far as Unicode goes.
        let family = format!("a{}", "👩\u{200d}".repeat(100_000));
        assert_eq!(name(&family), "a…");
    }

    fn nasty() -> impl Strategy<Value = String> {
        let parts = "aé e\u{301}\u{301}\u{323}\u{338}\u{200b}\u{200c}\u{200d}\u{200e}\u{202e}\u{2066}\u{2069}\u{61c}\u{feff}\u{2028}\n\t\u{e0041}👩👧\u{fe0f}한ᄀ각\u{1160}界Å🇩🇪مเ\u{94d}क\u{1f3fd}";
        let parts: Vec<char> = parts.chars().collect();
        let made = prop::collection::vec(prop::sample::select(parts), 0..80);
        prop_oneof![made.prop_map(|chars| chars.into_iter().collect()), any::<String>()]
    }

    proptest! {
        #[test]
        fn whatever_is_sent_fits_its_line_and_a_second_look_changes_nothing(text in nasty()) {
            let shown = name(&text);
            prop_assert!(shown.graphemes(true).count() <= LETTERS && shown.chars().count() <= CHARS);
            prop_assert!(!shown.chars().any(|c| is_shapeless(c) && !is_joiner(c)));
            prop_assert_eq!(with_few_marks(&shown, MARKS), shown.as_str());
            prop_assert_eq!(name(&shown), shown.as_str());
            let said = crate::body(&text);
            prop_assert_eq!(crate::body(&said), said.as_ref());
        }
    }
}
