//! How a room's task begins, and begins anew when the cache was not what it believed: from what the disk holds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aside_history::{
    Change, Delivery, GapState, NewOutgoing, Outgoing, OutgoingBody, OutgoingState, Place,
    Position, Revision, RoomId, Row, RowKind, Store, StoreError, Written,
};
use aside_protocol::{Body, Entry, Extension, Token};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection::Phase;
use super::draft::Draft;
use super::pacing::Pacing;
use super::sending::{Item, State, Unsure};
use super::surroundings::Surroundings;
use super::{Command, Merge, Room};
use crate::align::Printer;
use crate::backoff::Backoff;
use crate::clock::SleepWatch;
use crate::config::RoomConfig;
use crate::error::StartError;
use crate::link::Ear;
use crate::session::Env;
use crate::verdict::{End, Strikes};
use crate::view::{Connection, Counters, RoomView, ServerFacts};

/// Starts the task. It ends when the last holder is gone.
pub(crate) async fn start(
    config: RoomConfig,
    token: Token,
    store: Store,
    id: RoomId,
    env: Env,
    inbox: mpsc::Receiver<Command>,
    pace: watch::Receiver<Duration>,
) -> Result<watch::Receiver<RoomView>, StartError> {
    let store = store.bound();
    let state = store.room_state(id).await?;
    let (tell, view) = watch::channel(RoomView {
        revision: state.revision,
        connection: Connection::Connecting,
        unread: store.unread(id).await?,
        facts: ServerFacts { user: config.user.clone(), ..ServerFacts::default() },
        desk: crate::view::DeskView::default(),
        order: crate::view::OrderView::default(),
        behind: false,
        counters: Counters::default(),
        recovered: None,
    });
    let (kept, slots) = (store.items(id).await?, store.drafted(id).await?);
    let (ear, heard, hurry) = Ear::new();
    let mut room = Room {
        rng: StdRng::seed_from_u64(env.seed),
        sleep: SleepWatch::new(Instant::now(), env.clock.with_sleep()),
        due: Instant::now(),
        around: Surroundings::new(env.network.news()),
        me: vec![config.user.clone()],
        config: Arc::new(config),
        token,
        store,
        id,
        env,
        tell,
        printer: Arc::new(Printer::default()),
        phase: Phase::Connecting,
        generation: 0,
        link: None,
        heart: None,
        ear,
        pacing: Pacing::new(pace),
        jobs: JoinSet::new(),
        backoff: Backoff::new(),
        strikes: Strikes::default(),
        abilities: None,
        hearing: super::abilities::Hearing::default(),
        merge: Merge::Undecided(Vec::new()),
        position: state.position.unwrap_or_default(),
        behind: None,
        outbox: VecDeque::new(),
        paused_until: None,
        settled: VecDeque::new(),
        waiting: Vec::new(),
        older_busy: false,
        desk: super::desk::Desk::of(kept, slots),
        team: super::snippets::Team::default(),
        removals: super::removals::Removals::default(),
        order: super::moderating::Order::default(),
        pages: Arc::default(),
        storage_broken: false,
    };
    room.load_outbox().await?;
    room.find_behind().await;
    room.tell.send_modify(|view| view.behind = room.behind.is_some());
    tokio::spawn(room.run(inbox, heard, hurry));
    Ok(view)
}

impl Room {
    /// The cache can't be written, or does not hold what we believe, perhaps because somebody met damage in it and it is another one now: let
    /// the link go and begin anew from what it holds.
    pub(super) async fn check_storage(&mut self) {
        if std::mem::take(&mut self.storage_broken) || self.store.is_outdated() {
            self.lost(End::Storage).await;
            self.reload().await;
        }
    }

    /// Begins anew from what the disk holds. The link must be gone.
    pub(super) async fn reload(&mut self) {
        self.removals.none_heeded();
        self.store = self.store.bound();
        match self.store.room_state(self.id).await {
            Ok(state) => {
                self.position = state.position.unwrap_or_else(Position::default);
                self.find_behind().await;
                self.desk.none_saved();
                self.tell_revision(state.revision.max(Revision(0))).await;
            }
            Err(error) => {
                tracing::warn!(%error, "the cache can't be read");
                self.storage_broken = true;
                return;
            }
        }
        if let Err(error) = self.load_outbox().await {
            tracing::warn!(%error, "the outbox can't be read");
            self.storage_broken = true;
        }
    }

    /// Brings the outbox and the rows that show it together, whatever was cut short between the two.
    pub(super) async fn load_outbox(&mut self) -> Result<(), StoreError> {
        // What became too old is failed there, with its text kept.
        self.store.expire_outgoing(self.id, self.env.clock.now()).await?;
        aside_failpoint::at("start.expired");
        self.outbox.clear();
        for outgoing in self.store.outbox(self.id).await? {
            match self.store.row_by_local_id(self.id, outgoing.id).await? {
                Some(row) if is_settled(&row) => {
                    aside_failpoint::at("start.before-forget");
                    self.store.remove_outgoing(outgoing.id).await?;
                }
                Some(row) => self.load_item(outgoing, &row).await,
                None => {
                    self.show_echo(outgoing).await;
                }
            }
        }
        self.adopt_echoes().await
    }

    /// Rows of what was written here whose lines are lost, with a part of the outbox or in a power failure that took only the cache back. Nobody
    /// knows whether they were sent: so they are left to the person, and to the history, which may show them.
    async fn adopt_echoes(&mut self) -> Result<(), StoreError> {
        for row in self.store.echoes(self.id).await? {
            let RowKind::Entry(echo) = &row.kind else { continue };
            let Some(id) = echo.local_id.filter(|id| self.outbox.iter().all(|item| item.id != *id))
            else {
                continue;
            };
            let newest = self.store.row_by_local_id(self.id, id).await?;
            if newest.is_some_and(|row| is_settled(&row)) {
                let mut draft = Draft::default();
                draft.push(Change::Remove { key: row.key });
                self.commit(draft).await;
                continue;
            }
            let Some(body) = body_of(&echo.entry) else { continue };
            let (created, at) = (row.received_at, row.received_at);
            let state = match &echo.delivery {
                Delivery::Failed { code, reason } => {
                    OutgoingState::Failed { code: code.clone(), reason: reason.clone() }
                }
                _ => OutgoingState::Unsure(Written { generation: 0, at }),
            };
            let item = NewOutgoing { id, body: body.clone(), created };
            match self.store.adopt_outgoing(self.id, item, state.clone()).await {
                Ok(true) => {
                    let outgoing =
                        Outgoing { id, body, created, state, attempts: 0, submission: None };
                    self.load_item(outgoing, &row).await;
                }
                // A line that can't be read is left alone, and so is its row.
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "an own row has no line in the outbox"),
            }
        }
        Ok(())
    }

    async fn load_item(&mut self, outgoing: Outgoing, row: &Row) {
        let Outgoing { id, body, created: wanted, state, attempts, submission } = outgoing;
        let (delivery, state) = (delivery_of(&state), state_of(state, attempts));
        let shown = row.entry().is_some_and(|entry| entry.delivery == delivery);
        let key = row.key;
        let leaves = None;
        self.outbox.push_back(Item { id, body, key, wanted, attempts, state, submission, leaves });
        if !shown {
            self.deliver(key, delivery).await;
        }
    }

    /// The server has said what it can do: from here on, entries find their place.
    pub(super) async fn decide_merge(&mut self) {
        let Merge::Undecided(waiting) = &mut self.merge else { return };
        let waiting = std::mem::take(waiting);
        let mut draft = Draft::default();
        if self.has(Extension::Seq) {
            self.begin_exact(&mut draft).await;
        } else {
            self.behind_is_over(&mut draft, GapState::Open);
            self.begin_aligned(&mut draft).await;
        }
        for entry in waiting {
            self.live(&mut draft, entry);
        }
        self.keep(draft).await;
    }
}

/// What was written here, as its row shows it.
fn body_of(entry: &Entry) -> Option<OutgoingBody> {
    match entry.body() {
        Body::Message { text } => Some(OutgoingBody::Message { text }),
        Body::Question { text } => Some(OutgoingBody::Question { text }),
        Body::Answer { text, question_id, notes, .. } => Some(OutgoingBody::Answer {
            question: question_id?,
            text,
            visibility: notes.visibility,
            seen: None,
            co_answer: false,
        }),
    }
}

/// Whether the row of something written here has its lasting place, so that the outbox has nothing left to do.
fn is_settled(row: &Row) -> bool {
    !Place::is_echo(row.place)
}

/// How the row of something in the outbox looks.
pub(super) fn delivery_of(stored: &OutgoingState) -> Delivery {
    match stored {
        OutgoingState::Queued => Delivery::Sending,
        OutgoingState::Written(_) | OutgoingState::Unsure(_) => Delivery::Unsure,
        OutgoingState::InReview { .. } => Delivery::InReview,
        OutgoingState::Failed { code, reason } => {
            Delivery::Failed { code: code.clone(), reason: reason.clone() }
        }
    }
}

/// How far something in the outbox got, as far as the disk knows.
pub(super) fn state_of(stored: OutgoingState, attempts: u32) -> State {
    let left_to_the_person = matches!(stored, OutgoingState::Unsure(_)) || attempts > 1;

    match stored {
        OutgoingState::Queued => State::Queued,
        // A server that takes everything once gets it again as soon as that is known.
        OutgoingState::Written(written) | OutgoingState::Unsure(written) => {
            let resolving = !left_to_the_person;
            State::Unsure(Unsure {
                wall: written.at,
                since: Instant::now(),
                snapshots: 0,
                last: None,
                resolving,
            })
        }
        OutgoingState::InReview { .. } => State::InReview { generation: 0 },
        OutgoingState::Failed { code, reason } => State::Failed { code, reason },
    }
}
