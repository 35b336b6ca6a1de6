//! The desk of a server that keeps none: questions and answers as they stand in the timeline, and what a person did about
//! them here. An answer that names a question, or quotes it, closes it.

use std::collections::HashMap;

use aside_history::said::said;
use aside_history::{Place, Row, RowKey, Standing};
use aside_protocol::triage::{Claim, Item, Person, Stage, Work};
use aside_protocol::{Body, EntryId, EntryKind, Extension};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Room;
use super::wishes::Wish;
use crate::error::TriageError;

#[cfg(test)]
mod tests;

/// Nobody else could take a question that is worked on here alone: so a claim lasts for a day.
const CLAIM_MS: i64 = 86_400_000;
/// Rows that are read at once.
const ROWS: u32 = 1000;

/// What a person did here about a question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Mark {
    /// What was decided, when there were so many answers; a later answer decides anew.
    work: Option<(Work, u32)>,
    at: i64,
    reason: String,
    /// The subject that this question is the same as.
    merged_into: Option<String>,
    stage: Stage,
    pinned: bool,
    tags: Vec<String>,
    note: String,
}

/// What names a question in the marks: its words and who asked. It outlives the rows, which may be fetched anew; who asks the
/// same words twice asks one question.
fn subject(item: &Item) -> String {
    let Item { asker, text, .. } = item;
    // What begins with one line break is of the app's own: a note about a person.
    let apart = if asker.user.is_empty() || asker.user.starts_with('\n') { "\n\n" } else { "" };
    format!("{apart}{}\n{text}", asker.user)
}

/// Questions and answers of the timeline as items.
#[derive(Debug, Default)]
pub(super) struct Local {
    pub(super) on: bool,
    /// Rows have changed since the items were made.
    pub(super) stale: bool,
    marks: HashMap<String, Mark>,
    /// When those rows were said that were heard live, in milliseconds of the epoch.
    heard: HashMap<RowKey, i64>,
    me: Person,
}

/// What is to be written to disk.
pub(super) type Written = Vec<(String, String)>;

impl Local {
    pub(super) fn new(marks: Vec<(String, String)>, me: Person) -> Self {
        // A mark of another release that is not understood is left on disk, and looks unset.
        let read =
            |(subject, body): (String, String)| Some((subject, serde_json::from_str(&body).ok()?));
        let marks = marks.into_iter().filter_map(read).collect();
        Self { on: true, stale: true, marks, me, ..Self::default() }
    }

    /// The items of all these rows, which are in order. `known` are those of before: they keep their numbers, and their
    /// revisions where nothing is different.
    pub(super) fn items(&mut self, rows: &[Row], known: &HashMap<EntryId, &Item>) -> Vec<Item> {
        let mut numbers = known.values().map(|item| item.number).max().unwrap_or(0);
        let mut items: Vec<Item> = Vec::new();
        let mut by_text: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_id: HashMap<EntryId, usize> = HashMap::new();
        for (row, at) in rows.iter().zip(self.times(rows)) {
            let Some(entry) = row.entry() else { continue };
            match entry.entry.body() {
                Body::Message { .. } => {}
                Body::Question { text } if entry.entry.kind == EntryKind::Question => {
                    if Place::is_echo(row.place) {
                        continue;
                    }
                    let id = name(row.key, entry.entry.id.as_ref());
                    let number = known.get(&id).map_or_else(
                        || {
                            numbers += 1;
                            numbers
                        },
                        |item| item.number,
                    );
                    by_text.entry(text.clone()).or_default().push(items.len());
                    by_id.insert(id.clone(), items.len());
                    let asker = Person {
                        user: entry.entry.user.clone(),
                        display_name: entry.entry.display_name.clone(),
                        avatar_url: entry.entry.avatar_url.clone(),
                    };
                    let item = Item::new(id, number, text, asker, at);
                    items.push(Item { rev: 1, change: number, voted: Some(false), ..item });
                }
                Body::Question { .. } => {}
                Body::Answer { question, question_id, .. } => {
                    let quoted = || {
                        let same = by_text.get(&question)?;
                        let open = same.iter().copied().find(|n| items[*n].answers == 0);
                        open.or_else(|| same.last().copied())
                    };
                    let named = question_id.and_then(|id| by_id.get(&id).copied());
                    if let Some(n) = named.or_else(quoted) {
                        answered(&mut items[n], at);
                    }
                }
            }
        }
        self.apply(&mut items);
        for item in &mut items {
            if let Some(before) = known.get(&item.question_id) {
                (item.rev, item.change) = (before.rev, before.change);
                if item != *before {
                    item.rev += 1;
                    item.change += 1;
                }
            }
        }
        items
    }

    /// When these rows were said, in milliseconds of the epoch. What was heard live keeps its time: once the server's history has it,
    /// too, the row no longer says so.
    fn times(&mut self, rows: &[Row]) -> Vec<i64> {
        let told = said(rows, None);
        let time = |(row, time): (&Row, Timestamp)| {
            let time = time.as_millisecond();
            match row.entry().map(|entry| entry.standing) {
                None | Some(Standing::Confirmed) => *self.heard.get(&row.key).unwrap_or(&time),
                Some(_) => *self.heard.entry(row.key).or_insert(time),
            }
        };
        rows.iter().zip(told).map(time).collect()
    }

    fn apply(&self, items: &mut [Item]) {
        let ids: HashMap<String, EntryId> =
            items.iter().rev().map(|item| (subject(item), item.question_id.clone())).collect();
        for item in items {
            let Some(mark) = self.marks.get(&subject(item)) else { continue };
            (item.stage, item.pinned) = (mark.stage, mark.pinned);
            item.tags.clone_from(&mark.tags);
            item.note.clone_from(&mark.note);
            let Some((work, answers)) = mark.work else { continue };
            let merged = mark.merged_into.as_ref().and_then(|into| ids.get(into).cloned());
            if item.answers > answers || (work == Work::Merged && merged.is_none()) {
                continue;
            }
            item.open();
            match work {
                Work::Open => {}
                Work::Claimed => {
                    let (by, device) = (self.me.clone(), String::new());
                    let expires_at = mark.at.saturating_add(CLAIM_MS);
                    item.claim = Some(Claim { by, device, at: mark.at, expires_at });
                    item.work = Work::Claimed;
                }
                over => {
                    item.close(over, &mark.reason, mark.at);
                    item.merged_into = merged;
                }
            }
        }
    }

    /// Does what was wished for to the marks; returns those that are to be kept. Nothing when the question is not there.
    pub(super) fn grant(&mut self, items: &[Item], wish: Wish, now_ms: i64) -> Option<Written> {
        let find = |id: &EntryId| items.iter().find(|item| item.question_id == *id);
        let item = find(&wish.question)?;
        let change = wish.change;
        let into = match &change.merge_into {
            Some(target) => Some(subject(root(items, find(target)?))),
            None => None,
        };
        let own = subject(item);
        if into.as_ref() == Some(&own) {
            return None;
        }
        let mut touched = Vec::new();
        if let Some(stage @ (Stage::Next | Stage::Now)) = change.stage {
            for (other, mark) in &mut self.marks {
                if mark.stage == stage && *other != own {
                    mark.stage = Stage::None;
                    touched.push(other.clone());
                }
            }
        }
        let mark = self.marks.entry(own.clone()).or_default();
        let apart = change.unmerge.then_some(Work::Open);
        let work = if into.is_some() { Some(Work::Merged) } else { change.state.or(apart) };
        if let Some(work) = work {
            mark.work = Some((work, item.answers));
            mark.at = now_ms;
            mark.reason = change.reason.unwrap_or_default();
            mark.merged_into = into;
        }
        let over = work.is_some_and(Work::is_over);
        mark.stage = change.stage.unwrap_or(if over { Stage::None } else { mark.stage });
        mark.pinned = change.pinned.unwrap_or(mark.pinned);
        mark.tags = change.tags.unwrap_or_else(|| std::mem::take(&mut mark.tags));
        mark.note = change.note.unwrap_or_else(|| std::mem::take(&mut mark.note));
        touched.push(own);
        self.stale = true;
        let body = |subject: String| {
            let mark = self.marks.get(&subject)?;
            Some((subject, serde_json::to_string(mark).ok()?))
        };
        Some(touched.into_iter().filter_map(body).collect())
    }
}

/// What a question is called where the server has no name for it.
fn name(key: RowKey, id: Option<&EntryId>) -> EntryId {
    id.cloned().unwrap_or_else(|| EntryId::new(format!("row:{}", key.0)))
}

/// The question at the end of a chain of merged ones, which are never endless.
fn root<'a>(items: &'a [Item], start: &'a Item) -> &'a Item {
    let mut item = start;
    for _ in items {
        let Some(into) = &item.merged_into else { break };
        let Some(next) = items.iter().find(|other| other.question_id == *into) else { break };
        item = next;
    }
    item
}

fn answered(item: &mut Item, at: i64) {
    item.answers += 1;
    // Only ever compared with itself.
    item.last_answer = item.answers.into();
    item.first_answer_at.get_or_insert(at);
    item.close(Work::Answered, "text", at);
}

impl Room {
    /// The server keeps no states of questions: they are kept here.
    pub(super) async fn desk_stays_here(&mut self) {
        let wanted = self.abilities.is_some() && !self.has(Extension::Triage);
        if wanted == self.desk.local.on {
            return;
        }
        self.desk.local = Local::default();
        if wanted {
            if self.desk.epoch.is_some() {
                self.desk.forget();
            }
            let by = Person {
                user: self.config.user.clone(),
                display_name: self.config.display_name.clone(),
                avatar_url: self.config.avatar_url.clone(),
            };
            match self.store.marks(self.id).await {
                Ok(marks) => self.desk.local = Local::new(marks, by),
                Err(error) => tracing::warn!(%error, "what was kept about questions can't be read"),
            }
        }
        self.tell_desk();
    }

    /// Questions or answers of the timeline have changed: where they are the desk, it may be another now.
    pub(super) fn questions_changed(&mut self) {
        self.desk.local.stale = self.desk.local.on;
    }

    pub(super) async fn wish_here(&mut self, wish: Wish) -> Result<Item, TriageError> {
        let question = wish.question.clone();
        let items: Vec<Item> = self.desk.since(0).items;
        let now_ms = self.env.clock.now().as_millisecond();
        let refused =
            |reason: &str| TriageError::Refused { status: 404, reason: reason.to_owned() };
        let written = self.desk.local.grant(&items, wish, now_ms);
        for (subject, body) in written.ok_or_else(|| refused("no such question"))? {
            if let Err(error) = self.store.set_mark(self.id, subject, body).await {
                return Err(refused(&error.to_string()));
            }
        }
        self.make_items().await;
        let item = self.desk.items.get(&question).map(|(_, item)| item.clone());
        item.ok_or_else(|| refused("no such question"))
    }

    /// Reads the questions and answers of the timeline, where they are the desk.
    pub(super) async fn make_items(&mut self) {
        self.desk.local.stale = false;
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let after = rows.last().map_or(Place(i64::MIN), |row| row.place);
            match self.store.asked_and_answered(self.id, after, ROWS).await {
                Ok(more) if more.is_empty() => break,
                Ok(more) => rows.extend(more),
                Err(error) => {
                    tracing::warn!(%error, "the questions can't be read");
                    return;
                }
            }
        }
        let known = self.desk.items.iter().map(|(id, (_, item))| (id.clone(), item)).collect();
        let items = self.desk.local.items(&rows, &known);
        if items.len() < known.len() {
            self.desk.forget();
        }
        for item in items {
            self.desk.take(item);
        }
        self.tell_desk();
    }
}
