//! The desktop shell: windows, tray, settings, secrets, and the commands through which the page sees the rooms.
//!
//! The only Rust that knows Tauri. It decides nothing about the protocol (that is `aside_session`) and keeps nothing
//! about a room (that is `aside_history`): it opens sessions, tells the window that something changed, and answers
//! what the page asks.
//!
//! Reading order: [`cli`] and [`home`] (how a start is told what to do), [`start`] (what is set up, in which order),
//! [`shell`] (what is shared), [`rooms`], [`source`], [`settings`], [`secrets`] (the state), [`dto`], [`errors`], [`args`],
//! [`form`] and [`proxy`] (the border to the page), [`commands`], [`rows`], [`crossing`], [`views`], [`concerns`], [`questions`], [`missed`] and [`namesakes`] (what crosses it), [`ticks`] (how the page learns that
//! there is something to see), [`windows`], [`quitting`], [`pace`], [`hotkeys`], [`present`], [`overlay`], [`streamer`], [`exports`], [`keeping`], [`tray`], [`attention`], [`words`], [`links`], [`avatars`], [`logging`], [`measure`], [`footprint`], [`host`] (rooms of one's own, with [`qr`] and [`clipboard`] to share them), and [`demo`].

mod args;
mod attention;
mod avatars;
mod cli;
mod clipboard;
mod commands;
mod concerns;
mod crossing;
mod demo;
mod diagnostic;
mod dto;
mod errors;
mod exports;
mod footprint;
mod form;
mod home;
mod host;
mod hotkeys;
mod keeping;
mod links;
mod logging;
mod measure;
mod missed;
mod namesakes;
mod notify;
mod older;
mod once;
mod overlay;
mod pace;
mod present;
mod proxy;
mod qr;
mod questions;
mod quitting;
mod rooms;
mod rows;
mod rules;
mod secrets;
mod settings;
mod shell;
mod source;
mod start;
mod streamer;
mod ticks;
mod times;
mod tray;
mod tray_badge;
mod views;
mod windows;
mod words;

#[cfg(test)]
use start::install_tls;
pub use start::run;
