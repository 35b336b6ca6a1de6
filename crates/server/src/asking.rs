//! Asking and answering over HTTP.

use std::sync::Arc;

use aside_protocol::http::{Answer, Ask, Stored};
use aside_protocol::triage::item_reply;
use aside_protocol::{Body, EntryKind, Extension, Nonce, Seq};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tokio::time::Instant;

use crate::gate::{self, Seat};
use crate::refusal::{Refusal, json};
use crate::routes::Server;
use crate::store::entries::{self, Draft};
use crate::store::items::Items;

type Posted = Result<Bytes, BytesRejection>;

/// `POST api/question/add`: part 1, for everyone.
pub(crate) async fn ask(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = gate::seat(&server.hall, &headers).await?;
    let ask = Ask::parse(&whole(body)?).ok_or(Refusal::Malformed("not a question"))?;
    seat.in_stream(&ask.stream)?;
    let nonce = server.admit(&seat, &ask.content, ask.nonce)?;
    let who = &seat.identity;
    let draft = Draft {
        kind: EntryKind::Question,
        user: who.user.clone(),
        display_name: who.display_name.clone(),
        avatar_url: who.avatar_url.clone(),
        content: Body::Question { text: ask.content }.to_content(),
        created_ms: None,
        nonce,
        seen: None,
    };
    store(&server, &seat, draft).await
}

/// `POST api/answer/add`: an extension, for staff.
pub(crate) async fn answer(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = gate::seat(&server.hall, &headers).await?;
    if !seat.identity.role.answers() {
        return Err(Refusal::Role);
    }
    let answer = Answer::parse(&whole(body)?).ok_or(Refusal::Malformed("not an answer"))?;
    seat.in_stream(&answer.stream)?;
    let nonce = server.admit(&seat, &answer.content, answer.nonce)?;
    let place = seat.room.place_of(&answer.question_id).ok_or(Refusal::NotFound)?;
    let key = seat.room.key();
    let found = server.hall.store.read(move |conn| entries::question(conn, key, place)).await?;
    let (asker, question) = found.ok_or(Refusal::NotFound)?;
    let who = &seat.identity;
    let body = Body::Answer {
        org_name: organisation(who).to_owned(),
        org_logo: who.org_logo.clone(),
        question,
        text: answer.content,
        question_id: Some(answer.question_id),
    };
    let draft = Draft {
        kind: EntryKind::Answer,
        user: who.user.clone(),
        display_name: asker,
        avatar_url: who.org_logo.clone(),
        content: body.to_content(),
        created_ms: None,
        nonce,
        seen: answer.seen.filter(|_| server.offers(Extension::Triage)),
    };
    match store(&server, &seat, draft).await {
        Err(Refusal::Overtaken) => overtaken(&server, &seat, place).await,
        stored => stored,
    }
}

/// Nothing was stored; the question as it stands now says why.
async fn overtaken(server: &Server, seat: &Seat, place: Seq) -> Result<Response, Refusal> {
    let (key, (epoch, _)) = (seat.room.key(), seat.room.position());
    let read =
        move |conn: &rusqlite::Connection| Items { conn, room: key, epoch: &epoch }.get(place);
    let item = server.hall.store.read(read).await?.ok_or(Refusal::NotFound)?;
    let words = Refusal::Overtaken.message();
    Ok(json(StatusCode::CONFLICT, item_reply(409, words, &item)))
}

/// Staff without an organisation answer in their own name.
fn organisation(who: &aside_protocol::Identity) -> &str {
    if who.org_name.is_empty() { &who.display_name } else { &who.org_name }
}

pub(crate) fn whole(body: Posted) -> Result<Bytes, Refusal> {
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Refusal::TooLong
        } else {
            Refusal::Malformed("the body did not arrive")
        }
    })
}

/// The longest nonce that is kept; a UUID has 36 bytes.
const NONCE_BYTES: usize = 64;

impl Server {
    /// Whether someone may put this text into the room now, and under which nonce.
    pub(crate) fn admit(
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
        let name = (seat.room.key(), seat.identity.user.clone());
        self.sends
            .take(name, self.config.limits.sends, Instant::now())
            .map_err(Refusal::TooFast)?;
        Ok(nonce)
    }
}

async fn store(server: &Server, seat: &Seat, draft: Draft) -> Result<Response, Refusal> {
    let places = server.hall.append(&seat.room, vec![draft]).await?;
    let seq = places.first().copied().filter(|_| server.offers(Extension::Seq));
    let stored = Stored { id: seq.map(|seq: Seq| seat.room.entry_id(seq)), seq };
    Ok(json(StatusCode::OK, stored.to_json()))
}
