//! What was said, what is expected of each member, and what came: pure but for the lock.
//!
//! There is one order, that in which each entry was heard first by anybody. A member that hears them otherwise has *moved*
//! entries, one that hears one again has *doubled* ones, and what it did not hear at the end is *lost*.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};
use tokio::time::Instant;

/// Latencies in microseconds, up to ten minutes, to three digits.
const LONGEST_US: u64 = 600_000_000;
const DIGITS: u8 = 3;
/// An entry that nobody has heard yet.
const NOWHERE: u32 = u32::MAX;

/// What an entry is said for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To see who listens.
    Call,
    Chat,
    Ask,
    /// An ask that the server did not take.
    Refused,
}

/// Whether each member is to hear it.
fn counts(kind: Kind) -> bool {
    match kind {
        Kind::Chat | Kind::Ask => true,
        Kind::Call | Kind::Refused => false,
    }
}

/// Shared by all members.
pub(crate) struct Board {
    /// What stands before an entry's number.
    mark: String,
    inner: Mutex<Inner>,
}

struct Inner {
    /// Every entry, by its number: when and for what it was said.
    said: Vec<(Instant, Kind)>,
    /// Where each stands in the order.
    places: Vec<u32>,
    /// How many have a place.
    heard: u32,
    chat: Histogram<u64>,
    ask: Histogram<u64>,
    vote: Histogram<u64>,
    /// How many members heard each, once.
    receipts: Vec<u32>,
    listening: u32,
    votes_refused: u64,
    /// Questions that can be voted for.
    questions: Vec<String>,
}

/// How far one member is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor {
    /// The place of what it heard first.
    first: u32,
    /// The place that comes next; nothing before the first entry.
    next: Option<u32>,
    /// Places that were passed over.
    missing: BTreeSet<u32>,
    /// Entries but calls, each once.
    heard: u64,
    pub(crate) doubled: u64,
    pub(crate) moved: u64,
}

impl Cursor {
    /// How many of the entries that it is to hear a member heard: none of those that the server told without having taken them.
    pub(crate) fn received(&self, told_all_the_same: &[u32]) -> u64 {
        self.heard - told_all_the_same.iter().filter(|place| self.has(**place)).count() as u64
    }

    fn has(&self, place: u32) -> bool {
        self.next.is_some_and(|next| (self.first..next).contains(&place))
            && !self.missing.contains(&place)
    }
}

impl Board {
    /// An empty board.
    ///
    /// # Errors
    /// None that could happen with these bounds.
    pub(crate) fn new(seed: u64) -> Result<Self, CreationError> {
        let histogram = || Histogram::new_with_bounds(1, LONGEST_US, DIGITS);
        let inner = Inner {
            said: Vec::new(),
            places: Vec::new(),
            heard: 0,
            chat: histogram()?,
            ask: histogram()?,
            vote: histogram()?,
            receipts: Vec::new(),
            listening: 0,
            votes_refused: 0,
            questions: Vec::new(),
        };
        let mark = format!("aside-load {:06x} ", seed & 0xff_ffff);
        Ok(Self { mark, inner: Mutex::new(inner) })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The words of a new entry, said now, and its number.
    pub(crate) fn say(&self, kind: Kind) -> (u32, String) {
        let mut inner = self.inner();
        let number = u32::try_from(inner.said.len()).unwrap_or(NOWHERE);
        inner.said.push((Instant::now(), kind));
        inner.places.push(NOWHERE);
        inner.receipts.push(0);
        let mut words = self.mark.clone();
        // Writing into a String does not fail.
        let _ = write!(words, "{number};");
        (number, words)
    }

    /// The words of a call.
    pub(crate) fn call(&self) -> String {
        self.say(Kind::Call).1
    }

    /// The server did not take it: nobody is to hear it.
    pub(crate) fn refused(&self, number: u32) {
        if let Some(said) = self.inner().said.get_mut(number as usize) {
            said.1 = Kind::Refused;
        }
    }

    /// The number in a frame that carries one of our entries. The words are plain ASCII, so they stand in the raw text however
    /// often it was encoded, and finding them costs less than decoding what a thousand members are told alike.
    pub(crate) fn number(&self, frame: &str) -> Option<u32> {
        let rest = &frame[frame.find(&self.mark)? + self.mark.len()..];
        rest[..rest.find(';')?].parse().ok()
    }

    /// A member heard an entry.
    pub(crate) fn hear(&self, cursor: &mut Cursor, number: u32, now: Instant) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let Some((at, kind)) = inner.said.get(number as usize).copied() else { return };
        let place = &mut inner.places[number as usize];
        if *place == NOWHERE {
            *place = inner.heard;
            inner.heard += 1;
        }
        let place = *place;
        let next = *cursor.next.get_or_insert_with(|| {
            inner.listening += 1;
            cursor.first = place;
            place
        });
        if place < next && !cursor.missing.remove(&place) {
            cursor.doubled += 1;
            return;
        }
        cursor.moved += u64::from(place < next);
        cursor.missing.extend(next..place);
        cursor.next = Some(next.max(place + 1));
        let latency = u64::try_from((now - at).as_micros()).unwrap_or(LONGEST_US);
        match kind {
            Kind::Chat => inner.chat.saturating_record(latency),
            Kind::Ask | Kind::Refused => inner.ask.saturating_record(latency),
            Kind::Call => return,
        }
        cursor.heard += 1;
        inner.receipts[number as usize] += 1;
    }

    /// A vote was counted, or not.
    pub(crate) fn voted(&self, took: Duration, counted: bool) {
        let mut inner = self.inner();
        if counted {
            inner.vote.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST_US));
        } else {
            inner.votes_refused += 1;
        }
    }

    pub(crate) fn question(&self, id: String) {
        self.inner().questions.push(id);
    }

    /// A question to vote for, the newest ones in turns.
    pub(crate) fn votable(&self, turn: usize) -> Option<String> {
        let inner = self.inner();
        let newest = inner.questions.len().saturating_sub(20);
        let newest = &inner.questions[newest..];
        newest.get(turn % newest.len().max(1)).cloned()
    }

    pub(crate) fn listening(&self) -> u32 {
        self.inner().listening
    }

    pub(crate) fn all_listen(&self, members: u32) -> bool {
        self.listening() >= members
    }

    /// How many entries of a kind were said.
    pub(crate) fn said(&self, kind: Kind) -> u64 {
        self.inner().said.iter().filter(|said| said.1 == kind).count() as u64
    }

    /// How many entries each member is to hear.
    pub(crate) fn expected(&self) -> u64 {
        self.inner().said.iter().filter(|said| counts(said.1)).count() as u64
    }

    /// How often, by all members together, what each is to hear was heard.
    pub(crate) fn receipts(&self) -> u64 {
        let inner = self.inner();
        let counting = inner.said.iter().zip(&inner.receipts).filter(|(said, _)| counts(said.1));
        counting.map(|(_, receipts)| u64::from(*receipts)).sum()
    }

    /// The places of what the server did not take, and told all the same.
    pub(crate) fn told_all_the_same(&self) -> Vec<u32> {
        let inner = self.inner();
        let placed = inner.said.iter().zip(&inner.places);
        let told = placed.filter(|(said, place)| said.1 == Kind::Refused && **place != NOWHERE);
        told.map(|(_, place)| *place).collect()
    }

    pub(crate) fn is_whole(&self, members: u32) -> bool {
        self.receipts() >= self.expected() * u64::from(members)
    }

    /// The latencies of chat, asks and votes, in microseconds.
    pub(crate) fn latencies(&self) -> [Histogram<u64>; 3] {
        let inner = self.inner();
        [inner.chat.clone(), inner.ask.clone(), inner.vote.clone()]
    }

    pub(crate) fn votes_refused(&self) -> u64 {
        self.inner().votes_refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(board: &Board, numbers: &[u32]) -> Cursor {
        let mut cursor = Cursor::default();
        for number in numbers {
            board.hear(&mut cursor, *number, Instant::now());
        }
        cursor
    }

    fn came(cursor: &Cursor) -> (u64, u64, u64) {
        (cursor.heard, cursor.doubled, cursor.moved)
    }

    fn board(entries: usize) -> Board {
        let board = Board::new(7).unwrap();
        for _ in 0..entries {
            board.say(Kind::Chat);
        }
        board
    }

    #[test]
    fn loss_doubles_and_order_are_seen_for_each_member() {
        let board = board(5);
        assert_eq!(
            came(&heard(&board, &[0, 2, 1, 3, 4])),
            (5, 0, 0),
            "whoever is first makes the order"
        );
        assert_eq!(came(&heard(&board, &[0, 2, 1, 3, 4])), (5, 0, 0));
        assert!(board.is_whole(2));
        assert_eq!(came(&heard(&board, &[0, 2, 1, 4])), (4, 0, 0), "one was lost");
        assert_eq!(came(&heard(&board, &[0, 2, 2, 1, 3, 4, 0])), (5, 2, 0), "two were doubled");
        assert_eq!(came(&heard(&board, &[0, 1, 2, 3, 4])), (5, 0, 1), "one was moved");
        assert!(!board.is_whole(6));
        assert_eq!(board.receipts(), 24);
        assert_eq!(board.latencies()[0].len(), 24);
    }

    #[test]
    fn who_comes_later_counts_from_the_first_it_hears_and_calls_do_not_count() {
        let board = Board::new(7).unwrap();
        board.call();
        board.call();
        board.say(Kind::Chat);
        assert_eq!(came(&heard(&board, &[0, 1, 2])), (1, 0, 0));
        assert_eq!(came(&heard(&board, &[1, 2])), (1, 0, 0));
        assert!(board.all_listen(2) && board.is_whole(2) && !board.all_listen(3));
        heard(&board, &[99]);
        assert_eq!(board.listening(), 2, "what was never said is no entry");
    }

    #[test]
    fn what_was_refused_is_not_expected() {
        let board = board(1);
        let (number, _) = board.say(Kind::Ask);
        assert_eq!(board.expected(), 2);
        board.refused(number);
        assert_eq!((board.expected(), board.said(Kind::Refused)), (1, 1));
    }

    #[test]
    fn what_was_refused_and_told_all_the_same_makes_up_for_nothing_that_is_lost() {
        let board = board(1);
        let (number, _) = board.say(Kind::Ask);
        let before = heard(&board, &[number]);
        board.refused(number);
        let after = heard(&board, &[number]);
        let all = heard(&board, &[number, 0]);
        assert_eq!((board.expected(), board.receipts()), (1, 1));
        assert!(!board.is_whole(3));
        let told = board.told_all_the_same();
        let received = [before, after, all].map(|cursor| cursor.received(&told));
        assert_eq!(received, [0, 0, 1]);
        // Who came later heard nothing of it.
        let late = heard(&board, &[0]);
        assert_eq!(late.received(&told), 1);
    }

    #[test]
    fn an_entry_is_known_by_its_words_however_often_they_are_encoded() {
        let board = board(12);
        let (number, words) = board.say(Kind::Ask);
        let content = serde_json::json!({ "content": words }).to_string();
        let data = serde_json::json!({ "type": "question", "content": content }).to_string();
        let frame = serde_json::json!({ "code": 200, "data": data }).to_string();
        assert_eq!(board.number(&frame), Some(number));
        for other in ["", "aside-load 000007 ", "aside-load 000008 1;", "aside-load 000007 x;"] {
            assert_eq!(board.number(other), None, "{other}");
        }
    }
}
