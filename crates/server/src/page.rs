//! The audience's page, at `/r/TOPIC/STREAM`, or `/r/TOPIC` where the two are the same: files that were built into the server, and what a browser may do with them.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST,
    ORIGIN, REFERRER_POLICY, SEC_WEBSOCKET_PROTOCOL, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use crate::refusal::Refusal;
use crate::routes::Server;

/// One file of the page.
struct File {
    name: &'static str,
    plain: &'static [u8],
    /// The same under gzip.
    packed: &'static [u8],
}

/// Empty where the page was not built before the server.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The one file whose name is always the same.
const PAGE: &str = "index.html";

/// Our own files and our own server; no form leaves, nobody frames it, no base turns its addresses around.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const NOT_BUILT: &str = "The audience's page was not built into this server. \
     Run `npm run build` in its folder `ui`, then build the server again.\n";

const OTHER_NAME: &str = "This server does not go by the name in the address bar. \
     Whoever runs it can allow that with --origin, followed by the address up to the first single slash.\n";

/// The subprotocol that the page asks for, and that is agreed on.
pub(crate) const PROTOCOL: &str = "aside";

/// What a subprotocol that is no protocol but a token begins with.
const TOKEN: &str = "token.";

/// `GET /r/TOPIC/STREAM` or `/r/TOPIC`. Which room it is, the page reads from its own address.
pub(crate) async fn page(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let known = authority(&headers).is_some_and(|host| {
        is_number(host) || server.config.origins.iter().any(|origin| is_at(origin.as_bytes(), host))
    });
    if !known {
        return Ok(text(StatusCode::MISDIRECTED_REQUEST, OTHER_NAME));
    }
    let Some(file) = FILES.iter().find(|file| file.name == PAGE) else {
        return Ok(text(StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT));
    };
    Ok(serve(file, &headers, "no-cache"))
}

/// `GET /page/FILE`. Its name says what is in it, so it never changes.
pub(crate) async fn asset(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let file = FILES.iter().find(|file| file.name == name && name != PAGE);
    Ok(serve(file.ok_or(Refusal::NotFound)?, &headers, "public, max-age=31536000, immutable"))
}

fn serve(file: &File, headers: &HeaderMap, keep: &'static str) -> Response {
    let packed = headers.get_all(ACCEPT_ENCODING).iter().any(takes_gzip);
    let mut response = Response::new(Body::from(if packed { file.packed } else { file.plain }));
    let reply = response.headers_mut();
    protect(reply);
    reply.insert(CONTENT_TYPE, HeaderValue::from_static(kind(file.name)));
    reply.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    reply.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if packed {
        reply.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn text(status: StatusCode, words: &'static str) -> Response {
    let mut response = Response::new(Body::from(words));
    *response.status_mut() = status;
    let reply = response.headers_mut();
    protect(reply);
    reply.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    reply.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn protect(reply: &mut HeaderMap) {
    reply.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    reply.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    reply.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Whether one of the encodings is gzip, and not with a weight of zero.
fn takes_gzip(accepted: &HeaderValue) -> bool {
    let accepted = accepted.to_str().unwrap_or_default();
    accepted.split(',').any(|encoding| {
        let (name, weight) = encoding.split_once(';').unwrap_or((encoding, ""));
        let none = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && none != Some(0.0)
    })
}

/// Whether every origin of a request is the address under which the page itself was had. Only where that is a number or
/// `localhost`: a name may be made to lead here by whoever owns it, and has to be listed.
pub(crate) fn is_own(headers: &HeaderMap) -> bool {
    authority(headers).is_some_and(|host| {
        is_number(host)
            && headers.get_all(ORIGIN).iter().all(|origin| is_at(origin.as_bytes(), host))
    })
}

fn authority(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return None };
    host.to_str().ok()
}

fn is_at(origin: &[u8], host: &str) -> bool {
    [b"http://".as_slice(), b"https://"]
        .iter()
        .any(|scheme| origin.strip_prefix(*scheme) == Some(host.as_bytes()))
}

fn is_number(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

/// The token of a handshake that a browser makes: no header is its own to set, but the list of subprotocols is.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let mut tokens = protocols(headers).filter_map(|protocol| protocol.strip_prefix(TOKEN));
    match (tokens.next(), tokens.next()) {
        (Some(token), None) => Some(token),
        _ => None,
    }
}

/// Whether a handshake waits for a subprotocol to be agreed on.
pub(crate) fn wants_protocol(headers: &HeaderMap) -> bool {
    protocols(headers).any(|protocol| protocol == PROTOCOL)
}

fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lists = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(',').map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_page_may_ask_its_own_server_and_no_other_page_may() {
        let own = |host, origin| is_own(&headers(&[("host", host), ("origin", origin)]));
        assert!(own("192.168.1.5:8790", "http://192.168.1.5:8790"));
        assert!(own("192.168.1.5", "https://192.168.1.5"));
        assert!(own("localhost:8790", "http://localhost:8790"));
        assert!(own("[::1]:8790", "http://[::1]:8790"));
        for (host, origin) in [
            // Whoever owns a name may let it lead to any address.
            ("rooms.evil.example:8790", "http://rooms.evil.example:8790"),
            ("localhost.evil.example", "http://localhost.evil.example"),
            ("192.168.1.5.evil.example", "http://192.168.1.5.evil.example"),
            ("192.168.1.5:8790", "http://192.168.1.5:8791"),
            ("192.168.1.5:8790", "http://evil.example"),
            ("192.168.1.5:8790", "null"),
            ("192.168.1.5:8790", ""),
            ("192.168.1.5:8790", "ftp://192.168.1.5:8790"),
            ("", "http://"),
        ] {
            assert!(!own(host, origin), "{host} {origin}");
        }
        let two = [("host", "127.0.0.1"), ("origin", "http://127.0.0.1"), ("origin", "http://x")];
        assert!(!is_own(&headers(&two)));
        let hosts = [("host", "127.0.0.1"), ("host", "x"), ("origin", "http://127.0.0.1")];
        assert!(!is_own(&headers(&hosts)));
    }

    #[test]
    fn a_browser_brings_its_token_among_the_subprotocols() {
        let of = |list| token(&headers(&[("sec-websocket-protocol", list)])).map(str::to_owned);
        assert_eq!(of("aside, token.abc").as_deref(), Some("abc"));
        assert_eq!(of("token.abc").as_deref(), Some("abc"));
        assert_eq!(of("aside"), None);
        assert_eq!(of("token.a, token.b"), None, "one too many");
        assert!(wants_protocol(&headers(&[("sec-websocket-protocol", "token.abc,aside")])));
        assert!(!wants_protocol(&headers(&[("sec-websocket-protocol", "asides")])));
    }

    #[test]
    fn packed_only_for_who_unpacks() {
        let takes = |list: &'static str| takes_gzip(&HeaderValue::from_static(list));
        assert!(takes("gzip, deflate, br"));
        assert!(takes("br;q=1.0, GZIP;q=0.5"));
        assert!(!takes("br"));
        assert!(!takes("gzip;q=0"));
        assert!(!takes("xgzip"));
    }
}
