//! The index over what was said, and the words in it. It follows the rows: a commit writes them alone, since to index a row costs
//! twice as much as to write it; some at a time are put into the index whenever nobody waits, and the rest before a search.

use std::collections::HashSet;

use aside_protocol::{Body, EntryKind};
use rusqlite::{Connection, params};

use super::cells;
use super::statements::{
    INDEX, LEARN, SEARCH_BEGIN, SEARCH_CAME_TO, SEARCH_DONE, SEARCH_FORGET, SEARCH_STATE,
    SEARCH_UPTO, UNINDEX, UNINDEX_ALL, UNINDEXED, UNINDEXED_NEW, UNLEARN_ALL,
};
use crate::error::StoreError;
use crate::fold::{Class, class, tokens};
use crate::ids::{RoomId, RowKey};
use crate::row::{EntryRow, RowKind};

/// Rows that are indexed between two jobs of the writer: some ten milliseconds.
const INDEX_BATCH: i64 = 500;
/// New rows that are worth a transaction of their own: fewer wait for more, or for a search.
const BUNCH: i64 = 64;

/// So many words are remembered as learnt, half a megabyte at most; most of what is said consists of few.
const REMEMBERED: usize = 8_192;

/// What the writer knows of the index.
#[derive(Default)]
pub(crate) struct Index {
    /// Words that need not be learnt once more.
    learnt: HashSet<Box<str>>,
    /// Those of the transaction that is open, which may fail.
    met: HashSet<Box<str>>,
    /// Rows behind this key are not in the index yet.
    upto: i64,
    /// No row is behind this key. It may be of a commit that was undone.
    newest: i64,
    /// The newest row when they could not be indexed: that is tried again when as many have come as are worth it.
    failed_at: i64,
    /// Something was written since the cache was opened. Until then, what is left from before waits: a start has better things to do.
    wrote: bool,
}

impl Index {
    /// Of a cache as it is on disk. Of one that is damaged nothing is known, and nothing is lacking: somebody meets the damage
    /// who can be told that the cache was rebuilt.
    pub(crate) fn of(conn: &Connection) -> Self {
        let came = || {
            let mut statement = conn.prepare_cached(SEARCH_UPTO)?;
            statement.query_row([], |line| Ok((line.get(0)?, line.get(1)?)))
        };
        let (upto, newest) = came().unwrap_or_else(|error: rusqlite::Error| {
            tracing::warn!(%error, "the search index does not follow");
            (i64::MAX, 0)
        });
        Self { upto, newest, ..Self::default() }
    }

    /// A row was written.
    pub(super) fn wrote(&mut self, key: RowKey) {
        self.newest = self.newest.max(key.0);
        self.wrote = true;
    }

    /// Whether enough new rows wait to be indexed now.
    pub(crate) fn is_behind(&self) -> bool {
        self.wrote && self.newest - self.upto.max(self.failed_at) >= BUNCH
    }

    /// This row or, where none is named, the newest, if it or one before it is not in the index.
    pub(crate) fn lacks(&self, row: Option<i64>) -> Option<i64> {
        let row = row.map_or(self.newest, |row| row.min(self.newest));
        (self.upto < row).then_some(row)
    }

    /// What [`index_new`] put into the index is on disk.
    pub(crate) fn came_to(&mut self, came: Came) {
        self.upto = came.upto;
        if came.is_all {
            self.newest = came.upto;
        }
        self.failed_at = 0;
        self.committed();
    }

    /// New rows could not be put into the index.
    pub(crate) fn failed(&mut self) {
        self.failed_at = self.newest;
        self.undone();
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

    fn is_new(&mut self, word: &str) -> bool {
        !self.learnt.contains(word) && !self.met.contains(word) && self.met.insert(word.into())
    }
}

/// How far the index came.
pub(crate) struct Came {
    upto: i64,
    /// There are no rows behind that.
    is_all: bool,
}

/// What the index is told of a row: the rest of it may change, and nothing needs to be indexed anew.
#[derive(PartialEq, Eq)]
struct Said<'a> {
    kind: EntryKind,
    content: &'a str,
    display_name: &'a str,
    user: &'a str,
    mine: bool,
}

impl<'a> Said<'a> {
    fn of(row: &'a EntryRow) -> Self {
        let entry = &row.entry;
        Self {
            kind: entry.kind,
            content: &entry.content,
            display_name: &entry.display_name,
            user: &entry.user,
            mine: row.mine,
        }
    }

    /// From a line of [`UNINDEXED`] or [`UNINDEXED_NEW`].
    fn read(line: &'a rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let text = |cell| Ok::<_, rusqlite::Error>(line.get_ref(cell)?.as_str()?);
        Ok(Self {
            kind: cells::entry_kind(line, 2)?,
            content: text(3)?,
            display_name: text(4)?,
            user: text(5)?,
            mine: line.get(6)?,
        })
    }
}

/// Puts one row into the index.
fn add(
    conn: &Connection,
    index: &mut Index,
    room: i64,
    key: i64,
    said: &Said<'_>,
) -> rusqlite::Result<()> {
    let (body, org) = match Body::parse(said.kind, said.content) {
        Body::Message { text } | Body::Question { text } => (tokens(&text), String::new()),
        Body::Answer { org_name, question, text, .. } => {
            (tokens(&format!("{text}\n{question}")), org_name)
        }
    };
    let who = tokens(&format!("{}\n{}\n{org}", said.display_name, said.user));
    let kind = match said.kind {
        EntryKind::Message => "km",
        EntryKind::Question => "kq",
        EntryKind::Answer => "ka",
    };
    let mine = if said.mine { " my" } else { "" };
    let mark = format!("r{room} {kind}{mine}");
    conn.prepare_cached(INDEX)?.execute(params![key, body, who, mark])?;
    for word in body.split(' ').chain(who.split(' ')) {
        let is_word = word.chars().next().is_some_and(|c| class(c) == Class::Word);
        if is_word && index.is_new(word) {
            conn.prepare_cached(LEARN)?.execute([word])?;
        }
    }
    Ok(())
}

/// A row is something else than it was.
pub(super) fn reindex(
    conn: &Connection,
    index: &mut Index,
    room: RoomId,
    key: RowKey,
    old: &RowKind,
    new: &RowKind,
) -> rusqlite::Result<()> {
    if let (RowKind::Entry(old), RowKind::Entry(new)) = (old, new)
        && Said::of(old) == Said::of(new)
    {
        return Ok(());
    }
    match new {
        // It is indexed as it is then.
        RowKind::Entry(_) if key.0 > index.upto => Ok(()),
        RowKind::Entry(entry) => add(conn, index, room.0, key.0, &Said::of(entry)),
        RowKind::Gap(_) | RowKind::Boundary => forget(conn, index, key),
    }
}

/// A row is gone.
pub(super) fn forget(conn: &Connection, index: &Index, key: RowKey) -> rusqlite::Result<()> {
    if key.0 > index.upto {
        return Ok(());
    }
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
    let (next, of, first): (i64, i64, i64) = conn
        .prepare_cached(SEARCH_STATE)?
        .query_row([], |line| Ok((line.get(0)?, line.get(1)?, line.get(2)?)))?;
    // Keys may begin anywhere.
    let (left, all) = (next - first + 1, (of - first + 1).max(1));
    Ok((next > 0 && left > 0).then(|| 1.0 - left as f32 / all as f32))
}

/// Puts some more of the rows of before into the index. False when all of them are there.
pub(crate) fn index_some(conn: &Connection) -> Result<bool, StoreError> {
    let next: i64 = conn.prepare_cached(SEARCH_STATE)?.query_row([], |line| line.get(0))?;
    if next <= 0 {
        return Ok(false);
    }
    let batch = add_batch(conn, &mut Index::default(), UNINDEXED, next)?;
    let next = batch.last.filter(|_| !batch.is_all).map_or(0, |last| last - 1);
    conn.prepare_cached(SEARCH_DONE)?.execute([next])?;
    Ok(next > 0)
}

/// Puts some more of the new rows into the index.
pub(crate) fn index_new(conn: &Connection, index: &mut Index) -> Result<Came, StoreError> {
    let from = index.upto;
    let batch = add_batch(conn, index, UNINDEXED_NEW, from)?;
    let upto = batch.last.unwrap_or(from);
    conn.prepare_cached(SEARCH_CAME_TO)?.execute([upto])?;
    Ok(Came { upto, is_all: batch.is_all })
}

/// Rows that were put into the index one after the other.
struct Batch {
    last: Option<i64>,
    /// There are no more of them.
    is_all: bool,
}

/// Puts as many rows into the index as a statement gives from a key on.
fn add_batch(
    conn: &Connection,
    index: &mut Index,
    statement: &str,
    from: i64,
) -> Result<Batch, StoreError> {
    let mut statement = conn.prepare_cached(statement)?;
    let mut lines = statement.query(params![from, INDEX_BATCH])?;
    let (mut last, mut count) = (None, 0);
    while let Some(line) = lines.next()? {
        let key = line.get(0)?;
        add(conn, index, line.get(1)?, key, &Said::read(line)?)?;
        (last, count) = (Some(key), count + 1);
    }
    Ok(Batch { last, is_all: count < INDEX_BATCH })
}
