//! A room's own line: revision, position, read mark, and how its sequence numbers map to places.

use aside_protocol::{Epoch, Seq};
use rusqlite::{Connection, OptionalExtension, params};

use super::statements::{HEAD, SAVE_HEAD};
use crate::commit::Position;
use crate::error::StoreError;
use crate::ids::{Place, RoomId};
use crate::place::SeqGrid;

/// The line, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    pub(super) revision: u64,
    pub(super) removed_floor: u64,
    pub(super) epoch: i64,
    pub(super) grid: Option<SeqGrid>,
    pub(super) position: Option<Position>,
    pub(super) read: Option<Place>,
}

impl Head {
    /// Reads the line.
    pub(super) fn load(conn: &Connection, room: RoomId) -> Result<Self, StoreError> {
        let head = conn.prepare_cached(HEAD)?.query_row([room.0], Self::read_line).optional()?;
        head.ok_or(StoreError::UnknownRoom(room))
    }

    fn read_line(line: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let origin = line.get::<_, i64>(4)?.cast_unsigned();
        let position = Position {
            epoch: line.get::<_, Option<String>>(6)?.map(Epoch::new),
            applied: line.get::<_, Option<i64>>(7)?.map(|seq| Seq(seq.cast_unsigned())),
            reached_start: line.get(8)?,
        };
        Ok(Self {
            revision: line.get::<_, i64>(0)?.cast_unsigned(),
            removed_floor: line.get::<_, i64>(1)?.cast_unsigned(),
            epoch: line.get(2)?,
            grid: line.get::<_, Option<i64>>(3)?.map(|base| SeqGrid { base, origin }),
            position: line.get::<_, bool>(5)?.then_some(position),
            read: line.get::<_, Option<i64>>(9)?.map(Place),
        })
    }

    /// Writes the line.
    pub(super) fn save(&self, conn: &Connection, room: RoomId) -> rusqlite::Result<()> {
        let position = self.position.as_ref();
        conn.prepare_cached(SAVE_HEAD)?.execute(params![
            room.0,
            self.revision.cast_signed(),
            self.removed_floor.cast_signed(),
            self.epoch,
            self.grid.map(|grid| grid.base),
            self.grid.map_or(0, |grid| grid.origin).cast_signed(),
            position.is_some(),
            position.and_then(|p| p.epoch.as_ref()).map(Epoch::as_str),
            position.and_then(|p| p.applied).map(|seq| seq.0.cast_signed()),
            position.is_some_and(|p| p.reached_start),
            self.read.map(|place| place.0),
        ])?;
        Ok(())
    }

    /// Whether the room's very first entry is in the cache.
    pub(super) fn reached_start(&self) -> bool {
        self.position.as_ref().is_some_and(|position| position.reached_start)
    }
}
