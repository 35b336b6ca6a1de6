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
        let hangul = ('\u{ac00}'..='\u{d7a3}').contains(&c);
        let mut push = |c: char| {
            let dropped = is_combining_mark(c)
                || matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
            if dropped {
                return;
            }
            let c = if class(c) == Class::Gap { ' ' } else { c };
            if c != ' ' || folded.chars.last().is_some_and(|last| *last != ' ') {
                folded.chars.push(c);
                folded.at.push((unit, end));
            }
        };
        if hangul {
            push(c);
        } else {
            std::iter::once(c).nfkd().flat_map(char::to_lowercase).for_each(&mut push);
        }
        unit = end;
    }
    folded
}

/// What a folded character is.
pub fn class(c: char) -> Class {
    match c {
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
    let folded = fold(text);
    let mut tokens = String::with_capacity(text.len() * 2);
    for run in runs(&folded.chars) {
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
            Run::Sign(sign) => {
                tokens.push_str(&sign_token(sign));
                tokens.push(' ');
            }
        }
    }
    tokens
}

/// What a text consists of.
enum Run<'a> {
    Word(&'a [char]),
    Wide(&'a [char]),
    Sign(char),
}

fn runs(chars: &[char]) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    for run in chars.chunk_by(|a, b| class(*a) == class(*b)) {
        match run.first().map(|c| class(*c)) {
            Some(Class::Word) => runs.push(Run::Word(run)),
            Some(Class::Wide) => runs.push(Run::Wide(run)),
            Some(Class::Sign) => runs.extend(run.iter().map(|c| Run::Sign(*c))),
            Some(Class::Gap) | None => {}
        }
    }
    runs
}

/// A sign as letters: the tokenizer would throw it away.
fn sign_token(sign: char) -> String {
    format!("zz{:x}", u32::from(sign))
}

/// Something that is looked for: it is in a text if these characters are, a word from its beginning on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    chars: Vec<char>,
}

impl Term {
    /// Nothing, where there is nothing that could be looked for.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut chars = fold(text).chars;
        if chars.last() == Some(&' ') {
            chars.pop();
        }
        (!chars.is_empty()).then_some(Self { chars })
    }

    /// What the index must have in a column for this to be there; more may have it.
    pub(crate) fn query(&self, column: &str) -> String {
        let mut parts = Vec::new();
        // Words that follow each other do so in the index, too.
        let mut words: Vec<String> = Vec::new();
        let close = |words: &mut Vec<String>, parts: &mut Vec<String>| {
            if !words.is_empty() {
                parts.push(format!("{column} : \"{}\" *", words.join(" ")));
                words.clear();
            }
        };
        for run in runs(&self.chars) {
            match run {
                Run::Word(word) => words.push(word.iter().take(WORD).collect()),
                Run::Wide(wide) => {
                    close(&mut words, &mut parts);
                    let pairs: Vec<String> = wide.windows(2).map(String::from_iter).collect();
                    parts.push(match wide {
                        [one] => format!("{column} : \"{one}\" *"),
                        _ => format!("{column} : \"{}\"", pairs.join(" ")),
                    });
                }
                Run::Sign(sign) => {
                    close(&mut words, &mut parts);
                    parts.push(format!("{column} : \"{}\"", sign_token(sign)));
                }
            }
        }
        close(&mut words, &mut parts);
        parts.join(" AND ")
    }

    /// Where it is in a text, in UTF-16 units, at most `most` times.
    pub(crate) fn find(&self, text: &Folded, most: usize) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        let begins_word = class(self.chars[0]) == Class::Word;
        for (n, window) in text.chars.windows(self.chars.len()).enumerate() {
            let inside_word = begins_word && n > 0 && class(text.chars[n - 1]) == Class::Word;
            if window == self.chars && !inside_word {
                let (from, to) = (text.at[n].0, text.at[n + self.chars.len() - 1].1);
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
    }
}
