//! One connection: opened, read and written by one task, which ends with it.
//!
//! It decides nothing about the room. What it hears goes to the room's task with the connection's generation; what it is
//! told to say gets the token at that moment and not before. A room that is slow to commit makes the reading wait, and so,
//! through TCP, the server.

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::{ClientFrame, CloseReason, Token, close, limits};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::network::Network;
use crate::verdict::{End, is_html, retry_after};

mod stream;
#[cfg(test)]
mod tests;

use stream::{Stamp, Stream};

/// From the first DNS packet to the 101.
const CONNECT: Duration = Duration::from_secs(12);
/// A write that takes longer means a dead peer.
const WRITE: Duration = Duration::from_secs(5);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_millis(500);
/// Things to say that may wait; a link that can't take more is stuck, and about to be found so.
const OUTBOUND: usize = 64;
/// Text that was read and not yet committed, in units of [`UNIT`]: 8 MiB. Beyond it, reading waits.
const UNCOMMITTED: u32 = 8 * 1024;
const UNIT: usize = 1024;
/// Frames that may wait between a link and the room; a full queue makes the link stop reading. With a fourth of them, or with as much text as may wait, a room does not rest.
const FRAMES: usize = 4096;
/// What is read at once. Tungstenite fills what is free of it with zeros before each read, and a message is two reads.
const READ_BUFFER: usize = 16 * 1024;
/// What tungstenite may hold back before a write fails.
const WRITE_BUFFER: usize = 1024 * 1024;

/// What a link tells the room.
#[derive(Debug)]
pub(crate) enum Heard {
    /// The upgrade succeeded.
    Opened,
    /// A text frame.
    Text(Frame),
    /// A frame of another kind than text: nothing of this protocol.
    Binary,
    /// The answer to a ping, with its number.
    Pong(u64),
    /// It is over; nothing follows.
    Ended(End),
}

/// One text frame; its share of the memory for uncommitted text is given back when it is dropped.
pub(crate) struct Frame {
    pub(crate) text: Utf8Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({} bytes)", self.text.len())
    }
}

/// What a room tells a link.
#[derive(Debug)]
pub(crate) enum Say {
    Frame(ClientFrame),
    /// A WebSocket ping with a number that comes back.
    Ping(u64),
    Goodbye,
}

/// The room's end of a connection. Dropping it drops the socket, without a goodbye.
#[derive(Debug)]
pub(crate) struct Link {
    say: mpsc::Sender<Say>,
    stamp: Arc<Stamp>,
    _task: AbortOnDropHandle<()>,
}

/// What a link tells goes here. The other end belongs to a room that hears many generations, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Ear {
    heard: mpsc::Sender<(u64, Heard)>,
    hurry: Arc<Notify>,
}

impl Ear {
    /// An ear; what is heard; and what wakes a room that lets frames wait, for whatever is no text, and once a fourth of the queue is full.
    pub(crate) fn new() -> (Self, mpsc::Receiver<(u64, Heard)>, Arc<Notify>) {
        let (heard, hears) = mpsc::channel(FRAMES);
        let hurry = Arc::new(Notify::new());
        (Self { heard, hurry: Arc::clone(&hurry) }, hears, hurry)
    }

    async fn tell(&self, generation: u64, heard: Heard) {
        let hurries = !matches!(heard, Heard::Text(_)) || self.heard.capacity() <= FRAMES * 3 / 4;
        // A room that is gone wants to hear nothing.
        let _gone = self.heard.send((generation, heard)).await;
        if hurries {
            self.hurry.notify_one();
        }
    }
}

impl Link {
    /// Begins to connect.
    pub(crate) fn open(
        generation: u64,
        network: Arc<dyn Network>,
        socket: Url,
        token: Token,
        ear: Ear,
    ) -> Self {
        let (say, inbox) = mpsc::channel(OUTBOUND);
        let stamp = Arc::new(Stamp::new());
        let task = Task { generation, network, socket, token, ear, stamp: Arc::clone(&stamp) };
        let task = tokio::spawn(task.run(inbox));
        Self { say, stamp, _task: AbortOnDropHandle::new(task) }
    }

    /// When the last byte came.
    pub(crate) fn heard(&self) -> Instant {
        self.stamp.last()
    }

    /// Hands something over to be written. False when the link can take no more.
    pub(crate) fn say(&self, say: Say) -> bool {
        self.say.try_send(say).is_ok()
    }
}

struct Task {
    generation: u64,
    network: Arc<dyn Network>,
    socket: Url,
    token: Token,
    ear: Ear,
    stamp: Arc<Stamp>,
}

type Socket = WebSocketStream<Stream>;

impl Task {
    async fn run(self, inbox: mpsc::Receiver<Say>) {
        let end = match timeout(CONNECT, self.connect()).await {
            Ok(Ok(socket)) => {
                self.tell(Heard::Opened).await;
                let (sink, stream) = socket.split();
                tokio::select! {
                    biased;
                    end = self.read(stream) => end,
                    end = self.write(sink, inbox) => end,
                }
            }
            Ok(Err(end)) => end,
            Err(_) => End::ConnectTimeout,
        };
        tracing::debug!(generation = self.generation, ?end, "link ended");
        self.tell(Heard::Ended(end)).await;
    }

    async fn tell(&self, heard: Heard) {
        self.ear.tell(self.generation, heard).await;
    }

    async fn connect(&self) -> Result<Socket, End> {
        let stream = self.network.dial(&self.socket).await.map_err(End::Dial)?;
        let request = upgrade_request(&self.socket, &self.token).map_err(|_| End::NoUpgrade)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(limits::SERVER_MESSAGE_BYTES))
            // Servers of the field write a message as one frame: a smaller limit here would end a healthy room.
            .max_frame_size(Some(limits::SERVER_MESSAGE_BYTES));
        let stream = Stream::new(stream, Arc::clone(&self.stamp));
        let upgraded = client_async_with_config(request, stream, Some(config)).await;
        upgraded.map(|(socket, _)| socket).map_err(|error| refused_upgrade(&error))
    }

    async fn read(&self, mut stream: SplitStream<Socket>) -> End {
        let room = Arc::new(Semaphore::new(UNCOMMITTED as usize));
        loop {
            let heard = match stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    let units = u32::try_from(text.len() / UNIT + 1)
                        .unwrap_or(UNCOMMITTED)
                        .min(UNCOMMITTED);
                    if room.available_permits() < units as usize {
                        self.ear.hurry.notify_one();
                    }
                    let share = Arc::clone(&room).acquire_many_owned(units).await.ok();
                    Heard::Text(Frame { text, _share: share })
                }
                Some(Ok(Message::Binary(_))) => Heard::Binary,
                Some(Ok(Message::Pong(number))) => Heard::Pong(number_of(&number)),
                // Tungstenite answers pings by itself.
                Some(Ok(Message::Ping(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(frame))) => return closed(frame),
                Some(Err(error)) => return broken(&error),
                None => return End::Broken,
            };
            self.tell(heard).await;
        }
    }

    async fn write(
        &self,
        mut sink: SplitSink<Socket, Message>,
        mut inbox: mpsc::Receiver<Say>,
    ) -> End {
        while let Some(say) = inbox.recv().await {
            let message = match say {
                Say::Frame(frame) => match frame.encode(&self.token) {
                    Ok(text) => Message::text(text),
                    // Measured before it was handed over.
                    Err(_) => continue,
                },
                Say::Ping(number) => Message::Ping(Bytes::copy_from_slice(&number.to_be_bytes())),
                Say::Goodbye => {
                    let frame = CloseFrame { code: 1000.into(), reason: Utf8Bytes::default() };
                    let goodbye = sink.send(Message::Close(Some(frame)));
                    let _said = timeout(GOODBYE, goodbye).await;
                    tokio::time::sleep(GOODBYE).await;
                    return End::Wanted;
                }
            };
            let said = message.is_text();
            match timeout(WRITE, sink.send(message)).await {
                Ok(Ok(())) if said => aside_failpoint::at("link.written"),
                Ok(Ok(())) => {}
                Ok(Err(error)) => return broken(&error),
                Err(_) => return End::WriteStuck,
            }
        }
        // The room let go of this link and is about to drop it.
        std::future::pending().await
    }
}

fn upgrade_request(socket: &Url, token: &Token) -> Result<Request, WsError> {
    let mut request = socket.as_str().into_client_request()?;
    let mut secret = HeaderValue::from_str(token.expose())?;
    secret.set_sensitive(true);
    request.headers_mut().insert(header::AUTHORIZATION, secret);
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(request)
}

fn refused_upgrade(error: &WsError) -> End {
    let response = match error {
        WsError::Http(response) => response,
        WsError::Io(_) | WsError::ConnectionClosed | WsError::AlreadyClosed => return End::Broken,
        WsError::Protocol(ProtocolError::HandshakeIncomplete) => return End::Broken,
        _ => return End::NoUpgrade,
    };
    let text = |name: header::HeaderName| header_text(response.headers(), &name);
    let body = response.body().as_deref().unwrap_or_default();
    End::Status {
        status: response.status().as_u16(),
        html: is_html(text(header::CONTENT_TYPE).unwrap_or_default(), body),
        retry_after: retry_after(text(header::RETRY_AFTER), text(header::DATE)),
    }
}

fn header_text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn number_of(payload: &[u8]) -> u64 {
    payload.try_into().map_or(0, u64::from_be_bytes)
}

fn closed(frame: Option<CloseFrame>) -> End {
    End::Closed(match frame {
        Some(frame) => CloseReason::parse(frame.code.into(), &frame.reason),
        None => CloseReason { code: close::NO_CODE, retry_ms: None },
    })
}

fn broken(error: &WsError) -> End {
    match error {
        WsError::Capacity(_) => End::Oversize,
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Broken,
        WsError::Protocol(_) | WsError::Utf8(_) | WsError::AttackAttempt => End::Violation,
        _ => End::Broken,
    }
}
