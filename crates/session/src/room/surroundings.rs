//! The machine and the network around a room: whether it slept, whether there is a way out, whether it changed, whether
//! it wants to be signed in to first.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use tokio::sync::watch;
use tokio::time::Instant;

use super::connection::Phase;
use super::{Done, Room};
use crate::config::is_loopback;
use crate::network::Routes;
use crate::portal::{Found, look};
use crate::verdict::{End, PROBE_AGAIN};
use crate::view::Why;

/// Without any way out, a try comes about this often, in case we are wrong about that; a way out that appears is seen at once.
const CUT_OFF: Duration = Duration::from_secs(60);
/// A look that found nothing out by then is given up.
const LOOK: Duration = Duration::from_secs(20);

/// The longest the task sleeps where the system does not say that the machine woke or the network changed: that is how late it
/// is noticed ...
const NAP: Duration = Duration::from_secs(2);
/// ... and where it does, for a word that got lost. A room with a connection looks with every beat, whatever is said.
const LONG_NAP: Duration = Duration::from_secs(60);

/// A sleep of the machine shorter than the first is nothing, up to the second it is a doubt, beyond it the link is dead.
const SHORT_SLEEP: Duration = Duration::from_secs(5);
const LONG_SLEEP: Duration = Duration::from_secs(15);

/// A change of the network is many words of the system's: so much time is between two looks that follow them.
const CALM: Duration = Duration::from_millis(250);

/// What is known of it.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Where the system says by itself that something changed.
    news: Option<watch::Receiver<()>>,
    /// It did since the last look.
    told: bool,
    /// At the last look, where the system can tell.
    routes: Option<Routes>,
    looked_at: Option<Instant>,
    /// A sign-in page was seen; until it is gone, nothing with the token in it leaves.
    pub(super) portal: bool,
}

impl Surroundings {
    pub(super) fn new(news: Option<watch::Receiver<()>>) -> Self {
        Self { news, ..Self::default() }
    }

    /// Waits until the system says something. May be dropped at any time.
    pub(super) async fn hears(&mut self) {
        let Some(news) = &mut self.news else { return pending().await };
        if news.changed().await.is_ok() {
            self.told = true;
        } else {
            self.news = None;
        }
    }

    /// What was said until now is followed by this look.
    fn looks(&mut self, now: Instant) {
        self.looked_at = Some(now);
        self.told = false;
        if let Some(news) = &mut self.news {
            news.mark_unchanged();
        }
    }

    /// Whether there is a word that no look has followed yet. Until then, more of them are no news.
    pub(super) fn is_told(&self) -> bool {
        self.told
    }

    /// When the next look is due at the latest.
    pub(super) fn due(&self, now: Instant) -> Instant {
        match (self.told, self.looked_at) {
            (true, Some(at)) => at + CALM,
            _ => now + if self.news.is_some() { LONG_NAP } else { NAP },
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        let apart = if self.told { CALM } else { NAP };
        self.looked_at.is_none_or(|at| now >= at + apart)
    }
}

impl Room {
    /// Whether the server can't be reached whatever is tried.
    fn cut_off(&self) -> bool {
        self.around.routes.is_some_and(Routes::none) && !is_loopback(&self.config.socket)
    }

    /// How long to wait, and why, in the light of the network.
    pub(super) fn unless_cut_off(&self, wait: Duration, why: Why) -> (Duration, Why) {
        if self.cut_off() { (wait.max(CUT_OFF), Why::Network) } else { (wait, why) }
    }

    /// Notices that the way out became another one. A connection may have survived that, and is asked.
    pub(super) fn check_routes(&mut self, now: Instant) {
        if !self.around.is_due(now) {
            return;
        }
        self.around.looks(now);
        let routes = self.env.network.routes();
        let before = std::mem::replace(&mut self.around.routes, routes);
        if before.is_none() || before == routes || is_loopback(&self.config.socket) {
            return;
        }
        tracing::info!(cut_off = self.cut_off(), "the network changed");
        let online = matches!(self.phase, Phase::Online { .. } | Phase::Syncing { .. });
        if online || !self.cut_off() {
            self.network_changed();
        }
    }

    pub(super) fn network_changed(&mut self) {
        let now = Instant::now();
        match self.phase {
            Phase::Online { .. } | Phase::Syncing { .. } => self.doubt(now),
            Phase::Waiting { .. } if self.backoff.event_dial(now) => self.try_again(),
            _ => {}
        }
    }

    pub(super) async fn check_sleep(&mut self, now: Instant) {
        let slept = self.sleep.slept(now, self.env.clock.with_sleep(), self.due);
        if slept < SHORT_SLEEP {
            return;
        }
        tracing::info!(slept_ms = slept.as_millis(), "the machine slept");
        match self.phase {
            Phase::Refused { .. } => {}
            Phase::Waiting { until, why } => {
                // What the clock did not see is over. A look that only came late is no more than a short sleep.
                if slept > SHORT_SLEEP {
                    self.backoff.slept(slept);
                    let until = until.checked_sub(slept).unwrap_or(now);
                    self.phase = Phase::Waiting { until, why };
                }
                if self.backoff.event_dial(now) {
                    self.try_again();
                }
            }
            _ if slept < LONG_SLEEP => self.doubt(now),
            _ => {
                self.lost(End::Slept).await;
                if self.backoff.event_dial(now) {
                    self.connect();
                }
            }
        }
    }

    /// The next try, which where a sign-in page was seen begins with another look at that.
    pub(super) fn try_again(&mut self) {
        if !self.around.portal {
            return self.connect();
        }
        self.phase = Phase::Waiting { until: Instant::now() + LOOK, why: Why::SignIn };
        self.look();
    }

    /// A strange answer, or a certificate that is not the server's: it may be the network's doing.
    pub(super) fn look_around(&mut self) {
        if let Phase::Waiting { why: Why::NotOurServer | Why::Certificate, .. } = self.phase {
            self.look();
        }
    }

    fn look(&mut self) {
        let (generation, network) = (self.generation, Arc::clone(&self.env.network));
        let (config, number) = (Arc::clone(&self.config), self.rng.random());
        self.jobs.spawn(async move {
            Done::Looked(generation, look(network.as_ref(), &config, number).await)
        });
    }

    pub(super) fn looked(&mut self, found: Found) {
        let Phase::Waiting { .. } = self.phase else { return };
        match found {
            Found::Portal => {
                let wait = PROBE_AGAIN + PROBE_AGAIN.mul_f64(self.rng.random_range(0.0..0.25));
                self.around.portal = true;
                self.phase = Phase::Waiting { until: Instant::now() + wait, why: Why::SignIn };
            }
            Found::Ours | Found::Unknown if self.around.portal => self.connect(),
            Found::Ours | Found::Unknown => {}
        }
    }
}
