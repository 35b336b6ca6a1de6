//! Text that was begun and not sent.

use rusqlite::{Connection, OptionalExtension, params};

use super::statements::{CLEAR_DRAFT, DRAFT, DRAFTED, HAS_ROOM, SET_DRAFT};
use crate::cache::{instant, unreadable};
use crate::error::{OutboxError, StoreError};
use crate::ids::RoomId;
use crate::outgoing::{BODY_BYTES, Draft, DraftMode};

/// The draft in a slot.
pub(crate) fn get(conn: &Connection, room: RoomId, slot: &str) -> rusqlite::Result<Option<Draft>> {
    let mut statement = conn.prepare_cached(DRAFT)?;
    let draft = statement.query_row(params![room.0, slot], |line| {
        let mode = match line.get(1)? {
            0 => DraftMode::Message,
            1 => DraftMode::Question,
            2 => DraftMode::ForAsker,
            3 => DraftMode::ForStaff,
            other => return Err(rusqlite::Error::IntegralValueOutOfRange(1, other)),
        };
        let updated = instant(line.get(2)?).map_err(|e| unreadable(2, e))?;
        Ok(Draft { text: line.get(0)?, mode, updated })
    });
    draft.optional()
}

/// The slots that hold a draft.
pub(crate) fn slots(conn: &Connection, room: RoomId) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare_cached(DRAFTED)?;
    let slots = statement.query_map([room.0], |line| line.get(0))?;
    slots.collect()
}

/// Keeps a draft; an empty text clears the slot.
pub(crate) fn set(
    conn: &Connection,
    room: RoomId,
    slot: &str,
    draft: &Draft,
) -> Result<(), OutboxError> {
    let bytes = draft.text.len();
    if bytes > BODY_BYTES {
        return Err(OutboxError::TooLong { bytes });
    }
    if draft.text.is_empty() {
        conn.prepare_cached(CLEAR_DRAFT)?.execute(params![room.0, slot])?;
        return Ok(());
    }
    if !conn.prepare_cached(HAS_ROOM)?.exists([room.0])? {
        return Err(StoreError::UnknownRoom(room).into());
    }
    let mode = match draft.mode {
        DraftMode::Message => 0,
        DraftMode::Question => 1,
        DraftMode::ForAsker => 2,
        DraftMode::ForStaff => 3,
    };
    let updated = draft.updated.as_microsecond();
    conn.prepare_cached(SET_DRAFT)?.execute(params![room.0, slot, draft.text, mode, updated])?;
    Ok(())
}
