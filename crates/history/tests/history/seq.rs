//! Rooms whose server numbers its entries: places by number, epochs, settling onto a number.

use aside_history::{
    Change, Commit, CommitError, Delivery, EntryRow, Gap, GapState, Inserted, NewRow, Position,
    RowKind, Standing, Where,
};
use aside_protocol::{Entry, EntryId, Epoch, Nonce, Seq};

use crate::support::{
    add, all, at, changes, echo, entry, entry_row, insert, memory_room, new, numbered, said, texts,
};

#[tokio::test]
async fn numbers_give_the_order_whatever_the_order_of_arrival() {
    let (store, room) = memory_room().await;
    for seq in [5, 3, 9, 1, 4, 2, 8] {
        add(&store, room, Where::BySeq, vec![numbered(seq, &seq.to_string())]).await;
    }
    assert_eq!(texts(&store, room).await, ["1", "2", "3", "4", "5", "8", "9"]);
    let state = store.room_state(room).await.unwrap();
    assert_eq!(state.seqs, Some((Seq(1), Seq(9))));
    let between = store.rows_by_seq(room, Seq(3), Seq(u64::MAX), 3).await.unwrap();
    let seqs: Vec<_> =
        between.iter().map(|row| row.entry().unwrap().entry.seq.unwrap().0).collect();
    assert_eq!(seqs, [3, 4, 5]);
}

#[tokio::test]
async fn the_same_number_again_is_the_same_row() {
    let (store, room) = memory_room().await;
    let nonce = Some(Nonce::new("n"));
    let live = entry_row(Entry { seq: Some(Seq(1)), nonce: nonce.clone(), ..entry("hi") });
    let key = add(&store, room, Where::BySeq, vec![new(live)]).await[0];
    let before = store.room_state(room).await.unwrap().revision;

    // The same sighting once more: not even a new revision.
    let again = changes(vec![insert(Where::BySeq, vec![numbered(1, "hi")])]);
    let committed = store.commit(room, again).await.unwrap();
    let place = all(&store, room).await[0].place;
    assert_eq!(committed.inserted, [Inserted { key, place, fresh: false }]);
    assert_eq!(committed.revision, before);

    // History confirms it, names it, and does not know the nonce.
    let known = Entry { seq: Some(Seq(1)), id: Some(EntryId::new("e1")), ..entry("hi") };
    let known = EntryRow { standing: Standing::Confirmed, ..entry_row(known) };
    let committed =
        store.commit(room, changes(vec![insert(Where::End, vec![new(known)])])).await.unwrap();
    assert_eq!(committed.inserted, [Inserted { key, place, fresh: false }]);
    let rows = all(&store, room).await;
    assert_eq!(rows.len(), 1);
    let row = rows[0].entry().unwrap();
    assert_eq!((row.standing, &row.entry.nonce), (Standing::Confirmed, &nonce));
    assert_eq!(row.entry.id, Some(EntryId::new("e1")));

    // Heard live once more, it stays confirmed.
    add(&store, room, Where::BySeq, vec![numbered(1, "hi")]).await;
    assert_eq!(all(&store, room).await, rows);

    // Twice in one insertion is once in the timeline.
    add(&store, room, Where::BySeq, vec![numbered(2, "x"), numbered(2, "x")]).await;
    assert_eq!(texts(&store, room).await, ["hi", "x"]);
}

#[tokio::test]
async fn rows_without_numbers_never_take_the_place_of_one() {
    let (store, room) = memory_room().await;
    add(&store, room, Where::BySeq, vec![numbered(1, "1")]).await;
    for text in ["a", "b", "c"] {
        add(&store, room, Where::End, vec![said(text)]).await;
    }
    add(&store, room, Where::BySeq, vec![numbered(2, "2"), numbered(3, "3")]).await;
    let two = all(&store, room).await[4].key;
    add(&store, room, Where::Before(two), (0..50).map(|i| said(&format!("x{i}"))).collect()).await;
    add(&store, room, Where::Start, vec![said("old")]).await;
    let texts = texts(&store, room).await;
    assert_eq!(texts[..5], ["old", "1", "a", "b", "c"]);
    assert_eq!(texts[54..], ["x49", "2", "3"]);
}

#[tokio::test]
async fn a_row_beside_a_number_stays_beside_it() {
    let (store, room) = memory_room().await;
    let keys = add(&store, room, Where::BySeq, vec![numbered(5, "5"), numbered(9, "9")]).await;
    add(&store, room, Where::After(keys[0]), vec![said("after 5")]).await;
    add(&store, room, Where::Before(keys[1]), vec![said("before 9")]).await;
    add(&store, room, Where::BySeq, [6, 7, 8].map(|seq| numbered(seq, &seq.to_string())).to_vec())
        .await;
    assert_eq!(texts(&store, room).await, ["5", "after 5", "6", "7", "8", "before 9", "9"]);
}

#[tokio::test]
async fn a_gap_stands_before_the_first_missing_number_while_it_fills() {
    let (store, room) = memory_room().await;
    let gap = |from, to| NewRow {
        received_at: at(0),
        kind: RowKind::Gap(Gap {
            state: GapState::Open,
            from: Some(Seq(from)),
            to: Some(Seq(to)),
            missing: Some(to - from + 1),
        }),
    };
    add(&store, room, Where::BySeq, vec![numbered(5, "5"), numbered(9, "9")]).await;
    let key = add(&store, room, Where::BeforeSeq(Seq(6)), vec![gap(6, 8)]).await[0];
    assert_eq!(texts(&store, room).await, ["5", "~", "9"]);
    add(&store, room, Where::BySeq, vec![numbered(8, "8")]).await;
    assert_eq!(texts(&store, room).await, ["5", "~", "8", "9"]);
    let fill = changes(vec![
        insert(Where::BySeq, vec![numbered(6, "6")]),
        Change::Update { key, row: gap(7, 7) },
        Change::Move { key, at: Where::BeforeSeq(Seq(7)) },
    ]);
    store.commit(room, fill).await.unwrap();
    assert_eq!(texts(&store, room).await, ["5", "6", "~", "8", "9"]);
    let done = changes(vec![insert(Where::BySeq, vec![numbered(7, "7")]), Change::Remove { key }]);
    store.commit(room, done).await.unwrap();
    assert_eq!(texts(&store, room).await, ["5", "6", "7", "8", "9"]);
}

#[tokio::test]
async fn an_echo_settles_onto_its_number_even_if_that_was_seen_already() {
    let (store, room) = memory_room().await;
    add(&store, room, Where::BySeq, vec![numbered(1, "1"), numbered(3, "3")]).await;
    let keys = add(&store, room, Where::EchoEnd, vec![echo("mine"), echo("mine too")]).await;
    let before = store.room_state(room).await.unwrap().revision;
    let twin = add(&store, room, Where::BySeq, vec![numbered(2, "mine")]).await[0];

    let settled = |seq| {
        let entry = Entry { seq: Some(Seq(seq)), ..entry("mine") };
        new(EntryRow {
            mine: true,
            delivery: Delivery::Sent,
            standing: Standing::Confirmed,
            ..entry_row(entry)
        })
    };
    let settle = Change::Settle { key: keys[0], at: Where::BySeq, row: settled(2) };
    store.commit(room, changes(vec![settle])).await.unwrap();
    let rows = all(&store, room).await;
    assert_eq!(texts(&store, room).await, ["1", "mine", "3", "mine too"]);
    assert_eq!(rows[1].key, keys[0]);
    let since = store.changes(room, before, 10).await.unwrap();
    assert_eq!(since.removed, [twin]);

    // The broadcast that comes after the ack changes nothing.
    let settle = Change::Settle { key: keys[1], at: Where::BySeq, row: settled(4) };
    store.commit(room, changes(vec![settle])).await.unwrap();
    let committed =
        store.commit(room, changes(vec![insert(Where::BySeq, vec![numbered(4, "mine")])])).await;
    let committed = committed.unwrap();
    assert_eq!((committed.inserted[0].key, committed.inserted[0].fresh), (keys[1], false));
    let row = store.row(room, keys[1]).await.unwrap().unwrap();
    assert_eq!(row.entry().unwrap().delivery, Delivery::Sent);
    assert!(row.entry().unwrap().mine);
}

#[tokio::test]
async fn an_echo_that_only_learned_its_number_moves_when_the_number_arrives() {
    let (store, room) = memory_room().await;
    let key = add(&store, room, Where::EchoEnd, vec![echo("mine")]).await[0];
    let acked = new(EntryRow {
        mine: true,
        delivery: Delivery::Sending,
        ..entry_row(Entry { seq: Some(Seq(2)), ..entry("mine") })
    });
    store.commit(room, changes(vec![Change::Update { key, row: acked }])).await.unwrap();
    add(&store, room, Where::BySeq, vec![numbered(1, "1"), numbered(2, "mine"), numbered(3, "3")])
        .await;
    assert_eq!(texts(&store, room).await, ["1", "mine", "3"]);
    let row = store.row(room, key).await.unwrap().unwrap();
    assert_eq!(row.entry().unwrap().delivery, Delivery::Sent);
}

#[tokio::test]
async fn a_new_epoch_stands_above_a_boundary_and_counts_anew() {
    let (store, room) = memory_room().await;
    let boundary = || Change::Boundary { received_at: at(1) };
    // Nothing is here yet: nothing to draw a line under.
    store.commit(room, changes(vec![boundary()])).await.unwrap();
    assert!(all(&store, room).await.is_empty());

    let old =
        add(&store, room, Where::BySeq, vec![numbered(1, "old 1"), numbered(2, "old 2")]).await;
    add(&store, room, Where::EchoEnd, vec![echo("mine")]).await;
    let position =
        Position { epoch: Some(Epoch::new("b")), applied: Some(Seq(2)), reached_start: false };
    let reset = Commit {
        changes: vec![boundary(), insert(Where::BySeq, vec![numbered(2, "new 2")])],
        position: Some(position.clone()),
        read: None,
    };
    let committed = store.commit(room, reset).await.unwrap();
    // One row was inserted by the caller; the boundary is not his.
    assert_eq!(committed.inserted.len(), 1);
    add(&store, room, Where::BySeq, vec![numbered(1, "new 1")]).await;
    assert_eq!(texts(&store, room).await, ["old 1", "old 2", "=", "new 1", "new 2", "mine"]);
    let state = store.room_state(room).await.unwrap();
    assert_eq!((state.position, state.seqs), (Some(position), Some((Seq(1), Seq(2)))));

    // An old row keeps its epoch when it is touched.
    let old_row = store.row(room, old[0]).await.unwrap().unwrap();
    let NewRow { kind, .. } = numbered(1, "old 1, edited");
    let update =
        Change::Update { key: old[0], row: NewRow { received_at: old_row.received_at, kind } };
    store.commit(room, changes(vec![update])).await.unwrap();
    assert_eq!(texts(&store, room).await[0], "old 1, edited");
    assert_eq!(all(&store, room).await.len(), 6);
}

#[tokio::test]
async fn numbers_that_make_no_sense_are_refused_and_do_no_harm() {
    let (store, room) = memory_room().await;
    add(&store, room, Where::BySeq, vec![numbered(1, "1")]).await;
    for seq in [u64::MAX, 1 << 63, 1 << 32] {
        let refused =
            store.commit(room, changes(vec![insert(Where::BySeq, vec![numbered(seq, "x")])])).await;
        assert!(
            matches!(refused, Err(CommitError::SeqOutOfRange(Seq(bad))) if bad == seq),
            "{refused:?}"
        );
    }
    assert_eq!(texts(&store, room).await, ["1"]);

    // A server may start wherever it likes.
    let (store, room) = memory_room().await;
    add(&store, room, Where::BySeq, vec![numbered(u64::MAX - 1, "b"), numbered(u64::MAX - 2, "a")])
        .await;
    assert_eq!(texts(&store, room).await, ["a", "b"]);
    // And zero is a number.
    let (store, room) = memory_room().await;
    add(&store, room, Where::BySeq, vec![numbered(1, "1"), numbered(0, "0")]).await;
    add(&store, room, Where::BeforeSeq(Seq(0)), vec![said("older")]).await;
    assert_eq!(texts(&store, room).await, ["older", "0", "1"]);
}

#[tokio::test]
async fn numbers_may_come_to_a_room_that_had_none() {
    let (store, room) = memory_room().await;
    add(&store, room, Where::End, vec![said("a"), said("b")]).await;
    add(&store, room, Where::BySeq, vec![numbered(7, "7"), numbered(6, "6")]).await;
    assert_eq!(texts(&store, room).await, ["a", "b", "6", "7"]);
}
