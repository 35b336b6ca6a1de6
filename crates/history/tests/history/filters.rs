//! What narrows a search: each filter, and each behind a minus.

use aside_history::{EntryRow, ItemsHeard, Where};
use aside_protocol::triage::{Item, Person, Work};
use aside_protocol::{AnswerNotes, Body, Entry, EntryId, EntryKind};

use crate::search::{found, page, query};
use crate::support::{add, at, entry, entry_row, memory_room, name, new, said};

fn of(kind: EntryKind, user: &str, text: &str) -> EntryRow {
    let body = match kind {
        EntryKind::Answer => Body::Answer {
            org_name: "Acme".to_owned(),
            org_logo: String::new(),
            question: "quoted".to_owned(),
            text: text.to_owned(),
            question_id: None,
            notes: AnswerNotes::default(),
        },
        EntryKind::Question => Body::Question { text: text.to_owned() },
        EntryKind::Message => Body::Message { text: text.to_owned() },
    };
    let content = body.to_content();
    let (user, display_name) = (user.to_owned(), format!("{user} Name"));
    entry_row(Entry { kind, content, user, display_name, ..entry("") })
}

#[tokio::test]
async fn each_filter_does_what_it_says_and_an_unknown_one_is_a_word() {
    let (store, room) = memory_room().await;
    let timed = |row: EntryRow, second: i64| EntryRow { created_at: Some(at(second)), ..row };
    let id = |n: u64| Some(EntryId::new(format!("q{n}")));
    let question = |n: u64, text: &str| {
        let mut row = of(EntryKind::Question, "ana", text);
        row.entry.id = id(n);
        row
    };
    let rows = vec![
        new(timed(of(EntryKind::Message, "ana", "one"), 0)),
        new(EntryRow { mine: true, ..timed(of(EntryKind::Message, "bo", "one and two"), 100) }),
        new(timed(question(1, "one more"), 200)),
        new(timed(question(2, "one last"), 900)),
        new(timed(of(EntryKind::Answer, "desk", "one answer"), 950)),
    ];
    add(&store, room, Where::End, rows).await;
    let item = |n: u64, work: Work, tag: &str| {
        let item = Item::new(id(n).unwrap(), n, String::new(), Person::default(), 0);
        let changed_by = Person { user: "bo".to_owned(), ..Person::default() };
        Item { work, tags: vec![tag.to_owned()], changed_by, ..item }
    };
    let items = vec![item(1, Work::Answered, "Price"), item(2, Work::Claimed, "later")];
    store.keep_items(room, ItemsHeard { whole: 1, items, ..ItemsHeard::default() }).await.unwrap();
    for (text, expected) in [
        ("one from:ana", vec!["one last", "one more", "one"]),
        ("from:bo", vec!["one and two"]),
        ("from:name one from:an", vec!["one last", "one more", "one"]),
        ("from:acme", vec!["one answer"]),
        ("quoted", vec!["one answer"]),
        ("is:question", vec!["one last", "one more"]),
        ("is:message one", vec!["one and two", "one"]),
        ("is:answer", vec!["one answer"]),
        ("is:mine", vec!["one and two"]),
        ("is:answered", vec!["one more"]),
        ("is:unanswered", vec!["one last"]),
        ("is:unanswered is:message", vec![]),
        ("#2", vec!["one last"]),
        ("#1 #2", vec!["one last", "one more"]),
        ("#3", vec![]),
        ("tag:price", vec!["one more"]),
        ("tag:PRICE last", vec![]),
        ("one older:5m", vec!["one more", "one and two", "one"]),
        ("newer:2m", vec!["one answer", "one last"]),
        ("older:5m is:question", vec!["one more"]),
        ("before:2023-11-14", vec![]),
        ("after:2023-11-14 #1", vec!["one more"]),
        ("before:never", vec![]),
        ("older:xm", vec![]),
        ("role:staff", vec!["one answer", "one and two"]),
        ("role:audience", vec!["one last", "one more", "one"]),
        ("role:staff is:message", vec!["one and two"]),
        ("role:staff is:unanswered", vec![]),
        ("role:nobody", vec![]),
        ("one -last -answer", vec!["one more", "one and two", "one"]),
        ("one -la", vec!["one answer", "one last", "one more", "one and two", "one"]),
        ("one －and", vec!["one answer", "one last", "one more", "one"]),
        ("one -\"and two\" -\"last one\"", vec!["one answer", "one last", "one more", "one"]),
        ("-quoted", vec!["one last", "one more", "one and two", "one"]),
        ("-from:ana", vec!["one answer", "one and two"]),
        ("-is:question", vec!["one answer", "one and two", "one"]),
        ("-is:mine is:message", vec!["one"]),
        ("-is:answered", vec!["one last"]),
        ("-is:unanswered", vec!["one more"]),
        ("-tag:later", vec!["one more"]),
        ("-#1", vec!["one last"]),
        ("-older:5m", vec!["one answer", "one last"]),
        ("-newer:2m -is:question", vec!["one and two", "one"]),
        ("-role:staff", vec!["one last", "one more", "one"]),
        ("-", vec![]),
        ("- one -\"", vec!["one answer", "one last", "one more", "one and two", "one"]),
    ] {
        assert_eq!(found(&store, text).await, expected, "{text}");
    }
    let hit = &page(&store, "#2").await.hits[0];
    assert_eq!((hit.number, &hit.question, hit.room), (Some(2), &id(2), room));
    let other = store.room(&name("2")).await.unwrap();
    add(&store, other, Where::End, vec![said("one elsewhere")]).await;
    assert_eq!(found(&store, "elsewhere").await, ["one elsewhere"]);
    let here = store.search(query("one", Some(room)), None, 50).await.unwrap();
    assert_eq!(here.hits.len(), 5);
    let there = store.search(query("one", Some(other)), None, 50).await.unwrap();
    assert_eq!(there.hits.len(), 1);
}

#[tokio::test]
async fn ones_own_words_are_the_staffs_where_one_is_told_what_staff_did() {
    let (store, room) = memory_room().await;
    let mine = |text: &str| EntryRow { mine: true, ..of(EntryKind::Message, "bo", text) };
    add(&store, room, Where::End, vec![new(mine("as staff"))]).await;
    let other = store.room(&name("2")).await.unwrap();
    add(&store, other, Where::End, vec![new(mine("as audience"))]).await;
    let item = |n: u64| {
        let id = EntryId::new(format!("q{n}"));
        Item::new(id, n, String::new(), Person::default(), 0)
    };
    let person = |user: &str| Person { user: user.to_owned(), ..Person::default() };
    let heard = |item: Item| ItemsHeard { whole: 1, items: vec![item], ..ItemsHeard::default() };
    let changed = Item { changed_by: person("sue"), ..item(1) };
    store.keep_items(room, heard(changed)).await.unwrap();
    store.keep_items(other, heard(item(1))).await.unwrap();
    assert_eq!(found(&store, "role:staff").await, ["as staff"]);
    assert_eq!(found(&store, "role:audience").await, ["as audience"]);
}

#[tokio::test]
async fn links_are_found_as_a_page_makes_them() {
    let (store, room) = memory_room().await;
    let texts = [
        "see HTTPS://a.example/x",
        "看http://例え.jp",
        "http and https",
        "https:// no",
        "ftp://a.b",
        "http://me:pw@a.example/x",
        "http://a.example/@me",
    ];
    add(&store, room, Where::End, texts.map(said).to_vec()).await;
    assert_eq!(found(&store, "has:link").await, [texts[6], texts[1], texts[0]]);
    assert_eq!(found(&store, "has:link see").await, [texts[0]]);
    assert_eq!(found(&store, "-has:link").await, [texts[5], texts[4], texts[3], texts[2]]);
    assert_eq!(found(&store, "has:links").await, Vec::<String>::new());
}
