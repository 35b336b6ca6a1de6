//! The SQL of `cache.db`: how rows are written ([`apply`]), read ([`read`], [`only`], [`items`]), found ([`indexing`], [`search`], [`similar`], [`moments`]) and stored ([`cells`]).

pub(crate) mod apply;
mod cells;
mod head;
pub(crate) mod indexing;
mod insert;
pub(crate) mod items;
pub(crate) mod moments;
pub(crate) mod only;
pub(crate) mod read;
pub(crate) mod rooms;
pub(crate) mod search;
pub(crate) mod similar;
mod slots;
pub(crate) mod statements;

pub(crate) use cells::{instant, unreadable};
use rusqlite_migration::{M, Migrations};

/// How the file came to its present shape, step by step; a step that was released is never edited.
const STEPS: &[M<'_>] = &[
    M::up(include_str!("sql/cache_1.sql")),
    M::up(include_str!("sql/cache_2.sql")),
    M::up(include_str!("sql/cache_3.sql")),
    M::up(include_str!("sql/cache_4.sql")),
    M::up(include_str!("sql/cache_5.sql")),
    M::up(include_str!("sql/cache_6.sql")),
    M::up(include_str!("sql/cache_7.sql")),
];
pub(crate) static MIGRATIONS: Migrations<'_> = Migrations::from_slice(STEPS);
