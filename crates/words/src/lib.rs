//! What the programs themselves say, in every language that has a file in `locales`: which languages there are, which of
//! them a system means, and their words by key. A wrong key does not compile; the tables are made by `build.rs`.

use std::fmt::{self, Display, Write};

use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules};

/// What is said, whatever the language.
#[derive(Clone, Copy, Debug)]
pub struct Key(usize);

include!(concat!(env!("OUT_DIR"), "/keys.rs"));

/// A language that the programs speak.
#[derive(Clone, Copy)]
pub struct Language(&'static Table);

/// One file of `locales`, as far as Rust says it.
struct Table {
    tag: &'static str,
    name: &'static str,
    serves: &'static [&'static str],
    words: &'static [Words],
}

enum Words {
    Plain(&'static str),
    /// By the plural forms of its speaker, which is English where a language has no words of its own.
    Counted {
        speaker: &'static str,
        other: &'static str,
        forms: &'static [(&'static str, &'static str)],
    },
}

static LANGUAGES: &[Table] = &include!(concat!(env!("OUT_DIR"), "/languages.rs"));
const MASTER: &str = "en";

/// What stands in the place of a `{slot}`.
pub type Slot<'a> = (&'static str, &'a dyn Display);

impl Language {
    /// All of them, by tag.
    pub fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.iter().map(Self)
    }

    /// The one with this very tag.
    #[must_use]
    pub fn tagged(tag: &str) -> Option<Self> {
        tagged(LANGUAGES, tag)
    }

    /// The language that every other one leans on.
    #[must_use]
    pub fn english() -> Self {
        Self::tagged(MASTER).unwrap_or(Self(&LANGUAGES[0]))
    }

    /// The one that serves a system's language best: English where none does.
    #[must_use]
    pub fn nearest(system: &str) -> Self {
        nearest(LANGUAGES, system).unwrap_or_default()
    }

    /// Its name for programs, as in `locales` and in a page.
    #[must_use]
    pub fn tag(self) -> &'static str {
        self.0.tag
    }

    /// Its own name for itself.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Words without slots.
    #[must_use]
    pub fn say(self, key: Key) -> &'static str {
        match &self.0.words[key.0] {
            Words::Plain(text) => text,
            Words::Counted { other, .. } => other,
        }
    }

    /// Words with what stands in their slots.
    #[must_use]
    pub fn fill(self, key: Key, slots: &[Slot<'_>]) -> String {
        filled(self.say(key), slots)
    }

    /// Words in the form for so many; `{n}` is the number, unless a slot shows it otherwise.
    #[must_use]
    pub fn count(self, key: Key, n: u32, slots: &[Slot<'_>]) -> String {
        let text = match &self.0.words[key.0] {
            Words::Plain(text) => text,
            Words::Counted { speaker, other, forms } => {
                let form = form(speaker, n);
                forms.iter().find(|(name, _)| *name == form).map_or(*other, |(_, text)| *text)
            }
        };
        let number: Slot<'_> = ("n", &n);
        filled(text, &[slots, &[number]].concat())
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.tag() == other.tag()
    }
}

impl Eq for Language {}

impl Default for Language {
    fn default() -> Self {
        Self::english()
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

fn tagged(tables: &'static [Table], tag: &str) -> Option<Language> {
    tables.iter().find(|table| table.tag == tag).map(Language)
}

/// The longest tag that a language serves and that the system's begins with, part by part.
fn nearest(tables: &'static [Table], system: &str) -> Option<Language> {
    let system = system.replace('_', "-").to_ascii_lowercase();
    let served = tables.iter().flat_map(|table| table.serves.iter().map(move |tag| (tag, table)));
    let meant = served.filter(|(tag, _)| {
        system
            .strip_prefix(&tag.to_ascii_lowercase())
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    });
    meant.max_by_key(|(tag, _)| tag.len()).map(|(_, table)| Language(table))
}

/// The plural form of a number, as Intl calls it.
fn form(speaker: &str, n: u32) -> &'static str {
    let rules = speaker
        .parse::<Locale>()
        .ok()
        .and_then(|locale| PluralRules::try_new(locale.into(), Default::default()).ok());
    match rules.map(|rules| rules.category_for(n)) {
        Some(PluralCategory::Zero) => "zero",
        Some(PluralCategory::One) => "one",
        Some(PluralCategory::Two) => "two",
        Some(PluralCategory::Few) => "few",
        Some(PluralCategory::Many) => "many",
        Some(PluralCategory::Other) | None => "other",
    }
}

/// Once through: what stands in a slot is never looked into for another one.
fn filled(text: &str, slots: &[Slot<'_>]) -> String {
    let (mut said, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, (name, after))) = next_slot(rest) {
        said.push_str(before);
        let value = slots.iter().find(|(slot, _)| *slot == name);
        debug_assert!(value.is_some(), "nobody fills {{{name}}} of `{text}`");
        if let Some((_, value)) = value {
            let _infallible = write!(said, "{value}");
        }
        rest = after;
    }
    said.push_str(rest);
    said
}

fn next_slot(text: &str) -> Option<(&str, (&str, &str))> {
    let (before, after) = text.split_once('{')?;
    Some((before, after.split_once('}')?))
}

#[cfg(test)]
mod tests;
