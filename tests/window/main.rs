//! The app in a real window, against the real server: what a person sees there, and what the wire carries meanwhile.
//!
//! Reading order: [`stage`] (a desktop that is thrown away), [`driver`] and [`app`] (eyes and hands), [`room`] and
//! [`audience`] (the server and the others in it), [`relay`] (the network to them), then the stories.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod app;
mod audience;
mod driver;
mod panel;
mod relay;
mod room;
mod stage;
mod wire;

mod alone;
mod broken;
mod commands;
mod corpora;
mod demo;
mod desk;
mod flapping;
mod hidden;
mod lived_in;
mod notices;
mod outage;
mod refused;
mod rules;
mod secret;
mod tray;
mod typing;
