//! The numbers on disk are promises to the next release: none is ever given another meaning.

use aside_history::{
    Delivery, Draft, DraftMode, EntryRow, Gap, GapState, LocalId, NewOutgoing, NewRow,
    OutgoingBody, OutgoingState, RowKind, Standing, Where, Written,
};
use aside_protocol::triage::Visibility;
use aside_protocol::{CreatedAt, Entry, EntryId, EntryKind, Seq};
use jiff::Timestamp;
use jiff::civil::date;

use crate::support::{add, at, changes, entry, entry_row, name, new, open};

/// All cells of some columns as text, one line per row.
fn cells(file: &std::path::Path, sql: &str) -> Vec<String> {
    let conn = rusqlite::Connection::open(file).unwrap();
    let mut statement = conn.prepare(sql).unwrap();
    let columns = statement.column_count();
    let lines = statement.query_map([], |line| {
        let cells = (0..columns).map(|i| match line.get_ref(i)? {
            rusqlite::types::ValueRef::Null => Ok("-".to_owned()),
            rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
            rusqlite::types::ValueRef::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
            rusqlite::types::ValueRef::Blob(blob) => Ok(format!("{} bytes", blob.len())),
            rusqlite::types::ValueRef::Real(number) => Ok(number.to_string()),
        });
        cells.collect::<Result<Vec<_>, rusqlite::Error>>().map(|cells| cells.join(" "))
    });
    lines.unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn rows_keep_their_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    let failed = Delivery::Failed { code: "c".to_owned(), reason: "r".to_owned() };
    let row = |kind, standing, delivery| {
        new(EntryRow { standing, delivery, ..entry_row(Entry { kind, ..entry("x") }) })
    };
    let gap = |state| NewRow {
        received_at: at(0),
        kind: RowKind::Gap(Gap { state, from: Some(Seq(3)), to: None, missing: Some(u64::MAX) }),
    };
    let rows = vec![
        row(EntryKind::Message, Standing::Provisional, Delivery::Received),
        row(EntryKind::Question, Standing::Confirmed, Delivery::Sending),
        row(EntryKind::Answer, Standing::NotInHistory, Delivery::Sent),
        row(EntryKind::Message, Standing::Provisional, Delivery::Unsure),
        row(EntryKind::Message, Standing::Provisional, failed),
        row(EntryKind::Question, Standing::Provisional, Delivery::InReview),
        gap(GapState::Open),
        gap(GapState::Loading),
        gap(GapState::Failed),
    ];
    add(&store, room, Where::End, rows).await;
    let boundary = aside_history::Change::Boundary { received_at: at(0) };
    store.commit(room, changes(vec![boundary])).await.unwrap();
    drop(store);
    let found = cells(
        &dir.path().join("cache.db"),
        "SELECT kind, standing, delivery, failure_code, failure_reason, gap_state, gap_from, gap_to, gap_missing, \
         epoch FROM rows ORDER BY place",
    );
    assert_eq!(
        found,
        [
            "0 0 0 - - - - - - 0",
            "1 1 1 - - - - - - 0",
            "2 2 2 - - - - - - 0",
            "0 0 3 - - - - - - 0",
            "0 0 4 c r - - - - 0",
            "1 0 5 - - - - - - 0",
            "3 0 0 - - 0 3 - -1 0",
            "3 0 0 - - 1 3 - -1 0",
            "3 0 0 - - 2 3 - -1 0",
            "4 0 0 - - - - - - 1",
        ]
    );
}

#[tokio::test]
async fn times_keep_their_form() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    let times = [
        CreatedAt::Local(date(2018, 10, 8).at(14, 30, 0, 0)),
        CreatedAt::Instant(Timestamp::new(1, 5_000).unwrap()),
        CreatedAt::Instant(Timestamp::new(1, 5).unwrap()),
    ];
    let row = |created_at| new(entry_row(Entry { created_at: Some(created_at), ..entry("x") }));
    add(&store, room, Where::End, times.map(row).to_vec()).await;
    drop(store);
    let found = cells(
        &dir.path().join("cache.db"),
        "SELECT typeof(created_wire), created_wire, received_at FROM rows ORDER BY place",
    );
    assert_eq!(
        found,
        [
            "text 2018-10-08T14:30:00 1700000000000000",
            "integer 1000005 1700000000000000",
            "text 1970-01-01T00:00:01.000000005Z 1700000000000000",
        ]
    );
}

#[tokio::test]
async fn the_outbox_keeps_its_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    let text = || "t".to_owned();
    let written = Written { generation: 7, at: at(1) };
    let items = [
        (OutgoingBody::Message { text: text() }, OutgoingState::Queued),
        (OutgoingBody::Question { text: text() }, OutgoingState::Written(written)),
        (
            OutgoingBody::Answer {
                question: EntryId::new("q"),
                text: text(),
                visibility: Visibility::Staff,
                seen: None,
                co_answer: true,
            },
            OutgoingState::Unsure(written),
        ),
        (
            OutgoingBody::Message { text: text() },
            OutgoingState::Failed { code: text(), reason: text() },
        ),
        (
            OutgoingBody::Question { text: text() },
            OutgoingState::InReview { submission: EntryId::new("r") },
        ),
    ];
    for (n, (body, state)) in (0..).zip(items) {
        let id = LocalId::new(at(0), [n; 10]);
        store.enqueue(room, NewOutgoing { id, body, created: at(0) }).await.unwrap();
        store.set_outgoing(id, state).await.unwrap();
    }
    for (slot, mode) in [
        ("a", DraftMode::Message),
        ("b", DraftMode::Question),
        ("c", DraftMode::ForAsker),
        ("d", DraftMode::ForStaff),
    ] {
        store.set_draft(room, slot, Draft { text: text(), mode, updated: at(0) }).await.unwrap();
    }
    drop(store);
    let file = dir.path().join("outbox.db");
    let found = cells(
        &file,
        "SELECT id, room, kind, question, body, created, state, generation, written_at, attempts, failure_code, \
         failure_reason, visibility, co_answer, submission FROM outgoing ORDER BY ord",
    );
    assert_eq!(
        found,
        [
            "16 bytes 1 0 - t 1700000000000000 0 - - 0 - - - 0 -",
            "16 bytes 1 1 - t 1700000000000000 1 7 1700000001000000 1 - - - 0 -",
            "16 bytes 1 2 q t 1700000000000000 2 7 1700000001000000 0 - - staff 1 -",
            "16 bytes 1 0 - t 1700000000000000 3 - - 0 t t - 0 -",
            "16 bytes 1 1 - t 1700000000000000 4 - - 0 - - - 0 r",
        ]
    );
    let drafts = cells(&file, "SELECT room, slot, text, mode, updated FROM drafts ORDER BY slot");
    let draft = |(mode, slot)| format!("1 {slot} t {mode} 1700000000000000");
    assert_eq!(drafts, (0..).zip(["a", "b", "c", "d"]).map(draft).collect::<Vec<String>>());
    let rooms = cells(&file, "SELECT room, server, topic, stream, user FROM rooms");
    assert_eq!(rooms, ["1 https://example.org 1 s me"]);
}
