//! What a server adds to the core, and who it takes this client for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lenient::read_value;

/// Something a server can do beyond the core; each is usable alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Extension {
    /// Entries have ids and places without holes.
    Seq,
    /// Sends are acknowledged and stored once.
    Ack,
    /// A join may continue where the last one ended.
    Resume,
    /// Heartbeats are answered.
    Heartbeat,
    /// Staff may answer questions.
    Answer,
    /// Staff share the state of questions.
    Triage,
    /// The audience votes on questions.
    Votes,
    /// How many are here.
    Presence,
    /// Staff remove entries and mute people.
    Moderation,
}

impl Extension {
    /// All of them, in the order of the contract.
    pub const ALL: [Self; 9] = [
        Self::Seq,
        Self::Ack,
        Self::Resume,
        Self::Heartbeat,
        Self::Answer,
        Self::Triage,
        Self::Votes,
        Self::Presence,
        Self::Moderation,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seq => "seq",
            Self::Ack => "ack",
            Self::Resume => "resume",
            Self::Heartbeat => "heartbeat",
            Self::Answer => "answer",
            Self::Triage => "triage",
            Self::Votes => "votes",
            Self::Presence => "presence",
            Self::Moderation => "moderation",
        }
    }
}

/// What this token may do in the room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Reads, writes, asks.
    #[default]
    Audience,
    /// Also answers for an organisation.
    Staff,
    /// Sorts and removes, and answers for nobody.
    Moderator,
    /// Also runs the room.
    Host,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Audience, Self::Staff, Self::Moderator, Self::Host];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audience => "audience",
            Self::Staff => "staff",
            Self::Moderator => "moderator",
            Self::Host => "host",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether this role may answer questions.
    pub fn answers(self) -> bool {
        match self {
            Self::Audience | Self::Moderator => false,
            Self::Staff | Self::Host => true,
        }
    }

    /// Whether this role works at the desk: sees all of a question's state, sorts, reviews and moderates.
    pub fn at_desk(self) -> bool {
        match self {
            Self::Audience => false,
            Self::Staff | Self::Moderator | Self::Host => true,
        }
    }
}

/// Who the server takes this client for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The id that stands in this client's entries.
    pub user: String,
    /// The name that stands there.
    pub display_name: String,
    /// The picture that stands there.
    pub avatar_url: String,
    /// What this token may do.
    pub role: Role,
    /// The organisation that staff answer for.
    pub org_name: String,
    /// That organisation's logo.
    pub org_logo: String,
}

/// A server's answer to `GET api/capabilities`. The default is the core and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Name and version, for people.
    pub server: String,
    /// What it can do beyond the core. Words this client does not know are left out.
    pub extensions: BTreeSet<Extension>,
    /// Who it takes this client for.
    pub identity: Option<Identity>,
    /// The largest text it takes, in bytes.
    pub content_bytes: Option<usize>,
    /// How many sends a minute it takes.
    pub sends_per_minute: Option<u32>,
    /// The audience's questions are looked at before they are shown (extension `triage`).
    pub review: bool,
    /// Nobody learns who of the audience asks what, staff included.
    pub anonymous: bool,
    /// The least time between two entries of one person of the audience, in seconds; 0 for none (extension `moderation`).
    pub slow_seconds: u32,
}

impl Capabilities {
    /// Reads the reply's body; anything that is no such object means core only.
    pub fn parse(body: &[u8]) -> Self {
        Self::read(body).unwrap_or_default()
    }

    /// As [`Capabilities::parse`], but nothing for what is no JSON object at all: a web page, half a reply.
    pub fn read(body: &[u8]) -> Option<Self> {
        let reply = read_value::<Value>(body).filter(Value::is_object)?;
        let data = &reply["data"];
        let Some(words) = data["extensions"].as_array() else {
            return Some(Self::default());
        };
        let extensions = Extension::ALL
            .into_iter()
            .filter(|ext| words.iter().any(|word| word.as_str() == Some(ext.as_str())))
            .collect();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let identity = data["identity"].as_object().map(|_| {
            let who = &data["identity"];
            Identity {
                user: text(&who["user"]),
                display_name: text(&who["displayName"]),
                avatar_url: text(&who["avatarurl"]),
                role: who["role"].as_str().and_then(Role::parse).unwrap_or_default(),
                org_name: text(&who["orgName"]),
                org_logo: text(&who["orgLogo"]),
            }
        });
        let limit = |name: &str| data["limits"][name].as_u64();
        Some(Self {
            server: text(&data["server"]),
            extensions,
            identity,
            content_bytes: limit("contentBytes").and_then(|n| usize::try_from(n).ok()),
            sends_per_minute: limit("sendsPerMinute").and_then(|n| u32::try_from(n).ok()),
            review: data["review"].as_bool().unwrap_or(false),
            anonymous: data["anonymous"].as_bool().unwrap_or(false),
            slow_seconds: limit("slowSeconds").and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        })
    }

    /// Whether the server announced an extension.
    pub fn has(&self, extension: Extension) -> bool {
        self.extensions.contains(&extension)
    }

    /// The reply's body, as a server writes it.
    pub fn to_json(&self) -> String {
        let words: Vec<_> = self.extensions.iter().map(|ext| ext.as_str()).collect();
        let mut data = serde_json::json!({ "server": self.server, "extensions": words });
        if let Some(who) = &self.identity {
            data["identity"] = serde_json::json!({
                "user": who.user, "displayName": who.display_name, "avatarurl": who.avatar_url,
                "role": who.role.as_str(), "orgName": who.org_name, "orgLogo": who.org_logo,
            });
        }
        if self.review {
            data["review"] = true.into();
        }
        if self.anonymous {
            data["anonymous"] = true.into();
        }
        data["limits"] = serde_json::json!({
            "contentBytes": self.content_bytes, "sendsPerMinute": self.sends_per_minute,
        });
        if self.slow_seconds > 0 {
            data["limits"]["slowSeconds"] = self.slow_seconds.into();
        }
        serde_json::json!({ "code": 200, "data": data }).to_string()
    }
}
