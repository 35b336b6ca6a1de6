//! The HTTP side: which paths there are, and what every request must pass.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aside_protocol::http::{ANSWER_PATH, ASK_PATH, CAPABILITIES_PATH, HISTORY_PATH};
use aside_protocol::moderation::{
    DEEDS_PATH, MODERATION_PATH, MUTE_PATH, REMOVALS_PATH, REMOVE_PATH, SLOW_PATH,
};
use aside_protocol::triage::{
    CHANGES_PATH, EDIT_PATH, FROM_PATH, LOG_PATH, RETRACT_PATH, SNIPPETS_PATH, STATE_PATH,
    VOTE_PATH,
};
use aside_protocol::{Capabilities, Extension};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::hall::Hall;
use crate::pace::Paces;
use crate::probe::Probe;
use crate::refusal::{Refusal, json};
use crate::{
    answers, asking, gate, guests, history, moderation, page, snippets, triage, upgrade, votes,
};

/// What every request and every socket may look at.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) hall: Arc<Hall>,
    pub(crate) config: Config,
    pub(crate) offered: BTreeSet<Extension>,
    pub(crate) probe: Probe,
    /// The sockets' tasks.
    pub(crate) tasks: TaskTracker,
    pub(crate) sends: Paces<(i64, String)>,
    pub(crate) reads: Paces<(i64, String)>,
    /// Changes of questions, at the pace of sends and beside them.
    pub(crate) steps: Paces<(i64, String)>,
    /// What the audience says, where the room is slow.
    pub(crate) slow: Paces<(i64, String)>,
    pub(crate) connects: Paces<(i64, String)>,
    pub(crate) strangers: Paces<IpAddr>,
    pub(crate) guests: Paces<IpAddr>,
    /// Looks for guests of a full room that may give way.
    pub(crate) guest_looks: Paces<i64>,
    pub(crate) draining: AtomicBool,
}

impl Server {
    pub(crate) fn offers(&self, extension: Extension) -> bool {
        self.offered.contains(&extension)
    }

    /// Whether what is offered is enough for the audience's page: it finds its place again, and says nothing twice.
    fn serves_page(&self) -> bool {
        let needs = [Extension::Ack, Extension::Resume, Extension::Heartbeat];
        needs.into_iter().all(|extension| self.offers(extension))
    }

    /// Whether nobody is taken in any more, since the server is about to stop.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    fn is_core(&self) -> bool {
        self.offered.is_empty()
    }
}

/// The largest body of a request; a text of 8 KiB, escaped at its worst, fits.
const BODY_BYTES: usize = 64 * 1024;

/// A request that is not answered by then will not be waited for.
const REQUEST_DEADLINE: Duration = Duration::from_secs(30);

/// The longest `n` that `/health` repeats.
const ECHO_BYTES: usize = 128;

pub(crate) fn router(server: &Arc<Server>) -> Router {
    let path = |relative: &str| format!("/{relative}");
    let mut router = Router::new()
        .route("/ws", get(upgrade::upgrade))
        .route("/health", get(health))
        .route("/.well-known/aside-204", get(async || StatusCode::NO_CONTENT))
        .route(&path(HISTORY_PATH), get(history::page))
        .route(&path(ASK_PATH), post(asking::ask));
    if !server.is_core() {
        router = router
            .route(&path(CAPABILITIES_PATH), get(capabilities))
            .route("/api/health", get(health));
    }
    if server.serves_page() {
        router = router
            .route("/r/{topic}", get(page::page))
            .route("/r/{topic}/{stream}", get(page::page))
            .route("/page/{file}", get(page::asset))
            .route(guests::PATH, get(guests::open).post(guests::enter));
    }
    if server.offers(Extension::Answer) {
        router = router.route(&path(ANSWER_PATH), post(answers::add));
    }
    if server.offers(Extension::Triage) {
        router = router
            .route(&path(EDIT_PATH), post(answers::edit))
            .route(&path(RETRACT_PATH), post(answers::retract))
            .route(&path(FROM_PATH), post(answers::make_question))
            .route(&path(STATE_PATH), post(triage::state))
            .route(&path(CHANGES_PATH), get(triage::changes))
            .route(&path(LOG_PATH), get(triage::log))
            .route(&path(SNIPPETS_PATH), get(snippets::list).post(snippets::change));
    }
    if server.offers(Extension::Moderation) {
        router = router
            .route(&path(REMOVE_PATH), post(moderation::remove))
            .route(&path(MUTE_PATH), post(moderation::mute))
            .route(&path(SLOW_PATH), post(moderation::slow))
            .route(&path(MODERATION_PATH), get(moderation::state))
            .route(&path(DEEDS_PATH), get(moderation::log))
            .route(&path(REMOVALS_PATH), get(moderation::removals));
    }
    if server.offers(Extension::Votes) {
        router = router.route(&path(VOTE_PATH), post(votes::vote));
    }
    router
        .fallback(async || Refusal::NotFound)
        .method_not_allowed_fallback(async || Refusal::Method)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(server.clone(), pass))
        .with_state(server.clone())
}

/// What every request must pass; also where it is logged, without its query.
async fn pass(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let headers = request.headers();
    let known_page = gate::origin_allowed(headers, &server.config.origins)
        || (server.serves_page() && page::is_own(headers));
    let response = if gate::has_token(&uri) {
        Refusal::TokenInUrl.into_response()
    } else if !known_page {
        Refusal::Origin.into_response()
    } else {
        tokio::time::timeout(REQUEST_DEADLINE, next.run(request))
            .await
            .unwrap_or_else(|_| Refusal::Slow.into_response())
    };
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        server.hall.store.metrics().refused(refusal.word());
    }
    let status = response.status().as_u16();
    tracing::debug!(%method, path = uri.path(), status, "request");
    let target = if gate::has_token(&uri) {
        uri.path()
    } else {
        uri.path_and_query().map_or("", |pq| pq.as_str())
    };
    server.probe.request(method.as_str(), target, status);
    response
}

/// With `?socket=1` it is asked for before a socket, and refused as that one would be.
async fn capabilities(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let seat = gate::seat(&server.hall, &headers).await?;
    let pairs = gate::query_pairs(&uri).unwrap_or_default();
    if pairs.iter().any(|(key, value)| key == "socket" && value == "1") {
        upgrade::would_open(&server, &seat)?;
    }
    let (limits, settings) = (&server.config.limits, seat.room.rules().settings.clone());
    let capabilities = Capabilities {
        server: concat!("aside-server/", env!("CARGO_PKG_VERSION")).to_owned(),
        extensions: server.offered.clone(),
        identity: Some(seat.identity),
        content_bytes: Some(limits.content_bytes),
        sends_per_minute: limits.sends.map(crate::config::Rate::per_minute),
        review: settings.review && server.offers(Extension::Triage),
        anonymous: settings.anonymous.is_some(),
        slow_seconds: if server.offers(Extension::Moderation) { settings.slow_s } else { 0 },
    };
    Ok(json(StatusCode::OK, capabilities.to_json()))
}

/// Repeats a number that the caller made up: whoever answers so is the server, and no page of a hotel's network.
async fn health(State(server): State<Arc<Server>>, uri: Uri) -> Response {
    if server.is_draining() {
        return Refusal::Draining.into_response();
    }
    let pairs = gate::query_pairs(&uri).unwrap_or_default();
    let echo =
        pairs.into_iter().find(|(key, _)| key == "n").map(|(_, value)| value).unwrap_or_default();
    if echo.len() > ECHO_BYTES {
        return Refusal::TooLong.into_response();
    }
    let mut body = serde_json::json!({ "code": 200, "n": echo });
    // Still 200: whoever reads goes on reading here.
    if server.hall.store.metrics().is_log_away() {
        body["log"] = "away".into();
    }
    json(StatusCode::OK, body.to_string())
}
