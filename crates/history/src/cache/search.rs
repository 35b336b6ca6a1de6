//! The index over what was said: kept with the rows, in the same commit, and read backwards from the newest row.

use aside_protocol::triage::Item;
use aside_protocol::{Body, EntryId, EntryKind};
use rusqlite::{Connection, OptionalExtension, params};

use super::cells;
use super::statements::{
    ITEM_NUMBER, ITEMS, NEWEST_KEYS, ROW_BY_ENTRY_ID, ROW_OF_KEY, SEARCH_DONE, SEARCH_STATE,
    UNINDEXED,
};
use crate::error::StoreError;
use crate::fold::{Folded, Term, fold, tokens};
use crate::ids::{RoomId, RowKey};
use crate::row::{EntryRow, Row, RowKind};
use crate::search::{Cursor, Hit, Parsed, SearchPage, SearchQuery};

/// Rows that are looked at for one page at most: then it is handed out as it is.
const LOOKED_AT: usize = 20_000;
/// Rows that the index names at once.
const BATCH: usize = 256;
/// Where a row that was read by its key alone has its room.
const ROOM: usize = 26;
/// Marked places of one entry at most.
const RANGES: usize = 20;
/// Old rows that are indexed between two jobs of the writer: some ten milliseconds.
const INDEX_BATCH: i64 = 500;

const ADD: &str = "INSERT OR REPLACE INTO search (rowid, body, who, mark) VALUES (?1, ?2, ?3, ?4)";
const REMOVE: &str = "DELETE FROM search WHERE rowid = ?1";
/// The index alone decides the order: joined with anything else, SQLite would read all that match.
const FIND: &str =
    "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3";

/// What the index is told of a row.
fn add(conn: &Connection, room: i64, key: i64, entry: &EntryRow) -> rusqlite::Result<()> {
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
    conn.prepare_cached(ADD)?.execute(params![key, body, who, mark])?;
    Ok(())
}

/// A row is new.
pub(super) fn index(
    conn: &Connection,
    room: RoomId,
    key: RowKey,
    kind: &RowKind,
) -> rusqlite::Result<()> {
    match kind {
        RowKind::Entry(entry) => add(conn, room.0, key.0, entry),
        RowKind::Gap(_) | RowKind::Boundary => Ok(()),
    }
}

/// A row is something else than it was.
pub(super) fn reindex(
    conn: &Connection,
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
        RowKind::Entry(entry) => add(conn, room.0, key.0, entry),
        RowKind::Gap(_) | RowKind::Boundary => forget(conn, key),
    }
}

/// A row is gone.
pub(super) fn forget(conn: &Connection, key: RowKey) -> rusqlite::Result<()> {
    conn.prepare_cached(REMOVE)?.execute([key.0])?;
    Ok(())
}

/// A room's rows are gone. What an index deletes is only marked so until its parts are merged, whenever that is; so all of it
/// goes, and the rows of other rooms are put in anew, as those of before are.
pub(super) fn begin_anew(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute("INSERT INTO search (search) VALUES ('delete-all')", [])?;
    conn.execute("DELETE FROM search_state", [])?;
    conn.execute(
        "INSERT INTO search_state (rowid, next, of) SELECT 1, coalesce(max(key), 0), coalesce(max(key), 0) FROM rows",
        [],
    )?;
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
    while let Some(line) = lines.next()? {
        let room: i64 = line.get(ROOM)?;
        let row = cells::read(line)?.row;
        if let RowKind::Entry(entry) = &row.kind {
            add(conn, room, row.key.0, entry)?;
        }
    }
    conn.prepare_cached(SEARCH_DONE)?.execute([end])?;
    Ok(true)
}

/// One page of what was found.
pub(crate) fn search(
    conn: &Connection,
    query: &SearchQuery,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<SearchPage, StoreError> {
    let parsed = Parsed::of(query);
    let mut page = SearchPage { indexing: indexed(conn)?, ..SearchPage::default() };
    if parsed.is_empty() || limit == 0 {
        return Ok(page);
    }
    let before = cursor.map_or(i64::MAX, |cursor| cursor.0);
    let rooms = super::rooms::all(conn)?.len();
    let finding = Finding { conn, query, parsed, rooms };
    if finding.parsed.is_about_items() {
        finding.among_items(&mut page, before, limit)?;
    } else {
        finding.among_rows(&mut page, before, limit)?;
    }
    Ok(page)
}

struct Finding<'a> {
    conn: &'a Connection,
    query: &'a SearchQuery,
    parsed: Parsed,
    /// How many rooms there are.
    rooms: usize,
}

impl Finding<'_> {
    fn among_rows(
        &self,
        page: &mut SearchPage,
        mut before: i64,
        limit: usize,
    ) -> Result<(), StoreError> {
        let expression = self.expression();
        let mut looked_at = 0;
        loop {
            let keys = self.keys(expression.as_deref(), before)?;
            let last = keys.len() < BATCH;
            for key in keys {
                before = key;
                looked_at += 1;
                if let Some(hit) = self.look_at(key)? {
                    page.hits.push(hit);
                }
                if page.hits.len() == limit || looked_at == LOOKED_AT {
                    page.next = Some(Cursor(before));
                    return Ok(());
                }
            }
            if last {
                return Ok(());
            }
        }
    }

    /// What the index must have; nothing when only time is asked for.
    fn expression(&self) -> Option<String> {
        let Parsed { terms, from, marks, .. } = &self.parsed;
        let terms = terms.iter().map(|term| term.query("body"));
        let from = from.iter().map(|term| term.query("who"));
        let marks = marks.iter().map(|mark| format!("mark : \"{mark}\""));
        // Where there is one room, every row has its mark, and asking for it would cost more than all else.
        let room = self.query.room.filter(|_| self.rooms > 1);
        let room = room.map(|room| format!("mark : \"r{}\"", room.0));
        let parts: Vec<String> = terms.chain(from).chain(marks).chain(room).collect();
        (!parts.is_empty()).then(|| parts.join(" AND "))
    }

    fn keys(&self, expression: Option<&str>, before: i64) -> Result<Vec<i64>, StoreError> {
        let batch = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let keys: rusqlite::Result<Vec<i64>> = match expression {
            Some(expression) => self
                .conn
                .prepare_cached(FIND)?
                .query_map(params![expression, before, batch], |line| line.get(0))?
                .collect(),
            None => self
                .conn
                .prepare_cached(NEWEST_KEYS)?
                .query_map(params![before, batch], |line| line.get(0))?
                .collect(),
        };
        Ok(keys?)
    }

    fn look_at(&self, key: i64) -> Result<Option<Hit>, StoreError> {
        let found = self
            .conn
            .prepare_cached(ROW_OF_KEY)?
            .query_row([key], |line| Ok((RoomId(line.get(ROOM)?), cells::read(line)?.row)));
        let Some((room, row)) = found.optional()? else { return Ok(None) };
        self.hit(room, row)
    }

    /// The row, if it is what is looked for.
    fn hit(&self, room: RoomId, row: Row) -> Result<Option<Hit>, StoreError> {
        let Some(entry) = row.entry() else { return Ok(None) };
        if self.query.room.is_some_and(|wanted| wanted != room) {
            return Ok(None);
        }
        let at = entry.created_at.unwrap_or(row.received_at);
        let Parsed { before, after, terms, from, .. } = &self.parsed;
        if before.is_some_and(|before| at >= before) || after.is_some_and(|after| at < after) {
            return Ok(None);
        }
        let (text, quote, org) = match entry.entry.body() {
            Body::Message { text } | Body::Question { text } => {
                (text, String::new(), String::new())
            }
            Body::Answer { text, question, org_name, .. } => (text, question, org_name),
        };
        let (text, quote) = (fold(&text), fold(&quote));
        let there = |term: &Term| term.is_in(&text) || term.is_in(&quote);
        let said_by = |name: &str| fold(name);
        let names = [said_by(&entry.entry.display_name), said_by(&entry.entry.user), said_by(&org)];
        let by = |term: &Term| names.iter().any(|name| term.is_in(name));
        if !terms.iter().all(there) || !from.iter().all(by) {
            return Ok(None);
        }
        let ranges = self.ranges(&text);
        let (question, number) = match entry.entry.kind {
            EntryKind::Question => self.item_of(room, &row)?,
            EntryKind::Message | EntryKind::Answer => (None, None),
        };
        Ok(Some(Hit { room, row, number, question, ranges }))
    }

    fn ranges(&self, text: &Folded) -> Vec<(u32, u32)> {
        let found = self.parsed.terms.iter().flat_map(|term| term.find(text, RANGES));
        let mut ranges: Vec<(u32, u32)> = found.collect();
        ranges.sort_unstable();
        // Where two of them overlap, one mark is enough.
        let mut apart: Vec<(u32, u32)> = Vec::new();
        for (from, to) in ranges {
            match apart.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => apart.push((from, to)),
            }
        }
        apart.truncate(RANGES);
        apart
    }

    fn item_of(
        &self,
        room: RoomId,
        row: &Row,
    ) -> Result<(Option<EntryId>, Option<u64>), StoreError> {
        let id = row.entry().and_then(|entry| entry.entry.id.clone());
        let id = id.unwrap_or_else(|| EntryId::new(format!("row:{}", row.key.0)));
        let number = self
            .conn
            .prepare_cached(ITEM_NUMBER)?
            .query_row(params![room.0, id.as_str()], |line| line.get::<_, i64>(0))
            .optional()?;
        Ok(match number {
            Some(number) => (Some(id), u64::try_from(number).ok()),
            None => (None, None),
        })
    }

    /// Questions with a state are few: each is looked at.
    fn among_items(
        &self,
        page: &mut SearchPage,
        before: i64,
        limit: usize,
    ) -> Result<(), StoreError> {
        let rooms = match self.query.room {
            Some(room) => vec![room],
            None => super::rooms::all(self.conn)?.into_iter().map(|(room, _)| room).collect(),
        };
        let mut hits = Vec::new();
        for room in rooms {
            let mut statement = self.conn.prepare_cached(ITEMS)?;
            let mut lines = statement.query([room.0])?;
            while let Some(line) = lines.next()? {
                let body: String = line.get(0)?;
                let Ok(item) = serde_json::from_str::<Item>(&body) else { continue };
                if !self.item_fits(&item) {
                    continue;
                }
                if let Some(row) = self.row_of(room, &item)?
                    && row.key.0 < before
                    && self.marks_fit(&row)
                    && let Some(hit) = self.hit(room, row)?
                {
                    hits.push(hit);
                }
            }
        }
        hits.sort_unstable_by_key(|hit| std::cmp::Reverse(hit.row.key));
        if hits.len() > limit {
            hits.truncate(limit);
            page.next = hits.last().map(|hit| Cursor(hit.row.key.0));
        }
        page.hits = hits;
        Ok(())
    }

    fn item_fits(&self, item: &Item) -> bool {
        let Parsed { numbers, tags, .. } = &self.parsed;
        let tagged = |tag: &String| item.tags.iter().any(|has| has.to_lowercase() == *tag);
        let numbered = numbers.is_empty() || numbers.contains(&item.number);
        numbered && tags.iter().all(tagged) && self.parsed.fits_work(item.work)
    }

    fn marks_fit(&self, row: &Row) -> bool {
        let mine = row.entry().is_some_and(|entry| entry.mine);
        self.parsed.marks.iter().all(|mark| match *mark {
            "kq" => true,
            "my" => mine,
            _ => false,
        })
    }

    fn row_of(&self, room: RoomId, item: &Item) -> Result<Option<Row>, StoreError> {
        let id = item.question_id.as_str();
        if let Some(key) = id.strip_prefix("row:").and_then(|key| key.parse::<i64>().ok()) {
            let mut statement = self.conn.prepare_cached(ROW_OF_KEY)?;
            return Ok(statement.query_row([key], |line| Ok(cells::read(line)?.row)).optional()?);
        }
        let mut statement = self.conn.prepare_cached(ROW_BY_ENTRY_ID)?;
        Ok(statement
            .query_row(params![room.0, id], |line| Ok(cells::read(line)?.row))
            .optional()?)
    }
}
