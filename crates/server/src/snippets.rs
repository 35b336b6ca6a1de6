//! Texts for many answers that a room's staff share, over HTTP (extension `triage`).

use std::sync::Arc;

use aside_protocol::triage::SnippetRequest;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::answers::step;
use crate::asking::{Posted, whole};
use crate::refusal::{Refusal, json};
use crate::routes::Server;
use crate::store::snippets::{self, Changed};
use crate::triage::{desk_seat, person, read_in_room};

/// `GET api/desk/snippets?stream=`.
pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let seat = desk_seat(&server, &headers).await?;
    read_in_room(&server, &seat, &uri)?;
    let key = seat.room.key();
    let list = server.hall.store.read(move |conn| snippets::all(conn, key)).await?;
    Ok(json(StatusCode::OK, list.to_json(200, "")))
}

/// `POST api/desk/snippets`.
pub(crate) async fn change(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = desk_seat(&server, &headers).await?;
    let asked = SnippetRequest::parse(&whole(body)?).ok_or(Refusal::Malformed("not a snippet"))?;
    seat.in_stream(&asked.stream_id)?;
    if !asked.fits() {
        return Err(Refusal::TooLong);
    }
    step(&server, &seat)?;
    let (key, by) = (seat.room.key(), person(&seat.identity));
    let now_ms = server.hall.clock.now().as_millisecond();
    let changed = server.hall.store.write_then(
        move |conn| snippets::change(conn, key, asked.rev, asked.change, &by, now_ms),
        move |changed| {
            if let Changed::Done(list) = changed {
                seat.room.deliver_snippets(list.rev);
            }
        },
    );
    match changed.await? {
        Changed::Done(list) => Ok(json(StatusCode::OK, list.to_json(200, ""))),
        Changed::Stale(list) => {
            Ok(json(StatusCode::CONFLICT, list.to_json(409, "somebody else changed them since")))
        }
        Changed::Full => Err(Refusal::Full),
        Changed::NotFound => Err(Refusal::NotFound),
    }
}
