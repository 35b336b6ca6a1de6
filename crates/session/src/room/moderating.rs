//! What is done here about people and what they say, and what was done to this person. A removal can't be undone on a server, so each is held
//! for a moment, in which it can be taken back; that no window is open by then changes nothing.

use std::time::Duration;

use aside_protocol::EntryId;
use aside_protocol::http::ErrorReply;
use aside_protocol::moderation::{
    Deed, MUTE_PATH, Moderation, MuteRequest, REMOVE_PATH, RemoveRequest, SLOW_PATH, SlowRequest,
};
use jiff::{SignedDuration, Timestamp, Unit};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::sending::State;
use super::settling::LONGEST_PAUSE;
use super::{Done, Room};
use crate::error::ModerationError;
use crate::fetch::FetchError;
use crate::network::{HttpError, HttpReply};
use crate::verdict::retry_after;
use crate::view::{NotRemoved, OrderView, Removing};

/// So long a removal can be taken back.
const HELD: Duration = Duration::from_secs(6);
/// A removal whose reply was lost is asked for again after this; the server does it once.
const AGAIN: Duration = Duration::from_secs(2);
/// So many removals that failed are told, the newest.
const NOTED: usize = 100;
/// The code of what somebody said who may not speak.
const MUTED: &str = "muted";

/// Where the answer to a wish goes.
pub(crate) type Tell<T> = oneshot::Sender<Result<T, ModerationError>>;

/// Somebody is not to speak for a time, or may again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mute {
    /// Who, as entries name them.
    pub user: String,
    /// For how long; zero lets them speak again.
    pub seconds: u64,
    /// Why, for the log.
    pub reason: String,
}

/// What whoever keeps order wants.
pub(crate) enum OrderWish {
    Remove { entry: EntryId, reason: String, reply: Tell<()> },
    Keep { entry: EntryId, reply: Tell<()> },
    RemoveNow { entry: EntryId },
    TakeNote,
    Mute { mute: Mute, reply: Tell<()> },
    Slow { seconds: u32, reply: Tell<()> },
    Moderation { reply: Tell<Moderation> },
    Deeds { before: Option<u64>, limit: u32, reply: Tell<Vec<Deed>> },
}

/// A removal that is not done yet.
#[derive(Debug)]
struct Held {
    entry: EntryId,
    reason: String,
    due: Instant,
    at: Timestamp,
    sent: bool,
}

/// A removal that was asked for.
pub(super) struct Asked {
    entry: EntryId,
    reply: Result<HttpReply, HttpError>,
}

/// What is known of order.
#[derive(Debug, Default)]
pub(super) struct Order {
    held: Vec<Held>,
    /// The newest at the end.
    not_removed: Vec<NotRemoved>,
    /// When a refusal said so, and until when.
    muted: Option<(Timestamp, Timestamp)>,
    slowed_until: Option<Timestamp>,
}

impl Order {
    /// The server took what was written at this time: whoever could speak then was not muted any more.
    pub(super) fn spoke(&mut self, written: Option<Timestamp>) {
        if self.muted.is_some_and(|(told, _)| written.is_some_and(|written| written > told)) {
            self.muted = None;
        }
    }

    /// An entry could not be removed.
    fn stays(&mut self, stays: NotRemoved) {
        self.not_removed.retain(|other| other.entry != stays.entry);
        self.not_removed.push(stays);
        if self.not_removed.len() > NOTED {
            self.not_removed.remove(0);
        }
    }

    /// An entry is gone, whoever removed it.
    pub(super) fn gone(&mut self, entry: &EntryId) {
        self.held.retain(|held| held.entry != *entry);
    }
}

impl Room {
    fn can_moderate(&self) -> bool {
        self.tell.borrow().facts.can_moderate
    }

    pub(super) fn obey_order(&mut self, wish: OrderWish) {
        match wish {
            OrderWish::Remove { entry, reason, reply } => {
                // Whoever asked may have gone; here and below.
                let _gone = reply.send(self.hold_removal(entry, reason));
            }
            OrderWish::Keep { entry, reply } => {
                let _gone = reply.send(self.keep_entry(&entry));
            }
            OrderWish::RemoveNow { entry } => self.remove_now(&entry),
            OrderWish::TakeNote => self.order.not_removed.clear(),
            OrderWish::Mute { mute, reply } => self.mute(mute, reply),
            OrderWish::Slow { seconds, reply } => self.slow(seconds, reply),
            OrderWish::Moderation { reply } => self.read_moderation(reply),
            OrderWish::Deeds { before, limit, reply } => self.read_deeds(before, limit, reply),
        }
    }

    /// Removes an entry, unless somebody thinks better of it in time.
    fn hold_removal(&mut self, entry: EntryId, reason: String) -> Result<(), ModerationError> {
        if !self.can_moderate() {
            return Err(ModerationError::NotOffered);
        }
        if !self.order.held.iter().any(|held| held.entry == entry) {
            let at = self.after(HELD);
            let due = Instant::now() + HELD;
            self.order.held.push(Held { entry, reason, due, at, sent: false });
        }
        Ok(())
    }

    /// Somebody thought better of it.
    fn keep_entry(&mut self, entry: &EntryId) -> Result<(), ModerationError> {
        let held = &mut self.order.held;
        let found = held.iter().position(|held| held.entry == *entry && !held.sent);
        found.map(|n| drop(held.remove(n))).ok_or(ModerationError::TooLate)
    }

    /// Nobody wants to think about it.
    fn remove_now(&mut self, entry: &EntryId) {
        let held = self.order.held.iter_mut().find(|held| held.entry == *entry);
        if let Some(held) = held {
            held.due = Instant::now();
        }
    }

    /// The room is left: what was chosen is not forgotten, as far as there is a connection.
    pub(super) fn remove_all_now(&mut self) {
        let now = Instant::now();
        self.order.held.iter_mut().for_each(|held| held.due = now);
        self.check_removals(now);
    }

    /// Whether a removal is on its way.
    pub(super) fn removes(&self) -> bool {
        self.order.held.iter().any(|held| held.sent)
    }

    pub(super) fn tell_left_removals(&self) {
        if !self.order.held.is_empty() {
            tracing::warn!(entries = self.order.held.len(), "left before they were removed");
        }
    }

    pub(super) fn removal_due(&self) -> Option<Instant> {
        let held = self.order.held.iter().filter(|held| !held.sent).map(|held| held.due);
        held.chain(self.removals.due()).min().filter(|_| self.is_online())
    }

    pub(super) fn check_removals(&mut self, now: Instant) {
        if !self.is_online() {
            return;
        }
        self.check_missed_removals(now);
        let fetch = self.fetch();
        for held in self.order.held.iter_mut().filter(|held| !held.sent && held.due <= now) {
            held.sent = true;
            let (fetch, entry) = (fetch.clone(), held.entry.clone());
            let stream_id = self.config.stream.clone();
            let reason = held.reason.clone();
            let body = RemoveRequest { entry_id: entry.clone(), stream_id, reason }.to_json();
            self.jobs.spawn(async move {
                let reply = fetch.post(REMOVE_PATH, body).await;
                Done::Removed(Asked { entry, reply })
            });
        }
    }

    pub(super) fn removal_answered(&mut self, Asked { entry, reply }: Asked) {
        let wait = match reply {
            Ok(reply) if (200..300).contains(&reply.status) => return self.order.gone(&entry),
            Ok(reply) if matches!(reply.status, 408 | 425 | 429 | 500..=599) => {
                let asked = retry_after(reply.retry_after.as_deref(), reply.date.as_deref());
                asked.map_or(AGAIN, |wait| wait.min(LONGEST_PAUSE))
            }
            Ok(reply) => {
                self.order.gone(&entry);
                return self.order.stays(NotRemoved { entry, why: refusal(&reply) });
            }
            Err(_) => AGAIN,
        };
        let at = self.after(wait);
        let found = self.order.held.iter_mut().find(|held| held.entry == entry);
        if let Some(held) = found {
            (held.due, held.at, held.sent) = (Instant::now() + wait, at, false);
        }
    }

    /// Lets somebody not speak for a time.
    fn mute(&self, mute: Mute, tell: Tell<()>) {
        let Mute { user, seconds, reason } = mute;
        let stream_id = self.config.stream.clone();
        let body = MuteRequest { stream_id, user, entry_id: None, seconds, reason }.to_json();
        self.ask_for_order(MUTE_PATH, body, tell);
    }

    /// Makes people wait between what they say.
    fn slow(&self, seconds: u32, tell: Tell<()>) {
        let stream_id = self.config.stream.clone();
        self.ask_for_order(SLOW_PATH, SlowRequest { stream_id, seconds }.to_json(), tell);
    }

    fn read_moderation(&self, tell: Tell<Moderation>) {
        let Some(tell) = self.offered(tell) else { return };
        let fetch = self.fetch();
        // Nothing in the room changes by it; here and below.
        tokio::spawn(async move {
            let _gone = tell.send(fetch.moderation().await.map_err(unread));
        });
    }

    fn read_deeds(&self, before: Option<u64>, limit: u32, tell: Tell<Vec<Deed>>) {
        let Some(tell) = self.offered(tell) else { return };
        let fetch = self.fetch();
        tokio::spawn(async move {
            let _gone = tell.send(fetch.deeds(before, limit).await.map_err(unread));
        });
    }

    fn ask_for_order(&self, path: &'static str, body: String, tell: Tell<()>) {
        let Some(tell) = self.offered(tell) else { return };
        let fetch = self.fetch();
        tokio::spawn(async move {
            let outcome = match fetch.post(path, body).await {
                Ok(reply) if (200..300).contains(&reply.status) => Ok(()),
                Ok(reply) => Err(refusal(&reply)),
                Err(_) => Err(ModerationError::Offline),
            };
            let _gone = tell.send(outcome);
        });
    }

    fn offered<T>(&self, tell: Tell<T>) -> Option<Tell<T>> {
        if self.can_moderate() {
            return Some(tell);
        }
        let _gone = tell.send(Err(ModerationError::NotOffered));
        None
    }

    /// What this person says is refused for so long: the code and the reason of it.
    pub(super) fn muted_for(&mut self, wait: Duration) -> (String, String) {
        let until = self.after(wait);
        self.order.muted = Some((self.env.clock.now(), until));
        let until = until.round(Unit::Second).unwrap_or(until);
        (MUTED.to_owned(), until.to_string())
    }

    /// What this person says has to wait for so long.
    pub(super) fn slowed_for(&mut self, code: i64, wait: Option<Duration>) {
        if let (429, Some(wait)) = (code, wait) {
            self.order.slowed_until = Some(self.after(wait));
        }
    }

    fn after(&self, wait: Duration) -> Timestamp {
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        self.env.clock.now().checked_add(wait).unwrap_or(Timestamp::MAX)
    }

    /// Says what is different.
    pub(super) fn tell_order(&mut self) {
        let waits = self.outbox.iter().any(|item| matches!(item.state, State::Queued));
        let removing = self.order.held.iter().map(|held| Removing {
            entry: held.entry.clone(),
            at: held.at,
            sent: held.sent,
        });
        let order = OrderView {
            muted_until: self.order.muted.map(|(_, until)| until),
            slowed_until: self.order.slowed_until.filter(|_| waits),
            removing: removing.collect(),
            not_removed: self.order.not_removed.clone(),
        };
        self.tell.send_if_modified(|view| {
            let changed = view.order != order;
            view.order = order;
            changed
        });
    }
}

fn refusal(reply: &HttpReply) -> ModerationError {
    let reason = ErrorReply::parse(&reply.body).unwrap_or_default().msg;
    ModerationError::Refused { status: reply.status, reason }
}

fn unread(error: FetchError) -> ModerationError {
    match error {
        FetchError::Status(status) => ModerationError::Refused { status, reason: String::new() },
        FetchError::Http(_) | FetchError::NotHistory => ModerationError::Offline,
    }
}
