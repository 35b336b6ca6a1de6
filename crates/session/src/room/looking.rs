//! Who has which question before them: what this person has is said, again and again while it holds; what others have is
//! heard. And how many want a question answered.

use aside_protocol::triage::{Doing, Item, Look, Presence, VOTE_PATH, VoteRequest, Voted, Votes};
use aside_protocol::{ClientFrame, EntryId, Extension};
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant};

use super::desk::Desk;
use super::{Done, Room};
use crate::error::TriageError;
use crate::link::Say;
use crate::network::{HttpError, HttpReply};

/// A server forgets after 25 seconds; two of three signs may get lost.
const AGAIN: Duration = Duration::from_secs(10);
/// Who has typed nothing for so long does not write: a window may be hidden or gone, and a claim that nobody works on would be kept alive.
const STILL: Duration = Duration::from_secs(30);

/// What this person has before them.
#[derive(Debug, Default)]
pub(super) struct Looking {
    at: Option<Look>,
    said: Option<Instant>,
    /// When something was last written.
    wrote: Option<Instant>,
}

impl Looking {
    fn lapse(&mut self, now: Instant) {
        if let Some(look) = &mut self.at
            && self.wrote.is_none_or(|wrote| wrote + STILL <= now)
        {
            look.doing = Doing::Viewing;
        }
    }
}

/// A vote that was answered.
pub(super) struct Counted {
    question: EntryId,
    reply: Result<HttpReply, HttpError>,
    tell: oneshot::Sender<Result<Voted, TriageError>>,
}

impl Desk {
    pub(super) fn presence_came(&mut self, presence: Presence) {
        let question = presence.question_id.clone();
        let name = question.as_str().to_owned();
        if !presence.people.is_empty() && !self.has_room_for_people(&presence) {
            return;
        }
        let same = if presence.people.is_empty() {
            self.presence.remove(&name).is_none()
        } else {
            self.presence.insert(name, presence.clone()).is_some_and(|known| known == presence)
        };
        if !same {
            self.touch(&question);
        }
    }

    pub(super) fn votes_came(&mut self, votes: Vec<Votes>) {
        for Votes(question, count, change) in votes {
            match self.items.get(&question) {
                Some((_, known)) if known.change < change => {
                    let item = Item { votes: count, change, ..known.clone() };
                    self.take(item);
                }
                // Known better already; or not known at all, which leaves a hole that will be read.
                Some(_) => {}
                None => self.missed(change),
            }
        }
    }
}

impl Room {
    /// This person has another question before them, or does something else with it.
    pub(super) fn looks_at(&mut self, question: Option<EntryId>, doing: Doing, device: String) {
        let look = Look { question, doing, device };
        if doing == Doing::Drafting {
            self.desk.looking.wrote = Some(Instant::now());
        }
        let nothing = |at: &Option<Look>| at.as_ref().is_none_or(|at| at.question.is_none());
        let before = self.desk.looking.at.replace(look.clone());
        if before.as_ref() != Some(&look) && !(nothing(&before) && look.question.is_none()) {
            self.say_look();
        }
    }

    /// Says it, where somebody wants to know.
    pub(super) fn say_look(&mut self) {
        let staff = self.tell.borrow().facts.role.at_desk();
        self.desk.looking.lapse(Instant::now());
        let Some(look) = self.desk.looking.at.clone() else { return };
        if !staff || !self.has(Extension::Triage) || self.link.is_none() {
            return;
        }
        self.desk.looking.said = Some(Instant::now());
        let holds = look.question.is_some();
        self.say_to_link(Say::Frame(ClientFrame::Look(self.config.topic.clone(), look)));
        if !holds {
            // Once is enough: nothing is to be kept alive.
            self.desk.looking.at = None;
        }
    }

    /// When it must be said again.
    pub(super) fn look_due(&self) -> Option<Instant> {
        let Looking { at, said, wrote: _ } = &self.desk.looking;
        let holds = at.as_ref().is_some_and(|look| look.question.is_some());
        said.filter(|_| holds && self.is_online()).map(|said| said + AGAIN)
    }

    pub(super) fn check_look(&mut self, now: Instant) {
        if self.look_due().is_some_and(|due| due <= now) {
            self.say_look();
        }
    }

    /// The link is gone, and with it who looks at what.
    pub(super) fn nobody_looks(&mut self) {
        for presence in std::mem::take(&mut self.desk.presence).into_values() {
            self.desk.touch(&presence.question_id);
        }
    }

    /// Wants a question answered, or no longer.
    pub(super) fn vote(
        &mut self,
        question: EntryId,
        vote: bool,
        tell: oneshot::Sender<Result<Voted, TriageError>>,
    ) {
        let refused = match (self.has(Extension::Votes), self.is_online()) {
            (false, _) => Some(TriageError::NotOffered),
            (true, false) => Some(TriageError::Offline),
            (true, true) => None,
        };
        if let Some(error) = refused {
            // Whoever asked may have gone; here and below.
            let _gone = tell.send(Err(error));
            return;
        }
        let stream_id = self.config.stream.clone();
        let body = VoteRequest { question_id: question.clone(), stream_id, vote }.to_json();
        let fetch = self.fetch();
        self.jobs.spawn(async move {
            let reply = fetch.post(VOTE_PATH, body).await;
            Done::Counted(Counted { question, reply, tell })
        });
    }

    pub(super) fn counted(&mut self, Counted { question, reply, tell }: Counted) {
        let outcome = match reply {
            Ok(reply) if (200..300).contains(&reply.status) => {
                Voted::parse(&reply.body).ok_or(TriageError::Offline)
            }
            Ok(reply) => Err(super::wishes::refusal(&reply)),
            Err(_) => Err(TriageError::Offline),
        };
        if let Ok(voted) = outcome
            && let Some((_, item)) = self.desk.items.get_mut(&question)
        {
            (item.votes, item.voted) = (voted.votes, Some(voted.voted));
            self.desk.touch(&question);
            self.tell_desk();
        }
        let _gone = tell.send(outcome);
    }
}
