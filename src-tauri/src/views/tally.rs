//! How much of each view came since somebody last looked at it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aside_history::{Anchor, Changes, Place, Revision, Row, RowKey};
use aside_session::SessionError;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::View;
use crate::rooms::Live;
use crate::source::Source;

/// Changes that are read at once; after more than these, what is new is counted afresh.
pub(crate) const CHANGES: u32 = 3000;
/// Counting stops here: more than this is only more.
const MOST: usize = 100;

/// Counting afresh looks through many rows; a room that outruns us again and again is counted so this often at most.
const AFRESH: Duration = Duration::from_secs(5);

/// The count of one room. It is one person's, whichever window they look through. When the app starts, what was not read in the
/// room is new in each view.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Option<Counted>>);

#[derive(Debug)]
struct Counted {
    revision: Revision,
    /// The last place that is known.
    end: Place,
    /// When it was counted afresh, and whether it must be again.
    afresh: Instant,
    outrun: bool,
    views: BTreeMap<String, Looked>,
}

/// A view, as it was last looked at.
#[derive(Debug)]
struct Looked {
    /// What stands after this place is new.
    at: Place,
    keys: BTreeSet<RowKey>,
}

impl Tally {
    /// What is new in each view, where something is, with what changed since a revision. Some of the views are looked at now.
    ///
    /// # Errors
    /// Those of the session.
    pub(crate) async fn count(
        &self,
        live: &Live,
        views: &[(String, View)],
        looked_at: &BTreeSet<String>,
        (since, found): (Revision, &Changes),
    ) -> Result<BTreeMap<String, u32>, SessionError> {
        let mut counted = self.0.lock().await;
        let counted = match &mut *counted {
            Some(counted) => counted,
            none => none.insert(Counted::begin(live, views).await?),
        };
        let read;
        let changes = if since == counted.revision && !found.reset {
            found
        } else {
            read = live.session.changes(counted.revision, CHANGES).await?;
            &read
        };
        counted.take(changes, views, looked_at);
        if changes.reset {
            counted.outrun = true;
            counted.end = end(live).await?;
        }
        if counted.outrun && counted.afresh.elapsed() >= AFRESH {
            counted.count_afresh(live, views).await?;
        }
        for id in looked_at {
            let looked = Looked { at: counted.end, keys: BTreeSet::new() };
            counted.views.insert(id.clone(), looked);
        }
        let news = counted.views.iter().filter(|(_, looked)| !looked.keys.is_empty());
        let count = |looked: &Looked| u32::try_from(looked.keys.len()).unwrap_or(u32::MAX);
        Ok(news.map(|(id, looked)| (id.clone(), count(looked))).collect())
    }
}

impl Counted {
    async fn begin(live: &Live, views: &[(String, View)]) -> Result<Self, SessionError> {
        let page = live.session.page(Anchor::End, 1).await?;
        let end = end(live).await?;
        let at = page.read.unwrap_or(end);
        let looked = |(id, _): &(String, View)| (id.clone(), Looked { at, keys: BTreeSet::new() });
        let mut counted = Self {
            revision: page.revision,
            end,
            afresh: Instant::now(),
            outrun: false,
            views: views.iter().map(looked).collect(),
        };
        counted.count_afresh(live, views).await?;
        Ok(counted)
    }

    fn take(&mut self, changes: &Changes, views: &[(String, View)], looked_at: &BTreeSet<String>) {
        let before = self.end;
        self.views.retain(|id, _| views.iter().any(|(view, _)| view == id));
        for (id, view) in views.iter().filter(|(id, _)| !looked_at.contains(id)) {
            let fresh = || Looked { at: before, keys: BTreeSet::new() };
            self.views.entry(id.clone()).or_insert_with(fresh).take(changes, view);
        }
        self.revision = changes.revision;
        let settled = changes.upserts.iter().map(|row| row.place).filter(|place| !place.is_echo());
        self.end = settled.fold(before, Place::max);
    }

    async fn count_afresh(
        &mut self,
        live: &Live,
        views: &[(String, View)],
    ) -> Result<(), SessionError> {
        for (id, view) in views {
            if let Some(looked) = self.views.get_mut(id) {
                looked.count_afresh(live, view).await?;
            }
        }
        (self.afresh, self.outrun) = (Instant::now(), false);
        Ok(())
    }
}

/// The place of the newest row that has its own.
async fn end(live: &Live) -> Result<Place, SessionError> {
    // Echoes stand after it, and are few.
    let page = live.session.page(Anchor::End, CHANGES).await?;
    let settled = page.rows.iter().rev().find(|row| !row.place.is_echo());
    Ok(settled.map_or(Place(i64::MIN), |row| row.place))
}

impl Looked {
    fn take(&mut self, changes: &Changes, view: &View) {
        for key in &changes.removed {
            self.keys.remove(key);
        }
        for row in &changes.upserts {
            if self.is_news(row) && view.shows(row) {
                if self.keys.len() < MOST {
                    self.keys.insert(row.key);
                }
            } else {
                self.keys.remove(&row.key);
            }
        }
    }

    async fn count_afresh(&mut self, live: &Live, view: &View) -> Result<(), SessionError> {
        let most = u32::try_from(MOST).unwrap_or(u32::MAX);
        let found = view.page(&Source::from(live), Anchor::After(self.at), most).await?;
        let rows = found.page.rows;
        self.keys = rows.iter().filter(|row| self.is_news(row)).map(|row| row.key).collect();
        Ok(())
    }

    /// What somebody else said, where this person has not looked yet.
    fn is_news(&self, row: &Row) -> bool {
        let others = row.entry().is_some_and(|entry| !entry.mine);
        others && !row.place.is_echo() && row.place > self.at
    }
}
