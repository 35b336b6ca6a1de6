//! The HTTP side of a room: what is asked, and what an answer is worth.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use aside_protocol::http::{CAPABILITIES_PATH, HISTORY_PATH, HistoryPage, HistoryQuery};
use aside_protocol::moderation::{
    DEEDS_PATH, Deed, MODERATION_PATH, Moderation, REMOVALS_PATH, Removal,
};
use aside_protocol::triage::{CHANGES_PATH, Changes, LOG_PATH, LogLine, SNIPPETS_PATH, Snippets};
use aside_protocol::{Capabilities, Entry, EntryId, Seq, StreamId, Token, limits};

use crate::align::{Print, Printer, begins_within, join_pages, older_page, older_than};
use crate::config::RoomConfig;
use crate::network::{HttpError, HttpMethod, HttpReply, HttpRequest, Network};
use crate::verdict::is_html;

/// So many entries of one reply are taken. More than the contract's page has: some servers take no notice of what is asked for.
/// Each is compared with each of ours.
const TAKEN: usize = 5000;
/// One request may take this long.
const REQUEST: Duration = Duration::from_secs(10);
/// Where the server has no say yet, a question about its abilities must not hold the room up.
const CAPABILITIES: Duration = Duration::from_secs(4);
/// What a server says of its abilities is small.
const SMALL_REPLY: usize = 256 * 1024;
/// Pages of history without ids are asked for with so many rows in common.
const OVERLAP: u32 = 32;
/// Pages are at least this large.
const SMALLEST_PAGE: u32 = 64;
/// So many pages are looked at for our first rows.
const OLDER_TRIES: u32 = 5;
/// When the history shifts faster than it can be read, reading starts over so many times.
const RESTARTS: u32 = 3;

/// Everything a request needs.
#[derive(Clone)]
pub(crate) struct Fetch {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) config: Arc<RoomConfig>,
    pub(crate) token: Token,
    pub(crate) pages: Arc<Pages>,
}

/// What is known of a server's pages of history.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    /// The largest that it is known to fill.
    full: AtomicU32,
    /// One had more than was asked for, so where they begin is not known.
    loose: AtomicBool,
}

/// A page that did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchError {
    /// No reply.
    Http(HttpError),
    /// A reply with another status.
    Status(u16),
    /// A reply that is no page of history.
    NotHistory,
}

/// What a server says about its abilities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Abilities {
    /// It answered, if only with a 404: that is the core.
    Known(Box<Capabilities>),
    /// No answer, or not now.
    Unknown,
}

/// The newest part of a history without ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// Oldest first.
    pub(crate) entries: Vec<Entry>,
    /// Whether this is all there is.
    pub(crate) whole: bool,
}

impl Fetch {
    async fn get(
        &self,
        path: &str,
        pairs: &[(&str, String)],
        limit: usize,
        timeout: Duration,
    ) -> Result<HttpReply, HttpError> {
        let mut url = self.config.http_url(path);
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        let request =
            HttpRequest { url, method: HttpMethod::Get, token: self.token.clone(), timeout, limit };
        self.network.http(request).await
    }

    pub(crate) async fn post(&self, path: &str, body: String) -> Result<HttpReply, HttpError> {
        // The reply may be a question with all that is noted of it.
        let limit = limits::PAGE_BYTES;
        let request = HttpRequest {
            url: self.config.http_url(path),
            method: HttpMethod::Post(body),
            token: self.token.clone(),
            timeout: REQUEST,
            limit,
        };
        self.network.http(request).await
    }

    /// What the server can do. A status that may be different in a moment says nothing about that, and neither does a page
    /// of somebody else's or half a reply: a room with places must not become one without over it.
    pub(crate) async fn abilities(&self) -> Abilities {
        match self.get(CAPABILITIES_PATH, &[], SMALL_REPLY, CAPABILITIES).await {
            Ok(reply) if reply.status == 200 => Capabilities::read(&reply.body)
                .map_or(Abilities::Unknown, |known| Abilities::Known(Box::new(known))),
            Ok(HttpReply {
                status: 300..=399 | 401 | 403 | 407 | 408 | 425 | 429 | 500..=599,
                ..
            })
            | Err(HttpError::Dial(_) | HttpError::Lost) => Abilities::Unknown,
            Ok(_) | Err(HttpError::TooLarge) => Abilities::Known(Box::default()),
        }
    }

    /// What changed of the room's questions.
    pub(crate) async fn changes(&self, after: u64) -> Result<Changes, FetchError> {
        let pairs =
            [("stream", self.config.stream.as_str().to_owned()), ("after", after.to_string())];
        let reply = self.get(CHANGES_PATH, &pairs, limits::PAGE_BYTES, REQUEST).await;
        let reply = reply.map_err(FetchError::Http)?;
        if reply.status != 200 {
            return Err(FetchError::Status(reply.status));
        }
        Changes::parse(&reply.body).ok_or(FetchError::NotHistory)
    }

    /// What was done with a question.
    pub(crate) async fn question_log(
        &self,
        question: &EntryId,
    ) -> Result<Vec<LogLine>, FetchError> {
        let pairs = [
            ("stream", self.config.stream.as_str().to_owned()),
            ("questionId", question.as_str().to_owned()),
        ];
        let reply = self.get(LOG_PATH, &pairs, limits::PAGE_BYTES, REQUEST).await;
        let reply = reply.map_err(FetchError::Http)?;
        if reply.status != 200 {
            return Err(FetchError::Status(reply.status));
        }
        LogLine::parse_all(&reply.body).ok_or(FetchError::NotHistory)
    }

    /// The snippets that staff share.
    pub(crate) async fn snippets(&self) -> Result<Snippets, FetchError> {
        let pairs = [("stream", self.config.stream.as_str().to_owned())];
        let reply = self.get(SNIPPETS_PATH, &pairs, limits::PAGE_BYTES, REQUEST).await;
        let reply = reply.map_err(FetchError::Http)?;
        if reply.status != 200 {
            return Err(FetchError::Status(reply.status));
        }
        Snippets::parse(&reply.body).ok_or(FetchError::NotHistory)
    }

    /// Which entries were removed after a removal.
    pub(crate) async fn removals(&self, after: u64) -> Result<Vec<Removal>, FetchError> {
        let pairs =
            [("stream", self.config.stream.as_str().to_owned()), ("after", after.to_string())];
        let reply = self.get(REMOVALS_PATH, &pairs, limits::PAGE_BYTES, REQUEST).await;
        let reply = reply.map_err(FetchError::Http)?;
        if reply.status != 200 {
            return Err(FetchError::Status(reply.status));
        }
        Removal::parse_all(&reply.body).ok_or(FetchError::NotHistory)
    }

    /// Who is muted, and how slow the room is.
    pub(crate) async fn moderation(&self) -> Result<Moderation, FetchError> {
        let pairs = [("stream", self.config.stream.as_str().to_owned())];
        let reply = self.get(MODERATION_PATH, &pairs, limits::PAGE_BYTES, REQUEST).await;
        let reply = reply.map_err(FetchError::Http)?;
        if reply.status != 200 {
            return Err(FetchError::Status(reply.status));
        }
        Moderation::parse(&reply.body).ok_or(FetchError::NotHistory)
    }

    /// The newest of what was done for order, or what was done before a deed; oldest first.
    pub(crate) async fn deeds(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Deed>, FetchError> {
        let pairs = [
            ("stream", self.config.stream.as_str().to_owned()),
            ("before", before.unwrap_or(i64::MAX as u64).to_string()),
            ("limit", limit.to_string()),
        ];
        let reply = self.get(DEEDS_PATH, &pairs, limits::PAGE_BYTES, REQUEST).await;
        let reply = reply.map_err(FetchError::Http)?;
        if reply.status != 200 {
            return Err(FetchError::Status(reply.status));
        }
        Deed::parse_all(&reply.body).ok_or(FetchError::NotHistory)
    }

    /// Asks for a change of them; the reply is the whole list.
    pub(crate) async fn change_snippets(&self, body: String) -> Result<HttpReply, HttpError> {
        self.post(SNIPPETS_PATH, body).await
    }

    async fn page(&self, query: &HistoryQuery) -> Result<HistoryPage, FetchError> {
        let reply = self.get(HISTORY_PATH, &query.pairs(), limits::PAGE_BYTES, REQUEST).await;
        let reply = reply.map_err(FetchError::Http)?;
        if reply.status != 200 {
            return Err(FetchError::Status(reply.status));
        }
        if is_html(&reply.content_type, &reply.body) {
            return Err(FetchError::NotHistory);
        }
        let mut page = HistoryPage::parse(&reply.body).map_err(|_| FetchError::NotHistory)?;
        if len(page.items) > query.results_per_page {
            self.pages.loose.store(true, Ordering::Relaxed);
        }
        // What is asked for from a place on is asked for from its beginning.
        if query.after.is_none() {
            page.entries.drain(..page.entries.len().saturating_sub(TAKEN));
            page.items = page.items.min(TAKEN);
        }
        Ok(page)
    }

    fn stream(&self) -> StreamId {
        self.config.stream.clone()
    }

    /// The newest entries of a room with places.
    pub(crate) async fn newest(&self, count: u32) -> Result<HistoryPage, FetchError> {
        self.page(&HistoryQuery::newest(self.stream(), count)).await
    }

    /// Entries right before a place.
    pub(crate) async fn before(&self, seq: Seq, count: u32) -> Result<HistoryPage, FetchError> {
        let query =
            HistoryQuery { before: Some(seq), ..HistoryQuery::newest(self.stream(), count) };
        self.page(&query).await
    }

    /// Entries of a range of places, from its start.
    pub(crate) async fn range(&self, from: Seq, to: Seq) -> Result<HistoryPage, FetchError> {
        let count = u32::try_from(to.0 - from.0 + 1).unwrap_or(u32::MAX);
        let query = HistoryQuery {
            after: Some(Seq(from.0.saturating_sub(1))),
            ..HistoryQuery::newest(self.stream(), count)
        };
        let mut page = self.page(&query).await?;
        page.entries.retain(|entry| entry.seq.is_some_and(|seq| (from..=to).contains(&seq)));
        Ok(page)
    }

    /// The newest `count` entries of a room without places: one request where one page is enough, because one request is
    /// one moment; more are joined by what they have in common.
    pub(crate) async fn snapshot(
        &self,
        count: u32,
        printer: &Printer,
    ) -> Result<Snapshot, FetchError> {
        for _ in 0..RESTARTS {
            if let Some(snapshot) = self.try_snapshot(count, printer).await? {
                return Ok(snapshot);
            }
        }
        // It shifts too fast: the newest page alone is still true.
        let page = self.page(&HistoryQuery::newest(self.stream(), count)).await?;
        Ok(Snapshot { entries: page.entries, whole: false })
    }

    /// Entries before our first ones, in a room without places. Where those stand in the server's pages is only guessed
    /// (`depth` entries from the end), so the guess is moved until a page touches them.
    pub(crate) async fn older(
        &self,
        depth: u32,
        anchor: Vec<Print>,
        count: u32,
        printer: &Printer,
    ) -> Result<Snapshot, FetchError> {
        let mut depth = depth;
        for tries in 0..OLDER_TRIES {
            let (number, size) = older_page(depth, OVERLAP, self.largest());
            let (number, size) = if number == 1 { (1, count + depth) } else { (number, size) };
            let query = HistoryQuery { page: number, ..HistoryQuery::newest(self.stream(), size) };
            let mut page = self.page(&query).await?;
            let whole = len(page.items) < query.results_per_page && number > 1;
            let prints: Vec<_> = page.entries.iter().map(|entry| printer.print(entry)).collect();
            match older_than(&anchor, &prints) {
                Some(older) if older > 0 || whole => {
                    page.entries.truncate(older);
                    return Ok(Snapshot { entries: page.entries, whole });
                }
                // Nothing is older: the server has forgotten what our first rows say.
                _ if whole
                    && (begins_within(&anchor, &prints) || tries == 0 && self.is_past(&page)) =>
                {
                    return Ok(Snapshot { entries: Vec::new(), whole });
                }
                // The page ends above our first rows, or does not reach them: look deeper.
                _ if whole => break,
                _ => depth = depth.saturating_add(size.saturating_sub(OVERLAP).max(OVERLAP)),
            }
        }
        Err(FetchError::NotHistory)
    }

    async fn try_snapshot(
        &self,
        count: u32,
        printer: &Printer,
    ) -> Result<Option<Snapshot>, FetchError> {
        let (mut snapshot, mut have) = self.first_page(count, printer).await?;
        while !snapshot.whole && have < count {
            let (number, size) = older_page(have, OVERLAP, self.largest());
            let query = HistoryQuery { page: number, ..HistoryQuery::newest(self.stream(), size) };
            let older = self.page(&query).await?;
            snapshot.whole = len(older.items) < size;
            let prints =
                |entries: &[Entry]| entries.iter().map(|e| printer.print(e)).collect::<Vec<_>>();
            let shared = join_pages(&prints(&older.entries), &prints(&snapshot.entries));
            let Some(shared) = shared else {
                return Ok((older.items == 0).then_some(snapshot));
            };
            let mut entries = older.entries;
            entries.truncate(entries.len() - shared);
            have += len(entries.len()).max(1);
            entries.append(&mut snapshot.entries);
            snapshot.entries = entries;
        }
        Ok(Some(snapshot))
    }

    /// The newest page, and how many entries it was. A page that is shorter than asked for is the whole history, unless the
    /// server's pages are smaller than the contract's: the first time, a second request tells the two apart.
    async fn first_page(
        &self,
        count: u32,
        printer: &Printer,
    ) -> Result<(Snapshot, u32), FetchError> {
        let query = HistoryQuery::newest(self.stream(), count);
        let size = query.results_per_page;
        let page = self.page(&query).await?;
        let items = len(page.items);
        let whole = items < size
            && (items == 0 || size <= self.proven() || {
                let second = HistoryQuery { page: 2, ..HistoryQuery::newest(self.stream(), items) };
                let second = self.page(&second).await?;
                second.items == 0 || only_shifted(&second, &page, printer)
            });
        if !whole {
            self.pages.full.fetch_max(items, Ordering::Relaxed);
        }
        Ok((Snapshot { entries: page.entries, whole }, items))
    }

    /// Whether a page shows that the history ends before it.
    fn is_past(&self, page: &HistoryPage) -> bool {
        page.items == 0 && !self.pages.loose.load(Ordering::Relaxed)
    }

    fn proven(&self) -> u32 {
        self.pages.full.load(Ordering::Relaxed)
    }

    /// The largest page that may be asked for without doubt about how many come.
    fn largest(&self) -> u32 {
        self.proven().clamp(SMALLEST_PAGE, limits::PAGE_ENTRIES)
    }
}

/// Whether a second page shows nothing older than the first: whoever spoke between the two requests pushed the first page's
/// oldest entries onto it.
fn only_shifted(second: &HistoryPage, first: &HistoryPage, printer: &Printer) -> bool {
    let print = |entries: &[Entry]| entries.iter().map(|e| printer.print(e)).collect::<Vec<_>>();
    let count = second.entries.len();
    second.items == count
        && second.items < first.items
        && first.entries.get(..count).is_some_and(|oldest| print(oldest) == print(&second.entries))
}

fn len(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
