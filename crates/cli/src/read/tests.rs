//! What is printed of a room in which only that happens which a test puts there.

use aside_history::{Change, Commit, EntryRow, NewRow, Standing, Where};
use aside_protocol::{Entry, StreamId, Token, Topic};
use aside_session::RoomConfig;
use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::room;

/// A room whose server can't be reached.
struct Alone {
    room: Room,
    _home: TempDir,
}

impl Alone {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let server = "http://127.0.0.1:9".parse().unwrap();
        let config = RoomConfig {
            socket: RoomConfig::default_socket(&server),
            server,
            topic: Topic::new("1"),
            stream: StreamId::new("s1"),
            user: "u1".to_owned(),
            display_name: "Ana".to_owned(),
            avatar_url: String::new(),
            allow_insecure: false,
        };
        let room = room::enter(config, Token::new("t"), Some(home.path()), true).await.unwrap();
        Self { room, _home: home }
    }

    async fn commit(&self, change: Change) -> Vec<RowKey> {
        let commit = Commit { changes: vec![change], ..Commit::default() };
        let store = self.room.store();
        let done = store.commit(self.room.session.room(), commit).await.unwrap();
        done.inserted.iter().map(|row| row.key).collect()
    }

    async fn said(&self, many: usize) -> Vec<RowKey> {
        let rows = vec![row(Delivery::Received); many];
        self.commit(Change::Insert { at: Where::End, rows }).await
    }

    /// One's own, which the server may or may not have.
    async fn own(&self, delivery: Delivery) -> RowKey {
        self.commit(Change::Insert { at: Where::EchoEnd, rows: vec![row(delivery)] }).await[0]
    }

    async fn newest(&self, history: u32) -> (Printed, Revision) {
        let mut printed = Printed::new(true);
        let known = print_newest(&self.room, Some(history), Older::Welcome, &mut printed).await;
        (printed, known.unwrap())
    }

    async fn changes(&self, known: Revision, printed: &mut Printed) -> Revision {
        print_changes(&self.room.session, known, printed).await.unwrap()
    }
}

fn row(delivery: Delivery) -> NewRow {
    let entry = Entry::parse(r#"{"type":"message","user":"u2","content":"hello"}"#).unwrap();
    let standing = Standing::Confirmed;
    let row = EntryRow { entry, created_at: None, mine: false, standing, delivery, local_id: None };
    NewRow { received_at: Timestamp::UNIX_EPOCH, kind: RowKind::Entry(Box::new(row)) }
}

fn keys(printed: &Printed) -> Vec<RowKey> {
    printed.seen.newest.iter().copied().collect()
}

#[tokio::test]
async fn all_of_a_burst_is_printed_whatever_was_there_before() {
    for (before, history) in [(0, 100), (0, 0), (3, 0), (3, 100)] {
        for own in [None, Some(Delivery::Sending), Some(Delivery::Sent)] {
            let alone = Alone::new().await;
            let mut expected = alone.said(before).await;
            if history == 0 {
                expected.clear();
            }
            if let Some(own) = own.clone() {
                let key = alone.own(own.clone()).await;
                // The server has it, and it has no place yet: it is news in any case.
                expected.extend((own == Delivery::Sent).then_some(key));
            }
            let (mut printed, known) = alone.newest(history).await;
            expected.extend(alone.said(1200).await);
            alone.changes(known, &mut printed).await;
            assert_eq!(keys(&printed), expected, "{before} {history} {own:?}");
        }
    }
}

#[tokio::test]
async fn what_is_older_than_the_history_that_was_asked_for_is_no_news_when_it_changes() {
    for history in [0, 10] {
        let alone = Alone::new().await;
        let older = alone.said(30).await;
        let waiting = alone.own(Delivery::Sending).await;
        let (mut printed, known) = alone.newest(history).await;
        let shown = keys(&printed);
        // An answer is edited, and what is before the first row of all is fetched.
        alone.commit(Change::Update { key: older[3], row: row(Delivery::Received) }).await;
        let rows = vec![row(Delivery::Received); 200];
        alone.commit(Change::Insert { at: Where::Start, rows }).await;
        let known = alone.changes(known, &mut printed).await;
        assert_eq!(keys(&printed), shown, "{history}");
        // One's own that waited is news when it has arrived.
        let settle = Change::Settle { key: waiting, at: Where::End, row: row(Delivery::Sent) };
        alone.commit(settle).await;
        alone.changes(known, &mut printed).await;
        assert_eq!(keys(&printed), [shown, vec![waiting]].concat(), "{history}");
    }
}

#[tokio::test]
async fn where_the_server_is_away_the_cache_is_all_the_history_there_is() {
    let alone = Alone::new().await;
    let said = alone.said(30).await;
    let (printed, _) = alone.newest(1000).await;
    assert_eq!(keys(&printed), said);
    // Who asked for all of it is told that this is not all.
    let mut printed = Printed::new(true);
    let all = print_newest(&alone.room, None, Older::Needed, &mut printed).await;
    assert!(all.is_err() && keys(&printed).is_empty());
}

#[test]
fn a_row_is_printed_once_however_long_ago_that_was_and_memory_holds_the_newest() {
    let (mut seen, all) = (Seen::default(), 3 * i64::try_from(REMEMBERED).unwrap());
    // A gap that was filled from its end, then what is said.
    for key in (1..=all).rev().chain(all + 1..=2 * all) {
        assert!(seen.add(RowKey(key)), "{key} is printed");
        assert!(seen.newest.len() <= REMEMBERED);
    }
    assert!((1..=2 * all).all(|key| !seen.is_new(RowKey(key))));
    assert!(seen.is_new(RowKey(2 * all + 1)));
}
