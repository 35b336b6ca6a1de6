//! Where the overlay is: a port of this machine and a path that nobody can guess, both remembered.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use rand::RngExt as _;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::errors::{AppError, Code};

/// Ports that no system gives to outgoing connections by itself: one of those could be taken at the next start.
const PORTS: std::ops::RangeInclusive<u16> = 20_000..=29_999;
/// How many of them are tried.
const TRIES: usize = 16;

/// The path's secret part: 128 random bits. Whoever knows it sees what the audience sees.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(u128);

impl Secret {
    /// One that was never there before.
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }

    /// Reads the one form that is written.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let whole = text.len() == 32 && digits(text);
        whole.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
    }

    /// As it stands in the path and in the settings file.
    pub(crate) fn text(&self) -> String {
        format!("{:032x}", self.0)
    }

    /// Whether a path names it; how long that takes says nothing about how much of it was right.
    pub(super) fn is(&self, text: &str) -> bool {
        Sha256::digest(text) == Sha256::digest(self.text())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Where the overlay is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) port: u16,
    pub(crate) secret: Secret,
}

impl Address {
    /// What a browser source is told.
    pub(super) fn url(&self, page: &str) -> String {
        format!("http://127.0.0.1:{}/{}/{page}", self.port, self.secret.text())
    }
}

/// Listens on a port of this machine that nobody outside it can reach.
///
/// # Errors
/// When the port is taken.
pub(super) async fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// A port that is free now. Somebody may be quicker; that is said when it happens.
///
/// # Errors
/// `no_port`.
pub(super) async fn free_port() -> Result<u16, AppError> {
    for _ in 0..TRIES {
        let port = rand::rng().random_range(PORTS);
        if listen(port).await.is_ok() {
            return Ok(port);
        }
    }
    Err(Code::NoPort.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_was_written_and_no_other_way() {
        let secret = Secret(0xab);
        assert_eq!(secret.text().len(), 32);
        assert_eq!(Secret::parse(&secret.text()), Some(secret.clone()));
        assert!(secret.is(&secret.text()));
        for text in ["", "ab", &"0".repeat(33), &secret.text().to_uppercase(), &"+".repeat(32)] {
            assert_eq!(Secret::parse(text), None, "{text}");
            assert!(!secret.is(text), "{text}");
        }
        assert_ne!(Secret::random(), Secret::random());
        assert!(!format!("{secret:?}").contains("ab"), "no log shows it");
    }
}
