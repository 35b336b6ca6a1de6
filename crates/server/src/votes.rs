//! Votes of the audience: each is on disk before it is acknowledged; how many there are is told a few times a second.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aside_protocol::Seq;
use aside_protocol::triage::{Item, VoteRequest, Voted, item_reply};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rusqlite::Connection;

use crate::answers::step;
use crate::asking::{Posted, whole};
use crate::gate;
use crate::hall::Hall;
use crate::refusal::{Refusal, json};
use crate::room::Room;
use crate::routes::Server;
use crate::store::StoreError;
use crate::store::items::Items;
use crate::wire::place_of;

/// As fast as a number can be read.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// What could not be counted is counted so much later.
const COUNT_AGAIN: Duration = Duration::from_secs(5);

/// The questions of a room whose votes are to be told; whoever adds the first tells them.
#[derive(Debug, Default)]
pub(crate) struct Wanted(Mutex<BTreeSet<Seq>>);

impl Wanted {
    /// True for the first.
    fn add(&self, question: Seq) -> bool {
        let mut wanted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = wanted.is_empty();
        wanted.insert(question);
        first
    }

    fn take(&self) -> BTreeSet<Seq> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What became of a vote.
pub(crate) enum Cast {
    Counted(Voted),
    /// It is merged, or may not be seen.
    Closed(Box<Item>),
    NotFound,
}

/// `POST api/question/vote`.
pub(crate) async fn vote(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Posted,
) -> Result<Response, Refusal> {
    let seat = gate::seat(&server.hall, &headers).await?;
    let asked = VoteRequest::parse(&whole(body)?).ok_or(Refusal::Malformed("not a vote"))?;
    seat.in_stream(&asked.stream_id)?;
    step(&server, &seat)?;
    let (key, (epoch, _)) = (seat.room.key(), seat.room.position());
    let place = place_of(&epoch, &asked.question_id).ok_or(Refusal::NotFound)?;
    let user = seat.identity.user.clone();
    let cast = server.hall.store.write_then(
        move |conn| Items { conn, room: key, epoch: &epoch }.vote(place, &user, asked.vote),
        |_| {},
    );
    match cast.await? {
        Cast::Counted(voted) => {
            server.hall.tell_votes(&seat.room, place);
            Ok(json(StatusCode::OK, voted.to_json()))
        }
        Cast::Closed(item) => {
            let item = seat.room.shown_to(&item, &seat.identity.user);
            Ok(json(StatusCode::CONFLICT, item_reply(409, "it takes no votes", &item)))
        }
        Cast::NotFound => Err(Refusal::NotFound),
    }
}

impl Hall {
    /// Where a log is shared: counts what others took and did not come to count.
    pub(crate) async fn count_left_votes(self: &Arc<Self>) -> Result<(), StoreError> {
        if !self.store.is_shared() {
            return Ok(());
        }
        let rooms: Vec<Arc<Room>> = self.store.open_rooms().lock().values().cloned().collect();
        for room in rooms {
            let (key, (epoch, _)) = (room.key(), room.position());
            let read =
                move |conn: &Connection| Items { conn, room: key, epoch: &epoch }.uncounted();
            for question in self.store.read(read).await? {
                self.tell_votes(&room, question);
            }
        }
        Ok(())
    }

    /// Tells how many want a question answered, soon.
    pub(crate) fn tell_votes(self: &Arc<Self>, room: &Arc<Room>, question: Seq) {
        if !room.wanted.add(question) {
            return;
        }
        let (hall, room) = (Arc::clone(self), Arc::clone(room));
        let again = Arc::clone(&room);
        // Ends with the runtime; what it would have told is told when the room is opened again.
        tokio::spawn(async move {
            tokio::time::sleep(TELL_EVERY).await;
            let questions = room.wanted.take();
            let uncounted = questions.clone();
            let (key, (epoch, _)) = (room.key(), room.position());
            let told = hall.store.write_then(
                move |conn| Items { conn, room: key, epoch: &epoch }.count_votes(questions),
                move |votes| room.deliver_votes(votes),
            );
            match told.await {
                Ok(_) | Err(StoreError::Stopped) => {}
                Err(error) => {
                    tracing::error!(%error, "votes could not be counted");
                    tokio::time::sleep(COUNT_AGAIN).await;
                    for question in uncounted {
                        hall.tell_votes(&again, question);
                    }
                }
            }
        });
    }
}
