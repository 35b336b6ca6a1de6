//! Random commits to a room without sequence numbers, against a plain list.

use aside_history::{
    Anchor, Change, Commit, Delivery, EntryRow, NewRow, Place, RoomId, Row, RowKey, Standing,
    Store, Where,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{
    all, block_on, cases, echo, entry, entry_row, insert, memory_room, new, replay, said, text,
};

/// One random step; an index means "some row that is there".
#[derive(Clone, Debug)]
enum Step {
    Append(u8),
    Prepend(u8),
    After(Index, u8),
    Before(Index, u8),
    /// Again and again at the same spot, until there is no room.
    Wedge(Index, u8),
    Echo,
    Settle(Index, Spot),
    Move(Index, Spot),
    Edit(Index),
    Confirm(Index),
    Remove(Index),
    Read(Index),
}

#[derive(Clone, Debug)]
enum Spot {
    End,
    Start,
    After(Index),
    Before(Index),
}

fn spot() -> impl Strategy<Value = Spot> {
    prop_oneof![
        Just(Spot::End),
        Just(Spot::Start),
        any::<Index>().prop_map(Spot::After),
        any::<Index>().prop_map(Spot::Before),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let row = any::<Index>;
    prop_oneof![
        (1..6u8).prop_map(Step::Append),
        (1..6u8).prop_map(Step::Prepend),
        (row(), 1..6u8).prop_map(|(row, n)| Step::After(row, n)),
        (row(), 1..6u8).prop_map(|(row, n)| Step::Before(row, n)),
        (row(), 1..40u8).prop_map(|(row, n)| Step::Wedge(row, n)),
        Just(Step::Echo),
        (row(), spot()).prop_map(|(row, spot)| Step::Settle(row, spot)),
        (row(), spot()).prop_map(|(row, spot)| Step::Move(row, spot)),
        row().prop_map(Step::Edit),
        row().prop_map(Step::Confirm),
        row().prop_map(Step::Remove),
        row().prop_map(Step::Read),
    ]
}

/// The list that the store is compared with.
#[derive(Default)]
struct Model {
    settled: Vec<Line>,
    echoes: Vec<Line>,
    /// The row behind which the unread line stands, and how many settled rows are at or before it.
    read: usize,
    said: u32,
}

#[derive(Clone, Debug, PartialEq)]
struct Line {
    key: RowKey,
    text: String,
    mine: bool,
    standing: Standing,
}

impl Model {
    fn next(&mut self) -> String {
        self.said += 1;
        self.said.to_string()
    }

    /// Takes a row out; the line stays behind what was read.
    fn take(&mut self, index: usize) -> Line {
        self.read -= usize::from(index < self.read);
        self.settled.remove(index)
    }

    fn put(&mut self, index: usize, line: Line, read_at_once: bool) {
        self.read += usize::from(read_at_once);
        self.settled.insert(index, line);
    }
}

/// The store and the model side by side.
struct Pair {
    store: Store,
    room: RoomId,
    model: Model,
}

impl Pair {
    async fn commit(&self, change: Change) -> Vec<RowKey> {
        let commit = Commit { changes: vec![change], ..Commit::default() };
        let committed = self.store.commit(self.room, commit).await.unwrap();
        committed.inserted.iter().map(|inserted| inserted.key).collect()
    }

    async fn add(&mut self, at: Where, index: usize, rows: u8) {
        let texts: Vec<_> = (0..rows).map(|_| self.model.next()).collect();
        let keys = self.commit(insert(at, texts.iter().map(|text| said(text)).collect())).await;
        let read = index < self.model.read;
        for (i, (key, text)) in keys.into_iter().zip(texts).enumerate() {
            let line = Line { key, text, mine: false, standing: Standing::Provisional };
            self.model.put(index + i, line, read);
        }
    }

    fn key(&self, row: &Index) -> Option<(usize, RowKey)> {
        let settled = &self.model.settled;
        (!settled.is_empty()).then(|| row.index(settled.len())).map(|i| (i, settled[i].key))
    }

    /// A spot as the store and as the model know it, in a list that no longer has the row itself.
    fn spot(&self, spot: &Spot) -> (Where, usize) {
        match spot {
            Spot::After(row) => {
                self.key(row).map_or((Where::End, 0), |(i, key)| (Where::After(key), i + 1))
            }
            Spot::Before(row) => {
                self.key(row).map_or((Where::End, 0), |(i, key)| (Where::Before(key), i))
            }
            Spot::End => (Where::End, self.model.settled.len()),
            Spot::Start => (Where::Start, 0),
        }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Append(n) => self.add(Where::End, self.model.settled.len(), *n).await,
            Step::Prepend(n) => self.add(Where::Start, 0, *n).await,
            Step::After(row, n) => {
                if let Some((i, key)) = self.key(row) {
                    self.add(Where::After(key), i + 1, *n).await;
                }
            }
            Step::Before(row, n) => {
                if let Some((i, key)) = self.key(row) {
                    self.add(Where::Before(key), i, *n).await;
                }
            }
            Step::Wedge(row, n) => {
                if let Some((i, key)) = self.key(row) {
                    for _ in 0..*n {
                        self.add(Where::After(key), i + 1, 1).await;
                    }
                }
            }
            Step::Echo => {
                let text = self.model.next();
                let key = self.commit(insert(Where::EchoEnd, vec![echo(&text)])).await[0];
                self.model.echoes.push(Line {
                    key,
                    text,
                    mine: true,
                    standing: Standing::Provisional,
                });
            }
            Step::Settle(row, spot) if !self.model.echoes.is_empty() => {
                let line = self.model.echoes.remove(row.index(self.model.echoes.len()));
                let (at, index) = self.spot(spot);
                self.commit(Change::Settle { key: line.key, at, row: mine(&line) }).await;
                self.model.put(index, line, index < self.model.read);
            }
            Step::Settle(..) => {}
            Step::Move(row, spot) => self.shift(row, spot).await,
            Step::Edit(row) => {
                if let Some((i, key)) = self.key(row) {
                    let text = self.model.next();
                    let line = Line { text, ..self.model.settled[i].clone() };
                    self.commit(Change::Update { key, row: mine(&line) }).await;
                    self.model.settled[i] = line;
                }
            }
            Step::Confirm(row) => {
                if let Some((i, key)) = self.key(row) {
                    self.commit(Change::Stand { keys: vec![key], standing: Standing::Confirmed })
                        .await;
                    self.model.settled[i].standing = Standing::Confirmed;
                }
            }
            Step::Remove(row) => {
                if let Some((i, key)) = self.key(row) {
                    self.commit(Change::Remove { key }).await;
                    self.model.take(i);
                }
            }
            Step::Read(row) => {
                if let Some((i, key)) = self.key(row) {
                    let place = self.store.row(self.room, key).await.unwrap().unwrap().place;
                    let commit = Commit { read: Some(place), ..Commit::default() };
                    self.store.commit(self.room, commit).await.unwrap();
                    self.model.read = self.model.read.max(i + 1);
                }
            }
        }
    }

    async fn shift(&mut self, row: &Index, spot: &Spot) {
        let Some((i, key)) = self.key(row) else { return };
        let line = self.model.settled.remove(i);
        let (at, index) = self.spot(spot);
        // With nothing else there, the row is its own only neighbour.
        let moved = Change::Move { key, at };
        self.model.settled.insert(i, line);
        self.commit(moved).await;
        let line = self.model.take(i);
        let read = index < self.model.read;
        self.model.put(index, line, read);
    }

    async fn compare(&self, limit: u32) -> Vec<Row> {
        let rows = all(&self.store, self.room).await;
        let lines: Vec<_> = rows.iter().map(line).collect();
        let model: Vec<_> = self.model.settled.iter().chain(&self.model.echoes).cloned().collect();
        assert_eq!(lines, model);
        assert_eq!(self.backwards(limit).await, rows);
        rows
    }

    async fn backwards(&self, limit: u32) -> Vec<Row> {
        let (mut rows, mut anchor) = (Vec::new(), Anchor::End);
        loop {
            let page = self.store.page(self.room, anchor, limit).await.unwrap();
            let Some(first) = page.rows.first() else { return rows };
            anchor = Anchor::Before(first.place);
            rows.splice(0..0, page.rows);
            if !page.has_older {
                return rows;
            }
        }
    }

    /// The rows that are read; a line at a spot where rows were inserted or moved may rightly count them either way.
    async fn compare_unread(&self) {
        let unread = self.model.settled[self.model.read..].iter().filter(|line| !line.mine).count();
        let counted = self.store.unread(self.room).await.unwrap().entries;
        assert_eq!(usize::try_from(counted).unwrap(), unread.min(1000));
    }
}

fn mine(line: &Line) -> NewRow {
    let delivery = if line.mine { Delivery::Sent } else { Delivery::Received };
    new(EntryRow {
        mine: line.mine,
        delivery,
        standing: line.standing,
        ..entry_row(entry(&line.text))
    })
}

fn line(row: &Row) -> Line {
    let entry = row.entry().unwrap();
    Line { key: row.key, text: text(row), mine: entry.mine, standing: entry.standing }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn any_commits_give_the_same_timeline_as_a_list(
        steps in prop::collection::vec(step(), 1..60),
        limit in 1..9u32,
        known in any::<Index>(),
    ) {
        block_on(async {
            let (store, room) = memory_room().await;
            let mut pair = Pair { store, room, model: Model::default() };
            let known = known.index(steps.len());
            let mut snapshot = (pair.store.room_state(room).await.unwrap().revision, Vec::new());
            for (i, step) in steps.iter().enumerate() {
                pair.step(step).await;
                pair.compare_unread().await;
                if i == known {
                    snapshot = (pair.store.room_state(room).await.unwrap().revision, all(&pair.store, room).await);
                }
            }
            let rows = pair.compare(limit).await;
            let since = pair.store.changes(room, snapshot.0, 100_000).await.unwrap();
            assert_eq!(replay(snapshot.1, since), rows);
            let safe = Place(-(1 << 53))..Place(1 << 53);
            assert!(rows.iter().all(|row| safe.contains(&row.place)));
        });
    }
}
