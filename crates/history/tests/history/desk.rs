//! What a desk keeps outlives the store's handle, and goes when its room goes.

use aside_history::{Draft, DraftMode, Items, ItemsHeard, Place, Snippet, Where};
use aside_protocol::triage::{Item, Person, Work};
use aside_protocol::{AnswerNotes, Body, Entry, EntryId, EntryKind, Epoch, Seq};
use uuid::Uuid;

use crate::support::{add, at, entry, entry_row, memory_room, name, new, open, said, text};

fn item(number: u64) -> Item {
    let (id, text) = (EntryId::new(format!("q{number}")), "为什么?".to_owned());
    let item = Item::new(id, number, text, Person::default(), 1);
    Item { seq: Seq(number), change: number, tags: vec!["a".to_owned()], ..item }
}

fn heard(whole: u64, items: Vec<Item>) -> ItemsHeard {
    ItemsHeard { epoch: Some(Epoch::new("e")), whole, items, ..ItemsHeard::default() }
}

#[tokio::test]
async fn items_are_kept_as_they_were_last_heard() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    assert_eq!(store.items(room).await.unwrap(), Items::default());
    store.keep_items(room, heard(2, vec![item(2), item(1)])).await.unwrap();
    let newer = Item { work: Work::Answered, change: 3, ..item(1) };
    store.keep_items(room, heard(3, vec![newer.clone()])).await.unwrap();
    store.close().await;
    drop(store);
    let store = open(dir.path());
    let kept = store.items(room).await.unwrap();
    let items = vec![newer, item(2)];
    assert_eq!(kept, Items { epoch: Some(Epoch::new("e")), whole: 3, items });

    let gone = ItemsHeard { gone: vec![EntryId::new("q1")], ..heard(4, vec![]) };
    store.keep_items(room, gone).await.unwrap();
    assert_eq!(store.items(room).await.unwrap().items, [item(2)]);
    let anew = ItemsHeard { forget: true, epoch: None, ..heard(1, vec![item(7)]) };
    store.keep_items(room, anew).await.unwrap();
    let kept = store.items(room).await.unwrap();
    assert_eq!(kept, Items { epoch: None, whole: 1, items: vec![item(7)] });
}

#[tokio::test]
async fn questions_and_answers_are_read_without_what_was_said_between() {
    let (store, room) = memory_room().await;
    let of = |kind, text| new(entry_row(Entry { kind, ..entry(text) }));
    let rows = vec![
        said("hello"),
        of(EntryKind::Question, "why"),
        said("hm"),
        of(EntryKind::Answer, "so"),
        of(EntryKind::Question, "how"),
    ];
    add(&store, room, Where::End, rows).await;
    let first = store.asked_and_answered(room, Place(i64::MIN), 2).await.unwrap();
    assert_eq!(first.iter().map(text).collect::<Vec<_>>(), ["why", "so"]);
    let rest = store.asked_and_answered(room, first[1].place, 2).await.unwrap();
    assert_eq!(rest.iter().map(text).collect::<Vec<_>>(), ["how"]);
}

#[tokio::test]
async fn the_answers_to_a_question_are_those_that_name_it_or_quote_it() {
    let (store, room) = memory_room().await;
    let answer = |id: Option<&str>, question: &str, text: &str| {
        let body = Body::Answer {
            org_name: "Acme".to_owned(),
            org_logo: String::new(),
            question: question.to_owned(),
            text: text.to_owned(),
            question_id: id.map(EntryId::new),
            notes: AnswerNotes::default(),
        };
        new(entry_row(Entry { kind: EntryKind::Answer, ..entry(&body.to_content()) }))
    };
    let odd = "a/\"b\"";
    let rows = vec![
        answer(Some("q1"), "why", "1"),
        answer(Some("q12"), "why", "2"),
        answer(None, "why", "3"),
        said("q1"),
        answer(None, "how", "q1"),
        answer(Some(odd), "when", "5"),
        // Asked again, and what was said before is no answer to that.
        new(entry_row(Entry {
            kind: EntryKind::Question,
            id: Some(EntryId::new("q20")),
            ..entry(&Body::Question { text: "why".to_owned() }.to_content())
        })),
        answer(None, "why", "6"),
    ];
    add(&store, room, Where::End, rows).await;
    for (id, question, expected) in [
        ("q1", "why", vec!["1", "3", "6"]),
        ("q12", "why", vec!["2", "3", "6"]),
        ("q20", "why", vec!["6"]),
        (odd, "when", vec!["5"]),
    ] {
        let found = store.answers_to(room, &EntryId::new(id), question).await.unwrap();
        let said = |row: &aside_history::Row| row.entry().unwrap().entry.body().text().to_owned();
        assert_eq!(found.iter().map(said).collect::<Vec<_>>(), expected, "{id}");
    }
}

#[tokio::test]
async fn marks_and_snippets_outlive_the_cache_and_go_with_their_room() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    let other = store.room(&name("2")).await.unwrap();
    for (room, body) in [(room, "one"), (room, "two"), (other, "three")] {
        store.set_mark(room, "why".to_owned(), body.to_owned()).await.unwrap();
    }
    let snippet = |n, room| Snippet {
        id: Uuid::from_bytes([n; 16]),
        room,
        name: format!("s{n}"),
        text: "Hello {asker}".to_owned(),
    };
    for snippet in [snippet(1, None), snippet(2, Some(room)), snippet(3, None)] {
        store.save_snippet(snippet).await.unwrap();
    }
    let renamed = Snippet { name: "a".to_owned(), ..snippet(3, None) };
    store.save_snippet(renamed.clone()).await.unwrap();
    let draft = Draft { text: "so".to_owned(), mode: DraftMode::Message, updated: at(0) };
    store.set_draft(room, "q1", draft).await.unwrap();
    store.close().await;
    drop(store);
    std::fs::remove_file(dir.path().join("cache.db")).unwrap();

    let store = open(dir.path());
    assert_eq!(store.marks(room).await.unwrap(), [("why".to_owned(), "two".to_owned())]);
    let all = store.snippets().await.unwrap();
    assert_eq!(all, [renamed.clone(), snippet(1, None), snippet(2, Some(room))]);
    assert_eq!(store.drafted(room).await.unwrap(), ["q1"]);
    assert!(store.remove_snippet(snippet(1, None).id).await.unwrap());
    assert!(!store.remove_snippet(snippet(1, None).id).await.unwrap());
    store.set_mark(other, "why".to_owned(), String::new()).await.unwrap();
    assert_eq!(store.marks(other).await.unwrap(), []);

    store.keep_items(room, heard(1, vec![item(1)])).await.unwrap();
    store.forget_room(room).await.unwrap();
    assert_eq!(store.snippets().await.unwrap(), [renamed]);
    let again = store.room(&name("1")).await.unwrap();
    assert_eq!(store.marks(again).await.unwrap(), []);
    assert_eq!(store.items(again).await.unwrap(), Items::default());
}
