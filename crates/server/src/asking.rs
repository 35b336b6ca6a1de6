//! Asking over HTTP, and what everything that is said must pass.

use std::sync::Arc;

use aside_protocol::http::{Ask, Stored};
use aside_protocol::{Body, EntryKind, Extension, Nonce, Seq};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tokio::time::Instant;

use crate::gate::{self, Seat};
use crate::refusal::{Refusal, json};
use crate::review::submit;
use crate::routes::Server;
use crate::store::entries::Draft;
use crate::store::nonces;
use crate::store::writer::AppendError;

pub(crate) type Posted = Result<Bytes, BytesRejection>;

/// `POST api/question/add`: part 1, for everyone.
pub(crate) async fn ask(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = gate::seat(&server.hall, &headers).await?;
    let ask = Ask::parse(&whole(body)?).ok_or(Refusal::Malformed("not a question"))?;
    seat.in_stream(&ask.stream)?;
    let nonce = server.admit(&seat, &ask.content, ask.nonce).await?;
    let waits = server.reviews(&seat, &ask.content, EntryKind::Question);
    let content = Body::Question { text: ask.content }.to_content();
    let draft = Draft::by(&seat.identity, EntryKind::Question, content, nonce);
    let draft = server.nameless(&seat, draft);
    if waits {
        return submit(&server, &seat, draft).await;
    }
    match server.hall.append(&seat.room, vec![draft.clone()]).await {
        // Asked when the room reviewed, and once more when it no longer did.
        Err(AppendError::InReview) => submit(&server, &seat, draft).await,
        placed => Ok(stored(&server, &seat, &placed?)),
    }
}

pub(crate) fn whole(body: Posted) -> Result<Bytes, Refusal> {
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Refusal::TooLong
        } else {
            Refusal::Slow
        }
    })
}

/// The longest nonce that is kept; a UUID has 36 bytes.
const NONCE_BYTES: usize = 64;

impl Server {
    /// Whether someone may put this text into the room now, and under which nonce.
    pub(crate) async fn admit(
        &self,
        seat: &Seat,
        text: &str,
        nonce: Option<Nonce>,
    ) -> Result<Option<Nonce>, Refusal> {
        if text.trim().is_empty() {
            return Err(Refusal::Malformed("the text is empty"));
        }
        if text.len() > self.config.limits.content_bytes {
            return Err(Refusal::TooLong);
        }
        let nonce = nonce.filter(|_| self.offers(Extension::Ack));
        if nonce.as_ref().is_some_and(|nonce| nonce.as_str().len() > NONCE_BYTES) {
            return Err(Refusal::Malformed("the nonce is no UUID"));
        }
        let (name, now) = ((seat.room.key(), seat.identity.user.clone()), Instant::now());
        self.sends.take(name.clone(), self.config.limits.sends, now).map_err(Refusal::TooFast)?;
        if self.offers(Extension::Moderation) && !seat.identity.role.at_desk() {
            let (rules, now_ms) = (seat.room.rules(), self.hall.clock.now().as_millisecond());
            let let_in = match rules.muted_for(&seat.identity.user, now_ms) {
                Some(wait) => Err(Refusal::Muted(wait)),
                None => self.slow.take(name, rules.slow(), now).map_err(Refusal::TooFast),
            };
            if let Err(refusal) = let_in
                && !self.is_repeat(seat, nonce.as_ref()).await?
            {
                return Err(refusal);
            }
        }
        Ok(nonce)
    }

    /// Whether something is stored under this nonce already: it is acknowledged once more, whatever came between.
    async fn is_repeat(&self, seat: &Seat, nonce: Option<&Nonce>) -> Result<bool, Refusal> {
        let Some(nonce) = nonce.cloned() else { return Ok(false) };
        let (key, user) = (seat.room.key(), seat.identity.user.clone());
        Ok(self.hall.store.read(move |conn| nonces::is_known(conn, key, &user, &nonce)).await?)
    }

    /// Whether somebody looks at this before it is shown: where a room reviews, or for a word in it. Where nobody could, it
    /// is shown.
    pub(crate) fn reviews(&self, seat: &Seat, text: &str, kind: EntryKind) -> bool {
        if !self.offers(Extension::Triage) || seat.identity.role.at_desk() {
            return false;
        }
        let rules = seat.room.rules();
        (kind == EntryKind::Question && rules.settings.review) || rules.words.hold(text)
    }

    /// The same question under a name that is nobody's and no other question's, where the room wants that of the audience.
    fn nameless(&self, seat: &Seat, draft: Draft) -> Draft {
        let Some(name) = seat.room.rules().settings.anonymous.clone() else { return draft };
        if seat.identity.role.at_desk() {
            return draft;
        }
        let alias = format!("anon-{:016x}", self.hall.dice.roll() as u64);
        seat.room.names(&alias, &draft.user);
        let owner = Some(draft.user);
        Draft { user: alias, display_name: name, avatar_url: String::new(), owner, ..draft }
    }
}

pub(crate) async fn store(server: &Server, seat: &Seat, draft: Draft) -> Result<Response, Refusal> {
    let places = server.hall.append(&seat.room, vec![draft]).await?;
    Ok(stored(server, seat, &places))
}

fn stored(server: &Server, seat: &Seat, places: &[Seq]) -> Response {
    let seq = places.first().copied().filter(|_| server.offers(Extension::Seq));
    let stored = Stored { id: seq.map(|seq| seat.room.entry_id(seq)), seq, review: None };
    json(StatusCode::OK, stored.to_json())
}
