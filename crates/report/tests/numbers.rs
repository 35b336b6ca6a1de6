//! The figures at their edges.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use aside_protocol::triage::{Review, Stage, Visibility, Work};
use aside_report::{Asked, Given, Numbers, numbers};

fn asked(number: u64, asked_at: i64, first_answer_at: Option<i64>) -> Asked {
    Asked {
        number,
        id: number.to_string(),
        question: "why".to_owned(),
        original_text: None,
        asker: "Ann".to_owned(),
        asked_at,
        state: if first_answer_at.is_some() { Work::Answered } else { Work::Open },
        review: Review::Approved,
        reason: String::new(),
        stage: Stage::None,
        merged_into: None,
        votes: 0,
        tags: vec!["t".to_owned()],
        owner: String::new(),
        note: String::new(),
        first_answer_at,
        closed_at: first_answer_at,
        answers: Vec::new(),
    }
}

#[test]
fn of_nothing_there_is_nothing() {
    assert_eq!(numbers(&[]), Numbers::default());
}

#[test]
fn ranks_are_values_that_were_there() {
    let of = |waits: &[i64]| {
        let asked: Vec<Asked> =
            (1..).zip(waits).map(|(n, wait)| asked(n, 0, Some(*wait))).collect();
        let numbers = numbers(&asked);
        (numbers.median_first_ms.unwrap(), numbers.p90_first_ms.unwrap())
    };
    assert_eq!(of(&[7]), (7, 7));
    assert_eq!(of(&[1, 9]), (1, 9));
    assert_eq!(of(&[3, 1, 2]), (2, 3));
    let ten: Vec<i64> = (1..=10).collect();
    assert_eq!(of(&ten), (5, 9));
}

#[test]
fn a_clock_that_went_back_makes_no_negative_wait() {
    let numbers = numbers(&[asked(1, 1_000, Some(500))]);
    assert_eq!(numbers.median_first_ms, Some(0));
}

#[test]
fn what_was_said_aloud_counts_and_what_is_merged_does_not() {
    let mut aloud = asked(1, 0, None);
    (aloud.state, aloud.closed_at) = (Work::Answered, Some(90_000));
    let merged = Asked { state: Work::Merged, ..asked(2, 0, None) };
    let waiting = asked(3, 61_000, None);
    let dismissed = Asked { state: Work::Dismissed, ..asked(4, 0, None) };
    let numbers = numbers(&[aloud, merged, waiting, dismissed]);
    let counts = (numbers.asked, numbers.answered, numbers.dismissed, numbers.waiting);
    assert_eq!(counts, (3, 1, 1, 1));
    assert_eq!((numbers.median_first_ms, numbers.oldest_waiting), (Some(90_000), Some(61_000)));
    assert_eq!(numbers.per_minute, [(0, 2, 0), (1, 1, 1)]);
    assert_eq!(numbers.per_tag, [("t".to_owned(), 3, 1)]);
}

#[test]
fn the_first_answer_counts_and_a_note_is_none() {
    let given = |by: &str, visibility| Given {
        at: 5,
        org: "Acme".to_owned(),
        by: by.to_owned(),
        visibility,
        text: "so".to_owned(),
        edited_at: None,
        retracted: false,
    };
    let answers = vec![
        given("Tim", Visibility::Staff),
        given("Sue", Visibility::Asker),
        given("Tim", Visibility::Public),
    ];
    let numbers = numbers(&[Asked { answers, ..asked(1, 0, Some(5)) }]);
    let people: Vec<_> =
        numbers.per_person.iter().map(|one| (one.who.as_str(), one.answered)).collect();
    assert_eq!(people, [("Sue", 1)]);
}

#[test]
fn a_year_of_minutes_is_cut_to_its_newest_week() {
    let year = 365 * 24 * 3_600_000;
    let numbers = numbers(&[asked(1, 0, None), asked(2, year, None)]);
    assert_eq!(numbers.per_minute.len(), 7 * 24 * 60);
    assert_eq!(numbers.per_minute.last(), Some(&(year / 60_000, 1, 0)));
}
