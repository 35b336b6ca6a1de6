//! The overlay's HTTP: a few connections on loopback, one request each.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aside_words::Language;
use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::{JoinHandle, JoinSet};

use super::address::Address;
use super::gate::{Asked, Refusal, judge};
use super::listener::{events, stalled};
use super::page::{self, SCRIPT, STYLE};
use super::screens::Screens;

/// So many browser sources may listen at once.
pub(super) const LISTENERS: usize = 8;
/// So many connections may be open; more wait in the kernel.
const CONNECTIONS: usize = 32;
/// The largest head of a request.
const HEAD_BYTES: usize = 16 * 1024;
/// Out of file descriptors, most likely: nothing gets better by asking at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Sent with whatever is answered. Styles may stand in the page, since OBS puts a person's own there; no other text is ever
/// more than text, and nothing is fetched from elsewhere.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// What is served where.
pub(super) struct Site {
    pub(super) address: Address,
    pub(super) screens: Arc<Screens>,
    pub(super) language: Arc<dyn Fn() -> Language + Send + Sync>,
}

/// The overlay as it runs. Its streams end with it.
pub(super) struct Server {
    accepting: JoinHandle<()>,
}

impl Server {
    pub(super) fn start(listener: TcpListener, site: Site) -> Self {
        Self { accepting: tokio::spawn(accept(listener, Arc::new(site))) }
    }

    /// Ends it; its port is free afterwards.
    pub(super) async fn stop(mut self) {
        self.accepting.abort();
        let _ended = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, site: Arc<Site>) {
    let seats = Arc::new(Semaphore::new(LISTENERS));
    // Ends its connections when this task is ended.
    let mut connections = JoinSet::new();
    loop {
        let room = connections.len() < CONNECTIONS;
        tokio::select! {
            Some(_ended) = connections.join_next() => {}
            accepted = listener.accept(), if room => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&site), Arc::clone(&seats)));
                }
                Err(error) => {
                    tracing::warn!(%error, "the overlay cannot accept");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

async fn serve(stream: TcpStream, site: Arc<Site>, seats: Arc<Semaphore>) {
    let taken = Arc::new(Notify::new());
    let service = service_fn(|request: Request<Incoming>| {
        let response = answer(&request, &site, &seats, &taken);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A request that is never finished takes nothing either.
        () = stalled(&taken) => {}
        served = connection => if let Err(error) = served {
            let io = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<io::Error>());
            tracing::debug!(io = io.map(|error| tracing::field::display(error.kind())), "an overlay's connection failed");
        },
    }
}

fn answer(
    request: &Request<Incoming>,
    site: &Site,
    seats: &Arc<Semaphore>,
    taken: &Arc<Notify>,
) -> Response {
    let judged = judge(request.method(), request.uri(), request.headers(), &site.address);
    let (kind, body) = match judged {
        Ok(Asked::Page(screen, choices)) => {
            ("text/html", Body::from(page::fill(screen, choices, (site.language)())))
        }
        Ok(Asked::Style) => ("text/css", Body::from(STYLE)),
        Ok(Asked::Script) => ("text/javascript", Body::from(SCRIPT)),
        Ok(Asked::Live(screen)) => match Arc::clone(seats).try_acquire_owned() {
            Ok(seat) => {
                let shown = site.screens.watch(screen);
                ("text/event-stream", events(shown, seat, Arc::clone(taken)))
            }
            Err(_full) => return refuse(Refusal::Full),
        },
        Err(refusal) => return refuse(refusal),
    };
    let mut response = plain(body);
    if let Ok(kind) = HeaderValue::try_from(format!("{kind}; charset=utf-8")) {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}

fn refuse(refusal: Refusal) -> Response {
    // In place of an empty body a browser would show a page of its own, in the middle of a broadcast.
    let words = match refusal {
        Refusal::Misread(misread) => misread.to_string(),
        Refusal::Foreign | Refusal::Method | Refusal::NotFound | Refusal::Full => {
            refusal.status().canonical_reason().unwrap_or_default().to_owned()
        }
    };
    let mut response = plain(Body::from(words));
    *response.status_mut() = refusal.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if refusal == Refusal::Method {
        headers.insert(ALLOW, HeaderValue::from_static("GET"));
    }
    response
}

fn plain(body: Body) -> Response {
    let mut response = Response::new(body);
    for (name, value) in HEADERS {
        let name = HeaderName::from_static(name);
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
