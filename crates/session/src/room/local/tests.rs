//! Items of rows, and what their marks are called.

use aside_history::{Delivery, EntryRow, Revision, RowKind};
use aside_protocol::{AnswerNotes, Entry};

use super::*;

const MINUTE: i64 = 60_000;
const NOON: i64 = 1_700_000_000_000;

/// What was seen here so many minutes after noon, and dated so many by whoever said it.
fn row(key: i64, (received, created): (i64, i64), standing: Standing, body: &Body) -> Row {
    let at = |minutes| Timestamp::from_millisecond(NOON + minutes * MINUTE).unwrap();
    let entry = Entry {
        kind: body.kind(),
        user: "bo".to_owned(),
        display_name: "Bo".to_owned(),
        avatar_url: String::new(),
        stream: String::new(),
        content: body.to_content(),
        created_at: None,
        id: None,
        seq: None,
        nonce: None,
    };
    let (created_at, delivery) = (Some(at(created)), Delivery::Received);
    let entry = EntryRow { entry, created_at, mine: false, standing, delivery, local_id: None };
    Row {
        key: RowKey(key),
        place: Place(key),
        revision: Revision(1),
        received_at: at(received),
        kind: RowKind::Entry(Box::new(entry)),
    }
}

#[test]
fn a_question_that_is_heard_was_asked_then_whatever_the_askers_clock_and_zone() {
    const YEARS: i64 = 30_000_000;
    let asked = |text: &str| Body::Question { text: text.to_owned() };
    let answer = Body::Answer {
        org_name: String::new(),
        org_logo: String::new(),
        question: "west?".to_owned(),
        text: "yes".to_owned(),
        question_id: None,
        notes: AnswerNotes::default(),
    };
    let mut local = Local::default();
    let mut times = |standing| {
        let rows = [
            row(1, (1, -60), standing, &asked("west?")),
            row(2, (2, 482), standing, &asked("east?")),
            row(3, (3, -YEARS), standing, &asked("then?")),
            row(4, (4, YEARS), standing, &asked("later?")),
            row(5, (5, -60), standing, &answer),
        ];
        let items = local.items(&rows, &HashMap::new());
        let minutes = |at: i64| (at - NOON) / MINUTE;
        let asked: Vec<i64> = items.iter().map(|item| minutes(item.asked_at)).collect();
        (asked, items[0].first_answer_at.map(minutes), items[0].closed_at.map(minutes))
    };
    let then = (vec![1, 2, 3, 4], Some(5), Some(5));
    assert_eq!(times(Standing::Provisional), then);
    assert_eq!(times(Standing::Confirmed), then, "the server's history has them, too");
}

#[test]
fn no_question_is_marked_where_a_note_about_a_person_is_kept() {
    for (user, text) in [("", "person\nbob"), ("\nperson", "bob"), ("", "\nperson\nbob")] {
        let asker = Person { user: user.to_owned(), ..Person::default() };
        let item = Item::new(EntryId::new("q"), 1, text.to_owned(), asker, 0);
        assert_ne!(subject(&item), "\nperson\nbob");
        assert!(!subject(&item).starts_with("\np"), "{user:?} {text:?}");
    }
}
