//! Questions as work items: what the server says of them, kept whole while connected, and the wishes of those at the desk.
//!
//! Items are states, numbered by their last change. Live ones come in order; what was missed is read over HTTP from the
//! last number without a hole. Until that is done the desk is *catching up*: claims of others may be news.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use aside_history::{Items, ItemsHeard};
use aside_protocol::triage::{AnswerEdit, Changes, Item, Presence, Review, Votes, Work};
use aside_protocol::{EntryId, Epoch, Extension};
use tokio::time::sleep;

use super::answers::{Begun, OutgoingAnswer};
use super::bounds::Fill;
use super::local::Local;
use super::looking::Looking;
use super::{Done, Room};
use crate::fetch::FetchError;
use crate::view::{DeskState, DeskView};

/// Asked again this long after no answer.
const AGAIN: Duration = Duration::from_secs(2);

/// Items that changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// Ask for what comes after this the next time.
    pub revision: u64,
    /// The items, by number.
    pub items: Vec<Item>,
    /// Everything that was known before is void.
    pub reset: bool,
    /// Who has which question before them, all of them.
    pub presence: Vec<Presence>,
    /// What was begun and not sent, all of it.
    pub drafted: Vec<Begun>,
    /// The answers that are not settled, all of them, first written first.
    pub outgoing: Vec<OutgoingAnswer>,
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) items: HashMap<EntryId, (u64, Item)>,
    pub(super) fill: Fill,
    revision: u64,
    /// The revision at which everything was forgotten.
    floor: u64,
    pub(super) epoch: Option<Epoch>,
    /// Every change up to this one is here ...
    whole: u64,
    /// ... and there are so many.
    newest: u64,
    /// The server tells of changes on this connection.
    pub(super) open: bool,
    reading: bool,
    /// What is known but not on disk yet.
    unsaved: Unsaved,
    untold: bool,
    /// The desk of a server that keeps none.
    pub(super) local: Local,
    /// Who has which question before them, on this connection.
    pub(super) presence: BTreeMap<String, Presence>,
    /// What this person has before them.
    pub(super) looking: Looking,
    /// What has a draft.
    pub(super) drafted: BTreeSet<Begun>,
    /// Answers that read otherwise now than when they were published.
    pub(super) edits: Vec<AnswerEdit>,
    /// The answers in the outbox, as they were last told.
    pub(super) outgoing: Vec<OutgoingAnswer>,
}

/// What the next save takes along.
#[derive(Debug, Default)]
struct Unsaved {
    items: HashSet<EntryId>,
    /// All that is on disk is void.
    forget: bool,
    /// Nothing else but how far the changes go.
    moved: bool,
    /// It could not be written, which was said.
    told: bool,
}

impl Desk {
    /// What was known when the room was last open.
    pub(super) fn of(kept: Items, slots: Vec<String>) -> Self {
        let drafted = slots.iter().filter_map(|slot| Begun::of_slot(slot)).collect();
        let mut desk = Self { epoch: kept.epoch, whole: kept.whole, drafted, ..Self::default() };
        desk.newest = kept.whole;
        desk.revision = 1;
        for item in kept.items {
            if desk.has_room_for(&item) {
                desk.items.insert(item.question_id.clone(), (desk.revision, item));
            }
        }
        desk
    }

    /// Keeps an item that is newer than what is here.
    pub(super) fn take(&mut self, mut item: Item) {
        if item.change == self.whole.saturating_add(1) {
            self.whole = item.change;
            self.unsaved.moved = true;
        }
        self.newest = self.newest.max(item.change);
        if let Some((_, known)) = self.items.get(&item.question_id) {
            if known.change >= item.change {
                return;
            }
            // Said only where the server knows who reads.
            item.voted = item.voted.or(known.voted);
        }
        item.voted = item.voted.or(Some(false));
        if !self.has_room_for(&item) {
            return;
        }
        self.revision += 1;
        self.edits.extend(item.edits.iter().cloned());
        self.unsaved.items.insert(item.question_id.clone());
        self.items.insert(item.question_id.clone(), (self.revision, item));
    }

    /// There is a change that is not here.
    pub(super) fn missed(&mut self, change: u64) {
        self.newest = self.newest.max(change);
    }

    pub(super) fn forget(&mut self) {
        self.revision += 1;
        *self = Self {
            revision: self.revision,
            floor: self.revision,
            open: self.open,
            fill: self.fill.emptied(),
            unsaved: Unsaved { forget: true, ..Unsaved::default() },
            local: std::mem::take(&mut self.local),
            presence: std::mem::take(&mut self.presence),
            looking: std::mem::take(&mut self.looking),
            drafted: std::mem::take(&mut self.drafted),
            outgoing: std::mem::take(&mut self.outgoing),
            ..Self::default()
        };
    }

    /// Something about a question that is not in its item is different.
    pub(super) fn touch(&mut self, id: &EntryId) {
        if let Some((revision, _)) = self.items.get_mut(id) {
            self.revision += 1;
            *revision = self.revision;
        }
    }

    fn all_saved(&mut self) {
        self.unsaved = Unsaved::default();
    }

    /// Nothing of it is on disk any more.
    pub(super) fn none_saved(&mut self) {
        self.unsaved.items = self.items.keys().cloned().collect();
        self.unsaved.forget = true;
    }

    /// What is to be written to disk now, if anything is: until it is saved, since what is written says how far all of it goes.
    fn unsaved(&self) -> Option<ItemsHeard> {
        let Unsaved { items, forget, moved, told: _ } = &self.unsaved;
        if items.is_empty() && !forget && !moved {
            return None;
        }
        let forget = *forget;
        let items = items.iter().filter_map(|id| Some(self.items.get(id)?.1.clone())).collect();
        let (epoch, whole) = (self.epoch.clone(), self.whole);
        Some(ItemsHeard { epoch, whole, forget, items, gone: Vec::new() })
    }

    pub(super) fn since(&self, since: u64) -> Questions {
        // What is beyond this is of another session's desk.
        let reset = since < self.floor || since > self.revision;
        let since = if reset { 0 } else { since };
        let changed = self.items.values().filter(|(revision, _)| *revision > since);
        let mut items: Vec<Item> = changed.map(|(_, item)| item.clone()).collect();
        // What waits for review has no number: the first asked comes first.
        items.sort_unstable_by_key(|item| (item.number, item.asked_at));
        let drafted = self.drafted.iter().cloned().collect();
        Questions {
            revision: self.revision,
            items,
            reset,
            presence: self.presence.values().cloned().collect(),
            drafted,
            outgoing: self.outgoing.clone(),
        }
    }

    /// Every change that the server has told of on this connection is here.
    pub(super) fn is_fresh(&self) -> bool {
        self.open && self.has_all() && !self.reading
    }

    /// There is no change that is not here.
    pub(super) fn has_all(&self) -> bool {
        self.whole >= self.newest
    }

    fn view(&self, offered: bool, snippets: Option<u64>) -> DeskView {
        let is_open = |item: &Item| item.work == Work::Open && !item.is_submission();
        let open = self.items.values().filter(|(_, item)| is_open(item));
        DeskView {
            state: match (offered, self.is_fresh()) {
                (false, _) if self.local.on => DeskState::Local,
                (false, _) => DeskState::Off,
                (true, true) => DeskState::Fresh,
                (true, false) => DeskState::CatchingUp,
            },
            revision: self.revision,
            open: u32::try_from(open.clone().count()).unwrap_or(u32::MAX),
            oldest_open: open.map(|(_, item)| item.asked_at).min(),
            reviewing: self.items.values().any(|(_, item)| item.review != Review::Approved),
            snippets,
        }
    }
}

impl Room {
    /// Whether the server tells this person of questions: staff of all, the audience of what it may know.
    pub(super) fn has_desk(&self) -> bool {
        self.has(Extension::Triage)
    }

    /// The server begins to tell of changes; what was before is read.
    pub(super) fn desk_opens(&mut self, change: u64) {
        // Less than is known: another life of the room. Later it is only how far it was when it was said.
        if !std::mem::replace(&mut self.desk.open, true) && change < self.desk.whole {
            self.desk.forget();
        }
        self.desk.newest = self.desk.newest.max(change);
        self.read_changes(Duration::ZERO);
        self.team_opens();
        self.say_look();
        self.tell_desk();
    }

    /// The room's history has begun anew, and its questions with it.
    pub(super) fn desk_of(&mut self, epoch: &Epoch) {
        // Items without an epoch were made here.
        if self.desk.epoch.as_ref() != Some(epoch) && !self.desk.items.is_empty() {
            self.desk.forget();
        }
        self.desk.epoch = Some(epoch.clone());
    }

    /// The link is gone: from now on, others may do what is not seen here.
    pub(super) fn desk_closes(&mut self) {
        (self.desk.open, self.desk.reading) = (false, false);
        self.nobody_looks();
        self.tell_desk();
    }

    pub(super) fn presence_came(&mut self, presence: Presence) {
        self.desk.presence_came(presence);
        self.tell_desk();
    }

    pub(super) fn votes_came(&mut self, votes: Vec<Votes>) {
        self.desk.votes_came(votes);
        self.mend_hole();
    }

    pub(super) fn item_came(&mut self, item: Item) {
        self.desk.take(item);
        self.mend_hole();
    }

    fn mend_hole(&mut self) {
        // A hole, which a full queue or a lost frame leaves.
        if !self.desk.has_all() {
            self.read_changes(Duration::ZERO);
        }
        self.tell_desk();
    }

    fn read_changes(&mut self, after: Duration) {
        if self.desk.reading || self.desk.has_all() {
            return;
        }
        self.desk.reading = true;
        let (generation, fetch, whole) = (self.generation, self.fetch(), self.desk.whole);
        self.jobs.spawn(async move {
            sleep(after).await;
            Done::Changes(generation, fetch.changes(whole).await)
        });
    }

    pub(super) fn changes_came(&mut self, changes: Result<Changes, FetchError>) {
        self.desk.reading = false;
        match changes {
            Ok(Changes { items, change, more }) => {
                for item in items {
                    self.desk.take(item);
                }
                self.desk.unsaved.moved |= change > self.desk.whole;
                self.desk.whole = self.desk.whole.max(change);
                if more {
                    self.desk.newest = self.desk.newest.max(change.saturating_add(1));
                }
                self.read_changes(Duration::ZERO);
            }
            Err(error) => {
                tracing::debug!(?error, "the desk's changes did not come");
                self.read_changes(AGAIN);
            }
        }
        self.tell_desk();
    }

    /// What was heard of questions goes to disk, and then those who watch are told.
    pub(super) async fn keep_desk(&mut self) {
        if self.desk.local.stale {
            self.make_items().await;
        }
        self.follow_reviews().await;
        self.edit_rows().await;
        self.follow_outbox();
        // What is on disk of the questions says that their answers are: after a restart no edit of theirs would be told again.
        if self.desk.edits.is_empty()
            && let Some(heard) = self.desk.unsaved()
        {
            match self.store.keep_items(self.id, heard).await {
                Ok(()) => self.desk.all_saved(),
                Err(error) if !std::mem::replace(&mut self.desk.unsaved.told, true) => {
                    tracing::warn!(%error, "questions can't be kept");
                }
                Err(_) => {}
            }
        }
        if std::mem::take(&mut self.desk.untold) {
            self.show_desk();
        }
    }

    pub(super) fn tell_desk(&mut self) {
        self.desk.untold = true;
    }

    fn show_desk(&mut self) {
        let desk = self.desk.view(self.has_desk(), self.team.revision());
        self.tell.send_if_modified(|view| {
            let changed = view.desk != desk;
            view.desk = desk;
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use aside_protocol::triage::Person;

    use super::*;

    #[test]
    fn what_could_not_be_saved_goes_with_what_is_next_and_all_of_it_where_the_file_is_lost() {
        let item = |change: u64| {
            let id = EntryId::new(change.to_string());
            Item { change, ..Item::new(id, change, "?".to_owned(), Person::default(), 0) }
        };
        let written = |desk: &Desk| {
            desk.unsaved().map(|heard| (heard.items.len(), heard.whole, heard.forget))
        };
        let mut desk = Desk::default();
        desk.take(item(1));
        assert_eq!(written(&desk), Some((1, 1, false)));
        desk.take(item(2));
        assert_eq!(written(&desk), Some((2, 2, false)), "the first was not saved");
        desk.all_saved();
        assert_eq!(written(&desk), None);
        desk.none_saved();
        assert_eq!(written(&desk), Some((2, 2, true)));
    }
}
