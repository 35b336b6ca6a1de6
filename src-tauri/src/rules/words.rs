//! Words as a rule means them: without case, width and accents, whole where a script has spaces.

use aside_history::{Class, class};
use memchr::memmem::Finder;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word or a phrase, ready to be looked for.
#[derive(Debug)]
pub(crate) struct Words {
    written: String,
    folded: String,
    finder: Finder<'static>,
}

impl Words {
    /// None: nothing is left of it that could be looked for.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let folded = fold(text.trim());
        let folded = folded.trim();
        let finder = Finder::new(folded).into_owned();
        let found = Self { written: text.trim().to_owned(), folded: folded.to_owned(), finder };
        (!found.folded.is_empty()).then_some(found)
    }

    /// As the person wrote it.
    pub(crate) fn as_written(&self) -> &str {
        &self.written
    }

    /// Whether a text says this and nothing else.
    pub(crate) fn are(&self, text: &str) -> bool {
        fold(text).trim() == self.folded
    }

    /// Whether it stands in a text, as more than a part of a longer word.
    pub(crate) fn are_said_in(&self, text: &str) -> bool {
        self.are_in(&fold(text))
    }

    /// The same of a text that is folded already.
    pub(crate) fn are_in(&self, folded: &str) -> bool {
        let mut from = 0;
        while let Some(rest) = folded.get(from..) {
            let Some(at) = self.finder.find(rest.as_bytes()) else { return false };
            let start = from + at;
            if self.stands_alone(folded, start) {
                return true;
            }
            from = start + folded[start..].chars().next().map_or(1, char::len_utf8);
        }
        false
    }

    fn stands_alone(&self, text: &str, start: usize) -> bool {
        let glued =
            |a: Option<char>, b: Option<char>| a.is_some_and(letter) && b.is_some_and(letter);
        let (before, after) = (&text[..start], &text[start + self.folded.len()..]);
        !glued(before.chars().next_back(), self.folded.chars().next())
            && !glued(self.folded.chars().next_back(), after.chars().next())
    }
}

/// Whether a character holds together with its neighbours: a letter of a script that has spaces.
fn letter(c: char) -> bool {
    class(c) == Class::Word || is_combining_mark(c)
}

/// A text without case, width and accents, its white space single.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_whitespace() {
            folded.push(c.to_ascii_lowercase());
        } else if c.is_whitespace() {
            if !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else if aside_text::is_wide(c) {
            // Without case or accents. Taken apart, a syllable of Hangul would be found in others that begin like it.
            folded.push(c);
        } else {
            let parts = std::iter::once(c).nfkd().filter(|part| !is_unseen(*part));
            // By way of the capitals, ß is ss, and the sigma at a word's end is a sigma.
            let cases = parts.flat_map(char::to_lowercase).flat_map(char::to_uppercase);
            folded.extend(cases.flat_map(char::to_lowercase));
        }
    }
    folded
}

/// Accents and vowel points, which people leave out, and what nobody sees at all.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}
