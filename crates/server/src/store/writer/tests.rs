//! What happened between the writing of an entry and its place.

use aside_protocol::triage::Person;
use aside_protocol::{AnswerNotes, Body, EntryKind, Identity, Topic};

use super::*;
use crate::room::Found;
use crate::store::answers::Quotes;
use crate::store::entries::Draft;
use crate::store::{migrate, tokens};
use crate::wire::{Wire, entry_id};

fn append(room: &Arc<Room>, draft: Draft) -> Append {
    Append { room: room.clone(), drafts: vec![draft], reply: Reply::Nobody }
}

#[test]
fn an_answer_that_waits_quotes_what_is_left_of_its_question() {
    let mut conn = Connection::open_in_memory().unwrap();
    migrate(&mut conn).unwrap();
    let room = "INSERT INTO room (id, topic, stream, epoch, created_ms) VALUES (1, 't', 's', '0123456789abcdef', 0)";
    conn.execute(room, []).unwrap();
    let row = tokens::room(&conn, &Topic::new("t")).unwrap().unwrap();
    let epoch = row.epoch.clone();
    let found = Found::read(&conn, &row).unwrap();
    let room = Arc::new(Room::new(row, found, Wire::full()));
    let store = |conn: &mut Connection, draft: Draft| {
        let tx = conn.transaction().unwrap();
        let (fresh, mut outcomes) = insert_all(&tx, &[append(&room, draft)], 0).unwrap();
        tx.commit().unwrap();
        tell(fresh);
        outcomes.remove(0)
    };
    let eve = Identity { display_name: "Rude Eve".to_owned(), ..Identity::default() };
    let asked = Body::Question { text: "rude?".to_owned() }.to_content();
    let asked = store(&mut conn, Draft::by(&eve, EntryKind::Question, asked, None)).unwrap()[0];
    let body = Body::Answer {
        org_name: "Org".to_owned(),
        org_logo: String::new(),
        question: String::new(),
        text: "so".to_owned(),
        question_id: Some(entry_id(&epoch, asked)),
        notes: AnswerNotes::default(),
    };
    let answer = Draft::by(&Identity::default(), EntryKind::Answer, body.to_content(), None);
    for quotes in [Quotes::Item, Quotes::Entry] {
        let answer = Draft { quotes: Some(quotes(asked)), ..answer.clone() };
        let items = Items { conn: &conn, room: 1, epoch: &epoch };
        let waits = items.quoting(&answer).unwrap().unwrap();
        assert!(waits.content.contains("rude?") && waits.display_name == "Rude Eve");
        let tx = conn.transaction().unwrap();
        Items { conn: &tx, room: 1, epoch: &epoch }
            .remove(asked, "", &Person::default(), 0)
            .unwrap();
        let (fresh, _) = insert_all(&tx, &[append(&room, waits)], 0).unwrap();
        let stored = fresh[&1].records[0].clone();
        assert!(stored.content.contains("so"), "{stored:?}");
        let said = format!("{stored:?}").to_lowercase();
        assert!(!said.contains("rude"), "{said}");
    }
}
