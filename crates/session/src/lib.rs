//! One live room that is never let go: the link, its heartbeat, the gaps, the outbox, the timeline.
//!
//! A [`Session`] is a handle to one task that owns everything about a room. Frames come in through a link of one
//! generation, are decided upon by pure code, and are committed to [`aside_history`] in one transaction; only then are
//! subscribers told "revision N", and pull what changed. The window may come and go.
//!
//! Reading order: [`session`] (the handle), [`view`] (what is seen from outside), [`config`], [`error`]; `room` (the task)
//! and its parts: `link` (one connection), `heartbeat`, `backoff` and `verdict` (pure rules of the link), `sequence` (merge by
//! place), `align` (merge without ids), `outbox` (what was written here). [`network`] and [`clock`] are the outside world,
//! replaceable; `internet` is the real one.
//!
//! # Logs
//! Nothing here logs a token or a body at any level. Libraries below do: tungstenite prints the whole handshake and every
//! frame at TRACE. A binary must apply [`QUIET_TARGETS`] after whatever filter a person asked for.

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
pub use room::{Answering, Mute, OutgoingAnswer, Questions, Wish};
pub use session::{Env, Session};
pub use view::{
    Connection, Counters, DeskState, DeskView, NotRemoved, OrderView, Removing, RoomView,
    ServerFacts, Why,
};

/// Directives for a `tracing` filter that keep the libraries below from printing tokens and frames. They must come last,
/// so that they win over a global `trace`.
pub const QUIET_TARGETS: &str = "tungstenite=warn,tokio_tungstenite=warn,hyper=warn,hyper_util=warn,reqwest=warn,\
    rustls=warn,tokio_rustls=warn,rustls_platform_verifier=warn";
