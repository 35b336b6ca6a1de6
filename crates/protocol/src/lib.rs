//! What travels between a client and a room server: frames, entries, times, close codes.
//!
//! No socket, no clock, no disk. Decoding never panics and never gives up on a room: a frame that
//! cannot be understood is a value ([`ServerFrame::Skipped`], [`FrameError`]) that the caller counts.
//!
//! Reading order: [`frame`] (the socket, client to server), [`event`] (the socket, server to client),
//! [`entry`] (what a room is made of), [`time`] (the many faces of `createdat`), [`http`] (history,
//! asking, answering), [`capabilities`] (what a server adds to the core), [`triage`] (questions as work), [`close`] and [`limits`].
//! [`ids`] and [`token`] hold the small types that all of them use; [`lenient`] reads fields whose
//! JSON type servers disagree about, and `surrogates` mends the texts that they cut in two.

pub mod capabilities;
pub mod close;
pub mod entry;
pub mod event;
pub mod frame;
pub mod http;
pub mod ids;
mod lenient;
pub mod limits;
pub mod moderation;
mod surrogates;
pub mod time;
pub mod token;
pub mod triage;

pub use capabilities::{Capabilities, Extension, Identity, Role};
pub use close::CloseReason;
pub use entry::{AnswerNotes, Body, Entry, EntryKind};
pub use event::{Control, ServerFrame, Skip};
pub use frame::{ClientFrame, FrameError, Join, OutgoingMessage, Resume};
pub use ids::{EntryId, Epoch, Nonce, Seq, StreamId, Topic};
pub use time::{CreatedAt, MinuteStamp};
pub use token::Token;
