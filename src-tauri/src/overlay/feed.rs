//! Keeps the overlay's screens as the room is, at its own pace: a busy room is never waited for, nor does it wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aside_history::{Anchor, Revision};
use aside_protocol::EntryId;
use aside_protocol::triage::Item;
use aside_session::{RoomView, Session, SessionError};
use tokio::sync::{Notify, watch};

use super::screens::Screens;
use super::shown::{self, Asked, ChatRow, ROWS};
use crate::rooms::Rooms;
use crate::settings::RoomKey;

/// An audience need not see more changes than that.
const EVERY: Duration = Duration::from_millis(100);

/// The rows that are looked through for those that are shown: some are ours alone.
const LOOKED_AT: u32 = 2 * ROWS as u32;

/// Which room is shown, asked whenever something changed.
pub(super) type Which = Arc<dyn Fn() -> Option<RoomKey> + Send + Sync>;

/// Follows the room that is to be shown, for as long as it is polled.
pub(super) async fn keep(screens: Arc<Screens>, rooms: Rooms, which: Which, wake: Arc<Notify>) {
    let mut followed: Option<Followed> = None;
    loop {
        let wanted = which();
        if followed.as_ref().is_none_or(|room| Some(room.key) != wanted || room.is_over()) {
            followed = None;
            // What another room says is gone before this one is waited for.
            screens.show(&[], None);
        }
        let live = match wanted {
            Some(key) => rooms.live(key).await.ok().map(|live| (key, live.session)),
            None => None,
        };
        if let Some((key, session)) = live {
            let room = followed.get_or_insert_with(|| Followed::new(key, &session));
            match room.look(&session).await {
                Ok(false) => {}
                Ok(true) => screens.show(&room.chat, room.on_stage.values().next()),
                Err(error) => {
                    tracing::debug!(%error, "the overlay cannot read its room");
                    followed = None;
                    screens.show(&[], None);
                }
            }
        }
        tokio::time::sleep(EVERY).await;
        wake.notified().await;
    }
}

/// What is known of the room that is shown. The room itself is not held: whoever follows it must not keep it alive.
struct Followed {
    key: RoomKey,
    view: watch::Receiver<RoomView>,
    /// How far the timeline and the desk were read.
    read: Option<(Revision, u64)>,
    chat: Vec<ChatRow>,
    on_stage: BTreeMap<EntryId, Asked>,
    withheld: BTreeSet<EntryId>,
}

impl Followed {
    fn new(key: RoomKey, session: &Session) -> Self {
        Self {
            key,
            view: session.watch(),
            read: None,
            chat: Vec::new(),
            on_stage: BTreeMap::new(),
            withheld: BTreeSet::new(),
        }
    }

    /// Whether its session has ended; another may have begun.
    fn is_over(&self) -> bool {
        self.view.has_changed().is_err()
    }

    /// Reads what changed; false when nothing did.
    async fn look(&mut self, session: &Session) -> Result<bool, SessionError> {
        let now = {
            let view = self.view.borrow_and_update();
            (view.revision, view.desk.revision)
        };
        if self.read == Some(now) {
            return Ok(false);
        }
        let before = self.read.map_or(0, |(_, desk)| desk);
        if before != now.1 {
            let questions = session.questions(before).await?;
            if questions.reset {
                self.on_stage.clear();
                self.withheld.clear();
            }
            questions.items.iter().for_each(|item| self.note(item));
        }
        let page = session.page(Anchor::End, LOOKED_AT).await?;
        self.chat = shown::chat(&page.rows, |id| self.withheld.contains(id));
        // What changed while this was read is read the next time.
        self.read = Some(now);
        Ok(true)
    }

    fn note(&mut self, item: &Item) {
        let id = &item.question_id;
        match shown::on_stage(item) {
            Some(asked) => self.on_stage.insert(id.clone(), asked),
            None => self.on_stage.remove(id),
        };
        if shown::is_withheld(item) {
            self.withheld.insert(id.clone());
        } else {
            self.withheld.remove(id);
        }
    }
}
