//! Who was never answered: the same in an export of those and in the report.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ops::ControlFlow;

use aside_history::{ItemsHeard, RoomName, Store};
use aside_protocol::EntryId;
use aside_protocol::triage::{Item, Person, Review, Work};
use aside_report::{Format, Options, export};
use aside_words::Language;
use jiff::tz::TimeZone;

/// The questions of a room, and how each stands.
const ASKED: [(&str, Work, Review); 7] = [
    ("waits?", Work::Open, Review::Approved),
    ("taken?", Work::Claimed, Review::Approved),
    ("promised?", Work::FollowUp, Review::Approved),
    ("said?", Work::Answered, Review::Approved),
    ("no?", Work::Dismissed, Review::Approved),
    ("same?", Work::Merged, Review::Approved),
    ("unseen?", Work::Open, Review::Pending),
];

#[tokio::test]
async fn what_was_kept_for_later_is_among_those_that_nobody_has_answered() {
    let store = Store::in_memory().unwrap();
    let [server, topic, stream, user] = ["https://r.example", "7", "s", "me"].map(str::to_owned);
    let room = store.room(&RoomName { server, topic, stream, user }).await.unwrap();
    let item = |(number, (text, work, review)): (u64, (&str, Work, Review))| {
        let number = if review == Review::Approved { number } else { 0 };
        let item = Item::new(EntryId::new(text), number, text.to_owned(), Person::default(), 1_000);
        Item { work, review, ..item }
    };
    let items = (1..).zip(ASKED).map(item).collect();
    store.keep_items(room, ItemsHeard { whole: 9, items, ..ItemsHeard::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (format, unanswered) in [(Format::Csv, true), (Format::Report, false)] {
        let path = folder.path().join(format.extension());
        let options = Options {
            format,
            room: "Room".to_owned(),
            server: "https://r.example".to_owned(),
            unanswered,
            people: true,
            zone: TimeZone::UTC,
            language: Language::english(),
            now_ms: 2_000,
        };
        export(&store, room, &path, options, |_, _| ControlFlow::Continue(())).await.unwrap();
        let file = std::fs::read_to_string(&path).unwrap();
        let listed: Vec<&str> =
            ASKED.iter().map(|(text, ..)| *text).filter(|text| file.contains(text)).collect();
        assert_eq!(listed, ["waits?", "taken?", "promised?"], "{format:?}");
    }
}
