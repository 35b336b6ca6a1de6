//! What single changes do to a room without sequence numbers, and that a stored row comes back exactly.

use aside_history::{
    Change, Commit, CommitError, Delivery, EntryRow, Gap, GapState, LocalId, NewRow, Row, RowKey,
    RowKind, Standing, Store, StoreError, Where,
};
use aside_protocol::{CreatedAt, Entry, EntryId, EntryKind, Nonce, Seq};
use jiff::Timestamp;
use jiff::civil::date;

use crate::support::{
    add, all, at, changes, echo, entry, entry_row, insert, memory_room, name, new, said, text,
    texts,
};

#[tokio::test]
async fn rows_go_where_they_are_told() {
    let (store, room) = memory_room().await;
    let middle = add(&store, room, Where::End, vec![said("m")]).await[0];
    add(&store, room, Where::EchoEnd, vec![echo("e1"), echo("e2")]).await;
    add(&store, room, Where::End, vec![said("y"), said("z")]).await;
    add(&store, room, Where::Start, vec![said("a"), said("b")]).await;
    add(&store, room, Where::Before(middle), vec![said("k"), said("l")]).await;
    add(&store, room, Where::After(middle), vec![said("n"), said("o")]).await;
    assert_eq!(
        texts(&store, room).await,
        ["a", "b", "k", "l", "m", "n", "o", "y", "z", "e1", "e2"]
    );

    // The settled end, seen from the first echo, is the settled end.
    let rows = all(&store, room).await;
    add(&store, room, Where::Before(rows[9].key), vec![said("zz")]).await;
    add(&store, room, Where::End, vec![said("zzz")]).await;
    let end: Vec<_> = texts(&store, room).await.split_off(8);
    assert_eq!(end, ["z", "zz", "zzz", "e1", "e2"]);
}

#[tokio::test]
async fn an_echo_becomes_the_servers_entry_under_its_own_key() {
    let (store, room) = memory_room().await;
    let id = LocalId::new(at(0), [7; 10]);
    let mine = new(EntryRow {
        mine: true,
        delivery: Delivery::Sending,
        local_id: Some(id),
        ..entry_row(entry("hello"))
    });
    let key = add(&store, room, Where::EchoEnd, vec![mine]).await[0];
    add(&store, room, Where::End, vec![said("before")]).await;
    assert_eq!(store.echoes(room).await.unwrap().len(), 1);
    assert!(store.row(room, key).await.unwrap().unwrap().place.is_echo());

    let settled = new(EntryRow {
        mine: true,
        delivery: Delivery::Sent,
        local_id: Some(id),
        ..entry_row(entry("hello"))
    });
    let settle = Change::Settle { key, at: Where::End, row: settled };
    store
        .commit(room, changes(vec![settle, insert(Where::End, vec![said("after")])]))
        .await
        .unwrap();
    assert_eq!(texts(&store, room).await, ["before", "hello", "after"]);
    let row = store.row_by_local_id(room, id).await.unwrap().unwrap();
    assert_eq!(row.key, key);
    assert!(!row.place.is_echo());
    assert_eq!(row.entry().unwrap().delivery, Delivery::Sent);
    assert!(store.echoes(room).await.unwrap().is_empty());
}

#[tokio::test]
async fn standing_and_delivery_change_alone() {
    let (store, room) = memory_room().await;
    let keys = add(&store, room, Where::End, vec![said("a"), said("b")]).await;
    let failed =
        Delivery::Failed { code: "too_long".to_owned(), reason: "no <b>way</b>".to_owned() };
    let commit = changes(vec![
        Change::Stand { keys: keys.clone(), standing: Standing::Confirmed },
        Change::Deliver { key: keys[1], delivery: failed.clone() },
    ]);
    let committed = store.commit(room, commit.clone()).await.unwrap();
    let rows = all(&store, room).await;
    assert!(rows.iter().all(|row| row.entry().unwrap().standing == Standing::Confirmed));
    assert_eq!(rows[1].entry().unwrap().delivery, failed);
    assert_eq!(store.commit(room, commit).await.unwrap().revision, committed.revision);

    // Alone, it is a change like any other.
    let doubt = Change::Stand { keys, standing: Standing::NotInHistory };
    store.commit(room, changes(vec![doubt])).await.unwrap();
    let since = store.changes(room, committed.revision, 10).await.unwrap();
    assert_eq!(since.upserts, all(&store, room).await);
    assert!(since.revision > committed.revision);
}

#[tokio::test]
async fn a_commit_that_names_a_row_that_is_gone_changes_nothing() {
    let (store, room) = memory_room().await;
    let key = add(&store, room, Where::End, vec![said("a")]).await[0];
    let other = store.room(&name("2")).await.unwrap();
    let before = store.room_state(room).await.unwrap();
    for bad in [
        Change::Update { key: RowKey(99), row: said("x") },
        Change::Settle { key: RowKey(99), at: Where::End, row: said("x") },
        Change::Deliver { key: RowKey(99), delivery: Delivery::Sent },
        Change::Stand { keys: vec![RowKey(99)], standing: Standing::Confirmed },
        insert(Where::After(RowKey(99)), vec![said("x")]),
    ] {
        let commit = changes(vec![insert(Where::End, vec![said("b")]), bad]);
        let refused = store.commit(room, commit).await;
        assert!(matches!(refused, Err(CommitError::UnknownRow(RowKey(99)))), "{refused:?}");
    }
    let no_seq = store.commit(room, changes(vec![insert(Where::BySeq, vec![said("x")])])).await;
    assert!(matches!(no_seq, Err(CommitError::NoSeq)));
    assert_eq!(store.room_state(room).await.unwrap(), before);
    // A row of one room is no row of another.
    let elsewhere = changes(vec![Change::Update { key, row: said("x") }]);
    assert!(matches!(store.commit(other, elsewhere).await, Err(CommitError::UnknownRow(_))));
}

#[tokio::test]
async fn making_room_between_two_rows_never_ends_and_keeps_the_order() {
    let (store, room) = memory_room().await;
    let keys = add(&store, room, Where::End, vec![said("first"), said("last")]).await;
    store
        .commit(room, Commit { read: Some(all(&store, room).await[0].place), ..Commit::default() })
        .await
        .unwrap();
    let mut expected = vec!["first".to_owned(), "last".to_owned()];
    for i in 0..200 {
        add(&store, room, Where::After(keys[0]), vec![said(&i.to_string())]).await;
        expected.insert(1, i.to_string());
    }
    assert_eq!(texts(&store, room).await, expected);
    // However often the rows moved, the line is still behind the first one.
    assert_eq!(store.unread(room).await.unwrap().entries, 201);
    let many = (0..3000).map(|i| said(&format!("x{i}"))).collect();
    add(&store, room, Where::Before(keys[1]), many).await;
    let texts = texts(&store, room).await;
    assert_eq!(texts.len(), 3202);
    assert_eq!(
        (texts[200].as_str(), texts[201].as_str(), texts[3200].as_str()),
        ("0", "x0", "x2999")
    );
}

#[tokio::test]
async fn gaps_are_rows_that_can_be_listed() {
    let (store, room) = memory_room().await;
    let gap = Gap {
        state: GapState::Open,
        from: Some(Seq(3)),
        to: Some(Seq(u64::MAX)),
        missing: Some(12),
    };
    let row = |gap| NewRow { received_at: at(5), kind: RowKind::Gap(gap) };
    let key = add(&store, room, Where::End, vec![said("a"), row(gap), said("b")]).await[1];
    let found = store.gaps(room, 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].key, &found[0].kind, found[0].received_at),
        (key, &RowKind::Gap(gap), at(5))
    );
    let loading = Gap { state: GapState::Loading, ..gap };
    store.commit(room, changes(vec![Change::Update { key, row: row(loading) }])).await.unwrap();
    assert_eq!(store.row(room, key).await.unwrap().unwrap().kind, RowKind::Gap(loading));
    store.commit(room, changes(vec![Change::Remove { key }])).await.unwrap();
    assert!(store.gaps(room, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_is_never_used_twice() {
    let (store, room) = memory_room().await;
    let key = add(&store, room, Where::End, vec![said("a")]).await[0];
    store.commit(room, changes(vec![Change::Remove { key }])).await.unwrap();
    assert!(add(&store, room, Where::End, vec![said("b")]).await[0] > key);
}

#[tokio::test]
async fn the_tail_starts_at_a_confirmed_row_and_leaves_echoes_out() {
    let (store, room) = memory_room().await;
    let rows = ["a", "b", "c", "d", "e"].map(said).to_vec();
    let keys = add(&store, room, Where::End, rows).await;
    let confirmed =
        Change::Stand { keys: vec![keys[0], keys[1], keys[3]], standing: Standing::Confirmed };
    let echoes = insert(Where::EchoEnd, vec![echo("mine")]);
    store.commit(room, changes(vec![confirmed, echoes])).await.unwrap();
    let tail = async |confirmed, limit| {
        let rows = store.tail(room, confirmed, limit).await.unwrap();
        rows.iter().map(text).collect::<Vec<_>>().concat()
    };
    assert_eq!(tail(1, 100).await, "de");
    assert_eq!(tail(2, 100).await, "bcde");
    assert_eq!(tail(9, 100).await, "abcde");
    assert_eq!(tail(9, 2).await, "de");
}

/// Everything that an entry can hold, in every form of time, comes back as it was.
#[tokio::test]
async fn entries_come_back_exactly() {
    let (store, room) = memory_room().await;
    let fine = Timestamp::new(1_538_980_205, 123_456_789).unwrap();
    let times = [
        None,
        Some(CreatedAt::Local(date(2018, 10, 8).at(14, 30, 0, 0))),
        Some(CreatedAt::Local(date(-9999, 1, 1).at(0, 0, 59, 999_999_999))),
        Some(CreatedAt::Instant(at(0))),
        Some(CreatedAt::Instant(fine)),
        Some(CreatedAt::Instant(Timestamp::MIN)),
        Some(CreatedAt::Instant(Timestamp::MAX)),
        Some(CreatedAt::Instant(Timestamp::new(-1, -1_000).unwrap())),
    ];
    let kinds = [EntryKind::Message, EntryKind::Question, EntryKind::Answer];
    let mut rows = Vec::new();
    for (i, created_at) in times.into_iter().enumerate() {
        let entry = Entry {
            kind: kinds[i % 3],
            user: format!("u{i}"),
            display_name: "\u{202e}محمد 王\0".to_owned(),
            avatar_url: "javascript:alert(1)".to_owned(),
            stream: "'; DROP TABLE rows; --".to_owned(),
            content: "{\"content\": \"a\\u0000b\"}\r\n ".to_owned(),
            created_at,
            id: Some(EntryId::new(format!("id {i}"))),
            seq: (i % 2 == 0).then_some(Seq(u64::MAX - u64::try_from(i).unwrap())),
            nonce: (i % 2 == 1).then(|| Nonce::new("n")),
        };
        let kind = RowKind::Entry(Box::new(EntryRow {
            created_at: created_at.and(Some(at(9))),
            mine: i % 2 == 0,
            standing: Standing::NotInHistory,
            delivery: Delivery::Unsure,
            local_id: Some(LocalId::new(at(1), [u8::try_from(i).unwrap(); 10])),
            entry,
        }));
        rows.push(NewRow { received_at: at(3), kind });
    }
    let keys = add(&store, room, Where::End, rows.clone()).await;
    let stored = all(&store, room).await;
    assert_eq!(stored.len(), rows.len());
    for ((row, stored), key) in rows.into_iter().zip(&stored).zip(keys) {
        let Row { key: stored_key, received_at, kind, .. } = stored.clone();
        assert_eq!((stored_key, NewRow { received_at, kind }), (key, row));
    }
    let by_id = store.row_by_entry_id(room, &EntryId::new("id 4")).await.unwrap();
    assert_eq!(by_id.as_ref(), Some(&stored[4]));
    assert_eq!(store.row_by_entry_id(room, &EntryId::new("id")).await.unwrap(), None);
}

#[tokio::test]
async fn rooms_are_told_apart_by_every_part_of_their_name() {
    let store = Store::in_memory().unwrap();
    let first = store.room(&name("1")).await.unwrap();
    assert_eq!(store.room(&name("1")).await.unwrap(), first);
    let mut other = name("1");
    other.user = "someone else".to_owned();
    let second = store.room(&other).await.unwrap();
    assert_ne!(second, first);
    add(&store, first, Where::End, vec![said("a")]).await;
    assert!(texts(&store, second).await.is_empty());

    store.forget_room(first).await.unwrap();
    let gone = store.page(first, aside_history::Anchor::End, 1).await;
    assert!(matches!(gone, Err(StoreError::UnknownRoom(room)) if room == first));
    let again = store.room(&name("1")).await.unwrap();
    assert_ne!(again, first);
    assert!(texts(&store, again).await.is_empty());
}
