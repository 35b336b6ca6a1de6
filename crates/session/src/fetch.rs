//! The HTTP side of a room: what is asked, and what an answer is worth.

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::http::{CAPABILITIES_PATH, HISTORY_PATH, HistoryPage, HistoryQuery};
use aside_protocol::{Capabilities, Entry, Seq, StreamId, Token, limits};

use crate::align::{Print, Printer, join_pages, older_page, older_than};
use crate::config::RoomConfig;
use crate::network::{HttpError, HttpMethod, HttpReply, HttpRequest, Network};
use crate::verdict::is_html;

/// One request may take this long.
const REQUEST: Duration = Duration::from_secs(10);
/// Where the server has no say yet, a question about its abilities must not hold the room up.
const CAPABILITIES: Duration = Duration::from_secs(4);
/// A reply that is no history is small.
const SMALL_REPLY: usize = 256 * 1024;
/// Pages of history without ids are asked for with so many rows in common.
const OVERLAP: u32 = 32;
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
    Known(Capabilities),
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
        let request = HttpRequest {
            url: self.config.http_url(path),
            method: HttpMethod::Post(body),
            token: self.token.clone(),
            timeout: REQUEST,
            limit: SMALL_REPLY,
        };
        self.network.http(request).await
    }

    /// What the server can do. A status that may be different in a moment says nothing about that.
    pub(crate) async fn abilities(&self) -> Abilities {
        match self.get(CAPABILITIES_PATH, &[], SMALL_REPLY, CAPABILITIES).await {
            Ok(reply) if reply.status == 200 => Abilities::Known(Capabilities::parse(&reply.body)),
            Ok(HttpReply { status: 408 | 425 | 429 | 500..=599, .. })
            | Err(HttpError::Dial(_) | HttpError::Lost) => Abilities::Unknown,
            Ok(_) | Err(HttpError::TooLarge) => Abilities::Known(Capabilities::default()),
        }
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
        HistoryPage::parse(&reply.body).map_err(|_| FetchError::NotHistory)
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
        let page = self.page(&HistoryQuery::newest(self.stream(), limits::PAGE_ENTRIES)).await?;
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
        for _ in 0..OLDER_TRIES {
            let (number, size) = older_page(depth, OVERLAP, limits::PAGE_ENTRIES);
            let (number, size) = if number == 1 { (1, count + depth) } else { (number, size) };
            let query = HistoryQuery { page: number, ..HistoryQuery::newest(self.stream(), size) };
            let mut page = self.page(&query).await?;
            let whole = page.items < usize::try_from(query.results_per_page).unwrap_or(usize::MAX);
            let prints: Vec<_> = page.entries.iter().map(|entry| printer.print(entry)).collect();
            match older_than(&anchor, &prints) {
                Some(older) if older > 0 || whole => {
                    page.entries.truncate(older);
                    return Ok(Snapshot { entries: page.entries, whole });
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
        let first = HistoryQuery::newest(self.stream(), count);
        let page = self.page(&first).await?;
        let asked = usize::try_from(first.results_per_page).unwrap_or(usize::MAX);
        let mut snapshot = Snapshot { whole: page.items < asked, entries: page.entries };
        let mut have = page.items;
        while !snapshot.whole && have < usize::try_from(count).unwrap_or(0) {
            let (number, size) =
                older_page(u32::try_from(have).unwrap_or(u32::MAX), OVERLAP, limits::PAGE_ENTRIES);
            let query = HistoryQuery { page: number, ..HistoryQuery::newest(self.stream(), size) };
            let older = self.page(&query).await?;
            snapshot.whole = older.items < usize::try_from(size).unwrap_or(0);
            if older.items == 0 {
                break;
            }
            let prints =
                |entries: &[Entry]| entries.iter().map(|e| printer.print(e)).collect::<Vec<_>>();
            let Some(shared) = join_pages(&prints(&older.entries), &prints(&snapshot.entries))
            else {
                return Ok(None);
            };
            let mut entries = older.entries;
            entries.truncate(entries.len() - shared);
            have += entries.len().max(1);
            entries.append(&mut snapshot.entries);
            snapshot.entries = entries;
        }
        Ok(Some(snapshot))
    }
}
