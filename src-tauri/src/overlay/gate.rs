//! Who gets what over HTTP: whoever asks from elsewhere, or for something else, learns nothing.
//!
//! Nothing here depends on the secret before a request is known to be a plain read from this machine's own browser: a
//! wrong path, an old one and a file that does not exist get the same answer.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode, Uri};

use super::address::Address;
use super::choices::{Choices, Misread};

/// One of the two things that an overlay shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    Chat,
    Question,
}

/// What a request is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Page(Screen, Choices),
    Live(Screen),
    Style,
    Script,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It comes from another page, or under another name of this machine.
    Foreign,
    /// It wants to do something.
    Method,
    /// Nothing is there.
    NotFound,
    /// The address chooses what cannot be chosen.
    Misread(Misread),
    /// As many listen as may.
    Full,
}

impl Refusal {
    /// The status that says it.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Misread(_) => StatusCode::BAD_REQUEST,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Decides what a request gets.
///
/// # Errors
/// [`Refusal`].
pub(super) fn judge(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    address: &Address,
) -> Result<Asked, Refusal> {
    let at_home = uri.authority().is_none() && is_ours(headers, address.port);
    if !at_home || !comes_from_us(headers, address.port) {
        return Err(Refusal::Foreign);
    }
    if method != Method::GET {
        return Err(Refusal::Method);
    }
    let path = uri.path().strip_prefix('/').and_then(|path| path.split_once('/'));
    let (secret, file) = path.ok_or(Refusal::NotFound)?;
    if !address.secret.is(secret) {
        return Err(Refusal::NotFound);
    }
    let choices = || Choices::parse(uri.query().unwrap_or("")).map_err(Refusal::Misread);
    match file {
        "chat" => Ok(Asked::Page(Screen::Chat, choices()?)),
        "question" => Ok(Asked::Page(Screen::Question, choices()?)),
        "chat/live" => Ok(Asked::Live(Screen::Chat)),
        "question/live" => Ok(Asked::Live(Screen::Question)),
        "overlay.css" => Ok(Asked::Style),
        "overlay.js" => Ok(Asked::Script),
        _ => Err(Refusal::NotFound),
    }
}

/// A name that somebody's own server gives to this machine (DNS rebinding) is none of ours.
fn is_ours(headers: &HeaderMap, port: u16) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    second.is_none() && host.is_some_and(|host| names_us(host.as_bytes(), port))
}

/// A page of ours names our origin, or none when it reads; any other page's is refused, and so is `null`.
fn comes_from_us(headers: &HeaderMap, port: u16) -> bool {
    headers.get_all(ORIGIN).iter().all(|origin| {
        let place = origin.as_bytes().strip_prefix(b"http://");
        place.is_some_and(|place| names_us(place, port))
    })
}

fn names_us(place: &[u8], port: u16) -> bool {
    ["127.0.0.1", "localhost"].iter().any(|name| place == format!("{name}:{port}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::address::Secret;
    use super::*;

    fn ask(method: &Method, path: &str, headers: &[(&str, &str)]) -> Result<Asked, Refusal> {
        let secret = Secret::parse("000102030405060708090a0b0c0d0e0f").unwrap();
        let address = Address { port: 2000, secret };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = axum::http::HeaderName::try_from(*name).unwrap();
            map.append(name, value.parse().unwrap());
        }
        judge(method, &path.parse().unwrap(), &map, &address)
    }

    const CHAT: &str = "/000102030405060708090a0b0c0d0e0f/chat";
    const US: (&str, &str) = ("host", "127.0.0.1:2000");

    #[test]
    fn our_own_browser_source_gets_its_page() {
        let page = Ok(Asked::Page(Screen::Chat, Choices::default()));
        assert_eq!(ask(&Method::GET, CHAT, &[US]), page);
        assert_eq!(ask(&Method::GET, CHAT, &[("host", "localhost:2000")]), page);
        assert_eq!(ask(&Method::GET, CHAT, &[US, ("origin", "http://127.0.0.1:2000")]), page);
        let live = format!("{CHAT}/live");
        assert_eq!(ask(&Method::GET, &live, &[US]), Ok(Asked::Live(Screen::Chat)));
        let misread = Err(Refusal::Misread(Misread::Rows));
        assert_eq!(ask(&Method::GET, &format!("{CHAT}?rows=x"), &[US]), misread);
    }

    #[test]
    fn another_name_or_another_page_is_refused_whatever_it_knows() {
        for host in ["evil.example:2000", "127.0.0.1:2001", "127.0.0.1", "[::1]:2000", ""] {
            assert_eq!(ask(&Method::GET, CHAT, &[("host", host)]), Err(Refusal::Foreign), "{host}");
        }
        assert_eq!(ask(&Method::GET, CHAT, &[]), Err(Refusal::Foreign));
        assert_eq!(ask(&Method::GET, CHAT, &[US, US]), Err(Refusal::Foreign));
        let absolute = format!("http://evil.example{CHAT}");
        assert_eq!(ask(&Method::GET, &absolute, &[US]), Err(Refusal::Foreign));
        for origin in
            ["https://evil.example", "null", "http://127.0.0.1:2001", "https://127.0.0.1:2000"]
        {
            let refused = ask(&Method::GET, CHAT, &[US, ("origin", origin)]);
            assert_eq!(refused, Err(Refusal::Foreign), "{origin}");
        }
    }

    #[test]
    fn nothing_but_reading_and_nothing_but_what_is_there() {
        for method in [Method::POST, Method::PUT, Method::OPTIONS, Method::HEAD] {
            assert_eq!(ask(&method, CHAT, &[US]), Err(Refusal::Method), "{method}");
        }
        assert_eq!(ask(&Method::POST, "/", &[US]), Err(Refusal::Method), "nor does that tell");
        for path in [
            "/",
            "/chat",
            "//chat",
            "/000102030405060708090a0b0c0d0e0e/chat",
            "/000102030405060708090A0B0C0D0E0F/chat",
            "/000102030405060708090a0b0c0d0e0f/",
            "/000102030405060708090a0b0c0d0e0f/chat/",
            "/000102030405060708090a0b0c0d0e0f/../chat",
            "/000102030405060708090a0b0c0d0e0f",
        ] {
            assert_eq!(ask(&Method::GET, path, &[US]), Err(Refusal::NotFound), "{path}");
        }
    }
}
