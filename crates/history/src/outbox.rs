//! The SQL of `outbox.db`: the rooms' names ([`rooms`]), what waits to be sent ([`queue`]), drafts ([`drafts`]), what a desk keeps ([`desk`]), and
//! what can be saved of a damaged file ([`salvage`]).

pub(crate) mod desk;
pub(crate) mod drafts;
pub(crate) mod queue;
pub(crate) mod rooms;
pub(crate) mod salvage;
pub(crate) mod statements;

use rusqlite_migration::{M, Migrations};

/// How the file came to its present shape, step by step; a step that was released is never edited.
const STEPS: &[M<'_>] = &[
    M::up(include_str!("sql/outbox_1.sql")),
    M::up(include_str!("sql/outbox_2.sql")),
    M::up(include_str!("sql/outbox_3.sql")),
    M::up(include_str!("sql/outbox_4.sql")),
];
pub(crate) static MIGRATIONS: Migrations<'_> = Migrations::from_slice(STEPS);
