//! A room that this app hosts: the form in which it is made, and the sheet that shares it.

use serde::{Deserialize, Serialize};

/// From where a hosted room is reached: this computer alone, the networks that it is in, or a public address whose proxy passes on to
/// a port of this computer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "from")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Reach {
    #[default]
    Here,
    Network,
    Public {
        url: String,
    },
}

/// What the form of a hosted room holds; `guests` lets in whoever has the link, `review` has questions looked at before they are shown,
/// `port` 0 takes the first that is free.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct HostForm {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) org: String,
    pub(crate) logo: String,
    pub(crate) guests: bool,
    pub(crate) review: bool,
    pub(crate) reach: Reach,
    pub(crate) port: u16,
}

/// Where a hosted room could be: the addresses of this computer in its networks, likeliest first, and the port that would be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct HostPlaces {
    pub(crate) addresses: Vec<String>,
    pub(crate) port: u16,
}

/// Whether a hosted room's server runs, and if it does not, whether a person wants it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum HostState {
    Running,
    Stopped,
    PortTaken,
    Failed,
}

/// An address of the room's page, and its QR code as the data of an SVG path, `qr_size` units wide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct HostLink {
    pub(crate) url: String,
    pub(crate) qr: Option<String>,
    pub(crate) qr_size: u32,
}

/// What a key that was made for somebody lets them do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum KeyRole {
    Audience,
    Staff,
    Moderator,
    Host,
}

/// Somebody who has a key to a hosted room; the key itself is stored nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct HostKey {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: KeyRole,
    pub(crate) expires: Option<i64>,
}

/// A key to be made: `hours` 0 lasts until it is revoked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct KeyWish {
    pub(crate) name: String,
    pub(crate) role: KeyRole,
    pub(crate) hours: u32,
}

/// A hosted room as it stands: where its server listens (empty while it does not), its page's addresses, likeliest first, which of them
/// its host chose, the link that fills a colleague's join form (no key is in it), how many people are there, and who has a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Hosting {
    pub(crate) form: HostForm,
    pub(crate) state: HostState,
    pub(crate) listening: String,
    pub(crate) links: Vec<HostLink>,
    pub(crate) chosen: String,
    pub(crate) invitation: String,
    pub(crate) people: u32,
    pub(crate) keys: Vec<HostKey>,
}
