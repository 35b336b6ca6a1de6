//! How far apart what is heard is committed, where nobody waits for each entry: one commit costs as much as a hundred rows.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

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

    /// Until when what was heard may wait.
    pub(super) fn until(&self) -> Option<Instant> {
        Some(self.began? + *self.wanted.borrow())
    }

    pub(super) fn rests(&self, now: Instant) -> bool {
        self.until().is_some_and(|until| now < until)
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
