//! What the owner of a server may do without a socket: make rooms and tokens, publish entries, read them back.

mod lists;

use std::path::Path;
use std::sync::Arc;

use aside_protocol::{AnswerNotes, Body, Entry, Role, Seq, Token, Topic};
use jiff::Timestamp;

use crate::config::{Clock, Dice};
use crate::hall::{Hall, new_epoch};
use crate::log::LogPlace;
use crate::room::Room;
use crate::running::ServerError;
use crate::spec::{
    Answering, Issued, NewEntry, Placed, RoomInfo, RoomSpec, TokenId, TokenInfo, TokenSpec,
};
use crate::store::entries::{self, Draft, End, Range};
use crate::store::tokens::{self, RoomRow, Settings};
use crate::store::writer::AppendError;
use crate::store::{Store, StoreError};
use crate::wire::Wire;

/// What the owner asked for was not done.
#[derive(Debug, thiserror::Error)]
pub enum RoomsError {
    /// There is no such room.
    #[error("no such room")]
    NoRoom,
    /// There is no such question in the room.
    #[error("no such question")]
    NoQuestion,
    /// There is no such token.
    #[error("no such token")]
    NoToken,
    /// The topic or the stream id belongs to another room already.
    #[error("the topic or the stream id is taken by another room")]
    Taken,
    /// A topic, stream id or user id may not be empty.
    #[error("a name is missing")]
    Nameless,
    /// A word for a list is empty, or too long.
    #[error("a word is empty or longer than 128 bytes")]
    Word,
    /// Only the server that hosts the rooms may write into them.
    #[error("only the running server writes entries")]
    NotHosting,
    /// The database refused.
    #[error("the database refused")]
    Database(#[source] rusqlite::Error),
    /// Nothing could be stored; the log says why.
    #[error("nothing could be stored")]
    NotStored,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopped,
}

impl From<StoreError> for RoomsError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => Self::Database(error),
            StoreError::Stopped => Self::Stopped,
            StoreError::Away | StoreError::Unsure | StoreError::TooLarge => Self::NotStored,
        }
    }
}

impl From<AppendError> for RoomsError {
    fn from(_: AppendError) -> Self {
        Self::NotStored
    }
}

/// The owner's handle. Cheap to clone; once the server is stopped, it reads on but changes nothing.
#[derive(Clone, Debug)]
pub struct Rooms {
    hall: Arc<Hall>,
}

/// Entries in one transaction of [`Rooms::seed`]: few enough that a live room is not held up.
const SEED_CHUNK: usize = 500;

impl Rooms {
    pub(crate) fn new(hall: Arc<Hall>) -> Self {
        Self { hall }
    }

    /// Opens the rooms of a data directory beside a server that may be running there, to make rooms and tokens.
    ///
    /// # Errors
    /// [`ServerError`]: the directory or the database.
    pub fn administer(data: &Path) -> Result<Self, ServerError> {
        Self::administer_with(data, None)
    }

    /// The same where that server follows a log: so does this.
    ///
    /// # Errors
    /// [`ServerError`]: the directory, the database or the log.
    pub fn administer_with(data: &Path, log: Option<&LogPlace>) -> Result<Self, ServerError> {
        let clock = Clock::system();
        // A thread of its own: this one may belong to a runtime, and the log has another.
        let opened = std::thread::scope(|scope| {
            scope.spawn(|| Store::administer(data, log, clock.clone())).join()
        });
        let lost = |_| ServerError::Directory(std::io::Error::other("a thread was lost"));
        let (store, writer) = opened.map_err(lost)??;
        writer.spawn().map_err(ServerError::Directory)?;
        Ok(Self::new(Arc::new(Hall::new(store, clock, Dice::system(), Wire::full()))))
    }

    /// Finds or makes a room.
    ///
    /// # Errors
    /// [`RoomsError`], as for everything here.
    pub async fn create_room(&self, spec: RoomSpec) -> Result<RoomInfo, RoomsError> {
        let row = self.find_or_make(&spec).await?;
        self.info(row).await
    }

    async fn find_or_make(&self, spec: &RoomSpec) -> Result<RoomRow, RoomsError> {
        if spec.topic.as_str().is_empty() || spec.stream.as_str().is_empty() {
            return Err(RoomsError::Nameless);
        }
        let (spec, epoch, now_ms) = (spec.clone(), new_epoch(&self.hall.dice), self.now_ms());
        let made = self
            .hall
            .store
            .write(move |conn| tokens::find_or_make_room(conn, &spec, &epoch, now_ms))
            .await?;
        made.ok_or(RoomsError::Taken)
    }

    /// Every room.
    pub async fn rooms(&self) -> Result<Vec<RoomInfo>, RoomsError> {
        let rows = self.hall.store.read(tokens::rooms).await?;
        let mut infos = Vec::with_capacity(rows.len());
        for row in rows {
            infos.push(self.info(row).await?);
        }
        Ok(infos)
    }

    /// One room.
    pub async fn room(&self, topic: &Topic) -> Result<RoomInfo, RoomsError> {
        let topic = topic.clone();
        let row = self.hall.store.read(move |conn| tokens::room(conn, &topic)).await?;
        self.info(row.ok_or(RoomsError::NoRoom)?).await
    }

    async fn info(&self, row: RoomRow) -> Result<RoomInfo, RoomsError> {
        let Settings { review, anonymous, slow_s } = row.settings.clone();
        let room = self.hall.open(row).await?;
        let (epoch, head) = room.position();
        Ok(RoomInfo {
            topic: room.topic().clone(),
            stream: room.stream().clone(),
            epoch,
            head,
            review,
            anonymous,
            slow_seconds: slow_s,
        })
    }

    /// How many people are in a room now; none, for a server in another process.
    pub async fn people(&self, topic: &Topic) -> Result<usize, RoomsError> {
        let key = self.hall.find(topic).await?.key();
        Ok(self.hall.sockets.people(key))
    }

    /// From now on, what the audience asks waits until staff approve it, or no longer does (where the server keeps the state
    /// of questions at all). What waits already goes on waiting. A server in another process heeds it at once.
    pub async fn set_review(&self, topic: &Topic, on: bool) -> Result<(), RoomsError> {
        let topic = topic.clone();
        if !self.hall.store.write(move |conn| tokens::set_review(conn, &topic, on)).await? {
            return Err(RoomsError::NoRoom);
        }
        Ok(self.hall.heed().await?)
    }

    /// From now on, the audience asks under this name, and nobody learns who does, staff included; absent, under their own
    /// names. The server knows, for its limits. A server in another process heeds it at once.
    pub async fn set_anonymous(
        &self,
        topic: &Topic,
        name: Option<String>,
    ) -> Result<(), RoomsError> {
        let (topic, name) = (topic.clone(), name.unwrap_or_default());
        let change =
            move |conn: &rusqlite::Transaction<'_>| tokens::set_anonymous(conn, &topic, &name);
        if !self.hall.store.write(change).await? {
            return Err(RoomsError::NoRoom);
        }
        Ok(self.hall.heed().await?)
    }

    /// Makes a token, and its room if there is none.
    pub async fn create_token(&self, spec: TokenSpec) -> Result<Issued, RoomsError> {
        if spec.user.is_empty() {
            return Err(RoomsError::Nameless);
        }
        let room = self.find_or_make(&spec.room).await?;
        let secret = new_secret(&self.hall.dice);
        let hash = tokens::hash(&secret);
        let id = TokenId(uuid::Uuid::new_v4().simple().to_string());
        let (token, now_ms, name) = (Token::new(secret), self.now_ms(), id.clone());
        let insert = move |conn: &rusqlite::Transaction<'_>| {
            tokens::insert_token(conn, &name, &hash, room.key, &spec, now_ms)
        };
        self.hall.store.write(insert).await?;
        Ok(Issued { token, id })
    }

    /// Every token, also the revoked ones.
    pub async fn tokens(&self) -> Result<Vec<TokenInfo>, RoomsError> {
        Ok(self.hall.store.read(tokens::tokens).await?)
    }

    /// Ends a token; its sockets are closed with 4401 (by a server in another process, within seconds).
    pub async fn revoke_token(&self, id: &TokenId) -> Result<(), RoomsError> {
        let (id, now_ms) = (id.clone(), self.now_ms());
        self.token_change(move |conn| tokens::revoke(conn, &id, now_ms)).await
    }

    /// Ends every token of a user in a room, and says how many there were.
    pub async fn revoke_user(&self, topic: &Topic, user: &str) -> Result<usize, RoomsError> {
        let (topic, user) = (topic.clone(), user.to_owned());
        let ids = self.hall.store.read(move |conn| tokens::of_user(conn, &topic, &user)).await?;
        for id in &ids {
            self.revoke_token(id).await?;
        }
        Ok(ids.len())
    }

    /// Gives a token another role; its sockets come back with it.
    pub async fn set_role(&self, id: &TokenId, role: Role) -> Result<(), RoomsError> {
        let id = id.clone();
        self.token_change(move |conn| tokens::set_role(conn, &id, role)).await
    }

    /// Gives a token another end, or none.
    pub async fn set_expiry(
        &self,
        id: &TokenId,
        expires: Option<Timestamp>,
    ) -> Result<(), RoomsError> {
        let id = id.clone();
        self.token_change(move |conn| tokens::set_expiry(conn, &id, expires)).await
    }

    async fn token_change(
        &self,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<bool>
        + Clone
        + Send
        + 'static,
    ) -> Result<(), RoomsError> {
        if !self.hall.store.write(change).await? {
            return Err(RoomsError::NoToken);
        }
        self.hall.end_stale_sockets().await?;
        Ok(())
    }

    /// Puts an entry into a room and tells everyone in it.
    pub async fn publish(&self, topic: &Topic, entry: NewEntry) -> Result<Placed, RoomsError> {
        let placed = self.seed(topic, vec![entry]).await?;
        placed.into_iter().next().ok_or(RoomsError::NotStored)
    }

    /// Puts many entries into a room, quickly, in order: what a test calls history. Whoever is there is told.
    pub async fn seed(
        &self,
        topic: &Topic,
        entries: Vec<NewEntry>,
    ) -> Result<Vec<Placed>, RoomsError> {
        let room = self.hosted(topic).await?;
        let mut placed = Vec::with_capacity(entries.len());
        let mut drafts = entries.into_iter().map(NewEntry::into_draft).peekable();
        while drafts.peek().is_some() {
            let chunk = drafts.by_ref().take(SEED_CHUNK).collect();
            let places = self.hall.append(&room, chunk).await?;
            placed.extend(places.into_iter().map(|seq| Placed { id: room.entry_id(seq), seq }));
        }
        Ok(placed)
    }

    /// Answers a question of the room.
    pub async fn answer_as(
        &self,
        topic: &Topic,
        answering: Answering,
    ) -> Result<Placed, RoomsError> {
        let room = self.hosted(topic).await?;
        let place = room.place_of(&answering.question).ok_or(RoomsError::NoQuestion)?;
        let key = room.key();
        let found = self.hall.store.read(move |conn| entries::question(conn, key, place)).await?;
        let (asker, question) = found.ok_or(RoomsError::NoQuestion)?;
        let body = Body::Answer {
            org_name: answering.org_name,
            org_logo: answering.org_logo.clone(),
            question,
            text: answering.text,
            // A core server's answers do not say which entry they belong to.
            question_id: room.wire().seq.then_some(answering.question),
            notes: AnswerNotes::default(),
        };
        let entry = NewEntry {
            avatar_url: answering.org_logo,
            ..NewEntry::new(body, answering.user, asker)
        };
        self.publish(topic, entry).await
    }

    /// The entries after a place, oldest first, at most `count`; with ids, places and nonces in every mode.
    pub async fn entries(
        &self,
        topic: &Topic,
        after: Seq,
        count: u32,
    ) -> Result<Vec<Entry>, RoomsError> {
        let room = self.hall.find(topic).await?;
        let (key, before) = (room.key(), Seq(u64::MAX));
        let range = Range { after, before, kind: None, from: End::Oldest, skip: 0, count };
        let records = self.hall.store.read(move |conn| entries::range(conn, key, range)).await?;
        let (epoch, _) = room.position();
        let wire = Wire::full();
        Ok(records.iter().map(|record| wire.entry(record, room.stream(), &epoch)).collect())
    }

    /// Forgets the room's history and begins a new epoch; its sockets are asked to come back.
    pub async fn reset(&self, topic: &Topic) -> Result<RoomInfo, RoomsError> {
        let room = self.hosted(topic).await?;
        let (epoch, key, target) = (new_epoch(&self.hall.dice), room.key(), room.clone());
        let reset = move |conn: &rusqlite::Transaction<'_>| {
            entries::forget_room(conn, key)?;
            tokens::set_epoch(conn, key, &epoch)?;
            Ok(epoch)
        };
        self.hall.store.write_then(reset, move |epoch| target.restart(epoch.clone())).await?;
        self.room(topic).await
    }

    async fn hosted(&self, topic: &Topic) -> Result<Arc<Room>, RoomsError> {
        if !self.hall.store.hosting() {
            return Err(RoomsError::NotHosting);
        }
        self.hall.find(topic).await
    }

    fn now_ms(&self) -> i64 {
        self.hall.clock.now().as_millisecond()
    }
}

impl NewEntry {
    fn into_draft(self) -> Draft {
        Draft {
            kind: self.body.kind(),
            user: self.user,
            display_name: self.display_name,
            avatar_url: self.avatar_url,
            content: self.body.to_content(),
            created_ms: self.created_at.map(Timestamp::as_millisecond),
            nonce: None,
            seen: None,
            co_answer: false,
            quotes: None,
            source: None,
            owner: None,
        }
    }
}

/// 256 random bits, in hex.
pub(crate) fn new_secret(dice: &Dice) -> String {
    format!("{:032x}{:032x}", dice.roll(), dice.roll())
}
