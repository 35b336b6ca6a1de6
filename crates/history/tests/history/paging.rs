//! Pages in both directions, the unread line, changes since a revision.

use aside_history::{Anchor, Change, Commit, Place, Position, Revision, Unread, Where};
use aside_protocol::{Entry, EntryKind};

use crate::support::{
    add, all, at, changes, echo, entry, entry_row, insert, memory_room, new, said, text, texts,
};

fn hundred() -> Vec<aside_history::NewRow> {
    (0..100).map(|i| said(&format!("m{i}"))).collect()
}

#[tokio::test]
async fn pages_meet_without_a_hole_or_a_repeat() {
    let (store, room) = memory_room().await;
    add(&store, room, Where::End, hundred()).await;
    let whole = texts(&store, room).await;
    assert_eq!(whole.len(), 100);

    let mut backwards = Vec::new();
    let mut anchor = Anchor::End;
    loop {
        let page = store.page(room, anchor, 7).await.unwrap();
        assert_eq!(page.has_newer, !backwards.is_empty());
        anchor = Anchor::Before(page.rows[0].place);
        backwards.splice(0..0, page.rows.iter().map(text));
        if !page.has_older {
            break;
        }
        assert_eq!(page.rows.len(), 7);
    }
    assert_eq!(backwards, whole);
}

#[tokio::test]
async fn a_page_beyond_either_end_is_empty_and_says_where_the_rest_is() {
    let (store, room) = memory_room().await;
    let page = store.page(room, Anchor::End, 10).await.unwrap();
    assert!(page.rows.is_empty() && !page.has_older && !page.has_newer && page.read.is_none());
    add(&store, room, Where::End, vec![said("a"), said("b")]).await;
    let rows = all(&store, room).await;
    let page = store.page(room, Anchor::Before(rows[0].place), 10).await.unwrap();
    assert!(page.rows.is_empty() && !page.has_older && page.has_newer);
    let page = store.page(room, Anchor::After(rows[1].place), 10).await.unwrap();
    assert!(page.rows.is_empty() && page.has_older && !page.has_newer);
    // The row at the place is on neither page, but on the other side of both.
    let page = store.page(room, Anchor::After(rows[0].place), 10).await.unwrap();
    assert_eq!((&page.rows[..], page.has_older), (&rows[1..], true));
    let page = store.page(room, Anchor::Before(rows[1].place), 10).await.unwrap();
    assert_eq!((&page.rows[..], page.has_newer), (&rows[..1], true));
    // A limit of nothing still makes progress.
    assert_eq!(store.page(room, Anchor::End, 0).await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn the_unread_page_stands_on_both_sides_of_the_line() {
    let (store, room) = memory_room().await;
    add(&store, room, Where::End, hundred()).await;
    let rows = all(&store, room).await;

    // Given no mark, or nothing unread: the end.
    let end = store.page(room, Anchor::End, 10).await.unwrap();
    assert_eq!(store.page(room, Anchor::Unread, 10).await.unwrap(), end);

    store.commit(room, Commit { read: Some(rows[49].place), ..Commit::default() }).await.unwrap();
    let page = store.page(room, Anchor::Unread, 10).await.unwrap();
    assert_eq!(page.rows, rows[45..55]);
    assert_eq!(page.read, Some(rows[49].place));
    assert!(page.has_older && page.has_newer);

    // When two are unread, the rest of the page is what came before them.
    store.commit(room, Commit { read: Some(rows[97].place), ..Commit::default() }).await.unwrap();
    let page = store.page(room, Anchor::Unread, 10).await.unwrap();
    assert_eq!(page.rows, rows[90..100]);
    assert!(page.has_older && !page.has_newer);
}

#[tokio::test]
async fn unread_counts_what_others_said_after_the_line() {
    let (store, room) = memory_room().await;
    let question = new(entry_row(Entry { kind: EntryKind::Question, ..entry("q") }));
    add(&store, room, Where::End, vec![said("a"), said("b"), question]).await;
    add(&store, room, Where::EchoEnd, vec![echo("mine")]).await;
    let rows = all(&store, room).await;
    assert_eq!(store.unread(room).await.unwrap(), Unread { entries: 3, questions: 1 });
    let first = store
        .commit(room, Commit { read: Some(rows[0].place), ..Commit::default() })
        .await
        .unwrap();
    assert_eq!(store.unread(room).await.unwrap(), Unread { entries: 2, questions: 1 });

    // The mark never moves back.
    let back =
        store.commit(room, Commit { read: Some(Place(-5)), ..Commit::default() }).await.unwrap();
    assert_eq!((back.read, back.revision), (first.read, first.revision));

    // Reading to the echo at the end reads what is settled, not what is yet to come.
    store.commit(room, Commit { read: Some(rows[3].place), ..Commit::default() }).await.unwrap();
    assert_eq!(store.unread(room).await.unwrap(), Unread::default());
    add(&store, room, Where::End, vec![said("later")]).await;
    assert_eq!(store.unread(room).await.unwrap(), Unread { entries: 1, questions: 0 });
}

#[tokio::test]
async fn counting_stops_at_the_cap() {
    let (store, room) = memory_room().await;
    let many = (0..1500).map(|i| said(&i.to_string())).collect();
    add(&store, room, Where::End, many).await;
    assert_eq!(store.unread(room).await.unwrap(), Unread { entries: Unread::CAP, questions: 0 });
}

#[tokio::test]
async fn changes_are_exact_or_a_reset() {
    let (store, room) = memory_room().await;
    let keys = add(&store, room, Where::End, vec![said("a"), said("b"), said("c")]).await;
    let known = store.room_state(room).await.unwrap().revision;
    let nothing = store.changes(room, known, 10).await.unwrap();
    assert!(nothing.upserts.is_empty() && nothing.removed.is_empty() && !nothing.reset);

    let remove =
        changes(vec![Change::Remove { key: keys[1] }, insert(Where::End, vec![said("d")])]);
    store.commit(room, remove).await.unwrap();
    let since = store.changes(room, known, 10).await.unwrap();
    assert_eq!(since.removed, [keys[1]]);
    assert_eq!(since.upserts.iter().map(text).collect::<Vec<_>>(), ["d"]);

    // Too many, or a revision that was never given out: start over.
    assert!(store.changes(room, known, 1).await.unwrap().reset);
    assert!(store.changes(room, Revision(since.revision.0 + 1), 10).await.unwrap().reset);
}

#[tokio::test]
async fn removals_that_were_forgotten_are_a_reset() {
    let (store, room) = memory_room().await;
    let start = store.room_state(room).await.unwrap().revision;
    let mut middle = start;
    for round in 0..5 {
        let rows = (0..1000).map(|i| said(&i.to_string())).collect();
        let keys = add(&store, room, Where::End, rows).await;
        let removals = keys.into_iter().map(|key| Change::Remove { key }).collect();
        let committed = store.commit(room, changes(removals)).await.unwrap();
        if round == 3 {
            middle = committed.revision;
        }
    }
    assert!(store.changes(room, start, 10_000).await.unwrap().reset);
    let since = store.changes(room, middle, 10_000).await.unwrap();
    assert!(!since.reset);
    assert_eq!(since.removed.len(), 1000);
}

#[tokio::test]
async fn a_commit_that_changes_nothing_visible_keeps_the_revision() {
    let (store, room) = memory_room().await;
    let keys = add(&store, room, Where::End, vec![said("a")]).await;
    let before = store.room_state(room).await.unwrap();
    let same = changes(vec![
        Change::Update { key: keys[0], row: said("a") },
        Change::Remove { key: aside_history::RowKey(12345) },
        insert(Where::End, Vec::new()),
    ]);
    let position = Position { applied: Some(aside_protocol::Seq(7)), ..Position::default() };
    let commit = Commit { position: Some(position.clone()), ..same };
    let committed = store.commit(room, commit).await.unwrap();
    assert_eq!(committed.revision, before.revision);
    let after = store.room_state(room).await.unwrap();
    assert_eq!(after.position, Some(position.clone()));

    // That the beginning was reached is visible: pages say so.
    let position = Position { reached_start: true, ..position };
    let commit = Commit { position: Some(position), ..Commit::default() };
    let committed = store.commit(room, commit).await.unwrap();
    assert!(committed.revision > before.revision);
    assert!(store.page(room, Anchor::End, 1).await.unwrap().reached_start);
    assert_eq!(all(&store, room).await[0].received_at, at(0));
}

#[tokio::test]
async fn one_person_is_read_whole_and_counted_by_kind() {
    let (store, room) = memory_room().await;
    let of = |user: &str, kind, text: String| {
        let entry = Entry { kind, user: user.to_owned(), ..entry(&text) };
        new(entry_row(entry))
    };
    let rows = (0..90).map(|n| match n % 3 {
        0 => of("bo", EntryKind::Message, format!("m{n}")),
        1 => of("bo'; --", EntryKind::Message, format!("other {n}")),
        _ => {
            of("bo", if n == 2 { EntryKind::Question } else { EntryKind::Answer }, format!("q{n}"))
        }
    });
    add(&store, room, Where::End, rows.collect()).await;

    let (mut read, mut before) = (Vec::new(), None);
    loop {
        let person = store.person(room, "bo".to_owned(), before, 7).await.unwrap();
        assert_eq!((person.messages, person.questions), (30, 1), "answers are nobody's");
        assert!(person.first_seen.is_some());
        before = person.rows.first().map(|row| row.place);
        read.splice(0..0, person.rows.iter().map(text));
        if !person.has_older {
            break;
        }
    }
    assert_eq!(read.len(), 31);
    assert_eq!((read[0].as_str(), read[1].as_str(), read[30].as_str()), ("m0", "q2", "m87"));
    let nobody = store.person(room, "Bo".to_owned(), None, 7).await.unwrap();
    assert_eq!((nobody.rows.len(), nobody.messages, nobody.first_seen), (0, 0, None));
    let elsewhere = store.room(&crate::support::name("other")).await.unwrap();
    assert_eq!(store.person(elsewhere, "bo".to_owned(), None, 7).await.unwrap().messages, 0);
}
