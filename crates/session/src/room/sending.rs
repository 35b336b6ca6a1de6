//! What was written here, on its way out: durable first, then shown, then sent, in order.

use std::time::Duration;

use aside_history::outgoing::{EXPIRED, OUTBOX_AGE};
use aside_history::{
    Change, Delivery, LocalId, NewOutgoing, Outgoing, OutgoingBody, OutgoingState, RowKey, RowKind,
    Standing, Where, Written,
};
use aside_protocol::http::{ANSWER_PATH, ASK_PATH, Answer, Ask};
use aside_protocol::triage::Visibility;
use aside_protocol::{
    AnswerNotes, Body, ClientFrame, CreatedAt, Entry, EntryId, Extension, MinuteStamp,
    OutgoingMessage, Seq,
};
use jiff::Timestamp;
use rand::Rng;
use tokio::time::Instant;

use super::draft::Draft;
use super::start::{delivery_of, state_of};
use super::{Done, Room};
use crate::error::{SendError, SessionError, Settled};
use crate::link::Say;
use crate::network::{HttpError, HttpReply};

/// In flight at once, where sends are acknowledged; one where they are not.
const IN_FLIGHT: usize = 8;
/// How long the outbox pauses after something could not be sent.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

/// One entry of the outbox, as the room's task keeps it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: LocalId,
    pub(super) body: OutgoingBody,
    pub(super) key: RowKey,
    /// When a person last wanted it sent.
    pub(super) wanted: Timestamp,
    pub(super) attempts: u32,
    pub(super) state: State,
    /// The name under which the server has, or had, it for review.
    pub(super) submission: Option<EntryId>,
    /// Until then it can be taken back, and does not leave.
    pub(super) leaves: Option<Instant>,
}

/// How far it got.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    Queued,
    /// Handed to the link.
    Written {
        at: Instant,
        wall: Timestamp,
    },
    /// A request is under way.
    Posting {
        wall: Timestamp,
    },
    /// The server has it; its entry has not come yet.
    Accepted {
        at: Instant,
        wall: Timestamp,
        seq: Option<Seq>,
    },
    /// Its entry did not come in time, and it stands in the timeline without; until then, it may still come.
    Shown {
        until: Instant,
        wall: Timestamp,
    },
    /// Staff are to look at it; said on this connection, zero for an earlier life of this program.
    InReview {
        generation: u64,
    },
    Unsure(Unsure),
    /// Refused, under this code, with the server's word.
    Failed {
        code: String,
        reason: String,
    },
}

/// What is known of something that may or may not have arrived.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unsure {
    pub(super) wall: Timestamp,
    /// When the doubt began here: a wall clock that was set back must not make it last.
    pub(super) since: Instant,
    /// Snapshots since the link came back that did not show it, counted when they are far enough apart.
    pub(super) snapshots: u8,
    pub(super) last: Option<Instant>,
    /// The room may still find out by itself; until then, what was written later waits.
    pub(super) resolving: bool,
}

/// A finished request.
pub(super) struct Posted {
    pub(super) id: LocalId,
    pub(super) reply: Result<HttpReply, HttpError>,
}

/// The code under which something fails that is too large for a frame, or ended a link by its size; the status of a request that is
/// refused for it.
pub(super) const TOO_LARGE: &str = "413";

impl Room {
    pub(super) async fn say(
        &mut self,
        body: OutgoingBody,
        grace: Duration,
    ) -> Result<LocalId, SendError> {
        let mut random = [0; 10];
        self.rng.fill_bytes(&mut random);
        let now = self.env.clock.now();
        let id = LocalId::new(now, random);
        self.check_body(&body, id)?;
        let item = NewOutgoing { id, body: body.clone(), created: now };
        aside_failpoint::at("say.before-enqueue");
        self.store.enqueue(self.id, item).await?;
        aside_failpoint::at("say.enqueued");
        let state = OutgoingState::Queued;
        let outgoing = Outgoing { id, body, created: now, state, attempts: 0, submission: None };
        if !self.show_echo(outgoing).await {
            // The cache is being repaired; the outbox has it, and shows it again with the cache.
            return Ok(id);
        }
        aside_failpoint::at("say.echoed");
        self.hold_back(grace);
        self.send_outbox().await;
        Ok(id)
    }

    fn check_body(&self, body: &OutgoingBody, id: LocalId) -> Result<(), SendError> {
        let text = body.text();
        if text.trim().is_empty() {
            return Err(SendError::Empty);
        }
        let (limit, can_answer) = {
            let view = self.tell.borrow();
            (view.facts.content_bytes, view.facts.can_answer)
        };
        if text.len() > limit {
            return Err(SendError::TooLong { bytes: text.len(), limit });
        }
        match body {
            OutgoingBody::Answer { .. } if !can_answer => Err(SendError::NotOffered),
            OutgoingBody::Answer { visibility: Visibility::Asker | Visibility::Staff, .. }
                if !self.has_private_answers() =>
            {
                Err(SendError::NotOffered)
            }
            OutgoingBody::Message { text } => {
                // Encoded three times, a text of quotes grows eightfold: the frame is what must fit.
                self.frame_bytes(text, id)
                    .map(drop)
                    .ok_or(SendError::TooLong { bytes: text.len(), limit: text.len() - 1 })
            }
            OutgoingBody::Answer { .. } | OutgoingBody::Question { .. } => Ok(()),
        }
    }

    /// Puts the row of something in the outbox at the timeline's end.
    pub(super) async fn show_echo(&mut self, outgoing: Outgoing) -> bool {
        let Outgoing { id, body, created: wanted, state, attempts, submission } = outgoing;
        let (delivery, state) = (delivery_of(&state), state_of(state, attempts));
        let entry = self.echo_entry(&body).await;
        let row = self.row(entry, true, Standing::Provisional, delivery, Some(id));
        let mut draft = Draft::default();
        draft.push(Change::Insert { at: Where::EchoEnd, rows: vec![row] });
        let keys = self.commit(draft).await;
        let Some(key) = keys.and_then(|keys| keys.first().copied()) else { return false };
        let leaves = None;
        self.outbox.push_back(Item { id, body, key, wanted, attempts, state, submission, leaves });
        true
    }

    async fn echo_entry(&self, body: &OutgoingBody) -> Entry {
        let who = self
            .abilities
            .as_ref()
            .and_then(|abilities| abilities.identity.clone())
            .unwrap_or_default();
        let or = |said: &str, typed: &str| {
            if said.is_empty() { typed.to_owned() } else { said.to_owned() }
        };
        let mut display_name = or(&who.display_name, &self.config.display_name);
        let content = match body {
            OutgoingBody::Message { text } => Body::Message { text: text.clone() },
            OutgoingBody::Question { text } => Body::Question { text: text.clone() },
            OutgoingBody::Answer { question, text, visibility, .. } => {
                let asked = self.store.row_by_entry_id(self.id, question).await.ok().flatten();
                let asked = asked.and_then(|row| match row.kind {
                    RowKind::Entry(row) => Some(row.entry),
                    RowKind::Gap(_) | RowKind::Boundary => None,
                });
                display_name =
                    asked.as_ref().map_or_else(String::new, |entry| entry.display_name.clone());
                Body::Answer {
                    org_name: who.org_name.clone(),
                    org_logo: who.org_logo.clone(),
                    question: asked
                        .map_or_else(String::new, |entry| entry.body().text().to_owned()),
                    text: text.clone(),
                    question_id: Some(question.clone()),
                    notes: AnswerNotes { visibility: *visibility, ..AnswerNotes::default() },
                }
            }
        };
        Entry {
            kind: content.kind(),
            user: or(&who.user, &self.config.user),
            display_name,
            avatar_url: or(&who.avatar_url, &self.config.avatar_url),
            stream: self.config.stream.as_str().to_owned(),
            content: content.to_content(),
            created_at: Some(CreatedAt::Instant(self.env.clock.now())),
            id: None,
            seq: None,
            nonce: None,
        }
    }

    fn message_frame(&self, text: String, id: Option<LocalId>) -> ClientFrame {
        ClientFrame::Send(OutgoingMessage {
            topic: self.config.topic.clone(),
            stream: self.config.stream.clone(),
            user: self.config.user.clone(),
            display_name: self.config.display_name.clone(),
            avatar_url: self.config.avatar_url.clone(),
            content: text,
            created_at: MinuteStamp::of(&self.env.clock.zoned()).to_string(),
            nonce: id.map(LocalId::nonce),
        })
    }

    /// How large the frame of a message is, with the name that some servers are told; nothing where no frame holds it.
    pub(super) fn frame_bytes(&self, text: &str, id: LocalId) -> Option<usize> {
        let frame = self.message_frame(text.to_owned(), Some(id));
        frame.encode(&self.token).ok().map(|text| text.len())
    }

    /// It fitted when it was written; the token may have grown since.
    fn fits(&self, item: &Item) -> bool {
        let Item { body, id, .. } = item;
        !matches!(body, OutgoingBody::Message { .. })
            || self.frame_bytes(body.text(), *id).is_some()
    }

    /// Sends what may be sent now, first written first.
    pub(super) async fn send_outbox(&mut self) {
        let now = Instant::now();
        if !self.is_online() || self.paused_until.is_some_and(|until| now < until) {
            return;
        }
        self.paused_until = None;
        let oldest = self.env.clock.now().saturating_sub(OUTBOX_AGE).unwrap_or(Timestamp::MIN);
        let limit = if self.has(Extension::Ack) { IN_FLIGHT } else { 1 };
        let mut in_flight = 0;
        for n in 0..self.outbox.len() {
            match &self.outbox[n].state {
                State::Failed { .. }
                | State::Accepted { .. }
                | State::Shown { .. }
                | State::InReview { .. } => {}
                State::Unsure(unsure) if !unsure.resolving => {}
                State::Unsure(_) => return,
                State::Written { .. } | State::Posting { .. } => in_flight += 1,
                // This program runs for weeks: what became too old meanwhile is failed here, as it is at a start.
                State::Queued if self.outbox[n].wanted < oldest => {
                    self.fail(n, EXPIRED.to_owned(), String::new()).await;
                }
                State::Queued if !self.fits(&self.outbox[n]) => {
                    self.fail(n, TOO_LARGE.to_owned(), String::new()).await;
                }
                State::Queued if self.outbox[n].is_held_back(now) => {}
                State::Queued => {
                    if !self.write_item(n, now).await {
                        return;
                    }
                    in_flight += 1;
                }
            }
            if in_flight >= limit {
                return;
            }
        }
    }

    async fn write_item(&mut self, n: usize, now: Instant) -> bool {
        let (id, body) = (self.outbox[n].id, self.outbox[n].body.clone());
        let wall = self.env.clock.now();
        // On disk before it leaves: should everything stop between the two, it counts as unsure, never as unsent.
        let written = OutgoingState::Written(Written { generation: self.generation, at: wall });
        aside_failpoint::at("send.before-mark");
        if let Err(error) = self.store.set_outgoing(id, written).await {
            tracing::warn!(%error, "the outbox can't be written");
            self.paused_until = Some(now + PAUSE);
            return false;
        }
        aside_failpoint::at("send.marked");
        let nonce = self.has(Extension::Ack).then_some(id);
        let state = match body {
            OutgoingBody::Message { text } => {
                let frame = self.message_frame(text, nonce);
                if !self.say_to_link(Say::Frame(frame)) {
                    // The link takes no more: it is stuck, and about to be found so.
                    self.set_state(n, State::Queued, OutgoingState::Queued).await;
                    self.paused_until = Some(now + PAUSE);
                    return false;
                }
                State::Written { at: now, wall }
            }
            OutgoingBody::Question { text } => {
                let stream = self.config.stream.clone();
                let ask = Ask { content: text, stream, nonce: nonce.map(LocalId::nonce) };
                self.post(id, ASK_PATH, ask.to_json());
                State::Posting { wall }
            }
            OutgoingBody::Answer { question, text, visibility, seen, co_answer } => {
                let (question_id, content) = (question, text);
                let (stream, nonce) = (self.config.stream.clone(), nonce.map(LocalId::nonce));
                let answer =
                    Answer { question_id, content, stream, nonce, seen, visibility, co_answer };
                self.post(id, ANSWER_PATH, answer.to_json());
                State::Posting { wall }
            }
        };
        self.outbox[n].state = state;
        self.outbox[n].attempts += 1;
        aside_failpoint::at("send.handed-over");
        true
    }

    fn post(&mut self, id: LocalId, path: &'static str, body: String) {
        let fetch = self.fetch();
        self.jobs.spawn(async move {
            let reply = fetch.post(path, body).await;
            Done::Posted(Posted { id, reply })
        });
    }

    /// Sets how far something got, in memory and on disk.
    pub(super) async fn set_state(&mut self, n: usize, state: State, stored: OutgoingState) {
        let id = self.outbox[n].id;
        self.outbox[n].state = state;
        if let Err(error) = self.store.set_outgoing(id, stored).await {
            tracing::warn!(%error, "the outbox can't be written");
        }
    }

    pub(super) async fn deliver(&mut self, key: RowKey, delivery: Delivery) {
        let mut draft = Draft::default();
        draft.push(Change::Deliver { key, delivery });
        // A refused commit repairs the cache, and shows the outbox anew.
        let _keys = self.commit(draft).await;
    }

    pub(super) async fn fail(&mut self, n: usize, code: String, reason: String) {
        let (id, key) = (self.outbox[n].id, self.outbox[n].key);
        let stored = OutgoingState::Failed { code: code.clone(), reason: reason.clone() };
        let failed = State::Failed { code: code.clone(), reason: reason.clone() };
        self.set_state(n, failed, stored).await;
        aside_failpoint::at("fail.stored");
        let delivery = Delivery::Failed { code: code.clone(), reason: reason.clone() };
        self.deliver(key, delivery).await;
        self.tell_settled(id, Settled::Failed { code, reason });
    }

    pub(super) fn retriable(&self, key: RowKey) -> Result<usize, SessionError> {
        let found = self.outbox.iter().position(|item| item.key == key);
        let n = found.ok_or(SessionError::NoSuchRow)?;
        match self.outbox[n].state {
            State::Failed { .. } | State::Unsure(_) => Ok(n),
            State::Queued
            | State::Written { .. }
            | State::Posting { .. }
            | State::InReview { .. }
            | State::Accepted { .. }
            | State::Shown { .. } => Err(SessionError::NoSuchRow),
        }
    }

    pub(super) async fn retry(&mut self, key: RowKey) -> Result<(), SessionError> {
        let n = self.retriable(key)?;
        let (id, now) = (self.outbox[n].id, self.env.clock.now());
        (self.outbox[n].state, self.outbox[n].wanted) = (State::Queued, now);
        if let Err(error) = self.store.retry_outgoing(id, now).await {
            tracing::warn!(%error, "the outbox can't be written");
        }
        self.settled.retain(|(known, _)| *known != id);
        self.deliver(key, Delivery::Sending).await;
        self.send_outbox().await;
        Ok(())
    }
}
