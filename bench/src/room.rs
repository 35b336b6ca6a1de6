//! A real room server in this process, and a room in which it is said when what was said.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use aside_protocol::{Entry, EntryKind, Token, Topic};
use aside_sample::{SEED, Talk};
use aside_server::{Config, NewEntry, RoomSpec, Running, TokenSpec};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};

pub(crate) const TOPIC: &str = "4711";
pub(crate) const STREAM: &str = "s-4711";

/// One frame at 60 Hz: in a fast room, what is said in it is said at once.
const STEP: Duration = Duration::from_micros(16_667);

/// Where a room is, and what opens it.
#[derive(Clone)]
pub(crate) struct At {
    pub(crate) url: String,
    pub(crate) token: String,
}

impl At {
    /// A port at which nobody listens: what is shown comes from the cache.
    pub(crate) fn nowhere() -> Self {
        Self { url: "http://127.0.0.1:9/".to_owned(), token: "none".to_owned() }
    }
}

pub(crate) struct Room {
    running: Running,
    token: Token,
    relay_token: Token,
    talk: Talk,
    _data: TempDir,
}

/// The number of an entry, and when the server had stored it and gave it to its sockets; nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) seq: u64,
    pub(crate) at: u64,
}

pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl Room {
    pub(crate) async fn open() -> Result<Self> {
        Self::with(false).await
    }

    /// One that remembers its connections, which costs memory.
    pub(crate) async fn watched() -> Result<Self> {
        Self::with(true).await
    }

    async fn with(probe: bool) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let data_folder = Some(data.path().to_owned());
        let mut config = Config { data: data_folder, probe, ..Config::default() };
        config.limits = aside_server::Limits::without_rates();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let running = aside_server::start(config, listener).await?;
        let spec = || RoomSpec::new(TOPIC).stream(STREAM);
        let rooms = running.rooms();
        let token = rooms.create_token(TokenSpec::audience(spec(), "ana", "Ana")).await?.token;
        let relay = rooms.create_token(TokenSpec::audience(spec(), "relay", "Relay")).await?.token;
        Ok(Self { running, token, relay_token: relay, talk: Talk::new(SEED), _data: data })
    }

    pub(crate) fn at(&self) -> At {
        let url = format!("http://{}", self.running.addr());
        At { url, token: self.token.expose().to_owned() }
    }

    /// Many lines at once. Messages alone: nobody asks a hundred questions a second.
    pub(crate) async fn say(&mut self, count: usize) -> Result<Vec<Said>> {
        let entries = self.talk.by_ref().filter(is_message).take(count).map(as_new).collect();
        let placed = self.running.rooms().seed(&Topic::new(TOPIC), entries).await?;
        let at = now();
        Ok(placed.into_iter().map(|placed| Said { seq: placed.seq.0, at }).collect())
    }

    /// So many lines a second, for a time; those of one frame are said at once where the room is fast.
    pub(crate) async fn talk(&mut self, per_second: u32, time: Duration) -> Result<Vec<Said>> {
        let (begun, mut said) = (Instant::now(), Vec::new());
        let step = STEP.max(Duration::from_secs(1) / per_second.max(1));
        let count = (f64::from(per_second) * time.as_secs_f64()).round() as usize;
        for number in 1.. {
            let due = begun + step * number;
            sleep_until(due).await;
            let wanted = f64::from(per_second) * (due - begun).as_secs_f64();
            let wanted = (wanted.round() as usize).min(count).saturating_sub(said.len());
            said.extend(self.say(wanted).await?);
            if said.len() >= count {
                break;
            }
        }
        Ok(said)
    }

    /// Cuts every socket, as a network does: without a word.
    pub(crate) fn cut(&self) {
        self.running.cut_sockets();
    }

    /// Waits until more sockets than so many have been opened.
    pub(crate) async fn opened_after(&self, count: usize) -> u64 {
        while self.opened() <= count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        now()
    }

    /// How many sockets were ever opened.
    pub(crate) fn opened(&self) -> usize {
        self.running.probe().accepted()
    }

    /// Joins as one more member and passes every frame on, as it came.
    pub(crate) async fn relay(&self, to: broadcast::Sender<Relayed>) -> Result<JoinHandle<()>> {
        let addr = self.running.addr();
        let mut request = format!("ws://{addr}/ws").into_client_request()?;
        request.headers_mut().insert("Authorization", self.relay_token.expose().parse()?);
        let (socket, _) = client_async(request, TcpStream::connect(addr).await?).await?;
        let (mut write, mut read) = socket.split();
        let token = self.relay_token.expose().to_owned();
        let frame = move |kind: u8, payload: String| {
            Message::text(json!({"token": token, "type": kind, "payLoad": payload}).to_string())
        };
        write.send(frame(3, json!({"topic": TOPIC}).to_string())).await?;
        Ok(tokio::spawn(async move {
            let mut beat = tokio::time::interval(Duration::from_secs(5));
            loop {
                tokio::select! {
                    _ = beat.tick() => if write.send(frame(1, String::new())).await.is_err() { return },
                    heard = read.next() => match heard {
                        // Without a listener there is nobody to tell.
                        Some(Ok(Message::Text(text))) => drop(to.send(Relayed { at: now(), text: text.as_str().into() })),
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => return,
                    },
                }
            }
        }))
    }

    pub(crate) async fn close(self) {
        self.running.stop().await;
    }

    /// How many entries there are.
    pub(crate) async fn head(&self) -> Result<u64> {
        let info = self.running.rooms().room(&Topic::new(TOPIC)).await.context("the room")?;
        Ok(info.head.0)
    }
}

/// A frame of the server, and when it came.
#[derive(Clone, Debug)]
pub(crate) struct Relayed {
    pub(crate) at: u64,
    pub(crate) text: std::sync::Arc<str>,
}

fn is_message(entry: &Entry) -> bool {
    entry.kind == EntryKind::Message
}

fn as_new(entry: Entry) -> NewEntry {
    NewEntry::new(entry.body(), entry.user, entry.display_name)
}
