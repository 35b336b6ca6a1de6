//! A link by itself, against a peer that stops reading.

use async_trait::async_trait;
use futures_util::SinkExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::Mutex;

use super::*;
use crate::network::{ByteStream, DialError, HttpError, HttpReply, HttpRequest};

/// Leads to one stream, once.
struct Wire(Mutex<Option<DuplexStream>>);

#[async_trait]
impl Network for Wire {
    async fn dial(&self, _url: &Url) -> Result<Box<dyn ByteStream>, DialError> {
        let stream = self.0.lock().await.take().ok_or(DialError::Unreachable)?;
        Ok(Box::new(stream))
    }

    async fn http(&self, _request: HttpRequest) -> Result<HttpReply, HttpError> {
        Err(HttpError::Lost)
    }
}

fn dial(generation: u64) -> (Link, mpsc::Receiver<(u64, Heard)>, DuplexStream) {
    let (ours, theirs) = duplex(2 * 1024);
    let network = Arc::new(Wire(Mutex::new(Some(ours))));
    let (ear, heard, _hurry) = Ear::new();
    let socket = "wss://room.example/ws".parse().unwrap();
    let link = Link::open(generation, network, socket, Token::new("secret"), ear);
    (link, heard, theirs)
}

async fn open(
    generation: u64,
) -> (Link, mpsc::Receiver<(u64, Heard)>, WebSocketStream<DuplexStream>) {
    let (link, mut heard, theirs) = dial(generation);
    let peer = tokio_tungstenite::accept_async(theirs).await.unwrap();
    assert!(matches!(heard.recv().await, Some((_, Heard::Opened))));
    (link, heard, peer)
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_reading_is_given_up_after_five_seconds() {
    let (link, mut heard, mut peer) = open(1).await;
    let begun = Instant::now();
    // It still speaks, so nothing but the write is stuck.
    let speaking = async {
        loop {
            let _broken = peer.send(Message::Ping(Bytes::new())).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let stuck = async {
        // More than the pipe holds.
        while link.say(Say::Frame(ClientFrame::Heartbeat)) {
            tokio::task::yield_now().await;
            if begun.elapsed() > Duration::from_secs(60) {
                return None;
            }
        }
        loop {
            match heard.recv().await {
                Some((_, Heard::Ended(end))) => return Some(end),
                Some(_) => {}
                None => return None,
            }
        }
    };
    let end = tokio::select! { () = speaking => None, end = stuck => end };
    assert_eq!(end, Some(End::WriteStuck));
    assert!(begun.elapsed() <= Duration::from_secs(6), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_a_link_says_carries_its_generation_and_a_dropped_link_says_nothing_more() {
    let (link, mut heard, mut peer) = open(41).await;
    peer.send(Message::text("{}")).await.unwrap();
    assert!(matches!(heard.recv().await, Some((41, Heard::Text(_)))));
    drop(link);
    let _broken = peer.send(Message::text("{}")).await;
    assert!(heard.recv().await.is_none(), "no frame, no end");
}

/// Reads the request, and writes a reply byte by byte; what follows the head comes with its last byte.
async fn answer_in_bytes(wire: &mut DuplexStream, reply: impl Fn(&str) -> String, after: &[u8]) {
    let mut head = vec![0; 4096];
    let count = wire.read(&mut head).await.unwrap();
    let request = String::from_utf8_lossy(&head[..count]).into_owned();
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let reply = reply(key);
    let (last, first) = reply.as_bytes().split_last().unwrap();
    for byte in first {
        wire.write_all(&[*byte]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    wire.write_all(&[&[*last], after].concat()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_comes_byte_by_byte_is_a_slow_network_and_no_attack() {
    let (_link, mut heard, mut wire) = dial(1);
    let upgrade = |key: &str| {
        let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             X-Padding: {}\r\nSec-WebSocket-Accept: {accept}\r\n\r\n",
            "p".repeat(600)
        )
    };
    answer_in_bytes(&mut wire, upgrade, b"\x81\x02{}").await;
    assert!(matches!(heard.recv().await, Some((1, Heard::Opened))));
    let Some((1, Heard::Text(frame))) = heard.recv().await else { panic!("the first frame") };
    assert_eq!(frame.text.as_str(), "{}");
}

#[tokio::test(start_paused = true)]
async fn a_reply_without_an_end_is_given_up() {
    let (_link, mut heard, mut wire) = dial(1);
    let endless = |_: &str| format!("HTTP/1.1 101 X\r\nX: {}", "x".repeat(80_000));
    tokio::spawn(async move {
        answer_in_bytes(&mut wire, endless, b"").await;
    });
    assert!(matches!(
        heard.recv().await,
        Some((1, Heard::Ended(End::NoUpgrade | End::ConnectTimeout)))
    ));
}
