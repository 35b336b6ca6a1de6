//! What is found, and that nothing is found that is not there or that is gone.

use aside_history::{
    Change, Commit, ItemsHeard, RoomId, RowKey, RowKind, SearchPage, SearchQuery, Standing, Store,
    Where,
};
use aside_protocol::EntryId;
use aside_protocol::triage::{Item, Person, Review};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::support::{
    add, at, block_on, cases, changes, entry, entry_row, insert, memory_room, name, new, open, said,
};

pub(crate) fn query(text: &str, room: Option<RoomId>) -> SearchQuery {
    SearchQuery { text: text.to_owned(), room, now: at(1_000), zone: TimeZone::UTC }
}

pub(crate) async fn page(store: &Store, text: &str) -> SearchPage {
    store.search(query(text, None), None, 50).await.unwrap()
}

pub(crate) async fn found(store: &Store, text: &str) -> Vec<String> {
    let page = page(store, text).await;
    page.hits.iter().map(|hit| hit.row.entry().unwrap().entry.body().text().to_owned()).collect()
}

#[tokio::test]
async fn chinese_by_any_part_and_words_from_their_beginning() {
    let (store, room) = memory_room().await;
    let texts = [
        "今天天气很好",
        "明天再说",
        "天",
        "Über uns",
        "UNSINN and more",
        "half ＡＢＣ width",
        "👍 good",
        "a今天b",
    ];
    add(&store, room, Where::End, texts.map(said).to_vec()).await;
    for (text, expected) in [
        ("天", vec!["a今天b", "天", "明天再说", "今天天气很好"]),
        ("天天", vec!["今天天气很好"]),
        ("天气很", vec!["今天天气很好"]),
        ("今天 很好", vec!["今天天气很好"]),
        ("天很", vec![]),
        ("uns", vec!["UNSINN and more", "Über uns"]),
        ("sinn", vec![]),
        ("uber", vec!["Über uns"]),
        ("abc", vec!["half ＡＢＣ width"]),
        ("ａｂｃ WIDTH", vec!["half ＡＢＣ width"]),
        ("\"and more\"", vec!["UNSINN and more"]),
        ("\"more and\"", vec![]),
        ("👍", vec!["👍 good"]),
        ("a今", vec!["a今天b"]),
        ("…!?", vec![]),
        ("", vec![]),
        ("   \"\" ", vec![]),
        ("from:", vec![]),
    ] {
        assert_eq!(found(&store, text).await, expected, "{text}");
    }
    let hit = &page(&store, "天 气").await.hits[0];
    assert_eq!(hit.ranges, [(1, 4)], "neighbours are marked as one");
}

#[tokio::test]
async fn what_is_changed_or_gone_is_found_as_it_is_now() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    let keys =
        add(&store, room, Where::End, vec![said("first"), said("giraffe"), said("third")]).await;
    let row = new(entry_row(entry("zebra")));
    let edit = vec![Change::Update { key: keys[0], row }, Change::Remove { key: keys[1] }];
    store.commit(room, changes(edit)).await.unwrap();
    assert_eq!(found(&store, "first").await, Vec::<String>::new());
    assert_eq!(found(&store, "giraffe").await, Vec::<String>::new());
    assert_eq!(found(&store, "zebra").await, ["zebra"]);
    // How far it got is no change of what it says.
    let stand = Change::Stand { keys: vec![keys[2]], standing: Standing::Confirmed };
    store.commit(room, changes(vec![stand])).await.unwrap();
    assert_eq!(found(&store, "third").await, ["third"]);
    let other = store.room(&name("2")).await.unwrap();
    add(&store, other, Where::End, vec![said("elsewhere")]).await;
    store.forget_room(room).await.unwrap();
    while page(&store, "elsewhere").await.indexing.is_some() {}
    assert_eq!(found(&store, "elsewhere").await, ["elsewhere"]);
    assert_eq!(found(&store, "zebra").await, Vec::<String>::new());
    store.close().await;
    drop(store);
    let bytes = std::fs::read(dir.path().join("cache.db")).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(!text.contains("zebra") && !text.contains("giraffe"), "nothing of it is in the file");
}

/// The index follows the rows: what is found must not depend on how far it came.
#[tokio::test]
async fn what_is_not_in_the_index_yet_is_found_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    for round in 0..4 {
        let (in_index, over_a_start) = (round % 2 == 1, round >= 2);
        let rows = ["first", "giraffe", "third"].map(|text| said(&format!("{text} {round}")));
        let keys = add(&store, room, Where::End, rows.into()).await;
        if in_index {
            assert_eq!(found(&store, &format!("giraffe {round}")).await.len(), 1);
        }
        let row = new(entry_row(entry(&format!("zebra {round}"))));
        let edit = vec![Change::Update { key: keys[0], row }, Change::Remove { key: keys[1] }];
        store.commit(room, changes(edit)).await.unwrap();
        // A commit that is undone gives its keys back.
        let undone = vec![said("never"), said("never")];
        let mut undone = vec![Change::Insert { at: Where::End, rows: undone }];
        undone.push(Change::Move { key: RowKey(1 << 40), at: Where::End });
        store.commit(room, changes(undone)).await.unwrap_err();
        if over_a_start {
            store.close().await;
            drop(store);
            store = open(dir.path());
        }
        add(&store, room, Where::End, vec![said(&format!("last {round}"))]).await;
        for (typed, hits) in [("first", 0), ("giraffe", 0), ("never", 0)] {
            assert_eq!(found(&store, &format!("{typed} {round}")).await.len(), hits, "{typed}");
        }
        for typed in ["zebra", "third", "last"] {
            let text = format!("{typed} {round}");
            assert_eq!(found(&store, &text).await, [text.as_str()]);
        }
    }
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended_while_more_comes() {
    let (store, room) = memory_room().await;
    let rows = |from: usize, to: usize| (from..to).map(|n| said(&format!("line {n}"))).collect();
    add(&store, room, Where::End, rows(0, 300)).await;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.search(query("line", Some(room)), cursor, 7).await.unwrap();
        seen.extend(page.hits.iter().map(|hit| hit.row.key));
        add(&store, room, Where::End, rows(1_000, 1_003)).await;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 300, "each once");
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first");
}

#[tokio::test]
async fn what_was_there_before_there_was_an_index_is_found_in_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    for n in 0..6 {
        let rows = (0..400).map(|k| said(&format!("老 message {n} {k}"))).collect();
        add(&store, room, Where::End, rows).await;
    }
    store.close().await;
    drop(store);
    // As the release before this one left it.
    let file = rusqlite::Connection::open(dir.path().join("cache.db")).unwrap();
    file.execute_batch("DROP TABLE search; DROP TABLE words; DROP TABLE search_state; DROP INDEX rows_of_person; PRAGMA user_version = 2")
        .unwrap();
    drop(file);
    let store = open(dir.path());
    add(&store, room, Where::End, vec![said("new message")]).await;
    let mut last = -1.0;
    loop {
        let page = store.search(query("message 0", Some(room)), None, 1).await.unwrap();
        let Some(done) = page.indexing else { break };
        assert!((0.0..1.0).contains(&done) && done >= last, "{done} after {last}");
        last = done;
    }
    let all = store.search(query("老", None), None, 5_000).await.unwrap();
    assert_eq!((all.hits.len(), all.next), (2_400, None));
    assert_eq!(found(&store, "new").await, ["new message"]);
}

/// A term that runs over scripts is one phrase to the index; whatever stands before and behind it in the text.
#[tokio::test]
async fn terms_of_mixed_scripts_are_found_wherever_they_stand() {
    let (store, room) = memory_room().await;
    let texts = [
        "讲义stream",
        "讲义 stream",
        "这讲义 streams 好",
        "stream讲义",
        "义 stream",
        "stream 👍 讲",
        "👍讲义",
        "讲 stream",
        "my stream讲义在哪",
        "upstream 讲义",
        "讲义, stream: a1讲",
    ];
    add(&store, room, Where::End, texts.iter().map(|text| said(text)).collect()).await;
    for (typed, wanted) in [
        ("讲义stream", vec!["讲义stream"]),
        ("\"讲义 stream\"", vec!["讲义, stream: a1讲", "讲义 stream"]),
        ("\"义 str\"", vec![]),
        ("\"义 str", vec!["讲义, stream: a1讲", "义 stream", "这讲义 streams 好", "讲义 stream"]),
        ("stream讲", vec!["my stream讲义在哪", "stream讲义"]),
        ("stream讲义", vec!["my stream讲义在哪", "stream讲义"]),
        ("\"stream 👍\"", vec!["stream 👍 讲"]),
        ("👍讲", vec!["👍讲义"]),
        ("\"stream a1讲\"", vec!["讲义, stream: a1讲"]),
    ] {
        assert_eq!(found(&store, typed).await, wanted, "{typed}");
    }
}

#[tokio::test]
async fn the_beginning_of_very_many_words_is_found_as_well() {
    let (store, room) = memory_room().await;
    add(&store, room, Where::End, (0..40).map(|n| said(&format!("word{n:02}"))).collect()).await;
    assert_eq!(found(&store, "word").await.len(), 40);
    assert_eq!(found(&store, "word3").await.len(), 10);
    assert_eq!(found(&store, "work").await.len(), 0);
}

#[tokio::test]
async fn similar_questions_are_offered_and_others_not() {
    let (store, room) = memory_room().await;
    let texts = [
        "Will there be slides?",
        "will the slides be there later",
        "Will it rain later?",
        "讲义在哪里下载？",
        "请问讲义哪里可以下载",
        "下一场是什么时候",
    ];
    let item = |n: usize, text: &str| {
        let id = EntryId::new(format!("q{n}"));
        Item::new(id, n as u64, text.to_owned(), Person::default(), 0)
    };
    let mut items: Vec<Item> = (0..).zip(texts).map(|(n, text)| item(n, text)).collect();
    let waiting = Item { review: Review::Pending, ..item(0, texts[0]) };
    let was = Item { published: Some(EntryId::new("q0")), ..item(0, texts[0]) };
    for (name, submission) in [("r1", waiting), ("r2", was)] {
        items.push(Item { question_id: EntryId::new(name), ..submission });
    }
    store.keep_items(room, ItemsHeard { whole: 1, items, ..ItemsHeard::default() }).await.unwrap();
    let alike = async |n: usize| {
        let id = EntryId::new(format!("q{n}"));
        let found = store.similar(room, &id, texts[n]).await.unwrap();
        found.into_iter().map(|(id, _)| id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(alike(0).await, ["q1"]);
    assert_eq!(alike(3).await, ["q4"]);
    assert_eq!(alike(5).await, Vec::<String>::new());
}

/// The naive meaning of a word: anywhere in scripts without spaces, from its beginning elsewhere.
fn naive(text: &str, word: &str) -> bool {
    let latin = |c: char| c.is_ascii_alphanumeric();
    text.match_indices(word).any(|(n, _)| !word.starts_with(latin) || !text[..n].ends_with(latin))
}

proptest! {
    #![proptest_config(cases(48))]
    #[test]
    fn nothing_that_a_scan_would_find_is_missed(
        texts in prop::collection::vec("[ab天气好 👍]{1,12}", 1..40),
        words in prop::collection::vec("[ab天气好👍]{1,4}", 1..8),
    ) {
        block_on(async {
            let (store, room) = memory_room().await;
            let rows = texts.iter().map(|text| said(text)).collect();
            store.commit(room, changes(vec![insert(Where::End, rows)])).await.unwrap();
            for word in &words {
                let mut expected: Vec<&String> = texts.iter().filter(|text| naive(text, word)).collect();
                expected.reverse();
                let found = store.search(query(word, Some(room)), None, 100).await.unwrap();
                let found: Vec<String> = found.hits.iter().map(|hit| match &hit.row.kind {
                    RowKind::Entry(entry) => entry.entry.content.clone(),
                    RowKind::Gap(_) | RowKind::Boundary => String::new(),
                }).collect();
                assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{word:?} in {texts:?}");
            }
        });
    }
}

#[tokio::test]
async fn a_word_is_known_again_after_the_room_that_it_was_learnt_in_is_forgotten() {
    let (store, room) = memory_room().await;
    add(&store, room, Where::End, vec![said("a beamer")]).await;
    assert_eq!(found(&store, "beam").await, ["a beamer"]);
    store.forget_room(room).await.unwrap();
    let next = store.room(&name("next")).await.unwrap();
    add(&store, next, Where::End, vec![said("another beamer")]).await;
    assert_eq!(found(&store, "beam").await, ["another beamer"]);
}

#[tokio::test]
async fn a_word_of_a_commit_that_was_refused_is_learnt_by_the_next() {
    let (store, room) = memory_room().await;
    let key = add(&store, room, Where::End, vec![said("in the index")]).await[0];
    assert_eq!(found(&store, "index").await, ["in the index"]);
    let mut refused = Commit {
        changes: vec![Change::Update { key, row: new(entry_row(entry("a beamer"))) }],
        ..Commit::default()
    };
    refused.changes.push(Change::Move { key: RowKey(99), at: Where::End });
    store.commit(room, refused).await.unwrap_err();
    assert!(found(&store, "beam").await.is_empty());
    add(&store, room, Where::End, vec![said("another beamer")]).await;
    assert_eq!(found(&store, "beam").await, ["another beamer"]);
}
