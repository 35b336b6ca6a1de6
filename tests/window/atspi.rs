//! What a screen reader is given: the tree of roles and names that the real app puts on the accessibility bus.

use serde::Serialize;
use serde_json::json;
use zbus::zvariant::{DynamicDeserialize, DynamicType, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, connection};

use crate::app::{App, until};
use crate::room::{Mode, Room};
use crate::stage::Stage;

/// Where Debian keeps what starts the bus of screen readers; on a desktop the session starts it.
const LAUNCHER: &str = "/usr/libexec/at-spi-bus-launcher";
const ACCESSIBLE: &str = "org.a11y.atspi.Accessible";
/// The place of "focused" among the states.
const FOCUSED: u32 = 1 << 12;
const TAB: &str = "\u{e004}";
/// A tree that is larger has no end.
const MOST_NODES: usize = 3_000;

/// Somebody who listens on the bus of screen readers.
struct Reader {
    bus: Connection,
}

/// An element as a screen reader knows it.
#[derive(Debug)]
struct Node {
    role: String,
    name: String,
    text: String,
    focused: bool,
}

type Place = (String, OwnedObjectPath);

impl Reader {
    /// There is one before the app starts, as there would be on the desktop of who needs it.
    async fn start(stage: &mut Stage) -> Reader {
        stage.is_heard = true;
        let mut launcher = stage.command(LAUNCHER);
        stage.run_along(launcher.arg("--launch-immediately").env("GSETTINGS_BACKEND", "memory"));
        let session = connection::Builder::address(stage.bus()).unwrap().build().await.unwrap();
        let (name, path) = (Some("org.a11y.Bus"), "/org/a11y/bus");
        let address: String = until("the bus of screen readers", || async {
            let reply = session.call_method(name, path, name, "GetAddress", &()).await.ok()?;
            reply.body().deserialize().ok()
        })
        .await;
        let on = ("org.a11y.Status", "IsEnabled", Value::from(true));
        let properties = Some("org.freedesktop.DBus.Properties");
        session.call_method(name, path, properties, "Set", &on).await.unwrap();
        let bus = connection::Builder::address(address.as_str()).unwrap().build().await.unwrap();
        Reader { bus }
    }

    /// Everything that is there to be read, in the order of the page.
    async fn tree(&self) -> Vec<Node> {
        let root = "/org/a11y/atspi/accessible/root";
        let registry = "org.a11y.atspi.Registry".to_owned();
        let mut ahead: Vec<Place> = vec![(registry, root.try_into().unwrap())];
        let mut tree = Vec::new();
        while let Some(place) = ahead.pop() {
            // What went away in the meantime is not there.
            let Some(node) = self.node(&place).await else { continue };
            tree.push(node);
            assert!(tree.len() < MOST_NODES, "{tree:?}");
            let children: Option<Vec<Place>> =
                self.ask(&place, ACCESSIBLE, "GetChildren", &()).await;
            ahead.extend(children.unwrap_or_default().into_iter().rev());
        }
        tree
    }

    async fn node(&self, place: &Place) -> Option<Node> {
        let role = self.ask(place, ACCESSIBLE, "GetRoleName", &()).await?;
        let states: Vec<u32> = self.ask(place, ACCESSIBLE, "GetState", &()).await?;
        let name: OwnedValue = self
            .ask(place, "org.freedesktop.DBus.Properties", "Get", &(ACCESSIBLE, "Name"))
            .await?;
        let text = self.ask(place, "org.a11y.atspi.Text", "GetText", &(0_i32, -1_i32)).await;
        let focused = states.first().is_some_and(|states| states & FOCUSED != 0);
        let name = String::try_from(name).unwrap_or_default();
        Some(Node { role, name, text: text.unwrap_or_default(), focused })
    }

    async fn ask<T: for<'d> DynamicDeserialize<'d>>(
        &self,
        (owner, path): &Place,
        interface: &str,
        method: &str,
        body: &(impl Serialize + DynamicType),
    ) -> Option<T> {
        let owner = Some(owner.as_str());
        let reply = self.bus.call_method(owner, path, Some(interface), method, body).await.ok()?;
        reply.body().deserialize().ok()
    }

    /// Waits for an element of this role, which is called so or says so.
    async fn finds(&self, role: &str, words: &str) -> Node {
        until(&format!("{role}: {words}"), || async {
            let tree = self.tree().await;
            tree.into_iter().find(|node| {
                node.role == role && (node.name.contains(words) || node.text.contains(words))
            })
        })
        .await
    }

    /// Waits for the focus to be told to be there.
    async fn is_at(&self, place: &str) {
        until(&format!("the focus at {place}"), || async {
            let tree = self.tree().await;
            let at = tree.iter().rfind(|node| node.focused && !node.name.is_empty())?;
            (format!("{}: {}", at.role, at.name) == place).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_screen_reader_finds_the_room_its_rows_the_composer_and_the_lanes() {
    let room = Room::open(Mode::Full).await;
    room.remember(12).await;
    room.ask("Is there a lift? 有电梯吗？").await;
    let mut stage = Stage::set("a_screen_reader_finds_the_room");
    let reader = Reader::start(&mut stage).await;
    let app = App::start_at_desk(stage, &room).await;
    app.becomes(&["online"]).await;
    reader.finds("page tab list", "Lanes").await;
    reader.finds("list box", "Open").await;
    reader.finds("list item", "有电梯吗？").await;
    app.show("Timeline").await;
    app.row(&["Is there a lift?"]).await;
    let title = app.ask::<String>("return document.querySelector('h1').textContent;", json!([]));
    reader.finds("heading", &title.await).await;
    reader.finds("status bar", "Live").await;
    reader.finds("log", "Timeline").await;
    reader.finds("article", "").await;
    reader.finds("section", "Is there a lift? 有电梯吗？").await;
    reader.finds("entry", "Message").await;
    app.type_into("Message", "").await;
    reader.is_at("entry: Message").await;
    app.keys(TAB).await;
    reader.is_at("toggle button: Ask").await;
}
