//! Short words for the tests: rooms, entries, commits, the whole timeline as text.

use aside_history::{
    Anchor, Change, Changes, Commit, Committed, Delivery, EntryRow, NewRow, Place, RoomId,
    RoomName, Row, RowKey, RowKind, Standing, Store, Where,
};
use aside_protocol::{Entry, EntryKind, Seq};
use jiff::Timestamp;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(crate) fn name(topic: &str) -> RoomName {
    RoomName {
        server: "https://example.org".to_owned(),
        topic: topic.to_owned(),
        stream: "s".to_owned(),
        user: "me".to_owned(),
    }
}

pub(crate) async fn memory_room() -> (Store, RoomId) {
    let store = Store::in_memory_inline().unwrap();
    let room = store.room(&name("1")).await.unwrap();
    (store, room)
}

pub(crate) fn entry(text: &str) -> Entry {
    Entry {
        kind: EntryKind::Message,
        user: "someone".to_owned(),
        display_name: "Someone".to_owned(),
        avatar_url: String::new(),
        stream: "s".to_owned(),
        content: text.to_owned(),
        created_at: None,
        id: None,
        seq: None,
        nonce: None,
    }
}

pub(crate) fn entry_row(entry: Entry) -> EntryRow {
    EntryRow {
        entry,
        created_at: None,
        mine: false,
        standing: Standing::Provisional,
        delivery: Delivery::Received,
        local_id: None,
    }
}

pub(crate) fn new(row: EntryRow) -> NewRow {
    NewRow { received_at: at(0), kind: RowKind::Entry(Box::new(row)) }
}

/// Someone else said this.
pub(crate) fn said(text: &str) -> NewRow {
    new(entry_row(entry(text)))
}

/// Someone else said this, with a number.
pub(crate) fn numbered(seq: u64, text: &str) -> NewRow {
    new(entry_row(Entry { seq: Some(Seq(seq)), ..entry(text) }))
}

/// The user says this and nobody has heard it yet.
pub(crate) fn echo(text: &str) -> NewRow {
    new(EntryRow { mine: true, delivery: Delivery::Sending, ..entry_row(entry(text)) })
}

pub(crate) fn insert(at: Where, rows: Vec<NewRow>) -> Change {
    Change::Insert { at, rows }
}

pub(crate) fn changes(changes: Vec<Change>) -> Commit {
    Commit { changes, ..Commit::default() }
}

/// Commits one insertion and returns the keys.
pub(crate) async fn add(store: &Store, room: RoomId, at: Where, rows: Vec<NewRow>) -> Vec<RowKey> {
    let committed = store.commit(room, changes(vec![insert(at, rows)])).await.unwrap();
    keys(&committed)
}

pub(crate) fn keys(committed: &Committed) -> Vec<RowKey> {
    committed.inserted.iter().map(|inserted| inserted.key).collect()
}

/// The whole timeline, read page by page from the front.
pub(crate) async fn all(store: &Store, room: RoomId) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let last = rows.last().map_or(Place(i64::MIN), |row| row.place);
        let page = store.page(room, Anchor::After(last), 100).await.unwrap();
        rows.extend(page.rows);
        if !page.has_newer {
            return rows;
        }
    }
}

/// What a row says, for short.
pub(crate) fn text(row: &Row) -> String {
    match &row.kind {
        RowKind::Entry(entry) => entry.entry.content.clone(),
        RowKind::Gap(_) => "~".to_owned(),
        RowKind::Boundary => "=".to_owned(),
    }
}

/// The whole timeline, for short.
pub(crate) async fn texts(store: &Store, room: RoomId) -> Vec<String> {
    all(store, room).await.iter().map(text).collect()
}

/// What a subscriber has after it applies changes to what it had.
pub(crate) fn replay(mut rows: Vec<Row>, changes: Changes) -> Vec<Row> {
    assert!(!changes.reset);
    let touched =
        |key| changes.removed.contains(&key) || changes.upserts.iter().any(|row| row.key == key);
    rows.retain(|row| !touched(row.key));
    rows.extend(changes.upserts);
    rows.sort_by_key(|row| row.place);
    rows
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// So many random cases, unless the environment asks for another number.
pub(crate) fn cases(cases: u32) -> proptest::prelude::ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = proptest::prelude::ProptestConfig::default();
    if asked { default } else { proptest::prelude::ProptestConfig { cases, ..default } }
}

/// A store on disk that opens without anything to report.
pub(crate) fn open(dir: &std::path::Path) -> Store {
    let opened = Store::open(dir).unwrap();
    assert_eq!(opened.report, aside_history::OpenReport::default());
    opened.store
}
