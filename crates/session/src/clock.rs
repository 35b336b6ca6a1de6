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

/// The kernel's boot-time clock, which no wall step moves and no sleep stops.
#[cfg(target_os = "linux")]
fn boot_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(not(target_os = "linux"))]
fn boot_time() -> Option<Duration> {
    None
}

/// Notices that the machine slept: time went by that tokio's clock did not see. A clock that is set back says nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SleepWatch {
    awake: Instant,
    all: Duration,
}

impl SleepWatch {
    pub(crate) fn new(awake: Instant, all: Duration) -> Self {
        Self { awake, all }
    }

    /// How long the machine slept since the last look.
    pub(crate) fn slept(&mut self, awake: Instant, all: Duration) -> Duration {
        let slept = all.saturating_sub(self.all).saturating_sub(awake - self.awake);
        *self = Self { awake, all };
        slept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_is_what_the_awake_clock_did_not_see() {
        let (start, s) = (Instant::now(), Duration::from_secs);
        let mut watch = SleepWatch::new(start, s(1000));
        assert_eq!(watch.slept(start + s(5), s(1005)), s(0));
        assert_eq!(watch.slept(start + s(10), s(1100)), s(90));
        assert_eq!(watch.slept(start + s(15), s(500)), s(0), "a step back is no sleep");
        assert_eq!(watch.slept(start + s(20), s(505)), s(0));
    }
}
