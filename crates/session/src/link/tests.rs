//! A link by itself, against a peer that stops reading.

use async_trait::async_trait;
use futures_util::SinkExt as _;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::Mutex;

use super::*;
use crate::network::{DialError, HttpError, HttpReply, HttpRequest};

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

async fn open(
    generation: u64,
) -> (Link, mpsc::Receiver<(u64, Heard)>, WebSocketStream<DuplexStream>) {
    let (ours, theirs) = duplex(2 * 1024);
    let network = Arc::new(Wire(Mutex::new(Some(ours))));
    let (ear, mut heard) = mpsc::channel(64);
    let socket = "wss://room.example/ws".parse().unwrap();
    let link = Link::open(generation, network, socket, Token::new("secret"), ear);
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
