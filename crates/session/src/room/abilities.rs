//! What the server says it can do, and the join that goes by it.

use std::time::Duration;

use aside_protocol::{Capabilities, ClientFrame, Epoch, Extension, Join, Resume, Seq};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::connection::{HELLO, Phase};
use super::{Done, Merge, Room};
use crate::fetch::Abilities;
use crate::link::Say;
use crate::verdict::End;
use crate::view::ServerFacts;

/// Asked again this long after no answer.
const ABILITIES_AGAIN: Duration = Duration::from_secs(1);
/// The same once the room goes on without one.
const ABILITIES_LATER: Duration = Duration::from_secs(60);
/// So many times without an answer, the question is taken as not understood.
const SILENCES: u32 = 2;

/// What this connection heard of it.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// It said what it can do.
    pub(super) fresh: bool,
    /// How often it had no answer.
    silent: u32,
    /// The question that is out, or about to be.
    pub(super) question: Option<AbortHandle>,
    /// What the join asked for, once it is out.
    pub(super) joined: Option<Asked>,
}

/// What a join asks for besides the core's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    pub(super) resumes: bool,
    triage: bool,
}

impl Room {
    pub(super) fn ask_abilities(&mut self, after: Duration) {
        let (generation, fetch) = (self.generation, self.fetch());
        self.hearing.question = Some(self.jobs.spawn(async move {
            sleep(after).await;
            Done::Abilities(generation, fetch.abilities().await)
        }));
    }

    fn may_ask_for(&self) -> Asked {
        let resumes = self.has(Extension::Resume) && self.has(Extension::Seq);
        Asked { resumes, triage: self.has_desk() }
    }

    /// Whether the join, or what followed from it, would be more by what is known now.
    fn joined_for_less(&self) -> bool {
        let Some(asked) = self.hearing.joined else { return false };
        let may = self.may_ask_for();
        may.resumes && !asked.resumes
            || may.triage && !asked.triage
            || self.has(Extension::Seq) && matches!(self.merge, Merge::Aligned(_))
    }

    /// Sends the join. A core server must never see a key of ours, so only what this very connection said it can do, or
    /// the same server earlier in this session, may add one.
    pub(super) fn join(&mut self) {
        let asked = self.may_ask_for();
        let resume = asked.resumes.then(|| match (&self.position.epoch, self.position.applied) {
            (Some(epoch), Some(after)) => Resume { epoch: epoch.clone(), after },
            _ => Resume { epoch: Epoch::new(""), after: Seq(0) },
        });
        self.hearing.joined = Some(asked);
        let join = Join { topic: self.config.topic.clone(), resume, triage: asked.triage };
        self.phase = Phase::Hello { until: Instant::now() + HELLO };
        self.say_to_link(Say::Frame(ClientFrame::Join(join)));
        self.say_to_link(Say::Ping(0));
        if self.has(Extension::Heartbeat)
            && let Some(heart) = &mut self.heart
        {
            heart.beats_are_answered();
        }
    }

    pub(super) fn has(&self, extension: Extension) -> bool {
        self.abilities.as_ref().is_some_and(|abilities| abilities.has(extension))
    }

    pub(super) async fn abilities_came(&mut self, abilities: Abilities) {
        match abilities {
            Abilities::Known(abilities) => {
                self.hearing.fresh = true;
                self.learn(*abilities).await;
                match self.phase {
                    // Its word came too late for the join. A second one would come after entries that went unnoticed, so the room
                    // is entered anew; by its back-off, should the server say something else each time.
                    _ if self.joined_for_less() => self.lost(End::Wanted).await,
                    Phase::Open { .. } => self.join(),
                    Phase::Syncing { .. } => self.decide_merge().await,
                    Phase::Connecting | Phase::Hello { .. } | Phase::Online { .. } => {}
                    Phase::Waiting { .. } | Phase::Refused { .. } => {}
                }
            }
            Abilities::Unknown if !matches!(self.merge, Merge::Undecided(_)) => {
                self.ask_abilities(ABILITIES_LATER);
            }
            Abilities::Unknown => {
                self.hearing.silent += 1;
                // A room with places must not be merged on a guess; any other server that twice has no answer to a
                // question that the core does not know is taken for a core server.
                let guess = self.abilities.is_none() && self.position.applied.is_none();
                if self.hearing.silent >= SILENCES
                    && guess
                    && matches!(self.phase, Phase::Syncing { .. })
                {
                    self.learn(Capabilities::default()).await;
                    self.decide_merge().await;
                    self.ask_abilities(ABILITIES_LATER);
                } else {
                    self.ask_abilities(ABILITIES_AGAIN);
                }
            }
        }
    }

    pub(super) async fn learn(&mut self, abilities: Capabilities) {
        let who = abilities.identity.clone().unwrap_or_default();
        if !who.user.is_empty() && !self.me.contains(&who.user) {
            self.me.push(who.user.clone());
        }
        let content_bytes =
            abilities.content_bytes.unwrap_or(aside_protocol::limits::CONTENT_BYTES);
        let facts = ServerFacts {
            core_only: abilities.extensions.is_empty(),
            user: if who.user.is_empty() { self.config.user.clone() } else { who.user.clone() },
            role: who.role,
            org_name: who.org_name,
            takes_once: abilities.has(Extension::Ack),
            can_answer: abilities.has(Extension::Answer) && who.role.answers(),
            can_answer_privately: abilities.has(Extension::Triage)
                && abilities.has(Extension::Ack)
                && who.role.answers(),
            can_vote: abilities.has(Extension::Votes),
            reviews: abilities.review && abilities.has(Extension::Triage),
            can_moderate: abilities.has(Extension::Moderation) && who.role.at_desk(),
            slow_seconds: abilities.slow_seconds,
            content_bytes: content_bytes.min(aside_history::outgoing::BODY_BYTES),
            server: abilities.server.clone(),
        };
        self.abilities = Some(abilities);
        self.tell.send_if_modified(|view| {
            let changed = view.facts != facts;
            view.facts = facts;
            changed
        });
        self.desk_stays_here().await;
        self.team_stays();
        self.tell_desk();
    }
}
