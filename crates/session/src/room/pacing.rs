//! How far apart what is heard is committed, where nobody waits for each entry: one commit costs as much as a hundred rows.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Room;
use super::sending::State;

/// The rest between two commits of what was heard.
pub(super) struct Pacing {
    wanted: watch::Receiver<Duration>,
    /// When the room began to rest; nothing while it does not.
    began: Option<Instant>,
}

impl Pacing {
    pub(super) fn new(wanted: watch::Receiver<Duration>) -> Self {
        Self { wanted, began: None }
    }

    fn until(&self) -> Option<Instant> {
        Some(self.began? + *self.wanted.borrow())
    }

    pub(super) fn begin(&mut self, now: Instant) {
        self.began = Some(now);
    }

    pub(super) fn end(&mut self) {
        self.began = None;
    }

    /// Another pace is wanted. Never, once nobody can want one.
    pub(super) async fn changed(&mut self) {
        if self.wanted.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

impl Room {
    /// Until when what was heard may wait. Whoever says something hears of it at once, and so does a room that is catching up.
    pub(super) fn rest(&self) -> Option<Instant> {
        let waits = |state: &State| match state {
            State::Failed { .. } | State::InReview { .. } | State::Shown { .. } => false,
            State::Unsure(unsure) => unsure.resolving,
            State::Queued
            | State::Written { .. }
            | State::Posting { .. }
            | State::Accepted { .. } => true,
        };
        let busy = !self.is_online() || self.outbox.iter().any(|item| waits(&item.state));
        self.pacing.until().filter(|_| !busy)
    }
}
