//! The open rooms: one session each, living as long as the room is open, whether or not a window exists.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aside_history::{RoomId, Store};
use aside_protocol::{Role, Token};
use aside_session::{Connection, Env, ProxyChoice, RoomConfig, RoomView, Session};
use tokio::sync::watch;
use tokio::time::timeout;
use url::Url;

use crate::crossing::Bell;
use crate::dto::{ConnectionState, RoomStatus};
use crate::errors::{AppError, Code};
use crate::missed::Watched;
use crate::namesakes::{self, Namesakes};
use crate::rows;
use crate::settings::RoomKey;
use crate::views::{Colleagues, Tally};

/// How long a command waits for a room that is just being opened.
const OPENING: Duration = Duration::from_secs(10);

/// A session says goodbye within half a second, or two where something is to be removed; what takes longer is not waited for.
const GOODBYE: Duration = Duration::from_millis(2_200);

/// Where catching up takes longer, this often it is told how far it came.
const CATCHING_UP: Duration = Duration::from_millis(250);

/// What is known of an open room.
#[derive(Clone)]
enum Seat {
    /// Its token is looked up, its cache opened.
    Opening,
    /// It has no token; a person must give one.
    NoToken,
    Live(Box<Live>),
}

/// A room with a session.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) key: RoomKey,
    pub(crate) session: Session,
    /// The server that the room is on.
    pub(crate) server: Url,
    pub(crate) namesakes: Arc<Namesakes>,
    pub(crate) colleagues: Arc<Colleagues>,
    /// What came since somebody last looked, by view.
    pub(crate) tally: Arc<Tally>,
    pub(crate) bell: Arc<Bell>,
    pub(crate) watched: Arc<Watched>,
}

impl Live {
    fn new(key: RoomKey, session: Session, server: Url, namesakes: Arc<Namesakes>) -> Self {
        let (colleagues, tally) = (Arc::default(), Arc::default());
        let (bell, watched) = (Arc::default(), Arc::default());
        Self { key, session, server, namesakes, colleagues, tally, bell, watched }
    }

    /// Whether this person runs the room.
    pub(crate) fn is_host(&self) -> bool {
        self.session.watch().borrow().facts.role == Role::Host
    }
}

/// All of them. Handles are cheap and the same.
#[derive(Clone)]
pub(crate) struct Rooms {
    store: Store,
    env: Env,
    // State and news of it in one: whoever waits for a room to be open waits on this.
    seats: Arc<watch::Sender<BTreeMap<RoomKey, Seat>>>,
    changed: Arc<dyn Fn() + Send + Sync>,
    pace: Arc<watch::Sender<Duration>>,
    namesakes: Arc<namesakes::ByRoom>,
}

impl Rooms {
    /// No room is open yet. `changed` is called whenever something could look different; it must be quick.
    pub(crate) fn new(store: Store, env: Env, changed: impl Fn() + Send + Sync + 'static) -> Self {
        let seats = Arc::new(watch::Sender::new(BTreeMap::new()));
        let pace = Arc::new(watch::Sender::new(Duration::ZERO));
        let (changed, namesakes) = (Arc::new(changed), Arc::default());
        Self { store, env, seats, changed, pace, namesakes }
    }

    /// Through which proxy rooms are reached from their next connection on; those that wait for one try now.
    pub(crate) fn choose_proxy(&self, proxy: &ProxyChoice) {
        self.env.network.choose_proxy(proxy);
        for seat in self.seats.borrow().values() {
            if let Seat::Live(live) = seat {
                live.session.reconnect();
            }
        }
    }

    /// Something that is not in the rooms makes them look different, or worth telling of.
    pub(crate) fn look_again(&self) {
        (self.changed)();
    }

    /// Takes the room's seat, so that a second wish to open it waits for this one. False when it is taken.
    pub(crate) fn reserve(&self, key: RoomKey) -> bool {
        self.seats.send_if_modified(|seats| match seats.get(&key) {
            Some(Seat::Opening | Seat::Live(_)) => false,
            Some(Seat::NoToken) | None => {
                seats.insert(key, Seat::Opening);
                true
            }
        })
    }

    /// Opens a room whose seat was reserved.
    ///
    /// # Errors
    /// When the session cannot start; the seat is free again then.
    pub(crate) async fn open(
        &self,
        key: RoomKey,
        config: RoomConfig,
        token: Option<Token>,
    ) -> Result<(), AppError> {
        let server = config.server.clone();
        let started = match token {
            None => Ok(Seat::NoToken),
            Some(token) => {
                let started =
                    Session::start(config, token, self.store.clone(), self.env.clone()).await;
                started.map(|session| {
                    let namesakes = self.namesakes(session.room());
                    Seat::Live(Box::new(Live::new(key, session, server, namesakes)))
                })
            }
        };
        match started {
            Ok(seat) => {
                self.seat(key, seat).await;
                Ok(())
            }
            Err(error) => {
                self.free(key);
                Err(error.into())
            }
        }
    }

    /// Gives a reserved seat back.
    pub(crate) fn free(&self, key: RoomKey) {
        self.seats.send_modify(|seats| {
            seats.remove(&key);
        });
        (self.changed)();
    }

    async fn seat(&self, key: RoomKey, seat: Seat) {
        let live = match &seat {
            Seat::Live(live) => Some(live.clone()),
            Seat::Opening | Seat::NoToken => None,
        };
        // Left meanwhile: the seat is gone, and nobody wants the session any more.
        let wanted = self.seats.send_if_modified(|seats| match seats.get_mut(&key) {
            Some(taken) => {
                *taken = seat;
                true
            }
            None => false,
        });
        if let Some(live) = live {
            if wanted {
                live.session.set_pace(*self.pace.borrow());
                tokio::spawn(follow(live.session, live.watched, Arc::clone(&self.changed)));
            } else {
                live.session.close().await;
            }
        }
        (self.changed)();
    }

    /// A room's session, if it is there now.
    pub(crate) fn ready(&self, key: RoomKey) -> Option<Live> {
        match self.seats.borrow().get(&key) {
            Some(Seat::Live(live)) => Some(Live::clone(live)),
            Some(Seat::Opening | Seat::NoToken) | None => None,
        }
    }

    /// A room's session; waits for one that is just being opened.
    ///
    /// # Errors
    /// `room_not_open`, `token_missing`, `timeout`.
    pub(crate) async fn live(&self, key: RoomKey) -> Result<Live, AppError> {
        self.live_within(key, OPENING).await
    }

    /// The same, with so much patience.
    ///
    /// # Errors
    /// As [`Rooms::live`].
    pub(crate) async fn live_within(
        &self,
        key: RoomKey,
        patience: Duration,
    ) -> Result<Live, AppError> {
        let mut seats = self.seats.subscribe();
        let opened = seats.wait_for(|seats| !matches!(seats.get(&key), Some(Seat::Opening)));
        let seats = timeout(patience, opened).await.map_err(|_| Code::Timeout)?;
        match seats.map_err(|_| Code::RoomNotOpen)?.get(&key) {
            Some(Seat::Live(live)) => Ok(Live::clone(live)),
            Some(Seat::NoToken) => Err(Code::TokenMissing.into()),
            Some(Seat::Opening) | None => Err(Code::RoomNotOpen.into()),
        }
    }

    /// Every open room at a glance.
    pub(crate) fn statuses(&self) -> Vec<RoomStatus> {
        self.seats.borrow().iter().map(|(key, seat)| glance(*key, seat)).collect()
    }

    /// One open room at a glance.
    pub(crate) fn status(&self, key: RoomKey) -> Option<RoomStatus> {
        self.seats.borrow().get(&key).map(|seat| glance(key, seat))
    }

    /// Leaves a room, if it is open.
    pub(crate) async fn leave(&self, key: RoomKey) {
        let mut seat = None;
        self.seats.send_modify(|seats| seat = seats.remove(&key));
        if let Some(Seat::Live(live)) = seat {
            // A session that does not come to an end is left behind; it ends with the process.
            let _late = timeout(GOODBYE, live.session.close()).await;
        }
        (self.changed)();
    }

    /// Leaves all rooms at once, and finishes what the files still wait for.
    pub(crate) async fn close(&self) {
        let seats = self.seats.send_replace(BTreeMap::new());
        let goodbyes = seats.into_values().filter_map(|seat| match seat {
            Seat::Live(live) => Some(async move { live.session.close().await }),
            Seat::Opening | Seat::NoToken => None,
        });
        let _late = timeout(GOODBYE, futures_util::future::join_all(goodbyes)).await;
        self.store.close().await;
    }

    /// No window shows any of them.
    pub(crate) fn look_away(&self) {
        for seat in self.seats.borrow().values() {
            if let Seat::Live(live) = seat {
                live.watched.look_away();
            }
        }
    }

    /// How far apart all rooms write down what they hear, also those that are opened later.
    pub(crate) fn set_pace(&self, pace: Duration) {
        self.pace.send_replace(pace);
        for seat in self.seats.borrow().values() {
            if let Seat::Live(live) = seat {
                live.session.set_pace(pace);
            }
        }
    }

    /// The open rooms' names in the files.
    pub(crate) fn names(&self) -> Vec<(RoomKey, RoomId)> {
        let room = |(key, seat): (&RoomKey, &Seat)| match seat {
            Seat::Live(live) => Some((*key, live.session.room())),
            Seat::Opening | Seat::NoToken => None,
        };
        self.seats.borrow().iter().filter_map(room).collect()
    }

    /// Who is called what in a room, by its name in the files.
    pub(crate) fn namesakes(&self, room: RoomId) -> Arc<Namesakes> {
        self.namesakes.of(room)
    }

    /// The files of all rooms.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }
}

fn glance(key: RoomKey, seat: &Seat) -> RoomStatus {
    match seat {
        Seat::Opening => rows::status_without_session(key, ConnectionState::Connecting, None),
        Seat::NoToken => rows::status_without_session(
            key,
            ConnectionState::Refused,
            Some(Code::TokenMissing.as_str()),
        ),
        Seat::Live(live) => rows::status(key, &live.session.watch().borrow()),
    }
}

/// Passes on that a room changed, until the room is left.
async fn follow(session: Session, watched: Arc<Watched>, changed: Arc<dyn Fn() + Send + Sync>) {
    let mut view = session.watch();
    // Only the watch is kept: a follower must not keep a room alive.
    drop(session);
    let mut behind = false;
    while view.changed().await.is_ok() {
        // Whether or not anybody looks at it meanwhile.
        if view.borrow().connection != Connection::Online {
            watched.look_away();
        }
        // While a room catches up, its newest rows and the end of it are waited for: drawing each step would only make that later.
        let worth_it =
            |view: &RoomView| view.connection != Connection::Syncing || view.behind && !behind;
        // What it lends of the view is given back before that is looked at.
        drop(timeout(CATCHING_UP, view.wait_for(worth_it)).await);
        behind = view.borrow().behind;
        changed();
    }
    changed();
}
