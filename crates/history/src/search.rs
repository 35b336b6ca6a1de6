//! What is looked for, and what was found.

use aside_protocol::EntryId;
use aside_protocol::triage::Work;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::fold::Term;
use crate::ids::RoomId;
use crate::row::Row;

/// A question to the whole local history.
#[derive(Clone, Debug)]
pub struct SearchQuery {
    /// What a person typed: words that must all be there (or words that begin so), "quoted phrases" (of whole words), and `from:`, `#12`, `tag:`, `is:question`,
    /// `is:answer`, `is:message`, `is:mine`, `is:unanswered`, `is:answered`, `older:5m`, `newer:2h`, `before:2026-11-01`, `after:2026-11-01`.
    /// What is no such filter is a word.
    pub text: String,
    /// One room; all without it.
    pub room: Option<RoomId>,
    /// Now, for `older:` and `newer:`.
    pub now: Timestamp,
    /// Where days begin, for `before:` and `after:`.
    pub zone: TimeZone,
}

/// Where the next page begins; it means nothing to anybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub i64);

/// One entry that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its room.
    pub room: RoomId,
    /// The row.
    pub row: Row,
    /// Its number, where it is a question with a state.
    pub number: Option<u64>,
    /// Its name at the desk, where it is one.
    pub question: Option<EntryId>,
    /// Where the words stand in the text of its body, in UTF-16 units.
    pub ranges: Vec<(u32, u32)>,
}

/// Some of what was found; what came here last comes first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchPage {
    /// At most as many as were asked for; fewer do not mean that there are no more.
    pub hits: Vec<Hit>,
    /// There may be more from here on.
    pub next: Option<Cursor>,
    /// How much of what was here before can be searched yet, from zero to one; nothing when it is all of it.
    pub indexing: Option<f32>,
}

/// What was typed, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) terms: Vec<Term>,
    pub(crate) from: Vec<Term>,
    pub(crate) marks: Vec<&'static str>,
    pub(crate) numbers: Vec<u64>,
    pub(crate) tags: Vec<String>,
    /// Whether it is to have been answered.
    pub(crate) answered: Option<bool>,
    pub(crate) before: Option<Timestamp>,
    pub(crate) after: Option<Timestamp>,
}

impl Parsed {
    pub(crate) fn of(query: &SearchQuery) -> Self {
        let mut parsed = Self::default();
        for word in words(&query.text) {
            match word {
                Typed::Quoted(phrase) => parsed.terms.extend(Term::whole(&phrase)),
                Typed::Begun(phrase) => parsed.terms.extend(Term::new(&phrase)),
                Typed::Plain(word) if parsed.filter(&word, query) => {}
                Typed::Plain(word) => parsed.terms.extend(Term::new(&word)),
            }
        }
        parsed
    }

    /// Whether nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
            && self.from.is_empty()
            && self.marks.is_empty()
            && !self.is_about_items()
            && self.before.is_none()
            && self.after.is_none()
    }

    /// Whether only questions with a state can be meant.
    pub(crate) fn is_about_items(&self) -> bool {
        !self.numbers.is_empty() || !self.tags.is_empty() || self.answered.is_some()
    }

    pub(crate) fn fits_work(&self, work: Work) -> bool {
        match self.answered {
            None => true,
            Some(true) => work == Work::Answered,
            Some(false) => !work.is_over(),
        }
    }

    /// Takes a word as a filter, if it is one.
    fn filter(&mut self, word: &str, query: &SearchQuery) -> bool {
        if let Some(number) = word.strip_prefix('#').and_then(|number| number.parse().ok()) {
            self.numbers.push(number);
            return true;
        }
        let Some((key, value)) = word.split_once(':').filter(|(_, value)| !value.is_empty()) else {
            return false;
        };
        match (key, value) {
            ("from", who) => match Term::new(who) {
                Some(term) => self.from.push(term),
                None => return false,
            },
            ("tag", tag) => self.tags.push(tag.to_lowercase()),
            ("is", "message") => self.marks.push("km"),
            ("is", "question") => self.marks.push("kq"),
            ("is", "answer") => self.marks.push("ka"),
            ("is", "mine") => self.marks.push("my"),
            ("is", "answered") => self.answered = Some(true),
            ("is", "unanswered") => self.answered = Some(false),
            ("older", span) => match ago(span, query.now) {
                Some(at) => self.before = Some(self.before.map_or(at, |before| before.min(at))),
                None => return false,
            },
            ("newer", span) => match ago(span, query.now) {
                Some(at) => self.after = Some(self.after.map_or(at, |after| after.max(at))),
                None => return false,
            },
            ("before", day) => match begin(day, &query.zone) {
                Some(at) => self.before = Some(self.before.map_or(at, |before| before.min(at))),
                None => return false,
            },
            ("after", day) => match begin(day, &query.zone) {
                Some(at) => self.after = Some(self.after.map_or(at, |after| after.max(at))),
                None => return false,
            },
            _ => return false,
        }
        true
    }
}

/// One word of a query, or what stood between quotes.
enum Typed {
    Plain(String),
    Quoted(String),
    /// The quote is not closed yet: it holds to the end, and its last word may go on.
    Begun(String),
}

fn words(text: &str) -> Vec<Typed> {
    let mut words = Vec::new();
    let mut parts = text.split(['"', '“', '”']).enumerate().peekable();
    while let Some((n, part)) = parts.next() {
        match (n % 2 == 1, parts.peek()) {
            (true, Some(_)) => words.push(Typed::Quoted(part.to_owned())),
            (true, None) => words.push(Typed::Begun(part.to_owned())),
            (false, _) => {
                words.extend(part.split_whitespace().map(|word| Typed::Plain(word.to_owned())));
            }
        }
    }
    words
}

/// `5m`, `2h`, `3d`, `1w`, `30s`: that long before now.
fn ago(span: &str, now: Timestamp) -> Option<Timestamp> {
    let unit = span.chars().last()?;
    let count: i64 = span.strip_suffix(unit)?.parse().ok().filter(|count| *count >= 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    now.checked_sub(SignedDuration::from_secs(count.checked_mul(seconds)?)).ok()
}

/// The beginning of a day.
fn begin(day: &str, zone: &TimeZone) -> Option<Timestamp> {
    let day: jiff::civil::Date = day.parse().ok()?;
    zone.to_timestamp(day.at(0, 0, 0, 0)).ok()
}
