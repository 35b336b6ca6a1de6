//! The real network through real sockets: a proxy of our own that writes down what passes, and certificates of all kinds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aside_history::Store;
use aside_protocol::{StreamId, Token, Topic};
use aside_server::{Config, RoomSpec, Running, TokenSpec};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::config::RoomConfig;
use crate::session::{Env, Session};
use crate::view::{Connection, Why};
use crate::{SystemClock, error::Settled};

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn issuer() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name, from one year to another.
fn certificate(issuer: Option<&Issuer>, name: &str, years: (i32, i32)) -> TlsAcceptor {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

const YEARS: (i32, i32) = (2020, 2120);

/// The network of somebody who trusts one issuer.
fn internet(trusted: &Issuer, proxy: &str) -> Internet {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();
    let tls = encryption()().unwrap().with_root_certificates(roots).with_no_client_auth();
    let rules = Arc::new(Rules::new(&ProxyChoice::Through(proxy.parse().unwrap())));
    let clients = Clients::with(tls, &rules);
    assert!(clients.is_some());
    Internet::of(clients.into(), rules)
}

/// What a proxy does with its customers.
#[derive(Clone)]
struct Proxied {
    /// Wants this, in its header.
    password: Option<&'static str>,
    /// Speaks TLS itself.
    tls: Option<TlsAcceptor>,
    /// Everything leads to here, whatever name was asked for; there, TLS ends.
    room: std::net::SocketAddr,
    end: TlsAcceptor,
    /// What passed in clear and what passed in the tunnel, in either direction.
    seen: Arc<Mutex<Vec<u8>>>,
    tunnels: Arc<AtomicUsize>,
}

impl Proxied {
    fn new(room: std::net::SocketAddr, end: TlsAcceptor) -> Self {
        let (seen, tunnels) = (Arc::default(), Arc::default());
        Self { password: None, tls: None, room, end, seen, tunnels }
    }

    async fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let this = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let this = this.clone();
                tokio::spawn(async move {
                    match this.tls.clone() {
                        None => this.serve(stream).await,
                        Some(tls) => this.serve(tls.accept(stream).await.ok()?).await,
                    }
                });
            }
        });
        port
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(self, mut stream: S) -> Option<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        self.seen.lock().unwrap().extend_from_slice(&head);
        let head = String::from_utf8(head).unwrap();
        let allowed = self.password.is_none_or(|password| {
            head.contains(&format!("\r\nProxy-Authorization: {password}\r\n"))
                || head.contains(&format!("\r\nproxy-authorization: {password}\r\n"))
        });
        let answer = match (head.starts_with("CONNECT "), allowed) {
            (_, false) => "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            (false, true) => "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
            (true, true) => "HTTP/1.1 200 Connection established\r\n\r\n",
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
        if !answer.contains(" 200 ") {
            return None;
        }
        self.tunnels.fetch_add(1, Ordering::Relaxed);
        let (inner, outer) = tokio::io::duplex(64 * 1024);
        let (mut room, end) = (TcpStream::connect(self.room).await.ok()?, self.end.clone());
        tokio::spawn(async move {
            let mut stream = end.accept(inner).await.ok()?;
            tokio::io::copy_bidirectional(&mut stream, &mut room).await.ok()
        });
        self.watch(stream, outer).await;
        None
    }

    async fn watch<S: AsyncRead + AsyncWrite>(&self, stream: S, outer: tokio::io::DuplexStream) {
        let (from_client, to_client) = tokio::io::split(stream);
        let (from_room, to_room) = tokio::io::split(outer);
        tokio::select! {
            () = self.pass(from_client, to_room) => {}
            () = self.pass(from_room, to_client) => {}
        }
    }

    async fn pass(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            self.seen.lock().unwrap().extend_from_slice(&buffer[..count]);
            if to.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    }

    fn saw(&self, text: &str) -> bool {
        let seen = self.seen.lock().unwrap();
        seen.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

async fn room() -> (Running, Token) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = aside_server::start(Config::for_tests(), listener).await.unwrap();
    let spec = TokenSpec::audience(RoomSpec::new("room-1").stream("stream-1"), "me", "Me");
    let token = running.rooms().create_token(spec).await.unwrap().token;
    (running, token)
}

async fn join(token: Token, network: Internet) -> Session {
    let server: Url = "https://room.example".parse().unwrap();
    let config = RoomConfig {
        socket: RoomConfig::default_socket(&server),
        server,
        topic: Topic::new("room-1"),
        stream: StreamId::new("stream-1"),
        user: "me".to_owned(),
        display_name: "Me".to_owned(),
        avatar_url: String::new(),
        allow_insecure: false,
    };
    let env = Env { network: Arc::new(network), clock: Arc::new(SystemClock), seed: 1 };
    Session::start(config, token, Store::in_memory().unwrap(), env).await.unwrap()
}

async fn until(session: &Session, fits: impl Fn(&Connection) -> bool) -> Connection {
    let mut view = session.watch();
    let waited = timeout(Duration::from_secs(15), view.wait_for(|view| fits(&view.connection)));
    waited.await.expect("in time").unwrap().connection.clone()
}

async fn refusal(session: &Session) -> (String, Option<Why>) {
    let end = until(session, |c| c.why().is_some()).await;
    (end.word().to_owned(), end.why())
}

#[tokio::test]
async fn through_a_proxy_that_wants_a_password_and_learns_nothing_else() {
    let (running, token) = room().await;
    let trusted = issuer();
    let end = certificate(Some(&trusted), "room.example", YEARS);
    let plain =
        Proxied { password: Some("Basic YWw6czpjcmV0"), ..Proxied::new(running.addr(), end) };
    let tls = Some(certificate(Some(&trusted), "localhost", YEARS));
    let encrypted = Proxied { tls, ..plain.clone() };
    for (scheme, proxy) in [("http", &plain), ("https", &encrypted)] {
        let port = proxy.start().await;
        let url = format!("{scheme}://al:s%3Acret@localhost:{port}");
        let session = join(token.clone(), internet(&trusted, &url)).await;
        until(&session, |c| *c == Connection::Online).await;
        let id = session.send("said through the proxy").await.unwrap();
        assert!(matches!(session.settled(id).await.unwrap(), Settled::Sent { .. }));
        // The socket, and at least one for the requests.
        assert!(proxy.tunnels.swap(0, Ordering::Relaxed) >= 2);
        session.close().await;
    }
    assert!(plain.saw("CONNECT room.example:443 HTTP/1.1\r\n"));
    for secret in [token.expose(), "said through", "stream-1", "GET /", "Authorization: s"] {
        assert!(!plain.saw(secret), "{secret}");
    }
    assert!(running.probe().requests().iter().any(|r| r.target.contains("chatmsg")));
}

#[tokio::test]
async fn another_proxy_is_gone_through_from_the_next_connection_on() {
    let (running, _token) = room().await;
    let issuer = issuer();
    let proxy = Proxied::new(running.addr(), certificate(Some(&issuer), "room.example", YEARS));
    let port = proxy.start().await;
    let network = internet(&issuer, "http://localhost:1");
    let url = "wss://room.example/ws".parse().unwrap();
    assert_eq!(network.dial(&url).await.err(), Some(DialError::Unreachable));
    let choose = |port: u16| {
        let there = format!("http://localhost:{port}").parse().unwrap();
        network.choose_proxy(&ProxyChoice::Through(there));
    };
    choose(port);
    let open = network.dial(&url).await.unwrap();
    choose(1);
    assert_eq!(network.dial(&url).await.err(), Some(DialError::Unreachable));
    assert_eq!(proxy.tunnels.load(Ordering::Relaxed), 1);
    drop(open);
}

#[tokio::test]
async fn a_proxy_that_wants_another_password_refuses_nobodys_token() {
    let (running, token) = room().await;
    let trusted = issuer();
    let end = certificate(Some(&trusted), "room.example", YEARS);
    let proxy = Proxied { password: Some("Basic other"), ..Proxied::new(running.addr(), end) };
    let port = proxy.start().await;
    let session =
        join(token.clone(), internet(&trusted, &format!("http://localhost:{port}"))).await;
    assert_eq!(refusal(&session).await, ("waiting".to_owned(), Some(Why::ProxySignIn)));
    assert!(!proxy.saw(token.expose()) && proxy.tunnels.load(Ordering::Relaxed) == 0);
}

#[tokio::test]
async fn a_certificate_that_is_not_the_servers_gets_no_token() {
    let (running, token) = room().await;
    let (trusted, stranger) = (issuer(), issuer());
    let cases = [
        ("expired", certificate(Some(&trusted), "room.example", (2020, 2021)), Why::Certificate),
        ("wrong name", certificate(Some(&trusted), "other.example", YEARS), Why::Certificate),
        ("self-signed", certificate(None, "room.example", YEARS), Why::Certificate),
        ("unknown", certificate(Some(&stranger), "room.example", YEARS), Why::Certificate),
        ("not yet", certificate(Some(&trusted), "room.example", (2110, 2120)), Why::ClockWrong),
    ];
    for (case, end, expected) in cases {
        let proxy = Proxied::new(running.addr(), end);
        let port = proxy.start().await;
        let url = format!("http://localhost:{port}");
        let session = join(token.clone(), internet(&trusted, &url)).await;
        assert_eq!(refusal(&session).await, ("waiting".to_owned(), Some(expected)), "{case}");
        assert!(!proxy.saw(token.expose()), "{case}");
        session.close().await;
    }
    assert_eq!(running.probe().requests().len(), 0, "nothing got through");
}

#[tokio::test]
async fn a_server_without_encryption_behind_an_encrypted_address_gets_no_token() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = vec![0; 4096];
        let count = stream.read(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        hello.truncate(count);
        hello
    });
    let network = internet(&issuer(), "http://proxy.example");
    let dialled = network.dial(&format!("wss://localhost:{port}/ws").parse().unwrap()).await;
    assert_eq!(dialled.err(), Some(DialError::Tls));
    assert_eq!(heard.await.unwrap().first(), Some(&22), "a handshake's record");
}

#[tokio::test(start_paused = true)]
async fn what_a_proxy_says_to_a_tunnel() {
    let proxy = match Rules::new(&ProxyChoice::Through("http://p".parse().unwrap()))
        .way(&"wss://room.example".parse().unwrap())
    {
        Way::Through(proxy) => proxy,
        way => panic!("{way:?}"),
    };
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    let cases = [
        ("HTTP/1.1 200 OK\r\n\r\nrest", Ok(())),
        ("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", Ok(())),
        ("HTTP/1.1 407 Who?\r\n\r\n", Err(DialError::ProxySignIn)),
        ("HTTP/1.1 403 No\r\n\r\n", Err(DialError::ProxyRefused)),
        ("HTTP/1.1 302 There\r\nLocation: http://p/login\r\n\r\n", Err(DialError::ProxyRefused)),
        ("HTTP/1.1 503 Gone\r\n\r\n", Err(DialError::Unreachable)),
        ("SSH-2.0-x\r\n\r\n", Err(DialError::ProxyRefused)),
        ("HTTP/1.1 200 O", Err(DialError::Timeout)),
        (&long, Err(DialError::ProxyRefused)),
    ];
    for (answer, expected) in cases {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        theirs.write_all(answer.as_bytes()).await.unwrap();
        let (mut ours, begun): (Box<dyn ByteStream>, _) =
            (Box::new(ours), tokio::time::Instant::now());
        let url = "wss://room.example/ws?secret=1".parse().unwrap();
        assert_eq!(proxy.open(&mut ours, &url).await, expected, "{answer:.40}");
        assert!(begun.elapsed() <= Duration::from_secs(5));
        let mut asked = [0; 256];
        let count = theirs.read(&mut asked).await.unwrap();
        let asked = String::from_utf8_lossy(&asked[..count]);
        assert_eq!(asked, "CONNECT room.example:443 HTTP/1.1\r\nHost: room.example:443\r\n\r\n");
        if answer.ends_with("rest") {
            let mut rest = [0; 4];
            ours.read_exact(&mut rest).await.unwrap();
            assert_eq!(&rest, b"rest", "what follows the answer belongs to the tunnel");
        }
    }
}
