//! Where the two joiners belong: inside scripts whose letters join, and inside pictures made of several. Anywhere else
//! they are only a way to make two names that look the same.

use unicode_properties::UnicodeEmoji;

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
/// Makes a picture of the character before it.
const AS_PICTURE: char = '\u{fe0f}';

pub(crate) fn is_joiner(c: char) -> bool {
    matches!(c, NON_JOINER | JOINER)
}

/// Whether a joiner may stand behind this letter, whose marks may come between (composing moves those, not the letter),
/// and before that character.
pub(crate) fn belongs(joiner: char, letter: Option<char>, after: Option<char>) -> bool {
    let Some(letter) = letter else { return false };
    if joins(letter) {
        return true;
    }
    let picture = |c: char| c == AS_PICTURE || (c > '\u{2000}' && c.is_emoji_char());
    joiner == JOINER && picture(letter) && after.is_some_and(picture)
}

/// The scripts from Arabic to the Indic ones and Mongolian, as blocks: a letter of theirs may ask for the joined or the
/// separate form of its neighbour, or stand at a word's end in one of them.
fn joins(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{1cff}' | '\u{a8e0}'..='\u{aaff}' | '\u{10a00}'..='\u{11fff}')
}
