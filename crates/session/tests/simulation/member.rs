//! Somebody in the room: a real session over a path of its own, what it said, and what was seen of its link.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aside_history::{Anchor, Row, Store};
use aside_protocol::{EntryId, EntryKind, StreamId, Token};
use aside_server::{NewEntry, TokenId, TokenSpec};
use aside_session::{Clock, Connection, Env, RoomConfig, Session};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep, timeout};

use crate::network::Path;
use crate::world::{Mode, SimClock, World, spec, topic};

/// Never shown as online with nothing heard for longer; a tenth of a second for the task to say so.
pub const ALIVE: Duration = Duration::from_millis(12_100);
/// What a third of all people say.
const WORDS: [&str; 5] = ["ha", "+1", "yes", "666", "?"];
/// So much of the room is looked at when a question is to be answered.
const LOOK: u32 = 40;

/// Something that was given to the session.
#[derive(Clone, Debug)]
pub struct Said {
    pub kind: EntryKind,
    pub text: String,
}

/// What was seen of a member's link from outside.
#[derive(Default)]
pub struct Seen {
    pub worst_detection: Duration,
    pub losses: u32,
    /// The last moment at which a link, or a try, was found to have failed.
    pub lost: Option<Instant>,
    pub violations: Vec<String>,
}

pub struct Member {
    pub number: usize,
    pub user: String,
    pub path: Arc<Path>,
    pub clock: Arc<SimClock>,
    pub session: Session,
    pub said: Mutex<Vec<Said>>,
    pub seen: Arc<Mutex<Seen>>,
    token: Mutex<TokenId>,
    staff: bool,
}

impl Member {
    pub async fn join(world: &Arc<World>, number: usize, staff: bool, seed: u64) -> Arc<Self> {
        let user = format!("user-{number}");
        let (issued, token) = issue(world, &user, staff).await;
        let path = Path::new(number, world, seed);
        let clock = world.clock_for_a_member();
        let mut rng = StdRng::seed_from_u64(seed);
        if rng.random_bool(0.3) {
            // Plenty of machines are minutes off.
            clock.step(rng.random_range(-600_000..600_000));
        }
        let env = Env { network: path.clone(), clock: clock.clone(), seed };
        let server = "https://room.example".parse().unwrap();
        let config = RoomConfig {
            socket: RoomConfig::default_socket(&server),
            server,
            topic: topic(),
            stream: StreamId::new("stream-1"),
            display_name: user.clone(),
            user: user.clone(),
            avatar_url: String::new(),
            allow_insecure: false,
        };
        let store = Store::in_memory_inline().unwrap();
        let session = Session::start(config, token, store, env).await.unwrap();
        session.set_pace(
            *[0, 100, 1_000].map(Duration::from_millis).choose(&mut rng).unwrap_or(&Duration::ZERO),
        );
        let seen = Arc::default();
        tokio::spawn(watch(world.clone(), path.clone(), session.clone(), Arc::clone(&seen)));
        let (said, token) = (Mutex::default(), Mutex::new(issued));
        Arc::new(Self { number, user, path, clock, session, said, seen, token, staff })
    }

    /// Online, and something came since a moment.
    pub fn is_online_since(&self, moment: Instant) -> bool {
        let online = self.session.watch().borrow().connection == Connection::Online;
        online && self.path.heard().is_some_and(|heard| heard > moment)
    }

    pub fn is_refused(&self) -> bool {
        matches!(self.session.watch().borrow().connection, Connection::Refused { .. })
    }

    pub async fn rows(&self) -> Vec<Row> {
        self.session.page(Anchor::End, 100_000).await.unwrap().rows
    }

    /// Talks until it is dropped: mostly messages, now and then a question, an answer where there is something to answer.
    pub async fn talk(&self, world: &World, seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        loop {
            sleep(Duration::from_millis(rng.random_range(200..3000))).await;
            let text = words(&mut rng, &format!("{} says {}", self.user, self.count()));
            let (kind, sent) = if self.staff && rng.random_bool(0.4) && world.mode == Mode::Full {
                let Some(question) = self.question(&mut rng).await else { continue };
                (EntryKind::Answer, self.session.answer(question, &text).await)
            } else if rng.random_bool(0.15) {
                (EntryKind::Question, self.session.ask(&text).await)
            } else {
                (EntryKind::Message, self.session.send(&text).await)
            };
            if sent.is_ok() {
                world.note(&format!("{} says {text:?}", self.number));
                self.said.lock().unwrap().push(Said { kind, text });
            }
        }
    }

    fn count(&self) -> usize {
        self.said.lock().unwrap().len()
    }

    async fn question(&self, rng: &mut StdRng) -> Option<EntryId> {
        let rows = self.session.page(Anchor::End, LOOK).await.ok()?.rows;
        let asked = rows.iter().filter_map(Row::entry);
        let asked = asked.filter(|row| row.entry.kind == EntryKind::Question);
        let ids: Vec<_> = asked.filter_map(|row| row.entry.id.clone()).collect();
        (!ids.is_empty()).then(|| ids[rng.random_range(0..ids.len())].clone())
    }

    /// The token is taken away; a new one is made, which the member does not have yet.
    pub async fn revoke(&self, world: &Arc<World>) -> Option<Token> {
        let rooms = world.rooms()?;
        let old = self.token.lock().unwrap().clone();
        rooms.revoke_token(&old).await.ok()?;
        let (id, token) = issue(world, &self.user, self.staff).await;
        *self.token.lock().unwrap() = id;
        Some(token)
    }
}

async fn issue(world: &World, user: &str, staff: bool) -> (TokenId, Token) {
    let token = if staff {
        TokenSpec::staff(spec(), user, user, "Acme")
    } else {
        TokenSpec::audience(spec(), user, user)
    };
    let issued = world.rooms().unwrap().create_token(token).await.unwrap();
    (issued.id, issued.token)
}

fn words(rng: &mut StdRng, own: &str) -> String {
    if rng.random_bool(0.3) {
        WORDS[rng.random_range(0..WORDS.len())].to_owned()
    } else {
        own.to_owned()
    }
}

/// Everybody else, without a session.
pub async fn crowd(world: Arc<World>, seed: u64, pause_ms: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut count = 0;
    loop {
        sleep(Duration::from_millis(rng.random_range(1..pause_ms))).await;
        let Some(rooms) = world.rooms() else { continue };
        let user = format!("crowd-{}", rng.random_range(0..40));
        count += 1;
        let text = words(&mut rng, &format!("line {count}"));
        let entry = NewEntry::message(user.clone(), user, text);
        // A server that is being killed may not say whether it took it; the truth is in its log.
        let _unknown = rooms.publish(&topic(), entry).await;
    }
}

/// Watches what a person would see, and holds it against what the network did.
async fn watch(world: Arc<World>, path: Arc<Path>, session: Session, seen: Arc<Mutex<Seen>>) {
    let mut view = session.watch();
    let (mut was_online, mut was_waiting) = (false, false);
    loop {
        let changed = timeout(Duration::from_millis(250), view.changed()).await;
        if matches!(changed, Ok(Err(_))) {
            return;
        }
        let now = view.borrow_and_update().clone();
        let online = now.connection == Connection::Online;
        let silence = path.heard().map_or(Duration::ZERO, |heard| Instant::now() - heard);
        if changed.is_ok() {
            let word = now.connection.word();
            world.note(&format!("{} is {word} at {}", path.member, now.revision.0));
        }
        let mut seen = seen.lock().unwrap();
        if online && silence > ALIVE {
            seen.violations
                .push(format!("I5: {} online after {silence:?} of silence", path.member));
        }
        if was_online && !online {
            seen.losses += 1;
            seen.worst_detection = seen.worst_detection.max(silence);
        }
        if changed.is_ok() && now.connection.word() == "waiting" && !was_waiting {
            seen.lost = Some(Instant::now());
        }
        was_waiting = now.connection.word() == "waiting";
        was_online = online;
    }
}

impl World {
    fn clock_for_a_member(&self) -> Arc<SimClock> {
        let clock = SimClock::new();
        clock.step(self.clock.now().duration_since(clock.now()).as_millis() as i64);
        clock
    }
}
