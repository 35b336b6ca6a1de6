//! What those at the desk keep: questions as work items, marks, snippets.

use aside_protocol::EntryId;
use jiff::Timestamp;
use uuid::Uuid;

use super::Store;
use crate::cache::{items, moments, only, read, search, similar};
use crate::error::{OutboxError, StoreError};
use crate::ids::{Place, RoomId};
use crate::outbox::{desk, drafts};
use crate::row::Row;
use crate::search::{Cursor, SearchPage, SearchQuery};
use crate::triage::{Items, ItemsHeard, Snippet};
use crate::view::{Anchor, Moment, Only, Page, Person};

impl Store {
    /// Neighbouring rows of those that are wanted; [`Anchor::Unread`] counts as [`Anchor::End`]. What the page says of older and
    /// newer rows it says of these alone.
    pub async fn page_only(
        &self,
        room: RoomId,
        only: &Only,
        anchor: Anchor,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let only = only.clone();
        self.read(move |conn| only::page(conn, room, &only, anchor, limit)).await
    }

    /// The items of a room as they were last heard.
    pub async fn items(&self, room: RoomId) -> Result<Items, StoreError> {
        self.read(move |conn| items::all(conn, room)).await
    }

    /// Keeps what was heard of items, all of it or nothing.
    pub async fn keep_items(&self, room: RoomId, heard: ItemsHeard) -> Result<(), StoreError> {
        let bound = self.bound;
        self.at_desk(move |desk| {
            desk.has_cache(bound)?;
            desk.cached(|conn| items::keep(conn, room, &heard))
        })
        .await
    }

    /// Questions and answers after a place, in order, at most `limit`.
    pub async fn asked_and_answered(
        &self,
        room: RoomId,
        after: Place,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        self.read(move |conn| read::asked_and_answered(conn, room, after, limit)).await
    }

    /// The answers that name a question, or, naming none, quote its text; in order.
    pub async fn answers_to(
        &self,
        room: RoomId,
        question: &EntryId,
        text: &str,
    ) -> Result<Vec<Row>, StoreError> {
        let (question, text) = (question.clone(), text.to_owned());
        self.read(move |conn| read::answers_to(conn, room, &question, &text)).await
    }

    /// One page of what is looked for in the whole local history. What came here last comes first; `cursor` is where the last
    /// page ended.
    pub async fn search(
        &self,
        query: SearchQuery,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<SearchPage, StoreError> {
        let limit = limit as usize;
        // What was said last may not be in the index yet.
        let mut until = self.at_desk(|desk| desk.index_until(None)).await?;
        while until.is_some() {
            until = self.at_desk(move |desk| desk.index_until(until)).await?;
        }
        self.read(move |conn| search::search(conn, &query, cursor, limit)).await
    }

    /// Other questions of a room whose words are much the same as these, the most alike first, at most five, with how alike they
    /// are from zero to one.
    pub async fn similar(
        &self,
        room: RoomId,
        question: &EntryId,
        text: &str,
    ) -> Result<Vec<(EntryId, f32)>, StoreError> {
        let (question, text) = (question.clone(), text.to_owned());
        self.read(move |conn| similar::similar(conn, room, &question, &text)).await
    }

    /// Where a moment stands in a room.
    pub async fn moment(&self, room: RoomId, at: Timestamp) -> Result<Moment, StoreError> {
        self.read(move |conn| moments::at(conn, room, at)).await
    }

    /// What one person said in a room, by their id: the last `limit` entries, or those before a place.
    pub async fn person(
        &self,
        room: RoomId,
        user: String,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Person, StoreError> {
        self.read(move |conn| read::person(conn, room, &user, before, limit)).await
    }

    /// What was kept here about one subject, if anything was.
    pub async fn mark(&self, room: RoomId, subject: String) -> Result<Option<String>, StoreError> {
        self.in_outbox(move |conn| desk::one(conn, room, &subject)).await
    }

    /// What was kept here about questions of a room, by subject.
    pub async fn marks(&self, room: RoomId) -> Result<Vec<(String, String)>, StoreError> {
        self.in_outbox(move |conn| desk::marks(conn, room)).await
    }

    /// Keeps something about a question; an empty body takes it away.
    pub async fn set_mark(
        &self,
        room: RoomId,
        subject: String,
        body: String,
    ) -> Result<(), OutboxError> {
        self.at_desk(move |both| both.outbox(|conn| desk::mark(conn, room, &subject, &body))).await
    }

    /// All snippets, of every room, by name.
    pub async fn snippets(&self) -> Result<Vec<Snippet>, StoreError> {
        self.in_outbox(desk::snippets).await
    }

    /// Keeps a snippet, new or changed.
    pub async fn save_snippet(&self, snippet: Snippet) -> Result<(), OutboxError> {
        self.at_desk(move |both| both.outbox(|conn| desk::save_snippet(conn, &snippet))).await
    }

    /// Throws a snippet away. False if it was not there.
    pub async fn remove_snippet(&self, id: Uuid) -> Result<bool, StoreError> {
        self.in_outbox(move |conn| desk::remove_snippet(conn, id)).await
    }

    /// The slots of a room that hold a draft.
    pub async fn drafted(&self, room: RoomId) -> Result<Vec<String>, StoreError> {
        self.in_outbox(move |conn| drafts::slots(conn, room)).await
    }
}
