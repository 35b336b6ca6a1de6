//! Saves what can still be read of a damaged outbox: from the front to the damage, and from the back to it.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use crate::error::StoreError;

/// A table's name, its columns, and what it is sorted by.
const TABLES: [(&str, &str, &str); 5] = [
    ("rooms", "room, server, topic, stream, user", "room"),
    (
        "outgoing",
        "ord, id, room, kind, question, body, created, state, generation, written_at, attempts, failure_code, \
         failure_reason, seen, visibility, co_answer, submission",
        "ord",
    ),
    ("drafts", "room, slot, text, mode, updated", "room, slot"),
    ("marks", "room, subject, body", "room, subject"),
    ("snippets", "id, room, name, text", "id"),
];

/// Carries everything readable from the damaged file into the new one; returns how many outgoing entries and drafts
/// that was. Reads the damaged file as it is: its write-ahead log is not folded in.
pub(crate) fn carry_over(damaged: &Path, into: &Connection) -> Result<u32, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(from) = Connection::open_with_flags(damaged, flags) else { return Ok(0) };
    let _ = from.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    let mut saved = 0;
    for (table, columns, order) in TABLES {
        let marks = vec!["?"; columns.split(',').count()].join(", ");
        let insert = format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})");
        let mut insert = into.prepare(&insert)?;
        let back = order.replace(',', " DESC,");
        for order in [order.to_owned(), format!("{back} DESC")] {
            let select = format!("SELECT {columns} FROM {table} ORDER BY {order}");
            for line in readable(&from, &select) {
                // A line that does not fit the table is damage too, and stays in the file that was set aside.
                let fits = insert.execute(params_from_iter(line)).unwrap_or(0);
                saved += if table == "rooms" { 0 } else { fits };
            }
        }
    }
    Ok(u32::try_from(saved).unwrap_or(u32::MAX))
}

/// The lines up to the first that cannot be read.
fn readable(from: &Connection, select: &str) -> Vec<Vec<Value>> {
    let mut lines = Vec::new();
    let Ok(mut statement) = from.prepare(select) else { return lines };
    let columns = statement.column_count();
    let mut found = statement.raw_query();
    while let Ok(Some(line)) = found.next() {
        let Ok(cells) = (0..columns).map(|i| line.get(i)).collect() else { continue };
        lines.push(cells);
    }
    lines
}
