//! Text from strangers, made safe to look at: for windows, trays and terminals. What is stored stays as it was said.
//!
//! Names share a line with other names, so they are held short and may neither turn nor hide what stands around them.
//! What people say is theirs, and only a tower of marks that would cover the rows above is cut.

mod joiners;
mod name;

use std::borrow::Cow;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

pub use name::name;

/// Marks on one letter of what somebody says; no language stacks so many.
const BODY_MARKS: usize = 8;

/// What somebody said, with at most eight marks on a letter. Almost always the text itself.
pub fn body(text: &str) -> Cow<'_, str> {
    with_few_marks(text, BODY_MARKS)
}

/// What somebody said, for a terminal: nothing in it moves the cursor, or turns the line around. What would is shown as
/// a replacement character.
pub fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() || turns(c) { char::REPLACEMENT_CHARACTER } else { c };
    body(text).chars().map(shown).collect()
}

/// Embeddings, overrides and isolates: they reach beyond the word that they stand in.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with no run of marks longer than `most`.
fn with_few_marks(text: &str, most: usize) -> Cow<'_, str> {
    let mut run = 0;
    let mut fits = |c: char| {
        run = if is_mark(c) { run + 1 } else { 0 };
        run <= most
    };
    if text.is_ascii() || text.chars().all(&mut fits) {
        return Cow::Borrowed(text);
    }
    run = 0;
    let kept = text.chars().filter(|c| {
        run = if is_mark(*c) { run + 1 } else { 0 };
        run <= most
    });
    Cow::Owned(kept.collect())
}

fn is_mark(c: char) -> bool {
    // None below; most text ends here.
    c >= '\u{300}' && !is_wide(c) && c.general_category_group() == GeneralCategoryGroup::Mark
}

/// Whether a character is an ideograph, a hexagram among them or a syllable of Hangul: half of what is said, and neither a mark, nor
/// without a shape, nor with case. To look such a one up is a search through 3,300 ranges.
pub fn is_wide(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_say_passes_as_it_is() {
        for text in [
            "plain",
            "Müller, Łukasz",
            "ภาษาไทยมีสระและวรรณยุกต์",
            "مَرْحَبًا بِكُم",
            "שָׁלוֹם",
            "می‌خواهم",
            "👩‍👩‍👧 👍🏽 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
            "line\nbreak\ttab \u{202e}turned",
        ] {
            assert!(matches!(body(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn what_is_wide_is_a_letter_or_a_symbol_without_case() {
        for c in ('\0'..=char::MAX).filter(|c| is_wide(*c)) {
            let group = c.general_category_group();
            assert!(
                matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Symbol),
                "{c:?}"
            );
            assert!(c.to_lowercase().eq([c]) && c.to_uppercase().eq([c]), "{c:?}");
        }
    }

    #[test]
    fn a_tower_of_marks_is_cut_and_the_text_goes_on() {
        let tower = format!("a{}b", "\u{301}".repeat(5_000));
        let low = format!("a{}b", "\u{301}".repeat(BODY_MARKS));
        assert_eq!(body(&tower), low);
        assert_eq!(body(&low), low);
    }

    #[test]
    fn a_terminal_is_not_steered() {
        assert_eq!(printable("a\u{1b}[2Jb\r\nc\u{9b}d\u{7}"), "a�[2Jb��c�d�");
        assert_eq!(printable("\u{202e}evil\u{202c} \u{2066}x\u{2069}"), "�evil� �x�");
        for text in ["Müller", "שלום \u{200e}abc", "👩‍👩‍👧", "می‌خواهم"] {
            assert_eq!(printable(text), text);
        }
    }
}
