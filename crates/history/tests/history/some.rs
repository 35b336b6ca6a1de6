//! Pages of some rows: what they hold, where they meet, what is always among them.

use aside_history::{Anchor, Gap, GapState, NewRow, Only, Place, RoomId, RowKind, Store, Where};
use aside_protocol::{Entry, EntryKind};

use crate::support::{add, at, echo, entry, entry_row, memory_room, new, text};

fn of(user: &str, kind: EntryKind, text: &str) -> NewRow {
    let content = text.to_owned();
    new(entry_row(Entry { kind, user: user.to_owned(), content, ..entry(text) }))
}

fn questions() -> Only {
    Only { questions: true, ..Only::default() }
}

/// A thousand rows, a question in every hundred and its answer after it; Cleo says something now and then.
async fn talk() -> (Store, RoomId) {
    let (store, room) = memory_room().await;
    let rows = (0..1000).map(|n| match n % 100 {
        10 => of("dora", EntryKind::Question, &format!("q{n}")),
        11 => of("cleo", EntryKind::Answer, &format!("a{n}")),
        50 => of("cleo", EntryKind::Message, &format!("c{n}")),
        _ => of("bo", EntryKind::Message, &format!("m{n}")),
    });
    add(&store, room, Where::End, rows.collect()).await;
    (store, room)
}

/// Everything that is wanted, read backwards in pages of `limit`.
async fn backwards(store: &Store, room: RoomId, only: &Only, limit: u32) -> Vec<String> {
    let (mut read, mut anchor) = (Vec::new(), Anchor::End);
    loop {
        let page = store.page_only(room, only, anchor, limit).await.unwrap();
        assert_eq!(page.has_newer, !read.is_empty());
        read.splice(0..0, page.rows.iter().map(text));
        if !page.has_older {
            return read;
        }
        assert_eq!(page.rows.len(), limit as usize);
        anchor = Anchor::Before(page.rows[0].place);
    }
}

async fn forwards(store: &Store, room: RoomId, only: &Only, limit: u32) -> Vec<String> {
    let (mut read, mut anchor) = (Vec::new(), Anchor::After(Place(i64::MIN)));
    loop {
        let page = store.page_only(room, only, anchor, limit).await.unwrap();
        assert_eq!(page.has_older, !read.is_empty());
        read.extend(page.rows.iter().map(text));
        let Some(last) = page.rows.last().filter(|_| page.has_newer) else { return read };
        anchor = Anchor::After(last.place);
    }
}

#[tokio::test]
async fn pages_of_some_rows_meet_whatever_lies_between_them() {
    let (store, room) = talk().await;
    let all: Vec<String> = (0..10).map(|n| format!("q{}", n * 100 + 10)).collect();
    for limit in [1, 3, 10, 50] {
        assert_eq!(backwards(&store, room, &questions(), limit).await, all);
        assert_eq!(forwards(&store, room, &questions(), limit).await, all);
    }
    let staff = Only { answers: true, people: vec!["cleo".to_owned()], ..Only::default() };
    let theirs: Vec<String> = (0..10)
        .flat_map(|n| [format!("a{}", n * 100 + 11), format!("c{}", n * 100 + 50)])
        .collect();
    for limit in [1, 3, 50] {
        assert_eq!(backwards(&store, room, &staff, limit).await, theirs);
        assert_eq!(forwards(&store, room, &staff, limit).await, theirs);
    }
    let both = Only { questions: true, ..staff };
    assert_eq!(backwards(&store, room, &both, 7).await.len(), 30);
    assert_eq!(backwards(&store, room, &Only::default(), 7).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_asked_twice_for_is_there_once() {
    let (store, room) = talk().await;
    let people = vec!["dora".to_owned(), "dora".to_owned(), "nobody'; --".to_owned()];
    let only = Only { questions: true, people, ..Only::default() };
    assert_eq!(backwards(&store, room, &only, 4).await.len(), 10);
}

#[tokio::test]
async fn a_gap_and_what_is_on_its_way_are_never_left_out() {
    let (store, room) = talk().await;
    let gap = Gap { state: GapState::Open, from: None, to: None, missing: Some(4) };
    let gap = NewRow { received_at: at(0), kind: RowKind::Gap(gap) };
    add(&store, room, Where::End, vec![gap, of("dora", EntryKind::Question, "late")]).await;
    add(&store, room, Where::EchoEnd, vec![echo("sending")]).await;
    let end = store.page_only(room, &questions(), Anchor::End, 3).await.unwrap();
    assert!(matches!(end.rows[0].kind, RowKind::Gap(_)), "{:?}", end.rows[0]);
    assert_eq!(end.rows[1..].iter().map(text).collect::<Vec<_>>(), ["late", "sending"]);
    let after = Anchor::After(end.rows[1].place);
    let after = store.page_only(room, &questions(), after, 3).await.unwrap();
    assert_eq!(after.rows.iter().map(text).collect::<Vec<_>>(), ["sending"]);
    let before = Anchor::Before(end.rows[2].place);
    let before = store.page_only(room, &questions(), before, 3).await.unwrap();
    assert_eq!(before.rows.last().map(text).as_deref(), Some("late"));
    assert!(before.has_newer);
}
