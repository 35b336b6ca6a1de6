//! Coming and going: the phases of a connection, and what moves the room from one to the next.

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::{Capabilities, ClientFrame, Token};
use rand::RngExt;
use tokio::time::{Instant, sleep_until};

use super::abilities::Hearing;
use super::{Merge, Room};
use crate::heartbeat::{BEAT, Heartbeat, Tick};
use crate::link::{Link, Say};
use crate::verdict::{End, Verdict};
use crate::view::{Connection, Why};

/// After the join, something must come within this time: an entry, a reply, or at least the pong to our ping.
pub(super) const HELLO: Duration = Duration::from_secs(5);
/// The join waits this long for the server to say what it can do; then it is a core join.
const ABILITIES: Duration = Duration::from_millis(1500);
/// Catching up may take this long before the room counts as online, with a gap row where it is not done.
const SYNC: Duration = Duration::from_secs(15);
/// How long leaving may take.
const GOODBYE: Duration = Duration::from_millis(500);
/// The same where the server has not said yet that what is removed or answered here is.
const LAST_DEED: Duration = Duration::from_secs(2);

/// Where a connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Waiting {
        until: Instant,
        why: Why,
    },
    Connecting,
    /// Open; the join goes out as soon as it is known what may stand in it.
    Open {
        join_by: Instant,
    },
    /// Joined, nothing proven.
    Hello {
        until: Instant,
    },
    Syncing {
        until: Instant,
    },
    Online {
        since: Instant,
    },
    Refused {
        why: Why,
    },
}

impl Phase {
    /// The join must be the first frame, so no beat comes before it; it follows the opening within a second and a half.
    pub(super) fn beats(self) -> bool {
        match self {
            Self::Hello { .. } | Self::Syncing { .. } | Self::Online { .. } => true,
            Self::Waiting { .. } | Self::Connecting | Self::Open { .. } | Self::Refused { .. } => {
                false
            }
        }
    }

    pub(super) fn due(self) -> Option<Instant> {
        match self {
            Self::Waiting { until, .. } | Self::Hello { until } | Self::Syncing { until } => {
                Some(until)
            }
            Self::Open { join_by } => Some(join_by),
            Self::Connecting | Self::Online { .. } | Self::Refused { .. } => None,
        }
    }
}

impl Room {
    pub(super) fn connect(&mut self) {
        self.generation += 1;
        self.around.portal = false;
        self.phase = Phase::Connecting;
        self.heart = None;
        self.merge = Merge::Undecided(Vec::new());
        self.hearing = Hearing::default();
        let network = Arc::clone(&self.env.network);
        let (socket, token) = (self.config.socket.clone(), self.token.clone());
        self.link = Some(Link::open(self.generation, network, socket, token, self.ear.clone()));
        self.ask_abilities(Duration::ZERO);
    }

    pub(super) fn opened(&mut self) {
        let now = Instant::now();
        self.tell.send_modify(|view| view.counters.connects += 1);
        self.heart = Some(Heartbeat::new(now, BEAT.mul_f64(self.rng.random_range(0.0..1.0))));
        self.phase = Phase::Open { join_by: now + ABILITIES };
        if self.hearing.fresh {
            self.join();
        }
    }

    /// Something came after the join: the server is there, and catching up begins.
    pub(super) async fn proven(&mut self) {
        if let Phase::Hello { .. } = self.phase {
            self.phase = Phase::Syncing { until: Instant::now() + SYNC };
            if self.hearing.fresh || self.abilities.is_some() {
                self.decide_merge().await;
            }
        }
    }

    /// Catching up is done.
    pub(super) async fn synced(&mut self) {
        if let Phase::Syncing { .. } = self.phase {
            self.phase = Phase::Online { since: Instant::now() };
            self.publish();
            self.link_is_ready().await;
        }
    }

    pub(super) fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Online { .. })
    }

    /// Nothing could be written, and it was not tried again since.
    pub(super) fn waits_for_storage(&self) -> bool {
        matches!(self.phase, Phase::Waiting { why: Why::Storage, .. })
    }

    pub(super) fn say_to_link(&mut self, say: Say) -> bool {
        self.link.as_ref().is_some_and(|link| link.say(say))
    }

    /// The connection is over, whoever ended it.
    pub(super) async fn lost(&mut self, end: End) {
        let now = Instant::now();
        match self.phase {
            Phase::Waiting { .. } | Phase::Refused { .. } => return,
            Phase::Online { since } => self.backoff.was_online(now - since),
            Phase::Connecting
            | Phase::Open { .. }
            | Phase::Hello { .. }
            | Phase::Syncing { .. } => {}
        }
        self.let_go();
        self.tell.send_modify(|view| view.counters.losses += 1);
        let end = self.park_too_large(end).await;
        self.phase = match end.judge(&mut self.strikes, now) {
            Verdict::Refuse { why } => Phase::Refused { why },
            Verdict::Wait { pace, why } => {
                let wait = self.backoff.wait(pace, now, &mut self.rng);
                let (wait, why) = self.unless_cut_off(wait, why);
                tracing::info!(?end, wait_ms = wait.as_millis(), "not connected");
                Phase::Waiting { until: now + wait, why }
            }
        };
        self.look_around();
        self.publish();
        self.link_is_gone().await;
    }

    /// Drops the link and everything that belonged to its generation.
    fn let_go(&mut self) {
        self.generation += 1;
        self.link = None;
        self.heart = None;
        self.merge = Merge::Undecided(Vec::new());
        self.desk_closes();
        // A token that was refused is not shown again.
        if let Some(asking) = self.hearing.question.take() {
            asking.abort();
        }
    }

    /// Goodbye: a close frame, and half a second for it.
    pub(super) async fn leave(&mut self) {
        let begun = Instant::now();
        self.remove_all_now();
        self.hold_nothing_back().await;
        let said = self.say_to_link(Say::Goodbye);
        self.hear_of_last_deeds(begun + LAST_DEED).await;
        if said {
            sleep_until(begun + GOODBYE).await;
        }
        self.let_go();
        self.tell.send_modify(|view| view.connection = Connection::Closed);
    }

    pub(super) fn reconnect(&mut self) {
        let waits = matches!(self.phase, Phase::Waiting { .. } | Phase::Refused { .. });
        if waits && self.backoff.retry_now(Instant::now()) {
            self.try_again();
        }
    }

    pub(super) async fn set_token(&mut self, token: Token) {
        if token.is_empty() || !token.fits_header() {
            return;
        }
        if token == self.token {
            return self.reconnect();
        }
        self.token = token;
        self.abilities = None;
        self.lost(End::Wanted).await;
        self.connect();
    }

    pub(super) fn doubt(&mut self, now: Instant) {
        if let Some(tick) = self.heart.as_mut().map(|heart| heart.doubt(now)) {
            self.beat(tick);
        }
    }

    fn beat(&mut self, tick: Tick) {
        if tick.beat {
            self.say_to_link(Say::Frame(ClientFrame::Heartbeat));
        }
        if tick.ping {
            self.say_to_link(Say::Ping(0));
        }
    }

    pub(super) async fn check_heart(&mut self, now: Instant) {
        if !self.phase.beats() {
            return;
        }
        let (Some(heart), Some(link)) = (&mut self.heart, &self.link) else { return };
        let tick = heart.tick(now, link.heard());
        if tick.dead {
            self.lost(End::Dead).await;
        } else {
            self.beat(tick);
        }
    }

    pub(super) async fn check_phase(&mut self, now: Instant) {
        if self.phase.due().is_none_or(|due| now < due) {
            return;
        }
        match self.phase {
            Phase::Waiting { .. } => self.try_again(),
            Phase::Open { .. } => self.join(),
            Phase::Hello { .. } => self.lost(End::NoHello).await,
            Phase::Syncing { .. } => self.sync_took_too_long().await,
            Phase::Connecting | Phase::Online { .. } | Phase::Refused { .. } => {}
        }
    }

    async fn sync_took_too_long(&mut self) {
        if let Merge::Undecided(_) = self.merge {
            if self.position.applied.is_some() {
                // A room with places that suddenly can't be told from one without: nothing may be merged on a guess.
                return self.lost(End::NoHello).await;
            }
            self.learn(Capabilities::default()).await;
            self.decide_merge().await;
        }
        self.give_up_hole().await;
        self.give_up_behind().await;
        self.give_up_alignment().await;
        self.synced().await;
    }

    pub(super) fn publish(&mut self) {
        let connection = match self.phase {
            Phase::Waiting { until, why } => {
                let now = Instant::now();
                let wait = until.saturating_duration_since(now);
                let until = self.env.clock.now().checked_add(wait);
                let until = until.unwrap_or(jiff::Timestamp::MAX);
                Connection::Waiting { until, why, asked: !self.backoff.floor_passed(now) }
            }
            Phase::Connecting => Connection::Connecting,
            Phase::Open { .. } | Phase::Hello { .. } => Connection::Joining,
            Phase::Syncing { .. } => Connection::Syncing,
            Phase::Online { .. } => Connection::Online,
            Phase::Refused { why } => Connection::Refused { why },
        };
        self.tell.send_if_modified(|view| {
            // The moment of the next try is told once, not with every rounding of two clocks.
            let same = match (&view.connection, &connection) {
                (
                    Connection::Waiting { until: a, why: x, asked: i },
                    Connection::Waiting { until: b, why: y, asked: j },
                ) => {
                    (x, i) == (y, j)
                        && a.duration_until(*b).abs() < jiff::SignedDuration::from_secs(1)
                }
                (a, b) => a == b,
            };
            if !same {
                view.connection = connection;
            }
            !same
        });
    }
}
