//! One open room: its newest place, and who is told of the next. Only the writer's thread moves it on.

mod heard;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aside_protocol::limits::SERVER_MESSAGE_BYTES;
use aside_protocol::triage::{Item, Presence, Votes};
use aside_protocol::{Control, EntryId, Epoch, Seq, ServerFrame, StreamId, Topic, close};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::outlet::{Chunk, Goodbye, Outlet};
use crate::presence::Looking;
use crate::rules::Rules;
use crate::store::entries::Record;
use crate::store::tokens::RoomRow;
use crate::votes::Wanted;
use crate::wire::{self, Wire};

pub(crate) use heard::OpenRooms;

/// A room as this process knows it.
#[derive(Debug)]
pub(crate) struct Room {
    key: i64,
    topic: Topic,
    stream: StreamId,
    wire: Wire,
    /// Held for a moment only, by the writer's thread to move on and by a client to come or go; never across an await.
    /// It is what makes "subscribed at place N" and "told everything after N" one thing.
    now: Mutex<Now>,
    /// Held while desks are told what nobody counts, so that what is told later comes later.
    telling: Mutex<()>,
    pub(crate) looking: Looking,
    pub(crate) wanted: Wanted,
    rules: Mutex<Arc<Rules>>,
    /// Who is behind the names that are nobody's.
    aliases: Mutex<HashMap<String, String>>,
}

#[derive(Debug)]
struct Now {
    epoch: Epoch,
    /// The oldest place that is still there.
    first: Seq,
    head: Seq,
    /// The newest change of a question that was told.
    change: u64,
    /// How often the snippets of its staff were changed.
    snippets: u64,
    /// How many entries were removed.
    removals: u64,
    /// Shared with whoever tells them something at the moment.
    listeners: Arc<Vec<Listener>>,
}

/// What is read of a room before it opens.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) first: Seq,
    pub(crate) head: Seq,
    pub(crate) change: u64,
    pub(crate) snippets: u64,
    pub(crate) removals: u64,
    pub(crate) aliases: HashMap<String, String>,
    pub(crate) rules: Rules,
    /// The questions whose votes are to be told.
    pub(crate) uncounted: Vec<Seq>,
}

#[derive(Clone, Debug)]
struct Listener {
    connection: u64,
    subscription: u32,
    outlet: Outlet,
    sees: Sees,
}

/// What a client is told besides entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sees {
    /// Nothing.
    Entries,
    /// The states of questions, as this person of the audience may know them.
    Questions(String),
    /// All of it.
    Desk,
}

impl Room {
    pub(crate) fn new(row: RoomRow, found: Found, wire: Wire) -> Self {
        let Found { first, head, change, snippets, removals, aliases, rules, uncounted: _ } = found;
        let now = Now {
            epoch: row.epoch,
            first,
            head,
            change,
            snippets,
            removals,
            listeners: Arc::default(),
        };
        Self {
            key: row.key,
            topic: row.topic,
            stream: row.stream,
            wire,
            now: Mutex::new(now),
            telling: Mutex::default(),
            looking: Looking::default(),
            wanted: Wanted::default(),
            rules: Mutex::new(Arc::new(rules)),
            aliases: Mutex::new(aliases),
        }
    }

    /// What holds at the moment.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_rules(&self, rules: Rules) {
        let mut now = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        // Two readers may come back in another order than they went.
        if rules.follow(&now) {
            *now = Arc::new(rules);
        }
    }

    fn aliases(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.aliases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this person is behind that name.
    pub(crate) fn names(&self, alias: &str, user: &str) {
        self.aliases().insert(alias.to_owned(), user.to_owned());
    }

    /// What somebody of the audience may know of an item.
    pub(crate) fn shown_to(&self, item: &Item, user: &str) -> Item {
        // No user has the empty id, so it is nobody's own.
        item.for_audience(if self.asked(item, user) { &item.asker.user } else { "" })
    }

    /// Whether somebody asked this, under whichever name.
    fn asked(&self, item: &Item, user: &str) -> bool {
        let name = &item.asker.user;
        name == user || self.aliases().get(name).is_some_and(|owner| owner == user)
    }

    /// The database's name for it.
    pub(crate) fn key(&self) -> i64 {
        self.key
    }

    pub(crate) fn topic(&self) -> &Topic {
        &self.topic
    }

    pub(crate) fn stream(&self) -> &StreamId {
        &self.stream
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        // Nothing in here panics halfway through a change.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The oldest place that is still there.
    pub(crate) fn first(&self) -> Seq {
        self.now().first
    }

    /// What was before it is thrown away.
    pub(crate) fn set_first(&self, first: Seq) {
        self.now().first = first;
    }

    /// The newest place that is on disk and told.
    pub(crate) fn head(&self) -> Seq {
        self.now().head
    }

    /// The newest change of a question that was told.
    fn change(&self) -> u64 {
        self.now().change
    }

    /// The life of the history, with its newest place.
    pub(crate) fn position(&self) -> (Epoch, Seq) {
        let now = self.now();
        (now.epoch.clone(), now.head)
    }

    /// The id of the entry at a place.
    pub(crate) fn entry_id(&self, seq: Seq) -> EntryId {
        wire::entry_id(&self.now().epoch, seq)
    }

    /// The place that an id names.
    pub(crate) fn place_of(&self, id: &EntryId) -> Option<Seq> {
        wire::place_of(&self.now().epoch, id)
    }

    /// From now on this client is told everything after the place that is returned, once and in order; at a desk, also every
    /// change after the one that is returned.
    pub(crate) fn subscribe(
        &self,
        connection: u64,
        subscription: u32,
        outlet: Outlet,
        sees: Sees,
    ) -> (Epoch, Seq, u64) {
        let mut now = self.now();
        let listeners = Arc::make_mut(&mut now.listeners);
        listeners.retain(|listener| listener.connection != connection);
        listeners.push(Listener { connection, subscription, outlet, sees });
        (now.epoch.clone(), now.head, now.change)
    }

    /// This client is told nothing any more.
    pub(crate) fn unsubscribe(&self, connection: u64) {
        let mut now = self.now();
        if now.listeners.iter().any(|listener| listener.connection == connection) {
            Arc::make_mut(&mut now.listeners).retain(|listener| listener.connection != connection);
        }
    }

    #[cfg(test)]
    pub(crate) fn listeners(&self) -> usize {
        self.now().listeners.len()
    }

    /// Moves on, and gives those who are to be told of it. That takes a system call for each, in which others come and go:
    /// whoever is not among them found the room moved on already.
    fn move_on(&self, change: impl FnOnce(&mut Now)) -> Arc<Vec<Listener>> {
        let mut now = self.now();
        change(&mut now);
        Arc::clone(&now.listeners)
    }

    /// Tells everyone what was committed, and moves on.
    pub(crate) fn deliver(&self, records: &[Record]) {
        let Some(last) = records.last() else { return };
        let epoch = self.position().0;
        let listeners = self.move_on(|now| now.head = last.seq);
        if !listeners.is_empty() {
            let chunk =
                Chunk::new(records.iter().map(|record| self.frame(record, &epoch)).collect());
            tell(listeners.iter(), &chunk);
        }
    }

    /// Tells what was committed about questions, to each as much as they may know.
    pub(crate) fn deliver_items(&self, items: &[Item]) {
        let Some(last) = items.last() else { return };
        let listeners = self.move_on(|now| now.change = last.change);
        let frames = |shown: &dyn Fn(&Item) -> Item| {
            let frame = |item: &Item| {
                let text = ServerFrame::triage_text(&shown(item));
                if text.len() <= SERVER_MESSAGE_BYTES {
                    return text.into();
                }
                // Larger than a client takes: it is told that there is something to read.
                ServerFrame::control_text(&Control::Desk { change: item.change }).into()
            };
            Chunk::new(items.iter().map(frame).collect())
        };
        let (mut desk, mut audience) = (None, None);
        let personal =
            |user: &str| items.iter().any(|item| item.is_personal() && self.asked(item, user));
        for listener in listeners.iter() {
            let chunk: Arc<Chunk> = match &listener.sees {
                Sees::Entries => continue,
                Sees::Desk => Arc::clone(desk.get_or_insert_with(|| frames(&Item::clone))),
                Sees::Questions(user) if personal(user) => {
                    frames(&|item| self.shown_to(item, user))
                }
                Sees::Questions(_) => Arc::clone(
                    audience.get_or_insert_with(|| frames(&|item| item.for_audience(""))),
                ),
            };
            listener.outlet.live(listener.subscription, chunk);
        }
    }

    /// Tells everybody who sees questions how many want them answered.
    pub(crate) fn deliver_votes(&self, votes: &[Votes]) {
        let Some(Votes(.., change)) = votes.last() else { return };
        let listeners = self.move_on(|now| now.change = *change);
        let chunk = Chunk::new(vec![ServerFrame::votes_text(votes).into()]);
        tell(listeners.iter().filter(|listener| listener.sees != Sees::Entries), &chunk);
    }

    /// Tells the desks who has a question before them. Not a change: nothing of it lasts.
    pub(crate) fn deliver_presence(&self, presence: &Presence) {
        // Whoever comes next tells later, too.
        let _order = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let listeners = self.move_on(|_| {});
        let chunk = Chunk::new(vec![ServerFrame::presence_text(presence).into()]);
        tell(listeners.iter().filter(|listener| listener.sees == Sees::Desk), &chunk);
    }

    /// How often the snippets of its staff were changed.
    pub(crate) fn snippets(&self) -> u64 {
        self.now().snippets
    }

    /// Tells the desks that their snippets are others now.
    pub(crate) fn deliver_snippets(&self, rev: u64) {
        let _order = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let listeners = self.move_on(|now| now.snippets = rev);
        let chunk = Chunk::new(vec![ServerFrame::control_text(&Control::Snippets { rev }).into()]);
        tell(listeners.iter().filter(|listener| listener.sees == Sees::Desk), &chunk);
    }

    /// How many entries were removed.
    pub(crate) fn removals(&self) -> u64 {
        self.now().removals
    }

    /// Tells everybody that an entry is gone.
    pub(crate) fn deliver_removal(&self, seq: Seq, number: u64) {
        let listeners = self.move_on(|now| now.removals = number);
        let removed = Control::Removed { id: self.entry_id(seq), seq, number };
        let chunk = Chunk::new(vec![ServerFrame::control_text(&removed).into()]);
        tell(listeners.iter(), &chunk);
    }

    /// The frame that carries an entry.
    pub(crate) fn frame(&self, record: &Record, epoch: &Epoch) -> Utf8Bytes {
        ServerFrame::entry_text(&self.wire.entry(record, &self.stream, epoch)).into()
    }

    /// A new life begins without entries; whoever listens is asked to come back and learn of it.
    pub(crate) fn restart(&self, epoch: Epoch) {
        let mut now = self.now();
        now.epoch = epoch;
        (now.first, now.head) = (Seq(1), Seq(0));
        now.change = 0;
        now.removals = 0;
        part(&mut now.listeners, "history was reset");
    }
}

/// Asks them to come back.
fn part(listeners: &mut Arc<Vec<Listener>>, why: &str) {
    for listener in std::mem::take(listeners).iter() {
        listener.outlet.end(Goodbye::close(close::RESTARTING, why));
    }
}

fn tell<'a>(listeners: impl Iterator<Item = &'a Listener>, chunk: &Arc<Chunk>) {
    for listener in listeners {
        listener.outlet.live(listener.subscription, Arc::clone(chunk));
    }
}
