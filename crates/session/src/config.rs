//! Which room, on which server, as whom: what a session is told once, at its start.

use std::net::IpAddr;

use aside_protocol::{StreamId, Topic};
use url::{Host, Url};

/// One room on one server, and who enters it. The token travels beside it, never inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomConfig {
    /// The server's base URL; HTTP paths are relative to it.
    pub server: Url,
    /// The room's socket.
    pub socket: Url,
    /// The room's name on the socket.
    pub topic: Topic,
    /// The room's name over HTTP.
    pub stream: StreamId,
    /// The id under which this person's entries appear, where the server doesn't know better.
    pub user: String,
    /// The name under which they appear.
    pub display_name: String,
    /// The picture beside them.
    pub avatar_url: String,
    /// Whether the person accepted, for this room, that the token travels unencrypted.
    pub allow_insecure: bool,
}

/// An address that a session will not talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The server's URL is neither `https` nor `http`, or has no host.
    #[error("the server's address is not a web address")]
    Server,
    /// The socket's URL is neither `wss` nor `ws`, or has no host.
    #[error("the socket's address is not a socket address")]
    Socket,
    /// Unencrypted, not loopback, and not allowed for this room.
    #[error("the address is not encrypted")]
    Insecure,
}

impl RoomConfig {
    /// The socket of a server that says nothing else: same host, socket scheme, path `/ws`.
    pub fn default_socket(server: &Url) -> Url {
        let mut socket = server.clone();
        let scheme = if server.scheme() == "http" { "ws" } else { "wss" };
        // Both directions of http(s) to ws(s) are allowed by the URL standard; were one not, the check below says so.
        let _unchanged = socket.set_scheme(scheme);
        socket.set_path("/ws");
        socket.set_query(None);
        socket.set_fragment(None);
        socket
    }

    /// Whether the token may travel to both addresses.
    ///
    /// # Errors
    /// [`ConfigError`]: a wrong scheme, or one without encryption that nobody allowed.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !matches!(self.server.scheme(), "http" | "https") || !self.server.has_host() {
            return Err(ConfigError::Server);
        }
        if !matches!(self.socket.scheme(), "ws" | "wss") || !self.socket.has_host() {
            return Err(ConfigError::Socket);
        }
        let safe = |url: &Url| {
            matches!(url.scheme(), "https" | "wss") || is_loopback(url) || self.allow_insecure
        };
        if safe(&self.server) && safe(&self.socket) { Ok(()) } else { Err(ConfigError::Insecure) }
    }

    /// The URL of an HTTP path below the server's base, whether or not the base was typed with its last slash.
    pub(crate) fn http_url(&self, path: &str) -> Url {
        let mut url = self.server.clone();
        url.set_query(None);
        url.set_fragment(None);
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }
}

/// Whether a URL's host is this machine by its very name.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(server: &str, allow_insecure: bool) -> RoomConfig {
        let server: Url = server.parse().unwrap();
        RoomConfig {
            socket: RoomConfig::default_socket(&server),
            server,
            topic: Topic::new("t"),
            stream: StreamId::new("s"),
            user: "u".to_owned(),
            display_name: "n".to_owned(),
            avatar_url: String::new(),
            allow_insecure,
        }
    }

    #[test]
    fn the_token_travels_unencrypted_only_at_home_or_when_allowed() {
        for home in
            ["http://127.0.0.1:8080", "http://localhost/", "http://[::1]:1/", "https://a.example"]
        {
            assert_eq!(config(home, false).check(), Ok(()), "{home}");
        }
        for away in [
            "http://a.example",
            "http://10.0.0.1",
            "http://localhost.example",
            "http://127.0.0.1.nip.io",
        ] {
            assert_eq!(config(away, false).check(), Err(ConfigError::Insecure), "{away}");
            assert_eq!(config(away, true).check(), Ok(()), "{away}");
        }
        let mut mixed = config("https://a.example", false);
        mixed.socket = "ws://a.example/ws".parse().unwrap();
        assert_eq!(mixed.check(), Err(ConfigError::Insecure));
        assert_eq!(config("file:///etc", true).check(), Err(ConfigError::Server));
    }

    #[test]
    fn addresses_are_built_below_the_base() {
        let config = config("https://a.example/base?x=1#y", false);
        assert_eq!(config.socket.as_str(), "wss://a.example/ws");
        assert_eq!(
            config.http_url("api/question/add").as_str(),
            "https://a.example/base/api/question/add"
        );
    }
}
