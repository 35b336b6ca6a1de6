//! The server as its clients see it: bytes over real sockets. Frames are written and read by hand here, without the
//! protocol crate, so that a mistake in it cannot hide itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests, helpers included, may panic")]

mod anonymous;
mod answers;
#[cfg(all(page, target_os = "linux"))]
mod audience;
#[cfg(all(page, target_os = "linux"))]
mod browser;
mod client;
mod core;
#[cfg(unix)]
mod crash;
mod desk;
#[cfg(unix)]
mod documented;
mod extensions;
mod fanout;
mod garbage;
mod gate;
mod guests;
mod json_suite;
mod keeping;
mod keys;
mod life;
mod limits;
#[cfg(target_os = "linux")]
mod machines;
mod metrics;
mod moderation;
#[cfg(target_os = "linux")]
mod nats;
mod page;
mod process;
mod removal;
mod resume;
mod review;
mod room;
#[cfg(target_os = "linux")]
mod seeds;
mod settings;
mod snippets;
mod triage;
mod votes;
