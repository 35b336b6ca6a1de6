//! A desktop's panel, as far as a tray icon needs one: it takes the icon in, reads its menu and chooses from it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use zbus::{
    Connection, connection, interface,
    message::Header,
    zvariant::{OwnedObjectPath, OwnedValue, Structure, Value},
};

use crate::{app::until, stage::Stage};

const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

pub(crate) struct Panel {
    bus: Connection,
    icons: Arc<Mutex<Vec<Icon>>>,
}

/// Where a tray icon is found on the bus.
#[derive(Clone)]
struct Icon {
    owner: String,
    path: String,
}

/// What icons look for on the bus.
struct Watcher {
    icons: Arc<Mutex<Vec<Icon>>>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, path: String, #[zbus(header)] header: Header<'_>) {
        let owner = header.sender().map(ToString::to_string).unwrap_or_default();
        self.icons.lock().unwrap().push(Icon { owner, path });
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.icons
            .lock()
            .unwrap()
            .iter()
            .map(|icon| format!("{}{}", icon.owner, icon.path))
            .collect()
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

impl Panel {
    /// Stands ready before the app looks for it.
    pub(crate) async fn start(stage: &Stage) -> Panel {
        let icons = Arc::default();
        let watcher = Watcher { icons: Arc::clone(&icons) };
        let bus = connection::Builder::address(stage.bus()).unwrap();
        let bus = bus.serve_at("/StatusNotifierWatcher", watcher).unwrap();
        let bus = bus.name("org.kde.StatusNotifierWatcher").unwrap().build().await.unwrap();
        Panel { bus, icons }
    }

    /// The lines of the icon's menu.
    pub(crate) async fn lines(&self) -> Vec<String> {
        self.menu().await.into_iter().map(|line| line.label).collect()
    }

    /// Whether a line has its check mark set; nothing, where there is no such line.
    pub(crate) async fn is_marked(&self, label: &str) -> Option<bool> {
        self.menu().await.into_iter().find(|line| line.label == label).map(|line| line.marked)
    }

    /// A click on one of them.
    pub(crate) async fn choose(&self, label: &str) {
        let lines = self.menu().await;
        let line = lines
            .iter()
            .find(|line| line.label == label)
            .unwrap_or_else(|| panic!("no {label} in {lines:?}"));
        let event = (line.number, "clicked", Value::from(0_i32), 0_u32);
        let (owner, path) = self.menu_place().await;
        self.bus
            .call_method(Some(owner.as_str()), path.as_str(), Some(MENU), "Event", &event)
            .await
            .unwrap();
    }

    async fn menu(&self) -> Vec<Line> {
        type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
        let (owner, path) = self.menu_place().await;
        let everything = (0_i32, -1_i32, Vec::<&str>::new());
        let reply = self
            .bus
            .call_method(Some(owner.as_str()), path.as_str(), Some(MENU), "GetLayout", &everything)
            .await;
        // While the app draws its menu anew there may be none for a moment.
        let Ok(reply) = reply else { return Vec::new() };
        let (_, (_, _, lines)): (u32, Node) = reply.body().deserialize().unwrap();
        lines.iter().filter_map(line).collect()
    }

    async fn menu_place(&self) -> (String, OwnedObjectPath) {
        let what = "the app has a tray icon with a menu";
        until(what, || async {
            let icon = self.icons.lock().unwrap().last()?.clone();
            let property = (ITEM, "Menu");
            let get = "org.freedesktop.DBus.Properties";
            let reply = self.bus.call_method(
                Some(icon.owner.as_str()),
                icon.path.as_str(),
                Some(get),
                "Get",
                &property,
            );
            let value: OwnedValue = reply.await.ok()?.body().deserialize().ok()?;
            Some((icon.owner, OwnedObjectPath::try_from(value).ok()?))
        })
        .await
    }
}

/// A line of a menu.
#[derive(Debug)]
struct Line {
    number: i32,
    label: String,
    marked: bool,
}

/// A separator has no label.
fn line(value: &OwnedValue) -> Option<Line> {
    let line: Structure<'_> = value.try_clone().ok()?.try_into().ok()?;
    let [Value::I32(number), Value::Dict(properties), ..] = line.fields() else { return None };
    let label: Option<String> = properties.get(&"label").ok()?;
    let state: Option<i32> = properties.get(&"toggle-state").ok()?;
    // An underline in a menu is an underscore in its label.
    Some(Line { number: *number, label: label?.replace('_', ""), marked: state == Some(1) })
}
