//! Random commits to a room with sequence numbers: rows never change their order, numbers and epochs ascend, keys stay.

use std::collections::HashMap;

use aside_history::{Change, Commit, Delivery, EntryRow, Row, RowKey, RowKind, Standing, Where};
use aside_protocol::{Entry, Seq};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{
    all, at, block_on, cases, changes, echo, entry, entry_row, insert, memory_room, new, numbered,
    replay, said,
};

#[derive(Clone, Debug)]
enum Step {
    /// These numbers arrive, together.
    Arrive(Vec<u8>),
    /// Something without a number arrives.
    Stray(Where),
    /// Something without a number goes right after, or right before, a settled row.
    Beside(Index, bool),
    /// Something without a number goes before this one.
    BeforeSeq(u8),
    Echo,
    /// The oldest echo turns out to have this number.
    Settle(u8),
    NewEpoch,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(0..60u8, 1..8).prop_map(Step::Arrive),
        1 => Just(Step::Stray(Where::End)),
        1 => Just(Step::Stray(Where::Start)),
        2 => (any::<Index>(), any::<bool>()).prop_map(|(row, after)| Step::Beside(row, after)),
        1 => (0..60u8).prop_map(Step::BeforeSeq),
        1 => Just(Step::Echo),
        1 => (0..60u8).prop_map(Step::Settle),
        1 => Just(Step::NewEpoch),
    ]
}

fn commit(step: &Step, rows: &[Row], echoes: &[Row]) -> Commit {
    let text = |seq: u8| format!("number {seq}");
    changes(match step {
        Step::Arrive(seqs) => {
            let rows = seqs.iter().map(|seq| numbered(u64::from(*seq), &text(*seq))).collect();
            vec![insert(Where::BySeq, rows)]
        }
        Step::Stray(at) => vec![insert(*at, vec![said("stray")])],
        Step::Beside(row, after) => {
            let settled = &rows[..rows.len() - echoes.len()];
            if settled.is_empty() {
                return Commit::default();
            }
            let key = row.get(settled).key;
            let at = if *after { Where::After(key) } else { Where::Before(key) };
            vec![insert(at, vec![said("beside")])]
        }
        Step::BeforeSeq(seq) => {
            vec![insert(Where::BeforeSeq(Seq(u64::from(*seq))), vec![said("before")])]
        }
        Step::Echo => vec![insert(Where::EchoEnd, vec![echo("echo")])],
        Step::Settle(seq) => {
            let Some(oldest) = echoes.first() else { return Commit::default() };
            let entry = Entry { seq: Some(Seq(u64::from(*seq))), ..entry(&text(*seq)) };
            let row = EntryRow { mine: true, delivery: Delivery::Sent, ..entry_row(entry) };
            let row = new(EntryRow { standing: Standing::Confirmed, ..row });
            vec![Change::Settle { key: oldest.key, at: Where::BySeq, row }]
        }
        Step::NewEpoch => vec![Change::Boundary { received_at: at(0) }],
    })
}

/// Within each stretch between boundaries the numbers ascend.
fn assert_numbers_ascend(rows: &[Row]) {
    let mut last = None;
    for row in rows {
        match &row.kind {
            RowKind::Boundary => last = None,
            RowKind::Entry(entry) => {
                if let Some(seq) = entry.entry.seq {
                    assert!(last < Some(seq), "{seq} after {last:?}");
                    last = Some(seq);
                }
            }
            RowKind::Gap(_) => {}
        }
    }
}

/// Rows that were there before and are there still have kept their order (but for the one that settled).
fn assert_order_kept(before: &[Row], after: &[Row], settled: Option<RowKey>) {
    let index: HashMap<_, _> = after.iter().enumerate().map(|(i, row)| (row.key, i)).collect();
    let kept = before.iter().filter(|row| Some(row.key) != settled);
    let kept: Vec<_> = kept.filter_map(|row| index.get(&row.key)).collect();
    assert!(kept.is_sorted());
    let gone = before.iter().filter(|row| !index.contains_key(&row.key)).count();
    assert!(gone == 0 || (gone == 1 && settled.is_some()), "{gone} rows are gone");
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn numbers_ascend_and_nothing_else_moves(steps in prop::collection::vec(step(), 1..40)) {
        block_on(async {
            let (store, room) = memory_room().await;
            let mut rows = Vec::new();
            let mut revision = store.room_state(room).await.unwrap().revision;
            for step in &steps {
                let echoes = store.echoes(room).await.unwrap();
                let committed = store.commit(room, commit(step, &rows, &echoes)).await.unwrap();
                let after = all(&store, room).await;
                assert_numbers_ascend(&after);
                let settled = matches!(step, Step::Settle(_)).then(|| echoes.first()).flatten();
                assert_order_kept(&rows, &after, settled.map(|row| row.key));
                let since = store.changes(room, revision, 10_000).await.unwrap();
                assert_eq!(replay(rows, since), after);
                (rows, revision) = (after, committed.revision);
            }
        });
    }
}
