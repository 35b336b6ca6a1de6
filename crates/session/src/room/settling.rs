//! How what was written here ends: found among what the server has, refused, or left in doubt.

use std::time::Duration;

use aside_history::{
    Change, Delivery, LocalId, OutgoingBody, OutgoingState, RowKey, Standing, Where,
};
use aside_protocol::http::{ErrorReply, Stored};
use aside_protocol::triage::Visibility;
use aside_protocol::{Body, Entry, EntryId, EntryKind, Extension, Nonce, Seq};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::answers::OVERTAKEN;
use super::draft::Draft;
use super::exact::LARGEST;
use super::sending::{Item, PAUSE, Posted, State};
use super::{Merge, Reply, Room};
use crate::error::{SessionError, Settled};
use crate::network::{HttpError, HttpReply};
use crate::verdict::{is_html, retry_after};

/// An entry in the history that is older than what was written here can't be its echo; clocks may differ by so much.
const SKEW: SignedDuration = SignedDuration::from_secs(120);
/// Rates that a server names without a time.
const TOO_FAST: Duration = Duration::from_secs(3);
/// The longest that one refusal holds anything up.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A request that is refused for other reasons than its words is made so often while the link lives.
const OTHER_TRIES: u32 = 20;
/// How many ends are remembered for those who ask later.
const REMEMBERED: usize = 1000;

/// Where in the history an entry was found.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The history goes on from rows that are here.
    pub(super) goes_on: bool,
    /// The first few of the other people's rows that stand behind it, in the order in which they came here.
    pub(super) known_after: Vec<RowKey>,
}

/// So many rows that were here before something was written prove that what stands before them is something else.
pub(super) const KNOWN_AFTER: usize = 3;

impl Room {
    /// Which item of the outbox an entry is the echo of, if of any.
    pub(super) fn own(&mut self, entry: &Entry) -> Option<usize> {
        self.own_if(entry, |_| true)
    }

    fn own_if(&self, entry: &Entry, may_be: impl Fn(&Item) -> bool) -> Option<usize> {
        if let Some(nonce) = &entry.nonce {
            let id = LocalId::parse(nonce.as_str());
            return self.outbox.iter().position(|item| Some(item.id) == id);
        }
        if let Some(seq) = entry.seq {
            let accepted = |item: &Item| matches!(item.state, State::Accepted { seq: Some(at), .. } if at == seq);
            if let Some(own) = self.outbox.iter().position(accepted) {
                return Some(own);
            }
        }
        let by_nonce = self.has(Extension::Ack) && matches!(self.merge, Merge::Exact(_));
        let ours = self.is_mine(entry)
            || (!entry.display_name.is_empty() && entry.display_name == self.config.display_name);
        let fits = |item: &Item| {
            // A server that acknowledges names what is ours; another device of the same person may say the same words.
            let nameless = !by_nonce || matches!(item.state, State::Accepted { seq: None, .. });
            // The server alone decides under which id a question appears; while one of ours is under way, its words are enough.
            let asking = entry.kind == EntryKind::Question
                && matches!(
                    item.state,
                    State::Posting { .. }
                        | State::Accepted { .. }
                        | State::Shown { .. }
                        | State::InReview { .. }
                );
            let same = was_written(item) && says(&item.body, entry);
            nameless && (ours || asking) && same && may_be(item)
        };
        // What is under way comes before what was given up: an old doubt must not take the echo that the outbox waits for.
        let under_way = |item: &Item| {
            let waits = matches!(
                item.state,
                State::Written { .. }
                    | State::Posting { .. }
                    | State::Accepted { .. }
                    | State::InReview { .. }
            );
            waits && fits(item)
        };
        self.outbox.iter().position(under_way).or_else(|| self.outbox.iter().position(fits))
    }

    /// As [`Room::own`], for an entry from the history, which may be older than what was written here. Where the history goes
    /// on from our rows, what stands before rows that were here first can't be ours (one or two of them may have been taken
    /// for others with the same words); only where it doesn't, the clocks decide, of which either may be wrong.
    pub(super) fn own_in_history(&mut self, entry: &Entry, place: &Place) -> Option<usize> {
        let zone = self.env.clock.zoned().time_zone().clone();
        let made = entry.created_at.and_then(|at| at.resolve(&zone));
        self.own_if(entry, |item| {
            let known_after = place.known_after.iter().filter(|key| **key < item.key).count();
            let too_old = made
                .zip(written_at(&item.state))
                .is_some_and(|(made, at)| at.duration_since(made) > SKEW);
            known_after < KNOWN_AFTER && (place.goes_on || !too_old)
        })
    }

    /// The server has it, and this is its entry: the echo becomes the entry, and keeps its key.
    pub(super) fn settle(
        &mut self,
        draft: &mut Draft,
        own: usize,
        entry: Entry,
        at: Where,
        standing: Standing,
    ) {
        aside_failpoint::at("settle.echo-heard");
        let (id, key) = (self.outbox[own].id, self.outbox[own].key);
        self.order.spoke(written_at(&self.outbox[own].state));
        let settled = Settled::Sent { id: entry.id.clone(), seq: entry.seq };
        let row = self.row(entry, true, standing, Delivery::Sent, Some(id));
        draft.push(Change::Settle { key, at, row });
        draft.forget.push(id);
        draft.settled.push((id, settled));
        // From here on nothing else is its echo.
        self.outbox.remove(own);
    }

    pub(super) fn acked(
        &mut self,
        draft: &mut Draft,
        nonce: &Nonce,
        id: Option<EntryId>,
        seq: Option<Seq>,
    ) {
        let local = LocalId::parse(nonce.as_str());
        let Some(own) = self.outbox.iter().position(|item| Some(item.id) == local) else { return };
        self.stored(draft, own, id, seq);
    }

    /// The server says that it has it; the entry itself is on its way. Where its place is known, a frame that got lost is
    /// noticed, and fetched.
    pub(super) fn stored(
        &mut self,
        draft: &mut Draft,
        own: usize,
        id: Option<EntryId>,
        seq: Option<Seq>,
    ) {
        let seq = seq.filter(|seq| seq.0 <= LARGEST);
        if let (Merge::Exact(exact), Some(seq)) = (&mut self.merge, seq) {
            exact.sequence.exists(seq);
        }
        aside_failpoint::at("settle.acknowledged");
        let item = &self.outbox[own];
        self.order.spoke(written_at(&item.state));
        draft.settled.push((item.id, Settled::Sent { id, seq }));
        // No entry will come: what not everybody may read stands at its question, and not in the timeline.
        if is_private(&item.body) {
            draft.push(Change::Remove { key: item.key });
            draft.forget.push(item.id);
            self.outbox.remove(own);
            return;
        }
        draft.push(Change::Deliver { key: item.key, delivery: Delivery::Sent });
        let wall = written_at(&item.state).unwrap_or_else(|| self.env.clock.now());
        self.outbox[own].state = State::Accepted { at: Instant::now(), wall, seq };
    }

    pub(super) async fn nacked(
        &mut self,
        draft: &mut Draft,
        nonce: &Nonce,
        (code, reason): (i64, String),
        wait: Option<Duration>,
    ) {
        let local = LocalId::parse(nonce.as_str());
        let Some(own) = self.outbox.iter().position(|item| Some(item.id) == local) else { return };
        if matches!(code, 429 | 503) {
            self.slowed_for(code, wait);
            // As long as the server says, and no longer than a person would believe.
            let wait = wait.map_or(TOO_FAST, |wait| wait.clamp(TOO_FAST, LONGEST_PAUSE));
            self.paused_until = Some(Instant::now() + wait);
            return self.set_state(own, State::Queued, OutgoingState::Queued).await;
        }
        let (code, reason) = match wait {
            Some(wait) if code == 403 => self.muted_for(wait),
            _ => (code.to_string(), reason),
        };
        let (id, key) = (self.outbox[own].id, self.outbox[own].key);
        let stored = OutgoingState::Failed { code: code.clone(), reason: reason.clone() };
        let failed = State::Failed { code: code.clone(), reason: reason.clone() };
        self.set_state(own, failed, stored).await;
        draft.push(Change::Deliver {
            key,
            delivery: Delivery::Failed { code: code.clone(), reason: reason.clone() },
        });
        draft.settled.push((id, Settled::Failed { code, reason }));
    }

    pub(super) async fn posted(&mut self, posted: Posted) {
        let found = self.outbox.iter().position(|item| item.id == posted.id);
        // Its entry may have been faster than the reply.
        let Some(own) = found else { return };
        if !matches!(self.outbox[own].state, State::Posting { .. } | State::Unsure(_)) {
            return;
        }
        let foreign = |reply: &HttpReply| is_html(&reply.content_type, &reply.body);
        match posted.reply {
            Ok(reply) if foreign(&reply) => self.post_again(own, PAUSE).await,
            Ok(reply) if (200..300).contains(&reply.status) => {
                // Some servers refuse with a code in the body of a 200.
                match ErrorReply::parse(&reply.body) {
                    Some(ErrorReply { code: Some(code), msg }) if (400..600).contains(&code) => {
                        self.fail(own, code.to_string(), msg).await;
                    }
                    _ => {
                        let stored = Stored::parse(&reply.body);
                        if let Stored { id: Some(id), review: Some(review), .. } = stored {
                            self.in_review(own, id, review).await;
                        } else {
                            let mut draft = Draft::default();
                            self.stored(&mut draft, own, stored.id, stored.seq);
                            self.keep(draft).await;
                        }
                    }
                }
            }
            Ok(reply) if matches!(reply.status, 408 | 425 | 429) => {
                let wait = retry_after(reply.retry_after.as_deref(), reply.date.as_deref());
                self.slowed_for(reply.status.into(), wait);
                self.post_again(own, wait.unwrap_or(TOO_FAST).min(LONGEST_PAUSE)).await;
            }
            // The token is no longer good, which the link is about to learn, too; or the network wants to be signed in to.
            // Nothing is wrong with the words.
            Ok(HttpReply { status: 300..=399 | 401 | 407, .. })
                if self.outbox[own].attempts < OTHER_TRIES =>
            {
                self.post_again(own, PAUSE).await;
            }
            Ok(reply) if reply.status == 409 && self.overtaken(&reply.body) => {
                let reason = ErrorReply::parse(&reply.body).unwrap_or_default().msg;
                self.fail(own, OVERTAKEN.to_owned(), reason).await;
            }
            Ok(reply) if reply.status >= 500 => self.post_lost(own).await,
            Ok(reply) => {
                let said = ErrorReply::parse(&reply.body).unwrap_or_default().msg;
                let wait = retry_after(reply.retry_after.as_deref(), reply.date.as_deref());
                let (code, reason) = match wait {
                    Some(wait) if reply.status == 403 => self.muted_for(wait),
                    _ => (reply.status.to_string(), said),
                };
                self.fail(own, code, reason).await;
            }
            Err(HttpError::Dial(_)) => self.post_again(own, PAUSE).await,
            Err(HttpError::Lost | HttpError::TooLarge) => self.post_lost(own).await,
        }
        self.send_outbox().await;
    }

    async fn post_again(&mut self, own: usize, wait: Duration) {
        self.paused_until = Some(Instant::now() + wait);
        self.set_state(own, State::Queued, OutgoingState::Queued).await;
        let key = self.outbox[own].key;
        self.deliver(key, Delivery::Sending).await;
    }

    /// The reply is lost. With a nonce the request is simply made again; without, only its entry can tell.
    async fn post_lost(&mut self, own: usize) {
        if self.has(Extension::Ack) {
            self.post_again(own, PAUSE).await;
        } else {
            self.doubt_item(own, false).await;
        }
    }

    pub(super) fn tell_settled(&mut self, id: LocalId, settled: Settled) {
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.0 == id {
                // Whoever asked may have gone.
                let _gone = waiting.1.send(Ok(settled.clone()));
            } else {
                self.waiting.push(waiting);
            }
        }
        self.settled.retain(|(known, _)| *known != id);
        self.settled.push_back((id, settled));
        if self.settled.len() > REMEMBERED {
            self.settled.pop_front();
        }
    }

    pub(super) async fn wait_for(&mut self, id: LocalId, reply: Reply<Settled>) {
        if let Some((_, settled)) = self.settled.iter().find(|(known, _)| *known == id) {
            let _gone = reply.send(Ok(settled.clone()));
            return;
        }
        if self.outbox.iter().any(|item| item.id == id) {
            self.waiting.retain(|(_, reply)| !reply.is_closed());
            return self.waiting.push((id, reply));
        }
        let row = self.store.row_by_local_id(self.id, id).await;
        let _gone = reply.send(match row {
            Ok(Some(row)) => row.entry().map_or(Err(SessionError::NoSuchRow), |row| {
                Ok(Settled::Sent { id: row.entry.id.clone(), seq: row.entry.seq })
            }),
            Ok(None) => Err(SessionError::NoSuchRow),
            Err(error) => Err(error.into()),
        });
    }
}

/// Whether a server may know of it.
fn was_written(item: &Item) -> bool {
    match item.state {
        State::Written { .. }
        | State::Posting { .. }
        | State::Accepted { .. }
        | State::Shown { .. }
        | State::InReview { .. }
        | State::Unsure(_) => true,
        // Queued to be sent once more.
        State::Queued => item.attempts > 0,
        State::Failed { .. } => false,
    }
}

pub(super) fn written_at(state: &State) -> Option<Timestamp> {
    match state {
        State::Written { wall, .. }
        | State::Posting { wall }
        | State::Accepted { wall, .. }
        | State::Shown { wall, .. } => Some(*wall),
        State::Unsure(unsure) => Some(unsure.wall),
        State::Queued | State::Failed { .. } | State::InReview { .. } => None,
    }
}

/// Whether an entry says what was written here. White space at the ends is what servers trim.
fn says(body: &OutgoingBody, entry: &Entry) -> bool {
    match (body, entry.body()) {
        (OutgoingBody::Message { text }, Body::Message { text: said })
        | (OutgoingBody::Question { text }, Body::Question { text: said }) => {
            text.trim() == said.trim()
        }
        (
            OutgoingBody::Answer { question, text, .. },
            Body::Answer { text: said, question_id, .. },
        ) => text.trim() == said.trim() && question_id.is_none_or(|id| id == *question),
        _ => false,
    }
}

/// Whether something is an answer that not everybody may read.
fn is_private(body: &OutgoingBody) -> bool {
    match body {
        OutgoingBody::Answer { visibility, .. } => *visibility != Visibility::Public,
        OutgoingBody::Message { .. } | OutgoingBody::Question { .. } => false,
    }
}
