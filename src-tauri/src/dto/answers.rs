//! What the page and the shell say to each other of answers. Times are epoch milliseconds.

use aside_protocol::triage;
use serde::{Deserialize, Serialize};

use super::{Delivery, Person, Question};

/// Who may read an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Visibility {
    Public,
    Asker,
    Staff,
}

impl From<triage::Visibility> for Visibility {
    fn from(visibility: triage::Visibility) -> Self {
        match visibility {
            triage::Visibility::Public => Self::Public,
            triage::Visibility::Asker => Self::Asker,
            triage::Visibility::Staff => Self::Staff,
        }
    }
}

impl From<Visibility> for triage::Visibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Public,
            Visibility::Asker => Self::Asker,
            Visibility::Staff => Self::Staff,
        }
    }
}

/// How far an answer of the desk has come; `held` by its guard, since another came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum AnswerDelivery {
    Received,
    Sending,
    Sent,
    Unsure,
    Failed,
    Held,
}

impl From<Delivery> for AnswerDelivery {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Received => Self::Received,
            Delivery::Sending => Self::Sending,
            // Answers are not reviewed.
            Delivery::Sent | Delivery::InReview => Self::Sent,
            Delivery::Unsure => Self::Unsure,
            Delivery::Failed => Self::Failed,
        }
    }
}

/// An answer or a note of one's own that did not arrive; not `failed`: nobody knows whether it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Unsent {
    pub(crate) key: String,
    pub(crate) failed: bool,
}

/// One answer to a question, or a note of the staff. What this person may change has an end at `editUntil`, for a host none. `failure` as
/// of a row; `draft`: other words for it that were begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct ThreadAnswer {
    pub(crate) id: Option<String>,
    pub(crate) key: String,
    pub(crate) text: String,
    pub(crate) org: String,
    pub(crate) by: Option<Person>,
    pub(crate) at: Option<i64>,
    pub(crate) visibility: Visibility,
    pub(crate) edited_at: Option<i64>,
    pub(crate) retracted: bool,
    pub(crate) delivery: AnswerDelivery,
    pub(crate) failure: Option<String>,
    pub(crate) failure_reason: Option<String>,
    pub(crate) mine: bool,
    pub(crate) can_edit: bool,
    pub(crate) edit_until: Option<i64>,
    pub(crate) draft: Option<String>,
}

/// An answer or a note of one's own that the room does not have yet; `canTakeBack`: it has not left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Leaving {
    pub(crate) key: String,
    pub(crate) visibility: Visibility,
    pub(crate) can_take_back: bool,
}

/// An answer that was not sent because another came first: the question as it stands, the answers that the writer had not
/// seen, and what they wrote for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Held {
    pub(crate) question: Question,
    pub(crate) answers: Vec<ThreadAnswer>,
    pub(crate) text: String,
    pub(crate) visibility: Visibility,
}

/// The draft of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct QuestionDraft {
    pub(crate) text: String,
    pub(crate) visibility: Visibility,
}
