//! What stands out and what steps back: a person's rules, compiled once, asked about each row on its way to the page.
//!
//! From the top, the first rule that fits decides; what one says oneself is left alone. Nothing here can hang: words are
//! looked for in one pass, patterns have an engine without backtracking, and both are held small.

mod words;

#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::HashSet;

use regex::{Regex, RegexBuilder};

use crate::dto::{Effect, Fit, Rule, RuleFault, Ruled, Rules, Said, When};
use crate::settings::RoomKey;
use aside_history::EntryRow;
use aside_protocol::Body;
pub(crate) use words::Words;

/// The most rules.
pub(crate) const MOST: usize = 200;
/// What one rule may hold: its words, its pattern, its person, in bytes.
const RULE_BYTES: usize = 512;
/// The longest name that we give a rule.
const ID_BYTES: usize = 64;
/// What one compiled pattern may take, in bytes: some ten `\w` of all scripts. And what its engine may remember while it runs.
const PATTERN_BYTES: usize = 512 * 1024;
const ENGINE_BYTES: usize = 256 * 1024;
/// How deep a pattern may be nested.
const NESTING: u32 = 32;
/// What is shown of the part that a pattern found, in characters.
const FOUND_CHARS: usize = 80;

/// A row as the rules see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) room: RoomKey,
    pub(crate) kind: Said,
    pub(crate) user: &'a str,
    pub(crate) text: &'a str,
    pub(crate) mine: bool,
}

/// What was said, and as what, as rules and views see it.
pub(crate) fn said(entry: &EntryRow) -> (Said, String) {
    let (kind, text) = match entry.entry.body() {
        Body::Message { text } => (Said::Message, text),
        Body::Question { text } => (Said::Question, text),
        Body::Answer { text, .. } => (Said::Answer, text),
    };
    (kind, aside_text::body(&text).into_owned())
}

/// What becomes of a row, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rated {
    Plain,
    Marked,
    Muted,
}

/// Rules that are in force, compiled.
#[derive(Debug, Default)]
pub(crate) struct RuleBook {
    rules: Vec<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    id: String,
    /// None: of every room.
    room: Option<RoomKey>,
    test: Test,
    effect: Effect,
}

#[derive(Debug)]
enum Test {
    Words(Box<Words>),
    Pattern(Regex),
    Person(String),
    Kind(Said),
}

impl RuleBook {
    /// Compiles the rules that are switched on. Those that cannot be are left out, and named, switched on or not.
    pub(crate) fn compile(rules: &Rules) -> (Self, Vec<RuleFault>) {
        let (mut book, mut faults, mut ids) = (Self::default(), Vec::new(), HashSet::new());
        for (index, rule) in rules.list.iter().enumerate() {
            let fault = |code| RuleFault { rule: rule.id.clone(), code, at: None, reason: None };
            if index >= MOST || !ids.insert(&rule.id) {
                faults.push(fault("not_taken"));
                continue;
            }
            match Compiled::new(rule) {
                Ok(compiled) if rule.on => book.rules.push(compiled),
                Ok(_off) => {}
                Err(Fault { code, at, reason }) => {
                    faults.push(RuleFault { at, reason, ..fault(code) });
                }
            }
        }
        (book, faults)
    }

    /// What is made of a row, and whether a person is to be told of it.
    pub(crate) fn judge(&self, seen: &Seen<'_>) -> Option<(Ruled, bool)> {
        let folded = OnceCell::new();
        let rule = self.rules.iter().find(|rule| rule.finds(seen, &folded).is_some())?;
        let (muted, colour, sound, notify) = match rule.effect {
            Effect::Mark { colour, sound, notify } => (false, colour, sound, notify),
            Effect::Mute => (true, None, None, false),
        };
        Some((Ruled { rule: rule.id.clone(), muted, colour, sound }, notify))
    }

    /// The same of an entry, in short.
    pub(crate) fn rate(&self, room: RoomKey, entry: &EntryRow) -> Rated {
        match self.rule_of(room, entry) {
            None => Rated::Plain,
            Some(ruled) if ruled.muted => Rated::Muted,
            Some(_) => Rated::Marked,
        }
    }

    /// Whether an entry is heard.
    pub(crate) fn sounds(&self, room: RoomKey, entry: &EntryRow) -> bool {
        self.rule_of(room, entry).is_some_and(|ruled| ruled.sound.is_some())
    }

    fn rule_of(&self, room: RoomKey, entry: &EntryRow) -> Option<Ruled> {
        if self.rules.is_empty() {
            return None;
        }
        let (kind, text) = said(entry);
        let user = &entry.entry.user;
        let seen = Seen { room, kind, user, text: &text, mine: entry.mine };
        self.judge(&seen).map(|(ruled, _notify)| ruled)
    }

    /// Every rule that fits, from the top.
    pub(crate) fn fits(&self, seen: &Seen<'_>) -> Vec<Fit> {
        let folded = OnceCell::new();
        let fit = |rule: &Compiled| {
            let found = rule.finds(seen, &folded)?.chars().take(FOUND_CHARS).collect();
            Some(Fit { rule: rule.id.clone(), found })
        };
        self.rules.iter().filter_map(fit).collect()
    }
}

impl Compiled {
    fn new(rule: &Rule) -> Result<Self, Fault> {
        let room = match &rule.room {
            None => None,
            Some(room) => Some(RoomKey::parse(room).ok_or(Fault::of("room"))?),
        };
        let holds = match &rule.when {
            When::Words { text } | When::Pattern { text } => text.len(),
            When::Person { user, name } => user.len() + name.len(),
            When::Kind { .. } => 0,
        };
        if holds > RULE_BYTES || rule.id.len() > ID_BYTES {
            return Err(Fault::of("too_long"));
        }
        let test = match &rule.when {
            When::Words { text } => {
                Test::Words(Box::new(Words::new(text).ok_or(Fault::of("empty"))?))
            }
            When::Pattern { text } => Test::Pattern(pattern(text)?),
            When::Person { user, .. } if user.is_empty() => return Err(Fault::of("empty")),
            When::Person { user, .. } => Test::Person(user.clone()),
            When::Kind { kind } => Test::Kind(*kind),
        };
        Ok(Self { id: rule.id.clone(), room, test, effect: rule.effect.clone() })
    }

    /// What of the row the rule fits. The text is folded by the first rule that needs it so.
    fn finds<'a>(&'a self, seen: &Seen<'a>, folded: &OnceCell<String>) -> Option<&'a str> {
        if seen.mine || self.room.is_some_and(|room| room != seen.room) {
            return None;
        }
        match &self.test {
            Test::Words(words) => {
                let folded = folded.get_or_init(|| words::fold(seen.text));
                words.are_in(folded).then_some(words.as_written())
            }
            Test::Pattern(pattern) => pattern.find(seen.text).map(|found| found.as_str()),
            // An answer's id is whatever the server makes it: nobody is meant by it.
            Test::Person(user) => {
                (seen.kind != Said::Answer && user == seen.user).then_some(seen.user)
            }
            Test::Kind(kind) => (*kind == seen.kind).then_some(""),
        }
    }
}

/// Why a rule or a pattern cannot be.
#[derive(Debug)]
pub(crate) struct Fault {
    code: &'static str,
    at: Option<u32>,
    reason: Option<String>,
}

impl Fault {
    fn of(code: &'static str) -> Self {
        Self { code, at: None, reason: None }
    }
}

/// Compiles a pattern, whose case does not matter. It is held small, and looks through a text in one pass.
///
/// # Errors
/// Nothing to look for, no pattern, or one that would grow too large.
pub(crate) fn pattern(text: &str) -> Result<Regex, Fault> {
    if text.is_empty() {
        return Err(Fault::of("empty"));
    }
    // The engine's own error is a drawing for a terminal; the parser's says where.
    let parsed = regex_syntax::ParserBuilder::new().nest_limit(NESTING).build().parse(text);
    if let Err(error) = parsed {
        let (span, reason) = match &error {
            regex_syntax::Error::Parse(error) => (error.span(), error.kind().to_string()),
            regex_syntax::Error::Translate(error) => (error.span(), error.kind().to_string()),
            _ => return Err(Fault::of("pattern")),
        };
        let before = text.get(..span.start.offset).unwrap_or(text).chars().count();
        let at = u32::try_from(before + 1).ok();
        return Err(Fault { code: "pattern", at, reason: Some(reason) });
    }
    RegexBuilder::new(text)
        .case_insensitive(true)
        .size_limit(PATTERN_BYTES)
        .dfa_size_limit(ENGINE_BYTES)
        .nest_limit(NESTING)
        .build()
        .map_err(|_too_large| Fault::of("pattern_large"))
}
