//! Review: what the audience asks in a room that reviews waits until staff approve it, and only then is an entry.

use aside_protocol::Seq;
use aside_protocol::http::Stored;
use aside_protocol::triage::{Change, Review, StateRequest};
use axum::http::StatusCode;
use axum::response::Response;

use crate::answers::at_desk;
use crate::gate::Seat;
use crate::refusal::{Refusal, json};
use crate::routes::Server;
use crate::store::entries::Draft;
use crate::store::submissions::Submitted;
use crate::triage::{Outcome, Wish};

/// Keeps a question for review. Nothing of it reaches the room's log.
pub(crate) async fn submit(
    server: &Server,
    seat: &Seat,
    draft: Draft,
) -> Result<Response, Refusal> {
    Ok(json(StatusCode::OK, keep(server, seat, draft).await?.to_json()))
}

/// Keeps something for review, and says what is known of it.
pub(crate) async fn keep(server: &Server, seat: &Seat, draft: Draft) -> Result<Stored, Refusal> {
    let submitted = at_desk(
        server,
        seat,
        move |items, now_ms| items.submit(&draft, now_ms),
        |submitted| match submitted {
            Submitted::New(item) => Some(item),
            Submitted::Same(_) | Submitted::Entry(_) | Submitted::NonceReused => None,
        },
    );
    Ok(match submitted.await? {
        Submitted::New(item) | Submitted::Same(item) => {
            let review = Some(item.review);
            Stored { id: Some(item.question_id), seq: None, review }
        }
        Submitted::Entry(seq) => {
            Stored { id: Some(seat.room.entry_id(seq)), seq: Some(seq), review: None }
        }
        Submitted::NonceReused => return Err(Refusal::NonceReused),
    })
}

impl Wish<'_> {
    /// Somebody looked at what waits for review. Approved, it is published at `place`.
    pub(crate) fn review(
        self,
        submission: i64,
        asked: StateRequest,
        place: Seq,
    ) -> rusqlite::Result<Outcome> {
        let Some(before) = self.items.submission(submission)? else { return Ok(Outcome::NotFound) };
        let more = Change { review: None, reason: None, ..asked.change.clone() };
        let (Some(review), true) = (asked.change.review, more == Change::default()) else {
            return Ok(Outcome::Malformed("it is no question yet"));
        };
        if asked.rev != Some(before.rev) {
            return Ok(Outcome::Stale(Box::new(before), "it was changed since"));
        }
        if review == before.review {
            return Ok(Outcome::unchanged(before));
        }
        if before.published.is_some() {
            return Ok(Outcome::Stale(Box::new(before), "it is published"));
        }
        let Self { items, by, now_ms } = self;
        let (published, question) = match review {
            Review::Approved => items
                .publish(submission, place, now_ms)
                .map(|(record, item)| (Some(record), item))?,
            Review::Pending | Review::Rejected => (None, None),
        };
        let reason = asked.change.reason.filter(|_| review == Review::Rejected).unwrap_or_default();
        aside_failpoint::at("server.published");
        let item = items.decide(submission, &before, review, reason, &by, now_ms)?;
        let changed = question.into_iter().chain([item.clone()]).collect();
        Ok(Outcome::Done { asked: Box::new(item), changed, published })
    }
}
