//! The process dies, or two of them want the same directory.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aside_history::{
    Commit, LocalId, NewOutgoing, OpenError, OutgoingBody, Place, Position, Store, StoreError,
    Where,
};
use aside_protocol::Seq;

use crate::damage;
use crate::support::{
    add, all, at, block_on, changes, insert, name, numbered, open, said, text, texts,
};

const DIR: &str = "ASIDE_HISTORY_TEST_DIR";

/// Starts this very test program again, to run only the named test below `dir`.
fn child(test: &str, dir: &Path) -> Child {
    command(test, dir).spawn().unwrap()
}

fn command(test: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// The child's word that everything up to this number is on disk.
#[allow(clippy::print_stdout, reason = "the parent reads it")]
fn say_safe(number: u64) {
    println!("safe {number}");
}

/// The numbers that the child said are safe, as it says them.
fn told(child: &mut Child) -> impl Iterator<Item = u64> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("safe ")?.parse().ok())
}

#[test]
#[ignore = "the other process of the tests below"]
fn child_writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    block_on(async {
        let store = Store::open(Path::new(&dir)).unwrap().store;
        let room = store.room(&name("1")).await.unwrap();
        let mut seq = store
            .room_state(room)
            .await
            .unwrap()
            .position
            .and_then(|p| p.applied)
            .map_or(0, |s| s.0);
        loop {
            let rows = (0..20).map(|_| {
                seq += 1;
                numbered(seq, &format!("entry {seq}"))
            });
            let rows = rows.collect();
            let position = Position { applied: Some(Seq(seq)), ..Position::default() };
            let commit =
                Commit { position: Some(position), ..changes(vec![insert(Where::BySeq, rows)]) };
            store.commit(room, commit).await.unwrap();
            let body = OutgoingBody::Message { text: seq.to_string() };
            let id = LocalId::new(at(i64::try_from(seq).unwrap()), [1; 10]);
            store.enqueue(room, NewOutgoing { id, body, created: at(0) }).await.unwrap();
            say_safe(seq);
        }
    });
}

#[tokio::test]
async fn a_killed_writer_loses_nothing_that_it_was_told_is_safe() {
    let dir = tempfile::tempdir().unwrap();
    let mut promised = Vec::new();
    for round in 1..=6 {
        let mut writer = child("crash::child_writes_until_it_is_killed", dir.path());
        // Killed in the middle of whatever follows, a little later each time.
        promised.extend(told(&mut writer).take(round * 3));
        writer.kill().unwrap();
        writer.wait().unwrap();

        for file in ["cache.db", "outbox.db"] {
            let conn = rusqlite::Connection::open(dir.path().join(file)).unwrap();
            let check: String =
                conn.query_row("PRAGMA integrity_check", [], |line| line.get(0)).unwrap();
            assert_eq!(check, "ok", "{file} in round {round}");
        }
        let store = open(dir.path());
        let room = store.room(&name("1")).await.unwrap();
        let applied = store.room_state(room).await.unwrap().position.unwrap().applied.unwrap();
        assert!(promised.iter().all(|seq| *seq <= applied.0), "{applied} of {promised:?}");
        // The position says what the rows say: all of them, once, and nothing after.
        let rows = all(&store, room).await;
        let expected: Vec<_> = (1..=applied.0).map(|seq| format!("entry {seq}")).collect();
        assert_eq!(rows.iter().map(text).collect::<Vec<_>>(), expected);
        let outbox = store.outbox(room).await.unwrap();
        let kept: Vec<u64> = outbox.iter().map(|item| item.body.text().parse().unwrap()).collect();
        assert!(kept.is_sorted());
        assert!(promised.iter().all(|seq| kept.contains(seq)), "{promised:?} in {kept:?}");
    }
}

#[test]
#[ignore = "the other process of the test below"]
fn child_holds_the_directory() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let _store = Store::open(Path::new(&dir)).unwrap().store;
    say_safe(0);
    // Until it is killed; the parent holds the other end.
    let _ = std::io::stdin().read_line(&mut String::new());
    std::thread::park();
}

#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut holder = child("crash::child_holds_the_directory", dir.path());
    told(&mut holder).next().unwrap();
    assert!(matches!(Store::open(dir.path()), Err(OpenError::Locked)));
    holder.kill().unwrap();
    holder.wait().unwrap();
    let store = open(dir.path());
    // Nor one store of the same process beside another.
    assert!(matches!(Store::open(dir.path()), Err(OpenError::Locked)));
    drop(store);
    drop(open(dir.path()));
}

#[test]
#[ignore = "the other process of the test below"]
fn child_opens_the_directory() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let _store = Store::open(Path::new(&dir)).unwrap().store;
}

#[tokio::test]
#[cfg_attr(not(debug_assertions), ignore = "release builds have no places to die at")]
async fn what_a_damaged_outbox_still_has_survives_a_death_while_it_is_saved() {
    for place in ["outbox.before-commit", "outbox.saved", "outbox.set-aside"] {
        let dir = tempfile::tempdir().unwrap();
        let room = damage::filled(dir.path()).await;
        damage::scribble_middle(&dir.path().join("outbox.db"));
        let mut opens = command("crash::child_opens_the_directory", dir.path());
        let died = opens.env(aside_failpoint::VARIABLE, place).status().unwrap();
        assert!(!died.success(), "{place}");
        let store = Store::open(dir.path()).unwrap().store;
        let saved = store.outbox(room).await.unwrap();
        assert!(saved.len() >= 60, "{place}: {} of 100 were saved", saved.len());
        drop(store);
        let files = std::fs::read_dir(dir.path()).unwrap();
        let mut files: Vec<_> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.retain(|file| !file.starts_with("outbox.db.corrupt-"));
        files.sort();
        assert_eq!(files, ["cache.db", "lock", "outbox.db"], "{place}");
    }
}

#[tokio::test]
async fn a_store_opens_again_as_it_was_left() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    add(&store, room, Where::End, vec![said("a"), said("b")]).await;
    let rows = all(&store, room).await;
    let position = Position { reached_start: true, ..Position::default() };
    let commit =
        Commit { position: Some(position), read: Some(rows[0].place), ..Commit::default() };
    store.commit(room, commit).await.unwrap();
    let state = store.room_state(room).await.unwrap();
    store.close().await;
    // Closed for every handle, and for good.
    let after = store.page(room, aside_history::Anchor::End, 1).await;
    assert!(matches!(after, Err(StoreError::Closed)), "{after:?}");
    assert!(matches!(store.room(&name("2")).await, Err(StoreError::Closed)));
    store.close().await;

    // The other handle is still there, but the files are free and folded in.
    let store = open(dir.path());
    assert_eq!(store.room(&name("1")).await.unwrap(), room);
    assert_eq!(store.room_state(room).await.unwrap(), state);
    assert_eq!(all(&store, room).await, rows);
    drop(store);
    let mut files: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["cache.db", "lock", "outbox.db"]);
    assert!(std::fs::read(dir.path().join("lock")).unwrap().is_empty());
}

#[tokio::test]
async fn a_page_does_not_wait_for_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let room = store.room(&name("1")).await.unwrap();
    add(&store, room, Where::End, vec![said("a")]).await;
    // Given a transaction that never ends, held by somebody else.
    let other = rusqlite::Connection::open(dir.path().join("cache.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let commit = tokio::spawn({
        let store = store.clone();
        async move { add(&store, room, Where::End, vec![said("b")]).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(texts(&store, room).await, ["a"]);
    assert!(!commit.is_finished());
    other.execute_batch("ROLLBACK").unwrap();
    commit.await.unwrap();
    assert_eq!(texts(&store, room).await, ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_and_readers_agree() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut writers = Vec::new();
    for topic in 0..4 {
        let store = store.clone();
        writers.push(tokio::spawn(async move {
            let room = store.room(&name(&topic.to_string())).await.unwrap();
            for i in 0..100 {
                let rows = vec![said(&i.to_string())];
                let committed =
                    store.commit(room, changes(vec![insert(Where::End, rows)])).await.unwrap();
                // What was told is there for every reader.
                let after = aside_history::Anchor::After(Place(committed.inserted[0].place.0 - 1));
                let page = store.page(room, after, 1).await.unwrap();
                assert_eq!(page.rows[0].key, committed.inserted[0].key);
                assert!(page.revision >= committed.revision);
            }
            texts(&store, room).await
        }));
    }
    let expected: Vec<_> = (0..100).map(|i: i32| i.to_string()).collect();
    for writer in writers {
        assert_eq!(writer.await.unwrap(), expected);
    }
}
