//! Reading a room: its history, and everything that happens.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use aside_history::{Anchor, Delivery, Place, Revision, Row, RowKey, RowKind};
use aside_session::{Connection, Session, SessionError};

use crate::line::{Line, remark};
use crate::room::{Arrival, Outcome, Room, StatePrinter, told_to_stop};

/// Rows asked for at a time.
const PAGE: u32 = 500;
/// So many printed rows are remembered by name, the newest: many more than wait for their delivery at any time.
const REMEMBERED: usize = 20_000;
/// Before every row.
const START: Place = Place(i64::MIN);

/// Prints the room's newest `limit` entries (all of them without a limit), oldest first.
pub(crate) async fn history(
    room: &Room,
    limit: Option<u32>,
    patience: Duration,
) -> anyhow::Result<Outcome> {
    match room.arrive(patience).await {
        Arrival::Online => {}
        arrival => return Ok(room.explain(arrival)),
    }
    let mut printed = Printed::new(room.json);
    print_newest(room, limit, Older::Needed, &mut printed).await?;
    Ok(Outcome::Done)
}

/// Prints the newest `history` entries, then whatever comes, until the process is told to stop.
pub(crate) async fn tail(room: &Room, history: u32) -> anyhow::Result<Outcome> {
    let mut stop = told_to_stop();
    let mut view = room.session.watch();
    let mut states = StatePrinter::new(room.json);
    let mut printed = Printed::new(room.json);
    let mut known: Option<Revision> = None;
    loop {
        states.follow(&view)?;
        let (connection, revision, behind) = {
            let view = view.borrow_and_update();
            (view.connection.clone(), view.revision, view.behind)
        };
        known = match known {
            // What was missed is fetched first, so that history comes in one piece; without a server the cache is all there is.
            None if may_begin(room, &connection).await? => {
                Some(print_newest(room, Some(history), Older::Welcome, &mut printed).await?)
            }
            None => None,
            // What was printed can't be moved down for what comes in before it.
            Some(known) if known < revision && !behind => {
                Some(print_changes(&room.session, known, &mut printed).await?)
            }
            Some(known) => Some(known),
        };
        if let Connection::Refused { .. } = connection {
            return Ok(room.explain(Arrival::Refused));
        }
        tokio::select! {
            biased;
            () = &mut stop => return Ok(Outcome::Done),
            changed = view.changed() => if changed.is_err() { return Ok(Outcome::Failed) },
        }
    }
}

/// Whether the newest of the room are known, as far as they can be now.
async fn may_begin(room: &Room, connection: &Connection) -> anyhow::Result<bool> {
    Ok(match connection {
        Connection::Online | Connection::Refused { .. } | Connection::Closed => true,
        // Of a room that was never here, nobody knows yet which they are.
        Connection::Waiting { .. } => {
            room.store().room_state(room.session.room()).await?.newest.is_some()
        }
        Connection::Connecting | Connection::Joining | Connection::Syncing => false,
    })
}

/// What entries are worth that are older than the cache, and that the server does not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Older {
    /// Nothing is printed without them.
    Needed,
    /// Without them the cache is all there is.
    Welcome,
}

/// Walks back to where printing starts, then prints forward page by page: memory holds one page at a time. What changed since the
/// revision that is returned is news.
async fn print_newest(
    room: &Room,
    limit: Option<u32>,
    older: Older,
    printed: &mut Printed,
) -> anyhow::Result<Revision> {
    let (session, wanted) = (&room.session, limit.unwrap_or(u32::MAX));
    let state = room.store().room_state(session.room()).await?;
    if wanted == 0 {
        printed.begin(state.newest, None);
        return Ok(state.revision);
    }
    let mut page = session.page(Anchor::End, PAGE.min(wanted)).await?;
    let mut counted = entries(&page.rows);
    while counted < wanted {
        let Some(first) = page.rows.first().map(|row| row.place) else { break };
        let before = session.page(Anchor::Before(first), PAGE.min(wanted - counted)).await;
        let before = match before {
            Err(
                error @ (SessionError::Offline
                | SessionError::Timeout
                | SessionError::Server { .. }),
            ) if older == Older::Welcome => {
                remark!("older entries are not to be had ({error})");
                break;
            }
            before => before?,
        };
        if before.rows.is_empty() {
            break;
        }
        counted = counted.saturating_add(entries(&before.rows));
        page = before;
    }
    // Walking back brings older rows into the cache: they are no news.
    let revision = page.revision;
    printed.begin(state.newest, page.rows.first().map(|row| row.place));
    loop {
        printed.print(&page.rows)?;
        let Some(last) = page.rows.last().map(|row| row.place) else { break };
        if !page.has_newer {
            break;
        }
        page = session.page(Anchor::After(last), PAGE).await?;
    }
    Ok(revision)
}

/// Prints what is new since `known`; after too much at once, everything behind the last printed row.
async fn print_changes(
    session: &Session,
    known: Revision,
    printed: &mut Printed,
) -> anyhow::Result<Revision> {
    let changes = session.changes(known, PAGE).await?;
    if !changes.reset {
        printed.print_changed(&changes.upserts)?;
        return Ok(changes.revision);
    }
    let mut revision = changes.revision;
    loop {
        let page = session.page(Anchor::After(printed.last), PAGE).await?;
        // What the pages show is at least as new as the first of them.
        revision = revision.max(changes.revision);
        printed.print(&page.rows)?;
        if page.rows.is_empty() || !page.has_newer {
            return Ok(revision);
        }
    }
}

fn entries(rows: &[Row]) -> u32 {
    let count = rows.iter().filter(|row| row.entry().is_some()).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Which rows were printed: each once, whatever happens to it later.
struct Printed {
    json: bool,
    seen: Seen,
    /// What stands before is older than the history that was asked for.
    from: Place,
    /// The last that has its lasting place.
    last: Place,
}

/// The keys of the rows that were printed, the highest of them: each row is given a higher one than all before it.
#[derive(Default)]
struct Seen {
    newest: BTreeSet<RowKey>,
    forgotten: Option<RowKey>,
}

impl Seen {
    /// Whether a row that changed was not printed before. What is older than all that are remembered had its turn.
    fn is_new(&self, key: RowKey) -> bool {
        Some(key) > self.forgotten && !self.newest.contains(&key)
    }

    /// Whether this is the first time that is remembered. Pages come in the order of places: what a gap was filled with
    /// from its end has its highest keys first.
    fn add(&mut self, key: RowKey) -> bool {
        let first = self.newest.insert(key);
        if self.newest.len() > REMEMBERED {
            self.forgotten = self.forgotten.max(self.newest.pop_first());
        }
        first
    }
}

impl Printed {
    fn new(json: bool) -> Self {
        Self { json, seen: Seen::default(), from: START, last: START }
    }

    /// Printing starts at `first`, or behind `newest`, the last row of all that has its lasting place.
    fn begin(&mut self, newest: Option<Place>, first: Option<Place>) {
        let behind = newest.map_or(START, |place| Place(place.0 + 1));
        // What waits for its place stands behind all others, and may come to stand before some of them.
        self.from = first.map_or(behind, |first| first.min(behind));
        self.last = newest.unwrap_or(START);
    }

    /// Prints rows that changed, if they are new.
    fn print_changed(&mut self, rows: &[Row]) -> io::Result<()> {
        let is_news = |row: &&Row| row.place >= self.from && self.seen.is_new(row.key);
        let new: Vec<&Row> = rows.iter().filter(is_news).collect();
        self.print(new)
    }

    /// Prints rows that stand behind all that were printed.
    fn print<'a>(&mut self, rows: impl IntoIterator<Item = &'a Row>) -> io::Result<()> {
        for row in rows.into_iter().filter(|row| arrived(row)) {
            if self.seen.add(row.key) {
                Line::row(row).print(self.json)?;
            }
            if !row.place.is_echo() {
                self.last = self.last.max(row.place);
            }
        }
        Ok(())
    }
}

/// A row of this room's own that the server does not have yet is not part of what happened.
fn arrived(row: &Row) -> bool {
    match &row.kind {
        RowKind::Gap(_) | RowKind::Boundary => true,
        RowKind::Entry(entry) => match entry.delivery {
            Delivery::Received | Delivery::Sent => true,
            Delivery::Sending | Delivery::Unsure | Delivery::Failed { .. } | Delivery::InReview => {
                false
            }
        },
    }
}

#[cfg(test)]
mod tests;
