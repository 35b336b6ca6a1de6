//! The arithmetic of order: which number puts a row between two others.
//!
//! The line of numbers is cut into slots of 2^20. Rows that are appended, and rows that have a sequence number, stand at the
//! start of a slot; what is put between them stands inside a slot. So a sequence number's place is never taken by
//! a row without one, and making room never touches more than one slot.

/// Places of settled rows are below this (and above its negative), echoes at and above it.
pub(crate) const ECHO_BASE: i64 = 1 << 52;
/// Where a row waits while its new place is looked for: above everything.
pub(crate) const PARKED: i64 = 1 << 60;
/// The width of a slot.
pub(crate) const SLOT: i64 = 1 << 20;

/// Numbers for a few rows in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first row's.
    pub(crate) first: i64,
    /// From one to the next.
    pub(crate) step: i64,
}

impl Run {
    /// The number of the row at `index`.
    pub(crate) fn at(self, index: usize) -> i64 {
        self.first + self.step * count(index)
    }
}

/// How many rows, as a number to reckon with; no run is ever longer than there are slots.
pub(crate) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(PARKED).min(PARKED)
}

/// The start of the slot after the one that `place` is in.
pub(crate) fn slot_after(place: i64) -> i64 {
    (place.div_euclid(SLOT) + 1) * SLOT
}

/// The last start of a slot before `place`.
pub(crate) fn slot_before(place: i64) -> i64 {
    (place - 1).div_euclid(SLOT) * SLOT
}

/// `rows` numbers evenly between two others, not touching either; none if they do not fit.
pub(crate) fn between(low: i64, high: i64, rows: usize) -> Option<Run> {
    let step = (high - low) / (count(rows).checked_add(1)?);
    (step > 0).then_some(Run { first: low + step, step })
}

/// How sequence numbers map to places in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeqGrid {
    /// The place of `origin`.
    pub(crate) base: i64,
    /// The smallest sequence number that has a place.
    pub(crate) origin: u64,
}

impl SeqGrid {
    /// A grid above `top` (the newest settled place), in which `first` and its neighbours find room: sixteen million older
    /// ones, and as many newer ones as there are places left. Epochs are stacked, so none may be wasteful.
    pub(crate) fn above(top: Option<i64>, first: u64) -> Self {
        Self { base: top.map_or(0, slot_after), origin: first.saturating_sub(1 << 24) }
    }

    /// The place of a sequence number; none if it is too far from the others.
    pub(crate) fn place(self, seq: u64) -> Option<i64> {
        let offset = i64::try_from(seq.checked_sub(self.origin)?).ok()?;
        let place = offset.checked_mul(SLOT)?.checked_add(self.base)?;
        (place < ECHO_BASE).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_found_on_both_sides_of_zero() {
        assert_eq!(slot_after(0), SLOT);
        assert_eq!(slot_after(SLOT - 1), SLOT);
        assert_eq!(slot_after(-1), 0);
        assert_eq!(slot_before(0), -SLOT);
        assert_eq!(slot_before(1), 0);
        assert_eq!(slot_before(SLOT), 0);
        assert_eq!(slot_before(-SLOT + 1), -SLOT);
    }

    #[test]
    fn numbers_between_never_touch_their_neighbours() {
        assert_eq!(between(0, 2, 1), Some(Run { first: 1, step: 1 }));
        assert_eq!(between(0, 1, 1), None);
        assert_eq!(between(0, 3, 2), Some(Run { first: 1, step: 1 }));
        assert_eq!(between(0, 3, 3), None);
        let run = between(0, SLOT, 1000).unwrap();
        assert!(run.at(999) < SLOT && run.first > 0);
    }

    #[test]
    fn sequence_numbers_have_places_below_the_echoes_or_none() {
        let grid = SeqGrid::above(Some(5), 1);
        assert_eq!(grid.place(0), Some(SLOT));
        assert_eq!(grid.place(3), Some(4 * SLOT));
        assert_eq!(grid.place(u64::MAX), None);
        assert_eq!(grid.place(1 << 32), None);
        let grid = SeqGrid::above(None, u64::MAX);
        assert!(grid.place(u64::MAX).is_some_and(|place| place > 0 && place < ECHO_BASE));
        assert_eq!(grid.place(1), None);
    }
}
