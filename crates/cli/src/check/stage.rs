//! What all probes stand on: the room, the token, two members in it, and what is known of the server so far.

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::limits::SERVER_MESSAGE_BYTES;
use aside_protocol::{Capabilities, Extension, MinuteStamp, Role, Token};
use aside_session::{Network, RoomConfig};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::engine::{Flaw, Judged, foreign, stuck};
use super::log::Log;
use super::member::Member;

/// Sends that may come at once; a server of the field may have a limit that it does not tell.
const AT_ONCE: u32 = 12;
/// The distance of those after.
const PACE: Duration = Duration::from_millis(250);
/// Members say so much more often than the protocol asks, that a slow check loses none.
const BEAT: Duration = Duration::from_secs(5);

/// Two sockets of the same room.
pub(crate) struct Pair {
    /// The one that speaks.
    pub(crate) ann: Member,
    /// The one that listens.
    pub(crate) bob: Member,
}

/// A handshake that did not end in a socket.
pub(crate) struct NotOpen {
    /// The HTTP status, if there was one.
    pub(crate) status: Option<u16>,
    /// In words.
    pub(crate) words: String,
}

/// What all probes share.
pub(crate) struct Stage {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) config: RoomConfig,
    pub(crate) token: Token,
    /// A token of the same room with another role, if one was given.
    pub(crate) other: Option<Token>,
    pub(crate) log: Log,
    /// The longest wait for one thing.
    pub(crate) step: Duration,
    /// How long one socket is held open to see whether it lasts.
    pub(crate) hold: Duration,
    /// What the server says of itself; nothing: the core alone.
    pub(crate) abilities: Value,
    pub(crate) known: Capabilities,
    /// What the other token may do.
    pub(crate) other_role: Option<Role>,
    /// The token opens the socket, and what is said with it comes back.
    pub(crate) in_room: bool,
    /// What was said and came back, in order.
    pub(crate) lines: Vec<String>,
    /// A question that was asked and came back: its entry.
    pub(crate) question: Option<Value>,
    /// The socket that is held.
    pub(crate) held: Option<JoinHandle<Judged>>,
    run: u64,
    marks: u32,
    sends: u32,
    pair: Option<Pair>,
}

impl Stage {
    pub(crate) fn new(
        network: Arc<dyn Network>,
        config: RoomConfig,
        (token, other): (Token, Option<Token>),
        (step, hold): (Duration, Duration),
        run: u64,
    ) -> Self {
        let log = Log::new([&token].into_iter().chain(&other));
        Self {
            network,
            config,
            token,
            other,
            log,
            step,
            hold,
            abilities: Value::Null,
            known: Capabilities::default(),
            other_role: None,
            in_room: false,
            lines: Vec::new(),
            question: None,
            held: None,
            run: run & 0xff_ffff,
            marks: 0,
            sends: 0,
            pair: None,
        }
    }

    /// No probe may take longer, whatever the server does.
    pub(crate) fn probe_limit(&self) -> Duration {
        self.hold + self.step * 6
    }

    /// Whether the server announces anything beyond the core.
    pub(crate) fn beyond_core(&self) -> bool {
        self.abilities["extensions"].is_array()
    }

    /// Ends the probe where an extension is not announced.
    pub(crate) fn announced(&self, extension: Extension) -> Result<(), Flaw> {
        if self.known.has(extension) {
            return Ok(());
        }
        foreign(format!("`{}` is not announced", extension.as_str()))
    }

    pub(crate) fn role(&self) -> Role {
        self.known.identity.as_ref().map_or(Role::Audience, |who| who.role)
    }

    /// A token that may do what staff may.
    pub(crate) fn staff(&self) -> Result<Token, Flaw> {
        if self.role().answers() {
            return Ok(self.token.clone());
        }
        match (&self.other, self.other_role) {
            (Some(token), Some(role)) if role.answers() => Ok(token.clone()),
            _ => stuck(
                "needs a token of staff: put it into ASIDE_TOKEN, or name its variable with --second-token-env",
            ),
        }
    }

    /// A token of the audience.
    pub(crate) fn audience(&self) -> Result<Token, Flaw> {
        if self.role() == Role::Audience {
            return Ok(self.token.clone());
        }
        match (&self.other, self.other_role) {
            (Some(token), Some(Role::Audience)) => Ok(token.clone()),
            _ => stuck("needs a token of the audience: name its variable with --second-token-env"),
        }
    }

    /// A secret that no server gave out.
    pub(crate) fn wrong_token(&self) -> Token {
        Token::new(format!("aside-check-wrong-{:06x}", self.run))
    }

    /// Words that nobody else says.
    pub(crate) fn mark(&mut self) -> String {
        self.marks += 1;
        format!("[aside-cli check {:06x} {}]", self.run, self.marks)
    }

    /// A name for a send (extension `ack`).
    pub(crate) fn nonce(&mut self) -> String {
        self.marks += 1;
        format!(
            "a51decec-{:04x}-4{:03x}-8000-{:012x}",
            self.run & 0xffff,
            self.run >> 16 & 0xfff,
            self.marks
        )
    }

    /// Opens a socket, without joining.
    pub(crate) async fn open(&self, token: Option<&Token>) -> Result<Member, NotOpen> {
        let word = if token.is_some() { "<token>" } else { "(none)" };
        self.log.sent(&format!("GET {} upgrade, Authorization: {word}", self.config.socket));
        let opened = timeout(self.step, self.handshake(token));
        let failed = |status, words: String| {
            self.log.got(&words);
            NotOpen { status, words }
        };
        match opened.await {
            Err(_) => {
                Err(failed(None, format!("no handshake within {} s", self.step.as_secs_f32())))
            }
            Ok(Err(Error::Http(response))) => {
                let status = response.status().as_u16();
                let body = response.body().as_deref().unwrap_or_default();
                let body = String::from_utf8_lossy(body).into_owned();
                Err(failed(Some(status), format!("HTTP {status} {body}")))
            }
            Ok(Err(error)) => Err(failed(None, format!("no handshake: {error}"))),
            Ok(Ok(member)) => {
                self.log.got("HTTP 101");
                Ok(member)
            }
        }
    }

    async fn handshake(&self, token: Option<&Token>) -> Result<Member, Error> {
        let mut request = self.config.socket.as_str().into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(token.expose())
                .map_err(|_| Error::Io(std::io::ErrorKind::InvalidInput.into()))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let stream = self.network.dial(&self.config.socket).await;
        let stream = stream.map_err(|error| Error::Io(std::io::Error::other(error)))?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(SERVER_MESSAGE_BYTES))
            .max_frame_size(Some(SERVER_MESSAGE_BYTES));
        let (ws, _) = client_async_with_config(request, stream, Some(limits)).await?;
        Ok(Member {
            ws,
            token: token.unwrap_or(&self.token).clone(),
            topic: self.config.topic.to_string(),
            log: self.log.clone(),
            step: self.step,
            sent: Instant::now(),
            ended: None,
        })
    }

    /// A socket with a good token, or the probe can't be tried.
    pub(crate) async fn opened(&self, token: &Token) -> Result<Member, Flaw> {
        self.open(Some(token)).await.or_else(|not| stuck(format!("no socket: {}", not.words)))
    }

    /// Two members in the room. A probe that ends well gives them back.
    pub(crate) async fn pair(&mut self) -> Result<Pair, Flaw> {
        if let Some(mut pair) =
            self.pair.take().filter(|pair| pair.ann.ended.or(pair.bob.ended).is_none())
        {
            for member in [&mut pair.ann, &mut pair.bob] {
                if member.sent.elapsed() >= BEAT {
                    member.beat().await;
                }
            }
            return Ok(pair);
        }
        // Somebody else, if there is a token for that.
        let mut bob = self.opened(self.other.as_ref().unwrap_or(&self.token)).await?;
        bob.join().await;
        let mut ann = self.opened(&self.token).await?;
        ann.join().await;
        Ok(Pair { ann, bob })
    }

    pub(crate) fn keep(&mut self, pair: Pair) {
        self.pair = Some(pair);
    }

    /// Waits as long as it is polite, before the next thing that everybody will see.
    pub(crate) async fn pace(&mut self) {
        self.sends += 1;
        let unlimited = self.beyond_core() && self.known.sends_per_minute.is_none();
        if self.sends > AT_ONCE && !unlimited {
            tokio::time::sleep(PACE).await;
        }
    }

    /// Says something, encoded three times.
    pub(crate) async fn say(&mut self, member: &mut Member, content: &str, more: Value) {
        self.pace().await;
        let payload = self.message(&member.topic, content, more);
        member.frame(2, &payload).await;
    }

    /// The payload of a send; `more` is laid over the innermost object.
    pub(crate) fn message(&self, topic: &str, content: &str, more: Value) -> String {
        let now = MinuteStamp::of(&jiff::ZonedDateTime::now()).to_string();
        let mut info = json!({
            "user": self.config.user, "displayName": self.config.display_name,
            "avatarurl": self.config.avatar_url, "stream": self.config.stream.as_str(),
            "content": content, "type": "message", "createdat": now,
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            info[key] = value.clone();
        }
        json!({ "topic": topic, "chatInfo": info.to_string() }).to_string()
    }
}
