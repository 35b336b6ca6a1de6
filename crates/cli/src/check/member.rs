//! One socket in the room, at the level of frames: what the codecs of a client would forgive is seen here.

use std::time::Duration;

use aside_protocol::limits::SERVER_MESSAGE_BYTES;
use aside_protocol::{Token, close};
use aside_session::ByteStream;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::engine::{Flaw, broken, stuck};
use super::log::{Log, Place};

/// A socket of a check.
pub(crate) struct Member {
    pub(crate) ws: WebSocketStream<Box<dyn ByteStream>>,
    pub(crate) token: Token,
    pub(crate) topic: String,
    pub(crate) log: Log,
    /// The longest wait for one thing.
    pub(crate) step: Duration,
    /// When something was sent last.
    pub(crate) sent: Instant,
    /// Why nothing more will come.
    pub(crate) ended: Option<u16>,
}

/// Too much at once, in a notice as over HTTP.
const TOO_MANY: i64 = 429;

/// What came next.
#[derive(Clone, Debug)]
pub(crate) enum Got {
    /// A frame of the protocol's form.
    Frame { code: i64, data: String },
    /// Something else; the log has it.
    Noise,
    /// The end, with its close code.
    Closed(u16),
    /// Nothing, for as long as one waits.
    Silence,
}

impl Got {
    /// The object in `data` of a frame with code 200.
    pub(crate) fn object(&self) -> Option<Value> {
        let Self::Frame { code: 200, data } = self else { return None };
        serde_json::from_str(data).ok().filter(Value::is_object)
    }
}

impl Member {
    /// Sends a frame of the three keys.
    pub(crate) async fn frame(&mut self, kind: i64, payload: &str) {
        let token = self.token.expose().to_owned();
        self.frame_as(&token, kind, payload).await;
    }

    /// The same with any token inside.
    pub(crate) async fn frame_as(&mut self, token: &str, kind: i64, payload: &str) {
        // Written out, so that the keys stand in the protocol's order.
        let text = format!(
            "{{\"token\":{},\"type\":{kind},\"payLoad\":{}}}",
            Value::from(token),
            Value::from(payload)
        );
        self.text(text).await;
    }

    /// Sends any text. A socket that is gone shows when something is awaited from it.
    pub(crate) async fn text(&mut self, text: String) {
        self.log.sent(&text);
        self.sent = Instant::now();
        let sent = timeout(self.step, self.ws.send(Message::text(text))).await;
        if !matches!(sent, Ok(Ok(()))) {
            self.log.got("(the socket takes nothing any more)");
        }
    }

    pub(crate) async fn beat(&mut self) {
        self.frame(1, "").await;
    }

    /// The core's join.
    pub(crate) async fn join(&mut self) {
        self.join_with(json!({})).await;
    }

    /// A join with more in its payload.
    pub(crate) async fn join_with(&mut self, mut more: Value) {
        more["topic"] = self.topic.as_str().into();
        self.frame(3, &more.to_string()).await;
    }

    /// What comes next, until a moment.
    pub(crate) async fn next(&mut self, until: Instant) -> Got {
        if let Some(code) = self.ended {
            return Got::Closed(code);
        }
        loop {
            let message = match timeout_at(until, self.ws.next()).await {
                Err(_) => return Got::Silence,
                Ok(None) => return self.end(close::ABNORMAL, "(end without a close frame)"),
                Ok(Some(Ok(message))) => message,
                Ok(Some(Err(error))) => return self.failed(&error),
            };
            match message {
                Message::Text(text) => return self.read(text.as_str()),
                Message::Binary(bytes) => {
                    self.log.no_text(&format!("a binary frame of {} bytes", bytes.len()));
                    return Got::Noise;
                }
                Message::Close(frame) => {
                    let code = frame.as_ref().map_or(close::NO_CODE, |frame| frame.code.into());
                    let reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                    return self.end(code, &format!("(close frame {code} {reason})"));
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    fn failed(&mut self, error: &Error) -> Got {
        match error {
            Error::Capacity(_) => {
                self.log.too_large("a message on the socket");
                self.end(close::TOO_LARGE, "(closed by this check)")
            }
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                self.end(close::ABNORMAL, "(end without a close frame)")
            }
            Error::Protocol(_) | Error::Utf8(_) => {
                self.log.no_text(&format!("no WebSocket frame: {error}"));
                self.end(close::ABNORMAL, "(closed by this check)")
            }
            _ => self.end(close::ABNORMAL, "(end without a close frame)"),
        }
    }

    fn end(&mut self, code: u16, words: &str) -> Got {
        self.log.got(words);
        self.ended = Some(code);
        Got::Closed(code)
    }

    fn read(&mut self, text: &str) -> Got {
        self.log.frame(text);
        if text.len() > SERVER_MESSAGE_BYTES {
            self.log.too_large("a message on the socket");
        }
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        // What has not quite the right form is reported once, and read as it was meant.
        let code = &frame["code"];
        let code = code.as_i64().or_else(|| code.as_str().and_then(|code| code.parse().ok()));
        let Some(code) = code else { return Got::Noise };
        let data = match &frame["data"] {
            Value::String(data) => data.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let got = Got::Frame { code, data };
        if let Some(entry) = got.object().filter(is_entry) {
            self.log.entry(Place::Socket, &entry);
        }
        got
    }

    /// All objects until one that is meant, which is the last.
    pub(crate) async fn until(
        &mut self,
        what: &str,
        meant: impl Fn(&Value) -> bool,
    ) -> Result<Vec<Value>, Flaw> {
        let deadline = Instant::now() + self.step;
        let (mut objects, mut notice) = (Vec::new(), String::new());
        loop {
            match self.next(deadline).await {
                Got::Silence => {
                    return broken(format!(
                        "no {what} within {} s{notice}",
                        self.step.as_secs_f32()
                    ));
                }
                Got::Closed(code) => {
                    return broken(format!("no {what}: the socket closed with {code}{notice}"));
                }
                Got::Frame { code: TOO_MANY, .. } => {
                    return stuck(
                        "the server wants less of it at once (429): let this token say more in a row, and check again",
                    );
                }
                Got::Frame { code, data } if code != 200 => {
                    notice = format!("; the server said {code} {data}");
                }
                got => objects.extend(got.object()),
            }
            if objects.last().is_some_and(&meant) {
                return Ok(objects);
            }
        }
    }

    /// The next object that is meant.
    pub(crate) async fn object(
        &mut self,
        what: &str,
        meant: impl Fn(&Value) -> bool,
    ) -> Result<Value, Flaw> {
        Ok(self.until(what, meant).await?.pop().unwrap_or_default())
    }

    /// The close code, whatever comes before it; nothing when the socket stays open.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        let deadline = Instant::now() + self.step;
        loop {
            match self.next(deadline).await {
                Got::Closed(code) => return Some(code),
                Got::Silence => return None,
                Got::Frame { .. } | Got::Noise => {}
            }
        }
    }
}

/// Whether an object is one of the three kinds.
pub(crate) fn is_entry(object: &Value) -> bool {
    matches!(object["type"].as_str(), Some("message" | "question" | "answer"))
}

/// Whether an object is an entry with these words in it.
pub(crate) fn holds(object: &Value, words: &str) -> bool {
    is_entry(object) && object["content"].to_string().contains(words)
}
