//! Whether the peer is alive: when to beat, when to doubt, when to give up. Pure; a link asks it and obeys.
//!
//! Worst case from the last byte to `Dead`: 5 s to the next beat, 4 s without a reply, 3 s of doubt: twelve seconds.

use std::time::Duration;

use tokio::time::Instant;

/// The contract's beat.
pub(crate) const BEAT: Duration = Duration::from_secs(5);
/// How long a beat may go without any inbound byte before the link is in doubt.
pub(crate) const REPLY: Duration = Duration::from_secs(4);
/// How long a doubtful link has to show any sign of life.
pub(crate) const DOUBT: Duration = Duration::from_secs(3);

/// What a link is to do now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tick {
    /// Send the contract's heartbeat.
    pub(crate) beat: bool,
    /// Send a WebSocket ping.
    pub(crate) ping: bool,
    /// Give the connection up.
    pub(crate) dead: bool,
}

/// The heartbeat of one connection; a new connection gets a new one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    next_beat: Instant,
    /// The server never promised to answer beats: a ping goes beside each.
    pings: bool,
    /// The oldest beat that nothing has followed.
    unanswered: Option<Instant>,
    doubt: Option<Doubt>,
}

#[derive(Clone, Copy, Debug)]
struct Doubt {
    since: Instant,
    until: Instant,
}

impl Heartbeat {
    /// Starts at the moment a socket opened; `first` is drawn from 0 to [`BEAT`], so that many clients don't beat at once.
    pub(crate) fn new(opened: Instant, first: Duration) -> Self {
        Self { next_beat: opened + first.min(BEAT), pings: true, unanswered: None, doubt: None }
    }

    /// The server promised to answer beats, so they need no ping beside them.
    pub(crate) fn beats_are_answered(&mut self) {
        self.pings = false;
    }

    /// When [`Heartbeat::tick`] must be called at the latest.
    pub(crate) fn deadline(&self) -> Instant {
        let doubt = self.doubt.map(|doubt| doubt.until);
        let reply = self.unanswered.filter(|_| doubt.is_none()).map(|at| at + REPLY);
        [doubt, reply].into_iter().flatten().fold(self.next_beat, Instant::min)
    }

    /// Something outside made the link doubtful: the network changed, or the machine slept for a moment. A doubt that is
    /// there already keeps its end: a network that changes every other second must not keep a dead link.
    pub(crate) fn doubt(&mut self, now: Instant) -> Tick {
        self.doubt.get_or_insert(Doubt { since: now, until: now + DOUBT });
        Tick { beat: true, ping: true, dead: false }
    }

    /// Decides for the moment `now`, the last inbound byte having come at `heard`.
    pub(crate) fn tick(&mut self, now: Instant, heard: Instant) -> Tick {
        let mut tick = Tick::default();
        if self.unanswered.is_some_and(|since| heard >= since) {
            self.unanswered = None;
        }
        if let Some(doubt) = self.doubt {
            if heard > doubt.since {
                self.doubt = None;
                self.unanswered = None;
            } else if now >= doubt.until {
                return Tick { dead: true, ..tick };
            }
        } else if self.unanswered.is_some_and(|since| now >= since + REPLY) {
            tick = self.doubt(now);
        }
        if now >= self.next_beat {
            tick.beat = true;
            tick.ping |= self.pings;
            self.unanswered.get_or_insert(now);
            // A machine that was too busy skips beats instead of sending them in a burst; the rhythm stays.
            while self.next_beat <= now {
                self.next_beat += BEAT;
            }
        }
        tick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    /// Lets a heartbeat run against a peer that is heard at the given seconds; tells when it died and how often it beat.
    fn run(
        first: u64,
        heard_at: impl Fn(Duration) -> Option<Duration>,
        until: Duration,
    ) -> (Option<Duration>, Vec<Duration>) {
        let start = Instant::now();
        let mut heart = Heartbeat::new(start, S(first));
        let mut beats = Vec::new();
        loop {
            let now = heart.deadline();
            if now - start > until {
                return (None, beats);
            }
            let heard = heard_at(now - start).map_or(start, |at| start + at);
            let tick = heart.tick(now, heard);
            if tick.dead {
                return (Some(now - start), beats);
            }
            if tick.beat {
                beats.push(now - start);
            }
        }
    }

    #[test]
    fn a_silent_peer_is_dead_within_twelve_seconds_of_its_last_byte() {
        for first in 0..=5 {
            for last in 0..40 {
                let (died, _) = run(first, |now| Some(now.min(S(last))), S(120));
                let died = died.expect("a silent peer dies");
                assert!(died <= S(last) + S(12), "first {first} last {last} died {died:?}");
                assert!(died > S(last) + S(6), "not before doubt has had its time: {died:?}");
            }
        }
    }

    #[test]
    fn any_byte_is_life_and_the_rhythm_is_five_seconds_exactly() {
        let (died, beats) = run(3, Some, S(300));
        assert_eq!(died, None);
        let expected: Vec<_> = (0..beats.len() as u64).map(|n| S(3 + 5 * n)).collect();
        assert_eq!(beats, expected);
    }

    #[test]
    fn doubt_ends_with_the_first_byte() {
        let start = Instant::now();
        let mut heart = Heartbeat::new(start, S(0));
        assert!(heart.tick(start, start).beat);
        let tick = heart.tick(start + S(5), start + S(1));
        assert_eq!(tick, Tick { beat: true, ping: true, dead: false });
        let tick = heart.tick(start + S(9), start + S(1));
        assert_eq!(tick, Tick { beat: true, ping: true, dead: false }, "doubt: probe");
        let tick = heart.tick(start + S(12), start + S(11));
        assert_eq!(tick, Tick { beat: true, ping: true, dead: false }, "the beats due at 10, late");
        assert_eq!(heart.deadline(), start + S(15));
    }

    #[test]
    fn a_stalled_process_gives_the_peer_its_three_seconds() {
        let start = Instant::now();
        let mut heart = Heartbeat::new(start, S(1));
        heart.tick(start + S(1), start);
        let late = start + S(60);
        assert!(!heart.tick(late, start).dead);
        assert!(heart.tick(late + S(3), start).dead);
    }
}
