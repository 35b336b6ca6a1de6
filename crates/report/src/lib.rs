//! What happened to a room's questions, for people who were not there: tables, a page to print, an event report, and the
//! figures that stand in them. Reads a room through the store, whole, whatever any window has loaded.
//!
//! Reading order: [`asked`] (the questions with all their answers), [`numbers`] (what is counted, and how), [`export`] (to a
//! file), then one module for each format.

pub mod asked;
mod charts;
pub mod export;
mod html;
mod json;
pub mod numbers;
mod table;
mod words;
mod xlsx;

pub use asked::{Asked, Given, gather};
pub use export::{ExportError, Format, Options, export};
pub use numbers::{Numbers, PersonNumbers, numbers};
