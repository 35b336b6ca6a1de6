//! What belongs to a broadcast: the overlay and streamer mode.

use serde::{Deserialize, Serialize};

/// When the window keeps to itself what an audience should not see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum StreamerMode {
    /// While a program that broadcasts the screen runs.
    #[default]
    Auto,
    On,
    Off,
}

/// A part of the overlay's address that may be made anew: the secret in the path, so that whoever knew the old one sees
/// nothing more, or the port, where somebody else has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum OverlayPart {
    Path,
    Port,
}

/// How the overlay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum OverlayState {
    Off,
    On,
    PortTaken,
}

/// The overlay: how it stands, and its two addresses for a browser source, empty before there was one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Overlay {
    pub(crate) state: OverlayState,
    pub(crate) port: u16,
    pub(crate) chat: String,
    pub(crate) question: String,
}
