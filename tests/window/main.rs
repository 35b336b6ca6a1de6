//! The app in a real window, against the real server: what a person sees there, and what the wire carries meanwhile.
//!
//! Reading order: [`stage`] (a desktop that is thrown away), [`driver`] and [`app`] (eyes and hands), [`room`] and
//! [`audience`] (the server and the others in it), [`relay`] and [`late`] (the network to them), [`browser`] (somebody else's),
//! [`reader`] (who sees none of it), then the stories.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod app;
mod audience;
mod browser;
mod driver;
mod late;
mod panel;
mod reader;
mod relay;
mod room;
mod stage;
mod wire;

mod access;
mod alone;
mod back;
mod broken;
mod commands;
mod corpora;
mod date;
mod demo;
mod desk;
mod doors;
mod first;
mod flapping;
mod glass;
mod heard;
mod help;
mod hidden;
mod hosted;
mod installed;
mod kept;
mod links;
mod lived_in;
mod missed;
mod notices;
mod order;
mod outage;
mod overlay;
mod quitting;
mod refused;
mod rest;
mod rover;
mod rules;
mod secret;
mod sheets;
mod side;
mod sounds;
mod still;
mod taking_back;
mod through;
mod tray;
mod typing;
mod views;
