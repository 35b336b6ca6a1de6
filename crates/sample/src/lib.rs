//! A room's worth of realistic talk from a seed: the same on every machine, for benchmarks and for people who want a large cache.
//!
//! Half of it is Chinese, words fall off like Zipf's, some pairs of Han characters occur once; there are repeats, emoji, right-to-left lines
//! and texts of one to two thousand characters. [`texts`] makes the lines, [`talk`] the entries and frames, [`filling`] a cache of them. What is
//! measured with it: [`finding`] (the search) and [`growing`] (what more rows cost). The stream of [`SEED`] is pinned by its SHA-256 in a test.

mod dice;
pub mod filling;
pub mod finding;
pub mod growing;
pub mod talk;
pub mod texts;
mod timing;

pub use filling::{Filled, fill};
pub use talk::{Form, Talk, frame};
pub use texts::Texts;

/// What every benchmark uses unless it says otherwise.
pub const SEED: u64 = 20_261_125;
