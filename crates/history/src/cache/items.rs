//! The items of a room.

use aside_protocol::Epoch;
use aside_protocol::triage::Item;
use rusqlite::{Connection, OptionalExtension, params};

use super::statements::{
    DROP_ITEM, DROP_ITEMS, ITEMS_HEAD, NEWEST_ITEMS, SAVE_ITEM, SAVE_ITEMS_HEAD,
};
use crate::error::StoreError;
use crate::ids::RoomId;
use crate::triage::{ITEMS, ITEMS_BYTES, Items, ItemsHeard};

/// All of them, the newest where there are more than anybody asks: a release that knew no bounds may have kept what a server made up.
pub(crate) fn all(conn: &Connection, room: RoomId) -> Result<Items, StoreError> {
    let head = conn
        .prepare_cached(ITEMS_HEAD)?
        .query_row([room.0], |line| Ok((line.get::<_, Option<String>>(0)?, line.get::<_, i64>(1)?)))
        .optional()?;
    let Some((epoch, whole)) = head else { return Err(StoreError::UnknownRoom(room)) };
    let mut statement = conn.prepare_cached(NEWEST_ITEMS)?;
    let most = i64::try_from(ITEMS).unwrap_or(i64::MAX);
    let bodies = statement.query_map(params![room.0, most], |line| line.get::<_, String>(0))?;
    let (mut items, mut bytes) = (Vec::new(), 0);
    for body in bodies {
        let body = body?;
        bytes += body.len();
        if bytes > ITEMS_BYTES {
            tracing::warn!("more of questions is kept than is read");
            break;
        }
        // One that another release wrote and this one can't read is asked for again, with all others.
        match serde_json::from_str::<Item>(&body) {
            Ok(item) => items.push(item),
            Err(error) => {
                tracing::warn!(%error, "a kept question is not understood");
                return Ok(Items::default());
            }
        }
    }
    items.reverse();
    let epoch = epoch.map(Epoch::new);
    Ok(Items { epoch, whole: u64::try_from(whole).unwrap_or(0), items })
}

/// Keeps what was heard.
pub(crate) fn keep(conn: &Connection, room: RoomId, heard: &ItemsHeard) -> Result<(), StoreError> {
    let epoch = heard.epoch.as_ref().map(Epoch::as_str);
    let whole = i64::try_from(heard.whole).unwrap_or(i64::MAX);
    if conn.prepare_cached(SAVE_ITEMS_HEAD)?.execute(params![room.0, epoch, whole])? == 0 {
        return Err(StoreError::UnknownRoom(room));
    }
    if heard.forget {
        conn.prepare_cached(DROP_ITEMS)?.execute([room.0])?;
    }
    for id in &heard.gone {
        conn.prepare_cached(DROP_ITEM)?.execute(params![room.0, id.as_str()])?;
    }
    for item in &heard.items {
        let body = serde_json::to_string(item).unwrap_or_default();
        let number = i64::try_from(item.number).unwrap_or(i64::MAX);
        let cells = params![room.0, item.question_id.as_str(), number, item.work.as_str(), body];
        conn.prepare_cached(SAVE_ITEM)?.execute(cells)?;
    }
    Ok(())
}
