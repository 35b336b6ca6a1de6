//! The real network: TCP with an address race, TLS with the system's roots, HTTP that follows no redirect.

use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER,
};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::network::{
    ByteStream, DialError, HttpError, HttpMethod, HttpReply, HttpRequest, Network, Peeked,
    ProxyChoice, Routes,
};

#[cfg(target_os = "linux")]
mod news;
mod proxy;
mod reach;
#[cfg(test)]
mod tests;

use proxy::{Rules, Way};
use reach::{ADDRESS, reach, routes};

/// A connection for requests is used again within this time.
const POOL_IDLE: Duration = Duration::from_secs(10);
/// The TLS handshake may take this long.
const TLS: Duration = Duration::from_secs(5);
/// A look at who is there may take this long ...
const PEEK: Duration = Duration::from_secs(5);
/// ... and read so much.
const PEEK_BYTES: usize = 64 * 1024;

/// The machine's network.
pub(crate) struct Internet {
    /// Made when somebody first wants out: the system's roots are hundreds of files, and a start does not wait for them.
    clients: OnceLock<Option<Clients>>,
    rules: Arc<Rules>,
    /// Heard from the first room on.
    news: OnceLock<Option<watch::Receiver<()>>>,
}

/// What speaks to servers.
struct Clients {
    http: reqwest::Client,
    /// Carries no secret, keeps no connection.
    stranger: reqwest::Client,
    tls: TlsConnector,
}

impl Clients {
    fn new(rules: &Arc<Rules>) -> Option<Self> {
        let builder = encryption();
        let tls = match builder().ok()?.with_platform_verifier() {
            Ok(verified) => verified.with_no_client_auth(),
            // A system without any root certificate: nothing encrypted can be trusted there, but a server on this very
            // machine can be reached.
            Err(error) => {
                tracing::warn!(%error, "no root certificates");
                builder().ok()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
            }
        };
        Self::with(tls, rules)
    }

    fn with(mut tls: ClientConfig, rules: &Arc<Rules>) -> Option<Self> {
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let client = || {
            let rules = Arc::clone(rules);
            let proxy = reqwest::Proxy::custom(move |url| match rules.way(url) {
                Way::Through(proxy) => proxy.url(),
                // What may go nowhere was turned away before.
                Way::Direct | Way::Nowhere => None,
            });
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .proxy(proxy)
                .connect_timeout(ADDRESS)
        };
        // A connection that slept for longer may be dead, and a question written to it would be in doubt.
        let http = client().pool_idle_timeout(POOL_IDLE).build().ok()?;
        let stranger = client().pool_max_idle_per_host(0).build().ok()?;
        Some(Self { http, stranger, tls: TlsConnector::from(Arc::new(tls)) })
    }
}

impl Internet {
    /// Nothing, where this system has no TLS.
    pub(crate) fn new(proxy: &ProxyChoice) -> Option<Self> {
        let _possible = encryption()().ok()?;
        Some(Self::of(OnceLock::new(), Arc::new(Rules::new(proxy))))
    }

    fn of(clients: OnceLock<Option<Clients>>, rules: Arc<Rules>) -> Self {
        Self { clients, rules, news: OnceLock::new() }
    }

    fn clients(&self) -> Result<&Clients, DialError> {
        let clients = self.clients.get_or_init(|| Clients::new(&self.rules));
        clients.as_ref().ok_or(DialError::Tls)
    }

    async fn encrypt(
        &self,
        host: &Host<&str>,
        stream: Box<dyn ByteStream>,
    ) -> Result<Box<dyn ByteStream>, DialError> {
        let tls = &self.clients()?.tls;
        let handshake = timeout(TLS, tls.connect(server_name(host)?, stream)).await;
        let stream =
            handshake.map_err(|_| DialError::Timeout)?.map_err(|error| tls_error(&error))?;
        Ok(Box::new(stream))
    }

    async fn through(
        &self,
        proxy: &proxy::Proxy,
        url: &Url,
    ) -> Result<Box<dyn ByteStream>, DialError> {
        let host = proxy.host().ok_or(DialError::ProxyRefused)?;
        let mut stream: Box<dyn ByteStream> = Box::new(reach(&host, proxy.port()).await?);
        if proxy.is_encrypted() {
            stream = self.encrypt(&host, stream).await?;
        }
        proxy.open(&mut stream, url).await?;
        Ok(stream)
    }
}

/// The versions and ciphers that we speak; who is trusted is the caller's to add.
fn encryption()
-> impl Fn() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // Also the process's default, which libraries that we share it with may ask for; another that was there first is fine.
    let _other = provider.as_ref().clone().install_default();
    move || {
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
    }
}

fn server_name(host: &Host<&str>) -> Result<ServerName<'static>, DialError> {
    Ok(match *host {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|_| DialError::Dns)?,
        Host::Ipv4(ip) => ServerName::from(std::net::IpAddr::V4(ip)),
        Host::Ipv6(ip) => ServerName::from(std::net::IpAddr::V6(ip)),
    })
}

#[async_trait]
impl Network for Internet {
    async fn dial(&self, url: &Url) -> Result<Box<dyn ByteStream>, DialError> {
        let host = url.host().ok_or(DialError::Dns)?;
        let port = url.port_or_known_default().ok_or(DialError::Dns)?;
        let stream: Box<dyn ByteStream> = match self.rules.way(url) {
            Way::Direct => Box::new(reach(&host, port).await?),
            Way::Through(proxy) => self.through(&proxy, url).await?,
            Way::Nowhere => return Err(DialError::ProxyRefused),
        };
        match url.scheme() {
            "wss" | "https" => self.encrypt(&host, stream).await,
            _ => Ok(stream),
        }
    }

    async fn http(&self, request: HttpRequest) -> Result<HttpReply, HttpError> {
        if matches!(self.rules.way(&request.url), Way::Nowhere) {
            return Err(DialError::ProxyRefused.into());
        }
        let mut secret =
            HeaderValue::from_str(request.token.expose()).map_err(|_| DialError::Unreachable)?;
        secret.set_sensitive(true);
        let http = &self.clients()?.http;
        let builder = match request.method {
            HttpMethod::Get => http.get(request.url),
            HttpMethod::Post(body) => http.post(request.url).body(body),
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

    async fn peek(&self, url: &Url) -> Result<Peeked, HttpError> {
        if matches!(self.rules.way(url), Way::Nowhere) {
            return Err(DialError::ProxyRefused.into());
        }
        let stranger = &self.clients()?.stranger;
        let exchange = async {
            let request = stranger.get(url.clone()).header(CACHE_CONTROL, "no-cache, no-store");
            let response = request.send().await.map_err(|error| http_error(&error))?;
            let location = text(response.headers(), LOCATION);
            let reply = read_reply(response, PEEK_BYTES).await?;
            Ok(Peeked { status: reply.status, location, body: reply.body })
        };
        timeout(PEEK, exchange).await.unwrap_or(Err(HttpError::Lost))
    }

    #[cfg(target_os = "linux")]
    fn news(&self) -> Option<watch::Receiver<()>> {
        let listen = || {
            news::listen()
                .inspect_err(
                    |error| tracing::warn!(%error, "the system says nothing about its network"),
                )
                .ok()
        };
        self.news.get_or_init(listen).clone()
    }

    fn routes(&self) -> Option<Routes> {
        Some(routes())
    }

    fn choose_proxy(&self, proxy: &ProxyChoice) {
        self.rules.choose(proxy);
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

async fn read_reply(mut response: reqwest::Response, limit: usize) -> Result<HttpReply, HttpError> {
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
