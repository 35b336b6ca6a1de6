//! How a link ended, and what that means: come back after a while, or wait for a person. The one table of both.

use std::collections::VecDeque;
use std::time::Duration;

use aside_protocol::{CloseReason, close};
use jiff::fmt::rfc2822;
use tokio::time::Instant;

use crate::backoff::Pace;
use crate::network::DialError;
use crate::view::Why;

/// How a link ended, or why it never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// No byte stream.
    Dial(DialError),
    /// Not open within the time that connecting may take as a whole.
    ConnectTimeout,
    /// The upgrade was answered with another status than 101.
    Status { status: u16, html: bool, retry_after: Option<Duration> },
    /// The upgrade was answered with something that is no upgrade.
    NoUpgrade,
    /// The socket opened, and nothing came.
    NoHello,
    /// A close frame came.
    Closed(CloseReason),
    /// The stream ended or broke.
    Broken,
    /// The peer broke the rules of WebSocket.
    Violation,
    /// The peer sent more than a client takes.
    Oversize,
    /// The peer found something of ours too large, which is not sent again by itself.
    Parked,
    /// Nothing was heard for too long.
    Dead,
    /// A write did not get through.
    WriteStuck,
    /// The machine slept, so whatever the socket says is worth nothing.
    Slept,
    /// A person wanted it.
    Wanted,
    /// What it brought could not be kept.
    Storage,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Come back after a while.
    Wait { pace: Pace, why: Why },
    /// Only a person can help.
    Refuse { why: Why },
}

/// Something that is not an authority's proof, but will not get better by trying forever.
const STRIKES: usize = 3;
/// The strikes that count are younger than this.
const STRIKE_MEMORY: Duration = Duration::from_secs(5 * 60);
/// A network's sign-in page, a wrong certificate: looked at again about this often.
pub(crate) const PROBE_AGAIN: Duration = Duration::from_secs(10);
/// A wrong address: looked at again about this often.
const WRONG_ADDRESS: Duration = Duration::from_secs(5 * 60);
/// A busy server's own word for the wait is capped at this when it comes with 1013, and so is that of a page for people.
const LATER_CAP: Duration = Duration::from_secs(120);
/// 1013 with a shorter wait than this is no full server's word: it lets go of a reader that was too slow.
const SOON_CAP: Duration = Duration::from_secs(1);

/// Remembers how often lately the two sides did not understand each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strikes(VecDeque<Instant>);

impl Strikes {
    /// Counts one more; true when that was one too many.
    fn out(&mut self, now: Instant) -> bool {
        while self.0.front().is_some_and(|at| now - *at > STRIKE_MEMORY) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.len() >= STRIKES
    }
}

impl End {
    /// What follows, a connection having lasted or not.
    pub(crate) fn judge(self, strikes: &mut Strikes, now: Instant) -> Verdict {
        let wait = |pace, why| Verdict::Wait { pace, why };
        match self {
            Self::Dial(error) => of_dial(error),
            Self::ConnectTimeout | Self::NoHello => wait(Pace::Theirs, Why::Timeout),
            Self::Status { status, html, retry_after } => of_status(status, html, retry_after),
            Self::NoUpgrade => wait(Pace::Slow(PROBE_AGAIN), Why::NotOurServer),
            Self::Closed(reason) => of_close(reason, strikes, now),
            Self::Violation => strike(strikes, now, Why::Protocol),
            // One long message must not send anyone away for good: history will show it, cut or not.
            Self::Oversize => wait(Pace::Theirs, Why::Protocol),
            Self::Parked => wait(Pace::Theirs, Why::ServerClosed),
            Self::Broken => wait(Pace::Theirs, Why::Network),
            Self::Dead | Self::WriteStuck => wait(Pace::Ours, Why::Timeout),
            Self::Slept => wait(Pace::Ours, Why::Slept),
            Self::Wanted => wait(Pace::Ours, Why::Network),
            Self::Storage => wait(Pace::Ours, Why::Storage),
        }
    }
}

fn strike(strikes: &mut Strikes, now: Instant, why: Why) -> Verdict {
    if strikes.out(now) {
        Verdict::Refuse { why }
    } else {
        Verdict::Wait { pace: Pace::Theirs, why: Why::ServerClosed }
    }
}

fn of_dial(error: DialError) -> Verdict {
    let (pace, why) = match error {
        DialError::Dns => (Pace::Theirs, Why::Dns),
        DialError::Unreachable => (Pace::Theirs, Why::Network),
        DialError::Timeout => (Pace::Theirs, Why::Timeout),
        DialError::Certificate => (Pace::Slow(PROBE_AGAIN), Why::Certificate),
        DialError::CertificateTime => (Pace::Slow(PROBE_AGAIN), Why::ClockWrong),
        DialError::Tls | DialError::ProxyRefused => (Pace::Slow(PROBE_AGAIN), Why::NotOurServer),
        DialError::ProxySignIn => (Pace::Slow(PROBE_AGAIN), Why::ProxySignIn),
    };
    Verdict::Wait { pace, why }
}

fn of_status(status: u16, html: bool, retry_after: Option<Duration>) -> Verdict {
    let wait = |pace, why| Verdict::Wait { pace, why };
    let asked = |time: Duration| match html {
        true => Pace::Advised(time.min(LATER_CAP)),
        false => Pace::Asked(time),
    };
    let foreign = wait(Pace::Slow(PROBE_AGAIN), Why::NotOurServer);
    match status {
        // A page for people is no room server's refusal: a sign-in page must not cost anyone their token.
        401 | 403 if html => foreign,
        401 => Verdict::Refuse { why: Why::Token },
        403 => Verdict::Refuse { why: Why::NotAllowed },
        404 | 410 => wait(Pace::Slow(WRONG_ADDRESS), Why::NotFound),
        407 => wait(Pace::Slow(PROBE_AGAIN), Why::ProxySignIn),
        408 | 425 => wait(Pace::Theirs, Why::ServerError),
        426 => Verdict::Refuse { why: Why::UpdateNeeded },
        429 | 503 => wait(retry_after.map_or(Pace::Busy, asked), Why::ServerBusy),
        // "Network Authentication Required": no server says this, but a network that wants to be signed in to.
        511 => foreign,
        500..=599 => wait(retry_after.map_or(Pace::Theirs, asked), Why::ServerError),
        _ => foreign,
    }
}

fn of_close(reason: CloseReason, strikes: &mut Strikes, now: Instant) -> Verdict {
    let wait = |pace, why| Verdict::Wait { pace, why };
    let asked = reason.retry_ms.map(Duration::from_millis);
    match reason.code {
        close::TOKEN_REFUSED => Verdict::Refuse { why: Why::Token },
        close::NOT_ALLOWED => Verdict::Refuse { why: Why::NotAllowed },
        4409 => Verdict::Refuse { why: Why::Elsewhere },
        4426 => Verdict::Refuse { why: Why::UpdateNeeded },
        // "Policy violation" is what servers without codes of their own say for many things, a bad token among them.
        1008 => strike(strikes, now, Why::Token),
        1002 | 1003 | 1007 | close::TOO_LARGE | close::MALFORMED => {
            strike(strikes, now, Why::Protocol)
        }
        close::RESTARTING => wait(asked.map_or(Pace::Restart, Pace::Asked), Why::ServerRestart),
        close::TRY_LATER => {
            let pace = match asked {
                None => Pace::Later,
                Some(time) if time < SOON_CAP => Pace::Soon(time),
                Some(time) => Pace::Asked(time.min(LATER_CAP)),
            };
            wait(pace, Why::ServerBusy)
        }
        close::TOO_FAST => wait(asked.map_or(Pace::Busy, Pace::Asked), Why::ServerBusy),
        4500..=4999 => Verdict::Refuse { why: Why::ServerClosed },
        // Also 1000: a goodbye *from the server* is not ours.
        _ => wait(asked.map_or(Pace::Theirs, Pace::Asked), Why::ServerClosed),
    }
}

/// Reads `Retry-After`: seconds, or a date measured against the reply's own `Date` (our clock may be wrong).
pub(crate) fn retry_after(value: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let value = value?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = |text: &str| rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    let (until, from) = (moment(value)?, moment(date?.trim())?);
    let seconds = until.as_second().saturating_sub(from.as_second());
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// Whether a reply is a page for people rather than a word from a room server.
pub(crate) fn is_html(content_type: &str, body: &[u8]) -> bool {
    let start = body.iter().find(|byte| !byte.is_ascii_whitespace());
    content_type.to_ascii_lowercase().contains("html") || start == Some(&b'<')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(end: End) -> Verdict {
        end.judge(&mut Strikes::default(), Instant::now())
    }

    fn status(status: u16) -> Verdict {
        judge(End::Status { status, html: false, retry_after: None })
    }

    fn closed(code: u16) -> Verdict {
        judge(End::Closed(CloseReason { code, retry_ms: None }))
    }

    fn why(verdict: Verdict) -> Why {
        match verdict {
            Verdict::Wait { why, .. } | Verdict::Refuse { why } => why,
        }
    }

    #[test]
    fn only_a_room_servers_own_refusal_ends_the_tries() {
        assert_eq!(status(401), Verdict::Refuse { why: Why::Token });
        assert_eq!(closed(4401), Verdict::Refuse { why: Why::Token });
        assert_eq!(status(403), Verdict::Refuse { why: Why::NotAllowed });
        assert_eq!(closed(4403), Verdict::Refuse { why: Why::NotAllowed });
        for code in [401, 403] {
            let page = judge(End::Status { status: code, html: true, retry_after: None });
            assert_eq!(why(page), Why::NotOurServer, "a sign-in page refuses nobody's token");
            assert!(matches!(page, Verdict::Wait { .. }));
        }
    }

    #[test]
    fn the_time_of_a_page_for_people_is_nobodys_word() {
        let minutes = Duration::from_secs(900);
        let says = |status, html| judge(End::Status { status, html, retry_after: Some(minutes) });
        for (status, why) in
            [(429, Why::ServerBusy), (503, Why::ServerBusy), (502, Why::ServerError)]
        {
            assert_eq!(says(status, false), Verdict::Wait { pace: Pace::Asked(minutes), why });
            assert_eq!(says(status, true), Verdict::Wait { pace: Pace::Advised(LATER_CAP), why });
        }
        let network = Verdict::Wait { pace: Pace::Slow(PROBE_AGAIN), why: Why::NotOurServer };
        assert_eq!(says(511, true), network);
    }

    #[test]
    fn every_other_answer_waits() {
        for code in
            [200, 204, 301, 302, 307, 400, 404, 407, 408, 410, 418, 425, 429, 500, 502, 503, 504]
        {
            assert!(matches!(status(code), Verdict::Wait { .. }), "{code}");
        }
        for code in [1000, 1001, 1005, 1006, 1011, 1012, 1013, 1015, 4000, 4429, 4499] {
            assert!(matches!(closed(code), Verdict::Wait { .. }), "{code}");
        }
        assert_eq!(
            status(302),
            Verdict::Wait { pace: Pace::Slow(PROBE_AGAIN), why: Why::NotOurServer }
        );
    }

    #[test]
    fn what_is_not_understood_is_tried_three_times_in_five_minutes() {
        let (mut strikes, now) = (Strikes::default(), Instant::now());
        let end = End::Closed(CloseReason { code: 1002, retry_ms: None });
        let minute = Duration::from_secs(60);
        for at in [now, now + minute, now + 6 * minute + Duration::from_secs(1)] {
            assert!(matches!(end.judge(&mut strikes, at), Verdict::Wait { .. }));
        }
        let third = end.judge(&mut strikes, now + 7 * minute);
        assert!(matches!(third, Verdict::Wait { .. }), "the first ones are forgotten");
        let fourth = end.judge(&mut strikes, now + 8 * minute);
        assert_eq!(fourth, Verdict::Refuse { why: Why::Protocol });
    }

    #[test]
    fn a_servers_own_time_is_believed() {
        let end = End::Closed(CloseReason { code: 1012, retry_ms: Some(2500) });
        assert_eq!(
            judge(end),
            Verdict::Wait {
                pace: Pace::Asked(Duration::from_millis(2500)),
                why: Why::ServerRestart
            }
        );
        let end = End::Closed(CloseReason { code: 1013, retry_ms: Some(9_000_000) });
        assert_eq!(
            judge(end),
            Verdict::Wait { pace: Pace::Asked(LATER_CAP), why: Why::ServerBusy }
        );
        let later = |retry_ms| End::Closed(CloseReason { code: 1013, retry_ms });
        let pace = |pace| Verdict::Wait { pace, why: Why::ServerBusy };
        let soon = Duration::from_millis(250);
        assert_eq!(judge(later(Some(250))), pace(Pace::Soon(soon)), "it was only too slow");
        assert_eq!(judge(later(Some(1000))), pace(Pace::Asked(Duration::from_secs(1))));
        assert_eq!(judge(later(None)), pace(Pace::Later));
        assert_eq!(retry_after(Some(" 7 "), None), Some(Duration::from_secs(7)));
        let (date, later) = ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:30 GMT");
        assert_eq!(retry_after(Some(later), Some(date)), Some(Duration::from_secs(30)));
        assert_eq!(retry_after(Some(date), Some(later)), None, "the past is no wait");
        assert_eq!(retry_after(Some("soon"), Some(date)), None);
        assert_eq!(retry_after(Some(later), None), None);
    }
}
