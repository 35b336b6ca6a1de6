//! How a row becomes the cells of a table line, and back, exactly.

use aside_protocol::{CreatedAt, Entry, EntryId, EntryKind, Nonce, Seq};
use jiff::Timestamp;
use jiff::civil::DateTime;
use rusqlite::types::{FromSqlError, ToSqlOutput, Type, ValueRef};
use rusqlite::{CachedStatement, ToSql, params};

use crate::ids::{LocalId, Place, Revision, RowKey};
use crate::row::{Delivery, EntryRow, Gap, GapState, Row, RowKind, Standing};

const GAP: i64 = 3;
const BOUNDARY: i64 = 4;

/// A row as it lies in the table.
pub(super) struct Stored {
    pub(super) row: Row,
    /// The epoch that its seq belongs to.
    pub(super) epoch: i64,
}

/// `createdat` as the wire had it, in one cell.
struct Wire(Option<CreatedAt>);

impl ToSql for Wire {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            None => ToSqlOutput::from(rusqlite::types::Null),
            Some(CreatedAt::Instant(at)) if at.subsec_nanosecond() % 1000 == 0 => {
                at.as_microsecond().into()
            }
            Some(CreatedAt::Instant(at)) => at.to_string().into(),
            Some(CreatedAt::Local(at)) => at.to_string().into(),
        })
    }
}

impl Wire {
    fn read(value: ValueRef<'_>) -> Result<Option<CreatedAt>, FromSqlError> {
        match value {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(micros) => instant(micros).map(|at| Some(CreatedAt::Instant(at))),
            ValueRef::Text(text) => {
                let text =
                    std::str::from_utf8(text).map_err(|e| FromSqlError::Other(Box::new(e)))?;
                if text.ends_with('Z') {
                    let at =
                        text.parse::<Timestamp>().map_err(|e| FromSqlError::Other(Box::new(e)))?;
                    return Ok(Some(CreatedAt::Instant(at)));
                }
                let at = text.parse::<DateTime>().map_err(|e| FromSqlError::Other(Box::new(e)))?;
                Ok(Some(CreatedAt::Local(at)))
            }
            ValueRef::Real(_) | ValueRef::Blob(_) => Err(FromSqlError::InvalidType),
        }
    }
}

pub(crate) fn instant(micros: i64) -> Result<Timestamp, FromSqlError> {
    Timestamp::from_microsecond(micros).map_err(|e| FromSqlError::Other(Box::new(e)))
}

/// The cells that hold what a row is (all but its key, place and revision).
#[derive(Default)]
struct Cells<'a> {
    kind: i64,
    user: &'a str,
    display_name: &'a str,
    avatar_url: &'a str,
    stream: &'a str,
    content: &'a str,
    created_wire: Option<CreatedAt>,
    created_at: Option<i64>,
    entry_id: Option<&'a str>,
    seq: Option<i64>,
    nonce: Option<&'a str>,
    mine: bool,
    standing: i64,
    delivery: i64,
    failure: Option<(&'a str, &'a str)>,
    local_id: Option<&'a [u8]>,
    gap: Option<Gap>,
}

impl<'a> Cells<'a> {
    fn of(kind: &'a RowKind) -> Self {
        match kind {
            RowKind::Entry(entry) => Self::of_entry(entry),
            RowKind::Gap(gap) => Self { kind: GAP, gap: Some(*gap), ..Self::default() },
            RowKind::Boundary => Self { kind: BOUNDARY, ..Self::default() },
        }
    }

    fn of_entry(row: &'a EntryRow) -> Self {
        let EntryRow { entry, created_at, mine, standing, delivery, local_id } = row;
        let (delivery, failure) = match delivery {
            Delivery::Received => (0, None),
            Delivery::Sending => (1, None),
            Delivery::Sent => (2, None),
            Delivery::Unsure => (3, None),
            Delivery::Failed { code, reason } => (4, Some((code.as_str(), reason.as_str()))),
            Delivery::InReview => (5, None),
        };
        Self {
            kind: match entry.kind {
                EntryKind::Message => 0,
                EntryKind::Question => 1,
                EntryKind::Answer => 2,
            },
            user: &entry.user,
            display_name: &entry.display_name,
            avatar_url: &entry.avatar_url,
            stream: &entry.stream,
            content: &entry.content,
            created_wire: entry.created_at,
            created_at: created_at.map(Timestamp::as_microsecond),
            entry_id: entry.id.as_ref().map(EntryId::as_str),
            seq: entry.seq.map(seq_cell),
            nonce: entry.nonce.as_ref().map(Nonce::as_str),
            mine: *mine,
            standing: standing_cell(*standing),
            delivery,
            failure,
            local_id: local_id.as_ref().map(|id| &id.as_bytes()[..]),
            gap: None,
        }
    }

    fn gap_state(&self) -> Option<i64> {
        self.gap.map(|gap| match gap.state {
            GapState::Open => 0,
            GapState::Loading => 1,
            GapState::Failed => 2,
        })
    }
}

pub(super) fn seq_cell(seq: Seq) -> i64 {
    seq.0.cast_signed()
}

pub(super) fn standing_cell(standing: Standing) -> i64 {
    match standing {
        Standing::Provisional => 0,
        Standing::Confirmed => 1,
        Standing::NotInHistory => 2,
    }
}

/// Where a row goes, and when.
pub(super) struct At {
    /// The room of a new row, the key of one that is replaced.
    pub(super) name: i64,
    /// Ignored for one that is replaced.
    pub(super) place: i64,
    pub(super) revision: u64,
    pub(super) epoch: i64,
}

/// Runs [`INSERT`](super::statements::INSERT) or [`REPLACE`](super::statements::REPLACE), which number their cells
/// alike; false if nothing was written (for a new row: its place or its seq is taken).
pub(super) fn write(
    statement: &mut CachedStatement<'_>,
    at: &At,
    received_at: Timestamp,
    kind: &RowKind,
) -> rusqlite::Result<bool> {
    let c = Cells::of(kind);
    let written = statement.execute(params![
        at.name,
        at.place,
        at.revision.cast_signed(),
        received_at.as_microsecond(),
        c.kind,
        at.epoch,
        c.user,
        c.display_name,
        c.avatar_url,
        c.stream,
        c.content,
        Wire(c.created_wire),
        c.created_at,
        c.entry_id,
        c.seq,
        c.nonce,
        c.mine,
        c.standing,
        c.delivery,
        c.failure.map(|f| f.0),
        c.failure.map(|f| f.1),
        c.local_id,
        c.gap_state(),
        c.gap.and_then(|g| g.from).map(seq_cell),
        c.gap.and_then(|g| g.to).map(seq_cell),
        c.gap.and_then(|g| g.missing).map(u64::cast_signed),
    ])?;
    Ok(written == 1)
}

/// Reads a line of the statements that select all columns.
pub(super) fn read(line: &rusqlite::Row<'_>) -> rusqlite::Result<Stored> {
    let kind = match line.get(4)? {
        GAP => RowKind::Gap(read_gap(line)?),
        BOUNDARY => RowKind::Boundary,
        _ => RowKind::Entry(Box::new(read_entry(line, entry_kind(line, 4)?)?)),
    };
    let received_at = instant(line.get(3)?).map_err(|e| unreadable(3, e))?;
    let row = Row {
        key: RowKey(line.get(0)?),
        place: Place(line.get(1)?),
        revision: Revision(line.get::<_, i64>(2)?.cast_unsigned()),
        received_at,
        kind,
    };
    Ok(Stored { row, epoch: line.get(5)? })
}

/// The kind of an entry, from its cell.
pub(super) fn entry_kind(line: &rusqlite::Row<'_>, cell: usize) -> rusqlite::Result<EntryKind> {
    Ok(match line.get(cell)? {
        0 => EntryKind::Message,
        1 => EntryKind::Question,
        2 => EntryKind::Answer,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(cell, other)),
    })
}

fn read_entry(line: &rusqlite::Row<'_>, kind: EntryKind) -> rusqlite::Result<EntryRow> {
    let created_at = line.get::<_, Option<i64>>(12)?.map(instant).transpose();
    let standing = match line.get(17)? {
        0 => Standing::Provisional,
        1 => Standing::Confirmed,
        2 => Standing::NotInHistory,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(17, other)),
    };
    let delivery = match line.get(18)? {
        0 => Delivery::Received,
        1 => Delivery::Sending,
        2 => Delivery::Sent,
        3 => Delivery::Unsure,
        4 => Delivery::Failed {
            code: line.get::<_, Option<String>>(19)?.unwrap_or_default(),
            reason: line.get::<_, Option<String>>(20)?.unwrap_or_default(),
        },
        5 => Delivery::InReview,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(18, other)),
    };
    let entry = Entry {
        kind,
        user: line.get(6)?,
        display_name: line.get(7)?,
        avatar_url: line.get(8)?,
        stream: line.get(9)?,
        content: line.get(10)?,
        created_at: Wire::read(line.get_ref(11)?).map_err(|e| unreadable(11, e))?,
        id: line.get::<_, Option<String>>(13)?.map(EntryId::new),
        seq: line.get::<_, Option<i64>>(14)?.map(read_seq),
        nonce: line.get::<_, Option<String>>(15)?.map(Nonce::new),
    };
    Ok(EntryRow {
        entry,
        created_at: created_at.map_err(|e| unreadable(12, e))?,
        mine: line.get(16)?,
        standing,
        delivery,
        local_id: line.get::<_, Option<[u8; 16]>>(21)?.map(LocalId::from_bytes),
    })
}

fn read_gap(line: &rusqlite::Row<'_>) -> rusqlite::Result<Gap> {
    let state = match line.get::<_, Option<i64>>(22)?.unwrap_or(0) {
        0 => GapState::Open,
        1 => GapState::Loading,
        2 => GapState::Failed,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(22, other)),
    };
    Ok(Gap {
        state,
        from: line.get::<_, Option<i64>>(23)?.map(read_seq),
        to: line.get::<_, Option<i64>>(24)?.map(read_seq),
        missing: line.get::<_, Option<i64>>(25)?.map(i64::cast_unsigned),
    })
}

fn read_seq(cell: i64) -> Seq {
    Seq(cell.cast_unsigned())
}

pub(crate) fn unreadable(column: usize, error: FromSqlError) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error))
}
