//! Which proxy a URL goes through, and how to get through it. One decision for sockets and for requests.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri};
use url::{Host, Url};

use crate::config::is_loopback;
use crate::network::{ByteStream, DialError, ProxyChoice};

/// The proxy may take this long to answer.
const CONNECT: Duration = Duration::from_secs(5);
/// Its answer is no longer than this.
const ANSWER: usize = 16 * 1024;

/// Whom to ask for the way. A person may choose another at any time.
pub(super) struct Rules(RwLock<Guide>);

enum Guide {
    /// The environment, or else the system; asked anew each time, for a laptop goes from one network to another.
    System,
    Direct,
    /// One proxy for everything that leaves this machine.
    Chosen(Box<Matcher>),
}

/// How a URL is reached.
#[derive(Debug)]
pub(super) enum Way {
    Direct,
    Through(Proxy),
    /// A proxy is wanted that we can't use; going around it is not ours to decide.
    Nowhere,
}

/// An HTTP proxy.
#[derive(Debug)]
pub(super) struct Proxy {
    /// Without name and password.
    url: Url,
    basic: Option<HeaderValue>,
}

impl Rules {
    pub(super) fn new(choice: &ProxyChoice) -> Self {
        Self(RwLock::new(Guide::new(choice)))
    }

    /// Holds for every way that is asked for from now on.
    pub(super) fn choose(&self, choice: &ProxyChoice) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Guide::new(choice);
    }

    pub(super) fn way(&self, url: &Url) -> Way {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Guide::Direct => Way::Direct,
            Guide::System => way(&Matcher::from_system(), url),
            Guide::Chosen(matcher) => match way(matcher, url) {
                // Chosen, and not understood.
                Way::Direct if !is_loopback(url) => Way::Nowhere,
                way => way,
            },
        }
    }
}

impl Guide {
    fn new(choice: &ProxyChoice) -> Self {
        match choice {
            ProxyChoice::System => Self::System,
            ProxyChoice::Direct => Self::Direct,
            ProxyChoice::Through(url) => {
                Self::Chosen(Box::new(Matcher::builder().all(url.as_str()).build()))
            }
        }
    }
}

/// The decision. What stays on this machine goes through no proxy, whatever the rules say.
pub(super) fn way(matcher: &Matcher, url: &Url) -> Way {
    if is_loopback(url) {
        return Way::Direct;
    }
    let scheme = match url.scheme() {
        "wss" | "https" => "https",
        _ => "http",
    };
    let place = format!("{scheme}://{}/", authority(url));
    let Some(found) = place.parse::<Uri>().ok().and_then(|uri| matcher.intercept(&uri)) else {
        return Way::Direct;
    };
    match found.uri().to_string().parse::<Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Way::Through(Proxy { url, basic: found.basic_auth().cloned() })
        }
        _ => Way::Nowhere,
    }
}

/// Host and port, the port always written.
fn authority(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or(443);
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

impl Proxy {
    pub(super) fn host(&self) -> Option<Host<&str>> {
        self.url.host()
    }

    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// With name and password.
    pub(super) fn url(&self) -> Option<Url> {
        let mut url = self.url.clone();
        if let Some(basic) = &self.basic {
            let basic = basic.to_str().ok()?.strip_prefix("Basic ")?;
            let pair = String::from_utf8(BASE64_STANDARD.decode(basic).ok()?).ok()?;
            let (name, password) = pair.split_once(':')?;
            url.set_username(name).ok()?;
            url.set_password(Some(password)).ok()?;
        }
        Some(url)
    }

    /// Asks for a tunnel to a URL's host. Only its name is told, and only the proxy's own password.
    pub(super) async fn open(
        &self,
        stream: &mut Box<dyn ByteStream>,
        url: &Url,
    ) -> Result<(), DialError> {
        let place = authority(url);
        let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n").into_bytes();
        if let Some(basic) = &self.basic {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(basic.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        let exchange = async {
            stream.write_all(&request).await.map_err(|_| DialError::Unreachable)?;
            stream.flush().await.map_err(|_| DialError::Unreachable)?;
            read_head(stream).await
        };
        let head = timeout(CONNECT, exchange).await.map_err(|_| DialError::Timeout)??;
        match status_of(&head) {
            Some(200..=299) => Ok(()),
            Some(407) => Err(DialError::ProxySignIn),
            // It is willing, and the server is not there.
            Some(502..=504) => Err(DialError::Unreachable),
            _ => Err(DialError::ProxyRefused),
        }
    }
}

/// Reads up to the empty line and not beyond: what follows belongs to the tunnel.
async fn read_head(stream: &mut Box<dyn ByteStream>) -> Result<Vec<u8>, DialError> {
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == ANSWER {
            return Err(DialError::ProxyRefused);
        }
        head.push(stream.read_u8().await.map_err(|_| DialError::Unreachable)?);
    }
    Ok(head)
}

fn status_of(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = str::from_utf8(line).ok()?.split(' ');
    let version = words.next()?;
    let status = words.next()?;
    (version.starts_with("HTTP/1.") && status.len() == 3).then(|| status.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes(matcher: &Matcher, url: &str) -> String {
        match way(matcher, &url.parse().unwrap()) {
            Way::Direct => "direct".to_owned(),
            Way::Through(proxy) => proxy.url().unwrap().to_string(),
            Way::Nowhere => "nowhere".to_owned(),
        }
    }

    #[test]
    fn the_same_proxy_for_the_socket_and_for_requests() {
        let both = Matcher::builder()
            .https("http://secure.proxy:3128")
            .http("plain.proxy:8080")
            .no("inside.example, 10.0.0.0/8")
            .build();
        for (url, expected) in [
            ("wss://room.example/ws", "http://secure.proxy:3128/"),
            ("https://room.example/api", "http://secure.proxy:3128/"),
            ("ws://room.example/ws", "http://plain.proxy:8080/"),
            ("http://room.example/api", "http://plain.proxy:8080/"),
            ("wss://inside.example/ws", "direct"),
            ("wss://deep.inside.example/ws", "direct"),
            ("wss://10.1.2.3/ws", "direct"),
            ("wss://[2001:db8::1]:8443/ws", "http://secure.proxy:3128/"),
        ] {
            assert_eq!(goes(&both, url), expected, "{url}");
        }
    }

    #[test]
    fn loopback_goes_through_no_proxy() {
        let all = Matcher::builder().all("http://proxy:1").build();
        for url in
            ["ws://127.0.0.1:8080/ws", "http://localhost/", "ws://[::1]:1/", "ws://a.localhost/ws"]
        {
            assert_eq!(goes(&all, url), "direct", "{url}");
        }
        assert_eq!(goes(&all, "ws://localhost.example/ws"), "http://proxy:1/");
    }

    #[test]
    fn a_proxy_of_a_kind_that_is_not_ours_is_not_gone_around() {
        let socks = Matcher::builder().all("socks5://proxy:1080").build();
        assert_eq!(goes(&socks, "wss://room.example/ws"), "nowhere");
        let chosen = Rules::new(&ProxyChoice::Through("ftp://proxy".parse().unwrap()));
        let way = |url: &str| chosen.way(&url.parse().unwrap());
        assert!(matches!(way("wss://room.example/ws"), Way::Nowhere));
        assert!(matches!(way("ws://127.0.0.1/ws"), Way::Direct));
        let direct = Rules::new(&ProxyChoice::Direct);
        assert!(matches!(direct.way(&"wss://room.example/".parse().unwrap()), Way::Direct));
    }

    #[test]
    fn name_and_password_come_from_the_url_and_show_nowhere() {
        let url = "http://al%40work:s%3Acret@proxy:3128";
        let matcher = Matcher::builder().all(url).build();
        let Way::Through(proxy) = way(&matcher, &"wss://room.example/".parse().unwrap()) else {
            panic!("through the proxy");
        };
        // "al@work:s:cret"
        let basic = HeaderValue::from_static("Basic YWxAd29yazpzOmNyZXQ=");
        assert_eq!(proxy.basic, Some(basic));
        assert_eq!(proxy.url().unwrap().as_str(), "http://al%40work:s%3Acret@proxy:3128/");
        let choice = ProxyChoice::Through(url.parse().unwrap());
        for shown in [format!("{proxy:?}"), format!("{choice:?}")] {
            assert!(!shown.contains("cret") && !shown.contains("YWxA"), "{shown}");
        }
    }

    #[test]
    fn only_a_status_line_is_an_answer() {
        assert_eq!(status_of(b"HTTP/1.1 200 Connection established\r\n\r\n"), Some(200));
        assert_eq!(status_of(b"HTTP/1.0 407 No\r\nX: y\r\n\r\n"), Some(407));
        for odd in [&b"HTTP/2 200\r\n\r\n"[..], b"SSH-2.0\r\n\r\n", b"HTTP/1.1 20\r\n\r\n", b"\xff"]
        {
            assert_eq!(status_of(odd), None);
        }
    }
}
