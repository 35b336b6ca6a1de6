//! The files: written whole, and removed when they are old or too many.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What such a file ends in.
pub(super) const ENDING: &str = "txt";
/// An hour, as these files are called after it.
pub(super) const HOUR: &str = "0000-00-00 00";

/// Adds what was said to its hours, of which those after `begun` are new. Says whether that could be done: a file that is no
/// longer there is made again whole.
pub(super) fn append(
    folder: &Path,
    hours: &BTreeMap<String, String>,
    begun: &str,
) -> io::Result<bool> {
    fs::create_dir_all(folder)?;
    for (hour, text) in hours {
        let path = folder.join(format!("{hour}.{ENDING}"));
        let new = hour.as_str() > begun;
        match fs::File::options().append(true).create(new).open(&path) {
            Ok(mut file) => file.write_all(text.as_bytes())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// The entries of a text: one begins where a line does not begin with a space.
pub(super) fn entries(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let more = rest.match_indices('\n').map(|(at, _)| at + 1);
        let end = more.into_iter().find(|end| !rest[*end..].starts_with(' '));
        let (entry, left) = rest.split_at(end.unwrap_or(rest.len()));
        rest = left;
        (!entry.is_empty()).then_some(entry)
    })
}

/// Takes entries out of an hour's file, and out of what was kept beside it; what is empty then goes.
pub(super) fn strike(folder: &Path, hour: &str, is_gone: impl Fn(&str) -> bool) -> io::Result<()> {
    for file in list(folder)? {
        let path = file.path();
        if !is_ours(&path) || !file.file_name().to_string_lossy().starts_with(hour) {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let left: String = entries(&text).filter(|entry| !is_gone(entry)).collect();
        if left.is_empty() {
            fs::remove_file(path)?;
        } else if left != text {
            write(&path, &left)?;
        }
    }
    Ok(())
}

/// Writes beside the file, then takes its place.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = beside(path);
    fs::write(&new, text)?;
    fs::rename(&new, path)
}

pub(super) fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    beside.into()
}

/// A name beside an hour's that no file has.
pub(super) fn free(folder: &Path, hour: &str) -> PathBuf {
    let mut number = 1;
    loop {
        let other = folder.join(format!("{hour} ({number}).{ENDING}"));
        if !other.exists() {
            return other;
        }
        number += 1;
    }
}

/// The folders whose names end in a room's mark.
fn marked(folder: &Path, mark: &str) -> io::Result<Vec<PathBuf>> {
    let mut rooms = Vec::new();
    for room in list(folder)? {
        let name = room.file_name();
        let is_its = name.to_string_lossy().rsplit(' ').next() == Some(mark);
        if is_its && room.file_type()?.is_dir() {
            rooms.push(room.path());
        }
    }
    Ok(rooms)
}

/// Brings what a room said under other names into its folder: what is removed from the room is looked for there alone.
pub(super) fn gather(room: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (room.parent(), room.file_name()) else { return Ok(()) };
    let name = name.to_string_lossy();
    for other in marked(folder, name.rsplit(' ').next().unwrap_or_default())? {
        if !room.exists() {
            fs::rename(other, room)?;
            continue;
        }
        // A name may differ in nothing that the file system knows.
        if fs::canonicalize(&other)? == fs::canonicalize(room)? {
            continue;
        }
        for file in list(&other)?.into_iter().filter(|file| is_ours(&file.path())) {
            let name = file.file_name();
            let mut place = room.join(&name);
            if place.exists() {
                place = free(room, &name.to_string_lossy()[..HOUR.len()]);
            }
            fs::rename(file.path(), place)?;
        }
        // A person may keep notes in it.
        let _notes = fs::remove_dir(other);
    }
    Ok(())
}

/// Removes the folders whose names end in a room's mark.
pub(super) fn forget(folder: &Path, mark: &str) -> io::Result<()> {
    marked(folder, mark)?.into_iter().try_for_each(fs::remove_dir_all)
}

struct Old {
    path: PathBuf,
    bytes: u64,
    written: SystemTime,
}

/// Whether a file is called after its hour, alone or with a number: no other is ever removed. A person may keep notes beside them.
pub(super) fn is_ours(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let hour = match stem.split_once(" (") {
        None => stem,
        Some((hour, number)) => {
            let number = number.strip_suffix(')').unwrap_or_default();
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { hour } else { "" }
        }
    };
    let fits = |(is, like): (u8, u8)| is == like || like == b'0' && is.is_ascii_digit();
    path.extension().is_some_and(|ending| ending == ENDING)
        && hour.len() == HOUR.len()
        && hour.bytes().zip(HOUR.bytes()).all(fits)
}

/// All the files, the oldest first.
fn all(folder: &Path) -> io::Result<Vec<Old>> {
    let mut found = Vec::new();
    for room in list(folder)? {
        if !room.file_type()?.is_dir() {
            continue;
        }
        for file in list(&room.path())? {
            let (path, about) = (file.path(), file.metadata()?);
            if about.is_file() && is_ours(&path) {
                found.push(Old { path, bytes: about.len(), written: about.modified()? });
            }
        }
    }
    found.sort_by_key(|old| old.written);
    Ok(found)
}

pub(super) fn list(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// How many bytes the files take.
pub(super) fn size(folder: &Path) -> u64 {
    all(folder).map_or(0, |files| files.iter().map(|file| file.bytes).sum())
}

/// Removes what is older than so many days, then the oldest until the rest takes at most so many megabytes.
pub(super) fn prune(folder: &Path, days: u16, megabytes: u16) -> io::Result<()> {
    let age = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
    remove(all(folder)?, age, u64::from(megabytes) * 1_000_000, |path| fs::remove_file(path))
}

/// One that cannot go keeps no other here; it is told of at the end.
fn remove(
    files: Vec<Old>,
    age: Duration,
    most: u64,
    mut remove: impl FnMut(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let mut bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let mut told = Ok(());
    for file in files {
        // A clock that was set back makes nothing old.
        let old = file.written.elapsed().is_ok_and(|passed| passed > age);
        if !old && bytes <= most {
            break;
        }
        match remove(&file.path) {
            Ok(()) => bytes -= file.bytes,
            Err(error) => told = Err(error),
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::super::anew::Anew;
    use super::*;

    /// An hour, made again of these parts.
    fn put(room: &Path, parts: &[&str], followed: Option<&str>) {
        let mut anew = Anew::beside(room.to_owned());
        for part in parts {
            anew.add(&BTreeMap::from([("2026-11-25 14".to_owned(), (*part).to_owned())])).unwrap();
        }
        anew.take_place(followed, "2026-11-25 14").unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = list(folder).unwrap().into_iter().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn an_hour_loses_what_was_removed_and_nothing_with_the_cache() {
        let folder = tempfile::tempdir().unwrap();
        let room = folder.path().join("Room 7");
        let hour = "2026-11-25 14";
        for text in ["a\n", "a\nb\nc\n", "a\nB\n"] {
            put(&room, &[text], Some(hour));
            assert_eq!(names(&room), ["2026-11-25 14.txt"]);
            assert_eq!(fs::read_to_string(room.join("2026-11-25 14.txt")).unwrap(), text);
        }
        // The cache was lost.
        put(&room, &["c\n"], None);
        assert_eq!(names(&room), ["2026-11-25 14 (1).txt", "2026-11-25 14.txt"]);
        assert_eq!(fs::read_to_string(room.join("2026-11-25 14 (1).txt")).unwrap(), "a\nB\n");
    }

    #[test]
    fn what_is_new_is_added_to_its_hour_unless_the_file_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let room = folder.path().join("Room 7");
        put(&room, &["a\n"], None);
        let said = |text: &str| text.to_owned();
        let hours = BTreeMap::from([
            (said("2026-11-25 14"), said("b\n")),
            (said("2026-11-25 15"), said("c\n")),
        ]);
        assert!(append(&room, &hours, "2026-11-25 14").unwrap());
        assert_eq!(fs::read_to_string(room.join("2026-11-25 14.txt")).unwrap(), "a\nb\n");
        assert_eq!(fs::read_to_string(room.join("2026-11-25 15.txt")).unwrap(), "c\n");
        fs::remove_file(room.join("2026-11-25 14.txt")).unwrap();
        assert!(!append(&room, &hours, "2026-11-25 14").unwrap(), "a part would look whole");
        assert_eq!(names(&room), ["2026-11-25 15.txt"]);
    }

    #[test]
    fn what_is_struck_leaves_the_hour_and_its_copies_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let room = folder.path().join("Room 7");
        put(
            &room,
            &["14:00:01  A: shame\n          on\n14:00:01  B: hi\n14:00:02  A: shame\n"],
            None,
        );
        put(&room, &["14:00:01  A: shame\n          on\n"], None);
        fs::write(room.join("2026-11-25 15.txt"), "14:00:01  A: shame\n").unwrap();
        let is_gone = |entry: &str| entry.starts_with("14:00:01  ") && !entry.ends_with("hi\n");
        for hour in ["2026-11-25 14", "2026-11-25 16"] {
            strike(&room, hour, is_gone).unwrap();
        }
        assert_eq!(names(&room), ["2026-11-25 14 (1).txt", "2026-11-25 15.txt"]);
        let left = fs::read_to_string(room.join("2026-11-25 14 (1).txt")).unwrap();
        assert_eq!(left, "14:00:01  B: hi\n14:00:02  A: shame\n");
        assert_eq!(entries("a\n b\nc").collect::<Vec<_>>(), ["a\n b\n", "c"]);
    }

    #[test]
    fn what_a_room_said_under_other_names_comes_into_its_folder_and_nothing_takes_anothers_place() {
        let folder = tempfile::tempdir().unwrap();
        let room = folder.path().join("New 7");
        gather(&room).unwrap();
        assert_eq!(names(folder.path()), [""; 0]);
        let others = ["A 7", "B 7", "B 8"].map(|name| folder.path().join(name));
        for (n, other) in others.iter().enumerate() {
            put(other, &[&format!("{n}\n")], None);
        }
        fs::write(others[0].join("2026-11-25 13 (1).txt"), "old\n").unwrap();
        put(&room, &["new\n"], None);
        fs::write(others[1].join("notes.txt"), "mine").unwrap();
        gather(&room).unwrap();
        gather(&room).unwrap();
        assert_eq!(names(folder.path()), ["B 7", "B 8", "New 7"]);
        assert_eq!(names(&others[1]), ["notes.txt"]);
        let hours =
            ["13 (1)", "14 (1)", "14 (2)", "14"].map(|hour| format!("2026-11-25 {hour}.txt"));
        assert_eq!(names(&room), hours);
        let mut texts = hours.map(|hour| fs::read_to_string(room.join(hour)).unwrap());
        assert_eq!(texts[3], "new\n");
        texts.sort();
        assert_eq!(texts, ["0\n", "1\n", "new\n", "old\n"]);
    }

    #[test]
    fn a_forgotten_room_takes_its_files_along_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        for room in ["Room 7 aaaaaaaa", " aaaaaaaa", "Room aaaaaaaa bbbbbbbb"] {
            put(&folder.path().join(room), &["a\n"], None);
        }
        forget(folder.path(), "aaaaaaaa").unwrap();
        assert_eq!(names(folder.path()), ["Room aaaaaaaa bbbbbbbb"]);
        forget(&folder.path().join("none"), "aaaaaaaa").unwrap();
    }

    #[test]
    fn the_old_go_first_and_nothing_that_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let room = folder.path().join("Room 7");
        fs::create_dir(&room).unwrap();
        let day = Duration::from_secs(24 * 60 * 60);
        let (old, a, b) = ("2026-10-16 09.txt", "2026-11-22 14 (12).txt", "2026-11-23 14.txt");
        for (name, days, bytes) in [
            (old, 40, 10),
            (a, 3, 600_000),
            (b, 2, 600_000),
            ("mine.doc", 90, 9),
            ("notes.txt", 90, 9),
            ("2026-10-16 09 (draft).txt", 90, 9),
            ("2026-10-16.txt", 90, 9),
        ] {
            let path = room.join(name);
            fs::write(&path, vec![b'x'; bytes]).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::now() - day * days).unwrap();
        }
        assert_eq!(size(folder.path()), 1_200_010);
        let mine = ["2026-10-16 09 (draft).txt", "2026-10-16.txt"];
        prune(folder.path(), 30, 500).unwrap();
        assert_eq!(names(&room), [&mine[..], &[a, b, "mine.doc", "notes.txt"]].concat());
        let stuck = |path: &Path| match path.ends_with(a) {
            true => Err(io::ErrorKind::PermissionDenied.into()),
            false => fs::remove_file(path),
        };
        let files = all(folder.path()).unwrap();
        assert!(remove(files, Duration::MAX, 1_000_000, stuck).is_err());
        assert_eq!(names(&room), [&mine[..], &[a, "mine.doc", "notes.txt"]].concat());
        prune(folder.path(), 30, 0).unwrap();
        assert_eq!(names(&room), [&mine[..], &["mine.doc", "notes.txt"]].concat());
        prune(&folder.path().join("none"), 30, 1).unwrap();
    }
}
