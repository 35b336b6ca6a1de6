//! What came back after the link was cut, for whoever reads it later: where it stands, until it was read.

use aside_history::{Committed, NewRow, Place, RowKind};
use jiff::Timestamp;

use super::Room;
use crate::view::{Connection, Recovered};

/// A row of a draft that had been missed.
pub(super) struct Missed {
    /// Which of the inserted rows it is.
    at: usize,
    said: Timestamp,
}

impl Missed {
    pub(super) fn of(at: usize, row: &NewRow) -> Option<Self> {
        let RowKind::Entry(entry) = &row.kind else { return None };
        Some(Self { at, said: entry.created_at.unwrap_or(row.received_at) })
    }
}

impl Room {
    /// Takes note of what had been missed and is on disk now. What a room finds when it is opened, or looks up while it is live, is no outage.
    pub(super) fn came_back(&self, missed: &[Missed], committed: &Committed) {
        if missed.is_empty() {
            return;
        }
        let view = self.tell.borrow();
        // The first history of a room is none that was missed, and is not counted as such.
        let opens = view.counters.connects < 2 || view.counters.recovered == 0;
        if opens || view.connection == Connection::Online {
            return;
        }
        let same = |old: &Recovered| old.generation == self.generation || self.behind.is_some();
        let waits = |old: &Recovered| old.ahead && !old.is_read(committed.read);
        let mut now = view.recovered.filter(|old| same(old) || waits(old));
        drop(view);
        let generation = self.generation;
        for Missed { at, said } in missed {
            let Some(place) = committed.inserted.get(*at).map(|row| row.place) else { continue };
            let one = (place, *said);
            let ahead = committed.read.is_none_or(|read| place > read);
            let (first, last) = (one, one);
            let all = now.get_or_insert(Recovered { count: 0, first, last, ahead, generation });
            (all.count, all.generation) = (all.count + 1, generation);
            all.ahead &= ahead;
            all.first = if place < all.first.0 { one } else { all.first };
            all.last = if place > all.last.0 { one } else { all.last };
        }
        self.tell.send_if_modified(|view| {
            let changed = view.recovered != now;
            view.recovered = now;
            changed
        });
    }

    /// Somebody has read up to there. What came in above what was read already, nobody comes past.
    pub(super) fn recovered_is_read(&self, read: Option<Place>) {
        self.tell.send_if_modified(|view| {
            let whole = view.connection == Connection::Online && !view.behind;
            let is_read = |all: Recovered| whole && all.ahead && all.is_read(read);
            view.recovered.take_if(|all| is_read(*all)).is_some()
        });
    }
}

impl Recovered {
    fn is_read(&self, read: Option<Place>) -> bool {
        read.is_some_and(|read| read >= self.last.0)
    }
}
