//! The local cache of a room: it IS the timeline, and it keeps what a person wrote until a server has it.
//!
//! Two SQLite files below one directory that one process holds at a time: `cache.db` (rows, positions, read marks: may
//! be thrown away and fetched again) and `outbox.db` (what was written here, and drafts: never thrown away). No socket, no
//! clock: times and random bytes are passed in. A commit is one transaction; whoever asked for it is told after it
//! is on disk, and everybody else then asks for the changes since the revision that they know.
//!
//! Reading order: [`ids`] (rooms, rows, places, revisions), [`row`] (what the timeline is made of), [`said`] (when it was said), [`commit`] (how it
//! changes), [`view`] (how it is read), [`search`] (how it is found), [`outgoing`] (what waits to be sent, drafts), [`triage`]
//! (questions as work items, what a desk keeps), [`error`], [`store`] (the handle).
//! Behind them: `place` (arithmetic of order), `cache` and `outbox` (SQL of the two files), `files` (opening, locking,
//! setting aside), `work` (the writer's and the readers' threads).

mod cache;
pub mod commit;
pub mod error;
mod files;
mod fold;
pub mod ids;
mod outbox;
pub mod outgoing;
mod place;
#[cfg(test)]
mod plan;
pub mod row;
pub mod said;
pub mod search;
pub mod store;
pub mod triage;
pub mod view;
mod work;

pub use commit::{Change, Commit, Committed, Inserted, Position, Where};
pub use error::{CommitError, OpenError, OutboxError, StoreError};
pub use fold::{Class, class};
pub use ids::{LocalId, Place, Revision, RoomId, RoomName, RowKey};
pub use outgoing::{Draft, DraftMode, NewOutgoing, Outgoing, OutgoingBody, OutgoingState, Written};
pub use row::{Delivery, EntryRow, Gap, GapState, NewRow, Row, RowKind, Standing};
pub use search::{Cursor, Hit, SearchPage, SearchQuery};
pub use store::{OpenReport, Opened, Store};
pub use triage::{Items, ItemsHeard, Snippet};
pub use view::{Anchor, Changes, Moment, Only, Page, Person, RoomState, Unread};
