//! What somebody at the desk wants done, and what the server says to it.

use aside_protocol::EntryId;
use aside_protocol::http::ErrorReply;
use aside_protocol::triage::{
    self, Change, EDIT_PATH, EditRequest, FROM_PATH, FromRequest, Item, LogLine, RETRACT_PATH,
    RetractRequest, STATE_PATH, StateRequest,
};
use tokio::sync::oneshot;

use super::{Done, Room};
use crate::error::TriageError;
use crate::network::{HttpError, HttpReply};

/// A wish of somebody at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The question.
    pub question: EntryId,
    /// The revision that was looked at; claims, renewals and releases need none.
    pub rev: Option<u64>,
    /// The device that a claim is for.
    pub device: String,
    /// The change.
    pub change: Change,
}

/// Another wish of staff, which names an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Staff {
    MakeQuestion(EntryId),
    Edit(EntryId, String),
    Retract(EntryId),
}

/// Where the answer to a wish goes.
pub(super) type Tell = oneshot::Sender<Result<Item, TriageError>>;

/// A finished wish.
pub(super) struct Granted {
    reply: Result<HttpReply, HttpError>,
    tell: Tell,
}

impl Room {
    /// Asks the server for a change.
    pub(super) async fn wish(&mut self, wish: Wish, tell: Tell) {
        if self.desk.local.on {
            let _gone = tell.send(self.wish_here(wish).await);
            return;
        }
        let Wish { question, rev, device, change } = wish;
        let stream_id = self.config.stream.clone();
        let body = StateRequest { question_id: question, stream_id, rev, device, change };
        self.ask_server(STATE_PATH, body.to_json(), tell);
    }

    /// Asks the server for something else that staff may do.
    pub(super) fn staff(&mut self, wish: Staff, tell: Tell) {
        let stream_id = self.config.stream.clone();
        let (path, body) = match wish {
            Staff::MakeQuestion(entry_id) => {
                (FROM_PATH, FromRequest { entry_id, stream_id }.to_json())
            }
            Staff::Edit(answer_id, content) => {
                (EDIT_PATH, EditRequest { answer_id, stream_id, content }.to_json())
            }
            Staff::Retract(answer_id) => {
                (RETRACT_PATH, RetractRequest { answer_id, stream_id }.to_json())
            }
        };
        self.ask_server(path, body, tell);
    }

    /// Why nothing can be asked of the desk now, if nothing can.
    fn no_desk(&self) -> Option<TriageError> {
        if !self.has_desk() {
            Some(TriageError::NotOffered)
        } else if !self.desk.open {
            Some(TriageError::Offline)
        } else {
            None
        }
    }

    fn ask_server(&mut self, path: &'static str, body: String, tell: Tell) {
        if let Some(error) = self.no_desk() {
            // Whoever asked may have gone; here and below.
            let _gone = tell.send(Err(error));
            return;
        }
        let fetch = self.fetch();
        self.jobs.spawn(async move {
            let reply = fetch.post(path, body).await;
            Done::Granted(Granted { reply, tell })
        });
    }

    /// Asks for what was done with a question.
    pub(super) fn question_log(
        &mut self,
        question: EntryId,
        tell: oneshot::Sender<Result<Vec<LogLine>, TriageError>>,
    ) {
        if let Some(error) = self.no_desk() {
            let _gone = tell.send(Err(error));
            return;
        }
        let fetch = self.fetch();
        // Nothing in the room changes by it.
        tokio::spawn(async move {
            let lines = fetch.question_log(&question).await;
            let _gone = tell.send(lines.map_err(|_| TriageError::Offline));
        });
    }

    pub(super) fn granted(&mut self, Granted { reply, tell }: Granted) {
        let outcome = match reply {
            Ok(reply) => match (reply.status, triage::parse_item_reply(&reply.body)) {
                (200..=299, Some(item)) => Ok(item),
                _ => Err(refusal(&reply)),
            },
            Err(_) => Err(TriageError::Offline),
        };
        if let Ok(item) = &outcome {
            self.item_came(item.clone());
        }
        if let Err(TriageError::Conflict(item)) = &outcome {
            self.item_came(Item::clone(item));
        }
        let _gone = tell.send(outcome);
    }
}

/// Why something was not done.
pub(super) fn refusal(reply: &HttpReply) -> TriageError {
    match (reply.status, triage::parse_item_reply(&reply.body)) {
        (409, Some(item)) => TriageError::Conflict(Box::new(item)),
        (status, _) => {
            let reason = ErrorReply::parse(&reply.body).unwrap_or_default().msg;
            TriageError::Refused { status, reason }
        }
    }
}
