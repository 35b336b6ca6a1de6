//! What the owner of a server may choose.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aside_protocol::{Extension, Topic, limits};
use jiff::Timestamp;

use crate::log::LogPlace;

/// How a server is run. `Config::default()` is a server with every extension and sane limits, in memory.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory of the database; in memory when absent.
    pub data: Option<PathBuf>,
    /// Where the log is that several servers share; absent, this one is alone.
    pub log: Option<LogPlace>,
    /// Know nothing beyond part 1 of the protocol, whatever `extensions` says.
    pub core_only: bool,
    /// What to offer beyond the core; each works alone, but `resume`, `triage` and `moderation` need `seq`, and `votes` needs `triage`.
    pub extensions: BTreeSet<Extension>,
    /// The web origins that may connect. A native client sends none, which is always allowed.
    pub origins: Vec<String>,
    /// The rooms that let anybody in as a guest of the audience who has their link.
    pub guests: BTreeSet<Topic>,
    /// Sizes, rates and deadlines.
    pub limits: Limits,
    /// Whether a heartbeat is answered at all; servers of the field differ.
    pub answer_heartbeats: bool,
    /// Record what clients do, for [`Probe`](crate::Probe). Costs memory: for tests.
    pub probe: bool,
    /// Where the time of entries comes from.
    pub clock: Clock,
    /// Where epochs, tokens and the spread of a restart come from.
    pub dice: Dice,
    /// How long entries are kept.
    pub keep: Keep,
    /// How far the history over HTTP is behind what is live; servers of the field differ.
    pub history_lag: HistoryLag,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: None,
            log: None,
            core_only: false,
            extensions: BTreeSet::from(Self::EXTENSIONS),
            origins: Vec::new(),
            guests: BTreeSet::new(),
            limits: Limits::default(),
            answer_heartbeats: true,
            probe: false,
            clock: Clock::system(),
            dice: Dice::system(),
            keep: Keep::default(),
            history_lag: HistoryLag::none(),
        }
    }
}

impl Config {
    /// The extensions that this server knows.
    pub const EXTENSIONS: [Extension; 8] = [
        Extension::Seq,
        Extension::Ack,
        Extension::Resume,
        Extension::Heartbeat,
        Extension::Answer,
        Extension::Triage,
        Extension::Votes,
        Extension::Moderation,
    ];

    /// In memory, rates off, probe on: what most tests want.
    pub fn for_tests() -> Self {
        Self { limits: Limits::without_rates(), probe: true, ..Self::default() }
    }

    /// The extensions in force: none with `core_only`, and none that this server does not know.
    pub fn offered(&self) -> BTreeSet<Extension> {
        if self.core_only {
            return BTreeSet::new();
        }
        let mut offered = self.extensions.clone();
        offered.retain(|extension| Self::EXTENSIONS.contains(extension));
        if !offered.contains(&Extension::Seq) {
            offered.remove(&Extension::Resume);
            // Items and removals name entries by their ids.
            offered.remove(&Extension::Triage);
            offered.remove(&Extension::Moderation);
        }
        if !offered.contains(&Extension::Triage) {
            // Votes are changes of items.
            offered.remove(&Extension::Votes);
        }
        offered
    }
}

/// How long entries are kept. By default for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Entries go when they are older than so many days.
    pub days: Option<u32>,
    /// The oldest go while the database uses more than so many bytes.
    pub bytes: Option<u64>,
}

/// So many at once, then one per `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The time in which one more is earned.
    pub every: Duration,
    /// How many may come at once.
    pub burst: u32,
}

impl Rate {
    /// How many come through in a minute, once the burst is spent.
    pub fn per_minute(self) -> u32 {
        let every_ms = u32::try_from(self.every.as_millis()).unwrap_or(u32::MAX).max(1);
        60_000 / every_ms
    }
}

/// Sizes, rates and deadlines. A rate of `None` is no limit.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest text of one entry, in bytes.
    pub content_bytes: usize,
    /// Sends, asks and answers of one user.
    pub sends: Option<Rate>,
    /// Reads of history of one user.
    pub history: Option<Rate>,
    /// Heartbeats on one socket.
    pub heartbeats: Option<Rate>,
    /// Frames that could not be read, on one socket.
    pub bad_frames: Option<Rate>,
    /// Handshakes of one user in one room.
    pub connects: Option<Rate>,
    /// Handshakes from one address that were refused for their token. Those with a good one are not counted by address:
    /// a whole audience may sit behind one.
    pub strangers: Option<Rate>,
    /// Guests from one address. Generous: a whole audience may sit behind one, and the page waits and tries again by itself.
    pub guests: Option<Rate>,
    /// Guests of one room whose time is not over. Beyond it, those who only took a token give way.
    pub guests_per_room: u32,
    /// Connections that speak HTTP at once, before they become sockets or instead of it. Beyond it, those that say nothing give way.
    pub connections: usize,
    /// Sockets of one user in one room.
    pub sockets_per_user: usize,
    /// Sockets altogether; the last fifth is kept for staff and hosts, the audience is asked to come back later.
    pub sockets: usize,
    /// What may wait for one client: commits (each of one entry or more).
    pub queue_frames: usize,
    /// What may wait for one client: bytes.
    pub queue_bytes: usize,
    /// A write that takes longer means a dead or stalled client.
    pub write_deadline: Duration,
    /// A request whose head takes longer means to hold the connection, and so does one whose body does.
    pub request_head: Duration,
    /// A client that said nothing for so long is gone.
    pub idle: Duration,
    /// A client that sent no frame at all by then never will.
    pub first_frame: Duration,
    /// The server pings at least this often.
    pub ping_every: Duration,
    /// How many missed entries a join may ask for on the socket; more are paged over HTTP.
    pub resume_entries: u64,
    /// On a graceful stop: when clients may come back at the earliest.
    pub restart_after: Duration,
    /// On a graceful stop: how many clients a second the restarted server can admit.
    pub admit_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let per_second =
            |count: u32, burst| Some(Rate { every: Duration::from_secs(1) / count, burst });
        Self {
            content_bytes: limits::CONTENT_BYTES,
            sends: per_second(5, 20),
            history: per_second(10, 30),
            heartbeats: per_second(1, 10),
            bad_frames: Some(Rate { every: Duration::from_secs(6), burst: 10 }),
            // A client that keeps to its back-off dials 9 to 20 times a minute at the worst of times.
            connects: Some(Rate { every: Duration::from_secs(3), burst: 30 }),
            strangers: Some(Rate { every: Duration::from_secs(6), burst: 10 }),
            // A hall that reads the link on one slide is in within seconds, and one address alone fills no room: what it gets in the
            // ten minutes in which nobody gives way is less than `guests_per_room`. Each is a write.
            guests: per_second(20, 500),
            // Whoever invents more than come to any event may not fill the disk.
            guests_per_room: 20_000,
            connections: 1024,
            sockets_per_user: 10,
            sockets: 10_000,
            queue_frames: 256,
            queue_bytes: 1024 * 1024,
            write_deadline: Duration::from_secs(5),
            request_head: Duration::from_secs(10),
            idle: Duration::from_secs(20),
            first_frame: Duration::from_secs(10),
            // Asked for at least every 15 s; one second for a late timer.
            ping_every: Duration::from_secs(14),
            resume_entries: 10_000,
            restart_after: Duration::from_secs(1),
            admit_per_second: 200,
        }
    }
}

impl Limits {
    /// The sizes and deadlines of the default, without any rate: for tests and load.
    pub fn without_rates() -> Self {
        Self {
            sends: None,
            history: None,
            heartbeats: None,
            connects: None,
            strangers: None,
            guests: None,
            sockets_per_user: usize::MAX,
            ..Self::default()
        }
    }
}

/// Where a server's wall-clock time comes from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// A clock that a test sets.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time it is.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Where a server's random numbers come from.
#[derive(Clone)]
pub struct Dice(Arc<dyn Fn() -> u128 + Send + Sync>);

impl Dice {
    /// The machine's own source: nobody can guess what comes.
    pub fn system() -> Self {
        Self(Arc::new(rand::random))
    }

    /// Numbers that a simulation chooses. Never for a server that strangers can reach: tokens are made of them.
    pub fn from_fn(roll: impl Fn() -> u128 + Send + Sync + 'static) -> Self {
        Self(Arc::new(roll))
    }

    pub(crate) fn roll(&self) -> u128 {
        (self.0)()
    }
}

impl fmt::Debug for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dice")
    }
}

/// How far a history is behind, asked anew for every page.
#[derive(Clone)]
pub struct HistoryLag(Arc<dyn Fn() -> Duration + Send + Sync>);

impl HistoryLag {
    /// A history that has everything as soon as it is told.
    pub fn none() -> Self {
        Self::from_fn(|| Duration::ZERO)
    }

    /// A history that does not show, each time, what is younger than this.
    pub fn from_fn(lag: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(lag))
    }

    pub(crate) fn now(&self) -> Duration {
        (self.0)()
    }
}

impl fmt::Debug for HistoryLag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HistoryLag")
    }
}
