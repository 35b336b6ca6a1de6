//! Reads of one room. Each sees one moment: the caller opens a transaction around it.

use aside_protocol::{Body, EntryId, Seq};
use rusqlite::{Connection, OptionalExtension, Params, params};

use super::cells::{self, Stored};
use super::head::Head;
use super::statements::{
    ANSWERS_TO, ASKED_AND_ANSWERED, BACKWARD, CHANGED, FIRST_SEQ, FORWARD, GAPS, LAST_BELOW,
    LAST_SEQ, PERSON_BACKWARD, PERSON_COUNTS, PERSON_FIRST, REMOVED, ROW, ROW_BY_ENTRY_ID,
    ROW_BY_LOCAL_ID, ROWS_BY_SEQ, UNREAD, UNREAD_QUESTIONS,
};
use crate::error::StoreError;
use crate::ids::{LocalId, Place, Revision, RoomId, RowKey};
use crate::place::{ECHO_BASE, PARKED};
use crate::row::{Row, Standing};
use crate::view::{Anchor, Changes, Page, Person, RoomState, Unread};

/// No page is larger, whatever is asked for.
pub(super) const PAGE_MAX: u32 = 5000;

/// A page; see [`Store::page`](crate::Store::page).
pub(crate) fn page(
    conn: &Connection,
    room: RoomId,
    anchor: Anchor,
    limit: u32,
) -> Result<Page, StoreError> {
    let head = Head::load(conn, room)?;
    let limit = limit.clamp(1, PAGE_MAX);
    let (rows, has_older, has_newer) = match anchor {
        Anchor::End => {
            let (rows, has_older) = backward(conn, room, PARKED, limit)?;
            (rows, has_older, false)
        }
        Anchor::Before(place) => {
            let (rows, has_older) = backward(conn, room, place.0, limit)?;
            (rows, has_older, exists_from(conn, room, place.0)?)
        }
        Anchor::After(place) => {
            let (rows, has_newer) = forward(conn, room, place.0, limit)?;
            let up_to = place.0.saturating_add(1);
            (rows, last_below(conn, room, up_to)?.is_some(), has_newer)
        }
        Anchor::Unread => around(conn, room, head.read, limit)?,
    };
    Ok(Page {
        revision: Revision(head.revision),
        rows,
        has_older,
        has_newer,
        read: head.read,
        reached_start: head.reached_start(),
    })
}

type Stretch = (Vec<Row>, bool, bool);

fn around(
    conn: &Connection,
    room: RoomId,
    read: Option<Place>,
    limit: u32,
) -> Result<Stretch, StoreError> {
    let read = read.map_or(PARKED, |place| place.0);
    let (mut newer, has_newer) = forward(conn, room, read, limit.div_ceil(2))?;
    if newer.is_empty() {
        let (rows, has_older) = backward(conn, room, PARKED, limit)?;
        return Ok((rows, has_older, false));
    }
    let rest = limit.saturating_sub(u32::try_from(newer.len()).unwrap_or(limit));
    let (mut rows, has_older) = backward(conn, room, read.saturating_add(1), rest)?;
    rows.append(&mut newer);
    Ok((rows, has_older, has_newer))
}

/// At most `limit` rows before `place`, oldest first, and whether there are more.
fn backward(
    conn: &Connection,
    room: RoomId,
    place: i64,
    limit: u32,
) -> Result<(Vec<Row>, bool), StoreError> {
    let mut rows = collect(conn, BACKWARD, params![room.0, place, limit + 1])?;
    let more = keep(&mut rows, limit);
    rows.reverse();
    Ok((rows, more))
}

/// At most `limit` rows after `place`, oldest first, and whether there are more.
fn forward(
    conn: &Connection,
    room: RoomId,
    place: i64,
    limit: u32,
) -> Result<(Vec<Row>, bool), StoreError> {
    let mut rows = collect(conn, FORWARD, params![room.0, place, limit + 1])?;
    let more = keep(&mut rows, limit);
    Ok((rows, more))
}

fn keep(rows: &mut Vec<Row>, limit: u32) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

fn exists_from(conn: &Connection, room: RoomId, place: i64) -> Result<bool, StoreError> {
    Ok(last_below(conn, room, PARKED)?.is_some_and(|last| last >= place))
}

fn last_below(conn: &Connection, room: RoomId, place: i64) -> Result<Option<i64>, StoreError> {
    let mut statement = conn.prepare_cached(LAST_BELOW)?;
    Ok(statement.query_row(params![room.0, place], |line| line.get(0)).optional()?)
}

/// The rows that a statement finds.
pub(super) fn collect(
    conn: &Connection,
    sql: &str,
    cells: impl Params,
) -> Result<Vec<Row>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(cells, cells::read)?;
    Ok(rows.map(|stored| stored.map(|stored| stored.row)).collect::<Result<_, _>>()?)
}

fn one(conn: &Connection, sql: &str, cells: impl Params) -> Result<Option<Row>, StoreError> {
    let stored = conn.prepare_cached(sql)?.query_row(cells, cells::read).optional()?;
    Ok(stored.map(|Stored { row, .. }| row))
}

/// What happened since a revision; see [`Store::changes`](crate::Store::changes).
pub(crate) fn changes(
    conn: &Connection,
    room: RoomId,
    since: Revision,
    limit: u32,
) -> Result<Changes, StoreError> {
    let head = Head::load(conn, room)?;
    let mut changes = Changes {
        revision: Revision(head.revision),
        upserts: Vec::new(),
        removed: Vec::new(),
        reset: since.0 < head.removed_floor || since.0 > head.revision,
        read: head.read,
    };
    if changes.reset || since.0 == head.revision {
        return Ok(changes);
    }
    let cells = params![room.0, since.0.cast_signed(), limit.saturating_add(1)];
    changes.upserts = collect(conn, CHANGED, cells)?;
    let mut statement = conn.prepare_cached(REMOVED)?;
    let removed = statement.query_map(cells, |line| line.get(0).map(RowKey))?;
    changes.removed = removed.collect::<Result<_, _>>()?;
    if changes.upserts.len() + changes.removed.len() > usize::try_from(limit).unwrap_or(usize::MAX)
    {
        changes.reset = true;
        changes.upserts.clear();
        changes.removed.clear();
    }
    changes.upserts.sort_by_key(|row| row.place);
    Ok(changes)
}

/// Where a room stands.
pub(crate) fn state(conn: &Connection, room: RoomId) -> Result<RoomState, StoreError> {
    let head = Head::load(conn, room)?;
    let (oldest, _) = forward(conn, room, i64::MIN, 1)?;
    let seq = |sql| -> Result<Option<Seq>, StoreError> {
        let mut statement = conn.prepare_cached(sql)?;
        let seq = statement.query_row(params![room.0, head.epoch], |line| line.get::<_, i64>(0));
        Ok(seq.optional()?.map(|seq| Seq(seq.cast_unsigned())))
    };
    let seqs = seq(FIRST_SEQ)?.zip(seq(LAST_SEQ)?);
    Ok(RoomState {
        revision: Revision(head.revision),
        read: head.read,
        oldest: oldest.first().map(|row| row.place),
        newest: last_below(conn, room, ECHO_BASE)?.map(Place),
        seqs,
        position: head.position,
    })
}

/// What one person said; see [`Store::person`](crate::Store::person).
pub(crate) fn person(
    conn: &Connection,
    room: RoomId,
    user: &str,
    before: Option<Place>,
    limit: u32,
) -> Result<Person, StoreError> {
    let limit = limit.clamp(1, PAGE_MAX);
    let before = before.map_or(PARKED, |place| place.0);
    let mut rows = collect(conn, PERSON_BACKWARD, params![room.0, user, before, limit + 1])?;
    let has_older = keep(&mut rows, limit);
    rows.reverse();
    let first = one(conn, PERSON_FIRST, params![room.0, user])?;
    let first_seen =
        first.map(|row| row.entry().and_then(|entry| entry.created_at).unwrap_or(row.received_at));
    let mut counts = conn.prepare_cached(PERSON_COUNTS)?;
    let (all, questions): (u32, u32) =
        counts.query_row(params![room.0, user], |line| Ok((line.get(0)?, line.get(1)?)))?;
    Ok(Person { rows, has_older, messages: all - questions, questions, first_seen })
}

/// What the user has not read.
pub(crate) fn unread(conn: &Connection, room: RoomId) -> Result<Unread, StoreError> {
    let head = Head::load(conn, room)?;
    let read = head.read.map_or(i64::MIN, |place| place.0);
    let count = |sql| -> Result<u32, StoreError> {
        let cells = params![room.0, read, Unread::CAP];
        Ok(conn.prepare_cached(sql)?.query_row(cells, |line| line.get(0))?)
    };
    Ok(Unread { entries: count(UNREAD)?, questions: count(UNREAD_QUESTIONS)? })
}

/// The settled end of the timeline; see [`Store::tail`](crate::Store::tail).
pub(crate) fn tail(
    conn: &Connection,
    room: RoomId,
    confirmed: u32,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    let mut statement = conn.prepare_cached(BACKWARD)?;
    let (mut rows, mut left) = (Vec::new(), confirmed);
    for stored in statement.query_map(params![room.0, ECHO_BASE, limit], cells::read)? {
        let row = stored?.row;
        let sure = row.entry().is_some_and(|entry| entry.standing == Standing::Confirmed);
        rows.push(row);
        left = left.saturating_sub(u32::from(sure));
        if left == 0 {
            break;
        }
    }
    rows.reverse();
    Ok(rows)
}

/// One row.
pub(crate) fn row(conn: &Connection, room: RoomId, key: RowKey) -> Result<Option<Row>, StoreError> {
    one(conn, ROW, params![room.0, key.0])
}

/// The row of an entry by the server's id.
pub(crate) fn by_entry_id(
    conn: &Connection,
    room: RoomId,
    id: &EntryId,
) -> Result<Option<Row>, StoreError> {
    one(conn, ROW_BY_ENTRY_ID, params![room.0, id.as_str()])
}

/// The row of something written here.
pub(crate) fn by_local_id(
    conn: &Connection,
    room: RoomId,
    id: LocalId,
) -> Result<Option<Row>, StoreError> {
    one(conn, ROW_BY_LOCAL_ID, params![room.0, id.as_bytes()])
}

/// Rows of the current epoch by their numbers.
pub(crate) fn by_seq(
    conn: &Connection,
    room: RoomId,
    (from, to): (Seq, Seq),
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    let head = Head::load(conn, room)?;
    // A number above every possible cell finds nothing, instead of wrapping around.
    let Ok(from) = i64::try_from(from.0) else { return Ok(Vec::new()) };
    let to = i64::try_from(to.0).unwrap_or(i64::MAX);
    collect(conn, ROWS_BY_SEQ, params![room.0, head.epoch, from, to, limit])
}

/// Gap rows.
pub(crate) fn gaps(conn: &Connection, room: RoomId, limit: u32) -> Result<Vec<Row>, StoreError> {
    let mut rows = collect(conn, GAPS, params![room.0, limit])?;
    rows.reverse();
    Ok(rows)
}

/// Questions and answers after a place, in order.
pub(crate) fn asked_and_answered(
    conn: &Connection,
    room: RoomId,
    after: Place,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    collect(conn, ASKED_AND_ANSWERED, params![room.0, after.0, limit])
}

/// The answers that name a question, or, naming none, quote its text after it was asked; in order.
pub(crate) fn answers_to(
    conn: &Connection,
    room: RoomId,
    question: &EntryId,
    text: &str,
) -> Result<Vec<Row>, StoreError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    let id = question.as_str();
    let named = if id.chars().all(plain) { id } else { "" };
    let mut rows = collect(conn, ANSWERS_TO, params![room.0, named])?;
    let asked = by_entry_id(conn, room, question)?.map(|row| row.place);
    rows.retain(|row| match row.entry().map(|entry| entry.entry.body()) {
        Some(Body::Answer { question_id: Some(id), .. }) => id == *question,
        Some(Body::Answer { question, .. }) => question == text && asked < Some(row.place),
        Some(Body::Message { .. } | Body::Question { .. }) | None => false,
    });
    Ok(rows)
}

/// Echoes that are not settled.
pub(crate) fn echoes(conn: &Connection, room: RoomId) -> Result<Vec<Row>, StoreError> {
    Ok(forward(conn, room, ECHO_BASE - 1, PAGE_MAX)?.0)
}
