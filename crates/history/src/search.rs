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
    /// `is:answer`, `is:message`, `is:mine`, `is:unanswered`, `is:answered`, `role:staff`, `role:audience`, `has:link`, `older:5m`, `newer:2h`,
    /// `before:2026-11-01`, `after:2026-11-01`. What is no such filter is a word. With a `-` before it, each of them (a word as a whole) must not be there.
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
    /// All of it must be there.
    pub(crate) wanted: Asked,
    /// None of it may be there.
    pub(crate) unwanted: Asked,
    /// Whether one of the staff is to have said it, or nobody of them.
    pub(crate) by_staff: Option<bool>,
    pub(crate) before: Option<Timestamp>,
    pub(crate) after: Option<Timestamp>,
}

/// What is asked of one entry.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) terms: Vec<Term>,
    pub(crate) from: Vec<Term>,
    pub(crate) marks: Vec<&'static str>,
    pub(crate) numbers: Vec<u64>,
    pub(crate) tags: Vec<String>,
    /// To have been answered, or not yet.
    pub(crate) answered: Option<bool>,
    pub(crate) has_link: bool,
}

impl Asked {
    fn is_empty(&self) -> bool {
        self.terms.is_empty()
            && self.from.is_empty()
            && self.marks.is_empty()
            && !self.has_link
            && !self.is_about_items()
    }

    fn is_about_items(&self) -> bool {
        !self.numbers.is_empty() || !self.tags.is_empty() || self.answered.is_some()
    }
}

impl Parsed {
    pub(crate) fn of(query: &SearchQuery) -> Self {
        let mut parsed = Self::default();
        for Typed { word, not } in words(&query.text) {
            let term = match word {
                Word::Plain(word) if parsed.filter(&word, not, query) => continue,
                // Whoever wants a word out has not begun one: all that begins so would be gone.
                Word::Plain(word) if not => Term::whole(&word),
                Word::Plain(word) | Word::Begun(word) => Term::new(&word),
                Word::Quoted(phrase) => Term::whole(&phrase),
            };
            parsed.side(not).terms.extend(term);
        }
        parsed
    }

    /// Whether nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.wanted.is_empty()
            && self.unwanted.is_empty()
            && self.by_staff.is_none()
            && self.before.is_none()
            && self.after.is_none()
    }

    /// Whether only questions with a state can be meant.
    pub(crate) fn is_about_items(&self) -> bool {
        self.wanted.is_about_items() || self.unwanted.is_about_items()
    }

    pub(crate) fn fits_work(&self, work: Work) -> bool {
        let is = |answered: bool| if answered { work == Work::Answered } else { !work.is_over() };
        self.wanted.answered.is_none_or(is) && !self.unwanted.answered.is_some_and(is)
    }

    fn side(&mut self, not: bool) -> &mut Asked {
        if not { &mut self.unwanted } else { &mut self.wanted }
    }

    /// Takes a word as a filter, if it is one.
    fn filter(&mut self, word: &str, not: bool, query: &SearchQuery) -> bool {
        let side = self.side(not);
        if let Some(number) = word.strip_prefix('#').and_then(|number| number.parse().ok()) {
            side.numbers.push(number);
            return true;
        }
        let Some((key, value)) = word.split_once(':').filter(|(_, value)| !value.is_empty()) else {
            return false;
        };
        let time = match key {
            "older" | "newer" => ago(value, query.now),
            "before" | "after" => begin(value, &query.zone),
            _ => None,
        };
        match (key, value, time) {
            ("from", who, _) => match if not { Term::whole(who) } else { Term::new(who) } {
                Some(term) => side.from.push(term),
                None => return false,
            },
            ("tag", tag, _) => side.tags.push(tag.to_lowercase()),
            ("is", "message", _) => side.marks.push("km"),
            ("is", "question", _) => side.marks.push("kq"),
            ("is", "answer", _) => side.marks.push("ka"),
            ("is", "mine", _) => side.marks.push("my"),
            ("is", "answered", _) => side.answered = Some(true),
            ("is", "unanswered", _) => side.answered = Some(false),
            ("has", "link", _) => side.has_link = true,
            ("role", "staff", _) => self.by_staff = Some(!not),
            ("role", "audience", _) => self.by_staff = Some(not),
            // What is not older is newer.
            ("older" | "before", _, Some(at)) if !not => self.until(at),
            ("newer" | "after", _, Some(at)) if not => self.until(at),
            (_, _, Some(at)) => self.after = Some(self.after.map_or(at, |after| after.max(at))),
            _ => return false,
        }
        true
    }

    fn until(&mut self, at: Timestamp) {
        self.before = Some(self.before.map_or(at, |before| before.min(at)));
    }
}

/// One word of a query, or what stood between quotes.
struct Typed {
    word: Word,
    /// It stands behind a minus.
    not: bool,
}

enum Word {
    Plain(String),
    Quoted(String),
    /// The quote is not closed yet: it holds to the end, and its last word may go on.
    Begun(String),
}

/// The second is what a keyboard for Chinese has.
const MINUS: [char; 2] = ['-', '\u{ff0d}'];

fn words(text: &str) -> Vec<Typed> {
    let mut words = Vec::new();
    let mut not = false;
    let mut parts = text.split(['"', '“', '”']).enumerate().peekable();
    while let Some((n, part)) = parts.next() {
        let is_last = parts.peek().is_none();
        if n % 2 == 1 {
            let part = part.to_owned();
            let word = if is_last { Word::Begun(part) } else { Word::Quoted(part) };
            words.push(Typed { word, not });
            continue;
        }
        // One that stands alone before a quote is the quote's.
        let rest = part
            .strip_suffix(MINUS)
            .filter(|rest| rest.is_empty() || rest.ends_with(char::is_whitespace));
        not = rest.is_some() && !is_last;
        let part = rest.filter(|_| not).unwrap_or(part);
        words.extend(part.split_whitespace().map(|word| {
            let bare = word.strip_prefix(MINUS).filter(|bare| !bare.is_empty());
            Typed { word: Word::Plain(bare.unwrap_or(word).to_owned()), not: bare.is_some() }
        }));
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
