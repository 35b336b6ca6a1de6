//! What a server counts about itself, and how that is read: in the text form of Prometheus, on a listener of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::refusal::Refusal;
use crate::routes::Server;
use crate::store::tokens::{TokenHash, hash};

/// Upper ends of the histogram of commits, in microseconds: from a fast disk to one that hangs.
const COMMIT_US: [u64; 11] =
    [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// Counters since the start. Nothing in them names anybody.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) opened: AtomicU64,
    pub(crate) joins: AtomicU64,
    pub(crate) entries: AtomicU64,
    pub(crate) slow_readers: AtomicU64,
    /// Where several servers share a log: whether it is away or does not belong to this database, how far this one has come,
    /// how often another one was faster.
    pub(crate) log_away: AtomicBool,
    pub(crate) log_broken: AtomicBool,
    pub(crate) log_position: AtomicU64,
    pub(crate) log_overtaken: AtomicU64,
    closed: Mutex<BTreeMap<u16, u64>>,
    refusals: Mutex<BTreeMap<&'static str, u64>>,
    /// As many commits as took no longer than each end, and one for those that took longer.
    commits: [AtomicU64; COMMIT_US.len() + 1],
    commit_us: AtomicU64,
}

impl Metrics {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self, code: u16) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
    }

    pub(crate) fn refused(&self, why: &'static str) {
        *self.refusals.lock().unwrap_or_else(PoisonError::into_inner).entry(why).or_default() += 1;
    }

    pub(crate) fn committed(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = COMMIT_US.iter().position(|end| us <= *end).unwrap_or(COMMIT_US.len());
        Self::add(&self.commits[bucket], 1);
        Self::add(&self.commit_us, us);
    }

    /// Whether nothing can be written, since the log is away.
    pub(crate) fn is_log_away(&self) -> bool {
        self.log_away.load(Ordering::Relaxed) || self.log_broken.load(Ordering::Relaxed)
    }

    /// The counters, and how things stand beside them.
    fn text(&self, stands: &[(&str, &str, u64)]) -> String {
        let mut text = String::new();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        for (name, help, value) in stands {
            head(&mut text, name, help, "gauge");
            let _ = writeln!(text, "aside_{name} {value}");
        }
        for (name, help, value) in [
            ("sockets_opened_total", "Sockets that were opened.", read(&self.opened)),
            ("joins_total", "Joins.", read(&self.joins)),
            ("entries_total", "Entries that were stored.", read(&self.entries)),
            (
                "slow_readers_total",
                "Sockets let go for reading too slowly.",
                read(&self.slow_readers),
            ),
            (
                "log_overtaken_total",
                "Writes made again since another server was faster.",
                read(&self.log_overtaken),
            ),
        ] {
            head(&mut text, name, help, "counter");
            let _ = writeln!(text, "aside_{name} {value}");
        }
        head(&mut text, "sockets_closed_total", "Sockets that ended, by close code.", "counter");
        for (code, count) in self.closed.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(text, "aside_sockets_closed_total{{code=\"{code}\"}} {count}");
        }
        head(&mut text, "refusals_total", "What was refused, by reason.", "counter");
        for (why, count) in self.refusals.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(text, "aside_refusals_total{{reason=\"{why}\"}} {count}");
        }
        head(&mut text, "commit_seconds", "How long commits take.", "histogram");
        let mut count = 0;
        for (end_us, bucket) in COMMIT_US.iter().zip(&self.commits) {
            count += read(bucket);
            let end = *end_us as f64 / 1e6;
            let _ = writeln!(text, "aside_commit_seconds_bucket{{le=\"{end}\"}} {count}");
        }
        count += self.commits.last().map_or(0, read);
        let sum = read(&self.commit_us) as f64 / 1e6;
        let _ = writeln!(text, "aside_commit_seconds_bucket{{le=\"+Inf\"}} {count}");
        let _ =
            writeln!(text, "aside_commit_seconds_sum {sum}\naside_commit_seconds_count {count}");
        text
    }
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(text, "# HELP aside_{name} {help}\n# TYPE aside_{name} {kind}");
}

struct Read {
    server: Arc<Server>,
    token: Option<TokenHash>,
}

/// What is served to whoever measures: `/metrics`, and nothing else.
pub(crate) fn router(server: Arc<Server>, token: Option<&str>) -> Router {
    let read = Arc::new(Read { server, token: token.map(hash) });
    Router::new()
        .route("/metrics", get(metrics))
        .fallback(async || Refusal::NotFound)
        .with_state(read)
}

async fn metrics(State(read): State<Arc<Read>>, headers: HeaderMap) -> Response {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).map(hash);
    if read.token.is_some() && given != read.token {
        return Refusal::Token.into_response();
    }
    let hall = &read.server.hall;
    let waiting = hall.store.writes_waiting() as u64;
    let stands = [
        ("sockets", "Open sockets.", hall.sockets.count() as u64),
        (
            "sockets_most",
            "As many sockets as there may be.",
            read.server.config.limits.sockets as u64,
        ),
        ("rooms_open", "Rooms that somebody came to since the start.", hall.rooms_open() as u64),
        ("writes_waiting", "What waits for the writer.", waiting),
        ("log_away", "1 while the log that servers share is away.", {
            u64::from(hall.store.metrics().is_log_away())
        }),
        (
            "log_position",
            "The newest message of the log that this server has.",
            hall.store.metrics().log_position.load(Ordering::Relaxed),
        ),
        ("draining", "1 while the server is about to stop.", u64::from(read.server.is_draining())),
    ];
    let mut response = hall.store.metrics().text(&stands).into_response();
    let form = HeaderValue::from_static("text/plain; version=0.0.4");
    response.headers_mut().insert(CONTENT_TYPE, form);
    response
}
