//! A world of our own: sockets in memory, replies as scripted, clocks that follow tokio's paused one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aside_history::Store;
use aside_protocol::{Entry, StreamId, Token, Topic};
use aside_session::{
    ByteStream, Clock, DialError, Env, HttpError, HttpMethod, HttpReply, HttpRequest, Network,
    Peeked, RoomConfig, Routes, Session,
};
use futures_util::{SinkExt, StreamExt};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Room enough for a flood, little enough to be full soon.
const PIPE: usize = 64 * 1024;

/// Follows tokio's clock, plus the sleep that a test adds.
pub struct FakeClock {
    start: Instant,
    /// How far, in milliseconds, the clock that counts sleep is ahead of tokio's ...
    slept: AtomicI64,
    /// ... and the wall clock.
    wall: AtomicI64,
}

impl FakeClock {
    fn millis(&self, ahead: &AtomicI64) -> i64 {
        self.start.elapsed().as_millis() as i64 + ahead.load(Ordering::Relaxed)
    }

    pub fn sleep(&self, time: Duration) {
        self.step(time.as_millis() as i64, time.as_millis() as i64);
    }

    /// Sets both ahead, or back, by so many milliseconds.
    pub fn step(&self, slept: i64, wall: i64) {
        self.slept.fetch_add(slept, Ordering::Relaxed);
        self.wall.fetch_add(wall, Ordering::Relaxed);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + self.millis(&self.wall)).unwrap()
    }

    fn zoned(&self) -> ZonedDateTime {
        self.now().to_zoned_datetime(TimeZone::UTC)
    }

    fn with_sleep(&self) -> Duration {
        Duration::from_millis(10_000_000 + self.millis(&self.slept) as u64)
    }
}

type Peek = Box<dyn Fn(&url::Url) -> Result<Peeked, HttpError> + Send + Sync>;
type Route = Box<dyn Fn(&HttpRequest) -> Result<HttpReply, HttpError> + Send + Sync>;

/// The other end of everything a session does.
pub struct World {
    pub clock: Arc<FakeClock>,
    wires: Mutex<mpsc::UnboundedReceiver<DuplexStream>>,
    net: Arc<Net>,
}

struct Net {
    wire: mpsc::UnboundedSender<DuplexStream>,
    /// When each dial came.
    dials: Mutex<Vec<Instant>>,
    refuse: Mutex<Option<DialError>>,
    route: Mutex<Route>,
    requests: Mutex<Vec<HttpRequest>>,
    peek: Mutex<Peek>,
    peeks: Mutex<Vec<(Instant, url::Url)>>,
    routes: Mutex<Option<Routes>>,
    looks: AtomicU64,
    news: Mutex<Option<watch::Sender<()>>>,
    history: Mutex<VecDeque<(Instant, Entry)>>,
    cap: AtomicU64,
    broken: AtomicBool,
    far: AtomicU64,
}

impl Net {
    fn shown(&self) -> Vec<Entry> {
        let now = Instant::now();
        let history = self.history.lock().unwrap();
        history.iter().take_while(|(at, _)| *at <= now).map(|(_, entry)| entry.clone()).collect()
    }
}

#[async_trait::async_trait]
impl Network for Net {
    async fn dial(&self, _url: &url::Url) -> Result<Box<dyn ByteStream>, DialError> {
        self.dials.lock().unwrap().push(Instant::now());
        if let Some(error) = *self.refuse.lock().unwrap() {
            return Err(error);
        }
        let (ours, theirs) = duplex(PIPE);
        self.wire.send(theirs).map_err(|_| DialError::Unreachable)?;
        Ok(Box::new(ours))
    }

    async fn http(&self, request: HttpRequest) -> Result<HttpReply, HttpError> {
        sleep(Duration::from_millis(self.far.load(Ordering::Relaxed))).await;
        self.requests.lock().unwrap().push(request.clone());
        let path = request.url.path();
        if path.ends_with("chatmsg") && self.broken.load(Ordering::Relaxed) {
            return Ok(HttpReply { status: 500, ..HttpReply::default() });
        }
        if path.ends_with("chatmsg") {
            let cap = self.cap.load(Ordering::Relaxed) as usize;
            let page = super::paging::page(self.shown(), cap, &request.url);
            return Ok(HttpReply { status: 200, body: page.into_bytes(), ..HttpReply::default() });
        }
        (self.route.lock().unwrap())(&request)
    }

    async fn peek(&self, url: &url::Url) -> Result<Peeked, HttpError> {
        self.peeks.lock().unwrap().push((Instant::now(), url.clone()));
        (self.peek.lock().unwrap())(url)
    }

    fn news(&self) -> Option<watch::Receiver<()>> {
        self.news.lock().unwrap().as_ref().map(watch::Sender::subscribe)
    }

    fn routes(&self) -> Option<Routes> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        *self.routes.lock().unwrap()
    }
}

impl World {
    /// A core server that has no capabilities and an empty history.
    pub fn new() -> Self {
        let (wire, wires) = mpsc::unbounded_channel();
        let clock =
            FakeClock { start: Instant::now(), slept: AtomicI64::new(0), wall: AtomicI64::new(0) };
        let not_found = |_: &HttpRequest| Ok(HttpReply { status: 404, ..HttpReply::default() });
        let net = Net {
            wire,
            dials: Mutex::default(),
            refuse: Mutex::default(),
            route: Mutex::new(Box::new(not_found)),
            requests: Mutex::default(),
            peek: Mutex::new(Box::new(|_| Err(DialError::Unreachable.into()))),
            peeks: Mutex::default(),
            routes: Mutex::default(),
            looks: AtomicU64::new(0),
            news: Mutex::default(),
            history: Mutex::default(),
            cap: AtomicU64::new(1000),
            broken: AtomicBool::new(false),
            far: AtomicU64::new(0),
        };
        Self { clock: Arc::new(clock), wires: Mutex::new(wires), net: Arc::new(net) }
    }

    pub fn env(&self, seed: u64) -> Env {
        let (network, clock) =
            (Arc::clone(&self.net) as Arc<dyn Network>, Arc::clone(&self.clock) as Arc<dyn Clock>);
        Env { network, clock, seed }
    }

    pub async fn join(&self, store: &Store) -> Session {
        self.join_with_seed(store, 7).await
    }

    pub async fn join_with_seed(&self, store: &Store, seed: u64) -> Session {
        let server: url::Url = "https://room.example".parse().unwrap();
        let config = RoomConfig {
            socket: RoomConfig::default_socket(&server),
            server,
            topic: Topic::new("t"),
            stream: StreamId::new("s"),
            user: "me".to_owned(),
            display_name: "Me".to_owned(),
            avatar_url: String::new(),
            allow_insecure: false,
        };
        Session::start(config, Token::new("secret"), store.clone(), self.env(seed)).await.unwrap()
    }

    pub fn refuse(&self, error: Option<DialError>) {
        *self.net.refuse.lock().unwrap() = error;
    }

    pub fn route(
        &self,
        route: impl Fn(&HttpRequest) -> Result<HttpReply, HttpError> + Send + Sync + 'static,
    ) {
        *self.net.route.lock().unwrap() = Box::new(route);
    }

    /// What a look without the token finds.
    pub fn peek(
        &self,
        peek: impl Fn(&url::Url) -> Result<Peeked, HttpError> + Send + Sync + 'static,
    ) {
        *self.net.peek.lock().unwrap() = Box::new(peek);
    }

    pub fn peeks(&self) -> Vec<(Instant, url::Url)> {
        self.net.peeks.lock().unwrap().clone()
    }

    /// The address from which the world is reached; none when cut off.
    pub fn reach_from(&self, address: Option<&str>) {
        let v4 = address.map(|address| address.parse().unwrap());
        *self.net.routes.lock().unwrap() = Some(Routes { v4, v6: None });
    }

    /// The system says that something changed. Before the first session: it will.
    pub fn says(&self) {
        self.net.news.lock().unwrap().get_or_insert_with(|| watch::channel(()).0).send_replace(());
    }

    pub fn looks(&self) -> u64 {
        self.net.looks.load(Ordering::Relaxed)
    }

    pub fn dials(&self) -> Vec<Instant> {
        self.net.dials.lock().unwrap().clone()
    }

    pub fn requests(&self, path: &str) -> Vec<HttpRequest> {
        let requests = self.net.requests.lock().unwrap();
        requests.iter().filter(|request| request.url.path().ends_with(path)).cloned().collect()
    }

    /// The bodies of what was posted there.
    pub fn posted(&self, path: &str) -> Vec<String> {
        let body = |request: HttpRequest| match request.method {
            HttpMethod::Post(body) => Some(body),
            HttpMethod::Get => None,
        };
        self.requests(path).into_iter().filter_map(body).collect()
    }

    pub fn remember(&self, entry: Entry) {
        self.remember_after(Duration::ZERO, entry);
    }

    /// The history shows it this much later, and nothing after it sooner.
    pub fn remember_after(&self, lag: Duration, entry: Entry) {
        self.net.history.lock().unwrap().push_back((Instant::now() + lag, entry));
    }

    /// The history forgets everything but the newest.
    pub fn forget_all_but(&self, newest: usize) {
        let mut history = self.net.history.lock().unwrap();
        let old = history.len() - newest;
        history.drain(..old);
    }

    /// Everything, whether the history shows it already or not.
    pub fn truth(&self) -> Vec<String> {
        self.net.history.lock().unwrap().iter().map(|(_, entry)| entry.content.clone()).collect()
    }

    pub fn cap_pages(&self, cap: u64) {
        self.net.cap.store(cap, Ordering::Relaxed);
    }

    /// Each request is so long on its way.
    pub fn far(&self, way: Duration) {
        self.net.far.store(way.as_millis() as u64, Ordering::Relaxed);
    }

    pub fn break_history(&self, broken: bool) {
        self.net.broken.store(broken, Ordering::Relaxed);
    }

    /// The next raw connection.
    pub async fn wire(&self) -> DuplexStream {
        let next = std::future::poll_fn(|cx| self.wires.lock().unwrap().poll_recv(cx));
        timeout(Duration::from_secs(3600), next).await.expect("a dial").unwrap()
    }

    /// The next connection, upgraded and joined.
    pub async fn accept(&self) -> Peer {
        let socket = tokio_tungstenite::accept_async(self.wire().await).await.unwrap();
        let mut peer = Peer { socket };
        let join = peer.text().await;
        assert!(join.contains("\"type\":3"), "{join}");
        peer
    }

    /// Answers the next upgrade with something else than an upgrade.
    pub async fn answer_upgrade(&self, reply: &str) {
        let mut wire = self.wire().await;
        let mut head = [0; 4096];
        let _head = wire.read(&mut head).await.unwrap();
        wire.write_all(reply.as_bytes()).await.unwrap();
        wire.shutdown().await.unwrap();
    }
}

/// The server's end of a socket.
pub struct Peer {
    pub socket: WebSocketStream<DuplexStream>,
}

impl Peer {
    /// The next text frame; pings are answered on the way.
    pub async fn text(&mut self) -> String {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame of type 2, heartbeats left out.
    pub async fn send_frame(&mut self) -> String {
        loop {
            let text = self.text().await;
            if text.contains("\"type\":2") {
                return text;
            }
        }
    }

    pub async fn say(&mut self, entry: &Entry) {
        self.raw(&aside_protocol::ServerFrame::entry_text(entry)).await;
    }

    pub async fn raw(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub async fn close(mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: reason.to_owned().into() };
        self.socket.send(Message::Close(Some(frame))).await.unwrap();
    }

    /// Answers pings for so long, and notes when heartbeats came.
    pub async fn live_for(&mut self, time: Duration) -> Vec<Instant> {
        let (until, mut beats) = (Instant::now() + time, Vec::new());
        while let Ok(text) = tokio::time::timeout_at(until, self.text()).await {
            if text.contains("\"type\":1") {
                beats.push(Instant::now());
            }
        }
        beats
    }
}

pub fn message(user: &str, text: &str) -> Entry {
    let json = serde_json::json!({ "type": "message", "user": user, "displayName": user, "content": text });
    Entry::parse(&json.to_string()).unwrap()
}

impl Peer {
    pub async fn socket_binary(&mut self) {
        self.socket.send(Message::binary(vec![0, 159, 146, 150])).await.unwrap();
    }

    /// As [`Peer::raw`], but the other end may break it off.
    pub async fn try_raw(&mut self, text: &str) {
        let _broken = self.socket.send(Message::text(text)).await;
    }

    /// The code of the close frame that ends it all.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

impl Peer {
    /// Every text frame of so long a time.
    pub async fn frames_for(&mut self, time: Duration) -> Vec<String> {
        let (until, mut frames) = (Instant::now() + time, Vec::new());
        while let Ok(text) = tokio::time::timeout_at(until, self.text()).await {
            frames.push(text);
        }
        frames
    }
}
