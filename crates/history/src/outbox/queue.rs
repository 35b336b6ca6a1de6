//! What waits to be sent, first written first.

use aside_protocol::EntryId;
use aside_protocol::triage::Visibility;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::statements::{COUNT, ENQUEUE, EXPIRE, HAS, HAS_ROOM, LIST, REMOVE, RETRY, SET, UNGUARD};
use crate::cache::{instant, unreadable};
use crate::error::{OutboxError, StoreError};
use crate::ids::{LocalId, RoomId};
use crate::outgoing::{
    BODY_BYTES, EXPIRED, NewOutgoing, OUTBOX_AGE, OUTBOX_ROWS, Outgoing, OutgoingBody,
    OutgoingState, Written,
};

/// Keeps something to be sent; see [`Store::enqueue`](crate::Store::enqueue).
pub(crate) fn enqueue(
    conn: &Connection,
    room: RoomId,
    item: &NewOutgoing,
) -> Result<(), OutboxError> {
    let bytes = item.body.text().len();
    if bytes > BODY_BYTES {
        return Err(OutboxError::TooLong { bytes });
    }
    if !conn.prepare_cached(HAS_ROOM)?.exists([room.0])? {
        return Err(StoreError::UnknownRoom(room).into());
    }
    if conn.prepare_cached(HAS)?.exists([item.id.as_bytes()])? {
        return Ok(());
    }
    let waiting: u32 = conn.prepare_cached(COUNT)?.query_row([room.0], |line| line.get(0))?;
    if waiting >= OUTBOX_ROWS {
        return Err(OutboxError::Full);
    }
    let (kind, answer) = match &item.body {
        OutgoingBody::Message { .. } => (0, None),
        OutgoingBody::Question { .. } => (1, None),
        OutgoingBody::Answer { question, visibility, seen, co_answer, .. } => {
            let private = Some(visibility.as_str()).filter(|_| *visibility != Visibility::Public);
            (2, Some((question.as_str(), *seen, private, *co_answer)))
        }
    };
    let created = item.created.as_microsecond();
    conn.prepare_cached(ENQUEUE)?.execute(params![
        item.id.as_bytes(),
        room.0,
        kind,
        answer.map(|(question, ..)| question),
        item.body.text(),
        created,
        answer.and_then(|(_, seen, ..)| seen).map(u64::cast_signed),
        answer.and_then(|(.., private, _)| private),
        answer.is_some_and(|(.., co_answer)| co_answer),
    ])?;
    Ok(())
}

/// Keeps something that has no line, in a state; see [`Store::adopt_outgoing`](crate::Store::adopt_outgoing).
pub(crate) fn adopt(
    conn: &Connection,
    room: RoomId,
    item: &NewOutgoing,
    state: &OutgoingState,
) -> Result<bool, OutboxError> {
    if conn.prepare_cached(HAS)?.exists([item.id.as_bytes()])? {
        return Ok(false);
    }
    enqueue(conn, room, item)?;
    Ok(set(conn, item.id, state)?)
}

/// A room's outbox. A line that cannot be understood stays in the file and does not hide the others.
pub(crate) fn list(conn: &Connection, room: RoomId) -> rusqlite::Result<Vec<Outgoing>> {
    let mut statement = conn.prepare_cached(LIST)?;
    let mut lines = statement.query([room.0])?;
    let mut outbox = Vec::new();
    while let Some(line) = lines.next()? {
        match read(line) {
            Ok(item) => outbox.push(item),
            Err(error) => tracing::error!(%error, "a line of the outbox cannot be read"),
        }
    }
    Ok(outbox)
}

fn read(line: &Row<'_>) -> rusqlite::Result<Outgoing> {
    let text = line.get(3)?;
    let body = match line.get(1)? {
        0 => OutgoingBody::Message { text },
        1 => OutgoingBody::Question { text },
        2 => OutgoingBody::Answer {
            question: EntryId::new(line.get::<_, Option<String>>(2)?.unwrap_or_default()),
            text,
            visibility: match line.get::<_, Option<String>>(12)? {
                None => Visibility::Public,
                // A word that is not known must not make something public: the line is left alone.
                Some(word) => Visibility::parse(&word).ok_or(rusqlite::Error::InvalidQuery)?,
            },
            seen: line.get::<_, Option<i64>>(11)?.map(i64::cast_unsigned),
            co_answer: line.get(13)?,
        },
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(1, other)),
    };
    let submission = line.get::<_, Option<String>>(14)?.map(EntryId::new);
    let state = match line.get(5)? {
        0 => OutgoingState::Queued,
        1 => OutgoingState::Written(read_written(line)?),
        2 => OutgoingState::Unsure(read_written(line)?),
        3 => OutgoingState::Failed {
            code: line.get::<_, Option<String>>(9)?.unwrap_or_default(),
            reason: line.get::<_, Option<String>>(10)?.unwrap_or_default(),
        },
        4 => OutgoingState::InReview {
            submission: submission.clone().ok_or(rusqlite::Error::InvalidQuery)?,
        },
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(5, other)),
    };
    Ok(Outgoing {
        id: LocalId::from_bytes(line.get(0)?),
        body,
        created: instant(line.get(4)?).map_err(|e| unreadable(4, e))?,
        state,
        attempts: line.get(8)?,
        submission,
    })
}

fn read_written(line: &Row<'_>) -> rusqlite::Result<Written> {
    let at = instant(line.get::<_, Option<i64>>(7)?.unwrap_or(0)).map_err(|e| unreadable(7, e))?;
    Ok(Written { generation: line.get::<_, Option<i64>>(6)?.unwrap_or(0).cast_unsigned(), at })
}

/// Sets how far something got; false if it is not there.
pub(crate) fn set(conn: &Connection, id: LocalId, state: &OutgoingState) -> rusqlite::Result<bool> {
    let (number, written, failure) = match state {
        OutgoingState::Queued => (0, None, None),
        OutgoingState::Written(written) => (1, Some(written), None),
        OutgoingState::Unsure(written) => (2, Some(written), None),
        OutgoingState::Failed { code, reason } => (3, None, Some((code, reason))),
        OutgoingState::InReview { .. } => (4, None, None),
    };
    let submission = match state {
        OutgoingState::InReview { submission } => Some(submission.as_str()),
        _ => None,
    };
    let changed = conn.prepare_cached(SET)?.execute(params![
        id.as_bytes(),
        number,
        written.map(|w| w.generation.cast_signed()),
        written.map(|w| w.at.as_microsecond()),
        failure.map(|f| f.0),
        failure.map(|f| f.1),
        submission,
    ])?;
    Ok(changed == 1)
}

/// Queues something again from now on; false if it is not there.
pub(crate) fn retry(conn: &Connection, id: LocalId, now: Timestamp) -> rusqlite::Result<bool> {
    let cells = params![id.as_bytes(), now.as_microsecond()];
    Ok(conn.prepare_cached(RETRY)?.execute(cells)? == 1)
}

/// Takes an answer's guard away; false if it is not there.
pub(crate) fn unguard(conn: &Connection, id: LocalId) -> rusqlite::Result<bool> {
    Ok(conn.prepare_cached(UNGUARD)?.execute([id.as_bytes()])? == 1)
}

/// Fails what is queued and waited too long. What may have arrived is not said to be unsent.
pub(crate) fn expire(
    conn: &Connection,
    room: RoomId,
    now: Timestamp,
) -> rusqlite::Result<Vec<LocalId>> {
    let oldest = now.saturating_sub(OUTBOX_AGE).unwrap_or(Timestamp::MIN).as_microsecond();
    let mut statement = conn.prepare_cached(EXPIRE)?;
    let cells = params![room.0, oldest, EXPIRED];
    let ids = statement.query_map(cells, |line| line.get(0).map(LocalId::from_bytes))?;
    sorted(ids.collect())
}

/// SQLite gives back updated lines in no promised order; a UUIDv7 sorts by time.
fn sorted(ids: rusqlite::Result<Vec<LocalId>>) -> rusqlite::Result<Vec<LocalId>> {
    let mut ids = ids?;
    ids.sort_unstable();
    Ok(ids)
}

/// Takes something out; false if it was not there.
pub(crate) fn remove(conn: &Connection, id: LocalId) -> rusqlite::Result<bool> {
    Ok(conn.prepare_cached(REMOVE)?.execute([id.as_bytes()])? == 1)
}
