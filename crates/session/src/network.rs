//! The outside world as a session sees it: byte streams and single HTTP requests, replaceable under a simulation.

use std::time::Duration;

use aside_protocol::Token;
use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
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
