//! Finds places for rows, and makes room where there is none.

use aside_protocol::Seq;
use rusqlite::{OptionalExtension, params};

use super::apply::Applying;
use super::statements::{FIRST_ABOVE, LAST_BELOW, PLACE_OF, PUT, SLOT as ROWS_OF_SLOT};
use crate::commit::Where;
use crate::error::CommitError;
use crate::ids::{Place, RowKey};
use crate::place::{
    ECHO_BASE, PARKED, Run, SLOT, SeqGrid, between, count, slot_after, slot_before,
};

/// Beyond this a JavaScript number no longer counts by ones.
const PLACE_END: i64 = 1 << 53;

impl Applying<'_> {
    /// Places for `rows` neighbours (not for [`Where::BySeq`], which has no neighbours: [`Applying::seq_place`]).
    pub(super) fn run(&mut self, at: Where, rows: usize) -> Result<Run, CommitError> {
        match at {
            Where::End => self.run_at_end(rows),
            Where::Start => match self.first_above(i64::MIN, ECHO_BASE)? {
                Some(first) => self.run_at_start(first, rows),
                None => self.run_at_end(rows),
            },
            Where::After(key) => self.run_after(self.place_of(key)?, rows),
            Where::Before(key) => self.run_before(self.place_of(key)?, rows),
            Where::BeforeSeq(seq) => {
                let high = self.seq_place(seq)?;
                let low = self.last_below(high)?;
                self.run_inside(
                    low.map_or(slot_before(high), |low| low.max(slot_before(high))),
                    high,
                    rows,
                )
            }
            Where::EchoEnd => {
                let first =
                    self.last_below(PARKED)?.map_or(ECHO_BASE, |last| ECHO_BASE.max(last + 1));
                if count(rows) > PLACE_END - first {
                    return Err(CommitError::NoPlace);
                }
                Ok(Run { first, step: 1 })
            }
            Where::BySeq => Err(CommitError::NoSeq),
        }
    }

    /// The place of a sequence number; the first one of an epoch decides where that epoch stands.
    pub(super) fn seq_place(&mut self, seq: Seq) -> Result<i64, CommitError> {
        let grid = match self.head.grid {
            Some(grid) => grid,
            None => {
                let grid = SeqGrid::above(self.last_below(ECHO_BASE)?, seq.0);
                self.head.grid = Some(grid);
                grid
            }
        };
        grid.place(seq.0).ok_or(CommitError::SeqOutOfRange(seq))
    }

    /// With sequence numbers the starts of slots are theirs, and even the end is inside a slot.
    fn run_at_end(&mut self, rows: usize) -> Result<Run, CommitError> {
        let last = self.last_below(ECHO_BASE)?;
        match (self.head.grid, last) {
            (Some(grid), last) => {
                let low = last.map_or(grid.base, |last| last.max(grid.base));
                self.run_inside(low, slot_after(low), rows)
            }
            (None, last) => {
                let first = last.map_or(0, slot_after);
                if count(rows) > (ECHO_BASE - first) / SLOT {
                    return Err(CommitError::NoPlace);
                }
                Ok(Run { first, step: SLOT })
            }
        }
    }

    fn run_at_start(&mut self, first: i64, rows: usize) -> Result<Run, CommitError> {
        if self.head.grid.is_some() {
            return self.run_inside(slot_before(first), first, rows);
        }
        let newest = slot_before(first);
        if count(rows) > (newest + ECHO_BASE) / SLOT {
            return Err(CommitError::NoPlace);
        }
        Ok(Run { first: newest - (count(rows) - 1) * SLOT, step: SLOT })
    }

    fn run_after(&mut self, low: i64, rows: usize) -> Result<Run, CommitError> {
        let end = if low < ECHO_BASE { ECHO_BASE } else { PARKED };
        match self.first_above(low, end)? {
            Some(next) => self.run_inside(low, next.min(slot_after(low)), rows),
            None if low < ECHO_BASE => self.run_at_end(rows),
            None => self.run_inside(low, slot_after(low), rows),
        }
    }

    fn run_before(&mut self, high: i64, rows: usize) -> Result<Run, CommitError> {
        let previous = self.last_below(high)?;
        match previous {
            // An echo's predecessor that is settled says nothing: what is put between them is the settled end.
            Some(low) if high >= ECHO_BASE && low >= ECHO_BASE => self.run_after(low, rows),
            _ if high >= ECHO_BASE => self.run_at_end(rows),
            Some(low) => self.run_inside(low.max(slot_before(high)), high, rows),
            None => self.run_at_start(high, rows),
        }
    }

    /// Numbers strictly between two others of one slot, after respacing the slot if need be.
    fn run_inside(&mut self, low: i64, high: i64, rows: usize) -> Result<Run, CommitError> {
        match between(low, high, rows) {
            Some(run) => Ok(run),
            None => self.respace(low, rows),
        }
    }

    /// Spreads the rows inside the slot of `low` evenly, with a hole for `rows` new ones after `low`.
    fn respace(&mut self, low: i64, rows: usize) -> Result<Run, CommitError> {
        let start = slot_after(low) - SLOT;
        let slot = self
            .conn
            .prepare_cached(ROWS_OF_SLOT)?
            .query_map(params![self.room.0, start, start + SLOT], |line| {
                Ok((RowKey(line.get(0)?), line.get::<_, i64>(1)?))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let before = slot.iter().filter(|(_, place)| *place <= low).count();
        let all = between(start, start + SLOT, slot.len().saturating_add(rows));
        let all = all.ok_or(CommitError::NoPlace)?;
        let moves: Vec<_> = slot
            .iter()
            .enumerate()
            .map(|(i, (key, old))| (*key, *old, all.at(if i < before { i } else { i + rows })))
            .collect();
        // No two rows may ever share a place: what moves up goes first and from the top, what moves down from the bottom.
        for (key, _, new) in moves.iter().rev().filter(|(_, old, new)| new > old) {
            self.put(*key, *new)?;
        }
        for (key, _, new) in moves.iter().filter(|(_, old, new)| new < old) {
            self.put(*key, *new)?;
        }
        self.keep_read_mark(start, &moves);
        Ok(Run { first: all.at(before), step: all.step })
    }

    /// The read mark stays behind the same row.
    fn keep_read_mark(&mut self, start: i64, moves: &[(RowKey, i64, i64)]) {
        if let Some(Place(read)) = self.head.read
            && read > start
            && read < start + SLOT
        {
            let last_read = moves.iter().rev().find(|(_, old, _)| *old <= read);
            self.head.read = Some(Place(last_read.map_or(start, |(_, _, new)| *new)));
        }
    }

    /// Gives a row a place.
    pub(super) fn put(&mut self, key: RowKey, place: i64) -> Result<(), CommitError> {
        let revision = self.touch();
        self.conn.prepare_cached(PUT)?.execute(params![key.0, place, revision.cast_signed()])?;
        Ok(())
    }

    pub(super) fn place_of(&self, key: RowKey) -> Result<i64, CommitError> {
        let place = self
            .conn
            .prepare_cached(PLACE_OF)?
            .query_row(params![self.room.0, key.0], |line| line.get(0))
            .optional()?;
        place.ok_or(CommitError::UnknownRow(key))
    }

    pub(super) fn last_below(&self, place: i64) -> Result<Option<i64>, CommitError> {
        let mut statement = self.conn.prepare_cached(LAST_BELOW)?;
        Ok(statement.query_row(params![self.room.0, place], |line| line.get(0)).optional()?)
    }

    fn first_above(&self, low: i64, high: i64) -> Result<Option<i64>, CommitError> {
        let mut statement = self.conn.prepare_cached(FIRST_ABOVE)?;
        Ok(statement.query_row(params![self.room.0, low, high], |line| line.get(0)).optional()?)
    }
}
