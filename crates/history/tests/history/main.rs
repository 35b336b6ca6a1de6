//! What the store promises, tried from outside through its public face.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crash;
mod damage;
mod desk;
mod filters;
mod format;
mod model;
mod moments;
mod outbox;
mod paging;
mod rows;
mod search;
mod seq;
mod seq_model;
mod some;
mod support;
