//! What of the rows that came is news: what a rule says so of, a person's own name, and the first word after a silence.

use aside_history::said::said as times;
use aside_history::{Page, Place, Row, RowKey};
use jiff::{SignedDuration, Timestamp};

use crate::dto::Said;
use crate::rules::{RuleBook, Seen, Words, said};
use crate::settings::RoomKey;

/// A room in which nobody spoke for so long was silent.
const SILENCE: SignedDuration = SignedDuration::from_mins(5);

/// What a person wants to hear of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// What a rule says so of, and the person's name.
    pub(super) marked: bool,
    /// What breaks a silence.
    pub(super) silence: bool,
}

/// Why a row is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Marked,
    Named,
    Silence,
}

/// A row that is news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) key: RowKey,
    pub(super) place: Place,
    pub(super) why: Why,
    /// A question.
    pub(super) asks: bool,
    pub(super) who: String,
    pub(super) text: String,
}

/// How far a room was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// The last place, behind which the next rows are looked for.
    pub(super) place: Place,
    // A row that is moved keeps its key: what is not newer than this was heard, wherever it stands.
    known: RowKey,
    // Of what was missed, the newest rows may have come first, with lower keys than those before them.
    key: RowKey,
    spoken: Option<Timestamp>,
}

impl Heard {
    /// A room as it is found: nothing of it is news.
    pub(super) fn of(page: &Page) -> Self {
        let none = RowKey(i64::MIN);
        let nothing = Self { place: Place(i64::MIN), known: none, key: none, spoken: None };
        let rows = page.rows.iter().zip(times(&page.rows, None));
        rows.fold(nothing, |heard, (row, at)| heard.past(row, at)).to_the_end()
    }

    /// What of a room that is found so was not read, and would be news.
    pub(super) fn unread(
        page: &Page,
        room: RoomKey,
        rules: &RuleBook,
        name: Option<&Words>,
    ) -> Vec<Spot> {
        let none = RowKey(i64::MIN);
        let mut heard = Self { place: Place(i64::MIN), known: none, key: none, spoken: None };
        let mut news =
            heard.take(&page.rows, room, rules, name, Wanted { marked: true, silence: false });
        news.retain(|spot| Some(spot.place) > page.read);
        news
    }

    /// There is nothing behind what was taken in.
    pub(super) fn to_the_end(self) -> Self {
        Self { known: self.key, ..self }
    }

    fn past(self, row: &Row, at: Timestamp) -> Self {
        let spoken = row.entry().map(|_| at);
        Self {
            known: self.known,
            place: if row.place.is_echo() { self.place } else { self.place.max(row.place) },
            key: self.key.max(row.key),
            spoken: self.spoken.max(spoken),
        }
    }

    /// Takes rows in, and says which are news.
    pub(super) fn take(
        &mut self,
        rows: &[Row],
        room: RoomKey,
        rules: &RuleBook,
        name: Option<&Words>,
        wanted: Wanted,
    ) -> Vec<Spot> {
        let mut news = Vec::new();
        for (row, at) in rows.iter().zip(times(rows, self.spoken)) {
            let before = *self;
            *self = before.past(row, at);
            let Some(entry) = row.entry().filter(|entry| !entry.mine && row.key > before.known)
            else {
                continue;
            };
            let (kind, text) = said(entry);
            let seen = Seen { room, kind, user: &entry.entry.user, text: &text, mine: false };
            let why = match rules.judge(&seen) {
                // What is muted is as if it were not said.
                Some((ruled, _)) if ruled.muted => {
                    self.spoken = before.spoken;
                    continue;
                }
                Some((_, true)) if wanted.marked => Why::Marked,
                _ if wanted.marked && name.is_some_and(|name| name.are_said_in(&text)) => {
                    Why::Named
                }
                _ if wanted.silence && is_after_silence(before.spoken, self.spoken) => Why::Silence,
                _ => continue,
            };
            let who = aside_text::name(&entry.entry.display_name);
            let asks = kind == Said::Question;
            news.push(Spot { key: row.key, place: row.place, why, asks, who, text });
        }
        news
    }
}

fn is_after_silence(before: Option<Timestamp>, now: Option<Timestamp>) -> bool {
    match (before, now) {
        (Some(before), Some(now)) => now.duration_since(before) >= SILENCE,
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use aside_history::{Delivery, EntryRow, Revision, RowKind, Standing};
    use aside_protocol::{Entry, EntryKind};

    use super::*;
    use crate::dto::{Effect, Rule, Rules, When};

    const ALL: Wanted = Wanted { marked: true, silence: true };

    pub(in crate::attention) fn row(key: i64, second: i64, user: &str, text: &str) -> Row {
        let entry = Entry {
            kind: EntryKind::Message,
            user: user.to_owned(),
            display_name: user.to_uppercase(),
            avatar_url: String::new(),
            stream: String::new(),
            content: text.to_owned(),
            created_at: None,
            id: None,
            seq: None,
            nonce: None,
        };
        let entry = EntryRow {
            entry,
            created_at: Timestamp::from_second(second).ok(),
            mine: user == "me",
            standing: Standing::Confirmed,
            delivery: Delivery::Received,
            local_id: None,
        };
        Row {
            key: RowKey(key),
            place: Place(key),
            revision: Revision(1),
            received_at: Timestamp::from_second(second).unwrap(),
            kind: RowKind::Entry(Box::new(entry)),
        }
    }

    fn heard(rows: Vec<Row>) -> Heard {
        Heard::of(&Page {
            revision: Revision(1),
            rows,
            has_older: false,
            has_newer: false,
            read: None,
            reached_start: true,
        })
    }

    fn book() -> RuleBook {
        let rule = |id: &str, text: &str, effect| Rule {
            id: id.to_owned(),
            on: true,
            room: None,
            when: When::Words { text: text.to_owned() },
            effect,
        };
        let mark = Effect::Mark { colour: None, sound: None, notify: true };
        let list = vec![rule("a", "spam", Effect::Mute), rule("b", "token", mark)];
        RuleBook::compile(&Rules { list, ..Rules::default() }).0
    }

    fn why(heard: &mut Heard, rows: &[Row], wanted: Wanted) -> Vec<(i64, Why)> {
        let name = Words::new("Ana");
        let news = heard.take(rows, RoomKey::DEMO, &book(), name.as_ref(), wanted);
        *heard = heard.to_the_end();
        news.into_iter().map(|spot| (spot.key.0, spot.why)).collect()
    }

    #[test]
    fn rules_names_and_the_end_of_a_silence_are_news() {
        let mut room = heard(vec![row(1, 0, "bo", "hello")]);
        let rows = [
            row(2, 10, "bo", "my token is old"),
            row(3, 20, "bo", "@ana, are you there?"),
            row(4, 30, "bo", "bananas"),
            row(5, 40, "me", "Ana here, with a token"),
            row(6, 50, "bo", "spam for Ana"),
            row(7, 339, "bo", "quiet"),
            row(8, 639, "bo", "very"),
        ];
        let all = [(2, Why::Marked), (3, Why::Named), (8, Why::Silence)];
        assert_eq!(why(&mut room.clone(), &rows, ALL), all);
        let some = Wanted { silence: false, ..ALL };
        assert_eq!(why(&mut room.clone(), &rows, some), all[..2]);
        assert_eq!(why(&mut room, &rows, Wanted { marked: false, ..ALL }), all[2..]);
        assert_eq!(why(&mut room, &rows, ALL), [], "they were heard");
    }

    #[test]
    fn what_is_muted_ends_no_silence_and_a_row_that_moved_is_not_new() {
        let mut room = heard(vec![row(1, 0, "bo", "hello"), row(2, 0, "bo", "token")]);
        let moved = Row { place: Place(90), ..row(2, 0, "bo", "token") };
        assert_eq!(why(&mut room, &[moved], ALL), []);
        assert_eq!(room.place, Place(90));
        let rows = [row(3, 400, "bo", "spam"), row(4, 401, "bo", "hello?")];
        assert_eq!(why(&mut room, &rows, ALL), [(4, Why::Silence)]);
        let mut empty = heard(Vec::new());
        assert_eq!(why(&mut empty, &[row(1, 0, "bo", "first")], ALL), [(1, Why::Silence)]);
    }

    #[test]
    fn rows_that_came_before_those_in_front_of_them_are_news_too() {
        let mut room = heard(vec![row(1, 0, "bo", "hello")]);
        let at = |place, key, text| Row { place: Place(place), ..row(key, 0, "bo", text) };
        let rows = [at(2, 4, "Ana?"), at(3, 5, "token"), at(4, 2, "Ana!"), at(5, 3, "hi")];
        assert_eq!(
            why(&mut room, &rows, ALL),
            [(4, Why::Named), (5, Why::Marked), (2, Why::Named)]
        );
        assert_eq!(why(&mut room, &[at(6, 2, "Ana!")], ALL), [], "it moved");
    }

    #[test]
    fn nobodys_clock_puts_off_the_end_of_a_silence() {
        let mut room = heard(vec![row(1, 0, "bo", "hello")]);
        let dated = |mut row: Row, second| {
            if let RowKind::Entry(entry) = &mut row.kind {
                entry.created_at = Timestamp::from_second(second).ok();
            }
            row
        };
        let rows = [
            dated(row(2, 10, "bo", "from far ahead"), 4_000_000_000),
            dated(row(3, 400, "bo", "from long ago"), -4_000_000),
            row(4, 410, "bo", "on time"),
        ];
        assert_eq!(why(&mut room, &rows[..2], ALL), [(3, Why::Silence)]);
        assert_eq!(why(&mut room, &rows[2..], ALL), []);
    }

    #[test]
    fn what_is_on_its_way_is_not_the_end_of_the_room() {
        let echo = Row { place: Place(1 << 52), ..row(9, 5, "me", "sending") };
        assert_eq!(heard(vec![row(1, 0, "bo", "hello"), echo]).place, Place(1));
    }
}
