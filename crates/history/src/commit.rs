//! How a timeline changes: everything in one commit happens together or not at all.

use aside_protocol::{Epoch, Seq};
use jiff::Timestamp;

use crate::ids::{Place, Revision, RowKey};
use crate::row::{Delivery, NewRow, Standing};

/// One transaction on one room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    /// Applied in this order; a later change sees the earlier ones.
    pub changes: Vec<Change>,
    /// The room's new position, if it moved.
    pub position: Option<Position>,
    /// Everything up to here has been read. A read mark never moves back, and never beyond the newest settled row.
    pub read: Option<Place>,
}

/// One step of a commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Puts new rows into the timeline, next to each other and in this order (with [`Where::BySeq`]: each at its own
    /// place). An entry whose `seq` is already there (in the current epoch) is merged into that row, which keeps its key.
    Insert {
        /// Where the first of them goes.
        at: Where,
        /// The rows.
        rows: Vec<NewRow>,
    },
    /// Replaces what a row is and gives it its lasting place: an echo becomes the server's entry, same key. If another
    /// row already holds that `seq`, that other row is removed.
    Settle {
        /// The row, usually an echo.
        key: RowKey,
        /// Its lasting place; [`Where::EchoEnd`] leaves it where it is.
        at: Where,
        /// What it is now; `received_at` stays the row's own.
        row: NewRow,
    },
    /// Replaces what a row is where it stands; `received_at` stays the row's own.
    Update {
        /// The row.
        key: RowKey,
        /// What it is now.
        row: NewRow,
    },
    /// Changes only how sure the places of these rows are.
    Stand {
        /// Rows of entries; others are left alone.
        keys: Vec<RowKey>,
        /// Their new standing.
        standing: Standing,
    },
    /// Changes only how far an entry got.
    Deliver {
        /// The row.
        key: RowKey,
        /// Its new delivery.
        delivery: Delivery,
    },
    /// Gives a row another place.
    Move {
        /// The row.
        key: RowKey,
        /// Its new place.
        at: Where,
    },
    /// Takes a row out of the timeline; a row that is not there is no error.
    Remove {
        /// The row.
        key: RowKey,
    },
    /// The room's history was reset: a boundary row goes to the end (unless nothing settled is here yet), and sequence numbers
    /// start anew above it. Commit the new epoch's position together with it.
    Boundary {
        /// When that was noticed.
        received_at: Timestamp,
    },
}

/// Where rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// After every settled row.
    End,
    /// Before every row.
    Start,
    /// Right after this row.
    After(RowKey),
    /// Right before this row.
    Before(RowKey),
    /// By the `seq` of each entry (an error for a row without one).
    BySeq,
    /// Before the place of this sequence number, after everything that is before it (for gap rows: `BeforeSeq(gap.from)`).
    BeforeSeq(Seq),
    /// After everything, echoes included: the place of a new echo.
    EchoEnd,
}

/// How far a room's history has been applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The server's epoch, where it has one.
    pub epoch: Option<Epoch>,
    /// Everything up to here is in the rows, or is a gap row.
    pub applied: Option<Seq>,
    /// The room's very first entry is here: nothing older exists.
    pub reached_start: bool,
}

/// What a commit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The room's revision now; unchanged if the commit changed nothing that can be seen.
    pub revision: Revision,
    /// One for each row of each [`Change::Insert`], in order.
    pub inserted: Vec<Inserted>,
    /// The room's read mark now.
    pub read: Option<Place>,
}

/// What became of one inserted row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// Its key, or that of the row it was merged into.
    pub key: RowKey,
    /// Its place.
    pub place: Place,
    /// False if it was merged into a row that was there before.
    pub fresh: bool,
}
