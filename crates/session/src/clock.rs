//! Where a session's time comes from, so that tests and simulations can bring their own.

use std::time::Duration;

use jiff::{Timestamp, ZonedDateTime};
use tokio::time::Instant;

/// The clocks besides tokio's own, which is the only one that decides about liveness.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock, for what people read.
    fn now(&self) -> Timestamp;

    /// The wall clock in the reader's zone, for the stamp that the contract puts into a send.
    fn zoned(&self) -> ZonedDateTime;

    /// Time since some fixed moment, sleep of the machine included. Compared with tokio's clock, which stops during sleep
    /// on Linux and macOS, it tells that the machine slept; where it cannot be had, the wall clock stands in.
    fn with_sleep(&self) -> Duration;
}

/// The machine's own clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn zoned(&self) -> ZonedDateTime {
        ZonedDateTime::now()
    }

    fn with_sleep(&self) -> Duration {
        boot_time().unwrap_or_else(|| {
            let millis = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
            Duration::from_millis(millis)
        })
    }
}

/// The system's clock that no wall step moves and no sleep stops.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn boot_time() -> Option<Duration> {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    // Here it is the one that goes on in a sleep; tokio's is another.
    #[cfg(target_os = "macos")]
    let clock = rustix::time::ClockId::Monotonic;
    Duration::try_from(rustix::time::clock_gettime(clock)).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn boot_time() -> Option<Duration> {
    None
}

/// Notices that the machine slept: time went by that tokio's clock did not see. A clock that is set back says nothing.
///
/// Where tokio's clock goes on in a sleep, as on Windows, or the process alone was stopped, nothing is missing between the
/// two, but the look itself comes late; that is worth a doubt and no more, for a busy machine is late, too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SleepWatch {
    awake: Instant,
    all: Duration,
}

/// So late is no longer a busy moment ...
const LATE: Duration = Duration::from_secs(5);
/// ... and counts as a sleep of this length.
const DOZE: Duration = Duration::from_secs(5);

impl SleepWatch {
    pub(crate) fn new(awake: Instant, all: Duration) -> Self {
        Self { awake, all }
    }

    /// How long the machine slept since the last look; this one was `due` at the latest.
    pub(crate) fn slept(&mut self, awake: Instant, all: Duration, due: Instant) -> Duration {
        let seen = awake - self.awake;
        let slept = all.saturating_sub(self.all).saturating_sub(seen);
        *self = Self { awake, all };
        let late = awake.saturating_duration_since(due) >= LATE;
        slept.max(if late { DOZE } else { Duration::ZERO })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn sleep_is_what_the_awake_clock_did_not_see() {
        let start = Instant::now();
        let mut watch = SleepWatch::new(start, S(1000));
        assert_eq!(watch.slept(start + S(2), S(1002), start + S(2)), S(0));
        assert_eq!(watch.slept(start + S(4), S(1094), start + S(4)), S(90));
        assert_eq!(
            watch.slept(start + S(6), S(500), start + S(6)),
            S(0),
            "a step back is no sleep"
        );
        assert_eq!(watch.slept(start + S(8), S(502), start + S(8)), S(0));
    }

    #[test]
    fn a_look_that_comes_far_too_late_is_a_doubt_and_never_more() {
        let start = Instant::now();
        let mut watch = SleepWatch::new(start, S(0));
        assert_eq!(watch.slept(start + S(6), S(6), start + S(2)), S(0), "a busy moment");
        assert_eq!(watch.slept(start + S(13), S(13), start + S(8)), DOZE);
        assert_eq!(watch.slept(start + S(50_000), S(50_000), start + S(15)), DOZE);
    }

    #[test]
    fn the_systems_clock_goes_on_with_the_awake_one() {
        let (awake, all) = (Instant::now(), SystemClock.with_sleep());
        std::thread::sleep(Duration::from_millis(50));
        let (awake, all) = (awake.elapsed(), SystemClock.with_sleep() - all);
        assert!(all.abs_diff(awake) < Duration::from_millis(30), "{all:?} {awake:?}");
        #[cfg(target_os = "linux")]
        {
            // It counts from the start of the machine, not from 1970: no wall step moves it.
            assert!(SystemClock.with_sleep() < S(20 * 365 * 86_400));
        }
    }
}
