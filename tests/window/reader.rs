//! A screen reader, as far as these tests need one: it walks the tree of what a window shows, and hears what changes in it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use futures_util::{StreamExt, future::BoxFuture, future::join_all};
use serde::de::DeserializeOwned;
use zbus::{
    Connection, MatchRule, MessageStream, connection,
    message::{Message, Type as MessageType},
    zvariant::{DynamicType, OwnedObjectPath, OwnedValue, Structure, Type, Value},
};

use crate::{app::until, stage::Stage};

const ACCESSIBLE: &str = "org.a11y.atspi.Accessible";
const TEXT: &str = "org.a11y.atspi.Text";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const REGISTRY: &str = "org.a11y.atspi.Registry";
const ROOT: &str = "/org/a11y/atspi/accessible/root";
/// Stands in a text for a node that is not text.
const OBJECT: char = '\u{fffc}';

/// Where a node is found: whose it is, and as what.
type Place = (String, OwnedObjectPath);

/// The roles that are told from each other here, by their numbers in AT-SPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Article,
    Button,
    Dialog,
    Entry,
    ListBox,
    ListItem,
    Log,
    Page,
    Status,
    Toggle,
    Other(u32),
}

impl From<u32> for Role {
    fn from(number: u32) -> Role {
        match number {
            16 => Role::Dialog,
            32 => Role::ListItem,
            43 => Role::Button,
            54 => Role::Status,
            62 => Role::Toggle,
            79 => Role::Entry,
            95 => Role::Page,
            98 => Role::ListBox,
            109 => Role::Article,
            111 => Role::Log,
            other => Role::Other(other),
        }
    }
}

/// What a node may be at the moment, by its bit in AT-SPI.
#[derive(Clone, Copy)]
pub(crate) enum State {
    Focusable = 11,
    Focused = 12,
    Selected = 23,
    Editable = 7,
    Modal = 16,
    Pressed = 20,
}

/// One node, and what is below it.
pub(crate) struct Node {
    pub(crate) role: Role,
    pub(crate) name: String,
    /// Its own text; of a field, what stands in it.
    pub(crate) text: String,
    states: u64,
    pub(crate) attributes: HashMap<String, String>,
    pub(crate) children: Vec<Node>,
}

impl Node {
    pub(crate) fn is(&self, state: State) -> bool {
        self.states & (1 << state as u64) != 0
    }

    /// This node and everything below it, in the order in which it is read.
    pub(crate) fn all(&self) -> Vec<&Node> {
        let below = self.children.iter().flat_map(Node::all);
        [self].into_iter().chain(below).collect()
    }

    pub(crate) fn find(&self, role: Role, name: &str) -> Option<&Node> {
        self.all().into_iter().find(|node| node.role == role && node.name == name)
    }

    /// The words in which it is read from beginning to end.
    pub(crate) fn read(&self) -> String {
        let text = self.text.replace(OBJECT, " ");
        let own = if self.name.is_empty() { text } else { self.name.clone() };
        let below = self.children.iter().map(Node::read);
        let words: Vec<String> = [own].into_iter().chain(below).collect();
        words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[derive(Clone)]
pub(crate) struct Reader {
    bus: Connection,
    /// Of the pages that were read: what comes in there is said.
    live: Arc<Mutex<HashSet<String>>>,
    aloud: Arc<Mutex<Vec<String>>>,
}

impl Reader {
    /// Sits down at a stage before the app comes onto it: a program that starts later is readable.
    pub(crate) async fn sit_down(stage: &mut Stage) -> Reader {
        stage.admit_a_reader();
        let session = connection::Builder::address(stage.bus()).unwrap().build().await.unwrap();
        let address: String = until("there is a bus for screen readers", || {
            call(&session, ("org.a11y.Bus", "/org/a11y/bus"), "org.a11y.Bus", "GetAddress", &())
        })
        .await;
        let bus = connection::Builder::address(address.as_str()).unwrap().build().await.unwrap();
        let reader = Reader { bus, live: Arc::default(), aloud: Arc::default() };
        reader.listen().await;
        reader
    }

    /// The page in the window of this title.
    pub(crate) async fn page(&self, title: &str) -> Node {
        until(&format!("the page of {title} is read"), || async {
            self.node(self.way_to_page(title).await?).await
        })
        .await
    }

    /// Waits until a page has what is looked for.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        title: &str,
        look: impl Fn(&Node) -> Option<T>,
    ) -> T {
        until(what, || async { look(&self.page(title).await) }).await
    }

    /// What was said aloud so far, whatever was being read.
    pub(crate) fn aloud(&self) -> Vec<String> {
        self.aloud.lock().unwrap().clone()
    }

    /// What comes into a live region is said. Programs tell of it only once somebody wants to know.
    async fn listen(&self) {
        let rule = MatchRule::builder().msg_type(MessageType::Signal);
        let rule = rule.interface("org.a11y.atspi.Event.Object").unwrap();
        let rule = rule.member("ChildrenChanged").unwrap().build();
        let mut changes =
            MessageStream::for_match_rule(rule, &self.bus, Some(1_024)).await.unwrap();
        let reader = self.clone();
        tokio::spawn(async move {
            while let Some(Ok(change)) = changes.next().await {
                let header = change.header();
                let path = header.path().map(|path| path.as_str());
                let live = path.is_some_and(|path| reader.live.lock().unwrap().contains(path));
                // Apart, since changes that nobody takes off the bus stand before the answers.
                if live {
                    tokio::spawn(reader.clone().hear(change));
                }
            }
        });
        let registry = (REGISTRY, "/org/a11y/atspi/registry");
        let wish = ("object:children-changed", Vec::<&str>::new(), "");
        let heard: Option<()> = call(&self.bus, registry, REGISTRY, "RegisterEvent", &wish).await;
        heard.expect("the registry takes it");
    }

    async fn hear(self, change: Message) {
        let Some(words) = self.said_by(&change).await else { return };
        self.aloud.lock().unwrap().push(words);
    }

    async fn said_by(&self, change: &Message) -> Option<String> {
        let body = change.body();
        let change: Structure<'_> = body.deserialize().ok()?;
        let [Value::Str(what), _, _, Value::Value(child), ..] = change.fields() else {
            return None;
        };
        let child: Place = (**child).try_clone().ok()?.try_into().ok()?;
        let words = self.node(child).await?.read();
        (what == "add" && !words.is_empty()).then_some(words)
    }

    /// From the desktop to the page. The page is another process's, plugged into the window: of all calls, only the one for a
    /// child by its number names it.
    async fn way_to_page(&self, title: &str) -> Option<Place> {
        let desktop = (REGISTRY.to_owned(), OwnedObjectPath::try_from(ROOT).unwrap());
        for program in self.numbered(&desktop).await {
            for window in self.numbered(&program).await {
                if self.property::<String>(&window, "Name").await.as_deref() != Some(title) {
                    continue;
                }
                let mut at = window;
                loop {
                    let role: u32 = self.ask(&at, ACCESSIBLE, "GetRole", &()).await?;
                    if Role::from(role) == Role::Page {
                        return Some(at);
                    }
                    at = self.numbered(&at).await.into_iter().next()?;
                }
            }
        }
        None
    }

    async fn numbered(&self, node: &Place) -> Vec<Place> {
        let count: i32 = self.property(node, "ChildCount").await.unwrap_or(0);
        let child = |number: i32| async move {
            self.ask(node, ACCESSIBLE, "GetChildAtIndex", &(number,)).await
        };
        join_all((0..count).map(child)).await.into_iter().flatten().collect()
    }

    /// A node with everything below it; nothing, where it went away meanwhile.
    fn node(&self, place: Place) -> BoxFuture<'_, Option<Node>> {
        Box::pin(async move {
            let (role, name, states, attributes, text, below) = tokio::join!(
                self.ask::<u32>(&place, ACCESSIBLE, "GetRole", &()),
                self.property::<String>(&place, "Name"),
                self.ask::<Vec<u32>>(&place, ACCESSIBLE, "GetState", &()),
                self.ask::<HashMap<String, String>>(&place, ACCESSIBLE, "GetAttributes", &()),
                self.ask::<String>(&place, TEXT, "GetText", &(0_i32, -1_i32)),
                self.ask::<Vec<Place>>(&place, ACCESSIBLE, "GetChildren", &()),
            );
            let (states, attributes) = (states?, attributes?);
            if attributes.get("container-live").is_some_and(|live| live != "off") {
                self.live.lock().unwrap().insert(place.1.to_string());
            }
            let below = join_all(below?.into_iter().map(|child| self.node(child))).await;
            Some(Node {
                role: role?.into(),
                name: name?,
                // Not every node has one.
                text: text.unwrap_or_default(),
                states: u64::from(*states.first()?) | u64::from(*states.get(1)?) << 32,
                attributes,
                children: below.into_iter().flatten().collect(),
            })
        })
    }

    async fn property<T: TryFrom<OwnedValue>>(&self, node: &Place, name: &str) -> Option<T> {
        let value: OwnedValue = self.ask(node, PROPERTIES, "Get", &(ACCESSIBLE, name)).await?;
        T::try_from(value).ok()
    }

    async fn ask<T: DeserializeOwned + Type>(
        &self,
        (owner, path): &Place,
        of: &str,
        what: &str,
        with: &(impl serde::Serialize + DynamicType + Sync),
    ) -> Option<T> {
        call(&self.bus, (owner, path.as_str()), of, what, with).await
    }
}

async fn call<T: DeserializeOwned + Type>(
    bus: &Connection,
    (owner, path): (&str, &str),
    of: &str,
    what: &str,
    with: &(impl serde::Serialize + DynamicType + Sync),
) -> Option<T> {
    bus.call_method(Some(owner), path, Some(of), what, with).await.ok()?.body().deserialize().ok()
}
