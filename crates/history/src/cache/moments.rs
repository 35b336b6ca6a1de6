//! A moment in a room: by the times of entries, in the order of their places, without reading more than a few of them.
//!
//! An entry is of the moment that it was said at. One without a time of its own is of the moment of the next that has one, if that stands
//! near, else of when it was first seen here: an old page is fetched late, and all of it would count as new. The first entry of a
//! moment is one that is of it or later, while the entry before it is earlier. Where times run backwards there may be several such
//! entries, and any of them is right; where they do not, there is one.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::cells::instant;
use super::statements::{ENTRIES_FROM, LAST_ENTRY};
use crate::error::StoreError;
use crate::ids::{Place, RoomId, RowKey};
use crate::place::ECHO_BASE;
use crate::view::Moment;

/// So many entries are looked at for one with a time of its own.
const NEAR: u32 = 16;

/// What stands at a moment; see [`Store::moment`](crate::Store::moment).
pub(crate) fn at(conn: &Connection, room: RoomId, at: Timestamp) -> Result<Moment, StoreError> {
    let mut moment = Moment::default();
    let Some(first) = from(conn, room, i64::MIN)? else { return Ok(moment) };
    moment.begins = Some(first.said);
    let (end, ends) = last(conn, room)?.unwrap_or((first.place, first.said));
    moment.ends = Some(ends);
    // Whatever is below `low` is earlier; what is at `high` or above is not looked at any more.
    let (mut low, mut high) = (first.place, end + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match from(conn, room, middle)?.filter(|found| found.place < high) {
            Some(found) if found.said < at => low = found.place + 1,
            found => {
                moment.spot = found.map(|found| (found.key, Place(found.place))).or(moment.spot);
                high = middle;
            }
        }
    }
    Ok(moment)
}

struct Found {
    key: RowKey,
    place: i64,
    said: Timestamp,
}

/// The first settled entry at a place or after it.
fn from(conn: &Connection, room: RoomId, place: i64) -> Result<Option<Found>, StoreError> {
    let mut statement = conn.prepare_cached(ENTRIES_FROM)?;
    let mut lines = statement.query(params![room.0, place, ECHO_BASE, NEAR])?;
    let mut first: Option<Found> = None;
    while let Some(line) = lines.next()? {
        let created: Option<i64> = line.get(2)?;
        let said = said(created.map_or_else(|| line.get(3), Ok)?)?;
        let found =
            first.get_or_insert(Found { key: RowKey(line.get(0)?), place: line.get(1)?, said });
        if created.is_some() {
            found.said = said;
            break;
        }
    }
    Ok(first)
}

/// Where the last settled entry stands, and when it was said.
fn last(conn: &Connection, room: RoomId) -> Result<Option<(i64, Timestamp)>, StoreError> {
    let mut statement = conn.prepare_cached(LAST_ENTRY)?;
    let mut lines = statement.query(params![room.0, ECHO_BASE])?;
    let Some(line) = lines.next()? else { return Ok(None) };
    Ok(Some((line.get(0)?, said(line.get(1)?)?)))
}

fn said(micros: i64) -> Result<Timestamp, StoreError> {
    Ok(instant(micros).map_err(rusqlite::Error::from)?)
}
