//! What the outside sees of a room: a small value that is replaced whole, never a queue.

use aside_history::{Place, Revision, Unread};
use aside_protocol::{EntryId, Role, limits};
use jiff::Timestamp;

use crate::error::ModerationError;

/// The newest state of a room. A subscriber that was slow sees only the newest, and pulls the rows it lacks.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomView {
    /// The newest change of the timeline that is on disk.
    pub revision: Revision,
    /// How the link stands.
    pub connection: Connection,
    /// The newest rows are there, and what was missed before them is still coming: behind a gap row, between rows that
    /// are here.
    pub behind: bool,
    /// What was not read yet.
    pub unread: Unread,
    /// What is known of the server and of this person's place there.
    pub facts: ServerFacts,
    /// How the desk stands.
    pub desk: DeskView,
    /// What is being done for order, and what was done to this person.
    pub order: OrderView,
    /// Counts since the session started.
    pub counters: Counters,
    /// What came back after the last time that the link was cut, until that was read.
    pub recovered: Option<Recovered>,
}

/// What was said while the link was cut, and is here now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// How many entries these are.
    pub count: u64,
    /// Where the first of them stands, and when it was said.
    pub first: (Place, Timestamp),
    /// The same of the last.
    pub last: (Place, Timestamp),
    /// Whoever reads on where they were comes past all of it.
    pub ahead: bool,
    /// The connection on which it came.
    pub(crate) generation: u64,
}

/// How the desk stands, at which questions are work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeskView {
    /// Whether it can be trusted.
    pub state: DeskState,
    /// Raised with every change; see [`Session::questions`](crate::Session::questions).
    pub revision: u64,
    /// How many questions nobody has taken.
    pub open: u32,
    /// When the oldest of them was asked, in milliseconds of the epoch.
    pub oldest_open: Option<i64>,
    /// Whether something waits for review, or was rejected.
    pub reviewing: bool,
    /// Raised with every change of the snippets that staff share; none where there are none for this person. See
    /// [`Session::team_snippets`](crate::Session::team_snippets).
    pub snippets: Option<u64>,
}

/// What is being done for order, and what was done to this person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderView {
    /// Until when this person may not speak, as a refusal said.
    pub muted_until: Option<Timestamp>,
    /// Until when what waits in the outbox has to wait, as a refusal said; none where nothing waits for that.
    pub slowed_until: Option<Timestamp>,
    /// Entries that this person removes, first chosen first.
    pub removing: Vec<Removing>,
    /// Those that could not be removed, the newest last, until somebody has taken note.
    pub not_removed: Vec<NotRemoved>,
}

/// An entry that is about to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removing {
    /// The entry.
    pub entry: EntryId,
    /// When the server is asked for it; later where there is no connection then.
    pub at: Timestamp,
    /// It can't be taken back any more.
    pub sent: bool,
}

/// An entry that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRemoved {
    /// The entry.
    pub entry: EntryId,
    /// Why it stays.
    pub why: ModerationError,
}

/// Whether what is known of questions can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeskState {
    /// The server has none, or not for this person.
    #[default]
    Off,
    /// Not connected, or not all is read yet: others may have done what is not seen here.
    CatchingUp,
    /// Every change is here.
    Fresh,
    /// The server keeps no states of questions: they are kept on this machine alone.
    Local,
}

/// How the link stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// On the way to the server.
    Connecting,
    /// The socket is open, nothing proven yet.
    Joining,
    /// Live entries arrive; what was missed is being fetched.
    Syncing,
    /// All there, and proven alive within twelve seconds.
    Online,
    /// Not connected; the next try is set.
    Waiting {
        /// When the next try starts.
        until: Timestamp,
        /// What happened.
        why: Why,
        /// The server named a time, and it has not come: a try that a person asks for is none.
        asked: bool,
    },
    /// Not connected, and no try will be made until a person does something.
    Refused {
        /// What happened.
        why: Why,
    },
    /// Left.
    Closed,
}

impl Connection {
    /// The word for it: `connecting`, `joining`, `syncing`, `online`, `waiting`, `refused` or `closed`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Joining => "joining",
            Self::Syncing => "syncing",
            Self::Online => "online",
            Self::Waiting { .. } => "waiting",
            Self::Refused { .. } => "refused",
            Self::Closed => "closed",
        }
    }

    /// What happened, where something did.
    pub fn why(&self) -> Option<Why> {
        match self {
            Self::Waiting { why, .. } | Self::Refused { why } => Some(*why),
            Self::Connecting | Self::Joining | Self::Syncing | Self::Online | Self::Closed => None,
        }
    }
}

/// What happened to the link, as far as a person can do something different about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The server can't be reached, or the connection broke.
    Network,
    /// The server's name has no address.
    Dns,
    /// The server did not answer in time.
    Timeout,
    /// The server restarts and said so.
    ServerRestart,
    /// The server has too much to do, or wants less from us.
    ServerBusy,
    /// The server failed.
    ServerError,
    /// The server ended the connection.
    ServerClosed,
    /// The machine slept.
    Slept,
    /// The token is not valid, or no longer.
    Token,
    /// The token is valid, but not for this room.
    NotAllowed,
    /// There is no room server at this address.
    NotFound,
    /// Something answered that is no room server.
    NotOurServer,
    /// The network wants to be signed in to with a browser first.
    SignIn,
    /// A proxy on the way wants to be signed in to.
    ProxySignIn,
    /// The server's certificate is not valid.
    Certificate,
    /// The certificate isn't valid *yet*: this machine's clock may be wrong.
    ClockWrong,
    /// The server asks for a newer client.
    UpdateNeeded,
    /// The same seat was taken by another session.
    Elsewhere,
    /// The server says again and again that it does not understand us.
    Protocol,
    /// The local cache can't be written.
    Storage,
}

impl Why {
    /// All of them, for catalogues that must have words for each.
    pub const ALL: [Self; 20] = [
        Self::Network,
        Self::Dns,
        Self::Timeout,
        Self::ServerRestart,
        Self::ServerBusy,
        Self::ServerError,
        Self::ServerClosed,
        Self::Slept,
        Self::Token,
        Self::NotAllowed,
        Self::NotFound,
        Self::NotOurServer,
        Self::SignIn,
        Self::ProxySignIn,
        Self::Certificate,
        Self::ClockWrong,
        Self::UpdateNeeded,
        Self::Elsewhere,
        Self::Protocol,
        Self::Storage,
    ];

    /// The word under which the catalogue keeps it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Dns => "dns",
            Self::Timeout => "timeout",
            Self::ServerRestart => "server_restart",
            Self::ServerBusy => "server_busy",
            Self::ServerError => "server_error",
            Self::ServerClosed => "server_closed",
            Self::Slept => "slept",
            Self::Token => "token",
            Self::NotAllowed => "not_allowed",
            Self::NotFound => "not_found",
            Self::NotOurServer => "not_our_server",
            Self::SignIn => "sign_in",
            Self::ProxySignIn => "proxy_sign_in",
            Self::Certificate => "certificate",
            Self::ClockWrong => "clock_wrong",
            Self::UpdateNeeded => "update_needed",
            Self::Elsewhere => "elsewhere",
            Self::Protocol => "protocol",
            Self::Storage => "storage",
        }
    }
}

/// What is known of the server and of this person's place there. Until a server says more, it is the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// Whether the server has no extension at all.
    pub core_only: bool,
    /// The id under which this person's entries and claims come back.
    pub user: String,
    /// What the token may do.
    pub role: Role,
    /// The organisation that staff answer for; empty when there is none.
    pub org_name: String,
    /// Whether the server takes what was written here once, however often it is sent.
    pub takes_once: bool,
    /// Whether answering is offered here, to this person.
    pub can_answer: bool,
    /// Whether an answer may be for its asker alone, or for staff.
    pub can_answer_privately: bool,
    /// Whether people may say which questions they want answered.
    pub can_vote: bool,
    /// Whether staff look at what the audience asks before the room sees it.
    pub reviews: bool,
    /// Whether this person may remove entries, mute people and slow the room.
    pub can_moderate: bool,
    /// The least time between two entries of one person of the audience, in seconds, as the server said on connecting; 0 for none.
    pub slow_seconds: u32,
    /// The largest text that may be sent, in bytes.
    pub content_bytes: usize,
    /// The server's name and version, if it says.
    pub server: String,
}

impl Default for ServerFacts {
    fn default() -> Self {
        Self {
            core_only: true,
            user: String::new(),
            role: Role::Audience,
            org_name: String::new(),
            takes_once: false,
            can_answer: false,
            can_answer_privately: false,
            can_vote: false,
            reviews: false,
            can_moderate: false,
            slow_seconds: 0,
            content_bytes: limits::CONTENT_BYTES,
            server: String::new(),
        }
    }
}

/// Counts since the session started; nothing here is ever about what was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Text frames that arrived.
    pub frames: u64,
    /// Frames that carried nothing for us: empty, no JSON in `data`, unknown types, codes other than 200.
    pub skipped: u64,
    /// Frames that are no frames of the protocol.
    pub malformed: u64,
    /// Entries that arrived more than once and were dropped.
    pub repeated: u64,
    /// Entries that were fetched because they had been missed.
    pub recovered: u64,
    /// Times the socket was opened.
    pub connects: u64,
    /// Times a try to open it failed, or it was lost.
    pub losses: u64,
}
