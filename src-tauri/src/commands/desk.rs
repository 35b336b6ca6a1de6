//! Answering: steps of triage, threads, answers with their guard, drafts.

use std::time::Duration;

use aside_history::said::said;
use aside_history::{Row, RowKind};
use aside_protocol::triage::{Change, Item, LogLine, Review, Visibility, Work};
use aside_protocol::{Body, EntryId};
use aside_session::{Answering, DeskState, OutgoingAnswer, Wish};
use aside_text::{body, name};
use jiff::Timestamp;
use tauri::State;

use crate::args::{Arg, bounded};
use crate::dto::{self, Held, Question, Spoken, Step, Thread, ThreadAnswer};
use crate::errors::{AppError, Code};
use crate::older;
use crate::questions::Clerk;
use crate::rooms::Live;
use crate::shell::Shell;
use crate::times::shown;

#[cfg(test)]
mod tests;

/// The longest reason, tag or note that is taken from the page, in bytes; what the server takes is less.
const WORDS: usize = 4096;

/// Changes a question's state.
#[tauri::command]
pub(crate) async fn triage(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<String>,
    rev: Arg<u64>,
    step: Arg<Step>,
) -> Result<Question, AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let wish = Wish {
        question: question.entry()?,
        rev: Some(rev.0),
        device: shell.device(),
        change: change(step.0)?,
    };
    let item = live.session.triage(wish).await?;
    Ok(clerk(&shell, &live).await?.question(item))
}

/// What a step of the page means to the session.
fn change(step: Step) -> Result<Change, AppError> {
    let nothing = Change::default;
    let to = |state| Change { state: Some(state), ..Change::default() };
    let review = |review| Change { review: Some(review), ..Change::default() };
    let why =
        |reason: Option<String>| reason.map(|reason| bounded(reason, "reason", WORDS)).transpose();
    Ok(match step {
        Step::Claim { take_over } => Change { take_over, ..to(Work::Claimed) },
        Step::Release | Step::Reopen => to(Work::Open),
        Step::Answered { reason: Spoken::Spoken } => {
            Change { reason: Some("spoken".to_owned()), ..to(Work::Answered) }
        }
        Step::Dismiss { reason } => Change { reason: why(reason)?, ..to(Work::Dismissed) },
        Step::FollowUp => to(Work::FollowUp),
        Step::Stage { stage } => Change { stage: Some(stage.into()), ..nothing() },
        Step::Pin { pinned } => Change { pinned: Some(pinned), ..nothing() },
        Step::Tags { tags } => {
            let tags = tags.into_iter().map(|tag| bounded(tag, "tags", WORDS));
            Change { tags: Some(tags.collect::<Result<_, _>>()?), ..nothing() }
        }
        Step::Note { note } => Change { note: Some(bounded(note, "note", WORDS)?), ..nothing() },
        Step::Merge { into } => Change { merge_into: Some(Arg(into).entry()?), ..nothing() },
        Step::Unmerge => Change { unmerge: true, ..nothing() },
        Step::Text { text } => Change { text: Some(Arg(text).text()?), ..nothing() },
        Step::Approve => review(Review::Approved),
        Step::ReviewAgain => review(Review::Pending),
        Step::Reject { reason } => Change { reason: why(reason)?, ..review(Review::Rejected) },
    })
}

/// All there is to know of one question. `older`: its answers are fetched, where what is here does not go back to it.
#[tauri::command]
pub(crate) async fn thread(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<String>,
    older: Arg<bool>,
) -> Result<Thread, AppError> {
    let (live, id) = (shell.rooms.live(room.room()?).await?, question.entry()?);
    thread_of(&shell, &live, &id, older.0).await
}

async fn thread_of(
    shell: &Shell,
    live: &Live,
    id: &EntryId,
    older: bool,
) -> Result<Thread, AppError> {
    let mut desk = Desk::read(shell, live).await?;
    if older && desk.missing(id, &desk.answers(id).await?).await > 0 {
        let (store, seq) = (shell.rooms.store(), desk.item(id)?.seq);
        // What could not be had is missing still.
        let _whole = older::since(store, &live.session, seq).await;
        desk = Desk::read(shell, live).await?;
    }
    let question = desk.question(id)?;
    let answers = desk.answers(id).await?;
    let log = desk.log(id).await;
    let alike = shell.rooms.store().similar(live.session.room(), id, &question.text).await?;
    let similar = alike.iter().filter_map(|(id, _)| desk.question(id).ok()).collect();
    let missing = desk.missing(id, &answers).await;
    Ok(Thread { question, answers, missing, similar, log })
}

/// Returns once the answer is safe on disk; that it can be taken back, or that its guard holds it, the page learns by pulling.
#[tauri::command]
pub(crate) async fn answer_question(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<String>,
    text: Arg<String>,
    visibility: Arg<dto::Visibility>,
    seen: Arg<u64>,
    co_answer: Arg<bool>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let (id, text) = (question.entry()?, text.text()?);
    let desk = Desk::read(&shell, &live).await?;
    let held = desk.held(&id).map(|held| held.key);
    let session = &live.session;
    let grace = shell.remembered.read(|memory| memory.settings.unsend_secs);
    let how = Answering {
        visibility: visibility.0.into(),
        seen: Some(seen.0),
        co_answer: co_answer.0,
        grace: Duration::from_secs(u64::from(grace)),
    };
    session.answer_as(id.clone(), &text, how).await?;
    // Only now: had it not been kept, the held one would be all there is.
    if let Some(key) = held {
        session.discard(key).await?;
    }
    Ok(session.set_question_draft(id, String::new(), Visibility::Public).await?)
}

/// The answer that its guard held, beside those that came first.
#[tauri::command]
pub(crate) async fn held(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<String>,
) -> Result<Held, AppError> {
    let (live, id) = (shell.rooms.live(room.room()?).await?, question.entry()?);
    let desk = Desk::read(&shell, &live).await?;
    let held = desk.held(&id).ok_or(Code::RowUnknown)?;
    let (text, visibility) = (held.text.clone(), held.visibility.into());
    let mut answers = desk.answers(&id).await?;
    answers.retain(|answer| {
        let theirs = answer.delivery == dto::AnswerDelivery::Received && !answer.mine;
        theirs && answer.visibility != dto::Visibility::Staff
    });
    Ok(Held { question: desk.question(&id)?, answers, text, visibility })
}

#[tauri::command]
pub(crate) async fn discard_held(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<String>,
) -> Result<(), AppError> {
    let (live, id) = (shell.rooms.live(room.room()?).await?, question.entry()?);
    let desk = Desk::read(&shell, &live).await?;
    let held = desk.held(&id).ok_or(Code::RowUnknown)?;
    Ok(live.session.discard(held.key).await?)
}

/// Changes an answer that was given.
#[tauri::command]
pub(crate) async fn edit_answer(
    shell: State<'_, Shell>,
    room: Arg<String>,
    id: Arg<String>,
    text: Arg<String>,
) -> Result<(), AppError> {
    let (live, id) = (shell.rooms.live(room.room()?).await?, id.entry()?);
    let item = live.session.edit_answer(id.clone(), text.text()?).await?;
    forget_edit(&live, item, id).await;
    Ok(())
}

/// Takes an answer back that was given.
#[tauri::command]
pub(crate) async fn retract_answer(
    shell: State<'_, Shell>,
    room: Arg<String>,
    id: Arg<String>,
) -> Result<(), AppError> {
    let (live, id) = (shell.rooms.live(room.room()?).await?, id.entry()?);
    if let Some(item) = live.session.retract_answer(id.clone()).await? {
        forget_edit(&live, item, id).await;
    }
    Ok(())
}

/// The server has said it: what was begun is begun no more. That it could not be written down takes nothing of that back.
async fn forget_edit(live: &Live, item: Item, answer: EntryId) {
    let _stays = live.session.set_edit_draft(item.question_id, answer, String::new()).await;
}

/// Somebody of the audience wants a question answered, or no longer.
#[tauri::command]
pub(crate) async fn vote(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<String>,
    vote: Arg<bool>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    live.session.vote(question.entry()?, vote.0).await?;
    Ok(())
}

/// Makes a question of a message.
#[tauri::command]
pub(crate) async fn make_question(
    shell: State<'_, Shell>,
    room: Arg<String>,
    key: Arg<String>,
) -> Result<Question, AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let row = shell.rooms.store().row(live.session.room(), key.row()?).await?;
    let id = row.and_then(|row| row.entry().and_then(|entry| entry.entry.id.clone()));
    let item = live.session.make_question(id.ok_or(Code::RowUnknown)?).await?;
    Ok(clerk(&shell, &live).await?.question(item))
}

/// Tells the others what this person has before them; no question: nothing.
#[tauri::command]
pub(crate) async fn look(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<Option<String>>,
    doing: Arg<dto::Doing>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let question = question.0.map(|question| Arg(question).entry()).transpose()?;
    live.session.look(question, doing.0.into(), shell.device()).await;
    Ok(())
}

/// What is known of the questions of a room now.
struct Desk<'a> {
    shell: &'a Shell,
    live: &'a Live,
    questions: aside_session::Questions,
    clerk: Clerk<'a>,
}

impl<'a> Desk<'a> {
    async fn read(shell: &'a Shell, live: &'a Live) -> Result<Self, AppError> {
        let questions = live.session.questions(0).await?;
        let clerk = shell.clerk(live, &questions);
        Ok(Self { shell, live, questions, clerk })
    }

    fn item(&self, id: &EntryId) -> Result<&Item, AppError> {
        let item = self.questions.items.iter().find(|item| item.question_id == *id);
        Ok(item.ok_or(Code::RowUnknown)?)
    }

    fn question(&self, id: &EntryId) -> Result<Question, AppError> {
        Ok(self.clerk.question(self.item(id)?.clone()))
    }

    /// How many answers it has that are older than what is here. The audience is not told of all of them.
    async fn missing(&self, id: &EntryId, answers: &[ThreadAnswer]) -> u32 {
        let (Ok(item), true) = (self.item(id), self.clerk.role.at_desk()) else { return 0 };
        let counts = |answer: &&ThreadAnswer| {
            let said = answer.id.is_some() && !answer.retracted;
            said && answer.visibility != dto::Visibility::Staff
        };
        let here = answers.iter().filter(counts).count();
        let missing = item.answers.saturating_sub(u32::try_from(here).unwrap_or(u32::MAX));
        let (store, session) = (self.shell.rooms.store(), &self.live.session);
        // What was counted a moment ago may still be on its way.
        if missing == 0 || older::reaches(store, session, item.seq).await { 0 } else { missing }
    }

    fn held(&self, id: &EntryId) -> Option<&OutgoingAnswer> {
        self.questions.outgoing.iter().find(|answer| answer.held && answer.question == *id)
    }

    /// What was done with it; nothing where nobody can say, which hides no more than that.
    async fn log(&self, id: &EntryId) -> Vec<dto::LogLine> {
        let lines = self.live.session.question_log(id.clone()).await.unwrap_or_default();
        let line = |line: LogLine| dto::LogLine {
            field: line.field,
            old: body(&line.old).into_owned(),
            new: body(&line.new).into_owned(),
            who: name(&line.by.display_name),
            at: shown(line.at),
        };
        lines.into_iter().map(line).collect()
    }

    /// Those that the room has, and those on their way.
    async fn answers(&self, id: &EntryId) -> Result<Vec<ThreadAnswer>, AppError> {
        let session = &self.live.session;
        let item = self.questions.items.iter().find(|item| item.question_id == *id);
        // What was edited since is not what answers quote, but there they name it.
        let text = item.map_or("", |item| item.text.as_str());
        let rows = self.shell.rooms.store().answers_to(session.room(), id, text).await?;
        let times = self.times(&rows, item);
        let mut answers = Vec::new();
        for (row, at) in rows.into_iter().zip(times) {
            let RowKind::Entry(entry) = row.kind else { continue };
            let Body::Answer { org_name, text, notes, .. } = entry.entry.body() else { continue };
            answers.push(ThreadAnswer {
                id: entry.entry.id.as_ref().map(|id| id.as_str().to_owned()),
                key: row.key.0.to_string(),
                text: body(&text).into_owned(),
                org: name(&org_name),
                // An entry says for which organisation it is, not who wrote it.
                by: None,
                at: Some(at),
                visibility: notes.visibility.into(),
                edited_at: notes.edited_at.and_then(shown),
                retracted: notes.retracted,
                delivery: crate::rows::delivery(&entry.delivery).into(),
                failure: None,
                failure_reason: None,
                mine: entry.mine,
                can_edit: self.clerk.changes_answer(entry.mine)
                    && entry.entry.id.is_some()
                    && !notes.retracted,
                edit_until: self.clerk.edit_until(Some(at)),
                draft: None,
            });
        }
        answers.retain(|answer| {
            // Those on their way come below, with their guard.
            !self.questions.outgoing.iter().any(|out| out.key.0.to_string() == answer.key)
        });
        answers.extend(item.into_iter().flat_map(|item| self.clerk.private_answers(item)));
        answers.sort_by_key(|answer| answer.at);
        let now_ms = session.now().as_millisecond();
        let shown = |answer: &&OutgoingAnswer| {
            answer.question == *id && !answers.iter().any(|row| row.key == answer.key.0.to_string())
        };
        let outgoing = self.questions.outgoing.iter().filter(shown);
        let outgoing: Vec<_> = outgoing.map(|answer| self.clerk.outgoing(answer, now_ms)).collect();
        answers.extend(outgoing);
        self.find_edits(id, &mut answers).await?;
        Ok(answers)
    }

    /// When these answers to a question were given. A server with a desk dates them; elsewhere whoever gives them does.
    fn times(&self, rows: &[Row], item: Option<&Item>) -> Vec<i64> {
        let here = self.live.session.watch().borrow().desk.state == DeskState::Local;
        let dated = |row: &Row| row.entry().and_then(|entry| entry.created_at);
        let times = if here {
            said(rows, item.and_then(|item| Timestamp::from_millisecond(item.asked_at).ok()))
        } else {
            rows.iter().map(|row| dated(row).unwrap_or(row.received_at)).collect()
        };
        times.iter().map(|time| time.as_millisecond()).collect()
    }

    /// What was begun of other words for them.
    async fn find_edits(&self, id: &EntryId, answers: &mut [ThreadAnswer]) -> Result<(), AppError> {
        for begun in self.questions.drafted.iter().filter(|begun| begun.question == *id) {
            let named = begun.answer.as_ref().map(EntryId::as_str);
            let of = |answer: &&mut ThreadAnswer| named.is_some() && answer.id.as_deref() == named;
            if let Some(answer) = answers.iter_mut().find(of) {
                answer.draft = Some(self.live.session.edit_draft(begun).await?);
            }
        }
        Ok(())
    }
}

async fn clerk<'a>(shell: &'a Shell, live: &'a Live) -> Result<Clerk<'a>, AppError> {
    // Only who has begun what is asked for.
    let known = live.session.watch().borrow().desk.revision;
    let questions = live.session.questions(known).await?;
    Ok(shell.clerk(live, &questions))
}
