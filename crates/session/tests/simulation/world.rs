//! The server's side of a run: a database that outlives the servers on it, a server that comes and goes, the time, the dice.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use aside_protocol::{Entry, Seq, Topic};
use aside_server::{
    Clock as ServerClock, Config, Dice, Disk, HistoryLag, Limits, RoomSpec, Rooms, Running, Step,
};
use aside_session::Clock;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::pipe::{End, How, Wire};

/// The two kinds of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Full,
    Core,
}

pub fn topic() -> Topic {
    Topic::new("room-1")
}

pub fn spec() -> RoomSpec {
    RoomSpec::new("room-1").stream("stream-1")
}

/// When every run begins.
const EPOCH_MS: i64 = 1_700_000_000_000;

/// Follows tokio's clock, plus what a fault adds.
pub struct SimClock {
    start: Instant,
    slept_ms: AtomicU64,
    step_ms: AtomicI64,
}

impl SimClock {
    pub fn new() -> Arc<Self> {
        let (slept_ms, step_ms) = (AtomicU64::new(0), AtomicI64::new(0));
        Arc::new(Self { start: Instant::now(), slept_ms, step_ms })
    }

    fn millis(&self) -> i64 {
        self.start.elapsed().as_millis() as i64 + self.slept_ms.load(Ordering::Relaxed) as i64
    }

    /// The machine slept, and knows it.
    pub fn sleep(&self, time: Duration) {
        self.slept_ms.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }

    /// Somebody set the wall clock.
    pub fn step(&self, ms: i64) {
        self.step_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let ms = EPOCH_MS + self.millis() + self.step_ms.load(Ordering::Relaxed);
        Timestamp::from_millisecond(ms).unwrap()
    }

    fn zoned(&self) -> ZonedDateTime {
        self.now().to_zoned_datetime(TimeZone::UTC)
    }

    fn with_sleep(&self) -> Duration {
        Duration::from_millis(self.millis() as u64)
    }
}

/// What happened, as a number that two runs share only if they were the same.
#[derive(Default)]
struct Trace {
    hash: DefaultHasher,
    events: u64,
    print: bool,
}

/// How the server's disk behaves, and where the next kill waits.
#[derive(Default)]
struct Rest {
    slow: Duration,
    ambush: Option<Step>,
}

pub struct World {
    pub mode: Mode,
    pub clock: Arc<SimClock>,
    disk: Disk,
    running: Mutex<Option<Running>>,
    wires: Mutex<Vec<(usize, Weak<Wire>)>>,
    trace: Mutex<Trace>,
    rng: Arc<Mutex<StdRng>>,
    rest: Arc<Mutex<Rest>>,
    sprung: Arc<Notify>,
    lag: Arc<Mutex<(Duration, Duration)>>,
    pub restart_after: Mutex<Duration>,
}

/// A kill in the middle of a write comes this long after the step before it.
const AMBUSH: Duration = Duration::from_millis(5);

impl World {
    pub fn new(mode: Mode, seed: u64) -> Arc<Self> {
        let print = std::env::var_os("ASIDE_TRACE").is_some();
        let world = Arc::new(Self {
            mode,
            clock: SimClock::new(),
            disk: Disk::new().unwrap(),
            running: Mutex::default(),
            wires: Mutex::default(),
            trace: Mutex::new(Trace { print, ..Trace::default() }),
            rng: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))),
            rest: Arc::default(),
            sprung: Arc::default(),
            lag: Arc::default(),
            restart_after: Mutex::new(Duration::from_millis(500)),
        });
        world.start();
        world
    }

    fn config(&self) -> Config {
        let clock = Arc::clone(&self.clock);
        let (dice, lagging) = (Arc::clone(&self.rng), Arc::clone(&self.rng));
        let lag = Arc::clone(&self.lag);
        let lag = move || {
            let (least, most) = *lag.lock().unwrap();
            if most.is_zero() {
                return most;
            }
            least + (most - least).mul_f64(lagging.lock().unwrap().random_range(0.0..1.0))
        };
        let restart_after = *self.restart_after.lock().unwrap();
        Config {
            core_only: self.mode == Mode::Core,
            limits: Limits { restart_after, ..Limits::without_rates() },
            clock: ServerClock::from_fn(move || clock.now()),
            dice: Dice::from_fn(move || dice.lock().unwrap().random()),
            history_lag: HistoryLag::from_fn(lag),
            ..Config::default()
        }
    }

    pub fn start(&self) {
        let (rest, sprung) = (Arc::clone(&self.rest), Arc::clone(&self.sprung));
        let rests = aside_server::Rests::from_fn(move |step| {
            let mut rest = rest.lock().unwrap();
            if rest.ambush == Some(step) {
                rest.ambush = None;
                sprung.notify_one();
                return AMBUSH * 2;
            }
            if step == Step::Asked { rest.slow } else { Duration::ZERO }
        });
        let running = aside_server::start_inline(self.config(), &self.disk, rests).unwrap();
        self.note("server starts");
        *self.running.lock().unwrap() = Some(running);
    }

    /// The next write is interrupted after this step; returns when it is.
    pub async fn ambush(&self, step: Step) {
        self.rest.lock().unwrap().ambush = Some(step);
        self.sprung.notified().await;
        tokio::time::sleep(AMBUSH).await;
    }

    pub fn slow_disk(&self, slow: Duration) {
        self.rest.lock().unwrap().slow = slow;
    }

    pub fn lag(&self, least: Duration, most: Duration) {
        *self.lag.lock().unwrap() = (least, most);
    }

    /// A crash of the server's machine or process.
    pub async fn kill(&self) {
        let running = self.running.lock().unwrap().take();
        self.note("server is killed");
        for wire in self.wires(|_| true) {
            wire.end(How::Reset);
        }
        if let Some(running) = running {
            running.kill().await;
        }
    }

    /// A stop as a service does it.
    pub async fn stop(&self) {
        let running = self.running.lock().unwrap().take();
        self.note("server stops");
        if let Some(running) = running {
            running.stop().await;
        }
    }

    pub fn close_sockets(&self, code: u16, reason: &str) {
        if let Some(running) = &*self.running.lock().unwrap() {
            running.close_sockets(code, reason);
        }
    }

    pub fn is_up(&self) -> bool {
        self.running.lock().unwrap().is_some()
    }

    fn wires(&self, which: impl Fn(usize) -> bool) -> Vec<Arc<Wire>> {
        let mut wires = self.wires.lock().unwrap();
        wires.retain(|(_, wire)| wire.strong_count() > 0);
        let fits = wires.iter().filter(|(member, _)| which(*member));
        fits.filter_map(|(_, wire)| wire.upgrade()).collect()
    }

    /// Hands the server its end of a connection. False while there is no server.
    pub fn serve(&self, end: End, wire: &Arc<Wire>, member: usize) -> bool {
        let running = self.running.lock().unwrap();
        let Some(running) = &*running else { return false };
        self.wires.lock().unwrap().push((member, Arc::downgrade(wire)));
        running.serve(end, SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000 + member as u16)));
        true
    }

    pub fn rooms(&self) -> Option<Rooms> {
        self.running.lock().unwrap().as_ref().map(|running| running.rooms().clone())
    }

    /// Everything that was ever said here, in the server's order.
    pub async fn truth(&self) -> Vec<Entry> {
        self.rooms().unwrap().entries(&topic(), Seq(0), 1_000_000).await.unwrap()
    }

    pub fn note(&self, event: &str) {
        let at = self.clock.start.elapsed();
        let mut trace = self.trace.lock().unwrap();
        (at.as_micros(), event).hash(&mut trace.hash);
        trace.events += 1;
        if trace.print {
            eprintln!("{:>11.6} {event}", at.as_secs_f64());
        }
    }

    pub fn trace(&self) -> (u64, u64) {
        let trace = self.trace.lock().unwrap();
        (trace.hash.finish(), trace.events)
    }
}
