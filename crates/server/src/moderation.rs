//! What a desk does about people and what they say, over HTTP (extension `moderation`).

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::moderation::{
    Deed, Moderation, MuteRequest, Removal, RemoveRequest, SlowRequest,
};
use aside_protocol::{EntryId, Seq};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::answers::step;
use crate::asking::{Posted, whole};
use crate::gate::{self, Seat};
use crate::history::number;
use crate::refusal::{Refusal, json};
use crate::routes::Server;
use crate::store::entries;
use crate::store::items::Items;
use crate::store::moderation::{self, NewDeed};
use crate::store::removal::Removed;
use crate::triage::{desk_seat, person, read_in_room};

/// The most lines of one reply.
const LINES: u32 = 500;

pub(crate) const DONE: &str = r#"{"code":200}"#;

/// `POST api/moderation/remove`.
pub(crate) async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = desk_seat(&server, &headers).await?;
    let asked = RemoveRequest::parse(&whole(body)?).ok_or(Refusal::Malformed("not a removal"))?;
    seat.in_stream(&asked.stream_id)?;
    step(&server, &seat)?;
    let seq = seat.room.place_of(&asked.entry_id).ok_or(Refusal::NotFound)?;
    let (key, told, (epoch, _)) = (seat.room.key(), seat.room.clone(), seat.room.position());
    let (by, now_ms) = (person(&seat.identity), server.hall.clock.now().as_millisecond());
    let removed = server.hall.store.write_then(
        move |conn| {
            let items = Items { conn, room: key, epoch: &epoch };
            items.remove(seq, &asked.reason, &by, now_ms)
        },
        move |removed| {
            if let Removed::Done(gone, items) = removed {
                for (seq, number) in gone {
                    told.deliver_removal(*seq, *number);
                }
                told.deliver_items(items);
            }
        },
    );
    match removed.await? {
        Removed::Done(..) | Removed::Before => Ok(json(StatusCode::OK, DONE.to_owned())),
        Removed::Answer => Err(Refusal::Malformed("an answer is retracted")),
        Removed::NotFound => Err(Refusal::NotFound),
    }
}

/// `POST api/moderation/mute`.
pub(crate) async fn mute(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = desk_seat(&server, &headers).await?;
    let asked = MuteRequest::parse(&whole(body)?).ok_or(Refusal::Malformed("mute whom?"))?;
    seat.in_stream(&asked.stream_id)?;
    step(&server, &seat)?;
    let user = match &asked.entry_id {
        Some(id) => author(&server, &seat, id).await?,
        None => asked.user.clone(),
    };
    let time = Duration::from_secs(asked.seconds);
    server.hall.mute(&seat.room, user, time, asked.reason, person(&seat.identity)).await?;
    Ok(json(StatusCode::OK, DONE.to_owned()))
}

/// Whoever said something, as entries name them.
async fn author(server: &Server, seat: &Seat, id: &EntryId) -> Result<String, Refusal> {
    let (key, (epoch, _)) = (seat.room.key(), seat.room.position());
    let place = seat.room.place_of(id);
    let submission = crate::wire::submission_number(&epoch, id);
    let read = move |conn: &rusqlite::Connection| {
        if let Some(number) = submission {
            let waits = Items { conn, room: key, epoch: &epoch }.submission(number)?;
            return Ok(waits.map(|item| item.asker.user));
        }
        let at = |seq: Seq| entries::at(conn, key, seq);
        Ok(place.map(at).transpose()?.flatten().map(|entry| entry.user))
    };
    let found = server.hall.store.read(read).await?;
    found.filter(|user| !user.is_empty()).ok_or(Refusal::NotFound)
}

/// `POST api/moderation/slow`.
pub(crate) async fn slow(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = desk_seat(&server, &headers).await?;
    let asked = SlowRequest::parse(&whole(body)?).ok_or(Refusal::Malformed("how slow?"))?;
    seat.in_stream(&asked.stream_id)?;
    step(&server, &seat)?;
    let (key, by) = (seat.room.key(), person(&seat.identity));
    let now_ms = server.hall.clock.now().as_millisecond();
    let change = move |conn: &rusqlite::Transaction<'_>| {
        let before = moderation::set_slow(conn, key, asked.seconds)?;
        let (old, new) = (before.to_string(), asked.seconds.to_string());
        if old == new {
            return Ok(());
        }
        NewDeed { action: "slow", old, new, by, ..NewDeed::default() }.note(conn, key, now_ms)
    };
    server.hall.store.write(change).await?;
    server.hall.heed().await?;
    Ok(json(StatusCode::OK, DONE.to_owned()))
}

/// `GET api/moderation/state?stream=`.
pub(crate) async fn state(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let seat = desk_seat(&server, &headers).await?;
    read_in_room(&server, &seat, &uri)?;
    let (key, slow_seconds) = (seat.room.key(), seat.room.rules().settings.slow_s);
    let now_ms = server.hall.clock.now().as_millisecond();
    let muted = server.hall.store.read(move |conn| moderation::muted(conn, key, now_ms)).await?;
    Ok(json(StatusCode::OK, Moderation { slow_seconds, muted }.to_json()))
}

/// `GET api/moderation/log?stream=&after=&limit=`, or with `before=` in the place of `after`.
pub(crate) async fn log(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let seat = desk_seat(&server, &headers).await?;
    let deeds = lines(&server, &seat, &uri, |items, page, limit| match page {
        Page { before: Some(before), .. } => items.deeds_before(before, limit),
        Page { after, before: None } => items.deeds_after(after, limit),
    });
    Ok(json(StatusCode::OK, Deed::all_to_json(&deeds.await?)))
}

/// `GET api/moderation/removals?stream=&after=&limit=`: for everybody, since everybody may have seen what is gone.
pub(crate) async fn removals(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let seat = gate::seat(&server.hall, &headers).await?;
    let gone =
        lines(&server, &seat, &uri, |items, page, limit| items.removals_after(page.after, limit));
    Ok(json(StatusCode::OK, Removal::all_to_json(&gone.await?)))
}

/// Which lines are wanted.
struct Page {
    after: i64,
    before: Option<i64>,
}

async fn lines<T: Send + 'static>(
    server: &Server,
    seat: &Seat,
    uri: &Uri,
    read: impl FnOnce(&Items<'_>, Page, u32) -> rusqlite::Result<Vec<T>> + Send + 'static,
) -> Result<Vec<T>, Refusal> {
    let query = read_in_room(server, seat, uri)?;
    let place = |name| {
        let asked = number(query.value(name))?;
        Ok::<_, Refusal>(asked.map(|asked| i64::try_from(asked).unwrap_or(i64::MAX)))
    };
    let page = Page { after: place("after")?.unwrap_or(0), before: place("before")? };
    let limit = number(query.value("limit"))?.unwrap_or(LINES.into());
    let limit = u32::try_from(limit).unwrap_or(LINES).clamp(1, LINES);
    let (key, (epoch, _)) = (seat.room.key(), seat.room.position());
    let read = move |conn: &rusqlite::Connection| {
        read(&Items { conn, room: key, epoch: &epoch }, page, limit)
    };
    Ok(server.hall.store.read(read).await?)
}
