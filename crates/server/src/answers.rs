//! Answering over HTTP: in public, to the asker alone, as a note; changing an answer and taking it back; and making a
//! question of a message.

use std::sync::Arc;

use aside_protocol::http::{Answer, Stored};
use aside_protocol::triage::{
    EditRequest, FromRequest, Item, RetractRequest, Visibility, item_reply,
};
use aside_protocol::{
    AnswerNotes, Body, EntryId, EntryKind, Extension, Identity, Nonce, Role, Seq,
};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rusqlite::Connection;
use tokio::time::Instant;

use crate::asking::{Posted, store, whole};
use crate::gate::Seat;
use crate::moderation::DONE;
use crate::refusal::{Refusal, json};
use crate::routes::Server;
use crate::store::answers::{AnswerName, Edited, Given, NewPrivate, Quotes};
use crate::store::entries::{self, Draft};
use crate::store::items::Items;
use crate::triage::{answering_seat, desk_seat, person};
use crate::wire::private_number;

/// `POST api/answer/add`: an extension, for staff.
pub(crate) async fn add(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = answering_seat(&server, &headers).await?;
    let mut answer = Answer::parse(&whole(body)?).ok_or(Refusal::Malformed("not an answer"))?;
    seat.in_stream(&answer.stream)?;
    let nonce = server.admit(&seat, &answer.content, answer.nonce.take()).await?;
    let place = seat.room.place_of(&answer.question_id).ok_or(Refusal::NotFound)?;
    let triage = server.offers(Extension::Triage);
    match answer.visibility {
        Visibility::Public => publish(&server, &seat, place, answer, nonce).await,
        Visibility::Asker | Visibility::Staff if triage => {
            give(&server, &seat, place, answer, nonce).await
        }
        // Never more than was asked for.
        Visibility::Asker | Visibility::Staff => {
            Err(Refusal::Malformed("this server has no private answers"))
        }
    }
}

async fn publish(
    server: &Server,
    seat: &Seat,
    place: Seq,
    answer: Answer,
    nonce: Option<Nonce>,
) -> Result<Response, Refusal> {
    let triage = server.offers(Extension::Triage);
    let who = &seat.identity;
    let body = Body::Answer {
        org_name: organisation(who).to_owned(),
        org_logo: who.org_logo.clone(),
        question: String::new(),
        text: answer.content,
        question_id: Some(answer.question_id),
        notes: AnswerNotes::default(),
    };
    let draft = Draft {
        avatar_url: who.org_logo.clone(),
        seen: answer.seen.filter(|_| triage),
        co_answer: answer.co_answer,
        quotes: Some(if triage { Quotes::Item(place) } else { Quotes::Entry(place) }),
        ..Draft::by(who, EntryKind::Answer, body.to_content(), nonce)
    };
    // Under its nonce an answer is known by all that it says.
    let (key, (epoch, _)) = (seat.room.key(), seat.room.position());
    let read = move |conn: &Connection| Items { conn, room: key, epoch: &epoch }.quoting(&draft);
    let draft = server.hall.store.read(read).await?.ok_or(Refusal::NotFound)?;
    match store(server, seat, draft).await {
        Err(Refusal::Overtaken) => {
            let item = item(server, seat, place).await?.ok_or(Refusal::NotFound)?;
            Ok(overtaken(&item))
        }
        stored => stored,
    }
}

/// An answer that is no entry.
async fn give(
    server: &Server,
    seat: &Seat,
    place: Seq,
    answer: Answer,
    nonce: Option<Nonce>,
) -> Result<Response, Refusal> {
    let who = &seat.identity;
    let new = NewPrivate {
        question: place,
        visibility: answer.visibility,
        text: answer.content,
        org_name: organisation(who).to_owned(),
        by: person(who),
        nonce,
        seen: answer.seen,
        co_answer: answer.co_answer,
    };
    let given = at_desk(
        server,
        seat,
        move |items, now_ms| items.give(&new, now_ms),
        |given| match given {
            Given::New(_, item) => Some(item),
            Given::Same(_) | Given::NonceReused | Given::Overtaken(_) | Given::NotFound => None,
        },
    );
    match given.await? {
        Given::New(id, _) | Given::Same(id) => {
            Ok(json(StatusCode::OK, Stored { id: Some(id), ..Stored::default() }.to_json()))
        }
        Given::NonceReused => Err(Refusal::NonceReused),
        Given::Overtaken(item) => Ok(overtaken(&item)),
        Given::NotFound => Err(Refusal::NotFound),
    }
}

/// Nothing was stored; the question as it stands now says why.
fn overtaken(item: &Item) -> Response {
    json(StatusCode::CONFLICT, item_reply(409, Refusal::Overtaken.message(), item))
}

async fn item(server: &Server, seat: &Seat, place: Seq) -> Result<Option<Item>, Refusal> {
    let (key, (epoch, _)) = (seat.room.key(), seat.room.position());
    let read = move |conn: &Connection| Items { conn, room: key, epoch: &epoch }.get(place);
    Ok(server.hall.store.read(read).await?)
}

/// Does something to the items of a room in one transaction, and tells the desks of the item that changed.
pub(crate) async fn at_desk<T: Send + 'static>(
    server: &Server,
    seat: &Seat,
    change: impl FnOnce(&Items<'_>, i64) -> rusqlite::Result<T> + Clone + Send + 'static,
    changed: impl FnOnce(&T) -> Option<&Item> + Send + 'static,
) -> Result<T, Refusal> {
    let (key, room) = (seat.room.key(), seat.room.clone());
    let (epoch, _) = room.position();
    let now_ms = server.hall.clock.now().as_millisecond();
    let done = server.hall.store.write_then(
        move |conn| change(&Items { conn, room: key, epoch: &epoch }, now_ms),
        move |done| {
            if let Some(item) = changed(done) {
                room.deliver_items(std::slice::from_ref(item));
            }
        },
    );
    Ok(done.await?)
}

/// `POST api/answer/edit`.
pub(crate) async fn edit(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = answering_seat(&server, &headers).await?;
    let asked = EditRequest::parse(&whole(body)?).ok_or(Refusal::Malformed("not a change"))?;
    seat.in_stream(&asked.stream_id)?;
    server.admit(&seat, &asked.content, None).await?;
    change(&server, &seat, &asked.answer_id, Some(asked.content)).await
}

/// `POST api/answer/retract`.
pub(crate) async fn retract(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = answering_seat(&server, &headers).await?;
    let asked = RetractRequest::parse(&whole(body)?).ok_or(Refusal::Malformed("not a change"))?;
    seat.in_stream(&asked.stream_id)?;
    step(&server, &seat)?;
    change(&server, &seat, &asked.answer_id, None).await
}

async fn change(
    server: &Server,
    seat: &Seat,
    id: &EntryId,
    text: Option<String>,
) -> Result<Response, Refusal> {
    let (epoch, _) = seat.room.position();
    let public = seat.room.place_of(id).map(AnswerName::Public);
    let private = private_number(&epoch, id).map(AnswerName::Private);
    let name = public.or(private).ok_or(Refusal::NotFound)?;
    let (by, host) = (person(&seat.identity), seat.identity.role == Role::Host);
    let told = seat.room.clone();
    let edited = at_desk(
        server,
        seat,
        move |items, now_ms| items.edit(name, text.as_deref(), &by, host, now_ms),
        move |edited| match edited {
            Edited::Done(item) => Some(item),
            Edited::Gone(gone) => {
                for (seq, number) in gone {
                    told.deliver_removal(*seq, *number);
                }
                None
            }
            Edited::NotFound | Edited::NotAllowed => None,
        },
    );
    match edited.await? {
        Edited::Done(item) => Ok(json(StatusCode::OK, item_reply(200, "", &item))),
        Edited::Gone(_) => Ok(json(StatusCode::OK, DONE.to_owned())),
        Edited::NotFound => Err(Refusal::NotFound),
        Edited::NotAllowed => Err(Refusal::TooLate),
    }
}

/// `POST api/question/from`: a message becomes a question of its author, once.
pub(crate) async fn make_question(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = desk_seat(&server, &headers).await?;
    let asked = FromRequest::parse(&whole(body)?).ok_or(Refusal::Malformed("not a message"))?;
    seat.in_stream(&asked.stream_id)?;
    step(&server, &seat)?;
    let place = seat.room.place_of(&asked.entry_id).ok_or(Refusal::NotFound)?;
    let key = seat.room.key();
    let found = server.hall.store.read(move |conn| entries::at(conn, key, place)).await?;
    let message = found.filter(|entry| entry.kind == EntryKind::Message);
    let message = message.ok_or(Refusal::NotFound)?;
    let text = Body::parse(message.kind, &message.content).text().to_owned();
    let author = Identity {
        user: message.user,
        display_name: message.display_name,
        avatar_url: message.avatar_url,
        ..Identity::default()
    };
    let content = Body::Question { text }.to_content();
    let draft =
        Draft { source: Some(place), ..Draft::by(&author, EntryKind::Question, content, None) };
    let places = server.hall.append(&seat.room, vec![draft]).await?;
    let place = places.first().copied().ok_or(Refusal::NotFound)?;
    let item = item(&server, &seat, place).await?.ok_or(Refusal::NotFound)?;
    Ok(json(StatusCode::OK, item_reply(200, "", &item)))
}

/// A step of staff, at its pace.
pub(crate) fn step(server: &Server, seat: &Seat) -> Result<(), Refusal> {
    let name = (seat.room.key(), seat.identity.user.clone());
    let paced = server.steps.take(name, server.config.limits.sends, Instant::now());
    paced.map_err(Refusal::TooFast)
}

/// Staff without an organisation answer in their own name.
fn organisation(who: &Identity) -> &str {
    if who.org_name.is_empty() { &who.display_name } else { &who.org_name }
}
