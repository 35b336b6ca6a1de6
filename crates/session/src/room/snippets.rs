//! The snippets that a room's staff share: the list as the server last told it, and changes of it.

use std::time::Duration;

use aside_protocol::http::ErrorReply;
use aside_protocol::triage::{SnippetChange, SnippetRequest, Snippets};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::{Done, Room};
use crate::error::SnippetError;
use crate::fetch::FetchError;
use crate::network::HttpReply;

/// Asked again this long after no answer, or an older one than was told of.
const AGAIN: Duration = Duration::from_secs(2);

/// What is known of them.
#[derive(Debug, Default)]
pub(super) struct Team {
    list: Snippets,
    /// Raised with every change of the list.
    revision: u64,
    /// The server has such a list for this person.
    offered: bool,
    /// It was read on this connection.
    fresh: bool,
    reading: bool,
    /// The newest that the server told of on this connection.
    newest: u64,
}

/// Where the answer to a change goes.
pub(super) type Tell = oneshot::Sender<Result<Snippets, SnippetError>>;

/// A change that was answered.
pub(super) struct Changed {
    generation: u64,
    outcome: Result<Snippets, SnippetError>,
    tell: Tell,
}

impl Team {
    /// The list, as far as it is known.
    pub(super) fn list(&self) -> Snippets {
        self.list.clone()
    }

    /// What is told of changes, where there is a list.
    pub(super) fn revision(&self) -> Option<u64> {
        self.offered.then_some(self.revision)
    }

    fn take(&mut self, list: Snippets) {
        // A reply that was overtaken by a newer one. On another connection the server may be another.
        if self.fresh && list.rev < self.list.rev {
            return;
        }
        (self.fresh, self.offered) = (true, true);
        self.newest = self.newest.max(list.rev);
        if self.list != list {
            self.list = list;
            self.revision += 1;
        }
    }

    fn forget(&mut self) {
        let revision = self.revision + u64::from(!self.list.snippets.is_empty());
        *self = Self { revision, ..Self::default() };
    }
}

impl Room {
    fn has_team(&self) -> bool {
        self.has_desk() && self.tell.borrow().facts.role.at_desk()
    }

    /// The server begins to tell of changes.
    pub(super) fn team_opens(&mut self) {
        (self.team.fresh, self.team.reading, self.team.newest) = (false, false, 0);
        if self.has_team() {
            self.read_snippets(Duration::ZERO);
        } else {
            self.team.forget();
        }
    }

    /// This connection's server, or this token, may offer less than the last one did.
    pub(super) fn team_stays(&mut self) {
        if !self.has_team() {
            self.team.forget();
        }
    }

    /// The server tells how often the list was changed.
    pub(super) fn snippets_told(&mut self, rev: u64) {
        self.team.newest = self.team.newest.max(rev);
        if self.desk.open && self.has_team() && self.team.newest > self.team.list.rev {
            self.read_snippets(Duration::ZERO);
        }
    }

    fn read_snippets(&mut self, after: Duration) {
        if std::mem::replace(&mut self.team.reading, true) {
            return;
        }
        let (generation, fetch) = (self.generation, self.fetch());
        self.jobs.spawn(async move {
            sleep(after).await;
            Done::Snippets(generation, fetch.snippets().await)
        });
    }

    pub(super) fn snippets_came(&mut self, list: Result<Snippets, FetchError>) {
        self.team.reading = false;
        match list {
            Ok(list) => self.team.take(list),
            // A server that has no such list.
            Err(FetchError::Status(403..=405)) => {
                self.team.forget();
                return self.tell_desk();
            }
            Err(error) => tracing::debug!(?error, "the snippets did not come"),
        }
        if !self.team.fresh || self.team.list.rev < self.team.newest {
            self.read_snippets(AGAIN);
        }
        self.tell_desk();
    }

    /// Asks the server for a change of the list that was looked at.
    pub(super) fn change_snippets(&mut self, rev: u64, change: SnippetChange, tell: Tell) {
        let refused = match (self.has_team(), self.desk.open) {
            (false, _) => Some(SnippetError::NotOffered),
            (true, false) => Some(SnippetError::Offline),
            (true, true) => None,
        };
        if let Some(error) = refused {
            // Whoever asked may have gone; here and below.
            let _gone = tell.send(Err(error));
            return;
        }
        let stream_id = self.config.stream.clone();
        let body = SnippetRequest { stream_id, rev, change }.to_json();
        let (generation, fetch) = (self.generation, self.fetch());
        self.jobs.spawn(async move {
            let outcome = match fetch.change_snippets(body).await {
                Ok(reply) => outcome_of(&reply),
                Err(_) => Err(SnippetError::Offline),
            };
            Done::SnippetsChanged(Changed { generation, outcome, tell })
        });
    }

    pub(super) fn snippets_changed(&mut self, Changed { generation, outcome, tell }: Changed) {
        if let Ok(list) | Err(SnippetError::Conflict(list)) = &outcome
            && generation == self.generation
        {
            self.team.take(list.clone());
            self.tell_desk();
        }
        let _gone = tell.send(outcome);
    }
}

/// What the server says to a change.
fn outcome_of(reply: &HttpReply) -> Result<Snippets, SnippetError> {
    match (reply.status, Snippets::parse(&reply.body)) {
        (200..=299, Some(list)) => Ok(list),
        // It happened, but the reply can't be read.
        (200..=299, None) => Err(SnippetError::Offline),
        (409, Some(list)) => Err(SnippetError::Conflict(list)),
        (404 | 405, _) => Err(SnippetError::NotOffered),
        (413, _) => Err(SnippetError::Full),
        (status, _) => {
            let reason = ErrorReply::parse(&reply.body).unwrap_or_default().msg;
            Err(SnippetError::Refused { status, reason })
        }
    }
}
