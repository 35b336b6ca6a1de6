//! Puts new rows in, or into the rows that are the same entries.

use rusqlite::{OptionalExtension, params};

use super::apply::Applying;
use super::cells::{self, At, Stored};
use super::statements::{INSERT, ROW_BY_SEQ};
use crate::commit::{Inserted, Where};
use crate::error::CommitError;
use crate::ids::{Place, RowKey};
use crate::place::{between, slot_after};
use crate::row::{Delivery, EntryRow, NewRow, RowKind, Standing};

impl Applying<'_> {
    pub(super) fn insert(&mut self, at: Where, rows: &[NewRow]) -> Result<(), CommitError> {
        if rows.is_empty() {
            return Ok(());
        }
        let run = self.run(at, rows.len())?;
        for (index, row) in rows.iter().enumerate() {
            self.insert_one(run.at(index), row, false)?;
        }
        Ok(())
    }

    pub(super) fn insert_by_seq(&mut self, row: &NewRow) -> Result<(), CommitError> {
        let seq = match &row.kind {
            RowKind::Entry(entry) => entry.entry.seq,
            RowKind::Gap(_) | RowKind::Boundary => None,
        };
        let place = self.seq_place(seq.ok_or(CommitError::NoSeq)?)?;
        self.insert_one(place, row, true)
    }

    pub(super) fn insert_one(
        &mut self,
        place: i64,
        row: &NewRow,
        by_seq: bool,
    ) -> Result<(), CommitError> {
        let at = At {
            name: self.room.0,
            place,
            revision: self.head.revision + u64::from(!self.touched),
            epoch: self.head.epoch,
        };
        let fresh =
            cells::write(&mut self.conn.prepare_cached(INSERT)?, &at, row.received_at, &row.kind)?;
        if fresh {
            self.touch();
            let key = RowKey(self.conn.last_insert_rowid());
            self.index.wrote(key);
            self.inserted.push(Inserted { key, place: Place(place), fresh });
            return Ok(());
        }
        match self.same_seq(&row.kind)? {
            Some(there) => self.merge(there, row, by_seq),
            // Nothing but a seq row ever stands on a seq's place; should it be otherwise, the row still goes in.
            None => {
                let beside = self.beside(place)?;
                self.insert_one(beside, row, false)
            }
        }
    }

    /// A free place in the slot of one that is taken.
    fn beside(&self, place: i64) -> Result<i64, CommitError> {
        tracing::error!(place, "a place that belongs to a sequence number was taken");
        let end = slot_after(place);
        let last = self.last_below(end)?.unwrap_or(place);
        between(last, end, 1).map(|run| run.first).ok_or(CommitError::NoPlace)
    }

    /// The row of the current epoch that has the seq of this entry.
    pub(super) fn same_seq(&self, kind: &RowKind) -> Result<Option<Stored>, CommitError> {
        let RowKind::Entry(row) = kind else { return Ok(None) };
        let Some(seq) = row.entry.seq else { return Ok(None) };
        let mut statement = self.conn.prepare_cached(ROW_BY_SEQ)?;
        let cells = params![self.room.0, self.head.epoch, cells::seq_cell(seq)];
        Ok(statement.query_row(cells, cells::read).optional()?)
    }

    /// The entry is there already: the row learns what the newcomer knows better.
    fn merge(&mut self, there: Stored, row: &NewRow, by_seq: bool) -> Result<(), CommitError> {
        let (key, mut place) = (there.row.key, there.row.place);
        if let (RowKind::Entry(old), RowKind::Entry(new)) = (&there.row.kind, &row.kind) {
            let merged = RowKind::Entry(Box::new(merged(old, new)));
            if merged != there.row.kind {
                self.write_over(key, there.epoch, &there.row.kind, &merged)?;
            }
        }
        if by_seq && place.is_echo() {
            self.shift(key, Where::BySeq)?;
            place = Place(self.place_of(key)?);
        }
        self.inserted.push(Inserted { key, place, fresh: false });
        Ok(())
    }
}

/// One row out of two sightings of the same entry: the server's words as heard last, what only one knows from that one.
fn merged(old: &EntryRow, new: &EntryRow) -> EntryRow {
    let mut entry = new.entry.clone();
    entry.id = entry.id.or_else(|| old.entry.id.clone());
    entry.nonce = entry.nonce.or_else(|| old.entry.nonce.clone());
    entry.created_at = entry.created_at.or(old.entry.created_at);
    let confirmed = [old.standing, new.standing].contains(&Standing::Confirmed);
    EntryRow {
        entry,
        created_at: new.created_at.or(old.created_at),
        mine: old.mine || new.mine,
        standing: if confirmed { Standing::Confirmed } else { new.standing },
        delivery: match &old.delivery {
            Delivery::Received => Delivery::Received,
            // Seen by the server, so whatever was feared, it arrived.
            Delivery::Sending
            | Delivery::Sent
            | Delivery::Unsure
            | Delivery::Failed { .. }
            | Delivery::InReview => Delivery::Sent,
        },
        local_id: old.local_id.or(new.local_id),
    }
}
