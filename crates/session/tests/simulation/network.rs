//! One member's path to the server, and what may stand in its way; plugged in where the session expects the internet.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use aside_session::{
    ByteStream, DialError, HttpError, HttpMethod, HttpReply, HttpRequest, Network, Routes,
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use crate::pipe::{self, Cut, End, Flow, How, Wire};
use crate::world::World;

/// What a dial finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    Open,
    Fails(DialError),
    /// Nothing answers.
    Blackhole,
    /// Somebody else answers, with these bytes, whatever is asked.
    Stranger(&'static str),
}

/// What becomes of an HTTP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoil {
    Status(u16),
    Html,
    /// Half of the reply.
    Truncated,
    /// The request arrives, the reply does not.
    ReplyLost,
    /// The request does not arrive, and nobody says so.
    Swallowed,
}

/// A member's way to the world.
pub struct Path {
    pub member: usize,
    world: Weak<World>,
    pub up: Arc<Mutex<Flow>>,
    pub down: Arc<Mutex<Flow>>,
    door: Mutex<Door>,
    /// For the sockets to come.
    cuts: Mutex<VecDeque<Cut>>,
    /// How often a request is spoiled, and how.
    spoils: Mutex<(f64, Vec<Spoil>)>,
    rng: Mutex<StdRng>,
    changed: Notify,
    wires: Mutex<Vec<(bool, Weak<Wire>)>>,
    dials: Mutex<Vec<Instant>>,
    /// What the machine knows of its ways out.
    routes: Mutex<Routes>,
    /// When the last byte of the newest socket came.
    heard: Mutex<Arc<Mutex<Option<Instant>>>>,
}

const DIAL: Duration = Duration::from_secs(5);

/// The ways out of a machine in one of several networks.
fn from(network: u8) -> Routes {
    Routes { v4: Some(Ipv4Addr::new(10, 0, network, 2).into()), v6: None }
}

impl Path {
    pub fn new(member: usize, world: &Arc<World>, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            member,
            world: Arc::downgrade(world),
            up: Arc::default(),
            down: Arc::default(),
            door: Mutex::new(Door::Open),
            cuts: Mutex::default(),
            spoils: Mutex::default(),
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            changed: Notify::new(),
            wires: Mutex::default(),
            dials: Mutex::default(),
            routes: Mutex::new(from(0)),
            heard: Mutex::default(),
        })
    }

    /// Changes the weather of both directions.
    pub fn weather(&self, change: impl Fn(&mut Flow, &mut Flow)) {
        change(&mut self.up.lock().unwrap(), &mut self.down.lock().unwrap());
        self.look_again();
    }

    pub fn door(&self, door: Door) {
        *self.door.lock().unwrap() = door;
        self.look_again();
    }

    /// The machine's own network goes, or another one comes.
    pub fn way_out(&self, network: Option<u8>) {
        *self.routes.lock().unwrap() = network.map(from).unwrap_or_default();
    }

    pub fn spoil(&self, chance: f64, spoils: &[Spoil]) {
        *self.spoils.lock().unwrap() = (chance, spoils.to_vec());
    }

    /// Everything is well again.
    pub fn heal(&self) {
        self.cuts.lock().unwrap().clear();
        self.live(|_| true).iter().for_each(|wire| wire.spare());
        self.spoil(0.0, &[]);
        *self.door.lock().unwrap() = Door::Open;
        self.weather(|up, down| (*up, *down) = Default::default());
    }

    fn look_again(&self) {
        self.changed.notify_waiters();
        for wire in self.live(|_| true) {
            wire.wake();
        }
    }

    fn live(&self, which: impl Fn(bool) -> bool) -> Vec<Arc<Wire>> {
        let mut wires = self.wires.lock().unwrap();
        wires.retain(|(_, wire)| wire.strong_count() > 0);
        let fits = wires.iter().filter(|(socket, _)| which(*socket));
        fits.filter_map(|(_, wire)| wire.upgrade()).collect()
    }

    /// Breaks every connection that there is.
    pub fn break_all(&self, how: How) {
        for wire in self.live(|_| true) {
            wire.end(how);
        }
    }

    /// Breaks the socket, or the next one where there is none, at some byte.
    pub fn cut(&self, cut: Cut) {
        match self.live(|socket| socket).last() {
            Some(wire) => wire.cut(cut),
            None => self.cut_next(cut),
        }
    }

    pub fn cut_next(&self, cut: Cut) {
        self.cuts.lock().unwrap().push_back(cut);
    }

    pub fn dials(&self) -> Vec<Instant> {
        self.dials.lock().unwrap().clone()
    }

    pub fn heard(&self) -> Option<Instant> {
        *self.heard.lock().unwrap().lock().unwrap()
    }

    fn roll(&self) -> u64 {
        self.rng.lock().unwrap().random()
    }

    async fn reach(&self, socket: bool) -> Result<End, DialError> {
        let trip = {
            let (up, down) = (self.up.lock().unwrap().clone(), self.down.lock().unwrap().clone());
            up.least + down.least
        };
        sleep(trip).await;
        loop {
            let held = self.up.lock().unwrap().held || self.down.lock().unwrap().held;
            let door = self.door.lock().unwrap().clone();
            match door {
                Door::Fails(error) => return Err(error),
                Door::Open if !held => return self.plug(socket),
                Door::Stranger(words) => return Ok(self.stranger(words)),
                Door::Open | Door::Blackhole => self.changed.notified().await,
            }
        }
    }

    fn wire(&self, socket: bool) -> (End, End, Arc<Wire>) {
        let heard = Arc::default();
        if socket {
            *self.heard.lock().unwrap() = Arc::clone(&heard);
        }
        let ends = pipe::connect(&self.up, &self.down, self.roll(), heard);
        self.wires.lock().unwrap().push((socket, Arc::downgrade(&ends.2)));
        ends
    }

    fn plug(&self, socket: bool) -> Result<End, DialError> {
        let world = self.world.upgrade().ok_or(DialError::Unreachable)?;
        let (ours, theirs, wire) = self.wire(socket);
        if let Some(cut) = self.cuts.lock().unwrap().pop_front().filter(|_| socket) {
            wire.cut(cut);
        }
        if world.serve(theirs, &wire, self.member) { Ok(ours) } else { Err(DialError::Unreachable) }
    }

    fn stranger(&self, words: &'static str) -> End {
        let (ours, mut theirs, _) = self.wire(true);
        tokio::spawn(async move {
            let mut head = [0; 4096];
            if theirs.read(&mut head).await.is_ok() {
                // Whoever asked may have gone.
                let _gone = theirs.write_all(words.as_bytes()).await;
                let _gone = theirs.shutdown().await;
            }
        });
        ours
    }

    fn pick_spoil(&self) -> Option<Spoil> {
        let (chance, spoils) = self.spoils.lock().unwrap().clone();
        let mut rng = self.rng.lock().unwrap();
        (!spoils.is_empty() && rng.random_bool(chance))
            .then(|| spoils[rng.random_range(0..spoils.len())])
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpReply, HttpError> {
        let spoil = self.pick_spoil();
        if spoil == Some(Spoil::Swallowed) {
            std::future::pending::<()>().await;
        }
        let stream = timeout(DIAL, self.reach(false)).await.map_err(|_| DialError::Timeout)??;
        match spoil {
            Some(Spoil::Status(status)) => {
                return Ok(HttpReply { status, ..HttpReply::default() });
            }
            Some(Spoil::Html) => {
                let (content_type, body) = ("text/html".to_owned(), b"<html>".to_vec());
                return Ok(HttpReply { status: 200, content_type, body, ..HttpReply::default() });
            }
            _ => {}
        }
        let mut reply = ask(stream, request).await?;
        match spoil {
            Some(Spoil::ReplyLost) => Err(HttpError::Lost),
            Some(Spoil::Truncated) => {
                reply.body.truncate(reply.body.len() / 2);
                Ok(reply)
            }
            _ => Ok(reply),
        }
    }
}

async fn ask(stream: End, request: HttpRequest) -> Result<HttpReply, HttpError> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| DialError::Unreachable)?;
    let driver = tokio::spawn(async move {
        // Its error is the request's, too.
        let _ended = connection.await;
    });
    let (method, body) = match request.method {
        HttpMethod::Get => ("GET", String::new()),
        HttpMethod::Post(body) => ("POST", body),
    };
    let target = &request.url[url::Position::BeforePath..];
    let head = hyper::Request::builder()
        .method(method)
        .uri(target)
        .header("host", request.url.host_str().unwrap_or_default())
        .header("authorization", request.token.expose())
        .header("content-type", "application/json");
    let sent = sender.send_request(head.body(Full::new(Bytes::from(body))).unwrap());
    let response = sent.await.map_err(|_| HttpError::Lost)?;
    let text = |name| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    let mut reply = HttpReply {
        status: response.status().as_u16(),
        content_type: text("content-type").unwrap_or_default(),
        retry_after: text("retry-after"),
        date: text("date"),
        body: Vec::new(),
    };
    let body = Limited::new(response.into_body(), request.limit).collect().await;
    reply.body = body.map_err(|_| HttpError::Lost)?.to_bytes().to_vec();
    driver.abort();
    Ok(reply)
}

#[async_trait::async_trait]
impl Network for Path {
    async fn dial(&self, _: &Url) -> Result<Box<dyn ByteStream>, DialError> {
        self.dials.lock().unwrap().push(Instant::now());
        if let Some(world) = self.world.upgrade() {
            world.note(&format!("{} dials", self.member));
        }
        let reached = timeout(DIAL, self.reach(true)).await;
        Ok(Box::new(reached.map_err(|_| DialError::Timeout)??))
    }

    async fn http(&self, request: HttpRequest) -> Result<HttpReply, HttpError> {
        let (path, patience) = (request.url.path().to_owned(), request.timeout);
        let reply = timeout(patience, self.exchange(request)).await.unwrap_or(Err(HttpError::Lost));
        if let Some(world) = self.world.upgrade() {
            let told = match &reply {
                Ok(reply) => format!("{} ({} bytes)", reply.status, reply.body.len()),
                Err(error) => error.to_string(),
            };
            world.note(&format!("{} asked {path}: {told}", self.member));
        }
        reply
    }

    fn routes(&self) -> Option<Routes> {
        Some(*self.routes.lock().unwrap())
    }
}
