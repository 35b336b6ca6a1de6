//! How questions as work look to the page: in which lane, whose, with what on its way.

use std::collections::{BTreeMap, BTreeSet};

use aside_history::Delivery;
use aside_protocol::Role;
use aside_protocol::triage::{Item, Person, Present, PrivateAnswer, Review, Stage, Work};
use aside_session::{DeskState, OutgoingAnswer, Questions, RoomView};
use aside_text::{body, name};

use crate::dto::{self, Lane};
use crate::once::once;
use crate::rows::Painter;
use crate::times::shown;

#[cfg(test)]
mod tests;

/// So long an answer's author may change it, in milliseconds (docs/protocol.md).
const EDIT_MS: i64 = 10 * 60 * 1000;

/// Turns items of one room into questions of the page; every text that a stranger wrote is made safe to look at here.
pub(crate) struct Clerk<'a> {
    pub(crate) painter: Painter<'a>,
    /// The id under which this person's claims come back.
    pub(crate) me: String,
    /// What this device is called in claims.
    pub(crate) device: String,
    pub(crate) role: Role,
    drafted: BTreeSet<String>,
    held: BTreeSet<String>,
    leaving: BTreeMap<String, Vec<dto::Leaving>>,
    unsent: BTreeMap<String, Vec<dto::Unsent>>,
    presence: BTreeMap<String, Vec<Present>>,
}

impl<'a> Clerk<'a> {
    /// Knows who looks, and what they have begun.
    pub(crate) fn new(
        painter: Painter<'a>,
        view: &RoomView,
        device: String,
        questions: &Questions,
    ) -> Self {
        let held = questions.outgoing.iter().filter(|answer| answer.held);
        Self {
            painter,
            me: view.facts.user.clone(),
            device,
            role: view.facts.role,
            drafted: drafted(questions),
            held: held.map(|answer| answer.question.as_str().to_owned()).collect(),
            leaving: leaving(questions),
            unsent: unsent(questions),
            presence: questions
                .presence
                .iter()
                .map(|of| (of.question_id.as_str().to_owned(), of.people.clone()))
                .collect(),
        }
    }

    /// Who else has a question before them; one's own other devices are somebody else.
    fn present(&self, question: &str) -> Vec<dto::Presence> {
        let people = self.presence.get(question).map_or(&[][..], Vec::as_slice);
        let here =
            |present: &&Present| present.who.user == self.me && present.device == self.device;
        let others = people.iter().filter(|present| !here(present));
        others
            .map(|present| dto::Presence {
                who: self.person(&present.who),
                doing: present.doing.into(),
                mine: present.who.user == self.me,
            })
            .collect()
    }

    pub(crate) fn changes(&self, questions: Questions, since: u64) -> dto::QuestionChanges {
        let (shown, gone): (Vec<Item>, Vec<Item>) =
            questions.items.into_iter().partition(|item| self.shows(item));
        dto::QuestionChanges {
            revision: questions.revision,
            upserts: shown.into_iter().map(|item| self.question(item)).collect(),
            removed: gone.into_iter().map(|item| item.question_id.as_str().to_owned()).collect(),
            reset: questions.reset || since == 0,
            missed: dto::Missed::default(),
        }
    }

    /// What waits for review is staff's business; to whoever asked, the timeline tells what becomes of it.
    fn shows(&self, item: &Item) -> bool {
        !item.is_void() && (self.role.at_desk() || !item.is_submission())
    }

    pub(crate) fn question(&self, item: Item) -> dto::Question {
        let id = item.question_id.as_str().to_owned();
        let claim = item.claim.as_ref().map(|claim| {
            let mine = claim.by.user == self.me;
            dto::Claim {
                by: self.person(&claim.by),
                mine,
                // Only whose it is, is shown; what it is called is another program's business.
                device: name(&claim.device),
                other_device: mine && !claim.device.is_empty() && claim.device != self.device,
                at: claim.at,
                expires_at: claim.expires_at,
            }
        });
        dto::Question {
            row: id.strip_prefix("row:").map(str::to_owned),
            number: item.number,
            rev: item.rev,
            lane: lane(&item, &self.me),
            text: body(&item.text).into_owned(),
            original_text: item.original_text.map(|text| body(&text).into_owned()),
            asker: self.person(&item.asker),
            asked_at: shown(item.asked_at),
            review: item.review.into(),
            work: item.work.into(),
            merged_into: item.merged_into.map(|into| into.as_str().to_owned()),
            also_asked: item.merged.iter().map(|merged| name(&merged.display_name)).collect(),
            stage: item.stage.into(),
            pinned: item.pinned,
            votes: item.votes,
            voted: item.voted.unwrap_or(false),
            tags: tags(&item.tags),
            note: body(&item.note).into_owned(),
            claim,
            presence: self.present(&id),
            answers: item.answers,
            last_answer: item.last_answer,
            // Its change is the answer's, as long as nothing else was done with the question since.
            last_answer_mine: item.last_answer == item.change && item.changed_by.user == self.me,
            first_answer_at: item.first_answer_at.and_then(shown),
            closed_at: item.closed_at.and_then(shown),
            close_reason: Some(name(&item.reason)).filter(|reason| !reason.is_empty()),
            changed_by: name(&item.changed_by.display_name),
            changed_by_mine: item.changed_by.user == self.me,
            has_draft: self.drafted.contains(&id),
            held: self.held.contains(&id),
            leaving: self.leaving.get(&id).cloned().unwrap_or_default(),
            unsent: self.unsent.get(&id).cloned().unwrap_or_default(),
            id,
        }
    }

    pub(crate) fn person(&self, person: &Person) -> dto::Person {
        dto::Person {
            user: person.user.clone(),
            name: name(&person.display_name),
            avatar: self.painter.picture(&person.avatar_url),
        }
    }

    /// Whether this person may change an answer or take it back, for a time at least.
    pub(crate) fn changes_answer(&self, mine: bool) -> bool {
        mine || self.role == Role::Host
    }

    /// Until when, where there is an end to it.
    pub(crate) fn edit_until(&self, at: Option<i64>) -> Option<i64> {
        at.filter(|_| self.role != Role::Host).map(|at| at.saturating_add(EDIT_MS))
    }

    /// The answers to a question that are no entries.
    pub(crate) fn private_answers(&self, item: &Item) -> Vec<dto::ThreadAnswer> {
        let answers = once(item.private.iter().collect(), |answer| &answer.id);
        answers.into_iter().map(|answer| self.private(answer)).collect()
    }

    fn private(&self, answer: &PrivateAnswer) -> dto::ThreadAnswer {
        let mine = answer.by.user == self.me;
        dto::ThreadAnswer {
            id: Some(answer.id.as_str().to_owned()),
            // A server may name it like a row of ours.
            key: format!("private {}", answer.id.as_str()),
            text: body(&answer.text).into_owned(),
            org: name(&answer.org_name),
            by: Some(self.person(&answer.by)).filter(|by| !by.user.is_empty()),
            at: shown(answer.at),
            visibility: answer.visibility.into(),
            edited_at: answer.edited_at.and_then(shown),
            retracted: answer.retracted,
            delivery: dto::AnswerDelivery::Received,
            failure: None,
            failure_reason: None,
            mine,
            can_edit: self.changes_answer(mine) && !answer.retracted,
            edit_until: self.edit_until(shown(answer.at)),
            draft: None,
        }
    }

    /// An answer of our own that is not settled.
    pub(crate) fn outgoing(&self, answer: &OutgoingAnswer, now_ms: i64) -> dto::ThreadAnswer {
        let (failure, failure_reason) = crate::rows::failure(answer.state.clone());
        dto::ThreadAnswer {
            id: None,
            key: answer.key.0.to_string(),
            text: answer.text.clone(),
            org: String::new(),
            by: None,
            at: Some(now_ms),
            visibility: answer.visibility.into(),
            edited_at: None,
            retracted: false,
            delivery: if answer.held {
                dto::AnswerDelivery::Held
            } else {
                crate::rows::delivery(&answer.state).into()
            },
            failure,
            failure_reason,
            mine: true,
            can_edit: false,
            edit_until: None,
            draft: None,
        }
    }
}

/// What the room has yet to show, and nothing stands in its way, by question.
fn leaving(questions: &Questions) -> BTreeMap<String, Vec<dto::Leaving>> {
    let mut by_question = BTreeMap::<String, Vec<dto::Leaving>>::new();
    let under_way =
        |answer: &&OutgoingAnswer| matches!(answer.state, Delivery::Sending | Delivery::Sent);
    for answer in questions.outgoing.iter().filter(under_way) {
        by_question.entry(answer.question.as_str().to_owned()).or_default().push(dto::Leaving {
            key: answer.key.0.to_string(),
            visibility: answer.visibility.into(),
            can_take_back: answer.held_back,
        });
    }
    by_question
}

/// What did not arrive, or may not have, by question. What a guard holds is its own matter.
fn unsent(questions: &Questions) -> BTreeMap<String, Vec<dto::Unsent>> {
    let mut by_question = BTreeMap::<String, Vec<dto::Unsent>>::new();
    for answer in questions.outgoing.iter().filter(|answer| !answer.held) {
        let failed = matches!(answer.state, Delivery::Failed { .. });
        if failed || answer.state == Delivery::Unsure {
            let unsent = dto::Unsent { key: answer.key.0.to_string(), failed };
            by_question.entry(answer.question.as_str().to_owned()).or_default().push(unsent);
        }
    }
    by_question
}

/// The questions at which something was begun.
fn drafted(questions: &Questions) -> BTreeSet<String> {
    questions.drafted.iter().map(|begun| begun.question.as_str().to_owned()).collect()
}

/// Tags to look at: two that look alike are one, and one that shows nothing is none.
fn tags(of: &[String]) -> Vec<String> {
    let shown = of.iter().map(|tag| name(tag)).filter(|tag| !tag.is_empty());
    once(shown.collect(), Clone::clone)
}

/// The one lane that a question stands in.
pub(crate) fn lane(item: &Item, me: &str) -> Lane {
    match item.review {
        Review::Pending => return Lane::Review,
        Review::Rejected => return Lane::Done,
        Review::Approved => {}
    }
    match (item.stage, item.work) {
        (Stage::Next | Stage::Now, _) => Lane::Live,
        (Stage::None, work) if work.is_over() => Lane::Done,
        (Stage::None, Work::Claimed)
            if item.claim.as_ref().is_some_and(|claim| claim.by.user == me) =>
        {
            Lane::Mine
        }
        (Stage::None, _) => Lane::Open,
    }
}

/// What the desk of a room can do now.
pub(crate) fn status(view: &RoomView) -> dto::DeskStatus {
    let desk = &view.desk;
    dto::DeskStatus {
        kind: match desk.state {
            DeskState::Local => dto::DeskKind::Local,
            DeskState::Off | DeskState::CatchingUp | DeskState::Fresh => dto::DeskKind::Server,
        },
        fresh: matches!(desk.state, DeskState::Fresh | DeskState::Local),
        can_answer: view.facts.can_answer,
        can_private: view.facts.can_answer_privately,
        can_review: view.facts.role.at_desk() && (view.facts.reviews || desk.reviewing),
        can_vote: view.facts.can_vote,
        open: desk.open,
        oldest_waiting: desk.oldest_open.and_then(shown),
        team_snippets: desk.snippets,
    }
}

/// A desk of which nothing is known.
pub(crate) fn no_desk() -> dto::DeskStatus {
    dto::DeskStatus {
        kind: dto::DeskKind::Server,
        fresh: false,
        can_answer: false,
        can_private: false,
        can_review: false,
        can_vote: false,
        open: 0,
        oldest_waiting: None,
        team_snippets: None,
    }
}
