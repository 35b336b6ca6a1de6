//! What a server says on the socket: entries, answers to what a client did, and noise.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::entry::{Entry, Fields, NotAnEntry, json_of};
use crate::frame::FrameError;
use crate::ids::{EntryId, Epoch, Nonce, Seq};
use crate::lenient::{Scalar, read_object};
use crate::limits::SERVER_MESSAGE_BYTES;
use crate::triage::{Item, Presence, Votes, votes_from_frame, votes_to_frame};

/// The only code that carries an entry.
const CODE_OK: i64 = 200;

/// One frame from a server, understood as far as it goes.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerFrame {
    /// An entry of the room.
    Entry(Entry),
    /// An answer to this client, from a server with extensions.
    Control(Control),
    /// A question's state, for staff (extension `triage`).
    Triage(Box<Item>),
    /// Who has a question before them, for staff (extension `triage`).
    Presence(Presence),
    /// How many want questions answered (extension `votes`).
    Votes(Vec<Votes>),
    /// A code other than 200: information or an error, never fatal by itself.
    Notice {
        /// The server's code.
        code: i64,
        /// Whatever text came with it.
        text: String,
    },
    /// Nothing that a client needs to know; counted.
    Skipped(Skip),
}

/// Why a well-formed frame carries nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skip {
    /// `data` is missing, null or empty: most often the reply to a heartbeat.
    Empty,
    /// `data` is text, but not a JSON object.
    NotJson,
    /// `data` is an object of a type this client does not know.
    UnknownType,
}

/// What a server with extensions says to one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// A send was stored (extension `ack`).
    Ack {
        /// The send's own name.
        nonce: Nonce,
        /// The id it was given.
        id: Option<EntryId>,
        /// The place it was given.
        seq: Option<Seq>,
    },
    /// A send was refused (extension `ack`).
    Nack {
        /// The send's own name.
        nonce: Nonce,
        /// The refusal, as an HTTP status.
        code: i64,
        /// The reason, in the server's words.
        reason: String,
        /// How long to wait before the next try, in milliseconds, where that is known.
        retry_ms: Option<u64>,
        /// The name under which it waits for review, where the server took it for that (code 202).
        id: Option<EntryId>,
    },
    /// The room was entered (extension `resume`).
    Joined {
        /// The room.
        topic: String,
        /// The life of the room's history.
        epoch: Epoch,
        /// The room's newest place at that moment.
        seq: Seq,
        /// Whether every entry after the asked place follows before any live one.
        resumed: bool,
        /// How many of the room's entries were removed so far (extension `moderation`).
        removals: u64,
    },
    /// An entry was removed (extension `moderation`).
    Removed {
        /// The entry.
        id: EntryId,
        /// Its place.
        seq: Seq,
        /// How many were removed so far, this one included.
        number: u64,
    },
    /// The reply to a heartbeat (extension `heartbeat`).
    Heartbeat {
        /// The server's clock, in milliseconds of the epoch.
        time_ms: u64,
    },
    /// From here on the states of questions are told (extension `triage`).
    Desk {
        /// The newest change until then; what this client lacks of it is read over HTTP.
        change: u64,
    },
    /// The snippets that staff share stand at this revision (extension `triage`).
    Snippets {
        /// How many changes it took.
        rev: u64,
    },
}

impl ServerFrame {
    /// Reads one text frame.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`] over [`SERVER_MESSAGE_BYTES`]; [`FrameError::Malformed`] when the frame is no JSON object.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        if text.len() > SERVER_MESSAGE_BYTES {
            return Err(FrameError::TooLarge { bytes: text.len() });
        }
        let (mut code, mut data) = (None, Scalar::Null);
        read_object(text, |key, value| match key {
            "code" => code = value.as_i64(),
            "data" => data = value,
            _ => {}
        })
        .map_err(|_| FrameError::Malformed)?;
        let code = code.ok_or(FrameError::Malformed)?;
        let data = data.into_text();
        Ok(if code == CODE_OK {
            Self::parse_data(&data)
        } else {
            Self::Notice { code, text: data.into_owned() }
        })
    }

    fn parse_data(data: &str) -> Self {
        if data.trim().is_empty() {
            return Self::Skipped(Skip::Empty);
        }
        let Ok(fields) = Fields::read(data) else {
            return Self::Skipped(Skip::NotJson);
        };
        let fields = match Control::from_fields(fields) {
            Ok(control) => return Self::Control(control),
            Err(fields) => fields,
        };
        if fields.kind == "triage" {
            let item = Item::from_frame(data);
            return item.map_or(Self::Skipped(Skip::UnknownType), |item| Self::Triage(item.into()));
        }
        if fields.kind == "presence" {
            let presence = Presence::from_frame(data);
            return presence.map_or(Self::Skipped(Skip::UnknownType), Self::Presence);
        }
        if fields.kind == "votes" {
            return votes_from_frame(data).map_or(Self::Skipped(Skip::UnknownType), Self::Votes);
        }
        match fields.into_entry() {
            Ok(entry) => Self::Entry(entry),
            Err(NotAnEntry::UnknownType | NotAnEntry::Malformed) => {
                Self::Skipped(Skip::UnknownType)
            }
        }
    }

    /// The text frame that carries an entry.
    pub fn entry_text(entry: &Entry) -> String {
        frame_text(CODE_OK, &entry.to_json())
    }

    /// The text frame that carries a question's state.
    pub fn triage_text(item: &Item) -> String {
        frame_text(CODE_OK, &item.to_frame())
    }

    /// The text frame that says who has a question before them.
    pub fn presence_text(presence: &Presence) -> String {
        frame_text(CODE_OK, &presence.to_frame())
    }

    /// The text frame that says how many want questions answered.
    pub fn votes_text(votes: &[Votes]) -> String {
        frame_text(CODE_OK, &votes_to_frame(votes))
    }

    /// The text frame that carries an answer to one client.
    pub fn control_text(control: &Control) -> String {
        frame_text(CODE_OK, &json_of(control))
    }

    /// The text frame that carries a code and a text for people; with 200 and no text, the core reply to a heartbeat.
    pub fn notice_text(code: i64, text: &str) -> String {
        frame_text(code, text)
    }
}

impl Control {
    /// Reads a control object, or gives the fields back when it is none (or lacks what it cannot do without).
    fn from_fields(mut f: Fields) -> Result<Self, Box<Fields>> {
        let control = match f.kind.as_str() {
            "ack" => f.nonce.take().map(|nonce| Self::Ack { nonce, id: f.id.take(), seq: f.seq }),
            "nack" => f.nonce.take().map(|nonce| Self::Nack {
                nonce,
                code: f.code.unwrap_or_default(),
                reason: std::mem::take(&mut f.reason),
                retry_ms: f.retry_ms,
                id: f.id.take(),
            }),
            "joined" => f.epoch.take().zip(f.seq).map(|(epoch, seq)| Self::Joined {
                topic: std::mem::take(&mut f.topic),
                epoch: Epoch::new(epoch),
                seq,
                resumed: f.resumed.unwrap_or(true),
                removals: f.removals.unwrap_or(0),
            }),
            "removed" => f
                .seq
                .zip(f.number)
                .and_then(|(seq, number)| f.id.take().map(|id| Self::Removed { id, seq, number })),
            "heartbeat" => f.time.map(|time_ms| Self::Heartbeat { time_ms }),
            "desk" => f.change.map(|change| Self::Desk { change }),
            "snippets" => f.rev.map(|rev| Self::Snippets { rev }),
            _ => None,
        };
        control.ok_or_else(|| Box::new(f))
    }
}

impl Serialize for Control {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Ack { nonce, id, seq } => {
                map.serialize_entry("type", "ack")?;
                map.serialize_entry("nonce", nonce.as_str())?;
                if let Some(id) = id {
                    map.serialize_entry("id", id.as_str())?;
                }
                if let Some(seq) = seq {
                    map.serialize_entry("seq", &seq.0)?;
                }
            }
            Self::Nack { nonce, code, reason, retry_ms, id } => {
                map.serialize_entry("type", "nack")?;
                map.serialize_entry("nonce", nonce.as_str())?;
                map.serialize_entry("code", code)?;
                map.serialize_entry("reason", reason)?;
                if let Some(retry_ms) = retry_ms {
                    map.serialize_entry("retry_ms", retry_ms)?;
                }
                if let Some(id) = id {
                    map.serialize_entry("id", id.as_str())?;
                }
            }
            Self::Joined { topic, epoch, seq, resumed, removals } => {
                map.serialize_entry("type", "joined")?;
                map.serialize_entry("topic", topic)?;
                map.serialize_entry("epoch", epoch.as_str())?;
                map.serialize_entry("seq", &seq.0)?;
                if !resumed {
                    map.serialize_entry("resumed", resumed)?;
                }
                if *removals > 0 {
                    map.serialize_entry("removals", removals)?;
                }
            }
            Self::Removed { id, seq, number } => {
                map.serialize_entry("type", "removed")?;
                map.serialize_entry("id", id.as_str())?;
                map.serialize_entry("seq", &seq.0)?;
                map.serialize_entry("number", number)?;
            }
            Self::Heartbeat { time_ms } => {
                map.serialize_entry("type", "heartbeat")?;
                map.serialize_entry("time", time_ms)?;
            }
            Self::Desk { change } => {
                map.serialize_entry("type", "desk")?;
                map.serialize_entry("change", change)?;
            }
            Self::Snippets { rev } => {
                map.serialize_entry("type", "snippets")?;
                map.serialize_entry("rev", rev)?;
            }
        }
        map.end()
    }
}

fn frame_text(code: i64, data: &str) -> String {
    struct Frame<'a>(i64, &'a str);
    impl Serialize for Frame<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(2))?;
            map.serialize_entry("code", &self.0)?;
            map.serialize_entry("data", self.1)?;
            map.end()
        }
    }
    json_of(&Frame(code, data))
}
