//! The settings file's own shape: a promise to later versions, so nothing else is ever written through these types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dto::{HotkeyAction, Reach, RoomForm, Rule, Rules, Settings, TokenStore};
use crate::overlay::{Address, Secret};

use super::{Hosted, Memory, RoomKey, SavedRoom, WindowMemory, WindowPlace};
use crate::windows::RoomWindow;

/// The shape's number. A file with a higher one is from a later version, and is set aside rather than cut down.
const VERSION: u32 = 1;

/// Why a file was not understood.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("not the JSON of a settings file, at line {line}")]
    Malformed { line: usize },
    #[error("written by a later version ({0})")]
    Later(u32),
}

#[derive(Deserialize, Serialize)]
struct File {
    version: u32,
    #[serde(default)]
    rooms: Vec<Room>,
    #[serde(default)]
    settings: Settings,
    #[serde(default)]
    windows: BTreeMap<String, Window>,
    #[serde(default)]
    keys: BTreeMap<String, String>,
    #[serde(default)]
    hotkeys: BTreeMap<String, String>,
    #[serde(default)]
    device: String,
    #[serde(default)]
    overlay: Option<Overlay>,
    #[serde(default)]
    rules: Option<RuleList>,
    /// Absent in a file from before there was a tour: whoever wrote it knows the app.
    #[serde(default = "yes")]
    toured: bool,
}

fn yes() -> bool {
    true
}

/// Where the overlay is; who reads this file may watch it.
#[derive(Deserialize, Serialize)]
struct Overlay {
    port: u16,
    path: String,
}

#[derive(Deserialize, Serialize)]
struct RuleList {
    /// Read one by one: a rule that a later version wrote is left out, and the others hold.
    list: Vec<serde_json::Value>,
    volume: u8,
    apart: u16,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    id: String,
    server: String,
    #[serde(default)]
    socket: String,
    topic: String,
    stream: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    avatar: String,
    #[serde(default)]
    allow_insecure: bool,
    /// Whether the keyring holds this room's token.
    #[serde(default)]
    token_in_keyring: bool,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hosted: Option<HostedRoom>,
}

#[derive(Deserialize, Serialize)]
struct HostedRoom {
    name: String,
    #[serde(default)]
    org: String,
    #[serde(default)]
    logo: String,
    #[serde(default)]
    guests: bool,
    #[serde(default)]
    reach: Reach,
    port: u16,
    #[serde(default)]
    address: String,
    #[serde(default)]
    on: bool,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Window {
    open: bool,
    pinned: bool,
    bare: bool,
    view: String,
    places: Vec<Place>,
}

#[derive(Deserialize, Serialize)]
struct Place {
    screens: String,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

pub(super) fn read(text: &[u8]) -> Result<Memory, ReadError> {
    let file: File = serde_json::from_slice(text)
        .map_err(|error| ReadError::Malformed { line: error.line() })?;
    if file.version > VERSION {
        return Err(ReadError::Later(file.version));
    }
    Ok(Memory {
        rooms: file.rooms.into_iter().filter_map(Room::restore).collect(),
        settings: file.settings.bounded(),
        windows: file
            .windows
            .into_iter()
            .filter_map(|(label, window)| Some((RoomWindow::of(&label)?, window.restore())))
            .collect(),
        keys: file.keys,
        hotkeys: file
            .hotkeys
            .into_iter()
            .filter_map(|(action, chord)| Some((HotkeyAction::of(&action)?, chord)))
            .collect(),
        device: file.device,
        overlay: file.overlay.and_then(|Overlay { port, path }| {
            Some(Address { port, secret: Secret::parse(&path)? })
        }),
        rules: file.rules.map(RuleList::restore).unwrap_or_default(),
        toured: file.toured,
    })
}

pub(super) fn write(memory: &Memory) -> Vec<u8> {
    let file = File {
        version: VERSION,
        rooms: memory.rooms.iter().filter(|room| !room.demo).map(Room::of).collect(),
        settings: memory.settings.clone(),
        windows: memory
            .windows
            .iter()
            .map(|(which, window)| (which.label().to_owned(), Window::of(window)))
            .collect(),
        keys: memory.keys.clone(),
        hotkeys: memory
            .hotkeys
            .iter()
            .map(|(action, chord)| (action.as_str().to_owned(), chord.clone()))
            .collect(),
        device: memory.device.clone(),
        overlay: memory
            .overlay
            .as_ref()
            .map(|Address { port, secret }| Overlay { port: *port, path: secret.text() }),
        rules: (memory.rules != Rules::default()).then(|| RuleList::of(&memory.rules)),
        toured: memory.toured,
    };
    // Strings, numbers and booleans under string keys: there is nothing in it that JSON could refuse.
    serde_json::to_vec_pretty(&file).unwrap_or_default()
}

impl Window {
    fn of(window: &WindowMemory) -> Self {
        let places = window.places.iter().cloned();
        Self {
            open: window.open,
            pinned: window.pinned,
            bare: window.bare,
            view: window.view.clone(),
            places: places
                .map(|(screens, WindowPlace { x, y, width, height })| Place {
                    screens,
                    x,
                    y,
                    width,
                    height,
                })
                .collect(),
        }
    }

    fn restore(self) -> WindowMemory {
        let mut window = WindowMemory {
            open: self.open,
            pinned: self.pinned,
            bare: self.bare,
            view: self.view,
            ..WindowMemory::default()
        };
        for Place { screens, x, y, width, height } in self.places {
            window.put(screens, WindowPlace { x, y, width, height });
        }
        window
    }
}

impl RuleList {
    fn of(rules: &Rules) -> Self {
        let list = rules.list.iter().filter_map(|rule| serde_json::to_value(rule).ok()).collect();
        Self { list, volume: rules.volume, apart: rules.apart }
    }

    fn restore(self) -> Rules {
        let Self { list, volume, apart } = self;
        let rule = |value| serde_json::from_value::<Rule>(value).ok();
        Rules { list: list.into_iter().filter_map(rule).collect(), volume, apart }.bounded()
    }
}

impl Room {
    fn of(room: &SavedRoom) -> Self {
        let form = room.form.clone();
        Self {
            id: room.key.to_string(),
            server: form.server,
            socket: form.socket,
            topic: form.topic,
            stream: form.stream,
            name: form.name,
            user: form.user,
            avatar: form.avatar,
            allow_insecure: form.allow_insecure,
            token_in_keyring: room.token_store == TokenStore::Keyring,
            open: room.open,
            archived: room.archived,
            hosted: room.hosted.clone().map(HostedRoom::of),
        }
    }

    /// A room without a name of ours is no room: someone wrote it by hand.
    fn restore(self) -> Option<SavedRoom> {
        Some(SavedRoom {
            key: RoomKey::parse(&self.id)?,
            form: RoomForm {
                server: self.server,
                socket: self.socket,
                topic: self.topic,
                stream: self.stream,
                name: self.name,
                user: self.user,
                avatar: self.avatar,
                allow_insecure: self.allow_insecure,
            },
            token_store: if self.token_in_keyring { TokenStore::Keyring } else { TokenStore::None },
            demo: false,
            open: self.open,
            archived: self.archived,
            hosted: self.hosted.map(HostedRoom::restore),
        })
    }
}

impl HostedRoom {
    fn of(hosted: Hosted) -> Self {
        let Hosted { name, org, logo, guests, reach, port, address, on } = hosted;
        Self { name, org, logo, guests, reach, port, address, on }
    }

    fn restore(self) -> Hosted {
        let Self { name, org, logo, guests, reach, port, address, on } = self;
        Hosted { name, org, logo, guests, reach, port, address, on }
    }
}
