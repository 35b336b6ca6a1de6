//! A question as staff know it.

use serde::{Deserialize, Serialize};

use super::{Person, Review, Stage, Work};
use crate::ids::{EntryId, Seq};
use crate::lenient::read_value;

/// Who may read an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody: it is an entry of the room.
    #[default]
    Public,
    /// Whoever asked, and staff.
    Asker,
    /// Staff alone: a note.
    Staff,
}

impl Visibility {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Public, Self::Asker, Self::Staff];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Asker => "asker",
            Self::Staff => "staff",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|visibility| visibility.as_str() == word)
    }
}

/// An answer that is no entry of the room, since not everybody may read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateAnswer {
    /// Its own name in the room.
    pub id: EntryId,
    /// Who may read it: never [`Visibility::Public`].
    pub visibility: Visibility,
    /// What it says; empty once it was taken back.
    pub text: String,
    /// For which organisation it speaks.
    #[serde(default)]
    pub org_name: String,
    /// Who wrote it.
    pub by: Person,
    /// When, in milliseconds of the epoch.
    pub at: i64,
    /// When it was changed last, in milliseconds of the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<i64>,
    /// It was taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retracted: bool,
}

/// A public answer that was changed or taken back since it was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerEdit {
    /// The answer's entry.
    pub answer_id: EntryId,
    /// The entry's content as it is now.
    pub content: String,
}

/// A question that is the same as another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Merged {
    /// Its entry.
    pub question_id: EntryId,
    /// Who asked it.
    #[serde(default)]
    pub display_name: String,
}

/// Somebody is about to answer, until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Who.
    #[serde(flatten)]
    pub by: Person,
    /// On which of their devices: any text that the client made up.
    #[serde(default)]
    pub device: String,
    /// Since when, in milliseconds of the epoch.
    pub at: i64,
    /// Until when, unless a sign of life comes before, in milliseconds of the epoch.
    pub expires_at: i64,
}

/// What something was said as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaidAs {
    /// A question.
    #[default]
    Question,
    /// A message: a word in it holds it for review.
    Message,
}

/// A question and everything that staff know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// The question's entry; a submission, which is none, has a name of its own.
    pub question_id: EntryId,
    /// Its place in the room; zero for a submission.
    pub seq: Seq,
    /// Its number among the room's questions, from 1; it never changes. Zero for a submission.
    pub number: u64,
    /// How often it was changed; a change must name it.
    pub rev: u64,
    /// The number of its last change among all changes of the room.
    pub change: u64,
    /// The question.
    pub text: String,
    /// What it was before staff edited it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_text: Option<String>,
    /// The message that it was made from, or the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<EntryId>,
    /// Who asked.
    pub asker: Person,
    /// When, in milliseconds of the epoch.
    pub asked_at: i64,
    /// What it will be once it is approved; of an entry always a question.
    #[serde(default, skip_serializing_if = "is_question")]
    pub kind: SaidAs,
    /// Whether everybody may see it.
    #[serde(default, skip_serializing_if = "Review::is_approved")]
    pub review: Review,
    /// The question's entry, once what was waiting for review is one; this item is of no interest any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<EntryId>,
    /// How many of the audience want it answered.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub votes: u32,
    /// Whoever reads this is one of them; said only where the reader is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voted: Option<bool>,
    /// What is being done.
    #[serde(default)]
    pub work: Work,
    /// The question that this one is the same as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<EntryId>,
    /// The questions that are the same as this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<Merged>,
    /// Where it stands in front of the audience.
    #[serde(default)]
    pub stage: Stage,
    /// Kept in sight.
    #[serde(default)]
    pub pinned: bool,
    /// Words that staff sort by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What staff tell each other about it.
    #[serde(default)]
    pub note: String,
    /// Who is about to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// How many answers it has, without those taken back and without notes.
    #[serde(default)]
    pub answers: u32,
    /// A number that each new answer raises, zero for none: what the guard of an answer compares.
    #[serde(default)]
    pub last_answer: u64,
    /// The answers that not everybody may read, and the notes; oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub private: Vec<PrivateAnswer>,
    /// The public answers that were changed or taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<AnswerEdit>,
    /// When it was first answered, in milliseconds of the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_answer_at: Option<i64>,
    /// When its work ended, in milliseconds of the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<i64>,
    /// How or why it ended: `text`, `spoken`, or whatever word the one who ended it chose.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who changed it last.
    #[serde(default)]
    pub changed_by: Person,
}

fn is_question(kind: &SaidAs) -> bool {
    *kind == SaidAs::Question
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Item {
    /// A question that nothing was done about.
    pub fn new(
        question_id: EntryId,
        number: u64,
        text: String,
        asker: Person,
        asked_at: i64,
    ) -> Self {
        Self {
            question_id,
            seq: Seq(0),
            number,
            rev: 0,
            change: 0,
            text,
            original_text: None,
            source_id: None,
            asker,
            asked_at,
            kind: SaidAs::default(),
            review: Review::default(),
            published: None,
            votes: 0,
            voted: None,
            work: Work::default(),
            merged_into: None,
            merged: Vec::new(),
            stage: Stage::default(),
            pinned: false,
            tags: Vec::new(),
            note: String::new(),
            claim: None,
            answers: 0,
            last_answer: 0,
            private: Vec::new(),
            edits: Vec::new(),
            first_answer_at: None,
            closed_at: None,
            reason: String::new(),
            changed_by: Person::default(),
        }
    }

    /// What somebody of the audience may know of it: nothing of what staff tell each other, and of another's submission
    /// nothing but that there is one, whatever became of it.
    pub fn for_audience(&self, user: &str) -> Self {
        // Nobody is nobody's asker: what was removed names none, and a copy for nobody in particular is for everybody.
        let mine = !user.is_empty() && self.asker.user == user;
        if self.is_submission() && !mine {
            let Self { question_id, seq, number, change, .. } = self.clone();
            let hidden = Self::new(question_id, number, String::new(), Person::default(), 0);
            return Self { seq, change, review: Review::Pending, ..hidden };
        }
        // Why something was not accepted is said to whoever asked, and nobody else gets here.
        let reason = match self.review {
            Review::Rejected => self.reason.clone(),
            Review::Approved | Review::Pending => String::new(),
        };
        let private =
            self.private.iter().filter(|answer| mine && answer.visibility == Visibility::Asker);
        Self {
            // Whose answer it is, its organisation says.
            private: private
                .map(|answer| PrivateAnswer { by: Person::default(), ..answer.clone() })
                .collect(),
            original_text: None,
            tags: Vec::new(),
            note: String::new(),
            claim: None,
            reason,
            changed_by: Person::default(),
            ..self.clone()
        }
    }

    /// Whether it is not, or not any more, a question of the room: it waits for review, was rejected, or is an entry by now.
    pub fn is_submission(&self) -> bool {
        self.review != Review::Approved || self.published.is_some()
    }

    /// Whether there is nothing to show of it: it is a question under another name by now, or another's submission.
    pub fn is_void(&self) -> bool {
        self.published.is_some() || (self.is_submission() && self.text.is_empty())
    }

    /// Whether it looks different to its asker than to the rest of the audience.
    pub fn is_personal(&self) -> bool {
        self.is_submission()
            || self.private.iter().any(|answer| answer.visibility == Visibility::Asker)
    }

    /// Nobody has it, and it is to be done.
    pub fn open(&mut self) {
        (self.work, self.claim, self.closed_at) = (Work::Open, None, None);
        (self.merged_into, self.reason) = (None, String::new());
    }

    /// It is done, in whichever way.
    pub fn close(&mut self, how: Work, reason: &str, now_ms: i64) {
        (self.work, self.claim) = (how, None);
        if how != Work::Merged {
            self.merged_into = None;
        }
        self.reason = reason.to_owned();
        self.closed_at = Some(now_ms);
    }

    /// A claim ends by itself.
    pub fn let_go_if_expired(&mut self, now_ms: i64) {
        if self.claim.as_ref().is_some_and(|claim| claim.expires_at <= now_ms) {
            self.claim = None;
            if self.work == Work::Claimed {
                self.work = Work::Open;
            }
        }
    }

    /// Reads an item from a JSON value. Nothing when it lacks what an item can't do without, or says something that this
    /// client doesn't know: an item that is misunderstood is worse than one that is missing.
    pub(super) fn read(value: serde_json::Value) -> Option<Self> {
        serde_json::from_value(value).ok()
    }

    /// Reads the `data` of a frame, which says `"type": "triage"`.
    pub(crate) fn from_frame(data: &str) -> Option<Self> {
        let value: serde_json::Value = read_value(data.as_bytes())?;
        Self::read(value.get("item")?.clone())
    }

    /// The `data` of a frame.
    pub(crate) fn to_frame(&self) -> String {
        serde_json::json!({ "type": "triage", "item": self }).to_string()
    }
}
