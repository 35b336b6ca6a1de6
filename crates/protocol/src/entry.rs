//! What a room is made of: messages, questions and answers, as they stand in `data` and in history.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::ids::{EntryId, Nonce, Seq};
use crate::lenient::{Scalar, read_object};
use crate::time::CreatedAt;
use crate::triage::Visibility;

/// The three kinds of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// Plain chat.
    Message,
    /// A question to the organisation.
    Question,
    /// The organisation's answer to a question.
    Answer,
}

impl EntryKind {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Question => "question",
            Self::Answer => "answer",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "message" => Some(Self::Message),
            "question" => Some(Self::Question),
            "answer" => Some(Self::Answer),
            _ => None,
        }
    }
}

/// One entry of a room. Every field but the kind may be missing on the wire; a missing text reads as empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Which of the three it is.
    pub kind: EntryKind,
    /// The sender's id. For an answer: whoever the server names there.
    pub user: String,
    /// The sender's name; for an answer, the *asker's* name.
    pub display_name: String,
    /// Where the sender's picture is. Never fetched by the page.
    pub avatar_url: String,
    /// The room's stream id, where the server repeats it.
    pub stream: String,
    /// `content` exactly as it travelled: two entries without ids are the same only if these bytes are.
    pub content: String,
    /// `createdat`, in whatever form it came, if any that makes sense.
    pub created_at: Option<CreatedAt>,
    /// The server's id (extension `seq`).
    pub id: Option<EntryId>,
    /// The place in the room (extension `seq`).
    pub seq: Option<Seq>,
    /// The sender's nonce, echoed by the server (extension `ack`).
    pub nonce: Option<Nonce>,
}

/// What an entry says, its content taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Plain text.
    Message {
        /// The text.
        text: String,
    },
    /// A question.
    Question {
        /// The question's text.
        text: String,
    },
    /// "`org_name` replied to the asker": the quoted question stands above the answer.
    Answer {
        /// The organisation's name.
        org_name: String,
        /// Where the organisation's logo is.
        org_logo: String,
        /// The question that is answered, quoted.
        question: String,
        /// The answer's text.
        text: String,
        /// The entry that is answered, if the server says (extension `answer`).
        question_id: Option<EntryId>,
        /// What else the server says of it (extension `triage`).
        notes: AnswerNotes,
    },
}

/// What a server may say of an answer besides what it is; a client that knows none of it loses nothing but that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerNotes {
    /// Others who asked the same.
    pub also_asked: Vec<String>,
    /// When it was changed last, in milliseconds of the epoch.
    pub edited_at: Option<i64>,
    /// It was taken back; the text is empty.
    pub retracted: bool,
    /// Not everybody may read it. Only ever set by a client, on what it wrote itself.
    pub visibility: Visibility,
}

impl Body {
    /// The text a person reads first: the message, the question or the answer.
    pub fn text(&self) -> &str {
        match self {
            Self::Message { text } | Self::Question { text } | Self::Answer { text, .. } => text,
        }
    }

    /// The kind this body belongs to.
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Message { .. } => EntryKind::Message,
            Self::Question { .. } => EntryKind::Question,
            Self::Answer { .. } => EntryKind::Answer,
        }
    }

    /// Takes `content` apart. A question or an answer whose content is not the promised JSON object is
    /// shown as it came, rather than dropped.
    pub fn parse(kind: EntryKind, content: &str) -> Self {
        match kind {
            EntryKind::Message => Self::Message { text: content.to_owned() },
            EntryKind::Question => {
                let mut text = None;
                let read = read_object(content, |key, value| {
                    if key == "content" {
                        text = Some(value.into_text().into_owned());
                    }
                });
                let text = text.filter(|_| read.is_ok()).unwrap_or_else(|| content.to_owned());
                Self::Question { text }
            }
            EntryKind::Answer => Self::parse_answer(content),
        }
    }

    fn parse_answer(content: &str) -> Self {
        let (mut org_name, mut org_logo) = (String::new(), String::new());
        let (mut question, mut answer, mut question_id) = (String::new(), None, None);
        let mut notes = AnswerNotes::default();
        let read = read_object(content, |key, value| match key {
            "orgName" => org_name = value.into_text().into_owned(),
            "orgLogo" => org_logo = value.into_text().into_owned(),
            "question" => question = value.into_text().into_owned(),
            "answer" => answer = Some(value.into_text().into_owned()),
            "questionId" => question_id = value.into_nonempty().map(EntryId::new),
            "alsoAsked" => {
                let names = value.into_text().into_owned();
                let names = names.split('\n').filter(|name| !name.is_empty());
                notes.also_asked = names.map(str::to_owned).collect();
            }
            "editedAt" => notes.edited_at = value.as_i64(),
            "retracted" => notes.retracted = value.as_bool().unwrap_or(false),
            "visibility" => {
                notes.visibility = Visibility::parse(&value.into_text()).unwrap_or_default();
            }
            _ => {}
        });
        match answer {
            Some(text) if read.is_ok() => {
                Self::Answer { org_name, org_logo, question, text, question_id, notes }
            }
            _ => Self::Answer {
                org_name: String::new(),
                org_logo: String::new(),
                question: String::new(),
                text: content.to_owned(),
                question_id: None,
                notes: AnswerNotes::default(),
            },
        }
    }

    /// The `content` string of this body, with the keys in the contract's order.
    pub fn to_content(&self) -> String {
        match self {
            Self::Message { text } => text.clone(),
            Self::Question { text } => object(&[("content", text)]),
            Self::Answer { org_name, org_logo, question, text, question_id, notes } => {
                let also_asked = notes.also_asked.join("\n");
                let edited_at = notes.edited_at.map(|at| at.to_string());
                let mut fields = vec![
                    ("orgName", org_name.as_str()),
                    ("orgLogo", org_logo),
                    ("question", question),
                    ("answer", text),
                ];
                if let Some(id) = question_id {
                    fields.push(("questionId", id.as_str()));
                }
                if !also_asked.is_empty() {
                    fields.push(("alsoAsked", &also_asked));
                }
                if let Some(at) = &edited_at {
                    fields.push(("editedAt", at));
                }
                if notes.retracted {
                    fields.push(("retracted", "true"));
                }
                if notes.visibility != Visibility::Public {
                    fields.push(("visibility", notes.visibility.as_str()));
                }
                object(&fields)
            }
        }
    }
}

/// An entry could not be read; the room goes on without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAnEntry {
    /// Not a JSON object.
    Malformed,
    /// A JSON object whose type is none of the three.
    UnknownType,
}

impl Entry {
    /// Reads one entry from its JSON text.
    pub fn parse(json: &str) -> Option<Self> {
        Fields::read(json).and_then(Fields::into_entry).ok()
    }

    /// The entry's content taken apart.
    pub fn body(&self) -> Body {
        Body::parse(self.kind, &self.content)
    }

    /// The entry's JSON text, as it stands in `data`.
    pub fn to_json(&self) -> String {
        json_of(self)
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.kind.as_str())?;
        map.serialize_entry("user", &self.user)?;
        map.serialize_entry("displayName", &self.display_name)?;
        map.serialize_entry("avatarurl", &self.avatar_url)?;
        map.serialize_entry("stream", &self.stream)?;
        map.serialize_entry("content", &self.content)?;
        match self.created_at {
            Some(CreatedAt::Instant(at)) => {
                map.serialize_entry("createdat", &at.as_millisecond())?
            }
            Some(CreatedAt::Local(at)) => map.serialize_entry(
                "createdat",
                &crate::time::MinuteStamp::from_local(at).to_string(),
            )?,
            None => {}
        }
        if let Some(id) = &self.id {
            map.serialize_entry("id", id.as_str())?;
        }
        if let Some(seq) = self.seq {
            map.serialize_entry("seq", &seq.0)?;
        }
        if let Some(nonce) = &self.nonce {
            map.serialize_entry("nonce", nonce.as_str())?;
        }
        map.end()
    }
}

/// The fields of one object in `data`, before it is known what the object is.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) kind: String,
    user: String,
    display_name: String,
    avatar_url: String,
    stream: String,
    content: String,
    created_at: Option<CreatedAt>,
    pub(crate) id: Option<EntryId>,
    pub(crate) seq: Option<Seq>,
    pub(crate) nonce: Option<Nonce>,
    pub(crate) topic: String,
    pub(crate) epoch: Option<String>,
    pub(crate) resumed: Option<bool>,
    pub(crate) code: Option<i64>,
    pub(crate) reason: String,
    pub(crate) time: Option<u64>,
    pub(crate) change: Option<u64>,
    pub(crate) rev: Option<u64>,
    pub(crate) retry_ms: Option<u64>,
    pub(crate) removals: Option<u64>,
    pub(crate) number: Option<u64>,
}

impl Fields {
    pub(crate) fn read(json: &str) -> Result<Self, NotAnEntry> {
        let mut f = Self::default();
        read_object(json, |key, value| f.take(key, value)).map_err(|_| NotAnEntry::Malformed)?;
        Ok(f)
    }

    fn take(&mut self, key: &str, value: Scalar<'_>) {
        let text = |value: Scalar<'_>| value.into_text().into_owned();
        match key {
            "type" => self.kind = text(value),
            "user" => self.user = text(value),
            "displayName" => self.display_name = text(value),
            "avatarurl" => self.avatar_url = text(value),
            "stream" => self.stream = text(value),
            "content" => self.content = text(value),
            "createdat" => self.created_at = CreatedAt::from_scalar(&value),
            "id" => self.id = value.into_nonempty().map(EntryId::new),
            "seq" => self.seq = value.as_u64().map(Seq),
            "nonce" => self.nonce = value.into_nonempty().map(Nonce::new),
            "topic" => self.topic = text(value),
            "epoch" => self.epoch = value.into_nonempty(),
            "resumed" => self.resumed = value.as_bool(),
            "code" => self.code = value.as_i64(),
            "reason" => self.reason = text(value),
            "retry_ms" => self.retry_ms = value.as_u64(),
            "removals" => self.removals = value.as_u64(),
            "number" => self.number = value.as_u64(),
            "time" => self.time = value.as_u64(),
            "change" => self.change = value.as_u64(),
            "rev" => self.rev = value.as_u64(),
            _ => {}
        }
    }

    pub(crate) fn into_entry(self) -> Result<Entry, NotAnEntry> {
        let kind = EntryKind::parse(&self.kind).ok_or(NotAnEntry::UnknownType)?;
        Ok(Entry {
            kind,
            user: self.user,
            display_name: self.display_name,
            avatar_url: self.avatar_url,
            stream: self.stream,
            content: self.content,
            created_at: self.created_at,
            id: self.id,
            seq: self.seq,
            nonce: self.nonce,
        })
    }
}

/// A JSON object of text fields, in the order given.
pub(crate) fn object(fields: &[(&str, &str)]) -> String {
    struct Object<'a>(&'a [(&'a str, &'a str)]);
    impl Serialize for Object<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().copied())
        }
    }
    json_of(&Object(fields))
}

/// JSON text of a value made of maps, strings and numbers, which cannot fail to serialize.
pub(crate) fn json_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
