//! The words of the owner's handle: rooms, tokens and entries to be made, and what became of them.

use aside_protocol::{Body, EntryId, Epoch, Role, Seq, StreamId, Token, Topic};
use jiff::Timestamp;

/// A room to be made. The stream id is the topic unless it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomSpec {
    /// The room's name on the socket.
    pub topic: Topic,
    /// The room's name over HTTP.
    pub stream: StreamId,
}

impl RoomSpec {
    /// A room whose stream id is its topic.
    pub fn new(topic: impl Into<String>) -> Self {
        let topic = topic.into();
        Self { stream: StreamId::new(topic.clone()), topic: Topic::new(topic) }
    }

    /// The same room under another stream id.
    pub fn stream(mut self, stream: impl Into<String>) -> Self {
        self.stream = StreamId::new(stream);
        self
    }
}

/// A room as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomInfo {
    /// The room's name on the socket.
    pub topic: Topic,
    /// The room's name over HTTP.
    pub stream: StreamId,
    /// The life of its history.
    pub epoch: Epoch,
    /// Its newest place; zero for none.
    pub head: Seq,
    /// What the audience asks waits until staff approve it.
    pub review: bool,
    /// The name under which the audience asks, where nobody is to learn who does.
    pub anonymous: Option<String>,
    /// The least time between two entries of one person of the audience, in seconds; 0 for none.
    pub slow_seconds: u32,
}

/// Who a token is for.
#[derive(Clone, Debug)]
pub struct TokenSpec {
    /// The room it opens; made if there is none.
    pub room: RoomSpec,
    /// What it allows.
    pub role: Role,
    /// The id that stands in its entries.
    pub user: String,
    /// The name that stands there.
    pub display_name: String,
    /// The picture that stands there.
    pub avatar_url: String,
    /// The organisation that staff answer for; the name when empty.
    pub org_name: String,
    /// That organisation's logo.
    pub org_logo: String,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
}

impl TokenSpec {
    /// A token for the audience, without a picture, that does not expire.
    pub fn audience(room: RoomSpec, user: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            room,
            role: Role::Audience,
            user: user.into(),
            display_name: name.into(),
            avatar_url: String::new(),
            org_name: String::new(),
            org_logo: String::new(),
            expires: None,
        }
    }

    /// A token for staff of an organisation.
    pub fn staff(
        room: RoomSpec,
        user: impl Into<String>,
        name: impl Into<String>,
        org: impl Into<String>,
    ) -> Self {
        Self { role: Role::Staff, org_name: org.into(), ..Self::audience(room, user, name) }
    }
}

/// A token's name for its owner: not a secret, and of no use to a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenId(pub String);

/// A token just made. The secret is not stored and cannot be had again.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The secret.
    pub token: Token,
    /// Its name, for revoking it.
    pub id: TokenId,
}

/// A token as the owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Its name.
    pub id: TokenId,
    /// The room it opens.
    pub topic: Topic,
    /// What it allows.
    pub role: Role,
    /// The id that stands in its entries.
    pub user: String,
    /// The name that stands there.
    pub display_name: String,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

impl TokenInfo {
    /// Whether its holder came by the link that lets anybody in.
    pub fn is_guest(&self) -> bool {
        self.role == Role::Audience && self.user.starts_with(crate::store::guests::USER)
    }

    /// Whether it opens its room at this moment.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|end| now < end)
    }
}

/// An entry that the owner puts into a room, under any name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// What it says.
    pub body: Body,
    /// The sender's id.
    pub user: String,
    /// The sender's name (for an answer: the asker's).
    pub display_name: String,
    /// The sender's picture.
    pub avatar_url: String,
    /// When it was said; now, if absent.
    pub created_at: Option<Timestamp>,
}

impl NewEntry {
    /// A message.
    pub fn message(
        user: impl Into<String>,
        name: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self::new(Body::Message { text: text.into() }, user, name)
    }

    /// A question.
    pub fn question(
        user: impl Into<String>,
        name: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self::new(Body::Question { text: text.into() }, user, name)
    }

    /// Any body.
    pub fn new(body: Body, user: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            body,
            user: user.into(),
            display_name: name.into(),
            avatar_url: String::new(),
            created_at: None,
        }
    }

    /// The same entry at another time.
    pub fn at(mut self, created_at: Timestamp) -> Self {
        self.created_at = Some(created_at);
        self
    }
}

/// An answer that the owner puts into a room on behalf of an organisation: how a core-only room gets one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answering {
    /// The question that is answered.
    pub question: EntryId,
    /// The id of whoever answers.
    pub user: String,
    /// The organisation.
    pub org_name: String,
    /// Its logo.
    pub org_logo: String,
    /// The answer.
    pub text: String,
}

/// Where an entry was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its id.
    pub id: EntryId,
    /// Its place.
    pub seq: Seq,
}
