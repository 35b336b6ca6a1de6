//! The desktop's notifications over D-Bus, and the clicks on them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use zbus::Connection;
use zbus::zvariant::Value;

use super::Notice;

/// Notifications that a click still leads somewhere from; older ones open nothing.
const REMEMBERED: usize = 64;
/// A desktop that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a click on the notification itself is called.
const CLICK: &str = "default";

#[zbus::proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications"
)]
trait Notifications {
    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

    #[allow(clippy::too_many_arguments, reason = "the desktop's own")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: &HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action_key: String) -> zbus::Result<()>;
}

/// Those that were shown last, oldest first.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<VecDeque<(u32, Notice)>>>);

impl Shown {
    fn add(&self, id: u32, notice: Notice) {
        let mut shown = self.lock();
        shown.retain(|(other, _)| *other != id);
        if shown.len() == REMEMBERED {
            shown.pop_front();
        }
        shown.push_back((id, notice));
    }

    fn take(&self, id: u32) -> Option<Notice> {
        let mut shown = self.lock();
        let at = shown.iter().position(|(other, _)| *other == id)?;
        shown.remove(at).map(|(_, notice)| notice)
    }

    /// The one of the same room, which the next takes the place of.
    fn of_room(&self, notice: &Notice) -> u32 {
        self.lock().iter().find(|(_, other)| other.room == notice.room).map_or(0, |(id, _)| *id)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(u32, Notice)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to the desktop.
pub(super) struct Bus {
    desktop: NotificationsProxy<'static>,
    /// Whether texts are read as markup there.
    markup: bool,
    shown: Shown,
    listening: tokio::task::JoinHandle<()>,
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Bus {
    /// None where there is no session bus, or nobody on it shows notifications.
    pub(super) async fn connect(clicked: impl Fn(Notice) + Send + 'static) -> Option<Self> {
        let connected = async { Self::over(Connection::session().await?, clicked).await };
        let connected = tokio::time::timeout(PATIENCE, connected).await.ok()?;
        connected
            .inspect_err(|error| tracing::debug!(%error, "there is no place for notifications"))
            .ok()
    }

    async fn over(
        connection: Connection,
        clicked: impl Fn(Notice) + Send + 'static,
    ) -> zbus::Result<Self> {
        let desktop = NotificationsProxy::builder(&connection)
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()
            .await?;
        // Before the first one is shown: no click is lost.
        let mut clicks = desktop.receive_action_invoked().await?;
        let markup = desktop.get_capabilities().await?.iter().any(|able| able == "body-markup");
        let shown = Shown::default();
        let remembered = shown.clone();
        let listening = tokio::spawn(async move {
            while let Some(click) = clicks.next().await {
                let Ok(click) = click.args() else { continue };
                if let Some(notice) = remembered.take(click.id) {
                    clicked(notice);
                }
            }
        });
        Ok(Self { desktop, markup, shown, listening })
    }

    /// Shows one; `open` is what its button says, where there are buttons.
    pub(super) async fn tell(&mut self, notice: Notice, open: &str) -> zbus::Result<()> {
        let words = if self.markup { plain(&notice.words) } else { notice.words.clone() };
        let before = self.shown.of_room(&notice);
        let (actions, hints) = ([CLICK, open], HashMap::new());
        let told =
            self.desktop.notify("Aside", before, "", &notice.title, &words, &actions, &hints, -1);
        let id = tokio::time::timeout(PATIENCE, told)
            .await
            .map_err(|_| zbus::Error::Failure("the desktop does not answer".to_owned()))??;
        self.shown.take(before);
        self.shown.add(id, notice);
        Ok(())
    }
}

/// A text that is shown as it is where markup is read.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use tokio::sync::mpsc;
    use zbus::object_server::SignalEmitter;
    use zbus::{Guid, connection, interface};

    use super::*;
    use crate::dto::Spot;
    use crate::settings::RoomKey;

    const PATH: &str = "/org/freedesktop/Notifications";

    /// What was shown: the one it takes the place of, and its text.
    type Told = (u32, String, Vec<String>);

    struct Desktop {
        told: mpsc::UnboundedSender<Told>,
        count: u32,
    }

    #[interface(name = "org.freedesktop.Notifications")]
    impl Desktop {
        fn get_capabilities(&self) -> Vec<String> {
            vec!["actions".to_owned(), "body-markup".to_owned()]
        }

        #[allow(clippy::too_many_arguments, reason = "the desktop's own")]
        fn notify(
            &mut self,
            _app_name: &str,
            replaces: u32,
            _icon: &str,
            _title: &str,
            words: String,
            actions: Vec<String>,
            _hints: HashMap<String, Value<'_>>,
            _timeout: i32,
        ) -> u32 {
            self.count += 1;
            self.told.send((replaces, words, actions)).unwrap();
            if replaces == 0 { self.count } else { replaces }
        }

        #[zbus(signal)]
        async fn action_invoked(
            emitter: &SignalEmitter<'_>,
            id: u32,
            action_key: &str,
        ) -> zbus::Result<()>;
    }

    fn notice(room: RoomKey, place: i64) -> Notice {
        let spot = Some(Spot { key: "7".to_owned(), place });
        Notice { room, spot, title: "Hall".to_owned(), words: "<b>&".to_owned() }
    }

    #[tokio::test]
    async fn a_click_leads_to_the_newest_entry_of_its_room_once() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        for end in [&ours, &theirs] {
            end.set_nonblocking(true).unwrap();
        }
        let (told, mut shown) = mpsc::unbounded_channel();
        let desktop = connection::Builder::async_io_unix_stream(theirs)
            .server(Guid::generate())
            .unwrap()
            .p2p()
            .serve_at(PATH, Desktop { told, count: 0 })
            .unwrap()
            .build();
        let app = connection::Builder::async_io_unix_stream(ours).p2p().build();
        let (desktop, app) = tokio::join!(desktop, app);
        let (desktop, app) = (desktop.unwrap(), app.unwrap());
        let (click, mut clicked) = mpsc::unbounded_channel();
        let mut bus = Bus::over(app, move |notice| click.send(notice).unwrap()).await.unwrap();

        let (hall, shop) = (RoomKey::random(), RoomKey::random());
        for told in [notice(hall, 1), notice(shop, 2), notice(hall, 3)] {
            bus.tell(told, "Open").await.unwrap();
        }
        let actions = vec!["default".to_owned(), "Open".to_owned()];
        for replaces in [0, 0, 1] {
            let told = (replaces, "&lt;b&gt;&amp;".to_owned(), actions.clone());
            assert_eq!(shown.recv().await, Some(told));
        }
        let emitter = SignalEmitter::new(&desktop, PATH).unwrap();
        for id in [99, 1, 1, 2] {
            Desktop::action_invoked(&emitter, id, "default").await.unwrap();
        }
        assert_eq!(clicked.recv().await, Some(notice(hall, 3)));
        assert_eq!(clicked.recv().await, Some(notice(shop, 2)), "the second click is nobody's");
    }

    #[test]
    fn only_so_many_are_remembered() {
        let shown = Shown::default();
        for id in 1..=100 {
            shown.add(id, notice(RoomKey::random(), 0));
        }
        assert_eq!(shown.lock().len(), REMEMBERED);
        assert!(shown.take(36).is_none() && shown.take(37).is_some());
    }
}
