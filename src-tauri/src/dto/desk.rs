//! The desk's part of what the page and the shell say to each other. Times are epoch milliseconds.

use aside_protocol::triage;
use serde::{Deserialize, Serialize};

use super::{Leaving, ThreadAnswer, Unsent};

/// Where a question stands in the desk: it stands in exactly one lane, and the backend says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Lane {
    Review,
    Open,
    Mine,
    Live,
    Done,
}

/// Somebody, as the desk shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Person {
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) avatar: Option<String>,
}

/// Who answers a question at the moment, and until when without another sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Claim {
    pub(crate) by: Person,
    pub(crate) mine: bool,
    pub(crate) device: String,
    pub(crate) other_device: bool,
    pub(crate) at: i64,
    pub(crate) expires_at: i64,
}

/// What somebody does with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Doing {
    Viewing,
    Drafting,
}

/// Who has a question before them; `mine` is another device of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Presence {
    pub(crate) who: Person,
    pub(crate) doing: Doing,
    pub(crate) mine: bool,
}

/// Whether a question may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Review {
    Pending,
    Approved,
    Rejected,
}

/// How far the work on a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Work {
    Open,
    Claimed,
    Answered,
    Dismissed,
    FollowUp,
    Merged,
}

impl From<triage::Work> for Work {
    fn from(work: triage::Work) -> Self {
        match work {
            triage::Work::Open => Self::Open,
            triage::Work::Claimed => Self::Claimed,
            triage::Work::Answered => Self::Answered,
            triage::Work::Dismissed => Self::Dismissed,
            triage::Work::FollowUp => Self::FollowUp,
            triage::Work::Merged => Self::Merged,
        }
    }
}

/// Whether a question is on stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Stage {
    None,
    Next,
    Now,
}

impl From<triage::Stage> for Stage {
    fn from(stage: triage::Stage) -> Self {
        match stage {
            triage::Stage::None => Self::None,
            triage::Stage::Next => Self::Next,
            triage::Stage::Now => Self::Now,
        }
    }
}

impl From<Stage> for triage::Stage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::None => Self::None,
            Stage::Next => Self::Next,
            Stage::Now => Self::Now,
        }
    }
}

/// One question of the desk; `row` is its key in the timeline, `lastAnswer` what a new answer is guarded against, and
/// `lastAnswerMine` says that this person gave it, where that is known. `leaving` and `unsent`: first written first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Question {
    pub(crate) id: String,
    pub(crate) row: Option<String>,
    pub(crate) number: u64,
    pub(crate) rev: u64,
    pub(crate) lane: Lane,
    pub(crate) text: String,
    pub(crate) original_text: Option<String>,
    pub(crate) asker: Person,
    pub(crate) asked_at: Option<i64>,
    pub(crate) review: Review,
    pub(crate) work: Work,
    pub(crate) merged_into: Option<String>,
    pub(crate) also_asked: Vec<String>,
    pub(crate) stage: Stage,
    pub(crate) pinned: bool,
    pub(crate) votes: u32,
    pub(crate) voted: bool,
    pub(crate) tags: Vec<String>,
    pub(crate) note: String,
    pub(crate) claim: Option<Claim>,
    pub(crate) presence: Vec<Presence>,
    pub(crate) answers: u32,
    pub(crate) last_answer: u64,
    pub(crate) last_answer_mine: bool,
    pub(crate) first_answer_at: Option<i64>,
    pub(crate) closed_at: Option<i64>,
    pub(crate) close_reason: Option<String>,
    pub(crate) changed_by: String,
    pub(crate) changed_by_mine: bool,
    pub(crate) has_draft: bool,
    pub(crate) held: bool,
    pub(crate) leaving: Vec<Leaving>,
    pub(crate) unsent: Vec<Unsent>,
}

/// What became of a desk's questions while nobody saw them: how many are new, and how many others have answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Missed {
    pub(crate) asked: u32,
    pub(crate) answered: u32,
}

/// The questions that changed since a revision; `reset` says that the upserts are all there are. `missed`: what nobody has read about yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct QuestionChanges {
    pub(crate) revision: u64,
    pub(crate) upserts: Vec<Question>,
    pub(crate) removed: Vec<String>,
    pub(crate) reset: bool,
    pub(crate) missed: Missed,
}

/// Where the states of questions are kept: by the server, or on this computer alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum DeskKind {
    Server,
    Local,
}

/// What the desk of a room can do. Not `fresh`: it is catching up, and who claimed what is not known. `teamSnippets` is
/// another number after each change of the snippets that staff share, null where there are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct DeskStatus {
    pub(crate) kind: DeskKind,
    pub(crate) fresh: bool,
    pub(crate) can_answer: bool,
    pub(crate) can_private: bool,
    pub(crate) can_review: bool,
    pub(crate) can_vote: bool,
    pub(crate) open: u32,
    pub(crate) oldest_waiting: Option<i64>,
    pub(crate) team_snippets: Option<u64>,
}

/// One line of what was done with a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct LogLine {
    pub(crate) field: String,
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) who: String,
    pub(crate) at: Option<i64>,
}

/// All there is to know of one question; `missing`: so many of its answers are older than what is on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct Thread {
    pub(crate) question: Question,
    pub(crate) answers: Vec<ThreadAnswer>,
    pub(crate) missing: u32,
    pub(crate) similar: Vec<Question>,
    pub(crate) log: Vec<LogLine>,
}

/// How a question was answered, when not in writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Spoken {
    Spoken,
}

/// One step of triage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", tag = "do")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) enum Step {
    Claim { take_over: bool },
    Release,
    Approve,
    Reject { reason: Option<String> },
    ReviewAgain,
    Answered { reason: Spoken },
    Dismiss { reason: Option<String> },
    FollowUp,
    Reopen,
    Stage { stage: Stage },
    Pin { pinned: bool },
    Tags { tags: Vec<String> },
    Note { note: String },
    Text { text: String },
    Merge { into: String },
    Unmerge,
}

impl From<triage::Doing> for Doing {
    fn from(doing: triage::Doing) -> Self {
        match doing {
            triage::Doing::Viewing => Self::Viewing,
            triage::Doing::Drafting => Self::Drafting,
        }
    }
}

impl From<Doing> for triage::Doing {
    fn from(doing: Doing) -> Self {
        match doing {
            Doing::Viewing => Self::Viewing,
            Doing::Drafting => Self::Drafting,
        }
    }
}

impl From<triage::Review> for Review {
    fn from(review: triage::Review) -> Self {
        match review {
            triage::Review::Approved => Self::Approved,
            triage::Review::Pending => Self::Pending,
            triage::Review::Rejected => Self::Rejected,
        }
    }
}
