//! The questions of a room, each with everything that was answered to it.

use std::collections::HashMap;

use aside_history::said::said;
use aside_history::{Place, RoomId, Row, Store, StoreError};
use aside_protocol::triage::{Item, Review, Stage, Visibility, Work};
use aside_protocol::{Body, Entry, EntryId, Seq};
use serde::Serialize;

/// Rows that are read at once.
const ROWS: u32 = 1000;

/// One question. Times are milliseconds of the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Its number among the room's questions; zero while it is none, since it waits for review or was rejected.
    pub number: u64,
    /// The server's name for it, where it has one.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// What it was before staff edited it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_text: Option<String>,
    /// Who asked.
    pub asker: String,
    /// When.
    pub asked_at: i64,
    /// What was done about it.
    pub state: Work,
    /// Whether everybody may see it.
    pub review: Review,
    /// How or why its work ended.
    pub reason: String,
    /// Where it stands in front of the audience.
    pub stage: Stage,
    /// The number of the question that it is the same as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<u64>,
    /// How many wanted it answered.
    pub votes: u32,
    /// Words that staff sorted by.
    pub tags: Vec<String>,
    /// Whoever had claimed it, or changed it last.
    pub owner: String,
    /// What staff told each other about it.
    pub note: String,
    /// When it was first answered, in writing or aloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_answer_at: Option<i64>,
    /// When its work ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<i64>,
    /// All answers, public and private, and the notes; oldest first.
    pub answers: Vec<Given>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Given {
    /// When.
    pub at: i64,
    /// For which organisation.
    pub org: String,
    /// Who wrote it, as far as anybody can know.
    pub by: String,
    /// Who may read it.
    pub visibility: Visibility,
    /// What it says.
    pub text: String,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<i64>,
    /// It was taken back.
    pub retracted: bool,
}

impl Asked {
    /// Nobody has answered it, and somebody could.
    pub fn is_waiting(&self) -> bool {
        !self.state.is_over() && self.review == Review::Approved
    }

    /// Nobody has answered it: it waits, or was kept for later, which whoever asked waits for, too.
    pub fn is_unanswered(&self) -> bool {
        let is_kept = self.state == Work::FollowUp && self.review == Review::Approved;
        self.is_waiting() || is_kept
    }

    /// How long it waited for its first answer, in milliseconds; nothing while it waits. A clock that went back makes zero.
    pub fn first_answer_ms(&self) -> Option<i64> {
        let answered = self.first_answer_at.or_else(|| {
            // Aloud: there is no answer, but an end.
            self.closed_at.filter(|_| self.state == Work::Answered)
        });
        answered.map(|at| at.saturating_sub(self.asked_at).max(0))
    }
}

/// Reads all questions of a room, by number, and after them what waits for review or was rejected.
///
/// # Errors
/// [`StoreError`].
pub async fn gather(store: &Store, room: RoomId) -> Result<Vec<Asked>, StoreError> {
    let mut items = store.items(room).await?.items;
    let mut names: HashMap<String, String> = HashMap::new();
    for item in &items {
        let people = item.claim.iter().map(|claim| &claim.by).chain([&item.changed_by]);
        let private = item.private.iter().map(|answer| &answer.by);
        for person in people.chain(private).filter(|person| !person.user.is_empty()) {
            names.insert(person.user.clone(), person.display_name.clone());
        }
    }
    let mut gathering = Gathering { names, ..Gathering::default() };
    let numbers: HashMap<EntryId, u64> =
        items.iter().map(|item| (item.question_id.clone(), item.number)).collect();
    let known = !items.is_empty();
    // A desk that a server keeps names places in its log.
    let served = items.iter().any(|item| item.seq > Seq(0));
    items.retain(|item| !item.is_void());
    for item in items {
        gathering.item(item, &numbers);
    }
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let after = rows.last().map_or(Place(i64::MIN), |row| row.place);
        let more = store.asked_and_answered(room, after, ROWS).await?;
        if more.is_empty() {
            break;
        }
        rows.extend(more);
    }
    rows.retain(|row| !Place::is_echo(row.place));
    for (row, at) in rows.iter().zip(times(&rows, served)) {
        gathering.row(row, known, at);
    }
    let mut asked = gathering.asked;
    for one in &mut asked {
        one.answers.sort_by_key(|answer| answer.at);
    }
    asked.sort_by_key(|one| (one.number == 0, one.number, one.asked_at));
    Ok(asked)
}

/// When these rows were said, in milliseconds of the epoch. A server with a desk dates what it is sent; elsewhere whoever says something does.
fn times(rows: &[Row], served: bool) -> Vec<i64> {
    let dated = |row: &Row| row.entry().and_then(|entry| entry.created_at);
    let times = if served {
        rows.iter().map(|row| dated(row).unwrap_or(row.received_at)).collect()
    } else {
        said(rows, None)
    };
    times.iter().map(|time| time.as_millisecond()).collect()
}

#[derive(Default)]
struct Gathering {
    asked: Vec<Asked>,
    by_id: HashMap<EntryId, usize>,
    by_text: HashMap<String, Vec<usize>>,
    /// What staff are called, by their ids.
    names: HashMap<String, String>,
}

impl Gathering {
    fn add(&mut self, id: EntryId, asked: Asked) {
        let n = self.asked.len();
        // Nobody answers what is no question.
        if asked.review != Review::Approved {
            return self.asked.push(asked);
        }
        self.by_text.entry(asked.question.clone()).or_default().push(n);
        self.by_id.insert(id, n);
        self.asked.push(asked);
    }

    fn item(&mut self, item: Item, numbers: &HashMap<EntryId, u64>) {
        let owner = match &item.claim {
            Some(claim) => claim.by.display_name.clone(),
            None => item.changed_by.display_name.clone(),
        };
        let private = item.private.into_iter().map(|answer| Given {
            at: answer.at,
            org: answer.org_name,
            by: answer.by.display_name,
            visibility: answer.visibility,
            text: answer.text,
            edited_at: answer.edited_at,
            retracted: answer.retracted,
        });
        let asked = Asked {
            number: item.number,
            id: item.question_id.as_str().to_owned(),
            question: item.text,
            original_text: item.original_text,
            asker: item.asker.display_name,
            asked_at: item.asked_at,
            state: item.work,
            review: item.review,
            reason: item.reason,
            stage: item.stage,
            merged_into: item.merged_into.and_then(|into| numbers.get(&into).copied()),
            votes: item.votes,
            tags: item.tags,
            owner,
            note: item.note,
            first_answer_at: item.first_answer_at,
            closed_at: item.closed_at,
            answers: private.collect(),
        };
        self.add(item.question_id, asked);
    }

    /// A row of the timeline. Where no states are known, they follow from what was asked and answered.
    fn row(&mut self, row: &Row, known: bool, at: i64) {
        let Some(entry) = row.entry() else { return };
        match entry.entry.body() {
            Body::Message { .. } => {}
            Body::Question { text } if !known => {
                let name = format!("row:{}", row.key.0);
                let id = entry.entry.id.clone().unwrap_or_else(|| EntryId::new(name));
                let number = self.asked.len() as u64 + 1;
                let asker = entry.entry.display_name.clone();
                self.add(id.clone(), asked(number, &id, text, asker, at));
            }
            Body::Question { .. } => {}
            Body::Answer { question, question_id, org_name, text, notes, .. } => {
                let by_id = question_id.and_then(|id| self.by_id.get(&id).copied());
                let Some(n) = by_id.or_else(|| self.quoted(&question)) else { return };
                let by = self.writer(&entry.entry);
                let one = &mut self.asked[n];
                if !known {
                    one.first_answer_at.get_or_insert(at);
                    (one.state, one.closed_at) = (Work::Answered, Some(at));
                }
                one.answers.push(Given {
                    at,
                    org: org_name,
                    by,
                    visibility: Visibility::Public,
                    text,
                    edited_at: notes.edited_at,
                    retracted: notes.retracted,
                });
            }
        }
    }

    /// The oldest question with these words that has no public answer, else the newest.
    fn quoted(&self, text: &str) -> Option<usize> {
        let same = self.by_text.get(text)?;
        let public = |n: &&usize| {
            self.asked[**n].answers.iter().any(|one| one.visibility == Visibility::Public)
        };
        same.iter().find(|n| !public(n)).or_else(|| same.last()).copied()
    }

    /// An answer's entry has its writer's id, and the asker's name.
    fn writer(&self, entry: &Entry) -> String {
        self.names.get(&entry.user).cloned().unwrap_or_else(|| entry.user.clone())
    }
}

fn asked(number: u64, id: &EntryId, question: String, asker: String, asked_at: i64) -> Asked {
    Asked {
        number,
        id: id.as_str().to_owned(),
        question,
        original_text: None,
        asker,
        asked_at,
        state: Work::Open,
        review: Review::Approved,
        reason: String::new(),
        stage: Stage::None,
        merged_into: None,
        votes: 0,
        tags: Vec::new(),
        owner: String::new(),
        note: String::new(),
        first_answer_at: None,
        closed_at: None,
        answers: Vec::new(),
    }
}
