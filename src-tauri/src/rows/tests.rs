//! What strangers wrote, as the page gets it.

use aside_protocol::{Entry, EntryKind};
use history::{Delivery, EntryRow, Place, Revision, RowKey, RowKind, Standing};

use super::*;

fn row(kind: EntryKind, user: &str, display_name: &str, content: &str) -> history::Row {
    let entry = Entry {
        kind,
        user: user.to_owned(),
        display_name: display_name.to_owned(),
        avatar_url: "https://tracker.example/pixel.png".to_owned(),
        stream: String::new(),
        content: content.to_owned(),
        created_at: None,
        id: None,
        seq: None,
        nonce: None,
    };
    let entry = EntryRow {
        entry,
        created_at: None,
        mine: false,
        standing: Standing::Confirmed,
        delivery: Delivery::Failed { code: "400".to_owned(), reason: tower(20) },
        local_id: None,
    };
    history::Row {
        key: RowKey(1),
        place: Place(1),
        revision: Revision(1),
        received_at: jiff::Timestamp::UNIX_EPOCH,
        kind: RowKind::Entry(Box::new(entry)),
    }
}

fn tower(marks: usize) -> String {
    format!("x{}", "\u{338}".repeat(marks))
}

fn painted(row: history::Row) -> dto::Row {
    painted_for(Me::default(), row)
}

fn painted_for(me: Me, row: history::Row) -> dto::Row {
    crate::install_tls();
    let folder = tempfile::tempdir().unwrap();
    let (avatars, namesakes) = (Avatars::new(folder.path(), false), Namesakes::default());
    let server = "https://rooms.example".parse().unwrap();
    Painter {
        avatars: Some(&avatars),
        namesakes: &namesakes,
        server: &server,
        room: RoomKey::DEMO,
        rules: Arc::default(),
        me,
    }
    .row(row)
}

#[test]
fn names_are_one_short_line_and_what_is_said_keeps_its_bytes() {
    let shown = painted(row(EntryKind::Message, "u\u{202e}1", "A\u{202e}na\n", "a\nb \u{202e}c"));
    assert_eq!((shown.name.as_str(), shown.text.as_str()), ("Ana", "a\nb \u{202e}c"));
    assert_eq!(shown.user, "u\u{202e}1", "an id is an id");
    assert_eq!(shown.avatar, None, "nobody asked for pictures of other servers");

    let shown = painted(row(EntryKind::Question, "u", &"名".repeat(10_000), &tower(5_000)));
    assert_eq!(shown.name, format!("{}…", "名".repeat(31)));
    assert_eq!(shown.text, tower(8));
    assert_eq!(shown.failure_reason, Some(tower(8)));
}

#[test]
fn an_answer_is_calm_in_every_part() {
    let content = Body::Answer {
        org_name: format!("Org\u{202e}{}", tower(9)),
        org_logo: "https://tracker.example/logo.png".to_owned(),
        question: tower(99),
        text: tower(99),
        question_id: None,
        notes: AnswerNotes::default(),
    };
    let shown = painted(row(EntryKind::Answer, "u", "Ana", &content.to_content()));
    assert_eq!(shown.org, format!("Org{}", tower(3)));
    assert_eq!((shown.question, shown.text), (tower(8), tower(8)));
    assert_eq!((shown.org_logo, shown.namesake), (None, false));
}

#[test]
fn an_answer_names_its_question_and_one_that_was_held_says_so_in_place_of_the_servers_word() {
    let content = Body::Answer {
        org_name: String::new(),
        org_logo: String::new(),
        question: "when?".to_owned(),
        text: "at three".to_owned(),
        question_id: Some(aside_protocol::EntryId::new("q-1")),
        notes: AnswerNotes::default(),
    };
    let reason = |code: &str| {
        let mut row = row(EntryKind::Answer, "u", "Ana", &content.to_content());
        let RowKind::Entry(entry) = &mut row.kind else { unreachable!() };
        entry.delivery =
            Delivery::Failed { code: code.to_owned(), reason: "not that fast".to_owned() };
        let shown = painted(row);
        assert_eq!(shown.answers.as_deref(), Some("q-1"));
        shown.failure_reason
    };
    assert_eq!(reason(OVERTAKEN).as_deref(), Some("q-1"));
    assert_eq!(reason("403").as_deref(), Some("not that fast"));
}

#[test]
fn what_was_removed_is_known_by_nothing_being_left_of_it() {
    assert!(painted(row(EntryKind::Message, "", "", "")).removed);
    let question = Body::Question { text: String::new() }.to_content();
    assert!(painted(row(EntryKind::Question, "", "", &question)).removed);
    assert!(painted(row(EntryKind::Answer, "", "", "")).removed);
    for left in [("u", ""), ("", "text")] {
        assert!(!painted(row(EntryKind::Message, left.0, "", left.1)).removed);
    }
}

#[test]
fn what_names_this_person_or_answers_them_is_for_them_and_nothing_of_their_own() {
    let me = || Me::called(crate::rules::Words::new("Ana"));
    let said = |text: &str| painted_for(me(), row(EntryKind::Message, "u", "Bo", text)).to_me;
    assert_eq!(["well, ANA?", "Anastasia", "hello"].map(said), [true, false, false]);
    let answer = |asker: &str, also: &[&str]| {
        let notes = AnswerNotes {
            also_asked: also.iter().map(|&name| name.to_owned()).collect(),
            ..AnswerNotes::default()
        };
        let content = Body::Answer {
            org_name: "Org".to_owned(),
            org_logo: String::new(),
            question: "when?".to_owned(),
            text: "at three".to_owned(),
            question_id: None,
            notes,
        };
        painted_for(me(), row(EntryKind::Answer, "u", asker, &content.to_content())).to_me
    };
    assert!(answer("Ana", &[]) && answer("Bo", &["Cy", "Ana"]));
    assert!(!answer("Ana Maria", &[]) && !answer("Bo", &["Cy"]));
    let mut own = row(EntryKind::Message, "u", "Ana", "I am Ana");
    let RowKind::Entry(entry) = &mut own.kind else { unreachable!() };
    entry.mine = true;
    assert!(!painted_for(me(), own).to_me);
}
