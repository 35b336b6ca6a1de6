//! What clients did, for tests: connections, heartbeats, the frames as they came. Off unless the config says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// How many frames of one connection, and how many requests, are kept; a forgotten probe must not eat the machine.
const KEPT: usize = 100_000;

/// A window into a running server. Everything is a copy of the moment.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    record: Option<Arc<Mutex<Record>>>,
}

#[derive(Debug, Default)]
struct Record {
    connections: BTreeMap<u64, ConnectionTrace>,
    requests: Vec<RequestTrace>,
}

/// One socket, from its upgrade on.
#[derive(Clone, Debug)]
pub struct ConnectionTrace {
    /// Counts from 1 in the order of acceptance.
    pub number: u64,
    /// The token's user.
    pub user: String,
    /// The handshake's `content-type`.
    pub content_type: Option<String>,
    /// When the upgrade was answered.
    pub opened: Instant,
    /// When it ended, and with which close code (1006 for none).
    pub closed: Option<(Instant, u16)>,
    /// When each heartbeat came.
    pub heartbeats: Vec<Instant>,
    /// Every text frame as it came, the token cut out (`"token":"…"`), in order.
    pub frames: Vec<String>,
    /// How many frames could not be read.
    pub bad_frames: u64,
}

/// One HTTP request, upgrades included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestTrace {
    /// The method.
    pub method: String,
    /// Path and query; a `token` in it is cut out.
    pub target: String,
    /// The status of the reply; 101 for a socket.
    pub status: u16,
}

impl Probe {
    pub(crate) fn new(on: bool) -> Self {
        Self { record: on.then(Arc::default) }
    }

    /// How many sockets were ever accepted.
    pub fn accepted(&self) -> usize {
        self.read(|record| record.connections.len())
    }

    /// How many sockets are open now.
    pub fn live(&self) -> usize {
        self.read(|record| record.connections.values().filter(|c| c.closed.is_none()).count())
    }

    /// Every socket, in the order of acceptance.
    pub fn connections(&self) -> Vec<ConnectionTrace> {
        self.read(|record| record.connections.values().cloned().collect())
    }

    /// The last socket that was accepted.
    pub fn last(&self) -> Option<ConnectionTrace> {
        self.read(|record| record.connections.values().next_back().cloned())
    }

    /// Every HTTP request, in order of its reply.
    pub fn requests(&self) -> Vec<RequestTrace> {
        self.read(|record| record.requests.clone())
    }

    fn read<T: Default>(&self, look: impl FnOnce(&Record) -> T) -> T {
        self.record
            .as_ref()
            .map(|record| look(&record.lock().unwrap_or_else(PoisonError::into_inner)))
            .unwrap_or_default()
    }

    fn note(&self, change: impl FnOnce(&mut Record)) {
        if let Some(record) = &self.record {
            change(&mut record.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    pub(crate) fn opened(&self, number: u64, user: &str, content_type: Option<&str>) {
        self.note(|record| {
            let trace = ConnectionTrace {
                number,
                user: user.to_owned(),
                content_type: content_type.map(str::to_owned),
                opened: Instant::now(),
                closed: None,
                heartbeats: Vec::new(),
                frames: Vec::new(),
                bad_frames: 0,
            };
            record.connections.insert(number, trace);
        });
    }

    pub(crate) fn closed(&self, number: u64, code: u16) {
        self.with(number, |trace| trace.closed = Some((Instant::now(), code)));
    }

    pub(crate) fn frame(&self, number: u64, text: &str, secret: &str) {
        self.with(number, |trace| {
            if trace.frames.len() < KEPT {
                trace.frames.push(text.replace(secret, "…"));
            }
        });
    }

    pub(crate) fn heartbeat(&self, number: u64) {
        self.with(number, |trace| trace.heartbeats.push(Instant::now()));
    }

    pub(crate) fn bad_frame(&self, number: u64) {
        self.with(number, |trace| trace.bad_frames += 1);
    }

    pub(crate) fn request(&self, method: &str, target: &str, status: u16) {
        self.note(|record| {
            if record.requests.len() < KEPT {
                record.requests.push(RequestTrace {
                    method: method.to_owned(),
                    target: target.to_owned(),
                    status,
                });
            }
        });
    }

    fn with(&self, number: u64, change: impl FnOnce(&mut ConnectionTrace)) {
        self.note(|record| {
            if let Some(trace) = record.connections.get_mut(&number) {
                change(trace);
            }
        });
    }
}
