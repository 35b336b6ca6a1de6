//! What a room said before the first entry that is here, and in its gaps: fetched where it is needed whole, and not where somebody looks.

use std::collections::BTreeSet;
use std::time::Duration;

use aside_history::{Anchor, Place, Store};
use aside_protocol::Seq;
use aside_session::{Connection, DeskState, RoomView, Session, SessionError};
use tokio::time::{Instant, sleep, timeout};

/// Entries asked for at a time.
const PAGE: u32 = 500;
/// Rows among which the first entry is found.
const FIRST: u32 = 16;
/// Gaps that are read at once.
const GAPS: u32 = 1000;
/// So long is waited for a room that is about to be online, and for the next older entries.
const PATIENCE: Duration = Duration::from_secs(30);
/// When others have something fetched, or the server has too much to do, it is asked for again after so long.
const BUSY: Duration = Duration::from_millis(300);

/// How far back what is here goes.
struct Beginning {
    place: Place,
    /// None on a server without places.
    seq: Option<Seq>,
    reached: bool,
}

/// Fetches until the beginning of the room is here and no gap is left; says whether that is so. `told` hears how many entries came,
/// and how many there are before them, where that is known.
pub(crate) async fn all(
    store: &Store,
    session: &Session,
    told: impl FnMut(u64, Option<u64>),
) -> bool {
    let mut view = session.watch();
    let settled = async { view.wait_for(is_settled).await.is_ok() };
    // Whoever is late has what is here.
    let _late = timeout(PATIENCE, settled).await;
    let back = back_to(store, session, Seq(1), told).await;
    let filled = fill_gaps(store, session).await;
    // What was heard of questions until now is on disk when the second is answered.
    for _ in 0..2 {
        let known = session.watch().borrow().desk.revision;
        let _closed = session.questions(known).await;
    }
    back && filled
}

/// Fetches until what is here goes back to a place, and no gap is left.
pub(crate) async fn since(store: &Store, session: &Session, seq: Seq) -> bool {
    back_to(store, session, seq, |_, _| {}).await && fill_gaps(store, session).await
}

/// Whether what is here goes back to a place, without a gap.
pub(crate) async fn reaches(store: &Store, session: &Session, seq: Seq) -> bool {
    let first = beginning(store, session).await;
    let gaps = store.gaps(session.room(), 1).await;
    first.is_some_and(|first| first.reaches(seq)) && gaps.is_ok_and(|gaps| gaps.is_empty())
}

async fn back_to(
    store: &Store,
    session: &Session,
    seq: Seq,
    mut told: impl FnMut(u64, Option<u64>),
) -> bool {
    let (mut came, mut since) = (0, Instant::now());
    loop {
        let Some(first) = beginning(store, session).await else { return false };
        if first.reaches(seq) {
            return true;
        }
        told(came, first.seq.map(|first| first.0.saturating_sub(seq.0)));
        match session.page(Anchor::Before(first.place), PAGE).await {
            Ok(page) if page.rows.is_empty() && !page.reached_start => return false,
            Ok(page) => {
                came += page.rows.len() as u64;
                since = Instant::now();
            }
            Err(error) if is_busy(session, &error) && since.elapsed() < PATIENCE => {
                sleep(BUSY).await;
            }
            Err(_) => return false,
        }
    }
}

/// Tries each gap once; says whether none is left.
async fn fill_gaps(store: &Store, session: &Session) -> bool {
    let mut tried = BTreeSet::new();
    loop {
        let Ok(gaps) = store.gaps(session.room(), GAPS).await else { return false };
        let next = gaps.iter().rev().find(|gap| !tried.contains(&gap.key.0));
        let Some(next) = next else { return gaps.is_empty() };
        tried.insert(next.key.0);
        // What of it could not be had is a gap still, under this key or another.
        let _left = session.fill_gap(next.key).await;
    }
}

impl Beginning {
    fn reaches(&self, seq: Seq) -> bool {
        self.reached || self.seq.is_some_and(|first| first <= seq)
    }
}

async fn beginning(store: &Store, session: &Session) -> Option<Beginning> {
    let page = store.page(session.room(), Anchor::After(Place(i64::MIN)), FIRST).await.ok()?;
    let place = page.rows.first().map_or(Place(i64::MIN), |row| row.place);
    let seq = page.rows.iter().find_map(|row| row.entry()?.entry.seq);
    Some(Beginning { place, seq, reached: page.reached_start })
}

/// Whatever can be said about the room's end by itself has been.
fn is_settled(view: &RoomView) -> bool {
    match view.connection {
        Connection::Online => !view.behind && view.desk.state != DeskState::CatchingUp,
        Connection::Connecting | Connection::Joining | Connection::Syncing => false,
        Connection::Waiting { .. } | Connection::Refused { .. } | Connection::Closed => true,
    }
}

fn is_busy(session: &Session, error: &SessionError) -> bool {
    match error {
        SessionError::Offline => session.watch().borrow().connection == Connection::Online,
        SessionError::Timeout | SessionError::Server { status: 429 | 503 } => true,
        _ => false,
    }
}
