//! Who has which question before them: heard on sockets, told to desks, and never stored.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aside_protocol::triage::{Doing, Look, Presence, Present};
use aside_protocol::{EntryId, Identity};
use tokio::time::Instant;

use crate::hall::Hall;
use crate::room::Room;
use crate::store::StoreError;
use crate::store::items::Items;
use crate::triage::person;
use crate::wire::place_of;

/// Who gives no sign for so long looks at it no longer.
const SIGN: Duration = Duration::from_secs(25);

/// The people of one room who look at questions, by connection.
#[derive(Debug, Default)]
pub(crate) struct Looking(Mutex<HashMap<u64, At>>);

#[derive(Clone, Debug)]
struct At {
    question: EntryId,
    present: Present,
    until: Instant,
}

impl Looking {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, At>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A sign of somebody. The questions before which the people are others now.
    fn sign(&self, connection: u64, who: &Identity, look: Look, now: Instant) -> Vec<EntryId> {
        let mut people = self.lock();
        let Look { question, doing, device } = look;
        let before = people.get(&connection).map(|at| (at.question.clone(), at.present.clone()));
        match question {
            Some(question) => {
                let present = Present { who: person(who), device, doing };
                people.insert(connection, At { question, present, until: now + SIGN });
            }
            None => {
                people.remove(&connection);
            }
        }
        let after = people.get(&connection).map(|at| (at.question.clone(), at.present.clone()));
        if before == after {
            return Vec::new();
        }
        let mut changed: Vec<_> = before.into_iter().chain(after).map(|(id, _)| id).collect();
        changed.dedup();
        changed
    }

    /// Forgets who gave no sign for too long, and whose connection is no more.
    fn forget(&self, gone: impl Fn(u64, &At) -> bool) -> Vec<EntryId> {
        let mut changed = Vec::new();
        self.lock().retain(|connection, at| {
            let stays = !gone(*connection, at);
            if !stays {
                changed.push(at.question.clone());
            }
            stays
        });
        changed
    }

    /// Everybody before a question, in the order of their names.
    fn of(&self, question: &EntryId) -> Presence {
        let people = self.lock();
        let here = people.values().filter(|at| at.question == *question);
        let mut people: Vec<Present> = here.map(|at| at.present.clone()).collect();
        people.sort_by(|a, b| (&a.who.user, &a.device).cmp(&(&b.who.user, &b.device)));
        people.dedup();
        Presence { question_id: question.clone(), people }
    }

    /// Every question that somebody has before them.
    pub(crate) fn all(&self) -> Vec<Presence> {
        let mut questions: Vec<EntryId> =
            self.lock().values().map(|at| at.question.clone()).collect();
        questions.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        questions.dedup();
        questions.iter().map(|question| self.of(question)).collect()
    }
}

impl Room {
    fn tell_presence(&self, changed: Vec<EntryId>) {
        for question in changed {
            self.deliver_presence(&self.looking.of(&question));
        }
    }

    /// Somebody gave a sign.
    pub(crate) fn looked(&self, connection: u64, who: &Identity, look: Look) {
        let changed = self.looking.sign(connection, who, look, Instant::now());
        self.tell_presence(changed);
    }

    /// A connection is no more.
    pub(crate) fn looks_away(&self, connection: u64) {
        let changed = self.looking.forget(|number, _| number == connection);
        self.tell_presence(changed);
    }

    /// Who gave no sign for too long is no longer there.
    pub(crate) fn end_stale_looks(&self) {
        let now = Instant::now();
        let changed = self.looking.forget(|_, at| at.until <= now);
        self.tell_presence(changed);
    }
}

impl Hall {
    /// Whoever writes an answer to what they have claimed keeps it.
    pub(crate) async fn renew_claim(
        &self,
        room: &std::sync::Arc<Room>,
        user: String,
        look: &Look,
    ) -> Result<(), StoreError> {
        let (Doing::Drafting, Some(question)) = (look.doing, &look.question) else { return Ok(()) };
        let (epoch, _) = room.position();
        let Some(seq) = place_of(&epoch, question) else { return Ok(()) };
        let (key, told) = (room.key(), room.clone());
        let now_ms = self.clock.now().as_millisecond();
        self.store
            .write_then(
                move |conn| Items { conn, room: key, epoch: &epoch }.renew(seq, &user, now_ms),
                move |item| told.deliver_items(item.as_slice()),
            )
            .await?;
        Ok(())
    }
}
