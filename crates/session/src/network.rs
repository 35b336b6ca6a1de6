//! The outside world as a session sees it: byte streams and single HTTP requests, replaceable under a simulation.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use aside_protocol::Token;
use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use url::Url;

/// A connected byte stream, TLS already inside where the URL asked for it.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// What a session needs from the world.
#[async_trait]
pub trait Network: Send + Sync + 'static {
    /// Opens a byte stream to the host of a `ws`, `wss`, `http` or `https` URL.
    async fn dial(&self, url: &Url) -> Result<Box<dyn ByteStream>, DialError>;

    /// Sends one request and reads the whole reply. Never follows a redirect.
    async fn http(&self, request: HttpRequest) -> Result<HttpReply, HttpError>;

    /// Looks who answers at an address: a request without any secret, over a connection of its own.
    async fn peek(&self, _url: &Url) -> Result<Peeked, HttpError> {
        Err(DialError::Unreachable.into())
    }

    /// How the rest of the world would be reached now; nothing where that can't be told. Must not block.
    fn routes(&self) -> Option<Routes> {
        None
    }

    /// Changes whenever the system says that [`routes`](Self::routes) may be others now, or that the machine woke; nothing
    /// where it does not say, so that one has to look every other second. Inside a runtime.
    fn news(&self) -> Option<watch::Receiver<()>> {
        None
    }

    /// The connections that are opened from now on go through this proxy, where there is any to choose.
    fn choose_proxy(&self, _proxy: &ProxyChoice) {}
}

/// The addresses of this machine from which the rest of the world would be reached, by family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// By IPv4.
    pub v4: Option<IpAddr>,
    /// By IPv6.
    pub v6: Option<IpAddr>,
}

impl Routes {
    /// Whether there is no way out of this machine at all.
    pub fn none(self) -> bool {
        self == Self::default()
    }
}

/// Through which proxy the network is reached.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// As the environment says (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, lower case too), or else the system.
    #[default]
    System,
    /// Through none.
    Direct,
    /// Through this one: `http` or `https`, with its name and password in the URL if it wants them.
    Through(Url),
}

impl fmt::Debug for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::Direct => f.write_str("Direct"),
            // The rest of the URL may hold a password.
            Self::Through(url) => write!(f, "Through({})", url.host_str().unwrap_or_default()),
        }
    }
}

/// Why there is no byte stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// The name has no address.
    #[error("the server's name has no address")]
    Dns,
    /// Refused, unreachable or reset.
    #[error("the server can't be reached")]
    Unreachable,
    /// No answer in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// The certificate is not of this server, or nobody vouches for it.
    #[error("the server's certificate is not valid")]
    Certificate,
    /// The machine's own clock makes a certificate look not yet valid.
    #[error("the server's certificate is not valid yet: is the clock right?")]
    CertificateTime,
    /// The TLS handshake failed for another reason.
    #[error("no encrypted connection")]
    Tls,
    /// The proxy wants a name and a password, or others.
    #[error("the proxy wants to be signed in to")]
    ProxySignIn,
    /// The proxy lets nobody through to there, or is of a kind that we can't use.
    #[error("the proxy does not let us through")]
    ProxyRefused,
}

/// What an HTTP request does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// Reads.
    Get,
    /// Sends a JSON body.
    Post(String),
}

/// One request, with the token that stands in its header.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// Where.
    pub url: Url,
    /// What.
    pub method: HttpMethod,
    /// The secret for the `Authorization` header, bare.
    pub token: Token,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// The largest body that is read, in bytes.
    pub limit: usize,
}

/// One reply.
#[derive(Clone, Debug, Default)]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// `Content-Type`, if any.
    pub content_type: String,
    /// `Retry-After`, as it came.
    pub retry_after: Option<String>,
    /// `Date`, as it came: an absolute `Retry-After` is measured against it, not against our clock.
    pub date: Option<String>,
    /// The body, up to the limit.
    pub body: Vec<u8>,
}

/// What a look without any secret found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peeked {
    /// The status.
    pub status: u16,
    /// `Location`, as it came.
    pub location: Option<String>,
    /// The start of the body.
    pub body: Vec<u8>,
}

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Nothing left this machine.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The request may have arrived, the reply did not.
    #[error("the reply was lost")]
    Lost,
    /// The reply is larger than its limit.
    #[error("the reply is too large")]
    TooLarge,
}
