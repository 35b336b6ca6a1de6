//! What a person wrote is kept, in order, within limits, whatever happens to the cache.

use aside_history::outgoing::{BODY_BYTES, EXPIRED, OUTBOX_ROWS};
use aside_history::{
    Draft, DraftMode, LocalId, NewOutgoing, OutboxError, Outgoing, OutgoingBody, OutgoingState,
    RoomId, Store, StoreError, Where, Written,
};
use aside_protocol::EntryId;
use aside_protocol::triage::Visibility;

use crate::support::{add, at, memory_room, name, open, said, texts};

fn id(n: u8) -> LocalId {
    LocalId::new(at(i64::from(n)), [n; 10])
}

fn message(n: u8, text: &str) -> NewOutgoing {
    NewOutgoing {
        id: id(n),
        body: OutgoingBody::Message { text: text.to_owned() },
        created: at(i64::from(n)),
    }
}

async fn waiting(store: &Store, room: RoomId) -> Vec<(LocalId, OutgoingState)> {
    let outbox = store.outbox(room).await.unwrap();
    outbox.into_iter().map(|item| (item.id, item.state)).collect()
}

#[tokio::test]
async fn first_written_first_and_everything_comes_back() {
    let (store, room) = memory_room().await;
    let other = store.room(&name("2")).await.unwrap();
    let ask = OutgoingBody::Question { text: "why?".to_owned() };
    let answer = OutgoingBody::Answer {
        question: EntryId::new("q1"),
        text: "因为".to_owned(),
        visibility: Visibility::Asker,
        seen: Some(7),
        co_answer: false,
    };
    // The order is that of writing, not that of clocks.
    store.enqueue(room, message(9, "a")).await.unwrap();
    store
        .enqueue(room, NewOutgoing { id: id(1), body: ask.clone(), created: at(1) })
        .await
        .unwrap();
    store
        .enqueue(room, NewOutgoing { id: id(5), body: answer.clone(), created: at(5) })
        .await
        .unwrap();
    store.enqueue(room, message(9, "a second time under the same name")).await.unwrap();
    let outbox = store.outbox(room).await.unwrap();
    let item = |id, body, second| Outgoing {
        id,
        body,
        created: at(second),
        state: OutgoingState::Queued,
        attempts: 0,
        submission: None,
    };
    let first = OutgoingBody::Message { text: "a".to_owned() };
    assert_eq!(outbox, [item(id(9), first, 9), item(id(1), ask, 1), item(id(5), answer, 5)]);
    assert!(store.outbox(other).await.unwrap().is_empty());
    assert_eq!(LocalId::parse(id(9).nonce().as_str()), Some(id(9)));
    assert!(store.remove_outgoing(id(1)).await.unwrap());
    assert!(!store.remove_outgoing(id(1)).await.unwrap());
    assert_eq!(store.outbox(room).await.unwrap().len(), 2);
}

#[tokio::test]
async fn states_remember_the_last_write_and_count_attempts() {
    let (store, room) = memory_room().await;
    let last = |outbox: Vec<Outgoing>| {
        outbox.into_iter().next().map(|item| (item.state, item.attempts)).unwrap()
    };
    store.enqueue(room, message(1, "a")).await.unwrap();
    let written = Written { generation: u64::MAX, at: at(7) };
    assert!(store.set_outgoing(id(1), OutgoingState::Written(written)).await.unwrap());
    assert_eq!(last(store.outbox(room).await.unwrap()), (OutgoingState::Written(written), 1));
    assert!(store.set_outgoing(id(1), OutgoingState::Unsure(written)).await.unwrap());
    assert_eq!(last(store.outbox(room).await.unwrap()), (OutgoingState::Unsure(written), 1));
    let week = at(8 * 24 * 3600);
    assert!(store.expire_outgoing(room, week).await.unwrap().is_empty(), "it may have arrived");
    store.set_outgoing(id(1), OutgoingState::Queued).await.unwrap();
    let again = Written { generation: 2, at: at(9) };
    store.set_outgoing(id(1), OutgoingState::Written(again)).await.unwrap();
    assert_eq!(last(store.outbox(room).await.unwrap()), (OutgoingState::Written(again), 2));
    let failed = OutgoingState::Failed { code: "refused".to_owned(), reason: "no".to_owned() };
    store.set_outgoing(id(1), failed.clone()).await.unwrap();
    assert_eq!(last(store.outbox(room).await.unwrap()), (failed.clone(), 2));
    let review = OutgoingState::InReview { submission: EntryId::new("r1") };
    store.set_outgoing(id(1), review.clone()).await.unwrap();
    assert_eq!(last(store.outbox(room).await.unwrap()), (review.clone(), 2));
    store.set_outgoing(id(1), failed).await.unwrap();
    let [item] = &store.outbox(room).await.unwrap()[..] else { panic!("one") };
    assert_eq!(item.submission, Some(EntryId::new("r1")), "staff may think better of it");
    store.set_outgoing(id(1), review).await.unwrap();
    assert!(store.expire_outgoing(room, week).await.unwrap().is_empty(), "the server has it");
    assert!(!store.set_outgoing(id(2), OutgoingState::Queued).await.unwrap());
}

#[tokio::test]
async fn the_limits_are_told() {
    let (store, room) = memory_room().await;
    let long = "x".repeat(BODY_BYTES + 1);
    let refused = store.enqueue(room, message(1, &long)).await;
    assert!(matches!(refused, Err(OutboxError::TooLong { bytes }) if bytes == BODY_BYTES + 1));
    store.enqueue(room, message(1, &long[1..])).await.unwrap();
    for n in 1..OUTBOX_ROWS {
        let id = LocalId::new(at(i64::from(n)), [200; 10]);
        store.enqueue(room, NewOutgoing { id, ..message(2, "x") }).await.unwrap();
    }
    assert!(matches!(store.enqueue(room, message(3, "x")).await, Err(OutboxError::Full)));
    // The same name again is not one more; another room has room.
    store.enqueue(room, message(1, "x")).await.unwrap();
    let other = store.room(&name("2")).await.unwrap();
    store.enqueue(other, message(3, "x")).await.unwrap();
    let nowhere = store.enqueue(RoomId(99), message(4, "x")).await;
    assert!(matches!(nowhere, Err(OutboxError::Store(StoreError::UnknownRoom(RoomId(99))))));
}

#[tokio::test]
async fn after_a_week_what_waits_has_failed_and_is_still_there() {
    let (store, room) = memory_room().await;
    store.enqueue(room, message(0, "old")).await.unwrap();
    store.enqueue(room, message(10, "newer")).await.unwrap();
    let week = 7 * 24 * 3600;
    assert!(store.expire_outgoing(room, at(week)).await.unwrap().is_empty());
    assert_eq!(store.expire_outgoing(room, at(week + 1)).await.unwrap(), [id(0)]);
    assert!(store.expire_outgoing(room, at(week + 1)).await.unwrap().is_empty());
    let failed = OutgoingState::Failed { code: EXPIRED.to_owned(), reason: String::new() };
    let both = |first| [(id(0), first), (id(10), OutgoingState::Queued)];
    assert_eq!(waiting(&store, room).await, both(failed));
    // Wanted once more, it has another week.
    assert!(store.retry_outgoing(id(0), at(week)).await.unwrap());
    assert!(store.expire_outgoing(room, at(week + 1)).await.unwrap().is_empty());
    assert_eq!(waiting(&store, room).await, both(OutgoingState::Queued));
}

#[tokio::test]
async fn what_lost_its_line_gets_one_and_no_line_another_state() {
    let (store, room) = memory_room().await;
    let unsure = || OutgoingState::Unsure(Written { generation: 0, at: at(1) });
    assert!(store.adopt_outgoing(room, message(1, "a"), unsure()).await.unwrap());
    store.enqueue(room, message(2, "b")).await.unwrap();
    assert!(!store.adopt_outgoing(room, message(2, "b"), unsure()).await.unwrap());
    let expected = [(id(1), unsure()), (id(2), OutgoingState::Queued)];
    assert_eq!(waiting(&store, room).await, expected);
}

#[tokio::test]
async fn drafts_are_kept_per_slot_and_an_empty_one_is_none() {
    let (store, room) = memory_room().await;
    let draft = |text: &str, mode| Draft { text: text.to_owned(), mode, updated: at(3) };
    let ask = draft("half a ques", DraftMode::Question);
    store.set_draft(room, "composer", draft("h", DraftMode::Message)).await.unwrap();
    store.set_draft(room, "composer", ask.clone()).await.unwrap();
    store.set_draft(room, "answer:q1", draft("well", DraftMode::Message)).await.unwrap();
    assert_eq!(store.draft(room, "composer").await.unwrap(), Some(ask));
    store.set_draft(room, "composer", draft("", DraftMode::Message)).await.unwrap();
    assert_eq!(store.draft(room, "composer").await.unwrap(), None);
    assert_eq!(store.draft(room, "answer:q1").await.unwrap().unwrap().text, "well");
    let long = draft(&"x".repeat(BODY_BYTES + 1), DraftMode::Message);
    assert!(matches!(
        store.set_draft(room, "composer", long).await,
        Err(OutboxError::TooLong { .. })
    ));
}

#[tokio::test]
async fn the_outbox_outlives_the_cache() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.room(&name("another")).await.unwrap();
    let room = store.room(&name("1")).await.unwrap();
    add(&store, room, Where::End, vec![said("a")]).await;
    store.enqueue(room, message(1, "unsent")).await.unwrap();
    let draft = Draft { text: "half".to_owned(), mode: DraftMode::Question, updated: at(1) };
    store.set_draft(room, "composer", draft.clone()).await.unwrap();
    drop(store);
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("cache.db") {
            std::fs::remove_file(path).unwrap();
        }
    }

    let store = open(dir.path());
    let again = store.room(&name("1")).await.unwrap();
    assert_eq!(again, room);
    assert!(texts(&store, room).await.is_empty());
    assert_eq!(waiting(&store, room).await, [(id(1), OutgoingState::Queued)]);
    assert_eq!(store.draft(room, "composer").await.unwrap(), Some(draft));
}

#[tokio::test]
async fn the_cache_outlives_the_outbox() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.room(&name("another")).await.unwrap();
    let room = store.room(&name("1")).await.unwrap();
    add(&store, room, Where::End, vec![said("a")]).await;
    drop(store);
    std::fs::remove_file(dir.path().join("outbox.db")).unwrap();
    let store = open(dir.path());
    assert_eq!(store.room(&name("1")).await.unwrap(), room);
    assert_eq!(texts(&store, room).await, ["a"]);
    assert!(store.room(&name("a third")).await.unwrap() > room);
}

#[tokio::test]
async fn a_room_keeps_everything_under_another_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (room, other) = (store.room(&name("1")).await.unwrap(), name("2"));
    add(&store, room, Where::End, vec![said("a")]).await;
    store.enqueue(room, message(1, "b")).await.unwrap();
    let there = store.room(&other).await.unwrap();
    assert!(!store.rename_room(&name("1"), &other).await.unwrap(), "it is another room's name");
    assert!(!store.rename_room(&name("nobody's"), &name("3")).await.unwrap());
    assert!(store.rename_room(&name("1"), &name("3")).await.unwrap());
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.room(&name("3")).await.unwrap(), room);
    assert_eq!(store.room(&other).await.unwrap(), there);
    assert_eq!(
        (texts(&store, room).await, waiting(&store, room).await.len()),
        (vec!["a".to_owned()], 1)
    );
    assert_ne!(store.room(&name("1")).await.unwrap(), room);
}

#[tokio::test]
async fn a_forgotten_room_leaves_nothing_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    let kept = store.room(&name("2")).await.unwrap();
    add(&store, room, Where::End, (0..100).map(|_| said("CANARY-ROW")).collect()).await;
    add(&store, kept, Where::End, vec![said("other")]).await;
    store.enqueue(room, message(1, "CANARY-SENT")).await.unwrap();
    let draft = Draft { text: "CANARY-DRAFT".to_owned(), mode: DraftMode::Message, updated: at(0) };
    store.set_draft(room, "composer", draft).await.unwrap();
    assert!(!store.page(room, aside_history::Anchor::End, 1).await.unwrap().rows.is_empty());
    assert!(bytes(dir.path()).windows(6).any(|w| w == b"CANARY"));
    store.forget_room(room).await.unwrap();
    assert!(!bytes(dir.path()).windows(6).any(|w| w == b"CANARY"));
    assert_eq!(texts(&store, kept).await, ["other"]);
    drop(store);
    assert!(!bytes(dir.path()).windows(6).any(|w| w == b"CANARY"));
}

#[tokio::test]
async fn a_room_that_could_not_be_forgotten_whole_is_there_to_be_forgotten_again() {
    for (file, table) in [("cache.db", "rows"), ("outbox.db", "drafts")] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let room = store.room(&name("1")).await.unwrap();
        add(&store, room, Where::End, vec![said("CANARY-ROW")]).await;
        let draft =
            Draft { text: "CANARY-DRAFT".to_owned(), mode: DraftMode::Message, updated: at(0) };
        store.set_draft(room, "composer", draft.clone()).await.unwrap();
        // As on a full disk.
        let other = rusqlite::Connection::open(dir.path().join(file)).unwrap();
        let stop = format!(
            "CREATE TRIGGER stop BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
        );
        other.execute_batch(&stop).unwrap();
        store.forget_room(room).await.unwrap_err();
        drop(store);
        let store = open(dir.path());
        assert_eq!(store.room(&name("1")).await.unwrap(), room, "{file}");
        assert_eq!(store.draft(room, "composer").await.unwrap(), Some(draft), "{file}");
        let left = if file == "cache.db" { vec!["CANARY-ROW".to_owned()] } else { vec![] };
        assert_eq!(texts(&store, room).await, left, "{file}");
        other.execute_batch("DROP TRIGGER stop").unwrap();
        drop(other);
        store.forget_room(room).await.unwrap();
        assert!(!bytes(dir.path()).windows(6).any(|w| w == b"CANARY"), "{file}");
    }
}

fn bytes(dir: &std::path::Path) -> Vec<u8> {
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    files.flat_map(|path| std::fs::read(path).unwrap()).collect()
}
