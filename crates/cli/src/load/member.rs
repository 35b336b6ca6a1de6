//! One socket of a load: a task that costs some kilobytes and nothing while nobody speaks.

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::limits::SERVER_MESSAGE_BYTES;
use aside_protocol::{
    ClientFrame, EntryKind, Join, MinuteStamp, OutgoingMessage, ServerFrame, Token, close,
};
use aside_session::{ByteStream, Network, RoomConfig};
use futures_util::stream::{SplitSink, SplitStream};
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

type Socket = WebSocketStream<Box<dyn ByteStream>>;

/// A member that is in the room.
pub(crate) struct Member {
    ws: Socket,
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
    ) -> Result<Socket, Error> {
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

    /// Lives until it is told to stop, or is closed. A server that does not read keeps it from neither hearing nor ending.
    pub(crate) async fn run(
        self,
        board: Arc<Board>,
        inbox: mpsc::Receiver<String>,
        mut stopped: watch::Receiver<bool>,
    ) -> Ended {
        let mut ended = Ended { cursor: Cursor::default(), closed: None, notices: 0, notice: None };
        let (sink, stream) = self.ws.split();
        let closed = tokio::select! {
            biased;
            _ = stopped.changed() => None,
            code = listen(stream, self.number, &board, &mut ended) => Some(code),
            () = speak(sink, self.number, &self.seat.token, inbox) => Some(close::ABNORMAL),
        };
        Ended { closed, ..ended }
    }
}

/// Hears what is said, until the socket ends: with which code.
async fn listen(
    mut stream: SplitStream<Socket>,
    member: u32,
    board: &Board,
    ended: &mut Ended,
) -> u16 {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => hear(member, board, ended, text.as_str()),
            Some(Ok(Message::Close(frame))) => {
                return frame.map_or(close::NO_CODE, |frame| frame.code.into());
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return close::ABNORMAL,
        }
    }
}

fn hear(member: u32, board: &Board, ended: &mut Ended, frame: &str) {
    if let Some(number) = board.number(frame) {
        board.hear(&mut ended.cursor, number, Instant::now());
        if member == 0 {
            learn(board, frame);
        }
    } else if let Ok(ServerFrame::Notice { code, text }) = ServerFrame::parse(frame) {
        ended.notices += 1;
        ended.notice = Some((code, text));
    }
}

/// Says what it is to say, and that it is there, until the socket takes nothing more.
async fn speak(
    mut sink: SplitSink<Socket, Message>,
    member: u32,
    token: &Token,
    mut inbox: mpsc::Receiver<String>,
) {
    // Not all at the same moment.
    let first = Instant::now() + BEAT.mul_f64(f64::from(member % 97) / 97.0);
    let mut beat = interval_at(first, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let heartbeat = text(&ClientFrame::Heartbeat, token);
    loop {
        let message = tokio::select! {
            biased;
            Some(frame) = inbox.recv() => Message::text(frame.replace(TOKEN, &quoted(token))),
            _ = beat.tick() => heartbeat.clone(),
        };
        if sink.send(message).await.is_err() {
            return;
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

#[cfg(test)]
mod tests {
    use tokio::io::duplex;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;
    use crate::load::board::Kind;

    #[tokio::test]
    async fn a_member_whose_server_does_not_read_hears_all_the_same_and_ends_when_it_is_told_to() {
        let (near, far) = duplex(64);
        let stream: Box<dyn ByteStream> = Box::new(near);
        let ws = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        let seat = Seat { user: "ann".to_owned(), token: Token::new("t") };
        let board = Arc::new(Board::new(7).unwrap());
        let (say, inbox) = mpsc::channel(4);
        let (stop, stopped) = watch::channel(false);
        let member = Member { ws, seat, number: 1 };
        let member = tokio::spawn(member.run(Arc::clone(&board), inbox, stopped));
        for _ in 0..4 {
            say.send("x".repeat(1000)).await.unwrap();
        }
        let mut server = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
        let rest = async {
            // The first of them is being written when there is room for another.
            say.send("x".to_owned()).await.unwrap();
            let (_, words) = board.say(Kind::Chat);
            server.send(Message::text(words)).await.unwrap();
            while board.receipts() == 0 {
                tokio::task::yield_now().await;
            }
            stop.send(true).unwrap();
            member.await.unwrap()
        };
        let ended = timeout(Duration::from_secs(60), rest).await.expect("it ends");
        assert_eq!(ended.closed, None);
    }
}
