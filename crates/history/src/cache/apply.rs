//! Applies one commit to one room, inside a transaction that the caller opened.

use rusqlite::{Connection, OptionalExtension, params};

use super::cells::{self, At, Stored};
use super::head::Head;
use super::indexing::{self, Index};
use super::statements::{ADD_REMOVED, DELETE, OLD_REMOVED, PRUNE_REMOVED, REPLACE, ROW, STAND};
use crate::commit::{Change, Commit, Committed, Inserted, Where};
use crate::error::CommitError;
use crate::ids::{Place, Revision, RoomId, RowKey};
use crate::place::{ECHO_BASE, PARKED};
use crate::row::{Delivery, EntryRow, NewRow, RowKind, Standing};

/// So many removals of a room are remembered; who was away for longer starts over.
const REMOVED_KEPT: i64 = 4096;

/// A commit half done.
pub(super) struct Applying<'c> {
    pub(super) conn: &'c Connection,
    pub(super) room: RoomId,
    pub(super) head: Head,
    /// Whether the room's revision has been raised for this commit.
    pub(super) touched: bool,
    removals: bool,
    pub(super) inserted: Vec<Inserted>,
    pub(super) index: &'c mut Index,
}

/// Applies a commit; on an error the caller must roll back.
pub(crate) fn apply<'c>(
    conn: &'c Connection,
    index: &'c mut Index,
    room: RoomId,
    commit: &Commit,
) -> Result<Committed, CommitError> {
    let before = Head::load(conn, room)?;
    let mut a = Applying {
        conn,
        room,
        head: before.clone(),
        touched: false,
        removals: false,
        inserted: Vec::new(),
        index,
    };
    for change in &commit.changes {
        a.change(change)?;
    }
    if let Some(position) = &commit.position {
        if position.reached_start != a.head.reached_start() {
            a.touch();
        }
        a.head.position = Some(position.clone());
    }
    if let Some(place) = commit.read {
        a.read_up_to(place)?;
    }
    a.forget_old_removals()?;
    if a.head != before {
        a.head.save(conn, room)?;
    }
    let Applying { head, inserted, .. } = a;
    Ok(Committed { revision: Revision(head.revision), inserted, read: head.read })
}

impl Applying<'_> {
    /// The revision of everything that this commit changes.
    pub(super) fn touch(&mut self) -> u64 {
        if !self.touched {
            self.touched = true;
            self.head.revision += 1;
        }
        self.head.revision
    }

    fn change(&mut self, change: &Change) -> Result<(), CommitError> {
        match change {
            Change::Insert { at: Where::BySeq, rows } => {
                rows.iter().try_for_each(|row| self.insert_by_seq(row))
            }
            Change::Insert { at, rows } => self.insert(*at, rows),
            Change::Settle { key, at, row } => {
                let stored = self.stored(*key)?;
                self.replace(stored, &row.kind)?;
                match at {
                    Where::EchoEnd => Ok(()),
                    at => self.shift(*key, *at),
                }
            }
            Change::Update { key, row } => {
                let stored = self.stored(*key)?;
                self.replace(stored, &row.kind)
            }
            Change::Stand { keys, standing } => {
                keys.iter().try_for_each(|key| self.stand(*key, *standing))
            }
            Change::Deliver { key, delivery } => self.deliver(*key, delivery),
            Change::Move { key, at } => self.shift(*key, *at),
            Change::Remove { key } => self.remove(*key),
            Change::Boundary { received_at } => {
                self.boundary(&NewRow { received_at: *received_at, kind: RowKind::Boundary })
            }
        }
    }

    fn stored(&self, key: RowKey) -> Result<Stored, CommitError> {
        let mut statement = self.conn.prepare_cached(ROW)?;
        let stored = statement.query_row(params![self.room.0, key.0], cells::read).optional()?;
        stored.ok_or(CommitError::UnknownRow(key))
    }

    /// Makes a row something else; another row with its seq goes.
    fn replace(&mut self, stored: Stored, kind: &RowKind) -> Result<(), CommitError> {
        let key = stored.row.key;
        let seq_stays = match (&stored.row.kind, kind) {
            (RowKind::Entry(old), RowKind::Entry(new)) => old.entry.seq == new.entry.seq,
            _ => false,
        };
        // A row of an older epoch stays of that epoch as long as its number is the same one.
        let epoch = if seq_stays { stored.epoch } else { self.head.epoch };
        if !seq_stays
            && let Some(other) = self.same_seq(kind)?
            && other.row.key != key
        {
            self.remove(other.row.key)?;
        }
        if stored.row.kind == *kind && stored.epoch == epoch {
            return Ok(());
        }
        self.write_over(key, epoch, &stored.row.kind, kind)
    }

    pub(super) fn write_over(
        &mut self,
        key: RowKey,
        epoch: i64,
        old: &RowKind,
        kind: &RowKind,
    ) -> Result<(), CommitError> {
        indexing::reindex(self.conn, self.index, self.room, key, old, kind)?;
        let at = At { name: key.0, place: 0, revision: self.touch(), epoch };
        cells::write(
            &mut self.conn.prepare_cached(REPLACE)?,
            &at,
            jiff::Timestamp::UNIX_EPOCH,
            kind,
        )?;
        Ok(())
    }

    fn stand(&mut self, key: RowKey, standing: Standing) -> Result<(), CommitError> {
        let revision = self.head.revision + u64::from(!self.touched);
        let cells =
            params![self.room.0, key.0, revision.cast_signed(), cells::standing_cell(standing)];
        let changed = self.conn.prepare_cached(STAND)?.execute(cells)?;
        if changed > 0 {
            self.touch();
        } else {
            self.place_of(key)?;
        }
        Ok(())
    }

    fn deliver(&mut self, key: RowKey, delivery: &Delivery) -> Result<(), CommitError> {
        let stored = self.stored(key)?;
        match &stored.row.kind {
            RowKind::Entry(entry) => {
                let entry = EntryRow { delivery: delivery.clone(), ..EntryRow::clone(entry) };
                self.replace(stored, &RowKind::Entry(Box::new(entry)))
            }
            RowKind::Gap(_) | RowKind::Boundary => Ok(()),
        }
    }

    /// Gives a row another place. It is out of the way while the place is looked for.
    pub(super) fn shift(&mut self, key: RowKey, at: Where) -> Result<(), CommitError> {
        let old = self.place_of(key)?;
        if at == Where::After(key) || at == Where::Before(key) {
            return Ok(());
        }
        self.put(key, PARKED)?;
        self.leave_read_mark(old)?;
        let place = match at {
            Where::BySeq => self.free_seq_place(key)?,
            at => self.run(at, 1)?.first,
        };
        self.put(key, place)?;
        tracing::trace!(key = key.0, old, place, "row moved");
        Ok(())
    }

    fn free_seq_place(&mut self, key: RowKey) -> Result<i64, CommitError> {
        let stored = self.stored(key)?;
        let seq = stored.row.entry().and_then(|entry| entry.entry.seq);
        self.seq_place(seq.ok_or(CommitError::NoSeq)?)
    }

    fn remove(&mut self, key: RowKey) -> Result<(), CommitError> {
        let place = match self.place_of(key) {
            Err(CommitError::UnknownRow(_)) => return Ok(()),
            place => place?,
        };
        let revision = self.touch();
        self.conn.prepare_cached(DELETE)?.execute(params![self.room.0, key.0])?;
        indexing::forget(self.conn, self.index, key)?;
        let cells = params![self.room.0, revision.cast_signed(), key.0];
        self.conn.prepare_cached(ADD_REMOVED)?.execute(cells)?;
        self.removals = true;
        self.leave_read_mark(place)
    }

    /// The read mark always stands at a row. If that row goes, the mark stays with the one before: the place may be given to
    /// a row that nobody has read.
    fn leave_read_mark(&mut self, place: i64) -> Result<(), CommitError> {
        if self.head.read == Some(Place(place)) {
            self.head.read = self.last_below(place)?.map(Place);
        }
        Ok(())
    }

    fn boundary(&mut self, row: &NewRow) -> Result<(), CommitError> {
        let anything_here = self.last_below(ECHO_BASE)?.is_some();
        // Above the boundary the numbers start anew; it stands like any appended row.
        self.head.grid = None;
        self.head.epoch += 1;
        if anything_here {
            let run = self.run(Where::End, 1)?;
            self.insert_one(run.first, row, false)?;
            self.inserted.pop();
        }
        Ok(())
    }

    fn read_up_to(&mut self, place: Place) -> Result<(), CommitError> {
        let end = ECHO_BASE.min(place.0.saturating_add(1));
        let read = self.last_below(end)?.map(Place);
        if read > self.head.read {
            self.head.read = read;
            self.touch();
        }
        Ok(())
    }

    fn forget_old_removals(&mut self) -> Result<(), CommitError> {
        if !self.removals {
            return Ok(());
        }
        let oldest_kept = self
            .conn
            .prepare_cached(OLD_REMOVED)?
            .query_row(params![self.room.0, REMOVED_KEPT], |line| line.get::<_, i64>(0))
            .optional()?;
        if let Some(revision) = oldest_kept {
            self.conn.prepare_cached(PRUNE_REMOVED)?.execute(params![self.room.0, revision])?;
            self.head.removed_floor = revision.cast_unsigned();
        }
        Ok(())
    }
}
