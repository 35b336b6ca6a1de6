//! What a dead process left on disk, read from a copy: looking must not mend what the next process has to mend by itself.

use std::path::Path;

use rusqlite::Connection;

/// The texts in the outboxes below a home of the CLI. Every database there must be whole.
pub(crate) fn outbox(home: &Path) -> Vec<String> {
    let Ok(slots) = std::fs::read_dir(home.join("cli")) else { return Vec::new() };
    let mut texts = Vec::new();
    for slot in slots {
        let copy = whole(&slot.unwrap().path());
        let path = copy.path().join("outbox.db");
        if !path.exists() {
            continue;
        }
        let outbox = Connection::open(path).unwrap();
        // Killed before its tables were made, it has none.
        let Ok(mut list) = outbox.prepare("SELECT body FROM outgoing ORDER BY ord") else {
            continue;
        };
        let found = list.query_map([], |line| line.get(0)).unwrap();
        texts.extend(found.map(|text: rusqlite::Result<String>| text.unwrap()));
    }
    texts
}

/// A copy of a directory, all of whose databases pass SQLite's own check.
pub(crate) fn whole(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(dir).unwrap() {
        let file = file.unwrap();
        // The index of a write-ahead log is made anew from the log.
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    for file in std::fs::read_dir(copy.path()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "db") {
            continue;
        }
        let database = Connection::open(&path).unwrap();
        let found: String = database
            .query_row("PRAGMA integrity_check", [], |line| line.get(0))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(found, "ok", "{}", path.display());
    }
    copy
}
