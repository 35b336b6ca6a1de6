//! Tells a window that something changed, never faster than it asks.
//!
//! A tick carries nothing; the page answers it with one `pull`, at most one in a frame. At most one is under way, none while the window is
//! hidden, and a change that happens meanwhile is remembered, not queued: so a window that is slow, hidden or gone costs
//! one boolean.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// A tick that was not answered for this long is repeated: the page that it went to may have been reloaded. The wait
/// doubles up to [`LONGEST_WAIT`], so that a page which stands still is left in peace.
const UNANSWERED: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What is known of one window.
#[derive(Debug, Default)]
struct Pace {
    visible: bool,
    changed: bool,
    under_way: Option<UnderWay>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    since: Instant,
    wait: Duration,
}

impl Pace {
    /// When the next tick is due, if one is.
    fn due(&self, now: Instant) -> Option<Instant> {
        if !self.visible || !self.changed {
            return None;
        }
        Some(self.under_way.map_or(now, |tick| tick.since + tick.wait))
    }

    /// Takes the tick that is due now, if it is.
    fn take(&mut self, now: Instant) -> bool {
        if self.due(now).is_none_or(|due| due > now) {
            return false;
        }
        let wait = self.under_way.map_or(UNANSWERED, |tick| (tick.wait * 2).min(LONGEST_WAIT));
        self.under_way = Some(UnderWay { since: now, wait });
        true
    }

    /// The window has asked; all that changed until now, it will see.
    fn pulled(&mut self) {
        self.changed = false;
        self.under_way = None;
    }

    fn renewed(&mut self) {
        self.changed = true;
        self.under_way = None;
    }

    fn show(&mut self) {
        self.visible = true;
        self.renewed();
    }

    fn hide(&mut self) {
        self.visible = false;
        self.under_way = None;
    }
}

/// The pacing of one window.
#[derive(Clone, Default)]
pub(crate) struct Ticks {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    pace: Mutex<Pace>,
    // Holds one wake-up at most; the task looks at the pace again whenever it gets one.
    wake: Notify,
}

impl Ticks {
    /// Sends ticks for as long as it is polled.
    pub(crate) async fn run(self, emit: impl Fn()) {
        loop {
            let due = self.pace().due(Instant::now());
            match due {
                None => self.shared.wake.notified().await,
                Some(due) => tokio::select! {
                    () = self.shared.wake.notified() => {}
                    () = sleep_until(due) => {
                        let taken = self.pace().take(Instant::now());
                        if taken {
                            emit();
                        }
                    }
                },
            }
        }
    }

    /// A room has changed.
    pub(crate) fn changed(&self) {
        self.update(|pace| pace.changed = true);
    }

    /// The window is about to read what there is.
    pub(crate) fn pulled(&self) {
        self.update(Pace::pulled);
    }

    /// The page has started, or reads its snapshot again: a tick that was on its way is lost, and what changed meanwhile is
    /// worth another.
    pub(crate) fn renewed(&self) {
        self.update(Pace::renewed);
    }

    /// The window is on the screen again: it gets one tick, whatever happened.
    pub(crate) fn show(&self) {
        self.update(Pace::show);
    }

    /// Whether the window is on the screen, as far as we put it there: what the system says comes later.
    pub(crate) fn is_shown(&self) -> bool {
        self.pace().visible
    }

    /// The window is gone from the screen: nothing more is sent.
    pub(crate) fn hide(&self) {
        self.update(Pace::hide);
    }

    fn update(&self, change: impl FnOnce(&mut Pace)) {
        change(&mut self.pace());
        self.shared.wake.notify_one();
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.shared.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::{advance, sleep};

    use super::*;

    struct Window {
        ticks: Ticks,
        seen: Arc<AtomicUsize>,
    }

    impl Window {
        fn open() -> Self {
            let (ticks, seen) = (Ticks::default(), Arc::new(AtomicUsize::new(0)));
            let count = Arc::clone(&seen);
            tokio::spawn(ticks.clone().run(move || {
                count.fetch_add(1, Ordering::SeqCst);
            }));
            Self { ticks, seen }
        }

        async fn seen_after(&self, millis: u64) -> usize {
            sleep(Duration::from_millis(millis)).await;
            self.seen.load(Ordering::SeqCst)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_does_not_ask_gets_no_second_tick() {
        let window = Window::open();
        window.ticks.show();
        assert_eq!(window.seen_after(1).await, 1, "showing is worth one tick");
        for _ in 0..1000 {
            window.ticks.changed();
            advance(Duration::from_millis(1)).await;
        }
        assert_eq!(window.seen_after(1).await, 1);
        window.ticks.pulled();
        assert_eq!(window.seen_after(100).await, 1, "it has just read everything");
        window.ticks.changed();
        assert_eq!(window.seen_after(1).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hidden_window_gets_nothing_and_one_tick_when_shown() {
        let window = Window::open();
        for _ in 0..50 {
            window.ticks.changed();
        }
        assert_eq!(window.seen_after(60_000).await, 0);
        window.ticks.show();
        assert_eq!(window.seen_after(1).await, 1);
        window.ticks.hide();
        window.ticks.changed();
        assert_eq!(window.seen_after(600_000).await, 1, "nor is a lost tick repeated to it");
        window.ticks.show();
        assert_eq!(window.seen_after(1).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_that_a_reload_swallowed_is_repeated_ever_more_rarely() {
        let window = Window::open();
        window.ticks.show();
        assert_eq!(window.seen_after(4_999).await, 1);
        assert_eq!(window.seen_after(2).await, 2);
        assert_eq!(window.seen_after(10_001).await, 3);
        let before = window.seen_after(60_000).await;
        assert_eq!(window.seen_after(600_000).await - before, 10, "one a minute in the end");
    }
}
