//! What a client says on the socket: heartbeat, join, send; always the same three keys.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::entry::{json_of, object};
use crate::ids::{EntryId, Epoch, Nonce, Seq, StreamId, Topic};
use crate::lenient::read_object;
use crate::limits::FRAME_BYTES;
use crate::token::Token;
use crate::triage::Look;

const TYPE_HEARTBEAT: i64 = 1;
const TYPE_SEND: i64 = 2;
const TYPE_JOIN: i64 = 3;
const TYPE_LOOK: i64 = 4;

/// One frame from a client, without the token that is written into it at the last moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientFrame {
    /// Type 1, every five seconds.
    Heartbeat,
    /// Type 3, right after the socket opens.
    Join(Join),
    /// Type 2: say something.
    Send(OutgoingMessage),
    /// Type 4: have a question before oneself; only to servers that announce `triage`.
    Look(Topic, Look),
}

/// Entering a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The room.
    pub topic: Topic,
    /// Where this client left off; only for servers that announce `resume`.
    pub resume: Option<Resume>,
    /// The states of questions are wanted, too; only for servers that announce `triage`.
    pub triage: bool,
}

/// Where a client left off. A client without a position sends an epoch that no room has (the empty one): the
/// server then answers `"resumed": false` and names its own epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The life of the history that `after` belongs to.
    pub epoch: Epoch,
    /// The last place this client has; zero for none.
    pub after: Seq,
}

/// What a person says, before it is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The room on the socket.
    pub topic: Topic,
    /// The room over HTTP.
    pub stream: StreamId,
    /// The sender's id.
    pub user: String,
    /// The sender's name.
    pub display_name: String,
    /// Where the sender's picture is.
    pub avatar_url: String,
    /// The text.
    pub content: String,
    /// The sender's wall-clock time in the contract's form: see [`MinuteStamp`](crate::MinuteStamp).
    pub created_at: String,
    /// The send's own name; only for servers that announce `ack`.
    pub nonce: Option<Nonce>,
}

/// A frame that cannot be read or may not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Larger than the limit of its direction.
    #[error("frame of {bytes} bytes is over the limit")]
    TooLarge {
        /// The frame's size.
        bytes: usize,
    },
    /// Not the JSON that the contract names.
    #[error("frame is not of the protocol")]
    Malformed,
    /// Of the right form, but with a type that nobody has defined.
    #[error("frame has the unknown type {kind}")]
    UnknownType {
        /// The type that was sent.
        kind: i64,
    },
}

impl ClientFrame {
    /// The text frame, the token written in.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`] when the text is over [`FRAME_BYTES`].
    pub fn encode(&self, token: &Token) -> Result<String, FrameError> {
        let (kind, payload) = match self {
            Self::Heartbeat => (TYPE_HEARTBEAT, String::new()),
            Self::Join(join) => (TYPE_JOIN, json_of(join)),
            Self::Look(topic, look) => {
                let question = look.question.as_ref().map_or("", EntryId::as_str);
                let doing = look.doing.as_str();
                let fields = [
                    ("topic", topic.as_str()),
                    ("questionId", question),
                    ("doing", doing),
                    ("device", &look.device),
                ];
                (TYPE_LOOK, object(&fields))
            }
            Self::Send(message) => {
                let topic = message.topic.as_str();
                (TYPE_SEND, object(&[("topic", topic), ("chatInfo", &json_of(message))]))
            }
        };
        let text = json_of(&Envelope { token: token.expose(), kind, payload: &payload });
        if text.len() > FRAME_BYTES {
            return Err(FrameError::TooLarge { bytes: text.len() });
        }
        Ok(text)
    }

    /// Reads a client's text frame, as a server does, with the token that stood in it.
    ///
    /// # Errors
    /// [`FrameError`], each of its variants; none of them holds any of the frame's text.
    pub fn decode(text: &str) -> Result<(Token, Self), FrameError> {
        if text.len() > FRAME_BYTES {
            return Err(FrameError::TooLarge { bytes: text.len() });
        }
        let (mut token, mut kind, mut payload) = (Token::new(""), None, String::new());
        read_object(text, |key, value| match key {
            "token" => token = Token::new(value.into_text()),
            "type" => kind = value.as_i64(),
            "payLoad" => payload = value.into_text().into_owned(),
            _ => {}
        })
        .map_err(|_| FrameError::Malformed)?;
        let frame = match kind {
            Some(TYPE_HEARTBEAT) => Self::Heartbeat,
            Some(TYPE_JOIN) => Self::Join(Join::parse(&payload)?),
            Some(TYPE_SEND) => Self::Send(OutgoingMessage::parse(&payload)?),
            Some(TYPE_LOOK) => {
                let look = Look::parse(&payload).ok_or(FrameError::Malformed)?;
                let mut topic = Topic::new("");
                read_object(&payload, |key, value| {
                    if key == "topic" {
                        topic = Topic::new(value.into_text());
                    }
                })
                .map_err(|_| FrameError::Malformed)?;
                Self::Look(topic, look)
            }
            Some(kind) => return Err(FrameError::UnknownType { kind }),
            None => return Err(FrameError::Malformed),
        };
        Ok((token, frame))
    }
}

impl Join {
    fn parse(payload: &str) -> Result<Self, FrameError> {
        let (mut topic, mut epoch, mut after, mut triage) = (String::new(), None, None, false);
        read_object(payload, |key, value| match key {
            "topic" => topic = value.into_text().into_owned(),
            "epoch" => epoch = Some(Epoch::new(value.into_text())),
            "after" => after = value.as_u64().map(Seq),
            "triage" => triage = value.as_bool().unwrap_or(false),
            _ => {}
        })
        .map_err(|_| FrameError::Malformed)?;
        let resume = epoch.map(|epoch| Resume { epoch, after: after.unwrap_or(Seq(0)) });
        Ok(Self { topic: Topic::new(topic), resume, triage })
    }
}

impl OutgoingMessage {
    fn parse(payload: &str) -> Result<Self, FrameError> {
        let (mut topic, mut info) = (String::new(), String::new());
        read_object(payload, |key, value| match key {
            "topic" => topic = value.into_text().into_owned(),
            "chatInfo" => info = value.into_text().into_owned(),
            _ => {}
        })
        .map_err(|_| FrameError::Malformed)?;
        let mut message = Self {
            topic: Topic::new(topic),
            stream: StreamId::new(""),
            user: String::new(),
            display_name: String::new(),
            avatar_url: String::new(),
            content: String::new(),
            created_at: String::new(),
            nonce: None,
        };
        read_object(&info, |key, value| match key {
            "user" => message.user = value.into_text().into_owned(),
            "displayName" => message.display_name = value.into_text().into_owned(),
            "avatarurl" => message.avatar_url = value.into_text().into_owned(),
            "stream" => message.stream = StreamId::new(value.into_text()),
            "content" => message.content = value.into_text().into_owned(),
            "createdat" => message.created_at = value.into_text().into_owned(),
            "nonce" => message.nonce = value.into_nonempty().map(Nonce::new),
            _ => {}
        })
        .map_err(|_| FrameError::Malformed)?;
        Ok(message)
    }
}

/// The three keys of every client frame. The capital L is the contract's.
struct Envelope<'a> {
    token: &'a str,
    kind: i64,
    payload: &'a str,
}

impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("token", self.token)?;
        map.serialize_entry("type", &self.kind)?;
        map.serialize_entry("payLoad", self.payload)?;
        map.end()
    }
}

impl Serialize for Join {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("topic", self.topic.as_str())?;
        if let Some(resume) = &self.resume {
            map.serialize_entry("epoch", resume.epoch.as_str())?;
            map.serialize_entry("after", &resume.after.0)?;
        }
        if self.triage {
            map.serialize_entry("triage", &true)?;
        }
        map.end()
    }
}

impl Serialize for OutgoingMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("user", &self.user)?;
        map.serialize_entry("displayName", &self.display_name)?;
        map.serialize_entry("avatarurl", &self.avatar_url)?;
        map.serialize_entry("stream", self.stream.as_str())?;
        map.serialize_entry("content", &self.content)?;
        map.serialize_entry("type", "message")?;
        map.serialize_entry("createdat", &self.created_at)?;
        if let Some(nonce) = &self.nonce {
            map.serialize_entry("nonce", nonce.as_str())?;
        }
        map.end()
    }
}
