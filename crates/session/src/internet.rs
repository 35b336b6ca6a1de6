//! The real network: TCP with an address race, TLS with the system's roots, HTTP that follows no redirect.

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::network::{
    ByteStream, DialError, HttpError, HttpMethod, HttpReply, HttpRequest, Network,
};

/// One address may take this long.
const ADDRESS: Duration = Duration::from_secs(5);
/// The next address starts this much later, or when one failed.
const STAGGER: Duration = Duration::from_millis(250);
/// A connection for requests is used again within this time.
const POOL_IDLE: Duration = Duration::from_secs(10);
/// The TLS handshake may take this long.
const TLS: Duration = Duration::from_secs(5);
/// The system's own watch over a silent peer, behind ours.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);

/// The machine's network.
pub(crate) struct Internet {
    http: reqwest::Client,
    tls: TlsConnector,
}

impl Internet {
    pub(crate) fn new() -> Option<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // Also the process's default, which libraries that we share it with may ask for; another that was there first is fine.
        let _other = provider.as_ref().clone().install_default();
        let builder = || {
            ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
        };
        let mut tls = match builder().ok()?.with_platform_verifier() {
            Ok(verified) => verified.with_no_client_auth(),
            // A system without any root certificate: nothing encrypted can be trusted there, but a server on this very
            // machine can be reached.
            Err(error) => {
                tracing::warn!(%error, "no root certificates");
                builder().ok()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
            }
        };
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(ADDRESS)
            // A connection that slept for longer may be dead, and a question written to it would be in doubt.
            .pool_idle_timeout(POOL_IDLE)
            .build()
            .ok()?;
        Some(Self { http, tls: TlsConnector::from(Arc::new(tls)) })
    }
}

#[async_trait]
impl Network for Internet {
    async fn dial(&self, url: &Url) -> Result<Box<dyn ByteStream>, DialError> {
        let host = url.host().ok_or(DialError::Dns)?;
        let port = url.port_or_known_default().ok_or(DialError::Dns)?;
        let stream = race(addresses(&host, port).await?).await?;
        watch_over(&stream);
        if !matches!(url.scheme(), "wss" | "https") {
            return Ok(Box::new(stream));
        }
        let name = match host {
            Host::Domain(name) => {
                ServerName::try_from(name.to_owned()).map_err(|_| DialError::Dns)?
            }
            Host::Ipv4(ip) => ServerName::from(std::net::IpAddr::V4(ip)),
            Host::Ipv6(ip) => ServerName::from(std::net::IpAddr::V6(ip)),
        };
        let handshake = timeout(TLS, self.tls.connect(name, stream)).await;
        let stream =
            handshake.map_err(|_| DialError::Timeout)?.map_err(|error| tls_error(&error))?;
        Ok(Box::new(stream))
    }

    async fn http(&self, request: HttpRequest) -> Result<HttpReply, HttpError> {
        let mut secret =
            HeaderValue::from_str(request.token.expose()).map_err(|_| DialError::Unreachable)?;
        secret.set_sensitive(true);
        let builder = match request.method {
            HttpMethod::Get => self.http.get(request.url),
            HttpMethod::Post(body) => self.http.post(request.url).body(body),
        };
        let exchange = async {
            let response = builder
                .header(AUTHORIZATION, secret)
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .send()
                .await
                .map_err(|error| http_error(&error))?;
            read_reply(response, request.limit).await
        };
        timeout(request.timeout, exchange).await.unwrap_or(Err(HttpError::Lost))
    }
}

async fn read_reply(mut response: reqwest::Response, limit: usize) -> Result<HttpReply, HttpError> {
    let text = |headers: &HeaderMap, name: HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let mut reply = HttpReply {
        status: response.status().as_u16(),
        content_type: text(response.headers(), CONTENT_TYPE).unwrap_or_default(),
        retry_after: text(response.headers(), RETRY_AFTER),
        date: text(response.headers(), DATE),
        body: Vec::new(),
    };
    while let Some(chunk) = response.chunk().await.map_err(|_| HttpError::Lost)? {
        if reply.body.len() + chunk.len() > limit {
            return Err(HttpError::TooLarge);
        }
        reply.body.extend_from_slice(&chunk);
    }
    Ok(reply)
}

async fn addresses(host: &Host<&str>, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    let name = match host {
        Host::Ipv4(ip) => return Ok(vec![SocketAddr::from((*ip, port))]),
        Host::Ipv6(ip) => return Ok(vec![SocketAddr::from((*ip, port))]),
        Host::Domain(name) => *name,
    };
    let found = timeout(ADDRESS, tokio::net::lookup_host((name, port))).await;
    let found: Vec<_> = found.map_err(|_| DialError::Dns)?.map_err(|_| DialError::Dns)?.collect();
    // The system's first choice first, then the families by turns: one that is broken costs 250 ms, not a timeout.
    let Some(first) = found.first().copied() else { return Err(DialError::Dns) };
    let (same, other): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|a| a.is_ipv4() == first.is_ipv4());
    let mut mixed = Vec::with_capacity(same.len() + other.len());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    loop {
        let pair = [same.next(), other.next()];
        if pair == [None, None] {
            return Ok(mixed);
        }
        mixed.extend(pair.into_iter().flatten());
    }
}

async fn race(addresses: Vec<SocketAddr>) -> Result<TcpStream, DialError> {
    let mut rest = addresses.into_iter();
    let mut tries = FuturesUnordered::new();
    let mut last = DialError::Dns;
    let dial = |address| async move {
        match timeout(ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(_)) => Err(DialError::Unreachable),
            Err(_) => Err(DialError::Timeout),
        }
    };
    tries.extend(rest.next().map(dial));
    while !tries.is_empty() {
        tokio::select! {
            Some(tried) = tries.next() => match tried {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    last = error;
                    tries.extend(rest.next().map(dial));
                }
            },
            () = sleep(STAGGER), if rest.len() > 0 => tries.extend(rest.next().map(dial)),
        }
    }
    Err(last)
}

/// Options that help and that no connection depends on: a system without one of them is none the worse.
fn watch_over(stream: &TcpStream) {
    let _unsupported = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE_EVERY);
    #[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
    let keepalive = keepalive.with_retries(3);
    let _unsupported = socket.set_tcp_keepalive(&keepalive);
    #[cfg(target_os = "linux")]
    let _unsupported = socket.set_tcp_user_timeout(Some(KEEPALIVE));
}

fn tls_error(error: &std::io::Error) -> DialError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    inner.map_or(DialError::Unreachable, rustls_error)
}

fn rustls_error(error: &rustls::Error) -> DialError {
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => DialError::CertificateTime,
        rustls::Error::InvalidCertificate(_) => DialError::Certificate,
        _ => DialError::Tls,
    }
}

fn http_error(error: &reqwest::Error) -> HttpError {
    if !error.is_connect() {
        return HttpError::Lost;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref::<rustls::Error>() {
            return HttpError::Dial(rustls_error(error));
        }
        if let Some(found) = inner.downcast_ref::<std::io::Error>().map(tls_error)
            && found != DialError::Unreachable
        {
            return HttpError::Dial(found);
        }
        cause = inner.source();
    }
    HttpError::Dial(if error.is_timeout() { DialError::Timeout } else { DialError::Unreachable })
}
