//! A desktop that shows notifications, as far as the app needs one; and what a click on one does.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::Value;
use zbus::{Connection, connection, interface};

use crate::{
    app::{App, until},
    hidden::{TITLE, is_hidden, is_shown},
    room::{Mode, Room, STREAM, TOPIC},
    stage::Stage,
};

const PATH: &str = "/org/freedesktop/Notifications";

/// What the desktop was told: the title and the words.
type Told = (String, String);

struct Desktop {
    told: mpsc::UnboundedSender<Told>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Desktop {
    fn get_capabilities(&self) -> Vec<String> {
        vec!["actions".to_owned()]
    }

    #[allow(clippy::too_many_arguments, reason = "the desktop's own")]
    fn notify(
        &self,
        _app_name: &str,
        _replaces: u32,
        _icon: &str,
        title: String,
        words: String,
        _actions: Vec<String>,
        _hints: HashMap<String, Value<'_>>,
        _timeout: i32,
    ) -> u32 {
        self.told.send((title, words)).unwrap();
        7
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, key: &str) -> zbus::Result<()>;
}

async fn desktop(stage: &Stage) -> (Connection, mpsc::UnboundedReceiver<Told>) {
    let (told, shown) = mpsc::unbounded_channel();
    let bus = connection::Builder::address(stage.bus()).unwrap();
    let bus = bus.serve_at(PATH, Desktop { told }).unwrap();
    let bus = bus.name("org.freedesktop.Notifications").unwrap().build().await.unwrap();
    (bus, shown)
}

/// Somebody names Ana, again and again until she is told: where the app begins to listen is its own affair.
async fn named(room: &Room, shown: &mut mpsc::UnboundedReceiver<Told>) -> Told {
    for number in 0..20 {
        room.say(&format!("hello Ana {number:02}")).await;
        if let Ok(told) = tokio::time::timeout(Duration::from_secs(1), shown.recv()).await {
            return told.unwrap();
        }
    }
    panic!("Ana is never told");
}

async fn click(bus: &Connection) {
    let emitter = SignalEmitter::new(bus, PATH).unwrap();
    Desktop::action_invoked(&emitter, 7, "default").await.unwrap();
}

#[tokio::test]
async fn a_click_on_a_notification_leads_to_what_was_said() {
    let room = Room::open(Mode::Full).await;
    room.say("before").await;
    let stage = Stage::set("a_click_on_a_notification_leads_to_what_was_said");
    let (bus, mut shown) = desktop(&stage).await;
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["before"]).await;
    app.stage.close_window(TITLE);
    app.press_goodbye("Keep running").await;
    is_hidden(&app).await;

    let told = named(&room, &mut shown).await;
    assert_eq!(told.0, TOPIC);
    assert!(["Somebody named you"].contains(&told.1.as_str()), "{told:?}");
    for number in 0..300 {
        room.say(&format!("later {number:03}")).await;
    }
    click(&bus).await;
    is_shown(&app).await;
    app.row(&["hello Ana"]).await;
    assert!(shown.try_recv().is_err(), "nothing else was worth a word");
}

#[tokio::test]
async fn a_click_opens_a_window_where_there_was_none() {
    let room = Room::open(Mode::Full).await;
    let mut stage = Stage::set("a_click_opens_a_window_where_there_was_none");
    let (bus, mut shown) = desktop(&stage).await;
    let url = room.url();
    let mut app = stage.command(env!("CARGO_BIN_EXE_aside"));
    app.args(["--hidden", "join", "--server", &url, "--topic", TOPIC, "--stream", STREAM]);
    app.args(["--name", "Ana", "--user", "ana", "--token-env", "ANA_TOKEN"]);
    app.env("ANA_TOKEN", room.ana.expose());
    stage.run_along(&mut app);
    named(&room, &mut shown).await;
    let is_there = || stage.windows().iter().any(|title| title.contains(TITLE));
    assert!(!is_there());
    click(&bus).await;
    until("there is a window", || async { is_there().then_some(()) }).await;
}
