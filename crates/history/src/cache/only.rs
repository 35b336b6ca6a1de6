//! Pages of some of a room's rows: each sort of them comes from its own index, and the nearest of all make the page.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::head::Head;
use super::read::{PAGE_MAX, collect};
use super::statements::{
    ASKED_BACKWARD, ASKED_FORWARD, FORWARD, GAPS_BACKWARD, GAPS_FORWARD, PERSON_BACKWARD,
    PERSON_FORWARD,
};
use crate::error::StoreError;
use crate::ids::{Place, Revision, RoomId};
use crate::place::{ECHO_BASE, PARKED};
use crate::row::Row;
use crate::view::{Anchor, Only, Page};

#[derive(Clone, Copy)]
enum Way {
    Backward,
    Forward,
}

/// A page; see [`Store::page_only`](crate::Store::page_only).
pub(crate) fn page(
    conn: &Connection,
    room: RoomId,
    only: &Only,
    anchor: Anchor,
    limit: u32,
) -> Result<Page, StoreError> {
    let head = Head::load(conn, room)?;
    let limit = limit.clamp(1, PAGE_MAX);
    let near = |way, place, limit| nearest(conn, room, only, way, place, limit);
    let is_any = |way, place| near(way, place, 1).map(|(rows, _more)| !rows.is_empty());
    let (rows, has_older, has_newer) = match anchor {
        Anchor::End | Anchor::Unread => {
            let (rows, has_older) = near(Way::Backward, PARKED, limit)?;
            (rows, has_older, false)
        }
        Anchor::Before(Place(place)) => {
            let (rows, has_older) = near(Way::Backward, place, limit)?;
            (rows, has_older, is_any(Way::Forward, place.saturating_sub(1))?)
        }
        Anchor::After(Place(place)) => {
            let (rows, has_newer) = near(Way::Forward, place, limit)?;
            (rows, is_any(Way::Backward, place.saturating_add(1))?, has_newer)
        }
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

/// At most `limit` rows beside a place, oldest first, and whether there are more.
fn nearest(
    conn: &Connection,
    room: RoomId,
    only: &Only,
    way: Way,
    place: i64,
    limit: u32,
) -> Result<(Vec<Row>, bool), StoreError> {
    let most = limit + 1;
    let (asked, gaps, person) = match way {
        Way::Backward => (ASKED_BACKWARD, GAPS_BACKWARD, PERSON_BACKWARD),
        Way::Forward => (ASKED_FORWARD, GAPS_FORWARD, PERSON_FORWARD),
    };
    let mut found = BTreeMap::new();
    let mut take = |rows: Vec<Row>| found.extend(rows.into_iter().map(|row| (row.place, row)));
    take(collect(conn, gaps, params![room.0, place, most])?);
    // Echoes are few, whoever is meant.
    let mut echoes = collect(conn, FORWARD, params![room.0, ECHO_BASE - 1, PAGE_MAX])?;
    echoes.retain(|row| match way {
        Way::Backward => row.place.0 < place,
        Way::Forward => row.place.0 > place,
    });
    take(echoes);
    if only.questions || only.answers {
        let (first, second) =
            (if only.questions { 1 } else { 2 }, if only.answers { 2 } else { 1 });
        take(collect(conn, asked, params![room.0, place, most, first, second])?);
    }
    for user in &only.people {
        take(collect(conn, person, params![room.0, user, place, most])?);
    }
    let rows = found.into_values();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    let rows = match way {
        Way::Backward => rows.rev().take(limit).collect::<Vec<_>>().into_iter().rev().collect(),
        Way::Forward => rows.take(limit).collect(),
    };
    Ok((rows, more))
}
