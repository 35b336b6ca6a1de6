//! Reading a room's history over HTTP.

use std::sync::Arc;

use aside_protocol::http::HistoryPage;
use aside_protocol::limits::PAGE_ENTRIES;
use aside_protocol::{EntryKind, Extension, Seq, StreamId};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use tokio::time::Instant;

use crate::fitting::fitting;
use crate::gate::{self, Seat};
use crate::refusal::{Refusal, json};
use crate::routes::Server;
use crate::store::entries::{self, End, Range};

/// The page when none is asked for by size.
const PAGE_DEFAULT: u32 = 100;

pub(crate) async fn page(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let seat = gate::seat(&server.hall, &headers).await?;
    server.admit_read(&seat)?;
    let pairs = gate::query_pairs(&uri).ok_or(Refusal::Malformed("the query cannot be read"))?;
    let asked = Asked::read(&pairs)?;
    seat.in_stream(&asked.stream)?;
    let mut range = asked.range(server.offers(Extension::Seq));
    // Who goes on from a place goes on from any; who counts pages counts on their being full.
    let may_end_early = range.is_next_to_a_place();
    let from = range.from;
    let key = seat.room.key();
    let lag = server.config.history_lag.now();
    let shown_ms = server.hall.clock.now().as_millisecond() - lag_ms(lag);
    let read = server.hall.store.read(move |conn| {
        if !lag.is_zero() {
            range.before = range.before.min(entries::first_after(conn, key, shown_ms)?);
        }
        entries::range(conn, key, range)
    });
    let records = read.await?;
    let (epoch, _) = seat.room.position();
    let wire = seat.room.wire();
    let entries: Vec<_> =
        records.iter().map(|record| wire.entry(record, seat.room.stream(), &epoch)).collect();
    let shown = match from {
        _ if !may_end_early => &entries[..],
        End::Oldest => &entries[..fitting(entries.iter()).min(entries.len())],
        End::Newest => &entries[entries.len().saturating_sub(fitting(entries.iter().rev()))..],
    };
    let whole = shown.len() == entries.len();
    let write = if whole { HistoryPage::to_json } else { HistoryPage::to_json_with_more };
    Ok(json(StatusCode::OK, write(shown)))
}

fn lag_ms(lag: std::time::Duration) -> i64 {
    i64::try_from(lag.as_millis()).unwrap_or(i64::MAX)
}

/// A query as it came, put within bounds.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    stream: StreamId,
    page: u64,
    count: u32,
    kind: Option<EntryKind>,
    before: Option<Seq>,
    after: Option<Seq>,
}

impl Asked {
    fn read(pairs: &[(String, String)]) -> Result<Self, Refusal> {
        let find = |name: &str| {
            pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
        };
        let kind = match find("type") {
            "" => None,
            word => Some(
                EntryKind::parse(word).ok_or(Refusal::Malformed("type is none of the three"))?,
            ),
        };
        let count = number(find("resultsPerPage"))?.map_or(PAGE_DEFAULT, |count| {
            u32::try_from(count).unwrap_or(u32::MAX).clamp(1, PAGE_ENTRIES)
        });
        Ok(Self {
            stream: StreamId::new(find("stream")),
            page: number(find("page"))?.unwrap_or(1).max(1),
            count,
            kind,
            before: number(find("before"))?.map(Seq),
            after: number(find("after"))?.map(Seq),
        })
    }

    /// `before` and `after` mean something only to a server that gives places.
    fn range(&self, with_places: bool) -> Range {
        let (before, after) = if with_places { (self.before, self.after) } else { (None, None) };
        // Going on from a place means the entries next to it; a page alone counts from the newest.
        let from = if after.is_some() && before.is_none() { End::Oldest } else { End::Newest };
        Range {
            after: after.unwrap_or(Seq(0)),
            before: before.unwrap_or(Seq(u64::MAX)),
            kind: self.kind,
            from,
            skip: (self.page - 1).saturating_mul(u64::from(self.count)),
            count: self.count,
        }
    }
}

impl Server {
    /// Whether someone may read now.
    pub(crate) fn admit_read(&self, seat: &Seat) -> Result<(), Refusal> {
        let name = (seat.room.key(), seat.identity.user.clone());
        self.reads.take(name, self.config.limits.history, Instant::now()).map_err(Refusal::TooFast)
    }
}

/// A whole number, put between zero and the largest; absent when empty.
pub(crate) fn number(text: &str) -> Result<Option<u64>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::Malformed("a number is not a whole number"));
    }
    Ok(Some(if negative { 0 } else { digits.parse().unwrap_or(u64::MAX) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Asked, Refusal> {
        let uri: Uri = format!("/x?{query}").parse().unwrap();
        Asked::read(&gate::query_pairs(&uri).unwrap())
    }

    #[test]
    fn numbers_are_put_within_bounds() {
        let bounds = |query: &str| asked(query).map(|asked| (asked.page, asked.count)).unwrap();
        assert_eq!(bounds(""), (1, 100));
        assert_eq!(bounds("page=&resultsPerPage=&type=&stream="), (1, 100));
        assert_eq!(bounds("page=-1&resultsPerPage=0"), (1, 1));
        assert_eq!(bounds("page=0&resultsPerPage=-5"), (1, 1));
        assert_eq!(bounds("page=9223372036854775808&resultsPerPage=1000000000"), (1 << 63, 1000));
        assert_eq!(bounds("page=99999999999999999999999&resultsPerPage=7"), (u64::MAX, 7));
        for query in [
            "page=one",
            "page=1.5",
            "page=1%20OR%201=1",
            "resultsPerPage=%F0%9F%98%80",
            "type=all",
            "before=x",
            "page=-",
            "page=0x10",
            "page=%2B1",
            "page=%D9%A1",
        ] {
            assert!(matches!(asked(query), Err(Refusal::Malformed(_))), "{query}");
        }
    }

    #[test]
    fn an_absurd_page_is_empty_and_no_overflow() {
        let range = asked("page=18446744073709551615&resultsPerPage=1000").unwrap().range(true);
        assert_eq!(range.skip, u64::MAX);
    }
}
