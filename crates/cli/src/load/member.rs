//! One socket of a load: a task that costs some kilobytes and nothing while nobody speaks.

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::limits::SERVER_MESSAGE_BYTES;
use aside_protocol::{
    ClientFrame, EntryKind, Join, MinuteStamp, OutgoingMessage, ServerFrame, Token, close,
};
use aside_session::{ByteStream, Network, RoomConfig};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::Seat;
use super::board::{Board, Cursor};

/// From the dial to the join; many come at once.
const ENTER: Duration = Duration::from_secs(30);
/// As often as the protocol asks for.
const BEAT: Duration = Duration::from_secs(5);
/// Small buffers: tungstenite's own would cost a thousand members a quarter of a gigabyte.
const BUFFER: usize = 4 * 1024;

/// Why a member is not in the room.
#[derive(Clone, Debug)]
pub(crate) enum NotIn {
    /// The handshake was answered with this status.
    Refused(u16),
    /// There was no handshake.
    Unreachable(String),
    /// The task itself broke.
    Broken,
}

/// A member that is in the room.
pub(crate) struct Member {
    ws: WebSocketStream<Box<dyn ByteStream>>,
    seat: Seat,
    /// Counts from 0; the first also learns what questions are called.
    number: u32,
}

/// How a member ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) cursor: Cursor,
    /// The close code, if it was not this side that ended.
    pub(crate) closed: Option<u16>,
    /// How often it was told a code other than 200, and the last of those.
    pub(crate) notices: u64,
    pub(crate) notice: Option<(i64, String)>,
}

impl Member {
    /// Opens a socket and joins.
    pub(crate) async fn enter(
        network: &dyn Network,
        config: &RoomConfig,
        seat: Seat,
        number: u32,
    ) -> Result<Self, NotIn> {
        let entered = timeout(ENTER, Self::try_enter(network, config, &seat.token)).await;
        match entered {
            Ok(Ok(ws)) => Ok(Self { ws, seat, number }),
            Ok(Err(Error::Http(response))) => Err(NotIn::Refused(response.status().as_u16())),
            Ok(Err(error)) => Err(NotIn::Unreachable(error.to_string())),
            Err(_) => Err(NotIn::Unreachable(format!("not within {} s", ENTER.as_secs()))),
        }
    }

    async fn try_enter(
        network: &dyn Network,
        config: &RoomConfig,
        token: &Token,
    ) -> Result<WebSocketStream<Box<dyn ByteStream>>, Error> {
        let mut request = config.socket.as_str().into_client_request()?;
        let mut secret = HeaderValue::from_str(token.expose())
            .map_err(|_| Error::Io(std::io::ErrorKind::InvalidInput.into()))?;
        secret.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, secret);
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        let stream = network.dial(&config.socket).await;
        let stream = stream.map_err(|error| Error::Io(std::io::Error::other(error)))?;
        let limits = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(SERVER_MESSAGE_BYTES))
            .max_frame_size(Some(SERVER_MESSAGE_BYTES));
        let (mut ws, _) = client_async_with_config(request, stream, Some(limits)).await?;
        let join =
            ClientFrame::Join(Join { topic: config.topic.clone(), resume: None, triage: false });
        ws.send(text(&join, token)).await?;
        Ok(ws)
    }

    /// Who it is.
    pub(crate) fn user(&self) -> &str {
        &self.seat.user
    }

    /// Lives until it is told to stop, or is closed.
    pub(crate) async fn run(
        mut self,
        board: Arc<Board>,
        mut inbox: mpsc::Receiver<String>,
        mut stopped: watch::Receiver<bool>,
    ) -> Ended {
        let mut ended = Ended { cursor: Cursor::default(), closed: None, notices: 0, notice: None };
        // Not all at the same moment.
        let first = Instant::now() + BEAT.mul_f64(f64::from(self.number % 97) / 97.0);
        let mut beat = interval_at(first, BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let heartbeat = text(&ClientFrame::Heartbeat, &self.seat.token);
        loop {
            let sent = tokio::select! {
                biased;
                message = self.ws.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        self.hear(&board, &mut ended, text.as_str());
                        Ok(())
                    }
                    Some(Ok(Message::Close(frame))) => {
                        ended.closed = Some(frame.map_or(close::NO_CODE, |frame| frame.code.into()));
                        return ended;
                    }
                    Some(Ok(_)) => Ok(()),
                    Some(Err(error)) => Err(error),
                    None => Err(Error::ConnectionClosed),
                },
                Some(frame) = inbox.recv() => {
                    let frame = frame.replace(TOKEN, &quoted(&self.seat.token));
                    self.ws.send(Message::text(frame)).await
                }
                _ = beat.tick() => self.ws.send(heartbeat.clone()).await,
                _ = stopped.changed() => return ended,
            };
            if sent.is_err() {
                ended.closed = Some(close::ABNORMAL);
                return ended;
            }
        }
    }

    fn hear(&self, board: &Board, ended: &mut Ended, frame: &str) {
        if let Some(number) = board.number(frame) {
            board.hear(&mut ended.cursor, number, Instant::now());
            if self.number == 0 {
                learn(board, frame);
            }
        } else if let Ok(ServerFrame::Notice { code, text }) = ServerFrame::parse(frame) {
            ended.notices += 1;
            ended.notice = Some((code, text));
        }
    }
}

/// Remembers what a question is called, for votes.
fn learn(board: &Board, frame: &str) {
    if let Ok(ServerFrame::Entry(entry)) = ServerFrame::parse(frame)
        && entry.kind == EntryKind::Question
        && let Some(id) = entry.id
    {
        board.question(id.as_str().to_owned());
    }
}

/// Where the token of whoever says it is put in, as the last thing before it is written.
const TOKEN: &str = "\"<token>\"";

fn quoted(token: &Token) -> String {
    serde_json::Value::from(token.expose()).to_string()
}

/// Frames of these sizes always fit.
fn text(frame: &ClientFrame, token: &Token) -> Message {
    Message::text(frame.encode(token).unwrap_or_default())
}

/// A message as a frame, without a token yet.
pub(crate) fn message(config: &RoomConfig, user: &str, words: &str) -> String {
    let frame = ClientFrame::Send(OutgoingMessage {
        topic: config.topic.clone(),
        stream: config.stream.clone(),
        user: user.to_owned(),
        display_name: user.to_owned(),
        avatar_url: String::new(),
        content: words.to_owned(),
        created_at: MinuteStamp::of(&jiff::ZonedDateTime::now()).to_string(),
        nonce: None,
    });
    frame.encode(&Token::new("<token>")).unwrap_or_default()
}
