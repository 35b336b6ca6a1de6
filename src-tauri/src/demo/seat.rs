//! One simulated person at a real socket: joins, beats, says what they are told to say, hears the room.

use std::time::Duration;

use aside_protocol::http::{ANSWER_PATH, ASK_PATH, Answer, Ask};
use aside_protocol::triage;
use aside_protocol::{
    ClientFrame, Entry, EntryId, Join, MinuteStamp, Nonce, OutgoingMessage, ServerFrame, StreamId,
    Token, Topic,
};
use aside_session::{Clock as _, SystemClock};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use url::Url;
use uuid::Uuid;

use super::ROOM;
use super::cast::Person;

/// The contract's beat.
const BEAT: Duration = Duration::from_secs(5);

/// The server is in this very process: when the socket is gone, so is the server, or it is about to be.
const AGAIN: Duration = Duration::from_secs(3);

/// What someone is told to do.
#[derive(Debug)]
pub(super) enum Cue {
    Say(String),
    Ask(String),
    Answer { question: EntryId, text: String },
}

/// Someone's place in the room.
pub(super) struct Seat {
    pub(super) person: Person,
    server: Url,
    token: Token,
}

/// Why someone is not in the room.
#[derive(Debug, thiserror::Error)]
enum Absent {
    #[error("the socket")]
    Socket(#[from] Box<SocketError>),
    #[error("no connection")]
    Connection(#[from] std::io::Error),
    #[error("the request")]
    Http(#[from] reqwest::Error),
    #[error("something that cannot be sent")]
    Unsendable,
}

impl From<SocketError> for Absent {
    fn from(error: SocketError) -> Self {
        Self::Socket(Box::new(error))
    }
}

impl Seat {
    pub(super) fn new(server: Url, person: Person, token: Token) -> Self {
        Self { person, server, token }
    }

    /// Sits there until nobody gives cues any more. What is heard goes to `heard`; when its reader is slow, it misses
    /// something, and the play goes on without it.
    pub(super) async fn sit(
        self,
        mut cues: mpsc::Receiver<Cue>,
        heard: Option<mpsc::Sender<Entry>>,
    ) {
        let client = reqwest::Client::new();
        while !cues.is_closed() {
            match self.visit(&client, &mut cues, heard.as_ref()).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "a simulated person left the room"
                    );
                    sleep(AGAIN).await;
                }
            }
        }
    }

    /// One connection's life.
    async fn visit(
        &self,
        client: &reqwest::Client,
        cues: &mut mpsc::Receiver<Cue>,
        heard: Option<&mpsc::Sender<Entry>>,
    ) -> Result<(), Absent> {
        let mut socket = self.connect().await?;
        let join = ClientFrame::Join(Join { topic: Topic::new(ROOM), resume: None, triage: false });
        socket.send(self.frame(&join)?).await?;
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                cue = cues.recv() => match cue {
                    None => {
                        socket.close(None).await?;
                        return Ok(());
                    }
                    Some(Cue::Say(text)) => socket.send(self.frame(&self.message(text))?).await?,
                    Some(Cue::Ask(text)) => self.ask(client, text).await?,
                    Some(Cue::Answer { question, text }) => self.answer(client, question, text).await?,
                },
                _ = beat.tick() => socket.send(self.frame(&ClientFrame::Heartbeat)?).await?,
                frame = socket.next() => match frame {
                    None => return Err(SocketError::ConnectionClosed.into()),
                    Some(frame) => hear(&frame?, heard),
                },
            }
        }
    }

    async fn connect(&self) -> Result<WebSocketStream<TcpStream>, Absent> {
        let host = self.server.socket_addrs(|| None)?;
        let stream = TcpStream::connect(&host[..]).await?;
        let mut address = self.server.clone();
        let changed = address.set_scheme("ws");
        changed.map_err(|()| Absent::Unsendable)?;
        address.set_path("/ws");
        let mut request = address.as_str().into_client_request()?;
        request.headers_mut().insert(AUTHORIZATION, self.secret()?);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(client_async(request, stream).await?.0)
    }

    fn secret(&self) -> Result<HeaderValue, Absent> {
        let mut secret =
            HeaderValue::from_str(self.token.expose()).map_err(|_| Absent::Unsendable)?;
        secret.set_sensitive(true);
        Ok(secret)
    }

    fn frame(&self, frame: &ClientFrame) -> Result<Message, Absent> {
        let text = frame.encode(&self.token).map_err(|_| Absent::Unsendable)?;
        Ok(Message::text(text))
    }

    fn message(&self, text: String) -> ClientFrame {
        ClientFrame::Send(OutgoingMessage {
            topic: Topic::new(ROOM),
            stream: StreamId::new(ROOM),
            user: self.person.user.clone(),
            display_name: self.person.name.clone(),
            avatar_url: String::new(),
            content: text,
            created_at: MinuteStamp::of(&SystemClock.zoned()).to_string(),
            nonce: Some(nonce()),
        })
    }

    async fn ask(&self, client: &reqwest::Client, text: String) -> Result<(), Absent> {
        let ask = Ask { content: text, stream: StreamId::new(ROOM), nonce: Some(nonce()) };
        self.post(client, ASK_PATH, ask.to_json()).await
    }

    async fn answer(
        &self,
        client: &reqwest::Client,
        question: EntryId,
        text: String,
    ) -> Result<(), Absent> {
        let (stream, nonce) = (StreamId::new(ROOM), Some(nonce()));
        let (question_id, content) = (question, text);
        let (seen, visibility, co_answer) = (None, triage::Visibility::Public, false);
        let answer = Answer { question_id, content, stream, nonce, seen, visibility, co_answer };
        self.post(client, ANSWER_PATH, answer.to_json()).await
    }

    async fn post(&self, client: &reqwest::Client, path: &str, body: String) -> Result<(), Absent> {
        let address = self.server.join(path).map_err(|_| Absent::Unsendable)?;
        let request = client.post(address).header(AUTHORIZATION, self.secret()?);
        request.header(CONTENT_TYPE, "application/json").body(body).send().await?;
        Ok(())
    }
}

fn hear(frame: &Message, heard: Option<&mpsc::Sender<Entry>>) {
    if let (Message::Text(text), Some(heard)) = (frame, heard)
        && let Ok(ServerFrame::Entry(entry)) = ServerFrame::parse(text)
    {
        let _slow = heard.try_send(entry);
    }
}

fn nonce() -> Nonce {
    Nonce::new(Uuid::new_v4().to_string())
}
