//! Text as it is searched: without case, width and accents, cut into what an index can hold.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest word that is indexed, in characters; of a longer one, its beginning.
const WORD: usize = 64;

/// What a character is to a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Part of a word that is written with spaces around it.
    Word,
    /// Of a script that has none: any part of it may be looked for.
    Wide,
    /// A word by itself: an emoji, a sign.
    Sign,
    /// Between words.
    Gap,
}

/// A text, folded; each character with the place of the one that it came from, in UTF-16 units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    pub(crate) chars: Vec<char>,
    /// From where to where.
    at: Vec<(u32, u32)>,
}

/// Folds a text. Gaps become one space each.
pub(crate) fn fold(text: &str) -> Folded {
    let mut folded = Folded::default();
    let mut unit = 0;
    for c in text.chars() {
        let end = unit + if u32::from(c) > 0xffff { 2 } else { 1 };
        folded_char(c, |c| {
            if c != ' ' || folded.chars.last().is_some_and(|last| *last != ' ') {
                folded.chars.push(c);
                folded.at.push((unit, end));
            }
        });
        unit = end;
    }
    folded
}

/// What one character becomes; a space for a gap.
fn folded_char(c: char, mut push: impl FnMut(char)) {
    match c {
        // These two are most of what is said, and nothing in the tables of Unicode changes them further.
        '\0'..='\x7f' => push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }),
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => push(c),
        _ => {
            for c in std::iter::once(c).nfkd().flat_map(char::to_lowercase) {
                let dropped = is_combining_mark(c)
                    || matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
                if !dropped {
                    push(if class(c) == Class::Gap { ' ' } else { c });
                }
            }
        }
    }
}

/// What a folded character is.
pub fn class(c: char) -> Class {
    match c {
        '\0'..='\x7f' if c.is_ascii_alphanumeric() => Class::Word,
        '\0'..='\x7f' => Class::Gap,
        '\u{0e00}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{318f}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Class::Wide,
        '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '©' | '®' | '™' => Class::Sign,
        c if c.is_alphanumeric() => Class::Word,
        _ => Class::Gap,
    }
}

/// The tokens of a text, with spaces between them, as the index gets them.
pub(crate) fn tokens(text: &str) -> String {
    let mut chars = Vec::with_capacity(text.len());
    text.chars().for_each(|c| folded_char(c, |c| chars.push(c)));
    let mut tokens = String::with_capacity(text.len() * 3);
    for run in runs(&chars) {
        match run {
            Run::Word(word) => {
                tokens.extend(word.iter().take(WORD));
                tokens.push(' ');
            }
            Run::Wide(wide) => {
                for pair in wide.windows(2) {
                    tokens.extend(pair);
                    tokens.push(' ');
                }
                tokens.extend(wide.last());
                tokens.push(' ');
            }
            Run::Signs(signs) => {
                for sign in signs {
                    tokens.push_str(&sign_token(*sign));
                    tokens.push(' ');
                }
            }
        }
    }
    tokens
}

/// What a text consists of.
enum Run<'a> {
    Word(&'a [char]),
    Wide(&'a [char]),
    Signs(&'a [char]),
}

fn runs(mut chars: &[char]) -> impl Iterator<Item = Run<'_>> {
    std::iter::from_fn(move || {
        loop {
            let first = class(*chars.first()?);
            let end = chars.iter().position(|c| class(*c) != first).unwrap_or(chars.len());
            let (run, rest) = chars.split_at(end);
            chars = rest;
            match first {
                Class::Word => return Some(Run::Word(run)),
                Class::Wide => return Some(Run::Wide(run)),
                Class::Sign => return Some(Run::Signs(run)),
                Class::Gap => {}
            }
        }
    })
}

/// A sign as letters: the tokenizer would throw it away.
fn sign_token(sign: char) -> String {
    format!("zz{:x}", u32::from(sign))
}

/// Something that is looked for: it is in a text if these characters are, a word from its beginning on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    chars: Vec<char>,
    /// A word at the end must end there.
    whole: bool,
}

impl Term {
    /// Nothing, where there is nothing that could be looked for.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut chars = fold(text).chars;
        if chars.last() == Some(&' ') {
            chars.pop();
        }
        (!chars.is_empty()).then_some(Self { chars, whole: false })
    }

    /// The same, but its last word is one and not the beginning of one.
    pub(crate) fn whole(text: &str) -> Option<Self> {
        Self::new(text).map(|term| Self { whole: true, ..term })
    }

    /// What the index must have in a column for this to be there; more may have it. What follows each other here does so in the index, too; a word
    /// at the end may be the beginning of one: `begun` says which words begin so, or nothing where they are many.
    pub(crate) fn query<E>(
        &self,
        column: &str,
        begun: impl Fn(&str) -> Result<Option<Vec<String>>, E>,
    ) -> Result<String, E> {
        let mut tokens: Vec<String> = Vec::new();
        let mut runs = runs(&self.chars).peekable();
        while let Some(run) = runs.next() {
            match run {
                Run::Word(word) => tokens.push(word.iter().take(WORD).collect()),
                Run::Wide(wide) => {
                    tokens.extend(wide.windows(2).map(String::from_iter));
                    // The last character stands by itself only where the run ends.
                    if runs.peek().is_some() || wide.len() == 1 {
                        tokens.extend(wide.last().map(char::to_string));
                    }
                }
                Run::Signs(signs) => tokens.extend(signs.iter().map(|sign| sign_token(*sign))),
            }
        }
        let last = tokens.pop().unwrap_or_default();
        let before: String = tokens.into_iter().map(|token| token + " ").collect();
        let one_of = |whole: &[String]| {
            let each: Vec<_> = whole.iter().map(|word| format!("\"{before}{word}\"")).collect();
            format!("{column} : ({})", each.join(" OR "))
        };
        let before_last = self.chars.iter().nth_back(1).map(|c| class(*c));
        let lone = before_last != Some(Class::Wide);
        Ok(match self.chars.last().map(|c| class(*c)) {
            Some(Class::Word) if self.whole => one_of(&[last]),
            Some(Class::Word) => match begun(&last)? {
                // Not one of them: nothing is found, but the question must still be one.
                Some(whole) if whole.is_empty() => one_of(&[last]),
                Some(whole) => one_of(&whole),
                None => format!("{column} : \"{before}{last}\" *"),
            },
            Some(Class::Wide) if lone => format!("{column} : \"{before}{last}\" *"),
            Some(Class::Wide | Class::Sign | Class::Gap) | None => one_of(&[last]),
        })
    }

    /// Where it is in a text, in UTF-16 units, at most `most` times.
    pub(crate) fn find(&self, text: &Folded, most: usize) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        let begins_word = class(self.chars[0]) == Class::Word;
        let ends_word = self.whole && self.chars.last().is_some_and(|c| class(*c) == Class::Word);
        let is_word = |c: Option<&char>| c.is_some_and(|c| class(*c) == Class::Word);
        for (n, window) in text.chars.windows(self.chars.len()).enumerate() {
            if window != self.chars {
                continue;
            }
            let end = n + self.chars.len();
            let inside_word = (begins_word && n > 0 && is_word(text.chars.get(n - 1)))
                || (ends_word && is_word(text.chars.get(end)));
            if !inside_word {
                let (from, to) = (text.at[n].0, text.at[end - 1].1);
                found.push((from, to));
                if found.len() == most {
                    break;
                }
            }
        }
        found
    }

    pub(crate) fn is_in(&self, text: &Folded) -> bool {
        !self.find(text, 1).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_words_pairs_and_signs() {
        assert_eq!(tokens("Hello, WÖRLD"), "hello world ");
        assert_eq!(tokens("今天好a1"), "今天 天好 好 a1 ");
        assert_eq!(tokens("字"), "字 ");
        assert_eq!(tokens("ＡＢＣ１２３"), "abc123 ");
        assert_eq!(tokens("👍🏽!"), "zz1f44d zz1f3fd ");
        assert_eq!(tokens("…!? \u{200d}"), "");
        assert_eq!(tokens("한국어"), "한국 국어 어 ");
    }

    #[test]
    fn places_are_those_of_the_text_as_it_came() {
        let term = |text: &str| Term::new(text).unwrap();
        let text = fold("😀Über ﬁve, 今天好");
        assert_eq!(term("uber").find(&text, 9), [(2, 6)]);
        assert_eq!(term("FIVE").find(&text, 9), [(7, 10)]);
        assert_eq!(term("天好").find(&text, 9), [(13, 15)]);
        assert_eq!(term("天").find(&text, 9), [(13, 14)]);
        assert_eq!(term("ber").find(&text, 9), [], "a word is found from its beginning");
        assert_eq!(term("five 今").find(&text, 9), [(7, 13)]);
        assert_eq!(Term::new(" ,.!"), None);
        let whole = |text: &str| Term::whole(text).unwrap();
        assert_eq!(whole("fiv").find(&text, 9), [], "whole words are not begun ones");
        assert_eq!(whole("über five").find(&text, 9), [(2, 10)]);
        assert_eq!(whole("今天").find(&text, 9), [(12, 14)]);
    }
}
