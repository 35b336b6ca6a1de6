//! What the page and the shell say to each other; `ui/src/bridge/dto.ts` is written from this file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod answers;
#[cfg(test)]
mod bindings;
mod desk;
mod finding;
mod hosting;
mod order;
mod rules;
mod settings;
mod streaming;
mod views;
mod window;

pub(crate) use answers::{
    AnswerDelivery, Held, Leaving, QuestionDraft, ThreadAnswer, Unsent, Visibility,
};
pub(crate) use desk::{
    Claim, DeskKind, DeskStatus, Doing, Lane, LogLine, Missed, Person, Presence, Question,
    QuestionChanges, Spoken, Step, Thread,
};
pub(crate) use finding::{
    ExportFormat, ExportProgress, ExportState, Exported, Hit, Moment, Numbers, PersonCard,
    PersonNumbers, PresentStep, Presented, PresentedQuestion, SearchPage, ShowRoom, Snippet, Spot,
};
pub(crate) use hosting::{
    HostForm, HostKey, HostLink, HostPlaces, HostState, Hosting, KeyRole, KeyWish, Reach,
};
pub(crate) use order::{Deed, Deeds, Moderation, MutedPerson, NotRemoved, OrderStatus, Removing};
pub(crate) use settings::{CloseChoice, Locale, OPAQUE, Proxy, Settings, Theme};
pub(crate) use streaming::{Overlay, OverlayPart, OverlayState, StreamerMode};
pub(crate) use views::SavedView;
pub(crate) use window::{
    CloseAction, HotkeyAction, Hotkeys, Painted, QuitChoice, SeeThrough, Stand, Transcripts,
    Undone, UndoneQuestion, WhichWindow, WindowLook,
};

pub(crate) use rules::{Effect, Fit, Rule, RuleFault, Ruled, Rules, Said, Tried, When};
#[cfg(test)]
pub(crate) use {
    rules::{Colour, Sound},
    views::Named,
};

/// Where a room's connection stands, in the words that the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum ConnectionState {
    Connecting,
    Joining,
    Syncing,
    Online,
    Waiting,
    Refused,
    Closed,
}

/// A room's connection: the state, the reason as a code (its words are the page's), and the time of the next try in
/// epoch milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Connection {
    pub(crate) state: ConnectionState,
    pub(crate) why: Option<String>,
    pub(crate) retry_at: Option<i64>,
    /// The server named that time: a try that is asked for before it is none.
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub(crate) asked: bool,
}

/// What this token may do in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Role {
    Audience,
    Staff,
    Host,
}

/// What came back after the connection was cut, until it was read: how many entries, the places of the first and the last, and when these
/// two were said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Recovery {
    pub(crate) count: u64,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// One open room at a glance. `recovered` counts the entries that were missed and fetched since the room was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct RoomStatus {
    pub(crate) room: String,
    pub(crate) revision: u64,
    pub(crate) connection: Connection,
    pub(crate) unread: u32,
    pub(crate) unread_questions: u32,
    pub(crate) recovered: u64,
    pub(crate) recovery: Option<Recovery>,
    pub(crate) core_only: bool,
    pub(crate) role: Role,
    pub(crate) org_name: String,
    pub(crate) can_answer: bool,
    pub(crate) content_bytes: u32,
    pub(crate) server: String,
    pub(crate) desk: DeskStatus,
    pub(crate) order: OrderStatus,
}

/// What the join form holds; the token travels beside it, and only towards the shell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct RoomForm {
    pub(crate) server: String,
    pub(crate) socket: String,
    pub(crate) topic: String,
    pub(crate) stream: String,
    pub(crate) name: String,
    pub(crate) user: String,
    pub(crate) avatar: String,
    pub(crate) allow_insecure: bool,
}

/// Where a room's token is kept: in the system's keyring, in memory until the app quits, or nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum TokenStore {
    Keyring,
    Session,
    None,
}

/// A room in the list of saved rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct SavedRoom {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) form: RoomForm,
    pub(crate) token_store: TokenStore,
    pub(crate) demo: bool,
    pub(crate) open: bool,
    /// Its server is in this app.
    pub(crate) hosted: bool,
    /// Out of the list, and left; what is kept of it stays.
    pub(crate) archived: bool,
}

/// Something a person should know: a code and what its sentence names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Notice {
    pub(crate) code: String,
    #[cfg_attr(test, ts(type = "Record<string, string>"))]
    pub(crate) params: BTreeMap<String, String>,
}

/// All that a page needs to draw itself for the first time; `room` is the one to show, `page` its newest rows where those come first, `spot` the entry in it to go to,
/// `streamer` whether streamer mode is in force, `stands` where the reader stood in rooms when the window's last page was hidden.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Boot {
    pub(crate) version: String,
    pub(crate) rooms: Vec<SavedRoom>,
    pub(crate) settings: Settings,
    pub(crate) system_locale: String,
    pub(crate) statuses: Vec<RoomStatus>,
    pub(crate) room: Option<String>,
    pub(crate) page: Option<Page>,
    pub(crate) streamer: bool,
    pub(crate) spot: Option<Spot>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) window: WindowLook,
    /// Whether somebody wants to close the window, and is to be asked how it is meant.
    pub(crate) closing: bool,
    /// What a Quit would leave undone that somebody wants, and is to be asked about; else nothing.
    pub(crate) quitting: Vec<Undone>,
    /// Whether somebody pressed the key to write when no page was there.
    pub(crate) writes: bool,
    /// Whether the page is to say what it has painted.
    pub(crate) measured: bool,
    #[cfg_attr(test, ts(type = "Record<string, Stand>"))]
    pub(crate) stands: BTreeMap<String, Stand>,
    /// The tour was shown.
    pub(crate) toured: bool,
}

/// What a row of the timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum RowKind {
    Message,
    Question,
    Answer,
    Gap,
    Boundary,
}

/// How far an own entry has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Delivery {
    Received,
    Sending,
    Sent,
    Unsure,
    Failed,
    InReview,
}

/// What the server's history says about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Standing {
    Provisional,
    Confirmed,
    NotInHistory,
}

/// What is being done about a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum GapState {
    Open,
    Loading,
    Failed,
}

/// One row of the timeline. `key` stays with it for life, `place` orders it (below 2^53), times are epoch
/// milliseconds, pictures are names that only `avatar:` understands, `namesake` warns that somebody else's name looks
/// the same, `ruled` is what the person's rules made of it, `to_me` says that it names this person or answers them, `failure_reason` is the
/// server's word, of `muted` until when, and of `overtaken` which question. The last four are an answer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) place: i64,
    pub(crate) kind: RowKind,
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) namesake: bool,
    pub(crate) avatar: Option<String>,
    pub(crate) text: String,
    pub(crate) org: String,
    pub(crate) org_logo: Option<String>,
    pub(crate) question: String,
    /// The name of the question that an answer is to, where it says one.
    pub(crate) answers: Option<String>,
    pub(crate) created_at: Option<i64>,
    pub(crate) received_at: i64,
    pub(crate) mine: bool,
    pub(crate) delivery: Delivery,
    pub(crate) failure: Option<String>,
    pub(crate) failure_reason: Option<String>,
    pub(crate) standing: Standing,
    pub(crate) id: Option<String>,
    pub(crate) seq: Option<u64>,
    pub(crate) gap: Option<GapState>,
    pub(crate) missing: Option<u64>,
    pub(crate) ruled: Option<Ruled>,
    pub(crate) to_me: bool,
    pub(crate) visibility: Visibility,
    pub(crate) also_asked: Vec<String>,
    pub(crate) edited: bool,
    pub(crate) retracted: bool,
    /// Taken out by whoever keeps order: nothing but its place is left.
    pub(crate) removed: bool,
}

/// A stretch of the timeline, oldest first. Of a view, `from` and `to` are the places up to which was looked for its rows, where
/// that is not as far as there are any. `kept`, and it was read without a session: its rows have no pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Page {
    pub(crate) revision: u64,
    pub(crate) rows: Vec<Row>,
    pub(crate) has_older: bool,
    pub(crate) has_newer: bool,
    pub(crate) reached_start: bool,
    pub(crate) read: Option<i64>,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) kept: bool,
}

/// What changed since a revision; `reset` asks for a page instead. `heard` are rows with a sound that a view does not show; of a room that is
/// sampled, `left_out` rows stay away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Changes {
    pub(crate) revision: u64,
    pub(crate) upserts: Vec<Row>,
    pub(crate) removed: Vec<String>,
    pub(crate) reset: bool,
    pub(crate) heard: Vec<Row>,
    pub(crate) left_out: u32,
}

/// How the room on show is looked at: somebody reads back, follows its end, or follows one that is faster than anybody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Reading {
    Held,
    Following,
    Sampled,
}

/// What a page asks for when it hears a tick: what changed in a room since a revision, in a view of it (everything, where that has no name),
/// `rows` at most (of a sampled room all that stands out, and some of the rest beyond the place `known`); and what changed of its questions, where those are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct PullWish {
    pub(crate) room: Option<String>,
    pub(crate) view: String,
    pub(crate) since: u64,
    pub(crate) known: i64,
    pub(crate) rows: u32,
    pub(crate) reading: Reading,
    pub(crate) questions_since: Option<u64>,
}

/// The answer to a tick: every open room at a glance, the changes of the room on show (`end` are its newest rows, for whoever follows
/// and would miss some) and of its questions, how much came in each view since somebody last looked at it (a hundred: or more), and what a person should know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Pull {
    pub(crate) statuses: Vec<RoomStatus>,
    pub(crate) changes: Option<Changes>,
    pub(crate) end: Option<Page>,
    pub(crate) questions: Option<QuestionChanges>,
    #[cfg_attr(test, ts(type = "Record<string, number>"))]
    pub(crate) views: BTreeMap<String, u32>,
    pub(crate) notices: Vec<Notice>,
}

/// Where a page starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", tag = "at")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Anchor {
    End,
    Before { place: i64 },
    After { place: i64 },
    Unread,
}

/// Whether a text is sent or asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum SendMode {
    #[default]
    Message,
    Question,
}

/// What stands in the composer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Draft {
    pub(crate) text: String,
    pub(crate) mode: SendMode,
}
