//! Every way in which the server says no over HTTP.

use std::time::Duration;

use aside_protocol::http::ErrorReply;
use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::store::StoreError;
use crate::store::writer::AppendError;

/// A request that is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A token in the URL would end in logs and histories.
    TokenInUrl,
    /// A web page that is not allow-listed.
    Origin,
    /// No token, or none that is in force; which of these is nobody's business.
    Token,
    /// The token opens another room.
    OtherRoom,
    /// The token's role may not do this.
    Role,
    /// The request cannot be understood.
    Malformed(&'static str),
    /// There is nothing of that name.
    NotFound,
    /// Not with this method.
    Method,
    /// The nonce was used for something else.
    NonceReused,
    /// Somebody else answered, or is about to.
    Overtaken,
    /// Its author could have done that earlier; now only a host can.
    TooLate,
    /// The text, or the whole request, is too long.
    TooLong,
    /// There is no place for another one.
    Full,
    /// Too much of it at once.
    TooFast(Duration),
    /// This person may not speak, for so long.
    Muted(Duration),
    /// The socket's path, without a handshake.
    NotAHandshake,
    /// The server cannot take more now.
    Busy,
    /// The server is about to stop.
    Draining,
    /// The request took too long to arrive.
    Slow,
    /// The database does not answer.
    Unavailable,
}

/// When to come back to a server that is full or cannot store anything.
const BUSY_RETRY: Duration = Duration::from_secs(10);

impl Refusal {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::TokenInUrl | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Origin | Self::OtherRoom | Self::Role | Self::TooLate | Self::Muted(_) => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::NonceReused | Self::Overtaken => StatusCode::CONFLICT,
            Self::TooLong | Self::Full => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotAHandshake => StatusCode::UPGRADE_REQUIRED,
            Self::TooFast(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Draining | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The reason in one word, for whoever counts.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::TokenInUrl => "token_in_url",
            Self::Origin => "origin",
            Self::Token => "token",
            Self::OtherRoom => "other_room",
            Self::Role => "role",
            Self::Malformed(_) => "malformed",
            Self::NotFound => "not_found",
            Self::Method => "method",
            Self::NonceReused => "nonce_reused",
            Self::Overtaken => "overtaken",
            Self::TooLate => "too_late",
            Self::TooLong => "too_long",
            Self::Full => "full",
            Self::TooFast(_) => "too_fast",
            Self::Muted(_) => "muted",
            Self::NotAHandshake => "no_handshake",
            Self::Busy => "busy",
            Self::Draining => "draining",
            Self::Slow => "slow",
            Self::Unavailable => "unavailable",
        }
    }

    /// The reason, for people who read traffic.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::TokenInUrl => "the token belongs in the Authorization header",
            Self::Origin => "this origin may not connect",
            Self::Token => "the token is not valid",
            Self::OtherRoom => "the token is for another room",
            Self::Role => "this role may not do that",
            Self::Malformed(what) => what,
            Self::NotFound => "there is no such thing here",
            Self::Method => "not with this method",
            Self::NonceReused => "the nonce was used for something else",
            Self::Overtaken => "somebody else answered, or is about to",
            Self::TooLate => "only its author, for ten minutes, or a host may do that",
            Self::TooLong => "too long",
            Self::Full => "there are as many as there may be",
            Self::TooFast(_) => "too fast",
            Self::Muted(_) => "muted",
            Self::NotAHandshake => "this is the path of the socket",
            Self::Busy => "the server is full",
            Self::Draining => "the server is about to stop",
            Self::Slow => "the request took too long",
            Self::Unavailable => "nothing can be stored or read now",
        }
    }

    /// How long to wait before the next try, where waiting helps.
    pub(crate) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::TooFast(wait) | Self::Muted(wait) => Some(wait),
            Self::Busy | Self::Draining | Self::Unavailable => Some(BUSY_RETRY),
            Self::TokenInUrl
            | Self::Origin
            | Self::Token
            | Self::OtherRoom
            | Self::Role
            | Self::Malformed(_)
            | Self::NotFound
            | Self::Method
            | Self::NonceReused
            | Self::Overtaken
            | Self::TooLate
            | Self::TooLong
            | Self::Full
            | Self::NotAHandshake
            | Self::Slow => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = json(status, ErrorReply::to_json(status.as_u16(), self.message()));
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after() {
            // Whole seconds, rounded up: coming a moment early would be refused again.
            let seconds = wait.as_millis().div_ceil(1000).max(1).min(u128::from(u32::MAX));
            headers
                .insert(RETRY_AFTER, HeaderValue::from(u32::try_from(seconds).unwrap_or(u32::MAX)));
        }
        response.extensions_mut().insert(self);
        let headers = response.headers_mut();
        if self == Self::NotAHandshake {
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => tracing::error!(%error, "a read failed"),
            StoreError::Stopped | StoreError::Away | StoreError::Unsure => {}
            StoreError::TooLarge => {
                tracing::error!(%error, "a change is larger than the log takes")
            }
        }
        Self::Unavailable
    }
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::NonceReused | AppendError::InReview => Self::NonceReused,
            AppendError::Overtaken => Self::Overtaken,
            AppendError::Gone => Self::NotFound,
            AppendError::Unavailable | AppendError::Unsure => Self::Unavailable,
        }
    }
}

/// A reply of JSON text. Names and texts stand in it as they came, so no browser may take it for a page.
pub(crate) fn json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}
