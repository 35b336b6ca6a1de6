//! Files of a store that a story can look into, and spoil.

use std::path::PathBuf;

use aside_history::Store;
use rusqlite::Connection;

pub struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn store(&self) -> Store {
        Store::open_inline(self.dir.path()).unwrap().store
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn sql(&self, name: &str, sql: &str) {
        Connection::open(self.file(name)).unwrap().execute_batch(sql).unwrap();
    }

    /// The timeline takes nothing from now on, as on a full disk.
    pub fn fill(&self) {
        for way in ["INSERT", "UPDATE"] {
            let full = format!(
                "CREATE TRIGGER full_{way} BEFORE {way} ON rows BEGIN SELECT RAISE(ABORT, 'full'); END"
            );
            self.sql("cache.db", &full);
        }
    }

    pub fn free(&self) {
        self.sql("cache.db", "DROP TRIGGER full_INSERT; DROP TRIGGER full_UPDATE");
    }
}
