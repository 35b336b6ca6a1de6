//! How much of each view came since somebody last looked at it.

use std::collections::{BTreeMap, BTreeSet};

use aside_history::{Anchor, Changes, Place, Revision, Row, RowKey};
use aside_session::SessionError;
use tokio::sync::Mutex;

use super::View;
use crate::rooms::Live;

/// Changes that are read at once; after more than these, what is new is counted afresh.
pub(crate) const CHANGES: u32 = 1000;
/// Counting stops here: more than this is only more.
const MOST: usize = 100;

/// The count of one room. It is one person's, whichever window they look through, and begins when the room is first shown.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Option<Counted>>);

#[derive(Debug)]
struct Counted {
    revision: Revision,
    /// The last place that is known.
    end: Place,
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
    /// What is new in each view, where something is. Some of them are looked at now.
    ///
    /// # Errors
    /// Those of the session.
    pub(crate) async fn count(
        &self,
        live: &Live,
        views: &[(String, View)],
        looked_at: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, u32>, SessionError> {
        let mut counted = self.0.lock().await;
        let counted = match &mut *counted {
            Some(counted) => counted,
            none => none.insert(Counted::begin(live).await?),
        };
        let changes = live.session.changes(counted.revision, CHANGES).await?;
        let before = counted.end;
        if changes.reset {
            counted.end = end(live).await?;
        }
        counted.views.retain(|id, _| views.iter().any(|(view, _)| view == id));
        for (id, view) in views.iter().filter(|(id, _)| !looked_at.contains(id)) {
            let fresh = || Looked { at: before, keys: BTreeSet::new() };
            let looked = counted.views.entry(id.clone()).or_insert_with(fresh);
            if changes.reset {
                looked.recount(live, view).await?;
            } else {
                looked.take(&changes, view);
            }
        }
        counted.revision = changes.revision;
        let settled = changes.upserts.iter().map(|row| row.place).filter(|place| !place.is_echo());
        counted.end = settled.fold(counted.end, Place::max);
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
    async fn begin(live: &Live) -> Result<Self, SessionError> {
        let revision = live.session.page(Anchor::End, 1).await?.revision;
        Ok(Self { revision, end: end(live).await?, views: BTreeMap::new() })
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

    async fn recount(&mut self, live: &Live, view: &View) -> Result<(), SessionError> {
        let most = u32::try_from(MOST).unwrap_or(u32::MAX);
        let found = view.page(live, Anchor::After(self.at), most).await?;
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
