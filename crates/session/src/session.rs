//! The handle that shells and the command line hold: questions go to the cache, wishes go to the room's task.

mod desk;
mod moderating;

use std::sync::Arc;
use std::time::Duration;

use aside_history::{
    Anchor, Changes, LocalId, Only, OutgoingBody, Page, Place, Revision, RoomId, RoomName, RowKey,
    Store,
};
use aside_protocol::{EntryId, Token};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::{Clock, SystemClock};
use crate::config::RoomConfig;
use crate::error::{SendError, SessionError, Settled, StartError};
use crate::internet::Internet;
use crate::network::{Network, ProxyChoice};
use crate::room::{self, Answering, Command};
use crate::view::RoomView;

/// Wishes that may wait for the room's task; a full queue makes the one who wishes wait.
const COMMANDS: usize = 64;
/// How long a page may take to come from the server before the cache alone must do.
const OLDER_PATIENCE: Duration = Duration::from_secs(10);
/// How many rows are fetched at once where only some of them are wanted, and how often for one page of those.
const OLDER_SOUGHT: u32 = 1000;
const OLDER_ROUNDS: u32 = 4;

/// The world around a session.
#[derive(Clone)]
pub struct Env {
    /// Byte streams and HTTP.
    pub network: Arc<dyn Network>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// Where the dice of the back-off start.
    pub seed: u64,
}

impl Env {
    /// The real world.
    ///
    /// # Errors
    /// [`StartError::Tls`] when the system's TLS can't be set up.
    pub fn real() -> Result<Self, StartError> {
        Self::through(&ProxyChoice::System)
    }

    /// The real world, through a proxy that a person chose.
    ///
    /// # Errors
    /// [`StartError::Tls`] when the system's TLS can't be set up.
    pub fn through(proxy: &ProxyChoice) -> Result<Self, StartError> {
        let network = Internet::new(proxy).ok_or(StartError::Tls)?;
        Ok(Self::with_network(Arc::new(network), rand::random()))
    }
}

/// One live room. All clones are the same room; it is left when the last one is dropped or [`Session::close`] is called.
#[derive(Clone)]
pub struct Session {
    store: Store,
    room: RoomId,
    clock: Arc<dyn Clock>,
    commands: mpsc::Sender<Command>,
    view: watch::Receiver<RoomView>,
    pace: Arc<watch::Sender<Duration>>,
}

impl Session {
    /// Enters a room: returns at once, the link comes up by itself.
    ///
    /// # Errors
    /// [`StartError`]: an address or a token that won't do, or a cache that can't be used.
    pub async fn start(
        config: RoomConfig,
        token: Token,
        store: Store,
        env: Env,
    ) -> Result<Self, StartError> {
        config.check()?;
        if token.is_empty() || !token.fits_header() {
            return Err(StartError::Token);
        }
        let name = RoomName {
            server: config.server.to_string(),
            topic: config.topic.to_string(),
            stream: config.stream.to_string(),
            user: config.user.clone(),
        };
        let room = store.room(&name).await?;
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let clock = Arc::clone(&env.clock);
        let (pace, wanted) = watch::channel(Duration::ZERO);
        let view = room::start(config, token, store.clone(), room, env, inbox, wanted).await?;
        Ok(Self { store, room, clock, commands, view, pace: Arc::new(pace) })
    }

    /// The newest state of the room. A slow reader sees only the newest.
    pub fn watch(&self) -> watch::Receiver<RoomView> {
        self.view.clone()
    }

    /// The room's name in the store.
    pub fn room(&self) -> RoomId {
        self.room
    }

    /// Neighbouring rows. Where the cache ends before the room does, older ones are fetched first; when that fails, what
    /// the cache has is the answer.
    ///
    /// # Errors
    /// [`SessionError`]: the cache, or (with nothing to show) the server.
    pub async fn page(&self, anchor: Anchor, limit: u32) -> Result<Page, SessionError> {
        let page = self.store.page(self.room, anchor, limit).await?;
        let wants_older = matches!(anchor, Anchor::Before(_));
        let short = u32::try_from(page.rows.len()).unwrap_or(u32::MAX) < limit;
        if !wants_older || !short || page.has_older || page.reached_start {
            return Ok(page);
        }
        let fetched = self.request(|reply| Command::Older { limit, reply });
        let fetched = tokio::time::timeout(OLDER_PATIENCE, fetched).await;
        match fetched.unwrap_or(Err(SessionError::Timeout)) {
            Ok(()) => Ok(self.store.page(self.room, anchor, limit).await?),
            Err(error) if page.rows.is_empty() => Err(error),
            Err(_) => Ok(page),
        }
    }

    /// Neighbouring rows of those that are wanted. Where the cache ends before the room does, older rows of all sorts are
    /// fetched first, a few pages of them at most; when that fails, what the cache has is the answer.
    ///
    /// # Errors
    /// [`SessionError::Store`].
    pub async fn page_only(
        &self,
        only: &Only,
        anchor: Anchor,
        limit: u32,
    ) -> Result<Page, SessionError> {
        let started = tokio::time::Instant::now();
        let mut rounds = 0;
        loop {
            let page = self.store.page_only(self.room, only, anchor, limit).await?;
            let short = u32::try_from(page.rows.len()).unwrap_or(u32::MAX) < limit;
            let wants_older = matches!(anchor, Anchor::Before(_)) && short;
            if !wants_older || page.has_older || page.reached_start || rounds == OLDER_ROUNDS {
                return Ok(page);
            }
            rounds += 1;
            let fetched = self.request(|reply| Command::Older { limit: OLDER_SOUGHT, reply });
            match tokio::time::timeout_at(started + OLDER_PATIENCE, fetched).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Ok(page),
            }
        }
    }

    /// What changed since a revision.
    ///
    /// # Errors
    /// [`SessionError::Store`].
    pub async fn changes(&self, since: Revision, limit: u32) -> Result<Changes, SessionError> {
        Ok(self.store.changes(self.room, since, limit).await?)
    }

    /// Says something. Returns once it is durable in the outbox and stands in the timeline.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(&self, text: &str) -> Result<LocalId, SendError> {
        self.say(OutgoingBody::Message { text: text.to_owned() }).await
    }

    /// Asks the organisation something; as [`Session::send`].
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn ask(&self, text: &str) -> Result<LocalId, SendError> {
        self.say(OutgoingBody::Question { text: text.to_owned() }).await
    }

    /// Answers a question in public; as [`Session::send`].
    ///
    /// # Errors
    /// [`SendError`]; [`SendError::NotOffered`] where the server or the role doesn't allow it.
    pub async fn answer(&self, question: EntryId, text: &str) -> Result<LocalId, SendError> {
        self.answer_as(question, text, Answering::default()).await
    }

    /// The same for whom, and guarded as, is asked for. A private answer is no entry: its row is gone once it is settled.
    ///
    /// # Errors
    /// As [`Session::answer`].
    pub async fn answer_as(
        &self,
        question: EntryId,
        text: &str,
        how: Answering,
    ) -> Result<LocalId, SendError> {
        let Answering { visibility, seen, co_answer, grace } = how;
        let text = text.to_owned();
        let body = OutgoingBody::Answer { question, text, visibility, seen, co_answer };
        self.say_after(body, grace).await
    }

    async fn say(&self, body: OutgoingBody) -> Result<LocalId, SendError> {
        self.say_after(body, Duration::ZERO).await
    }

    async fn say_after(&self, body: OutgoingBody, grace: Duration) -> Result<LocalId, SendError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Say { body, grace, reply }).await;
        sent.map_err(|_| SendError::Closed)?;
        answer.await.map_err(|_| SendError::Closed)?
    }

    /// Waits until something in the outbox is settled, one way or the other. What is no longer in the outbox was sent.
    ///
    /// # Errors
    /// [`SessionError::Closed`].
    pub async fn settled(&self, id: LocalId) -> Result<Settled, SessionError> {
        self.request(|reply| Command::Settled { id, reply }).await
    }

    /// Sends a failed or unsure row again.
    ///
    /// # Errors
    /// [`SessionError::NoSuchRow`] when it's no such row.
    pub async fn retry(&self, key: RowKey) -> Result<(), SessionError> {
        self.request(|reply| Command::Retry { key, reply }).await
    }

    /// Throws a queued, failed or unsure row away.
    ///
    /// # Errors
    /// [`SessionError::NoSuchRow`] when it's no such row.
    pub async fn discard(&self, key: RowKey) -> Result<(), SessionError> {
        self.request(|reply| Command::Discard { key, reply }).await
    }

    /// Fetches what a gap row stands for.
    ///
    /// # Errors
    /// [`SessionError`]: no such gap, or the server.
    pub async fn fill_gap(&self, key: RowKey) -> Result<(), SessionError> {
        self.request(|reply| Command::FillGap { key, reply }).await
    }

    /// Tries to connect now instead of when the wait is over; ignored when connected, within a second of the last time, and
    /// before a time that the server named.
    pub fn reconnect(&self) {
        self.wish(Command::Reconnect);
    }

    /// The machine's network changed: the link is doubtful, a wait is worth cutting short.
    pub fn network_changed(&self) {
        self.wish(Command::NetworkChanged);
    }

    /// What is heard is committed, and told, so far apart, where nobody waits for each entry: the first at once, what follows
    /// together. At once again after zero, which is where a room starts. Neither the heartbeat nor a lost link waits for it, nor
    /// does what one says oneself.
    pub fn set_pace(&self, pace: Duration) {
        self.pace.send_if_modified(|wanted| std::mem::replace(wanted, pace) != pace);
    }

    /// Comes back with another token, after a refusal or before one.
    pub async fn set_token(&self, token: Token) {
        // A closed room needs no token.
        let _closed = self.commands.send(Command::SetToken(token)).await;
    }

    /// Everything up to `place` has been read.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn mark_read(&self, place: Place) -> Result<(), SessionError> {
        self.request(|reply| Command::MarkRead { place, reply }).await
    }

    /// The wall clock that this session goes by.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// Leaves the room: says goodbye, waits half a second at most.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.commands.send(Command::Close { reply }).await.is_ok() {
            let _gone = closed.await;
        }
    }

    fn wish(&self, command: Command) {
        // A full queue means that the task has wishes enough; a closed one, that there is nothing to reconnect.
        let _full = self.commands.try_send(command);
    }

    async fn request<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, SessionError>>) -> Command,
    ) -> Result<T, SessionError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| SessionError::Closed)?;
        answer.await.map_err(|_| SessionError::Closed)?
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("room", &self.room).finish_non_exhaustive()
    }
}

impl Env {
    /// The machine's clocks with another network.
    pub fn with_network(network: Arc<dyn Network>, seed: u64) -> Self {
        Self { network, clock: Arc::new(SystemClock), seed }
    }
}
