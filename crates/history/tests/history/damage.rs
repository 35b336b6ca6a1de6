//! Files that are not what they should be: set aside, told, and as much as possible kept.

use std::fs;
use std::path::Path;

use aside_history::{
    Anchor, Change, Commit, CommitError, ItemsHeard, LocalId, NewOutgoing, OpenError, Opened,
    OutgoingBody, RoomId, SearchQuery, Store, StoreError, Where,
};

use crate::support::{add, at, changes, insert, name, open, said, texts};

/// A room with a long timeline and a filled outbox, properly closed.
pub(crate) async fn filled(dir: &Path) -> RoomId {
    let store = open(dir);
    let room = store.room(&name("1")).await.unwrap();
    let long = "x".repeat(300);
    add(&store, room, Where::End, (0..500).map(|i| said(&format!("{i} {long}"))).collect()).await;
    for n in 0..100u8 {
        let body = OutgoingBody::Message { text: format!("{n} {long}") };
        let id = LocalId::new(at(i64::from(n)), [n; 10]);
        store.enqueue(room, NewOutgoing { id, body, created: at(0) }).await.unwrap();
    }
    room
}

/// Overwrites part of a file.
fn scribble(path: &Path, from: usize, to: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[from..to].fill(0xA5);
    fs::write(path, bytes).unwrap();
}

/// Overwrites one of a file's pages.
pub(crate) fn scribble_middle(path: &Path) {
    let middle = usize::try_from(fs::metadata(path).unwrap().len()).unwrap() / 2 / 4096 * 4096;
    scribble(path, middle, middle + 4096);
}

/// As after a kill: the next start will look for damage.
fn mark_unclean(dir: &Path) {
    fs::write(dir.join("lock"), "open\n").unwrap();
}

async fn assert_fresh_cache(opened: Opened, dir: &Path, room: RoomId) {
    let Opened { store, report } = opened;
    let aside = report.cache_set_aside.unwrap();
    assert!(aside.exists() && aside.parent() == Some(dir));
    assert!(aside.file_name().unwrap().to_str().unwrap().starts_with("cache.db.corrupt-"));
    assert_eq!(report.outbox_set_aside, None);
    assert_eq!(store.room(&name("1")).await.unwrap(), room);
    assert!(texts(&store, room).await.is_empty());
    assert_eq!(store.outbox(room).await.unwrap().len(), 100);
    add(&store, room, Where::End, vec![said("new")]).await;
    assert_eq!(texts(&store, room).await, ["new"]);
    drop(store);
    // And it is fine from then on.
    let store = open(dir);
    assert_eq!(texts(&store, room).await, ["new"]);
}

#[tokio::test]
async fn a_cache_that_is_no_database_is_set_aside() {
    for garbage in
        [&b"this is not a database, and long enough to be looked at"[..], &[0; 8192], b"x"]
    {
        let dir = tempfile::tempdir().unwrap();
        let room = filled(dir.path()).await;
        fs::write(dir.path().join("cache.db"), garbage).unwrap();
        assert_fresh_cache(Store::open(dir.path()).unwrap(), dir.path(), room).await;
    }
}

#[tokio::test]
async fn a_cache_with_a_broken_header_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let room = filled(dir.path()).await;
    scribble(&dir.path().join("cache.db"), 0, 100);
    assert_fresh_cache(Store::open(dir.path()).unwrap(), dir.path(), room).await;
}

#[tokio::test]
async fn a_cache_that_was_cut_short_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let room = filled(dir.path()).await;
    let path = dir.path().join("cache.db");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(fs::metadata(&path).unwrap().len() / 2 + 100).unwrap();
    mark_unclean(dir.path());
    assert_fresh_cache(Store::open(dir.path()).unwrap(), dir.path(), room).await;
}

#[tokio::test]
async fn damage_in_the_middle_is_found_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let room = filled(dir.path()).await;
    let path = dir.path().join("cache.db");
    scribble_middle(&path);
    mark_unclean(dir.path());
    assert_fresh_cache(Store::open(dir.path()).unwrap(), dir.path(), room).await;
}

#[tokio::test]
async fn somebody_elses_tables_are_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let room = filled(dir.path()).await;
    let path = dir.path().join("cache.db");
    fs::remove_file(&path).unwrap();
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch("CREATE TABLE rooms (a); PRAGMA user_version = 1").unwrap();
    drop(conn);
    assert_fresh_cache(Store::open(dir.path()).unwrap(), dir.path(), room).await;
}

#[tokio::test]
async fn a_newer_cache_is_set_aside_but_a_newer_outbox_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let room = filled(dir.path()).await;
    let newer = |file: &str| {
        let conn = rusqlite::Connection::open(dir.path().join(file)).unwrap();
        conn.pragma_update(None, "user_version", 1000).unwrap();
    };
    newer("cache.db");
    assert_fresh_cache(Store::open(dir.path()).unwrap(), dir.path(), room).await;

    newer("outbox.db");
    let before = fs::read(dir.path().join("outbox.db")).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(OpenError::OutboxTooNew)));
    assert_eq!(fs::read(dir.path().join("outbox.db")).unwrap(), before);
}

/// Scribbles over most of the cache while a store has it open, on a clean start, so that only use can find out.
async fn damaged_in_use() -> (tempfile::TempDir, Store, RoomId) {
    let dir = tempfile::tempdir().unwrap();
    let room = filled(dir.path()).await;
    let path = dir.path().join("cache.db");
    let end = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    // The first pages hold the schema; the rest are rows and indexes.
    scribble(&path, 20 * 4096, end);
    let Opened { store, report } = Store::open(dir.path()).unwrap();
    assert_eq!(report.cache_set_aside, None);
    (dir, store, room)
}

#[tokio::test]
async fn a_reader_that_meets_damage_gets_the_cache_rebuilt() {
    let (_dir, store, room) = damaged_in_use().await;
    let revision = aside_history::Revision(1);
    let met = store.page(room, Anchor::End, 500).await;
    let Err(StoreError::CacheRebuilt { set_aside }) = met else { panic!("{met:?}") };
    assert!(set_aside.exists());
    // The room is there under its old id, empty; nobody can mistake its revisions for the old ones.
    assert!(texts(&store, room).await.is_empty());
    assert!(store.room_state(room).await.unwrap().revision > revision);
    let key = add(&store, room, Where::End, vec![said("new")]).await[0];
    assert!(key.0 > 500);
    assert_eq!(texts(&store, room).await, ["new"]);
    assert_eq!(store.outbox(room).await.unwrap().len(), 100);
}

#[tokio::test]
async fn what_follows_from_a_cache_that_was_rebuilt_does_not_get_into_the_new_one() {
    let (_dir, store, room) = damaged_in_use().await;
    let old = store.bound();
    store.page(room, Anchor::End, 500).await.unwrap_err();
    assert!(old.is_outdated() && !store.is_outdated() && !store.bound().is_outdated());
    let more = || changes(vec![insert(Where::End, vec![said("new")])]);
    let met = old.commit(room, more()).await;
    assert!(matches!(met, Err(CommitError::Store(StoreError::CacheRebuilt { .. }))), "{met:?}");
    let met = old.keep_items(room, ItemsHeard::default()).await;
    assert!(matches!(met, Err(StoreError::CacheRebuilt { .. })), "{met:?}");
    old.bound().commit(room, more()).await.unwrap();
    assert_eq!(texts(&old, room).await, ["new"]);
}

/// The keys of a cache that was rebuilt begin at some 1.8 million millions.
#[tokio::test]
async fn after_a_rebuilt_cache_a_forgotten_room_leaves_the_others_to_be_found() {
    let (_dir, store, room) = damaged_in_use().await;
    store.page(room, Anchor::End, 500).await.unwrap_err();
    add(&store, room, Where::End, (0..1_200).map(|n| said(&format!("line {n}"))).collect()).await;
    let other = store.room(&name("other")).await.unwrap();
    store.forget_room(other).await.unwrap();
    let look = async || {
        let (now, zone) = (at(1_000), jiff::tz::TimeZone::UTC);
        let query = SearchQuery { text: "line".to_owned(), room: Some(room), now, zone };
        store.search(query, None, 2_000).await.unwrap()
    };
    let whole = async {
        let mut last = -1.0;
        while let Some(done) = look().await.indexing {
            assert!((0.0..1.0).contains(&done) && done >= last, "{done} after {last}");
            last = done;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), whole).await.expect("an end");
    assert_eq!(look().await.hits.len(), 1_200);
}

#[tokio::test]
async fn a_writer_that_meets_damage_gets_the_cache_rebuilt() {
    let (dir, store, room) = damaged_in_use().await;
    let keys = (1..500).map(aside_history::RowKey);
    let removals = keys.map(|key| Change::Remove { key }).collect();
    let met = store.commit(room, Commit { changes: removals, ..Commit::default() }).await;
    assert!(matches!(met, Err(CommitError::Store(StoreError::CacheRebuilt { .. }))), "{met:?}");
    store.commit(room, changes(vec![insert(Where::End, vec![said("new")])])).await.unwrap();
    assert_eq!(texts(&store, room).await, ["new"]);
    drop(store);
    let store = open(dir.path());
    assert_eq!(texts(&store, room).await, ["new"]);
}

#[tokio::test]
async fn a_cell_that_makes_no_sense_is_damage_too() {
    let dir = tempfile::tempdir().unwrap();
    let room = filled(dir.path()).await;
    let store = open(dir.path());
    let change = |file: &str, sql: &str| {
        let conn = rusqlite::Connection::open(dir.path().join(file)).unwrap();
        assert_eq!(conn.execute(sql, []).unwrap(), 1);
    };
    change("cache.db", "UPDATE rows SET content = CAST(x'ff' AS TEXT) WHERE key = 499");
    let met = store.page(room, Anchor::End, 10).await;
    assert!(matches!(met, Err(StoreError::CacheRebuilt { .. })), "{met:?}");
    assert!(texts(&store, room).await.is_empty());

    // In the outbox it is one line less to send, and the line stays where it is.
    change("outbox.db", "UPDATE outgoing SET state = 9 WHERE ord = 50");
    assert_eq!(store.outbox(room).await.unwrap().len(), 99);
    change("outbox.db", "UPDATE outgoing SET state = 0 WHERE ord = 50");
    assert_eq!(store.outbox(room).await.unwrap().len(), 100);
}

#[tokio::test]
async fn a_damaged_outbox_is_set_aside_and_what_is_readable_is_carried_over() {
    let dir = tempfile::tempdir().unwrap();
    let room = filled(dir.path()).await;
    scribble_middle(&dir.path().join("outbox.db"));
    let Opened { store, report } = Store::open(dir.path()).unwrap();
    let aside = report.outbox_set_aside.unwrap();
    assert!(aside.exists());
    assert_eq!(report.cache_set_aside, None);
    assert_eq!(store.room(&name("1")).await.unwrap(), room);
    let saved = store.outbox(room).await.unwrap();
    assert_eq!(saved.len(), usize::try_from(report.outbox_salvaged).unwrap());
    // One page of some twenty is broken: the lines before it and after it are there, in order.
    assert!(saved.len() >= 60, "{} of 100 were saved", saved.len());
    assert!(saved.is_sorted_by_key(|item| item.id));
    assert!(saved.first().unwrap().body.text().starts_with("0 "));
    assert!(saved.last().unwrap().body.text().starts_with("99 "));
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.outbox(room).await.unwrap(), saved);
}

#[tokio::test]
async fn an_outbox_of_garbage_is_set_aside_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let room = filled(dir.path()).await;
    fs::write(dir.path().join("outbox.db"), [0x5A; 10_000]).unwrap();
    let Opened { store, report } = Store::open(dir.path()).unwrap();
    let aside = report.outbox_set_aside.unwrap();
    assert_eq!(fs::read(aside).unwrap(), [0x5A; 10_000]);
    assert_eq!(report.outbox_salvaged, 0);
    // The cache still knows the room.
    assert_eq!(store.room(&name("1")).await.unwrap(), room);
    assert_eq!(texts(&store, room).await.len(), 500);
}

#[tokio::test]
async fn an_outbox_that_breaks_in_use_is_carried_over() {
    let (dir, store, room) = outbox_broken_in_use().await;
    let path = dir.path().join("outbox.db");
    let before = fs::read(&path).unwrap();
    // As on a full disk: there is no place for the new file now.
    let in_the_way = dir.path().join("outbox.db.new/full");
    fs::create_dir_all(&in_the_way).unwrap();
    for _ in 0..2 {
        let met = store.outbox(room).await;
        assert!(matches!(met, Err(StoreError::Sqlite(_))), "{met:?}");
        assert!(fs::read(&path).unwrap() == before);
    }
    fs::remove_dir_all(dir.path().join("outbox.db.new")).unwrap();
    let met = store.outbox(room).await;
    let Err(StoreError::OutboxRebuilt { set_aside, salvaged }) = met else { panic!("{met:?}") };
    assert!(set_aside.exists());
    assert!(salvaged > 60, "{salvaged} of 100 were saved");
    assert_eq!(store.outbox(room).await.unwrap().len(), usize::try_from(salvaged).unwrap());
    assert_eq!(store.room(&name("1")).await.unwrap(), room);
}

/// Scribbles over much of the outbox while a store has it open.
async fn outbox_broken_in_use() -> (tempfile::TempDir, Store, RoomId) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    // More than SQLite keeps in memory, so that it has to look at the file again.
    for n in 0..100u8 {
        let body = OutgoingBody::Message { text: n.to_string().repeat(30_000) };
        let id = LocalId::new(at(i64::from(n)), [n; 10]);
        store.enqueue(room, NewOutgoing { id, body, created: at(0) }).await.unwrap();
    }
    drop(store);
    let store = open(dir.path());
    let path = dir.path().join("outbox.db");
    let middle = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap() / 2 / 4096 * 4096;
    scribble(&path, middle, middle + 16 * 4096);
    (dir, store, room)
}

#[test]
fn a_directory_that_cannot_be_made_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(Store::open(&file), Err(OpenError::Io { .. })));
    assert!(matches!(Store::open(&file.join("below")), Err(OpenError::Io { .. })));
    // A directory where a file should be.
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("cache.db")).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(OpenError::Io { .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store_dir = dir.path().join("a/b");
    let store = open(&store_dir);
    let room = store.room(&name("1")).await.unwrap();
    add(&store, room, Where::End, vec![said("a")]).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&store_dir), 0o700);
    for file in fs::read_dir(&store_dir).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
