//! What the stories share: a real server, a session on it, and looking at the timeline.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each story uses a part; a story may panic"
)]

pub mod disk;
pub mod fake;
mod paging;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use aside_history::{Anchor, Delivery, EntryRow, Row, RowKind, Store};
use aside_protocol::{AnswerNotes, Body, EntryKind, StreamId, Token, Topic};
use aside_server::{Config, Limits, NewEntry, RoomSpec, Running, TokenSpec};
use aside_session::{Connection, Env, RoomConfig, RoomView, Session};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};

/// A store without threads, for a paused clock.
pub fn inline_store() -> Store {
    Store::in_memory_inline().unwrap()
}

/// Nothing on this machine takes longer, unless a story says so.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The two kinds of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Full,
    Core,
}

pub fn topic() -> Topic {
    Topic::new("room-1")
}

fn spec() -> RoomSpec {
    RoomSpec::new("room-1").stream("stream-1")
}

/// A server with one room.
pub struct Stage {
    pub running: Running,
    pub mode: Mode,
    pub token: Token,
    data: Option<tempfile::TempDir>,
}

impl Stage {
    pub async fn start(mode: Mode) -> Self {
        Self::with(config(mode)).await
    }

    /// A server that can be stopped and started again on the same data.
    pub async fn durable(mode: Mode) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = Config { data: Some(data.path().to_owned()), ..config(mode) };
        let mut stage = Self::with(config).await;
        stage.data = Some(data);
        stage
    }

    pub async fn with(config: Config) -> Self {
        let mode = if config.core_only { Mode::Core } else { Mode::Full };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = aside_server::start(config, listener).await.unwrap();
        let token = running
            .rooms()
            .create_token(TokenSpec::audience(spec(), "me", "Me"))
            .await
            .unwrap()
            .token;
        Self { running, mode, token, data: None }
    }

    pub fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    pub async fn staff(&self) -> Token {
        let spec = TokenSpec::staff(spec(), "desk", "Desk", "Acme");
        self.running.rooms().create_token(spec).await.unwrap().token
    }

    pub async fn audience(&self, user: &str) -> Token {
        let spec = TokenSpec::audience(spec(), user, user);
        self.running.rooms().create_token(spec).await.unwrap().token
    }

    pub async fn seed(&self, texts: impl IntoIterator<Item = String>) {
        let entries = texts.into_iter().map(|text| NewEntry::message("ann", "Ann", text)).collect();
        self.running.rooms().seed(&topic(), entries).await.unwrap();
    }

    pub async fn publish(&self, text: &str) {
        let entry = NewEntry::message("ann", "Ann", text);
        self.running.rooms().publish(&topic(), entry).await.unwrap();
    }

    pub async fn asks(&self, who: &str, text: &str) {
        let entry = NewEntry::question(who, who, text);
        self.running.rooms().publish(&topic(), entry).await.unwrap();
    }

    /// The desk answers a question by its words alone.
    pub async fn answers(&self, question: &str, text: &str) {
        let body = Body::Answer {
            org_name: "Acme".to_owned(),
            org_logo: String::new(),
            question: question.to_owned(),
            text: text.to_owned(),
            question_id: None,
            notes: AnswerNotes::default(),
        };
        let entry = NewEntry::new(body, "desk", "Ann");
        self.running.rooms().publish(&topic(), entry).await.unwrap();
    }

    /// Stops the server; its data stays.
    pub async fn stop(self) -> Away {
        let Self { running, mode, token, data } = self;
        running.stop().await;
        Away { mode, token, data: data.unwrap() }
    }

    /// Stops the server, fills its room while nobody can reach it, and starts it again where it was.
    pub async fn restart_with(self, texts: Vec<String>) -> Self {
        let addr = self.addr();
        let away = self.stop().await;
        let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hidden_at = elsewhere.local_addr().unwrap();
        drop(elsewhere);
        let hidden = away.start_at(hidden_at).await;
        hidden.seed(texts).await;
        hidden.stop().await.start_at(addr).await
    }

    pub async fn texts_on_server(&self) -> Vec<String> {
        let entries =
            self.running.rooms().entries(&topic(), aside_protocol::Seq(0), 100_000).await.unwrap();
        entries.iter().map(|entry| entry.body().text().to_owned()).collect()
    }
}

/// A server that is not running.
pub struct Away {
    mode: Mode,
    token: Token,
    data: tempfile::TempDir,
}

impl Away {
    /// It comes back without any extension.
    pub fn without_extensions(self) -> Self {
        Self { mode: Mode::Core, ..self }
    }

    pub async fn start_at(self, addr: SocketAddr) -> Stage {
        let Self { mode, token, data } = self;
        let config = Config { data: Some(data.path().to_owned()), ..config(mode) };
        let running = aside_server::start(config, bind_again(addr).await).await.unwrap();
        Stage { running, mode, token, data: Some(data) }
    }
}

pub fn config(mode: Mode) -> Config {
    let limits = Limits { restart_after: Duration::from_millis(200), ..Limits::without_rates() };
    Config { core_only: mode == Mode::Core, limits, ..Config::for_tests() }
}

pub async fn bind_again(addr: SocketAddr) -> TcpListener {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match TcpListener::bind(addr).await {
            Ok(listener) => return listener,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

pub fn room_config(addr: SocketAddr) -> RoomConfig {
    let server = format!("http://{addr}").parse().unwrap();
    RoomConfig {
        socket: RoomConfig::default_socket(&server),
        server,
        topic: topic(),
        stream: StreamId::new("stream-1"),
        user: "me".to_owned(),
        display_name: "Me".to_owned(),
        avatar_url: String::new(),
        allow_insecure: false,
    }
}

pub async fn join(stage: &Stage) -> Session {
    join_as(stage.addr(), stage.token.clone()).await
}

pub async fn join_as(addr: SocketAddr, token: Token) -> Session {
    join_with(addr, token, Store::in_memory().unwrap()).await
}

pub async fn join_with(addr: SocketAddr, token: Token, store: Store) -> Session {
    Session::start(room_config(addr), token, store, Env::real().unwrap()).await.unwrap()
}

/// Waits until the view fits; says what it was when it does not.
pub async fn until(
    session: &Session,
    what: &str,
    mut fits: impl FnMut(&RoomView) -> bool,
) -> RoomView {
    let mut view = session.watch();
    let waited = timeout(PATIENCE, view.wait_for(|view| fits(view))).await;
    match waited {
        Ok(Ok(found)) => found.clone(),
        Ok(Err(_)) => panic!("{what}: the session ended"),
        Err(_) => panic!("{what}: {:?}", session.watch().borrow().clone()),
    }
}

pub async fn online(session: &Session) -> RoomView {
    until(session, "online", |view| view.connection == Connection::Online).await
}

pub async fn state(session: &Session, word: &str) -> RoomView {
    until(session, word, |view| view.connection.word() == word).await
}

/// The newest rows.
pub async fn rows(session: &Session) -> Vec<Row> {
    session.page(Anchor::End, 5000).await.unwrap().rows
}

pub fn entry_of(row: &Row) -> &EntryRow {
    row.entry().unwrap_or_else(|| panic!("not an entry: {row:?}"))
}

/// What a person reads, gaps and boundaries as words.
pub async fn texts(session: &Session) -> Vec<String> {
    let text = |row: &Row| match &row.kind {
        RowKind::Entry(entry) => entry.entry.body().text().to_owned(),
        RowKind::Gap(_) => "<gap>".to_owned(),
        RowKind::Boundary => "<boundary>".to_owned(),
    };
    rows(session).await.iter().map(text).collect()
}

/// Waits until the timeline reads so.
pub async fn reads(session: &Session, expected: &[String]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = texts(session).await;
        if found == expected {
            return;
        }
        if Instant::now() > deadline {
            let missing: Vec<_> = expected.iter().filter(|text| !found.contains(text)).collect();
            panic!(
                "found {} of {} rows, missing {missing:?}\nfirst {:?}\nlast {:?}\nview {:?}",
                found.len(),
                expected.len(),
                &found[..found.len().min(5)],
                &found[found.len().saturating_sub(8)..],
                session.watch().borrow().clone()
            );
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the row with this text is as wanted.
pub async fn row_is(
    session: &Session,
    text: &str,
    what: &str,
    fits: impl Fn(&EntryRow) -> bool,
) -> Row {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let rows = rows(session).await;
        let with_text: Vec<_> = rows
            .into_iter()
            .filter(|row| row.entry().is_some_and(|entry| entry.entry.body().text() == text))
            .collect();
        if let [row] = &with_text[..]
            && fits(entry_of(row))
        {
            return row.clone();
        }
        assert!(Instant::now() < deadline, "{what}: {with_text:#?}");
        sleep(Duration::from_millis(20)).await;
    }
}

pub fn is_sent(entry: &EntryRow) -> bool {
    entry.delivery == Delivery::Sent && entry.mine
}

pub fn numbered(from: usize, to: usize) -> Vec<String> {
    (from..=to).map(|n| format!("line {n}")).collect()
}

/// The keys of every object in a client's frame, however deep its strings are encoded.
pub fn keys_of(frame: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    collect_keys(frame, &mut keys);
    keys
}

fn collect_keys(text: &str, keys: &mut BTreeSet<String>) {
    if let Ok(serde_json::Value::Object(object)) = serde_json::from_str(text) {
        for (key, value) in object {
            if let Some(text) = value.as_str() {
                collect_keys(text, keys);
            }
            keys.insert(key);
        }
    }
}

pub fn body_kind(row: &Row) -> EntryKind {
    match entry_of(row).entry.body() {
        Body::Message { .. } => EntryKind::Message,
        Body::Question { .. } => EntryKind::Question,
        Body::Answer { .. } => EntryKind::Answer,
    }
}
