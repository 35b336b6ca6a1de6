//! How long entries are kept, copies of the database while it is in use, and putting one back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use aside_protocol::Topic;
use aside_server::{BackupError, Config, Keep, NewEntry, backup, restore};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Client, http, soon};
use crate::desk::Desk;
use crate::process::{Process, printed, run, token};
use crate::room::{Room, STREAM, TOPIC};

fn at(dir: &tempfile::TempDir, keep: Keep) -> Config {
    Config { data: Some(dir.path().to_owned()), keep, ..Config::for_tests() }
}

/// Entries of which each is a day older than the next; the last is of now. Every third is a question.
async fn days(room: &Room, count: u32) {
    let now = Timestamp::now();
    let entries = (0..count).map(|n| {
        let age = jiff::SignedDuration::from_hours(24 * i64::from(count - 1 - n));
        let text = format!("day {n}");
        let entry = match n % 3 {
            0 => NewEntry::question("ann", "Ann", text),
            _ => NewEntry::message("ann", "Ann", text),
        };
        entry.at(now.checked_sub(age).unwrap())
    });
    room.running.rooms().seed(&Topic::new(TOPIC), entries.collect()).await.unwrap();
}

async fn first_is(room: &Room, first: u64) {
    let gone = Box::pin(async {
        while room.page("after=0&resultsPerPage=1").await[0]["seq"] != first {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    soon("the old are gone", gone).await;
}

#[tokio::test]
async fn what_is_older_than_so_many_days_goes_and_places_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let room = Room::start(at(&dir, Keep::default())).await;
    days(&room, 60).await;
    let epoch = room.epoch().await;
    let changes = room.get(&room.staff, "/api/question/changes?after=0").await.json();
    assert_eq!(changes["data"]["items"].as_array().unwrap().len(), 20);
    let change = changes["data"]["change"].clone();
    room.running.stop().await;

    let room = Room::start(at(&dir, Keep { days: Some(10), bytes: None })).await;
    first_is(&room, 51).await;
    assert_eq!(room.page("resultsPerPage=100").await.len(), 10);
    let second = room.page("after=0&resultsPerPage=4&page=2").await;
    assert_eq!(
        (second.len(), &second[0]["seq"]),
        (4, &json!(55)),
        "pages begin where the log does"
    );
    let changes = room.get(&room.staff, "/api/question/changes?after=0").await.json();
    let items = changes["data"]["items"].as_array().unwrap().clone();
    assert!(items.iter().all(|item| item["seq"].as_u64().unwrap() > 50), "{items:?}");
    // Nobody is shown an item without its entry: on the disk is what counts.
    let conn = rusqlite::Connection::open(dir.path().join("rooms.db")).unwrap();
    let left = |table: &str| -> u32 {
        conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((left("entry"), left("item")), (10, 3), "and on the disk");
    assert_eq!(changes["data"]["change"], change, "changes are counted on");
    // Who has the place before the first goes on; who lacks more is told so, instead of being sent in circles.
    let mut near = room.open(&room.ann).await;
    assert_eq!(near.resume(&epoch, 50).await["resumed"], Value::Null);
    assert_eq!(near.object().await["seq"], 51);
    let mut far = room.open(&room.ann).await;
    assert_eq!(far.resume(&epoch, 49).await["resumed"], false);
    let asked = json!({ "content": "next?", "streamId": STREAM });
    let asked = room.post(&room.ann, "/api/question/add", asked).await.json();
    assert_eq!(asked["data"]["seq"], 61);
    assert_eq!(far.object().await["seq"], 61);
    let changes = room.get(&room.staff, "/api/question/changes?after=0").await.json();
    let newest = changes["data"]["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(newest["number"], 21, "questions are numbered on");
}

#[tokio::test]
async fn the_newest_stays_however_old_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let room = Room::start(at(&dir, Keep::default())).await;
    let old =
        NewEntry::message("ann", "Ann", "old").at(Timestamp::from_second(1_500_000_000).unwrap());
    let topic = Topic::new(TOPIC);
    room.running.rooms().seed(&topic, vec![old.clone(), old.clone(), old]).await.unwrap();
    room.running.stop().await;
    let room = Room::start(at(&dir, Keep { days: Some(1), bytes: None })).await;
    first_is(&room, 3).await;
    assert_eq!(room.publish("new").await.seq.0, 4);
}

#[tokio::test]
async fn an_answer_that_outlived_its_question_can_still_be_taken_away() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(at(&dir, Keep::default())).await;
    let question = desk.ask("asked long ago?").await;
    for text in ["call 555-0100", "or call 555-0199"] {
        assert_eq!(desk.answer(&desk.room.staff, &question, text, json!({})).await.status, 200);
    }
    desk.room.running.stop().await;
    let conn = rusqlite::Connection::open(dir.path().join("rooms.db")).unwrap();
    conn.execute("UPDATE entry SET created_ms = 0 WHERE seq = 1", []).unwrap();
    drop(conn);
    let room = Room::start(at(&dir, Keep { days: Some(1), bytes: None })).await;
    first_is(&room, 2).await;
    let page = room.page("").await;
    let of = |n: usize| json!({ "answerId": page[n]["id"], "streamId": STREAM });
    let mut bob = room.joined(&room.bob).await;
    assert_eq!(room.post(&room.staff, "/api/answer/retract", of(0)).await.status, 200);
    let told = bob.object().await;
    assert_eq!((&told["type"], &told["id"]), (&json!("removed"), &page[0]["id"]));
    assert_eq!(room.moderate("remove", json!({ "entryId": page[1]["id"] })).await.status, 200);
    assert_eq!(bob.object().await["id"], page[1]["id"]);
    let left = room.get(&room.bob, "/api/message/chatmsg").await.body;
    assert!(!left.contains("555"), "{left}");
    assert_eq!(room.post(&room.staff, "/api/answer/retract", of(0)).await.status, 403);
}

#[tokio::test]
async fn a_database_that_grows_too_large_loses_what_is_oldest() {
    let dir = tempfile::tempdir().unwrap();
    let room = Room::start(at(&dir, Keep::default())).await;
    let topic = Topic::new(TOPIC);
    let text = "x".repeat(2000);
    let entries = (0..4000).map(|_| NewEntry::message("ann", "Ann", text.clone())).collect();
    room.running.rooms().seed(&topic, entries).await.unwrap();
    room.running.stop().await;
    let size = 5_000_000;
    let room = Room::start(at(&dir, Keep { days: None, bytes: Some(size) })).await;
    first_is(&room, 2001).await;
    assert_eq!(room.log().await.len(), 2000, "as little as makes it fit");
    room.publish("goes on").await;
}

#[tokio::test]
async fn what_is_kept_longer_than_was_promised_goes_before_any_entry() {
    let dir = tempfile::tempdir().unwrap();
    let room = Room::start(at(&dir, Keep::default())).await;
    days(&room, 60).await;
    room.running.stop().await;
    let conn = rusqlite::Connection::open(dir.path().join("rooms.db")).unwrap();
    conn.execute(
        "WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 20000)
         INSERT INTO nonce SELECT room.id, 'ann', printf('%036d', n), zeroblob(32), n, ?2 FROM room, count WHERE topic = ?1",
        rusqlite::params![TOPIC, Timestamp::now().as_millisecond() - 25 * 60 * 60 * 1000],
    )
    .unwrap();
    let room = Room::start(at(&dir, Keep { days: None, bytes: Some(1_000_000) })).await;
    let left =
        || conn.query_row("SELECT count(*) FROM nonce", [], |row| row.get::<_, u32>(0)).unwrap();
    let gone = Box::pin(async {
        while left() > 5_000 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    soon("old nonces are gone", gone).await;
    assert!(left() > 0, "as few as make it fit");
    assert_eq!(room.log().await.len(), 60);
}

/// While somebody talks without a pause, a copy is made: it is whole, and a beginning of what was said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_people_talk_is_whole_and_can_be_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy.db");
    let data = dir.path().join("data");
    let secret = token(&data, "ann");
    let server = Process::start(&data, &[]);
    let stop = Arc::new(AtomicBool::new(false));
    let heard = Arc::new(AtomicU64::new(0));
    let hears_more = async |than: u64| {
        soon("more is said", async {
            while heard.load(Ordering::Relaxed) <= than {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    };
    let (done, addr, talks, hears) = (stop.clone(), server.addr, secret.clone(), heard.clone());
    let talking = tokio::spawn(async move {
        let mut client = Client::open(addr, &talks, "7").await;
        client.join().await;
        let mut said = 0_u64;
        while !done.load(Ordering::Relaxed) {
            said += 1;
            client.say(&said.to_string()).await;
            assert_eq!(client.object().await["seq"], said);
            hears.store(said, Ordering::Relaxed);
        }
        said
    });
    hears_more(0).await;
    printed(&data, &["backup", copy.to_str().unwrap()]);
    hears_more(heard.load(Ordering::Relaxed)).await;
    stop.store(true, Ordering::Relaxed);
    let said = talking.await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = run(&data, &["backup", copy.to_str().unwrap()]);
    assert!(!again.status.success(), "a copy is never written over");
    let busy = run(&data, &["restore", copy.to_str().unwrap()]);
    assert!(!busy.status.success(), "not under a server's feet");
    let headers = [("authorization", secret.as_str())];
    let reply = http(server.addr, "GET /api/capabilities", &headers, b"").await;
    assert_eq!(reply.status, 200);
    drop(server);

    let before = printed(&data, &["restore", copy.to_str().unwrap()]);
    let before = before.strip_prefix("before\t").unwrap();
    assert!(std::path::Path::new(before).exists(), "what was there is kept");
    let server = Process::start(&data, &[]);
    let mut client = Client::open(server.addr, &secret, "7").await;
    let joined = client.resume("another", 0).await;
    assert_eq!(joined["resumed"], false, "a new epoch");
    let kept = joined["seq"].as_u64().unwrap();
    assert!(kept > 0 && kept <= said, "{kept} of {said}");
    client.say("after").await;
    assert_eq!(client.object().await["seq"], kept + 1);
    let rows = run(&data, &["room", "list"]);
    assert!(rows.status.success());
}

#[tokio::test]
async fn what_is_no_copy_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (data, bad) = (dir.path().join("data"), dir.path().join("bad.db"));
    assert!(matches!(backup(&data, &bad), Err(BackupError::Nothing(_))));
    let room = Room::start(Config { data: Some(data.clone()), ..Config::for_tests() }).await;
    room.publish("kept").await;
    let copy = dir.path().join("copy.db");
    backup(&data, &copy).unwrap();
    room.running.stop().await;
    std::fs::write(
        &bad,
        "no database at all, but some text that is long enough to be read".repeat(99),
    )
    .unwrap();
    assert!(restore(&bad, &data, false).is_err());
    // A page in the middle is overwritten.
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xff);
    std::fs::write(&bad, bytes).unwrap();
    assert!(restore(&bad, &data, false).is_err());
    assert!(!data.join("rooms.db.part").exists());
    let room = Room::start(Config { data: Some(data.clone()), ..Config::for_tests() }).await;
    assert_eq!(room.log().await, ["kept"]);
    room.running.stop().await;
    let newer = rusqlite::Connection::open(&copy).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    assert!(restore(&copy, &data, false).is_err(), "of a newer version");
    assert!(restore(&dir.path().join("nowhere"), &data, false).is_err());
}

#[tokio::test]
async fn a_copy_is_put_back_over_a_database_that_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let (data, copy) = (dir.path().join("data"), dir.path().join("copy.db"));
    let config = || Config { data: Some(data.clone()), ..Config::for_tests() };
    let room = Room::start(config()).await;
    room.publish("kept").await;
    backup(&data, &copy).unwrap();
    room.running.stop().await;
    let path = data.join("rooms.db");
    std::fs::write(&path, "what a disk may leave of a file ".repeat(999)).unwrap();
    std::fs::write(data.join("rooms.db-wal"), "its log").unwrap();
    std::fs::write(data.join("rooms.db.part-journal"), "of a restore that was cut short").unwrap();
    let before = restore(&copy, &data, false).unwrap().unwrap();
    assert!(std::fs::read_to_string(&before).unwrap().starts_with("what a disk may leave"));
    let log = format!("{}-wal", before.display());
    assert_eq!(std::fs::read_to_string(log).unwrap(), "its log");
    let room = Room::start(config()).await;
    assert_eq!(room.log().await, ["kept"]);
    room.running.stop().await;
}

#[tokio::test]
async fn whoever_was_further_than_the_copy_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let config = || Config { data: Some(data.clone()), ..Config::for_tests() };
    let room = Room::start(config()).await;
    let epoch = room.epoch().await;
    room.publish("one").await;
    backup(&data, &dir.path().join("copy")).unwrap();
    room.publish("two").await;
    let ann = room.ann.clone();
    room.running.stop().await;
    restore(&dir.path().join("copy"), &data, false).unwrap();
    let room = Room::start(config()).await;
    let mut client = room.open(&ann).await;
    let joined = client.resume(&epoch, 2).await;
    assert_eq!((&joined["resumed"], &joined["seq"]), (&json!(false), &json!(1)));
    assert_ne!(joined["epoch"], epoch.as_str());
}

#[tokio::test]
async fn answers_belong_to_their_questions_in_a_copy_that_is_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let (data, copy) = (dir.path().join("data"), dir.path().join("copy.db"));
    let config = || Config { data: Some(data.clone()), ..Config::for_tests() };
    let desk = Desk::open(config()).await;
    let question = desk.ask("rude?").await;
    assert_eq!(desk.answer(&desk.room.staff, &question, "so", json!({})).await.status, 200);
    backup(&data, &copy).unwrap();
    desk.room.running.stop().await;
    restore(&copy, &data, false).unwrap();
    let room = Room::start(config()).await;
    let page = room.page("").await;
    let (question, answer) = (&page[0]["id"], &page[1]["id"]);
    let content: Value = serde_json::from_str(page[1]["content"].as_str().unwrap()).unwrap();
    assert_eq!(&content["questionId"], question);
    let edit = json!({ "answerId": answer, "streamId": STREAM, "content": "so!" });
    assert_eq!(room.post(&room.staff, "/api/answer/edit", edit).await.status, 200);
    assert_eq!(room.moderate("remove", json!({ "entryId": question })).await.status, 200);
    let page = room.get(&room.bob, "/api/message/chatmsg").await.body;
    assert!(page.contains("so!") && !page.contains("rude"), "{page}");
}

#[tokio::test]
async fn what_lies_beside_a_database_that_is_gone_is_no_part_of_the_copy() {
    let dir = tempfile::tempdir().unwrap();
    let (data, copy) = (dir.path().join("data"), dir.path().join("copy.db"));
    let config = || Config { data: Some(data.clone()), ..Config::for_tests() };
    let room = Room::start(config()).await;
    room.publish("kept").await;
    backup(&data, &copy).unwrap();
    room.running.stop().await;
    std::fs::remove_file(data.join("rooms.db")).unwrap();
    for end in ["wal", "shm", "journal"] {
        std::fs::write(data.join(format!("rooms.db-{end}")), end).unwrap();
    }
    assert_eq!(restore(&copy, &data, false).unwrap(), None);
    let mut beside: Vec<String> = std::fs::read_dir(&data)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_prefix("rooms.db")?.to_owned()))
        .collect();
    beside.sort_unstable();
    assert_eq!((beside.len(), beside[0].as_str()), (4, ""), "{beside:?}");
    for (name, end) in beside[1..].iter().zip(["journal", "shm", "wal"]) {
        assert!(name.starts_with(".before-") && name.ends_with(end), "{name}");
        assert_eq!(std::fs::read_to_string(data.join(format!("rooms.db{name}"))).unwrap(), end);
    }
    let room = Room::start(config()).await;
    assert_eq!(room.log().await, ["kept"]);
}
