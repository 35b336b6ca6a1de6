//! Processes that die without a word, at named places and at random, and disks that refuse: nothing that was kept or
//! acknowledged is lost, and nothing is said twice. `ASIDE_KILLS=500` kills at random that often in all.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests
#![cfg(unix)]

mod both;
mod client;
mod disk;
mod ledger;
mod remains;
mod stage;
