//! What is before the cache's first row, and what a gap row stands for: fetched when somebody looks there.

use std::sync::Arc;

use aside_history::{
    Anchor, Change, Gap, GapState, NewRow, Place, Row, RowKey, RowKind, Standing, Where,
};
use aside_protocol::http::HistoryPage;
use aside_protocol::{Seq, limits};
use jiff::Timestamp;
use tokio::time::Instant;

use super::aligned::{ANCHOR, TailRow};
use super::draft::Draft;
use super::exact::{LARGEST, place};
use super::snapshot::{Compared, entries_of};
use super::{Done, Merge, Reply, Room};
use crate::align::align;
use crate::error::SessionError;
use crate::fetch::{FetchError, Snapshot};
use crate::network::HttpError;

/// So many older entries are fetched at least.
const OLDER_PAGE: u32 = 200;
/// Loading a gap without places reaches back so far.
const GAP_REACH: u32 = 5000;
/// Rows that are read from the cache at once.
const ROWS: u32 = 1000;

/// What a request brought, and who waits for it.
pub(super) enum Fetched {
    Before {
        page: Result<HistoryPage, FetchError>,
        reply: Reply<()>,
    },
    Older {
        page: Result<Snapshot, FetchError>,
        reply: Reply<()>,
    },
    Range {
        key: RowKey,
        gap: Gap,
        page: Result<HistoryPage, FetchError>,
        reply: Reply<()>,
    },
    Around {
        key: RowKey,
        asked_at: Timestamp,
        page: Result<Snapshot, FetchError>,
        reply: Reply<()>,
    },
}

impl Room {
    fn merges(&self) -> bool {
        !matches!(self.merge, Merge::Undecided(_))
    }

    pub(super) async fn fetch_older(&mut self, limit: u32, reply: Reply<()>) {
        if self.older_busy || !self.is_online() || !self.merges() {
            let _gone = reply.send(Err(SessionError::Offline));
            return;
        }
        let oldest = self.store.page(self.id, Anchor::After(Place(i64::MIN)), ANCHOR).await;
        let oldest = match oldest {
            Ok(page) => page.rows,
            Err(error) => {
                let _gone = reply.send(Err(error.into()));
                return;
            }
        };
        let asked = limit.clamp(OLDER_PAGE, limits::PAGE_ENTRIES);
        let fetch = self.fetch();
        if let Merge::Exact(_) = self.merge {
            let first = oldest.iter().find_map(|row| place(&row.entry()?.entry));
            let Some(first) = first else {
                let _gone = reply.send(Ok(()));
                return;
            };
            self.older_busy = true;
            self.jobs.spawn(async move {
                let page = fetch.before(first, asked).await;
                Done::Older(Fetched::Before { page, reply })
            });
            return;
        }
        let depth = self.depth().await;
        let anchor =
            oldest.iter().filter_map(|row| Some(self.printer.print(&row.entry()?.entry))).collect();
        let printer = Arc::clone(&self.printer);
        self.older_busy = true;
        self.jobs.spawn(async move {
            let page = fetch.older(depth, anchor, asked, &printer).await;
            Done::Older(Fetched::Older { page, reply })
        });
    }

    /// How many entries the cache has that the history shows: where its first row stands in the server's pages, if nothing is
    /// missing.
    async fn depth(&self) -> u32 {
        let (mut count, mut anchor) = (0, Anchor::End);
        while let Ok(page) = self.store.page(self.id, anchor, ROWS).await {
            let shown = |row: &&Row| {
                let standing = row.entry().map(|entry| entry.standing);
                standing.is_some_and(|s| s != Standing::NotInHistory) && !row.place.is_echo()
            };
            count += page.rows.iter().filter(shown).count();
            match page.rows.first() {
                Some(first) if page.has_older => anchor = Anchor::Before(first.place),
                _ => break,
            }
        }
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    pub(super) async fn older_came(&mut self, fetched: Fetched) {
        let (outcome, reply) = match fetched {
            Fetched::Before { page, reply } => {
                self.older_busy = false;
                (self.before_came(page).await, reply)
            }
            Fetched::Older { page, reply } => {
                self.older_busy = false;
                (self.unplaced_came(page).await, reply)
            }
            Fetched::Range { key, gap, page, reply } => {
                (self.gap_came(key, gap, page).await, reply)
            }
            Fetched::Around { key, asked_at, page, reply } => {
                (self.around_came(key, asked_at, page).await, reply)
            }
        };
        let _gone = reply.send(outcome);
    }

    async fn before_came(
        &mut self,
        page: Result<HistoryPage, FetchError>,
    ) -> Result<(), SessionError> {
        let page = page.map_err(session_error)?;
        let mut draft = Draft::default();
        let entries: Vec<_> = page.entries.into_iter().filter(|e| place(e).is_some()).collect();
        let reached = page.items == 0 || entries.first().and_then(place) == Some(Seq(1));
        for entry in entries {
            draft.insert(Where::BySeq, self.row_of(entry, Standing::Confirmed));
        }
        self.reached_start(&mut draft, reached);
        self.commit(draft).await.map(drop).ok_or(SessionError::Closed)
    }

    async fn unplaced_came(
        &mut self,
        page: Result<Snapshot, FetchError>,
    ) -> Result<(), SessionError> {
        let page = page.map_err(session_error)?;
        let mut draft = Draft::default();
        for entry in page.entries {
            draft.insert(Where::Start, self.row_of(entry, Standing::Confirmed));
        }
        self.reached_start(&mut draft, page.whole);
        self.commit(draft).await.ok_or(SessionError::Closed)?;
        self.reload_tail().await;
        Ok(())
    }

    fn reached_start(&mut self, draft: &mut Draft, reached: bool) {
        if reached && !self.position.reached_start {
            self.position.reached_start = true;
            draft.moved();
        }
    }

    pub(super) async fn fill_gap(&mut self, key: RowKey, reply: Reply<()>) {
        let row = self.store.row(self.id, key).await.ok().flatten();
        let Some(Row { place, kind: RowKind::Gap(gap), .. }) = row else {
            let _gone = reply.send(Err(SessionError::NoSuchRow));
            return;
        };
        if !self.is_online() || !self.merges() {
            let _gone = reply.send(Err(SessionError::Offline));
            return;
        }
        if gap.from.is_some() && !self.is_of_this_life(place).await {
            self.gap_state(key, gap, GapState::Failed).await;
            let _gone = reply.send(Err(SessionError::NoSuchRow));
            return;
        }
        self.gap_state(key, gap, GapState::Loading).await;
        let fetch = self.fetch();
        match (&self.merge, gap.from.zip(gap.to)) {
            (Merge::Exact(_), Some((from, to))) => {
                // What the server still has of it may begin later.
                self.jobs.spawn(async move {
                    let page = fetch.range(from, to).await;
                    Done::Older(Fetched::Range { key, gap, page, reply })
                });
            }
            (Merge::Exact(_), None) => {
                self.gap_state(key, gap, GapState::Failed).await;
                let _gone = reply.send(Err(SessionError::NoSuchRow));
            }
            (Merge::Aligned(_) | Merge::Undecided(_), _) => {
                let (printer, asked_at) = (Arc::clone(&self.printer), self.env.clock.now());
                self.jobs.spawn(async move {
                    let page = fetch.snapshot(GAP_REACH, &printer).await;
                    Done::Older(Fetched::Around { key, asked_at, page, reply })
                });
            }
        }
    }

    /// Whether no boundary comes after this place: behind one, the same numbers are of other entries.
    async fn is_of_this_life(&self, place: Place) -> bool {
        let first = self.store.rows_by_seq(self.id, Seq(0), Seq(LARGEST), 1).await;
        let first = first.ok().and_then(|rows| rows.first().map(|row| row.place));
        if first.is_some_and(|first| first < place) {
            return true;
        }
        // Between a boundary and the first entry there are gap rows at most.
        let before = first.map_or(Anchor::End, Anchor::Before);
        let page = self.store.page(self.id, before, ANCHOR).await;
        let rows = page.map(|page| page.rows).unwrap_or_default();
        let boundary = rows.iter().rposition(|row| matches!(row.kind, RowKind::Boundary));
        rows[boundary.unwrap_or(0)..].iter().any(|row| row.place == place)
    }

    async fn gap_state(&mut self, key: RowKey, gap: Gap, state: GapState) {
        let row =
            NewRow { received_at: self.env.clock.now(), kind: RowKind::Gap(Gap { state, ..gap }) };
        let mut draft = Draft::default();
        draft.push(Change::Update { key, row });
        // A refused commit brings the whole cache into question, not this row.
        let _keys = self.commit(draft).await;
    }

    async fn gap_came(
        &mut self,
        key: RowKey,
        gap: Gap,
        page: Result<HistoryPage, FetchError>,
    ) -> Result<(), SessionError> {
        let still_there = matches!(self.store.row(self.id, key).await, Ok(Some(_)));
        let wanted = still_there && !self.is_behind(key);
        let (Some((from, to)), true) = (gap.from.zip(gap.to), wanted) else { return Ok(()) };
        let page = match page {
            Ok(page) if !page.entries.is_empty() => page,
            failed => {
                self.gap_state(key, gap, GapState::Failed).await;
                return Err(failed.err().map_or(SessionError::NoSuchRow, session_error));
            }
        };
        let mut draft = Draft::default();
        let (mut next, count) = (from, page.entries.len() as u64);
        for entry in page.entries {
            let Some(seq) = place(&entry) else { continue };
            if seq > next {
                // The server has forgotten it.
                let left = self.gap_between(next, Seq(seq.0 - 1), GapState::Failed);
                draft.insert(Where::BeforeSeq(next), left);
            }
            next = next.max(seq.next());
            draft.insert(Where::BySeq, self.row_of(entry, Standing::Confirmed));
        }
        draft.push(Change::Remove { key });
        if next <= to {
            draft.insert(Where::BeforeSeq(next), self.gap_between(next, to, GapState::Open));
        }
        self.count(|counters| counters.recovered += count);
        self.commit(draft).await.map(drop).ok_or(SessionError::Closed)
    }

    async fn around_came(
        &mut self,
        key: RowKey,
        asked_at: Timestamp,
        page: Result<Snapshot, FetchError>,
    ) -> Result<(), SessionError> {
        let Some(row) = self.store.row(self.id, key).await? else { return Ok(()) };
        let RowKind::Gap(gap) = row.kind else { return Ok(()) };
        let snapshot = match page {
            Ok(snapshot) => snapshot,
            Err(error) => {
                self.gap_state(key, gap, GapState::Failed).await;
                return Err(session_error(error));
            }
        };
        let before = self.store.page(self.id, Anchor::Before(row.place), ANCHOR).await?.rows;
        let anchors = before.len();
        let rows = self.rows_from(before, row.place).await?;
        let marks: Vec<_> = (0..rows.len()).map(|n| n < anchors).collect();
        let (index, ours) = entries_of(&rows, &marks);
        let prints: Vec<_> = snapshot.entries.iter().map(|e| self.printer.print(e)).collect();
        let alignment = align(&ours, &prints, anchors == 0);
        if !alignment.anchored {
            self.gap_state(key, gap, GapState::Failed).await;
            return Err(SessionError::NoSuchRow);
        }
        let mut draft = Draft::default();
        let now = Instant::now();
        let entries = &snapshot.entries;
        let compared = Compared {
            rows: &rows,
            index: &index,
            alignment: &alignment,
            entries,
            asked_at,
            goes_on: false,
        };
        self.merge_rows(&mut draft, &compared, now);
        draft.push(Change::Remove { key });
        self.commit(draft).await.ok_or(SessionError::Closed)?;
        self.reload_tail().await;
        Ok(())
    }

    /// The rows around a gap: what is before it, the gap, and what is after, as far as loading reaches.
    async fn rows_from(&self, before: Vec<Row>, gap: Place) -> Result<Vec<TailRow>, SessionError> {
        let mut rows = before;
        let mut from = Place(gap.0 - 1);
        while rows.len() < GAP_REACH as usize {
            let page = self.store.page(self.id, Anchor::After(from), ROWS).await?;
            let Some(last) = page.rows.last().map(|row| row.place) else { break };
            let more = page.has_newer;
            rows.extend(page.rows.into_iter().filter(|row| !row.place.is_echo()));
            from = last;
            if !more {
                break;
            }
        }
        Ok(rows.iter().map(|row| self.tail_row(row)).collect())
    }
}

fn session_error(error: FetchError) -> SessionError {
    match error {
        FetchError::Status(status) => SessionError::Server { status },
        FetchError::Http(HttpError::Lost) => SessionError::Timeout,
        FetchError::Http(_) | FetchError::NotHistory => SessionError::Offline,
    }
}
