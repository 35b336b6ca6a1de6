//! The index over what was said, and the words in it: kept with the rows, in the same commit.

use std::collections::HashSet;

use aside_protocol::{Body, EntryKind};
use rusqlite::{Connection, params};

use super::cells;
use super::statements::{
    INDEX, INDEX_ANEW, LEARN, SEARCH_BEGIN, SEARCH_DONE, SEARCH_FORGET, SEARCH_STATE, UNINDEX,
    UNINDEX_ALL, UNINDEXED, UNLEARN_ALL,
};
use crate::error::StoreError;
use crate::fold::{Class, class, tokens};
use crate::ids::{RoomId, RowKey};
use crate::row::{EntryRow, RowKind};

/// Where a row that was read by its key alone has its room.
pub(super) const ROOM: usize = 26;
/// Old rows that are indexed between two jobs of the writer: some ten milliseconds.
const INDEX_BATCH: i64 = 500;

/// So many words are remembered as learnt, half a megabyte at most; most of what is said consists of few.
const REMEMBERED: usize = 8_192;

/// Words that need not be learnt once more.
#[derive(Default)]
pub(crate) struct Words {
    learnt: HashSet<Box<str>>,
    /// Those of the transaction that is open, which may fail.
    met: HashSet<Box<str>>,
}

impl Words {
    fn is_new(&mut self, word: &str) -> bool {
        !self.learnt.contains(word) && !self.met.contains(word) && self.met.insert(word.into())
    }

    /// What was met is on disk.
    pub(crate) fn committed(&mut self) {
        if self.learnt.len() + self.met.len() > REMEMBERED {
            self.learnt.clear();
        }
        self.learnt.extend(self.met.drain());
    }

    /// Some of what was met may not have been learnt.
    pub(crate) fn undone(&mut self) {
        self.met.clear();
    }
}

/// What the index is told of a row.
fn add(
    conn: &Connection,
    words: &mut Words,
    statement: &str,
    room: i64,
    key: i64,
    entry: &EntryRow,
) -> rusqlite::Result<()> {
    let (body, org) = match entry.entry.body() {
        Body::Message { text } | Body::Question { text } => (tokens(&text), String::new()),
        Body::Answer { org_name, question, text, .. } => {
            (tokens(&format!("{text}\n{question}")), org_name)
        }
    };
    let who = tokens(&format!("{}\n{}\n{}", entry.entry.display_name, entry.entry.user, org));
    let kind = match entry.entry.kind {
        EntryKind::Message => "km",
        EntryKind::Question => "kq",
        EntryKind::Answer => "ka",
    };
    let mine = if entry.mine { " my" } else { "" };
    let mark = format!("r{room} {kind}{mine}");
    conn.prepare_cached(statement)?.execute(params![key, body, who, mark])?;
    for word in body.split(' ').chain(who.split(' ')) {
        let is_word = word.chars().next().is_some_and(|c| class(c) == Class::Word);
        if is_word && words.is_new(word) {
            conn.prepare_cached(LEARN)?.execute([word])?;
        }
    }
    Ok(())
}

/// A row is new.
pub(super) fn index(
    conn: &Connection,
    words: &mut Words,
    room: RoomId,
    key: RowKey,
    kind: &RowKind,
) -> rusqlite::Result<()> {
    match kind {
        RowKind::Entry(entry) => add(conn, words, INDEX, room.0, key.0, entry),
        RowKind::Gap(_) | RowKind::Boundary => Ok(()),
    }
}

/// A row is something else than it was.
pub(super) fn reindex(
    conn: &Connection,
    words: &mut Words,
    room: RoomId,
    key: RowKey,
    old: &RowKind,
    new: &RowKind,
) -> rusqlite::Result<()> {
    if let (RowKind::Entry(old), RowKind::Entry(new)) = (old, new) {
        let said = |row: &EntryRow| {
            let entry = &row.entry;
            (
                entry.kind,
                entry.content.clone(),
                entry.display_name.clone(),
                entry.user.clone(),
                row.mine,
            )
        };
        if said(old) == said(new) {
            return Ok(());
        }
    }
    match new {
        RowKind::Entry(entry) => add(conn, words, INDEX_ANEW, room.0, key.0, entry),
        RowKind::Gap(_) | RowKind::Boundary => forget(conn, key),
    }
}

/// A row is gone.
pub(super) fn forget(conn: &Connection, key: RowKey) -> rusqlite::Result<()> {
    conn.prepare_cached(UNINDEX)?.execute([key.0])?;
    Ok(())
}

/// A room's rows are gone. What an index deletes is only marked so until its parts are merged, whenever that is; so all of it
/// goes, and the rows of other rooms are put in anew, as those of before are.
pub(super) fn begin_anew(conn: &Connection) -> rusqlite::Result<()> {
    for sql in [UNINDEX_ALL, UNLEARN_ALL, SEARCH_FORGET, SEARCH_BEGIN] {
        conn.prepare_cached(sql)?.execute([])?;
    }
    Ok(())
}

/// How much of the rows of before is in the index; nothing when all of them are.
pub(crate) fn indexed(conn: &Connection) -> rusqlite::Result<Option<f32>> {
    let (next, of): (i64, i64) = conn
        .prepare_cached(SEARCH_STATE)?
        .query_row([], |line| Ok((line.get(0)?, line.get(1)?)))?;
    Ok((next > 0).then(|| 1.0 - next as f32 / of.max(1) as f32))
}

/// Puts some more of the rows of before into the index. False when all of them are there.
pub(crate) fn index_some(conn: &Connection) -> Result<bool, StoreError> {
    let next: i64 = conn.prepare_cached(SEARCH_STATE)?.query_row([], |line| line.get(0))?;
    if next <= 0 {
        return Ok(false);
    }
    let end = (next - INDEX_BATCH).max(0);
    let mut statement = conn.prepare_cached(UNINDEXED)?;
    let mut lines = statement.query(params![next, end])?;
    let mut words = Words::default();
    while let Some(line) = lines.next()? {
        let room: i64 = line.get(ROOM)?;
        let row = cells::read(line)?.row;
        if let RowKind::Entry(entry) = &row.kind {
            add(conn, &mut words, INDEX_ANEW, room, row.key.0, entry)?;
        }
    }
    conn.prepare_cached(SEARCH_DONE)?.execute([end])?;
    Ok(true)
}
