//! A room's files over days and starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aside_history::{Anchor, Change, Commit, Delivery, NewRow, RowKind, Standing, Where};

use super::transcript::tests::{START, filled, message, row};
use super::*;
use crate::shell::tests::{keyring, shell_at};

const DAY: i64 = 24 * 60 * 60;

fn heard(text: &str, at: i64) -> NewRow {
    let mut row = row(&message(text), "Ming", at, Delivery::Received);
    if let RowKind::Entry(entry) = &mut row.kind {
        entry.standing = Standing::Provisional;
    }
    row
}

async fn say(hours: &Hours, row: NewRow) {
    change(hours, Change::Insert { at: Where::End, rows: vec![row] }).await;
}

async fn change(hours: &Hours, change: Change) {
    let commit = Commit { changes: vec![change], ..Commit::default() };
    hours.store.commit(hours.room, commit).await.unwrap();
}

async fn written_at(
    hours: &Hours,
    at: i64,
    seen: &mut Option<Written>,
) -> BTreeMap<String, String> {
    hours.write(Timestamp::from_second(START + at).unwrap(), seen).await.unwrap();
    files(&hours.folder)
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, fs::read_to_string(entry.path()).unwrap())
    };
    fs::read_dir(folder).unwrap().map(|entry| file(entry.unwrap())).collect()
}

async fn hours(folder: &Path, rows: Vec<NewRow>) -> Hours {
    let (store, room) = filled(rows).await;
    let (folder, language) = (folder.join("Room 7"), Language::english());
    Hours { store, room, folder, is_renamed: true, language, zone: TimeZone::UTC }
}

/// A row from which staff took what it said.
fn blanked(at: i64) -> NewRow {
    let mut removed = heard("", at);
    if let RowKind::Entry(entry) = &mut removed.kind {
        entry.entry.content.clear();
        (entry.entry.user, entry.entry.display_name) = Default::default();
    }
    removed
}

#[tokio::test]
async fn what_was_written_on_days_gone_by_is_not_written_again_after_a_quiet_day() {
    let folder = tempfile::tempdir().unwrap();
    let hours = hours(folder.path(), vec![heard("a", 0), heard("b", 3600)]).await;
    let before = written_at(&hours, 3700, &mut None).await;
    let names: Vec<_> = before.keys().map(String::as_str).collect();
    assert_eq!(names, ["2023-11-14 22.txt", "2023-11-14 23.txt"]);

    // The next start.
    let mut seen = None;
    assert_eq!(written_at(&hours, 3 * DAY, &mut seen).await, before);
    say(&hours, heard("c", 3 * DAY + 60)).await;
    let mut after = written_at(&hours, 3 * DAY + 90, &mut seen).await;
    assert_eq!(after.remove("2023-11-17 22.txt").as_deref(), Some("22:14:20  Ming: c\n"));
    assert_eq!(after, before);
    say(&hours, heard("d", 3 * DAY + 100)).await;
    let after = written_at(&hours, 3 * DAY + 120, &mut seen).await;
    assert_eq!(after["2023-11-17 22.txt"], "22:14:20  Ming: c\n22:15:00  Ming: d\n");
}

#[tokio::test]
async fn what_was_removed_stays_in_no_copy_and_what_the_cache_lost_does() {
    let folder = tempfile::tempdir().unwrap();
    let rows = vec![heard("hi", 0), heard("shame\non\nall", 10), heard("bye", 20)];
    let mut seen = None;
    let followed = hours(folder.path(), rows).await;
    written_at(&followed, 30, &mut seen).await;
    let page = followed.store.page(followed.room, Anchor::End, 10).await.unwrap();
    change(&followed, Change::Remove { key: page.rows[1].key }).await;
    let left = "22:13:20  Ming: hi\n22:13:40  Ming: bye\n".to_owned();
    let only = BTreeMap::from([("2023-11-14 22.txt".to_owned(), left.clone())]);
    assert_eq!(written_at(&followed, 60, &mut seen).await, only);

    let lost = hours(folder.path(), vec![heard("anew", 40)]).await;
    let files = written_at(&lost, 90, &mut None).await;
    assert_eq!(files["2023-11-14 22.txt"], "22:14:00  Ming: anew\n");
    assert_eq!((files.len(), &files["2023-11-14 22 (1).txt"]), (2, &left));
}

#[tokio::test]
async fn what_was_removed_from_an_hour_gone_by_leaves_it_and_the_last_word_of_an_hour_takes_it_along()
 {
    let folder = tempfile::tempdir().unwrap();
    let rows = vec![heard("a", 0), heard("shame", 10), heard("alone", 3600), heard("now", 7200)];
    let mut seen = None;
    let hours = hours(folder.path(), rows).await;
    // Of a cache that was lost.
    let (old, older) = (hours.folder.join("2023-11-14 21.txt"), "21:00:00  Ming: old\n");
    fs::create_dir_all(&hours.folder).unwrap();
    fs::write(&old, older).unwrap();
    // Of a zone in which it was later: somebody travelled west.
    let elsewhere = "09:00:00  Ming: a\n";
    fs::write(hours.folder.join("2023-11-15 09.txt"), elsewhere).unwrap();
    assert_eq!(written_at(&hours, 7300, &mut seen).await.len(), 5);
    let page = hours.store.page(hours.room, Anchor::End, 10).await.unwrap();
    for row in [1, 2] {
        change(&hours, Change::Remove { key: page.rows[row].key }).await;
    }
    let left = [
        ("2023-11-14 21.txt", older),
        ("2023-11-14 22.txt", "22:13:20  Ming: a\n"),
        ("2023-11-15 00.txt", "00:13:20  Ming: now\n"),
        ("2023-11-15 09.txt", elsewhere),
    ];
    let left = left.map(|(name, text)| (name.to_owned(), text.to_owned()));
    assert_eq!(written_at(&hours, 7330, &mut seen).await, BTreeMap::from(left));
}

#[tokio::test]
async fn a_long_day_is_made_again_a_part_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let rows = (0..5000).map(|n| heard(&format!("m{n}"), n)).collect();
    let mut seen = None;
    let hours = hours(folder.path(), rows).await;
    let files = written_at(&hours, 5000, &mut seen).await;
    let counts: Vec<_> =
        files.iter().map(|(name, text)| (&name[..], text.lines().count())).collect();
    assert_eq!(counts, [("2023-11-14 22.txt", 2800), ("2023-11-14 23.txt", 2200)]);
    say(&hours, heard("last", 5010)).await;
    let mut said = files["2023-11-14 23.txt"].clone();
    said.push_str("23:36:50  Ming: last\n");
    assert_eq!(written_at(&hours, 5030, &mut seen).await["2023-11-14 23.txt"], said);
}

#[tokio::test]
async fn what_is_removed_from_a_day_gone_by_leaves_its_hour_which_keeps_what_the_cache_has_lost() {
    let folder = tempfile::tempdir().unwrap();
    let rows = vec![heard("hi", 0), heard("shame", 10), heard("bye", 10), heard("now", 2 * DAY)];
    let hours = hours(folder.path(), rows).await;
    let (mut seen, lost) = (None, "22:00:00  Bo: lost\n");
    fs::create_dir_all(&hours.folder).unwrap();
    let file = hours.folder.join("2023-11-14 22.txt");
    let said = [lost, "22:13:20  Ming: hi\n", "22:13:30  Ming: shame\n", "22:13:30  Ming: bye\n"];
    fs::write(&file, said.concat()).unwrap();
    written_at(&hours, 2 * DAY + 30, &mut seen).await;
    assert_eq!(fs::read_to_string(&file).unwrap(), said.concat());

    let page = hours.store.page(hours.room, Anchor::End, 10).await.unwrap();
    change(&hours, Change::Update { key: page.rows[1].key, row: blanked(10) }).await;
    written_at(&hours, 2 * DAY + 60, &mut seen).await;
    assert_eq!(fs::read_to_string(&file).unwrap(), [said[0], said[1], said[3]].concat());
}

#[tokio::test]
async fn what_is_removed_leaves_the_copies_of_its_hour_on_the_same_day_too() {
    let folder = tempfile::tempdir().unwrap();
    let hours = hours(folder.path(), vec![heard("hi", 0), heard("shame", 10)]).await;
    let mut seen = None;
    let files = written_at(&hours, 30, &mut seen).await;
    fs::write(hours.folder.join("2023-11-14 22 (1).txt"), &files["2023-11-14 22.txt"]).unwrap();
    let page = hours.store.page(hours.room, Anchor::End, 10).await.unwrap();
    change(&hours, Change::Update { key: page.rows[1].key, row: blanked(10) }).await;
    let left = written_at(&hours, 60, &mut seen).await;
    assert_eq!(left["2023-11-14 22 (1).txt"], "22:13:20  Ming: hi\n");
    assert!(!left["2023-11-14 22.txt"].contains("shame"));
}

#[tokio::test]
async fn what_is_removed_leaves_the_files_of_who_wants_no_more_of_them_and_nothing_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let rows = vec![heard("hi", 0), heard("shame", 10), heard("alone", 3600)];
    let (hours, mut seen) = (hours(folder.path(), rows).await, Seen::default());
    let at = |second: i64| Timestamp::from_second(START + second).unwrap();
    hours.go_on(true, at(3630), &mut seen).await.unwrap();
    let mut left = files(&hours.folder);
    let page = hours.store.page(hours.room, Anchor::End, 10).await.unwrap();
    say(&hours, heard("later", 3640)).await;
    change(&hours, Change::Update { key: page.rows[1].key, row: blanked(10) }).await;
    hours.go_on(false, at(3660), &mut seen).await.unwrap();
    *left.get_mut("2023-11-14 22.txt").unwrap() = "22:13:20  Ming: hi\n".to_owned();
    assert_eq!(files(&hours.folder), left);

    // While the app was away.
    change(&hours, Change::Update { key: page.rows[2].key, row: blanked(3600) }).await;
    hours.go_on(false, at(3690), &mut Seen::default()).await.unwrap();
    left.remove("2023-11-14 23.txt");
    assert_eq!(files(&hours.folder), left);
    // Wanted again.
    hours.go_on(true, at(3700), &mut seen).await.unwrap();
    assert!(files(&hours.folder)["2023-11-14 23.txt"].contains("later"));
}

#[tokio::test]
async fn files_age_whether_or_not_there_are_to_be_more() {
    let home = tempfile::tempdir().unwrap();
    let shell = shell_at(home.path(), &keyring(), || ());
    let room = shell.home.transcripts().join("Room 7 0123abcd");
    fs::create_dir_all(&room).unwrap();
    for (name, days) in [("2023-11-14 22.txt", 31), ("2023-12-14 22.txt", 1)] {
        let file = fs::File::create(room.join(name)).unwrap();
        let age = Duration::from_secs(days * 24 * 60 * 60);
        file.set_modified(std::time::SystemTime::now() - age).unwrap();
    }
    shell.change(|memory| memory.settings.keep_transcripts = false).unwrap();
    round(&shell, &mut BTreeMap::new()).await;
    assert_eq!(files(&room).into_keys().collect::<Vec<_>>(), ["2023-12-14 22.txt"]);
    shell.rooms.close().await;
}

#[tokio::test]
async fn a_room_that_is_renamed_takes_its_files_along_and_what_is_removed_is_in_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = None;
    let mut hours = hours(folder.path(), vec![heard("shame", 0), heard("hi", 3600)]).await;
    let before = written_at(&hours, 3630, &mut seen).await;
    hours.folder = folder.path().join("Another name 7");
    say(&hours, heard("bye", 3640)).await;
    let after = written_at(&hours, 3660, &mut seen).await;
    let (gone_by, now) = ("2023-11-14 22.txt", "2023-11-14 23.txt");
    assert_eq!(after[gone_by], before[gone_by]);
    assert_eq!(after[now], "23:13:20  Ming: hi\n23:14:00  Ming: bye\n");

    let page = hours.store.page(hours.room, Anchor::End, 10).await.unwrap();
    change(&hours, Change::Update { key: page.rows[0].key, row: blanked(0) }).await;
    let left = written_at(&hours, 3690, &mut seen).await;
    assert_eq!((left.len(), &left[now]), (2, &after[now]));
    assert!(!left[gone_by].contains("shame"));
    let rooms: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|room| room.unwrap().path()).collect();
    assert_eq!(rooms, [hours.folder]);
}
