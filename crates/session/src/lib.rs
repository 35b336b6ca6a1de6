//! One live room that is never let go: the link, its heartbeat, the gaps, the outbox, the timeline.
//!
//! A [`Session`] is a handle to one task that owns everything about a room. Frames come in through a link of one
//! generation, are decided upon by pure code, and are committed to [`aside_history`] in one transaction; only then are
//! subscribers told "revision N", and pull what changed. The window may come and go.
//!
//! Reading order: [`session`] (the handle), [`view`] (what is seen from outside), [`config`], [`error`]; `room` (the task, and its
//! parts); `link` (one connection) and `fetch` (the requests beside it), `heartbeat`, `backoff` and `verdict` (pure rules of the
//! link), `portal` (a network that wants to be signed in to), `sequence` (merge by place), `align` (merge without ids).
//! [`network`] and [`clock`] are the outside world, replaceable; `internet` is the real one. [`open_files`] is the process's limit.
//!
//! # Logs
//! Nothing here logs a token or a body at any level. Libraries below do: tungstenite prints the whole handshake and every
//! frame at TRACE. A binary must ask [`may_log`] of each line, whatever filter a person asked for.

mod align;
mod backoff;
pub mod clock;
pub mod config;
pub mod error;
mod fetch;
mod heartbeat;
mod internet;
mod link;
pub mod network;
pub mod open_files;
mod portal;
#[doc(hidden)]
pub mod pure;
mod room;
mod sequence;
pub mod session;
mod verdict;
pub mod view;

pub use clock::{Clock, SystemClock};
pub use config::{ConfigError, RoomConfig};
pub use error::{
    ModerationError, SendError, SessionError, Settled, SnippetError, StartError, TriageError,
};
pub use network::{
    ByteStream, DialError, HttpError, HttpMethod, HttpReply, HttpRequest, Network, Peeked,
    ProxyChoice, Routes,
};
pub use room::{Answering, Begun, Mute, OVERTAKEN, OutgoingAnswer, Questions, TakenBack, Wish};
pub use session::{Env, Session};
pub use view::{
    Connection, Counters, DeskState, DeskView, NotRemoved, OrderView, Recovered, Removing,
    RoomView, ServerFacts, Why,
};

/// The libraries below that print requests, frames or replies under `warn`, and with them tokens.
const QUIET: [&str; 8] = [
    "hyper",
    "hyper_util",
    "reqwest",
    "rustls",
    "rustls_platform_verifier",
    "tokio_rustls",
    "tokio_tungstenite",
    "tungstenite",
];

/// Whether a line may be written at all: none under `warn` of a library below that prints tokens, nor of those that a binary has
/// `beside` them. A filter's directives could not promise that: whoever names a longer target wins over them.
pub fn may_log(line: &tracing::Metadata<'_>, beside: &[&str]) -> bool {
    let library = line.target().split("::").next().unwrap_or_default();
    *line.level() <= tracing::Level::WARN
        || !(QUIET.contains(&library) || beside.contains(&library))
}
