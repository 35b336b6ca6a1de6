//! The room server: the reference for the protocol, run by `aside-server`, hosted in the app, used by every test.
//!
//! For owners: [`config`] (what may be chosen), [`log`] (what several servers share), [`running`] ([`start`] and [`Running`]), [`rooms`] with its words in
//! [`spec`] (rooms, tokens, publishing), [`probe`] (what clients did, for tests).
//!
//! Inside, in the order of a request: `accept` (TCP and HTTP) → `routes` (the paths, and what every request passes) →
//! `page` and `guests` (for a browser), or `gate` (who may come in) → `history`, `asking`, or `upgrade` → `connection`, which is `inbound` and `outbound`.
//! An entry goes to `store::writer`, the one thread that writes; after its commit, `room` tells every `outlet`, which writes it with its `pen` or queues it.
//! What a desk does with questions is `triage`, with `answers`, `review` (what waits beside the log), `votes`, `presence` (who looks at
//! which) and `snippets` (texts that staff share). What it does about people is `moderation`, what holds in a room at the moment `rules` (with `words`); `keeping` throws
//! away what is old, `metrics` counts, `links` says where a browser finds a room. Where several servers share a log, the writer's
//! `store::log` puts everything into it first, and `room::heard` tells what the others wrote.
//! `crowd` bounds the connections that only speak HTTP; [`inline`] is a server for simulations.
//! `hall` holds all of that together; `wire` is the form of entries for the extensions that are offered; `sockets`
//! is the list of who is here; `pace` and `refusal` are the ways to say no.

mod accept;
mod answers;
mod arriving;
mod asking;
pub mod config;
mod connection;
mod crowd;
mod fitting;
mod gate;
mod guests;
mod hall;
mod history;
mod inbound;
pub mod inline;
mod keeping;
mod links;
pub mod log;
mod metrics;
mod moderation;
mod outbound;
mod outlet;
mod pace;
mod page;
mod pen;
mod presence;
pub mod probe;
mod refusal;
mod review;
mod room;
pub mod rooms;
mod routes;
mod rules;
pub mod running;
mod snippets;
mod sockets;
pub mod spec;
mod store;
mod triage;
mod upgrade;
mod votes;
mod wire;
mod words;

pub use accept::Stream;
pub use config::{Clock, Config, Dice, HistoryLag, Keep, Limits, Rate};
pub use inline::{Disk, Rests, Step, start_inline};
pub use links::page_link;
pub use log::{LogError, LogPlace};
pub use probe::{ConnectionTrace, Probe, RequestTrace};
pub use rooms::{Rooms, RoomsError};
pub use running::{Running, ServerError, start};
pub use spec::{
    Answering, Issued, NewEntry, Placed, RoomInfo, RoomSpec, TokenId, TokenInfo, TokenSpec,
};
pub use store::backup::{BackupError, backup, restore};
