//! Who may come in: the origin, the token, the room it opens.

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::{Identity, StreamId, Token};
use axum::http::header::{AUTHORIZATION, ORIGIN};
use axum::http::{HeaderMap, Uri};
use jiff::Timestamp;

use crate::hall::Hall;
use crate::page;
use crate::refusal::Refusal;
use crate::room::Room;
use crate::store::tokens::{self, TokenHash};

/// What one server stored, the others have by then.
const MOMENT: Duration = Duration::from_millis(250);

/// Someone who may be in a room.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) room: Arc<Room>,
    pub(crate) identity: Identity,
    pub(crate) token: TokenHash,
    pub(crate) expires: Option<Timestamp>,
}

impl Seat {
    /// Refuses a request that names another room. An empty name means the token's own.
    pub(crate) fn in_stream(&self, stream: &StreamId) -> Result<(), Refusal> {
        if stream.as_str().is_empty() || stream == self.room.stream() {
            return Ok(());
        }
        Err(Refusal::OtherRoom)
    }
}

/// Whether a URL carries a token, under any case or percent-encoding of that word.
pub(crate) fn has_token(uri: &Uri) -> bool {
    query_pairs(uri)
        .is_some_and(|pairs| pairs.iter().any(|(key, _)| key.trim().eq_ignore_ascii_case("token")))
}

/// The query's pairs; nothing when it cannot be read.
pub(crate) fn query_pairs(uri: &Uri) -> Option<Vec<(String, String)>> {
    axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri).ok().map(|query| query.0)
}

/// A native client sends no origin; a web page always does, and must be one of the owner's.
pub(crate) fn origin_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    headers
        .get_all(ORIGIN)
        .iter()
        .all(|origin| allowed.iter().any(|known| known.as_bytes() == origin.as_bytes()))
}

/// Finds the seat that a request's token gives. Unknown, expired and revoked look the same from outside.
pub(crate) async fn seat(hall: &Arc<Hall>, headers: &HeaderMap) -> Result<Seat, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let secret = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        (None, None) => page::token(headers),
        _ => None,
    };
    let secret = Token::new(secret.ok_or(Refusal::Token)?);
    let hash = tokens::hash(secret.expose());
    let read = move |conn: &rusqlite::Connection| {
        Ok((tokens::token(conn, &hash)?, tokens::newest_notice(conn)?))
    };
    let (mut found, mut newest) = hall.store.read(read).await?;
    if found.is_none() && hall.store.is_shared() {
        // Another server may have made it a moment ago.
        tokio::time::sleep(MOMENT).await;
        (found, newest) = hall.store.read(read).await?;
    }
    if hall.is_behind(newest) {
        hall.heed().await?;
    }
    let now_ms = hall.clock.now().as_millisecond();
    let row = found.filter(|row| row.holds(now_ms)).ok_or(Refusal::Token)?;
    let expires = row.expires();
    let room = hall.open(row.room).await?;
    Ok(Seat { room, identity: row.identity, token: hash, expires })
}

/// Whether a seat is still what it was when it was given: a token may be revoked while its socket opens, too late for the
/// one and too early for the other to be seen.
pub(crate) async fn still_holds(hall: &Hall, seat: &Seat) -> Result<(), Refusal> {
    let hash = seat.token;
    let found = hall.store.read(move |conn| tokens::token(conn, &hash)).await?;
    let now_ms = hall.clock.now().as_millisecond();
    let same =
        |row: &tokens::TokenRow| row.holds(now_ms) && row.identity.role == seat.identity.role;
    found.filter(same).map(drop).ok_or(Refusal::Token)
}
