//! The task that owns a room: its state, and the one loop that changes it.
//!
//! Everything that happens arrives here as a value: a wish of a holder ([`Command`]), something a link heard, a finished
//! request, a moment that has come. Frames and requests carry the generation of the connection that they belong to; those
//! of an old one are dropped. What follows is decided in memory, committed in one transaction, and told afterwards.
//!
//! The parts: `start` (from what the disk holds), `draft` (one commit in the making), `connection` (coming and going), `abilities` (what the server can do), `surroundings`
//! (the network around it), `intake` (what a link heard), `pacing` (how often that is committed), `exact`
//! (servers with places), `behind` (where much was missed there), `recovered` (what came back), `aligned` and `snapshot` (servers without), `older` (paging and gaps), `removals` (what a desk took out), `moderating` (what is done here for order), `sending`, `settling`,
//! `doubt` and `taking_back` (the outbox), `desk` (questions as work), `review` (questions that wait for staff), `snippets` (texts that staff share), `wishes` (what is to be done with them), `answers` (to them), `looking` (who looks at
//! which, and votes) and `local` (the same on servers that keep no states).

mod abilities;
mod aligned;
mod answers;
mod behind;
mod bounds;
mod connection;
mod desk;
mod doubt;
mod draft;
mod exact;
mod intake;
mod local;
mod looking;
mod moderating;
mod older;
mod pacing;
mod recovered;
mod removals;
mod review;
mod sending;
mod settling;
mod snapshot;
mod snippets;
mod start;
mod surroundings;
mod taking_back;
mod wishes;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aside_history::{LocalId, OutboxError, OutgoingBody, Place, Position, RoomId, RowKey, Store};
use aside_protocol::http::HistoryPage;
use aside_protocol::moderation::Removal;
use aside_protocol::triage::{Changes, Doing, LogLine, SnippetChange, Snippets, Visibility, Voted};
use aside_protocol::{Capabilities, Entry, EntryId, Token};
use rand::rngs::StdRng;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::align::Printer;
use crate::backoff::Backoff;
use crate::clock::SleepWatch;
use crate::config::RoomConfig;
use crate::error::{SendError, SessionError, Settled, TriageError};
use crate::fetch::{Fetch, FetchError, Pages};
use crate::heartbeat::Heartbeat;
use crate::link::{Ear, Heard, Link};
use crate::session::Env;
use crate::verdict::Strikes;
use crate::view::RoomView;

pub(crate) use start::start;

use aligned::Aligned;
pub(crate) use answers::draft_of;
pub use answers::{Answering, Begun, OVERTAKEN, OutgoingAnswer};
use connection::Phase;
pub use desk::Questions;
use exact::Exact;
use intake::take_what_waits;
pub use moderating::Mute;
pub(crate) use moderating::OrderWish;
use pacing::Pacing;
use sending::Item;
use surroundings::Surroundings;
pub use taking_back::TakenBack;
pub(crate) use wishes::Staff;
pub use wishes::Wish;

/// The answer to a wish.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, SessionError>>;
/// Whether what is a person's own was kept.
pub(crate) type Stored = oneshot::Sender<Result<(), OutboxError>>;

/// A wish of whoever holds the session.
pub(crate) enum Command {
    Say { body: OutgoingBody, grace: Duration, reply: oneshot::Sender<Result<LocalId, SendError>> },
    Settled { id: LocalId, reply: Reply<Settled> },
    Retry { key: RowKey, reply: Reply<()> },
    Discard { key: RowKey, reply: Reply<()> },
    TakeBack { key: RowKey, reply: Reply<TakenBack> },
    FillGap { key: RowKey, reply: Reply<()> },
    Older { limit: u32, reply: Reply<()> },
    MarkRead { place: Place, reply: Reply<()> },
    SetToken(Token),
    Reconnect,
    NetworkChanged,
    Triage { wish: Wish, reply: wishes::Tell },
    Staff { wish: Staff, reply: wishes::Tell },
    QuestionLog { question: EntryId, reply: oneshot::Sender<Result<Vec<LogLine>, TriageError>> },
    Look { question: Option<EntryId>, doing: Doing, device: String },
    Vote { question: EntryId, vote: bool, reply: oneshot::Sender<Result<Voted, TriageError>> },
    Questions { since: u64, reply: Reply<Questions> },
    Snippets { reply: Reply<Snippets> },
    ChangeSnippets { rev: u64, change: SnippetChange, reply: snippets::Tell },
    Draft { of: Begun, text: String, readers: Visibility, reply: Stored },
    AnswerAnyway { key: RowKey, reply: Reply<()> },
    Order(OrderWish),
    Close { reply: oneshot::Sender<()> },
}

impl Command {
    /// Whether what was heard before it must be taken in first: it ends a connection, or depends on what came.
    fn needs_all(&self) -> bool {
        matches!(
            self,
            Self::Close { .. } | Self::SetToken(_) | Self::Retry { .. } | Self::AnswerAnyway { .. }
        )
    }
}

/// Frames that are committed together at most.
const BATCH: usize = 2048;

/// How entries find their place.
enum Merge {
    /// The server has not said yet; live entries wait.
    Undecided(Vec<Entry>),
    /// By `seq`.
    Exact(Exact),
    /// By alignment.
    Aligned(Aligned),
}

/// A finished request.
enum Done {
    Abilities(u64, crate::fetch::Abilities),
    Exact(u64, exact::Asked, Result<HistoryPage, FetchError>),
    Snapshot(u64, aligned::Fetched),
    Older(older::Fetched),
    Looked(u64, crate::portal::Found),
    Posted(sending::Posted),
    Changes(u64, Result<Changes, FetchError>),
    Granted(wishes::Granted),
    Counted(looking::Counted),
    Snippets(u64, Result<Snippets, FetchError>),
    Removals(u64, Result<Vec<Removal>, FetchError>),
    SnippetsChanged(snippets::Changed),
    Removed(moderating::Asked),
}

/// Everything about one room.
struct Room {
    config: Arc<RoomConfig>,
    token: Token,
    store: Store,
    id: RoomId,
    env: Env,
    rng: StdRng,
    tell: watch::Sender<RoomView>,
    printer: Arc<Printer>,
    phase: Phase,
    generation: u64,
    link: Option<Link>,
    heart: Option<Heartbeat>,
    ear: Ear,
    pacing: Pacing,
    jobs: JoinSet<Done>,
    backoff: Backoff,
    strikes: Strikes,
    sleep: SleepWatch,
    /// When the task wakes at the latest.
    due: Instant,
    around: Surroundings,

    /// What the server last said of itself, in this session.
    abilities: Option<Capabilities>,
    hearing: abilities::Hearing,
    /// The user ids under which this person's entries come back.
    me: Vec<String>,
    merge: Merge,
    position: Position,
    /// What is being filled behind the newest rows.
    behind: Option<behind::Behind>,
    outbox: VecDeque<Item>,
    paused_until: Option<Instant>,
    /// How what is no longer in the outbox ended, newest last.
    settled: VecDeque<(LocalId, Settled)>,
    waiting: Vec<(LocalId, Reply<Settled>)>,
    older_busy: bool,
    desk: desk::Desk,
    team: snippets::Team,
    removals: removals::Removals,
    order: moderating::Order,
    pages: Arc<Pages>,
    /// A commit was refused.
    storage_broken: bool,
}

impl Room {
    async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Command>,
        mut ear: mpsc::Receiver<(u64, Heard)>,
        hurry: Arc<Notify>,
    ) {
        let mut batch = Vec::new();
        self.connect();
        loop {
            self.publish();
            // What waits while nothing rests any more is taken in at once.
            let rest = (!batch.is_empty()).then(|| self.rest().unwrap_or_else(Instant::now));
            let nap = rest.into_iter().fold(self.deadline(), Instant::min);
            self.due = nap;
            let most = self.batch();
            tokio::select! {
                biased;
                command = inbox.recv() => {
                    if command.as_ref().is_none_or(Command::needs_all) {
                        take_what_waits(&mut ear, &mut batch, BATCH);
                        self.listen(batch.drain(..)).await;
                    }
                    match command {
                        Some(Command::Close { reply }) => {
                            self.leave().await;
                            // Whoever asked may have gone.
                            let _gone = reply.send(());
                            return;
                        }
                        Some(command) => self.obey(command).await,
                        None => return self.leave().await,
                    }
                }
                _count = ear.recv_many(&mut batch, most), if batch.is_empty() => {}
                () = hurry.notified(), if rest.is_some() => self.pacing.end(),
                () = self.pacing.changed() => {}
                () = self.around.hears(), if !self.around.is_told() => {}
                Some(done) = self.jobs.join_next(), if !self.jobs.is_empty() => self.finish(done.ok()).await,
                () = sleep_until(nap) => {}
            }
            if !batch.is_empty() && self.rest().is_none_or(|until| until <= Instant::now()) {
                take_what_waits(&mut ear, &mut batch, most);
                let more = batch.len() >= most;
                self.listen(batch.drain(..)).await;
                // Behind a full batch may be what a room does not rest for.
                if more { self.pacing.end() } else { self.pacing.begin(Instant::now()) }
            }
            // A flood of frames must not keep finished requests waiting.
            while let Some(done) = self.jobs.try_join_next() {
                self.finish(done.ok()).await;
            }
            self.look_at_the_clock().await;
            self.keep_desk().await;
            self.tell_order();
        }
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Say { body, grace, reply } => {
                let said = self.say(body, grace).await;
                let _gone = reply.send(said);
            }
            Command::Settled { id, reply } => self.wait_for(id, reply).await,
            Command::Retry { key, reply } => {
                let _gone = reply.send(self.retry(key).await);
            }
            Command::Discard { key, reply } => {
                let _gone = reply.send(self.discard(key).await);
            }
            Command::TakeBack { key, reply } => {
                let _gone = reply.send(self.take_back(key).await);
            }
            Command::FillGap { key, reply } => self.fill_gap(key, reply).await,
            Command::Older { limit, reply } => self.fetch_older(limit, reply).await,
            Command::MarkRead { place, reply } => {
                let _gone = reply.send(self.mark_read(place).await);
            }
            Command::Triage { wish, reply } => self.wish(wish, reply).await,
            Command::Staff { wish, reply } => self.staff(wish, reply),
            Command::QuestionLog { question, reply } => self.question_log(question, reply),
            Command::Look { question, doing, device } => self.looks_at(question, doing, device),
            Command::Vote { question, vote, reply } => self.vote(question, vote, reply),
            Command::Questions { since, reply } => {
                let _gone = reply.send(Ok(self.desk.since(since)));
            }
            Command::Snippets { reply } => {
                let _gone = reply.send(Ok(self.team.list()));
            }
            Command::ChangeSnippets { rev, change, reply } => {
                self.change_snippets(rev, change, reply);
            }
            Command::Draft { of, text, readers, reply } => {
                let _gone = reply.send(self.keep_draft(of, text, readers).await);
            }
            Command::AnswerAnyway { key, reply } => {
                let _gone = reply.send(self.answer_anyway(key).await);
            }
            Command::Order(wish) => self.obey_order(wish),
            Command::SetToken(token) => self.set_token(token).await,
            Command::Reconnect => self.reconnect(),
            Command::NetworkChanged => self.network_changed(),
            // Taken by the loop itself.
            Command::Close { .. } => {}
        }
    }

    async fn finish(&mut self, done: Option<Done>) {
        match done {
            Some(Done::Abilities(generation, abilities)) if generation == self.generation => {
                self.abilities_came(abilities).await;
            }
            Some(Done::Exact(generation, asked, page)) if generation == self.generation => {
                self.exact_came(asked, page).await;
            }
            Some(Done::Snapshot(generation, fetched)) if generation == self.generation => {
                self.snapshot_came(fetched);
            }
            Some(Done::Looked(generation, found)) if generation == self.generation => {
                self.looked(found);
            }
            Some(Done::Older(fetched)) => self.older_came(fetched).await,
            Some(Done::Posted(posted)) => self.posted(posted).await,
            Some(Done::Changes(generation, changes)) if generation == self.generation => {
                self.changes_came(changes);
            }
            Some(Done::Granted(granted)) => self.granted(granted),
            Some(Done::Counted(counted)) => self.counted(counted),
            Some(Done::Snippets(generation, list)) if generation == self.generation => {
                self.snippets_came(list);
            }
            Some(Done::SnippetsChanged(changed)) => self.snippets_changed(changed),
            Some(Done::Removed(asked)) => self.removal_answered(asked),
            Some(Done::Removals(generation, found)) if generation == self.generation => {
                self.removals_came(found).await;
            }
            // Of an old generation, or cut short.
            Some(
                Done::Abilities(..)
                | Done::Exact(..)
                | Done::Snapshot(..)
                | Done::Looked(..)
                | Done::Changes(..)
                | Done::Snippets(..)
                | Done::Removals(..),
            )
            | None => {}
        }
    }

    /// The next moment at which something is due.
    fn deadline(&self) -> Instant {
        let now = Instant::now();
        let heart = self.heart.as_ref().filter(|_| self.phase.beats()).map(Heartbeat::deadline);
        let merge = match &self.merge {
            Merge::Undecided(_) => None,
            Merge::Exact(exact) => exact.due(now),
            Merge::Aligned(aligned) => aligned.due(now),
        };
        let (phase, around) = (self.phase.due(), self.around.due(now));
        [heart, merge, phase, self.outbox_due(now), self.look_due(), self.removal_due()]
            .into_iter()
            .flatten()
            .fold(around, Instant::min)
    }

    async fn look_at_the_clock(&mut self) {
        let now = Instant::now();
        self.check_storage().await;
        self.check_sleep(now).await;
        self.check_routes(now);
        self.check_heart(now).await;
        self.check_phase(now).await;
        self.check_exact(now).await;
        self.check_aligned(now).await;
        self.check_outbox(now).await;
        self.check_look(now);
        self.check_removals(now);
    }

    fn fetch(&self) -> Fetch {
        Fetch {
            network: Arc::clone(&self.env.network),
            config: Arc::clone(&self.config),
            token: self.token.clone(),
            pages: Arc::clone(&self.pages),
        }
    }
}
