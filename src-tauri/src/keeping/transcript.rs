//! What was said, as lines that a person reads.

use std::collections::BTreeMap;

use aside_history::said::{FAR, said};
use aside_history::{Anchor, Delivery, EntryRow, Place, RoomId, Row, RowKind, Store, StoreError};
use aside_protocol::Body;
use aside_text::{name, printable};
use aside_words::{Key, Language, Slot};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Read at once.
const PAGE: u32 = 1000;
/// A row, and when it was said.
pub(super) type Timed = (Timestamp, Row);

/// What was said, read in the order of the room, a page at a time: a fast room says more in a day than should be held at once.
pub(super) struct Reading<'a> {
    store: &'a Store,
    room: RoomId,
    /// Nothing older is given.
    pub(super) from: Timestamp,
    /// The last row that was read, and when the last one was said that was given.
    place: Place,
    said: Option<Timestamp>,
    /// Read and not given yet: when a row was said is known by those after it, too.
    rows: Vec<Row>,
}

impl<'a> Reading<'a> {
    /// From a moment on. Of more than `most` rows only the newest are read, and `from` is the moment from which on they are all there.
    pub(super) async fn since(
        store: &'a Store,
        room: RoomId,
        from: Timestamp,
        most: usize,
    ) -> Result<Self, StoreError> {
        let mut reading =
            Self { store, room, from, place: Place(i64::MIN), said: None, rows: Vec::new() };
        let (mut anchor, mut read) = (Anchor::End, 0);
        loop {
            let page = store.page(room, anchor, PAGE).await?;
            let Some(first) = page.rows.first() else { break };
            read += page.rows.len();
            // The page knows less of its first rows than is known below, where those before them are there too.
            let times = said(&page.rows, None);
            let is_older = times.iter().all(|at| *at < from - FAR);
            if is_older || read >= most {
                reading.place = first.place;
            }
            if read >= most && !is_older {
                reading.from = times.into_iter().max().unwrap_or(from).max(from);
            }
            if is_older || read >= most || !page.has_older {
                break;
            }
            anchor = Anchor::Before(first.place);
        }
        Ok(reading)
    }

    /// What comes after a row that was said then.
    pub(super) fn after(store: &'a Store, room: RoomId, place: Place, at: Timestamp) -> Self {
        Self { store, room, from: Timestamp::MIN, place, said: Some(at), rows: Vec::new() }
    }

    /// The next of them; none at the end. What is still on its way is no row yet.
    pub(super) async fn next(&mut self) -> Result<Vec<Timed>, StoreError> {
        loop {
            let page = self.store.page(self.room, Anchor::After(self.place), PAGE).await?;
            let count = self.rows.len();
            self.rows.extend(page.rows.into_iter().filter(|row| !row.place.is_echo()));
            let Some(last) = self.rows.last() else { return Ok(Vec::new()) };
            self.place = last.place;
            let is_end = self.rows.len() == count;
            if count == 0 && !is_end {
                continue;
            }
            let times = said(&self.rows, self.said);
            let given = self.rows.drain(..count);
            let mut timed: Vec<Timed> = times.into_iter().zip(given).collect();
            self.said = timed.iter().map(|(at, _)| *at).max().max(self.said);
            timed.retain(|(at, _)| *at >= self.from);
            if is_end || !timed.is_empty() {
                return Ok(timed);
            }
        }
    }
}

/// The rows on both sides of a place, and at it.
pub(super) async fn around(
    store: &Store,
    room: RoomId,
    place: Place,
) -> Result<Vec<Timed>, StoreError> {
    let behind = Place(place.0.saturating_add(1));
    let mut rows = store.page(room, Anchor::Before(behind), PAGE).await?.rows;
    rows.extend(store.page(room, Anchor::After(place), PAGE).await?.rows);
    Ok(said(&rows, None).into_iter().zip(rows).collect())
}

/// Whether nothing is left of what an entry said: it was removed, or withdrawn, or what it answers was.
pub(super) fn is_taken_away(row: &Row) -> bool {
    let RowKind::Entry(entry) = &row.kind else { return false };
    let is_nobodys = entry.entry.display_name.is_empty();
    match entry.entry.body() {
        Body::Message { text } | Body::Question { text } => is_nobodys && text.is_empty(),
        Body::Answer { notes, text, question, .. } => {
            notes.retracted || is_nobodys && (text.is_empty() || question.is_empty())
        }
    }
}

/// What did not arrive is not said.
fn line(row: &Row, language: Language) -> Option<String> {
    Some(match &row.kind {
        RowKind::Entry(entry) if arrived(entry) => entry_line(entry, language),
        RowKind::Gap(_) => language.say(Key::SHELL_TRANSCRIPT_MISSING).to_owned(),
        RowKind::Entry(_) | RowKind::Boundary => return None,
    })
}

fn arrived(entry: &EntryRow) -> bool {
    matches!(entry.delivery, Delivery::Received | Delivery::Sent)
}

fn entry_line(row: &EntryRow, language: Language) -> String {
    let who = name(&row.entry.display_name);
    let text = match row.entry.body() {
        Body::Message { text } => format!("{who}: {text}"),
        Body::Question { text } => {
            language.fill(Key::SHELL_TRANSCRIPT_ASKED, &[("who", &who), ("text", &text)])
        }
        Body::Answer { notes, .. } if notes.retracted => {
            language.say(Key::SHELL_TRANSCRIPT_WITHDRAWN).to_owned()
        }
        Body::Answer { org_name, question, text, .. } => {
            let org = name(&org_name);
            let slots: [Slot<'_>; 4] =
                [("org", &org), ("who", &who), ("text", &text), ("question", &question)];
            language.fill(Key::SHELL_TRANSCRIPT_ANSWERED, &slots)
        }
    };
    // What a stranger wrote has as many lines as it likes; none of them may look like somebody else's.
    text.lines().map(printable).collect::<Vec<_>>().join("\n          ")
}

/// `14:03:22  Ming: hi`; of what says nothing, nothing.
fn stamped((at, row): &Timed, language: Language, zone: &TimeZone) -> Option<String> {
    let line = line(row, language)?;
    Some(format!("{}{line}\n", stamp(*at, zone)))
}

/// What a line begins with.
pub(super) fn stamp(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%H:%M:%S  ").to_string()
}

/// All of it, under each other.
pub(super) fn lines(rows: &[Timed], language: Language, zone: &TimeZone) -> String {
    rows.iter().filter_map(|row| stamped(row, language, zone)).collect()
}

/// The text of each hour, by its name: `2026-11-25 14`.
pub(super) fn by_hour(
    rows: &[Timed],
    language: Language,
    zone: &TimeZone,
) -> BTreeMap<String, String> {
    let mut hours: BTreeMap<String, String> = BTreeMap::new();
    for row in rows {
        if let Some(line) = stamped(row, language, zone) {
            hours.entry(hour_name(row.0, zone)).or_default().push_str(&line);
        }
    }
    hours
}

/// What the hour of a moment is called.
pub(super) fn hour_name(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%Y-%m-%d %H").to_string()
}

/// When the hour of a moment began.
pub(super) fn hour_of(at: Timestamp, zone: &TimeZone) -> Timestamp {
    let local = zone.to_datetime(at);
    let into = i64::from(local.minute()) * 60 + i64::from(local.second());
    Timestamp::from_second(at.as_second() - into).unwrap_or(at)
}

#[cfg(test)]
pub(super) mod tests {
    use aside_history::{Change, Commit, NewRow, RoomName, Standing, Where};
    use aside_protocol::{AnswerNotes, Entry};

    use super::*;

    pub(in crate::keeping) const START: i64 = 1_700_000_000; // 2023-11-14 22:13:20 UTC

    pub(in crate::keeping) fn row(body: &Body, who: &str, at: i64, delivery: Delivery) -> NewRow {
        let at = Timestamp::from_second(START + at).unwrap();
        let entry = Entry {
            kind: body.kind(),
            user: who.to_lowercase(),
            display_name: who.to_owned(),
            avatar_url: String::new(),
            stream: String::new(),
            content: body.to_content(),
            created_at: None,
            id: None,
            seq: None,
            nonce: None,
        };
        let row = EntryRow {
            entry,
            created_at: Some(at),
            mine: false,
            standing: Standing::Confirmed,
            delivery,
            local_id: None,
        };
        NewRow { received_at: at, kind: RowKind::Entry(Box::new(row)) }
    }

    pub(in crate::keeping) async fn filled(rows: Vec<NewRow>) -> (Store, RoomId) {
        let store = Store::in_memory().unwrap();
        let room = RoomName {
            server: "https://rooms.example".to_owned(),
            topic: "7".to_owned(),
            stream: "s".to_owned(),
            user: "me".to_owned(),
        };
        let room = store.room(&room).await.unwrap();
        let changes = vec![Change::Insert { at: Where::End, rows }];
        store.commit(room, Commit { changes, ..Commit::default() }).await.unwrap();
        (store, room)
    }

    async fn drain(mut reading: Reading<'_>) -> Vec<Timed> {
        let mut all = Vec::new();
        loop {
            let rows = reading.next().await.unwrap();
            if rows.is_empty() {
                return all;
            }
            assert!(rows.len() <= PAGE as usize, "held at once: {}", rows.len());
            all.extend(rows);
        }
    }

    async fn all_since(store: &Store, room: RoomId, from: Timestamp) -> Vec<Timed> {
        drain(Reading::since(store, room, from, usize::MAX).await.unwrap()).await
    }

    pub(in crate::keeping) fn message(text: &str) -> Body {
        Body::Message { text: text.to_owned() }
    }

    #[tokio::test]
    async fn everything_that_arrived_is_a_line_in_the_hour_in_which_it_was_said() {
        let answer = |retracted| Body::Answer {
            org_name: "Museum".to_owned(),
            org_logo: String::new(),
            question: "几点？".to_owned(),
            text: "八点".to_owned(),
            question_id: None,
            notes: AnswerNotes { retracted, ..AnswerNotes::default() },
        };
        let (store, room) = filled(vec![
            row(&message("before"), "Ming", -9000, Delivery::Received),
            row(&message("hi"), "Ming", 0, Delivery::Received),
            row(&Body::Question { text: "几点？".to_owned() }, "小明", 1, Delivery::Received),
            row(&answer(false), "小明", 2, Delivery::Received),
            row(&answer(true), "小明", 3, Delivery::Received),
            row(&message("not yet"), "Me", 4, Delivery::Sending),
            row(&message("a\n22:13:20  Bo: \u{1b}[31mfalse"), "Ming", 3600, Delivery::Sent),
        ])
        .await;
        let from = Timestamp::from_second(START - 10).unwrap();
        let rows = all_since(&store, room, from).await;
        let hours = by_hour(&rows, Language::english(), &TimeZone::UTC);
        assert_eq!(hours.keys().collect::<Vec<_>>(), ["2023-11-14 22", "2023-11-14 23"]);
        assert_eq!(
            hours["2023-11-14 22"],
            "22:13:20  Ming: hi\n22:13:21  小明 asked: 几点？\n\
             22:13:22  Museum answered 小明: 八点 « 几点？ »\n22:13:23  An answer was withdrawn.\n"
        );
        let other = &hours["2023-11-14 23"];
        assert!(other.starts_with("23:13:20  Ming: a\n          22:13:20  Bo: "), "{other}");
        assert!(!other.contains('\u{1b}'));
    }

    #[tokio::test]
    async fn more_than_a_page_is_read_and_no_more_than_is_asked_for() {
        let rows = (0..2500)
            .map(|n| row(&message(&format!("m{n}")), "Ming", n, Delivery::Received))
            .collect();
        let (store, room) = filled(rows).await;
        let start = Timestamp::from_second(START).unwrap();
        let all = all_since(&store, room, start).await;
        assert_eq!(all.len(), 2500);
        assert!(all.windows(2).all(|two| two[0].0 < two[1].0));
        let late = Timestamp::from_second(START + 2490).unwrap();
        assert_eq!(all_since(&store, room, late).await.len(), 10);
        let after =
            async |n: usize| drain(Reading::after(&store, room, all[n].1.place, all[n].0)).await;
        assert_eq!(after(99).await, all[100..]);
        assert_eq!(after(1599).await, all[1600..]);
        assert_eq!(after(2499).await, []);

        // The newest thousand alone: what is given begins with a moment from which on nothing lacks.
        let newest = Reading::since(&store, room, start, 1000).await.unwrap();
        assert_eq!(newest.from, Timestamp::from_second(START + 2499).unwrap());
        assert_eq!(drain(newest).await, all[2499..]);
    }

    #[tokio::test]
    async fn what_a_wrong_clock_dated_is_in_the_hour_in_which_it_was_heard() {
        let dated = |n: i64, created: i64| {
            let mut row = row(&message(&format!("m{n}")), "Ming", n, Delivery::Received);
            if let RowKind::Entry(entry) = &mut row.kind {
                entry.created_at = Timestamp::from_second(created).ok();
            }
            row
        };
        let (long_ago, ahead) = (1_538_980_200, 4_000_000_000);
        let rows = vec![dated(0, START), dated(5, long_ago), dated(9, ahead), dated(9, START + 9)];
        let (store, room) = filled(rows).await;
        let rows = all_since(&store, room, Timestamp::from_second(START).unwrap()).await;
        let hours = by_hour(&rows, Language::english(), &TimeZone::UTC);
        let lines = [(20, "m0"), (25, "m5"), (29, "m9"), (29, "m9")];
        let lines = lines.map(|(second, text)| format!("22:13:{second}  Ming: {text}\n")).concat();
        assert_eq!(hours, BTreeMap::from([("2023-11-14 22".to_owned(), lines)]));
    }

    #[test]
    fn an_hour_begins_where_the_clock_on_the_wall_says() {
        let zone = TimeZone::fixed(jiff::tz::offset(5));
        let at = Timestamp::from_second(START).unwrap();
        assert_eq!(hour_of(at, &zone).as_second(), START - 13 * 60 - 20);
    }
}
