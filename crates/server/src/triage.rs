//! What staff do with questions, over HTTP: who may change what, and from which state (extension `triage`).

use std::sync::Arc;

use aside_protocol::triage::{
    self, CHANGES, Change, Changes, Claim, Item, LogLine, Person, Stage, StateRequest, Work,
};
use aside_protocol::{EntryId, Epoch, Identity, Seq, StreamId};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::answers::step;
use crate::asking::whole;
use crate::fitting::{fit, fitting};
use crate::gate::{self, Seat};
use crate::hall::Hall;
use crate::history::number;
use crate::refusal::{Refusal, json};
use crate::routes::Server;
use crate::store::StoreError;
use crate::store::entries::Record;
use crate::store::items::{self, Items, Logged};
use crate::wire::{place_of, submission_number};

/// A claim without a sign of life ends after this time.
pub(crate) const CLAIM_MS: i64 = 90_000;

/// What became of a wish.
pub(crate) enum Outcome {
    /// Done: the item that was asked for, all that changed with it, in the order of their changes, and what became an entry.
    Done {
        asked: Box<Item>,
        changed: Vec<Item>,
        published: Option<Record>,
    },
    /// Not done, since the item is not as it was taken for; why, in words.
    Stale(Box<Item>, &'static str),
    NotFound,
    Malformed(&'static str),
}

impl Outcome {
    /// It is so already.
    pub(crate) fn unchanged(item: Item) -> Self {
        Self::Done { asked: Box::new(item), changed: Vec::new(), published: None }
    }
}

/// Everybody who works at the desk.
pub(crate) async fn desk_seat(server: &Server, headers: &HeaderMap) -> Result<Seat, Refusal> {
    let seat = gate::seat(&server.hall, headers).await?;
    if seat.identity.role.at_desk() { Ok(seat) } else { Err(Refusal::Role) }
}

/// Those of the desk who speak for an organisation.
pub(crate) async fn answering_seat(server: &Server, headers: &HeaderMap) -> Result<Seat, Refusal> {
    let seat = gate::seat(&server.hall, headers).await?;
    if seat.identity.role.answers() { Ok(seat) } else { Err(Refusal::Role) }
}

/// Somebody, as items name them.
pub(crate) fn person(who: &Identity) -> Person {
    Person {
        user: who.user.clone(),
        display_name: who.display_name.clone(),
        avatar_url: who.avatar_url.clone(),
    }
}

/// A query's pairs.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }
}

/// What everybody who reads of questions must pass.
pub(crate) fn read_in_room(server: &Server, seat: &Seat, uri: &Uri) -> Result<Query, Refusal> {
    server.admit_read(seat)?;
    let pairs = gate::query_pairs(uri).ok_or(Refusal::Malformed("the query cannot be read"))?;
    let query = Query(pairs);
    seat.in_stream(&StreamId::new(query.value("stream")))?;
    Ok(query)
}

/// `POST api/question/state`.
pub(crate) async fn state(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let seat = desk_seat(&server, &headers).await?;
    let asked = StateRequest::parse(&whole(body)?).ok_or(Refusal::Malformed("not a change"))?;
    seat.in_stream(&asked.stream_id)?;
    // A claim says that one is about to answer.
    if asked.change.state == Some(Work::Claimed) && !seat.identity.role.answers() {
        return Err(Refusal::Role);
    }
    step(&server, &seat)?;
    let (key, room) = (seat.room.key(), seat.room.clone());
    let now_ms = server.hall.clock.now().as_millisecond();
    let by = person(&seat.identity);
    let told = room.clone();
    let outcome = server
        .hall
        .store
        .write_then(
            move |conn| {
                // On the writer's thread, where nobody else moves the room on.
                let (epoch, head) = room.position();
                let wish = Wish { items: Items { conn, room: key, epoch: &epoch }, by, now_ms };
                match submission_number(&epoch, &asked.question_id) {
                    Some(submission) => wish.review(submission, asked, head.next()),
                    None => wish.grant(asked),
                }
            },
            move |outcome| {
                if let Outcome::Done { changed, published, .. } = outcome {
                    told.deliver(published.as_slice());
                    told.deliver_items(changed);
                }
            },
        )
        .await?;
    match outcome {
        Outcome::Done { asked, .. } => {
            Ok(json(StatusCode::OK, triage::item_reply(200, "", &asked)))
        }
        Outcome::Stale(item, words) => {
            Ok(json(StatusCode::CONFLICT, triage::item_reply(409, words, &item)))
        }
        Outcome::NotFound => Err(Refusal::NotFound),
        Outcome::Malformed(words) => Err(Refusal::Malformed(words)),
    }
}

/// Somebody's wish for a change.
pub(crate) struct Wish<'a> {
    pub(crate) items: Items<'a>,
    pub(crate) by: Person,
    pub(crate) now_ms: i64,
}

impl Wish<'_> {
    fn grant(self, asked: StateRequest) -> rusqlite::Result<Outcome> {
        let found = place_of(self.items.epoch, &asked.question_id);
        let Some(before) = found.map(|seq| self.items.get(seq)).transpose()?.flatten() else {
            return Ok(Outcome::NotFound);
        };
        let mut item = before.clone();
        item.let_go_if_expired(self.now_ms);
        let stale = |words| Ok(Outcome::Stale(Box::new(before.clone()), words));
        let mine = item.claim.as_ref().is_some_and(|claim| claim.by.user == self.by.user);
        let change = asked.change;
        if change.review.is_some() {
            return Ok(Outcome::Malformed("everybody sees it already"));
        }
        match change.state {
            // The one step that needs no look before: either nobody else has it, or the loser learns who does.
            Some(Work::Claimed) => {
                if item.work.is_over() {
                    return stale("it is closed");
                }
                if item.claim.is_some() && !mine && !change.take_over {
                    return stale("somebody has it");
                }
                item.claim = Some(self.claim(&item, asked.device));
                item.work = Work::Claimed;
            }
            Some(Work::Open) if mine => item.open(),
            _ if asked.rev != Some(before.rev) => return stale("it was changed since"),
            Some(Work::Open) => item.open(),
            Some(Work::Merged) => return Ok(Outcome::Malformed("merged into what?")),
            Some(over) => {
                item.close(over, change.reason.as_deref().unwrap_or_default(), self.now_ms);
                // What is over is not talked about any more.
                item.stage = Stage::None;
            }
            None => {}
        }
        let needs_rev = Change { state: None, take_over: false, reason: None, ..change.clone() };
        if needs_rev != Change::default() && asked.rev != Some(before.rev) {
            return stale("it was changed since");
        }
        if change.unmerge && item.work == Work::Merged {
            item.open();
        }
        if let Some(target) = &change.merge_into {
            match self.root(target)? {
                Some(root) if root.seq != item.seq => {
                    item.close(Work::Merged, "duplicate", self.now_ms);
                    item.stage = Stage::None;
                    item.merged_into = Some(root.question_id);
                }
                Some(_) => return Ok(Outcome::Malformed("a question is not merged into itself")),
                None => return Ok(Outcome::NotFound),
            }
        }
        if let Some(text) = change.text.filter(|text| *text != item.text) {
            let first = item.original_text.take().unwrap_or_else(|| item.text.clone());
            // Back to the first words is no edit.
            item.original_text = Some(first).filter(|first| *first != text);
            item.text = text;
        }
        item.pinned = change.pinned.unwrap_or(item.pinned);
        item.note = change.note.unwrap_or(item.note);
        item.tags = change.tags.unwrap_or(item.tags);
        let mut moved = Vec::new();
        if let Some(stage) = change.stage {
            item.stage = stage;
            moved = self.make_way(stage, item.seq)?;
        }
        let saved = self.items.save(&before, item, self.by.clone(), self.now_ms)?;
        let place =
            |id: &Option<EntryId>| id.as_ref().and_then(|id| place_of(self.items.epoch, id));
        let (was, is) = (place(&before.merged_into), place(&saved.merged_into));
        let mut done = saved;
        if was == is {
            moved.push(done.clone());
        } else {
            // Votes go with it, and whose list of the same questions is another now, is told too.
            let mut others = Vec::new();
            if let Some(from) = was {
                others = self.items.return_votes(from, done.seq)?;
            }
            if let Some(into) = is {
                self.items.move_votes(done.seq, into)?;
            }
            done = self.items.get(done.seq)?.unwrap_or(done);
            moved.push(done.clone());
            others.extend(is.filter(|into| !others.contains(into)));
            for other in others {
                moved.extend(self.items.renumber(other)?);
            }
        }
        Ok(Outcome::Done { asked: Box::new(done), changed: moved, published: None })
    }

    fn claim(&self, item: &Item, device: String) -> Claim {
        let since = item.claim.as_ref().filter(|claim| claim.by.user == self.by.user);
        Claim {
            by: self.by.clone(),
            device,
            at: since.map_or(self.now_ms, |claim| claim.at),
            expires_at: self.now_ms + CLAIM_MS,
        }
    }

    /// The question at the end of a chain of merged ones. Chains are as short as people are patient, but never endless:
    /// nothing is merged into what leads back to it.
    fn root(&self, id: &EntryId) -> rusqlite::Result<Option<Item>> {
        let mut next = place_of(self.items.epoch, id);
        while let Some(seq) = next {
            let Some(item) = self.items.get(seq)? else { return Ok(None) };
            let Some(into) = &item.merged_into else { return Ok(Some(item)) };
            next = place_of(self.items.epoch, into);
        }
        Ok(None)
    }

    /// One question at most comes next, and one is talked about.
    fn make_way(&self, stage: Stage, comer: Seq) -> rusqlite::Result<Vec<Item>> {
        let mut moved = Vec::new();
        for before in self.items.on(stage)? {
            if before.seq != comer {
                let item = Item { stage: Stage::None, ..before.clone() };
                moved.push(self.items.save(&before, item, self.by.clone(), self.now_ms)?);
            }
        }
        Ok(moved)
    }
}

/// `GET api/question/changes?stream=&after=&limit=`.
pub(crate) async fn changes(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let seat = gate::seat(&server.hall, &headers).await?;
    let query = read_in_room(&server, &seat, &uri)?;
    let (user, staff) = (seat.identity.user.clone(), seat.identity.role.at_desk());
    let after = number(query.value("after"))?.unwrap_or(0);
    let limit = number(query.value("limit"))?.unwrap_or(CHANGES.into());
    let limit = u32::try_from(limit).unwrap_or(CHANGES).clamp(1, CHANGES);
    let (key, (epoch, _)) = (seat.room.key(), seat.room.position());
    let room = seat.room.clone();
    let (mut items, newest) = server
        .hall
        .store
        .read(move |conn| {
            let items = Items { conn, room: key, epoch: &epoch };
            let mut found = items.after(after, limit + 1)?;
            for item in &mut found {
                item.voted = Some(items.voted(item.seq, &user)?);
                if !staff {
                    *item = room.shown_to(item, &user);
                }
            }
            Ok((found, items::newest(conn, key)?))
        })
        .await?;
    let fits = fitting(items.iter()).min(limit as usize);
    let more = items.len() > fits;
    items.truncate(fits);
    if let [only] = &mut items[..] {
        fit(only);
    }
    let change = items.last().map_or(newest.min(after), |item| item.change);
    Ok(json(StatusCode::OK, Changes { items, change, more }.to_json()))
}

/// `GET api/question/log?stream=&questionId=`.
pub(crate) async fn log(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let seat = desk_seat(&server, &headers).await?;
    let query = read_in_room(&server, &seat, &uri)?;
    let id = EntryId::new(query.value("questionId"));
    let (key, (epoch, _)) = (seat.room.key(), seat.room.position());
    let submission = submission_number(&epoch, &id).map(Logged::Submission);
    let of = place_of(&epoch, &id).map(Logged::Question).or(submission).ok_or(Refusal::NotFound)?;
    let lines = server
        .hall
        .store
        .read(move |conn| Items { conn, room: key, epoch: &epoch }.log(of))
        .await?;
    Ok(json(StatusCode::OK, LogLine::all_to_json(&lines)))
}

impl Hall {
    /// Opens the questions whose claims are over, and tells the desks.
    pub(crate) async fn end_stale_claims(&self) -> Result<(), StoreError> {
        // Nobody would be told, and whoever comes finds a claim that says when it ended.
        if self.sockets.count() == 0 {
            return Ok(());
        }
        let now_ms = self.clock.now().as_millisecond();
        let over = self.store.read(move |conn| items::expired(conn, now_ms)).await?;
        for (key, seq) in over {
            let Some(room) = self.opened(key) else { continue };
            let (epoch, _): (Epoch, Seq) = room.position();
            self.store
                .write_then(
                    move |conn| {
                        let items = Items { conn, room: key, epoch: &epoch };
                        let Some(before) = items.get(seq)? else { return Ok(None) };
                        let mut item = before.clone();
                        item.let_go_if_expired(now_ms);
                        // Renewed meanwhile.
                        if item == before {
                            return Ok(None);
                        }
                        items.save(&before, item, Person::default(), now_ms).map(Some)
                    },
                    move |item: &Option<Item>| room.deliver_items(item.as_slice()),
                )
                .await?;
        }
        Ok(())
    }
}
