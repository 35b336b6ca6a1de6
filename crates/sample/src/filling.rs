//! Fills a cache as a session would have, in commits as large as they may be.

use std::path::Path;
use std::time::{Duration, Instant};

use aside_history::{
    Change, Commit, Delivery, EntryRow, NewRow, Position, RoomId, RoomName, RowKind, SearchQuery,
    Standing, Store, Where,
};
use aside_protocol::{Entry, Epoch};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::talk::{EPOCH, Form, Talk, formed};

/// Rows of one commit: more gain nothing.
const TOGETHER: usize = 5_000;

/// What is to be filled, and with what.
#[derive(Clone, Debug)]
pub struct Filling {
    /// How many rows.
    pub rows: usize,
    /// Which talk.
    pub seed: u64,
    /// As heard from which kind of server.
    pub form: Form,
    /// The life of the room's history; a server that says another puts a boundary behind these rows.
    pub epoch: String,
    /// The stream's name, which entries repeat.
    pub stream: String,
    /// Whose rows are their own.
    pub user: String,
}

impl Filling {
    /// So many rows of the usual talk.
    pub fn of(rows: usize) -> Self {
        Self {
            rows,
            seed: crate::SEED,
            form: Form::Numbered,
            epoch: EPOCH.to_owned(),
            stream: "sample".to_owned(),
            user: "me".to_owned(),
        }
    }

    /// The talk itself.
    pub fn talk(&self) -> impl Iterator<Item = Entry> {
        let form = self.form;
        let talk = Talk::in_room(self.seed, &self.stream, &self.epoch);
        talk.take(self.rows).map(move |entry| formed(entry, form))
    }
}

/// What it took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filled {
    /// How many rows.
    pub rows: usize,
    /// How long, the making of the talk included.
    pub took: Duration,
}

/// The room that measures fill.
pub fn room_name() -> RoomName {
    let part = |text: &str| text.to_owned();
    RoomName {
        server: part("http://127.0.0.1:9/"),
        topic: part("sample"),
        stream: part("sample"),
        user: part("me"),
    }
}

/// The row of an entry as a session commits it when it comes from a server.
pub fn row(entry: Entry, user: &str) -> NewRow {
    let created_at = entry.created_at.and_then(|at| at.resolve(&TimeZone::UTC));
    let received_at = created_at.unwrap_or_default();
    let row = EntryRow {
        created_at,
        mine: entry.user == user,
        standing: Standing::Confirmed,
        delivery: Delivery::Received,
        local_id: None,
        entry,
    };
    NewRow { received_at, kind: RowKind::Entry(Box::new(row)) }
}

/// One commit of rows that follow each other, and the position they lead to.
pub fn commit(rows: Vec<NewRow>, epoch: &str) -> Commit {
    let last = rows.last().and_then(|row| match &row.kind {
        RowKind::Entry(row) => row.entry.seq,
        RowKind::Gap(_) | RowKind::Boundary => None,
    });
    let position = Position {
        epoch: last.map(|_| Epoch::new(epoch.to_owned())),
        applied: last,
        reached_start: true,
    };
    let at = if last.is_some() { Where::BySeq } else { Where::End };
    Commit { changes: vec![Change::Insert { at, rows }], position: Some(position), read: None }
}

/// Puts the rows into a room of a store, oldest first, read to the end.
///
/// # Errors
/// Whatever the store refuses.
pub async fn fill(store: &Store, room: RoomId, filling: &Filling) -> anyhow::Result<Filled> {
    let begun = Instant::now();
    let mut talk = filling.talk();
    let mut made = 0;
    loop {
        let rows: Vec<NewRow> =
            talk.by_ref().take(TOGETHER).map(|entry| row(entry, &filling.user)).collect();
        if rows.is_empty() {
            break;
        }
        made += rows.len();
        let committed = store.commit(room, commit(rows, &filling.epoch)).await?;
        let read = committed.inserted.last().map(|inserted| inserted.place);
        store.commit(room, Commit { read, ..Commit::default() }).await?;
    }
    // At this pace the index falls behind; whoever searches has it follow.
    let (now, zone) = (Timestamp::UNIX_EPOCH, TimeZone::UTC);
    let text = "all of it".to_owned();
    store.search(SearchQuery { text, room: Some(room), now, zone }, None, 1).await?;
    Ok(Filled { rows: made, took: begun.elapsed() })
}

/// Fills the cache of one room below an `ASIDE_HOME` that no app has open.
///
/// # Errors
/// A cache that cannot be opened (an app runs on it), or that refuses.
pub async fn fill_home(home: &Path, name: &RoomName, filling: &Filling) -> anyhow::Result<Filled> {
    let store = Store::open(&home.join("history"))?.store;
    let room = store.room(name).await?;
    let filled = fill(&store, room, filling).await?;
    store.close().await;
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use aside_history::Anchor;
    use aside_protocol::{Seq, StreamId, Token, Topic};
    use aside_session::{Env, RoomConfig, Session};
    use url::Url;

    use super::*;

    #[tokio::test]
    async fn a_filled_room_is_one_that_a_session_left() {
        for form in [Form::Numbered, Form::Core] {
            let home = tempfile::tempdir().unwrap();
            let filling = Filling { form, ..Filling::of(6_000) };
            fill_home(home.path(), &room_name(), &filling).await.unwrap();
            let store = Store::open(&home.path().join("history")).unwrap().store;
            let room = store.room(&room_name()).await.unwrap();
            let state = store.room_state(room).await.unwrap();
            let position = state.position.unwrap();
            let applied = (form == Form::Numbered).then_some(Seq(6_000));
            assert_eq!((position.applied, position.reached_start), (applied, true));
            assert_eq!(store.unread(room).await.unwrap().entries, 0);
            let page = store.page(room, Anchor::End, 10).await.unwrap();
            let said: Vec<_> =
                page.rows.iter().map(|row| &row.entry().unwrap().entry.content).collect();
            let talk: Vec<_> = filling.talk().skip(5_990).map(|entry| entry.content).collect();
            assert_eq!(said, talk.iter().collect::<Vec<_>>());
        }
    }

    /// The name is the one that a session gives the room, and what it opens on is shown before any server answers.
    #[tokio::test]
    async fn a_session_finds_the_rows_while_its_server_is_away() {
        let home = tempfile::tempdir().unwrap();
        fill_home(home.path(), &room_name(), &Filling::of(500)).await.unwrap();
        let store = Store::open(&home.path().join("history")).unwrap().store;
        let server: Url = "http://127.0.0.1:9".parse().unwrap();
        let config = RoomConfig {
            socket: RoomConfig::default_socket(&server),
            server,
            topic: Topic::new("sample"),
            stream: StreamId::new("sample"),
            user: "me".to_owned(),
            display_name: "Me".to_owned(),
            avatar_url: String::new(),
            allow_insecure: false,
        };
        let token = Token::new("t".to_owned());
        let session = Session::start(config, token, store, Env::real().unwrap()).await.unwrap();
        let page = session.page(Anchor::End, 100).await.unwrap();
        let last = page.rows.last().unwrap().entry().unwrap().entry.seq;
        assert_eq!((page.rows.len(), last), (100, Some(Seq(500))));
        session.close().await;
    }
}
