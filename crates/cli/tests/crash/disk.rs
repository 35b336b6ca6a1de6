//! Disks without room, and disks that may not be written: it is said, nothing that was kept is lost, and it goes on
//! afterwards by itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use aside_protocol::Topic;
use aside_server::{NewEntry, Rooms};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::remains;
use crate::stage::{PATIENCE, Person, ServerProcess, log, server, texts};

/// A disk of eight megabytes, which only root may mount.
struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    #[allow(clippy::print_stderr, reason = "a test that can't test must say so")]
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m,mode=0777", "aside-test"])
            .arg(dir.path())
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self { dir });
        }
        assert!(std::env::var_os("CI").is_none(), "CI lets a small disk be mounted");
        eprintln!(
            "SKIPPED: a small disk can only be mounted by root; the tests by `ulimit -f` still run"
        );
        None
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        use std::io::Write as _;
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        for size in [4096, 64, 1] {
            let block = vec![1_u8; size];
            while filler.write_all(&block).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let mounted = Command::new("mount").args(["-o", &options]).arg(self.path()).status();
        assert!(mounted.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

async fn run(person: &Person, before: &str, home: &Path, args: &[&str]) -> Output {
    let mut command = person.limited(before, home, args);
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    tokio::time::timeout(PATIENCE, output).await.expect("the command ends").unwrap()
}

async fn succeeds(person: &Person, home: &Path, args: &[&str]) {
    let output = run(person, "true", home, args).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A command that could not keep what it was given fails, says why, and nothing of it turns up later.
fn refused(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    assert!(said(output).contains(words), "{}", said(output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_takes_nothing_on_and_nothing_away() {
    let Some(disk) = SmallDisk::mount() else { return };
    for core_only in [false, true] {
        let server = server(core_only).await;
        let ann = Person::new(server.rooms(), server.addr(), "ann").await;
        let home = disk.path().join(format!("core {core_only}"));
        succeeds(&ann, &home, &["send", "before"]).await;
        disk.fill();
        refused(&run(&ann, "true", &home, &["send", "never"]).await, "No space left");
        disk.free();
        succeeds(&ann, &home, &["send", "after"]).await;
        assert_eq!(log(server.rooms()).await, ["before", "after"]);
        assert!(remains::outbox(&home).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_may_not_be_written_is_named_as_that() {
    let Some(disk) = SmallDisk::mount() else { return };
    let server = server(false).await;
    let ann = Person::new(server.rooms(), server.addr(), "ann").await;
    succeeds(&ann, disk.path(), &["send", "before"]).await;
    disk.remount("ro");
    let output = run(&ann, "true", disk.path(), &["send", "never"]).await;
    refused(&output, "ead-only");
    disk.remount("rw");
    succeeds(&ann, disk.path(), &["send", "after"]).await;
    assert_eq!(log(server.rooms()).await, ["before", "after"]);
}

/// Who listens while the disk fills up waits, and has all of it once there is room again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_under_a_listener_is_waited_for() {
    for core_only in [false, true] {
        let Some(disk) = SmallDisk::mount() else { return };
        let server = server(core_only).await;
        let rooms = server.rooms();
        let ann = Person::new(rooms, server.addr(), "ann").await;
        let home = disk.path().join(format!("core {core_only}"));
        let mut tail = ann.limited("true", &home, &["tail", "--json"]);
        let mut tail = tail.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
        let mut next = async |word: &str| {
            let mut heard = Vec::new();
            while !heard.last().is_some_and(|line: &String| line.contains(word)) {
                let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
                heard.push(line.expect(word).unwrap().expect("tail goes on"));
            }
            texts(heard.join("\n").as_bytes())
        };
        next("\"online\"").await;
        disk.fill();
        let topic = Topic::new("9001");
        let long = "x".repeat(8000);
        for n in 0..60 {
            let entry = NewEntry::message("u2", "Ana", format!("{n} {long}"));
            rooms.publish(&topic, entry).await.unwrap();
        }
        let mut heard = next("\"waiting\"").await;
        disk.free();
        heard.extend(next("\"text\":\"59 ").await);
        assert_eq!(heard, log(rooms).await, "core {core_only}");
    }
}

/// What the server can't store it does not acknowledge; what it acknowledged is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_room_refuses_and_goes_on_when_there_is_some() {
    let Some(disk) = SmallDisk::mount() else { return };
    let addr = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rooms = Rooms::administer(disk.path()).unwrap();
    let ann = Person::new(&rooms, addr, "ann").await;
    let mut process = ServerProcess::start(disk.path(), addr, false, None).await;
    succeeds(&ann, ann.home.path(), &["send", "before"]).await;
    disk.fill();
    let long = "x".repeat(8000);
    let mut acknowledged = vec!["before".to_owned()];
    loop {
        // What the files still have room for is stored; then comes one that is not.
        let text = format!("{} {long}", acknowledged.len());
        let output = run(&ann, "true", ann.home.path(), &["send", "--timeout", "4", &text]).await;
        if output.status.code() != Some(0) {
            refused(&output, "it was not sent");
            break;
        }
        acknowledged.push(text);
        assert!(acknowledged.len() < 40, "a full disk takes everything");
    }
    disk.free();
    succeeds(&ann, ann.home.path(), &["send", "after"]).await;
    process.child.kill().await.unwrap();
    drop(remains::whole(disk.path()));
    acknowledged.push("after".to_owned());
    assert_eq!(log(&rooms).await, acknowledged);
}

/// The same without root: files may not grow beyond a few kilobytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_may_not_grow_take_nothing_on_and_nothing_away() {
    for core_only in [false, true] {
        let server = server(core_only).await;
        let ann = Person::new(server.rooms(), server.addr(), "ann").await;
        let home = ann.home.path();
        succeeds(&ann, home, &["send", "before"]).await;
        let (mut kept, long) = (Vec::new(), "x".repeat(6000));
        for blocks in [0, 8, 16, 64, 128, 200] {
            let text = format!("{blocks} {long}");
            let before = format!("trap '' XFSZ; ulimit -f {blocks}");
            let output = run(&ann, &before, home, &["send", "--timeout", "4", &text]).await;
            match output.status.code() {
                Some(0) => kept.push(text),
                Some(1) => assert!(!said(&output).is_empty(), "{blocks}: it says why"),
                other => panic!("{blocks}: {other:?} {}", said(&output)),
            }
            kept.extend(remains::outbox(home));
        }
        let output = run(&ann, "true", home, &["send", "after"]).await;
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let log = log(server.rooms()).await;
        for text in &kept {
            let count = log.iter().filter(|said| *said == text).count();
            assert!(count == 1, "kept and lost, or said twice ({count}): {}", &text[..8]);
        }
        assert_eq!(
            (log.first(), log.last()),
            (Some(&"before".to_owned()), Some(&"after".to_owned()))
        );
        assert!(remains::outbox(home).is_empty());
    }
}
