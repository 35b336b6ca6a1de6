//! People who go to whichever server is there, and say again what was not acknowledged.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::{Dice, Places};
use crate::room::{STREAM, TOPIC};

/// How long one waits for a word before one goes elsewhere.
const PATIENCE: Duration = Duration::from_secs(5);

/// After the trouble everybody says so much more, and hears it of everybody.
const AFTER: usize = 3;

/// One of the audience: says, asks now and then, hears all.
pub(super) struct Member {
    number: usize,
    secret: String,
    places: Places,
    dice: Dice,
    socket: Option<WebSocketStream<TcpStream>>,
    epoch: String,
    told: Told,
}

/// What one member was told.
#[derive(Default)]
pub(super) struct Told {
    pub(super) acked: Vec<(u64, String)>,
    pub(super) heard: Vec<(u64, String)>,
    /// When the last of what it said was acknowledged.
    pub(super) well: Option<Instant>,
}

fn nonce(member: usize, count: usize) -> String {
    format!("{member:08}-0b1f-4f8e-9a57-{count:012}")
}

/// A server that is there, or none.
fn somewhere(places: &Places, dice: &mut Dice) -> Option<SocketAddr> {
    let places: Vec<SocketAddr> = places.lock().unwrap().iter().flatten().copied().collect();
    if places.is_empty() { None } else { Some(places[dice.roll(places.len() as u64) as usize]) }
}

impl Member {
    pub(super) fn new(number: usize, secret: String, places: Places, dice: Dice) -> Self {
        let (epoch, told) = (String::new(), Told::default());
        Self { number, secret, places, dice, socket: None, epoch, told }
    }

    pub(super) async fn talk(
        mut self,
        until: Instant,
        questions: Arc<Mutex<Vec<String>>>,
        speaking: Arc<AtomicUsize>,
        whole: watch::Receiver<usize>,
    ) -> Told {
        let (mut count, mut left) = (0, AFTER);
        while left > 0 {
            left -= usize::from(Instant::now() >= until);
            count += 1;
            let text = format!("member {} says {count}", self.number);
            let seq = self.say(&text, &nonce(self.number, count)).await;
            self.told.acked.push((seq, text));
            if self.number == 0 && count % 4 == 0 {
                let id = self.ask(count).await;
                questions.lock().unwrap().push(id);
            }
            sleep(Duration::from_millis(self.dice.roll(60))).await;
        }
        self.told.well = Some(Instant::now());
        speaking.fetch_sub(1, Ordering::Relaxed);
        self.hear_the_rest(&whole).await;
        self.told
    }

    /// Until all is heard that there is, once that is known.
    async fn hear_the_rest(&mut self, whole: &watch::Receiver<usize>) {
        let moment = Duration::from_millis(200);
        while *whole.borrow() == 0 || self.told.heard.len() < *whole.borrow() {
            if self.socket.is_none() && !self.come_in().await {
                continue;
            }
            match self.next(moment).await {
                Some(Some(frame)) => drop(self.heed(&frame)),
                Some(None) => {}
                None => self.socket = None,
            }
        }
    }

    /// Says it until it is acknowledged, and gives its place.
    async fn say(&mut self, text: &str, nonce: &str) -> u64 {
        loop {
            if self.socket.is_none() && !self.come_in().await {
                continue;
            }
            let info = json!({ "content": text, "nonce": nonce }).to_string();
            let payload = json!({ "topic": TOPIC, "chatInfo": info }).to_string();
            if !self.write(2, &payload).await {
                continue;
            }
            let deadline = Instant::now() + PATIENCE;
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                let Some(Some(frame)) = self.next(left).await else {
                    self.socket = None;
                    break;
                };
                let own = self.heed(&frame) == Some(nonce.to_owned());
                if own && frame["type"] == "ack" {
                    return frame["seq"].as_u64().unwrap();
                }
                if own && frame["type"] == "nack" {
                    assert_eq!(frame["code"], 503, "{frame}");
                    // Elsewhere it may go.
                    self.socket = None;
                    sleep(Duration::from_millis(100)).await;
                    break;
                }
            }
        }
    }

    /// Keeps what it hears, in order; gives the nonce that a word for itself is about.
    fn heed(&mut self, frame: &Value) -> Option<String> {
        if let (Some(seq), Some(content)) = (frame["seq"].as_u64(), frame["content"].as_str()) {
            self.told.heard.push((seq, content.to_owned()));
        }
        let about = ["ack", "nack"].map(Value::from).contains(&frame["type"]);
        frame["nonce"].as_str().filter(|_| about).map(str::to_owned)
    }

    async fn ask(&mut self, count: usize) -> String {
        let name = nonce(99, count);
        let body = json!({ "content": format!("why {count}?"), "streamId": STREAM, "nonce": name });
        loop {
            let reply =
                post(&self.places, &mut self.dice, &self.secret, "question/add", &body).await;
            if let Some((200, reply)) = reply {
                return reply["data"]["id"].as_str().unwrap().to_owned();
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Goes to a server and on from where it is.
    async fn come_in(&mut self) -> bool {
        let joined = timeout(PATIENCE, self.try_come_in()).await;
        let joined = joined.ok().flatten().is_some();
        if !joined {
            self.socket = None;
            sleep(Duration::from_millis(100)).await;
        }
        joined
    }

    async fn try_come_in(&mut self) -> Option<()> {
        let addr = somewhere(&self.places, &mut self.dice)?;
        let stream = TcpStream::connect(addr).await.ok()?;
        let mut request = format!("ws://{addr}/ws").into_client_request().ok()?;
        request.headers_mut().insert("authorization", self.secret.parse().unwrap());
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.ok()?;
        self.socket = Some(socket);
        let after = self.told.heard.len();
        let join = json!({ "topic": TOPIC, "epoch": self.epoch, "after": after }).to_string();
        if !self.write(3, &join).await {
            return None;
        }
        let joined = self.next(PATIENCE).await??;
        assert_eq!(joined["type"], "joined", "{joined}");
        let epoch = joined["epoch"].as_str().unwrap();
        let first = self.epoch.is_empty();
        assert!(first || epoch == self.epoch, "one life of the history, everywhere");
        epoch.clone_into(&mut self.epoch);
        if joined["resumed"] == false {
            // A server that is far behind the others does not know where it is: elsewhere.
            if !first || joined["seq"] != 0 {
                self.socket = None;
                return None;
            }
        }
        Some(())
    }

    async fn write(&mut self, kind: i64, payload: &str) -> bool {
        let text = json!({ "token": self.secret, "type": kind, "payLoad": payload }).to_string();
        let Some(socket) = &mut self.socket else { return false };
        let written = socket.send(Message::text(text)).await.is_ok();
        if !written {
            self.socket = None;
        }
        written
    }

    /// What comes next; nothing in time, or nothing ever again.
    async fn next(&mut self, patience: Duration) -> Option<Option<Value>> {
        let socket = self.socket.as_mut()?;
        let frame = async {
            loop {
                match socket.next().await? {
                    Ok(Message::Text(text)) => {
                        let frame: Value = serde_json::from_str(&text).ok()?;
                        if frame["code"] == 200 {
                            return serde_json::from_str(frame["data"].as_str()?).ok();
                        }
                    }
                    Ok(Message::Close(_)) | Err(_) => return None,
                    Ok(_) => {}
                }
            }
        };
        match timeout(patience, frame).await {
            Ok(Some(frame)) => Some(Some(frame)),
            Ok(None) => None,
            Err(_) => Some(None),
        }
    }
}

/// One of staff: claims every question, and answers those that it gets.
pub(super) struct Desk {
    number: usize,
    secret: String,
    places: Places,
    dice: Dice,
}

impl Desk {
    pub(super) fn new(number: usize, secret: String, places: Places, dice: Dice) -> Self {
        Self { number, secret, places, dice }
    }

    /// Gives the questions that it got.
    pub(super) async fn work(
        mut self,
        questions: Arc<Mutex<Vec<String>>>,
        speaking: Arc<AtomicUsize>,
    ) -> Vec<String> {
        let (mut won, mut done) = (Vec::new(), 0);
        loop {
            // As long as somebody may still ask.
            let ended = speaking.load(Ordering::Relaxed) == 0;
            let next = questions.lock().unwrap().get(done).cloned();
            let Some(id) = next else {
                if ended {
                    return won;
                }
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            done += 1;
            let claim = json!({ "questionId": id, "streamId": STREAM, "state": "claimed" });
            if self.settle("question/state", claim).await {
                won.push(id.clone());
                let name = nonce(80 + self.number, done);
                let answer = json!({
                    "questionId": id, "streamId": STREAM, "content": "because", "seen": 0, "nonce": name,
                });
                assert!(self.settle("answer/add", answer).await, "its own question is answered");
            }
        }
    }

    /// Asks until it is granted or somebody else was faster.
    async fn settle(&mut self, path: &str, body: Value) -> bool {
        loop {
            match post(&self.places, &mut self.dice, &self.secret, path, &body).await {
                Some((200, _)) => return true,
                Some((409, _)) => return false,
                // 404: a server that is behind has not heard of the question.
                Some(_) | None => sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

/// Posts to some server; nothing where there was no reply.
async fn post(
    places: &Places,
    dice: &mut Dice,
    secret: &str,
    path: &str,
    body: &Value,
) -> Option<(u16, Value)> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let addr = somewhere(places, dice)?;
    let exchange = async {
        let mut stream = TcpStream::connect(addr).await.ok()?;
        let body = body.to_string();
        let head = format!(
            "POST /api/{path} HTTP/1.1\r\nhost: {addr}\r\nauthorization: {secret}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        stream.write_all(body.as_bytes()).await.ok()?;
        let mut read = String::new();
        stream.read_to_string(&mut read).await.ok()?;
        let (head, body) = read.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).ok()?))
    };
    timeout(PATIENCE * 2, exchange).await.ok().flatten()
}
