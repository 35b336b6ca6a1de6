//! How the timeline's rows and a room's state look to the page.

use std::borrow::Cow;
use std::sync::Arc;

use aside_history as history;
use aside_protocol::{AnswerNotes, Body, EntryKind, Role};
use aside_session::{Connection, OVERTAKEN, Recovered, RoomView};
use aside_text::{body, name};
use url::Url;

use crate::avatars::Avatars;
use crate::concerns::Me;
use crate::dto;
use crate::namesakes::Namesakes;
use crate::questions;
use crate::rules::{RuleBook, Seen};
use crate::settings::RoomKey;

#[cfg(test)]
mod tests;

/// Turns rows of one room into rows of the page. Every text that a stranger wrote is made safe to look at here; on disk
/// it stays as it came.
pub(crate) struct Painter<'a> {
    /// None: no picture is to be fetched.
    pub(crate) avatars: Option<&'a Avatars>,
    pub(crate) namesakes: &'a Namesakes,
    pub(crate) server: &'a Url,
    pub(crate) room: RoomKey,
    pub(crate) rules: Arc<RuleBook>,
    pub(crate) me: Me,
}

impl Painter<'_> {
    pub(crate) fn page(&self, page: history::Page) -> dto::Page {
        dto::Page {
            revision: page.revision.0,
            rows: page.rows.into_iter().map(|row| self.row(row)).collect(),
            has_older: page.has_older,
            has_newer: page.has_newer,
            reached_start: page.reached_start,
            read: page.read.map(|place| place.0),
            from: None,
            to: None,
            kept: self.avatars.is_none(),
        }
    }

    pub(crate) fn changes(&self, changes: history::Changes) -> dto::Changes {
        dto::Changes {
            revision: changes.revision.0,
            upserts: changes.upserts.into_iter().map(|row| self.row(row)).collect(),
            removed: changes.removed.into_iter().map(|key| key.0.to_string()).collect(),
            reset: changes.reset,
            heard: Vec::new(),
            left_out: 0,
        }
    }

    pub(crate) fn row(&self, row: history::Row) -> dto::Row {
        let blank = blank(&row);
        match row.kind {
            history::RowKind::Boundary => blank,
            history::RowKind::Gap(gap) => dto::Row {
                kind: dto::RowKind::Gap,
                gap: Some(match gap.state {
                    history::GapState::Open => dto::GapState::Open,
                    history::GapState::Loading => dto::GapState::Loading,
                    history::GapState::Failed => dto::GapState::Failed,
                }),
                missing: gap.missing,
                ..blank
            },
            history::RowKind::Entry(entry) => self.entry(*entry, blank),
        }
    }

    /// The name under which the page may show a picture.
    pub(crate) fn picture(&self, link: &str) -> Option<String> {
        self.avatars?.address(self.server, link)
    }

    fn entry(&self, row: history::EntryRow, blank: dto::Row) -> dto::Row {
        let entry = row.entry;
        let (kind, said) = match entry.kind {
            EntryKind::Message => (dto::RowKind::Message, dto::Said::Message),
            EntryKind::Question => (dto::RowKind::Question, dto::Said::Question),
            EntryKind::Answer => (dto::RowKind::Answer, dto::Said::Answer),
        };
        let mut answered = None;
        let (text, org, org_logo, question, notes) = match entry.body() {
            Body::Message { text } | Body::Question { text } => {
                (calm(text), String::new(), None, String::new(), AnswerNotes::default())
            }
            Body::Answer { org_name, org_logo, question, text, question_id, notes } => {
                answered = question_id;
                (calm(text), name(&org_name), self.picture(&org_logo), calm(question), notes)
            }
        };
        let ruled = self.rules.judge(&Seen {
            room: self.room,
            kind: said,
            user: &entry.user,
            text: &text,
            mine: row.mine,
        });
        let askers = [&entry.display_name].into_iter().chain(&notes.also_asked);
        let to_me = !row.mine
            && (self.me.is_named_in(&text)
                || said == dto::Said::Answer && self.me.asked(answered.as_ref(), askers));
        let shown_name = name(&entry.display_name);
        // Nobody can say nothing.
        let removed = entry.user.is_empty() && text.is_empty() && !notes.retracted;
        // An answer carries the asker's name, under whatever id.
        let namesake =
            kind != dto::RowKind::Answer && self.namesakes.meet(&shown_name, &entry.user);
        let delivery = delivery(&row.delivery);
        let (failure, mut failure_reason) = failure(row.delivery);
        let answers = answered.map(|question| question.as_str().to_owned());
        if failure.as_deref() == Some(OVERTAKEN) {
            failure_reason.clone_from(&answers);
        }
        dto::Row {
            kind,
            user: entry.user,
            name: shown_name,
            namesake,
            avatar: self.picture(&entry.avatar_url),
            text,
            org,
            org_logo,
            question,
            answers,
            created_at: row.created_at.map(jiff::Timestamp::as_millisecond),
            mine: row.mine,
            delivery,
            failure,
            failure_reason,
            standing: match row.standing {
                history::Standing::Provisional => dto::Standing::Provisional,
                history::Standing::Confirmed => dto::Standing::Confirmed,
                history::Standing::NotInHistory => dto::Standing::NotInHistory,
            },
            id: entry.id.map(|id| id.as_str().to_owned()),
            seq: entry.seq.map(|seq| seq.0),
            ruled: ruled.map(|(ruled, _notify)| ruled),
            to_me,
            visibility: notes.visibility.into(),
            also_asked: notes.also_asked.iter().map(|asker| name(asker)).collect(),
            edited: notes.edited_at.is_some(),
            retracted: notes.retracted,
            removed,
            ..blank
        }
    }
}

/// A row that says nothing yet but where it stands.
fn blank(row: &history::Row) -> dto::Row {
    dto::Row {
        key: row.key.0.to_string(),
        place: row.place.0,
        kind: dto::RowKind::Boundary,
        user: String::new(),
        name: String::new(),
        namesake: false,
        avatar: None,
        text: String::new(),
        org: String::new(),
        org_logo: None,
        question: String::new(),
        answers: None,
        created_at: None,
        received_at: row.received_at.as_millisecond(),
        mine: false,
        delivery: dto::Delivery::Received,
        failure: None,
        failure_reason: None,
        standing: dto::Standing::Confirmed,
        id: None,
        seq: None,
        gap: None,
        missing: None,
        ruled: None,
        to_me: false,
        visibility: dto::Visibility::Public,
        also_asked: Vec::new(),
        edited: false,
        retracted: false,
        removed: false,
    }
}

/// How far an own entry has come, without the reasons.
pub(crate) fn delivery(delivery: &history::Delivery) -> dto::Delivery {
    match delivery {
        history::Delivery::Received => dto::Delivery::Received,
        history::Delivery::Sending => dto::Delivery::Sending,
        history::Delivery::Sent => dto::Delivery::Sent,
        history::Delivery::Unsure => dto::Delivery::Unsure,
        history::Delivery::Failed { .. } => dto::Delivery::Failed,
        history::Delivery::InReview => dto::Delivery::InReview,
    }
}

/// Why an own entry did not arrive: under which code, and what the server said.
pub(crate) fn failure(delivery: history::Delivery) -> (Option<String>, Option<String>) {
    match delivery {
        history::Delivery::Failed { code, reason } => {
            (Some(code), Some(calm(reason)).filter(|reason| !reason.is_empty()))
        }
        history::Delivery::Received
        | history::Delivery::Sending
        | history::Delivery::Sent
        | history::Delivery::Unsure
        | history::Delivery::InReview => (None, None),
    }
}

/// What somebody said, as it is shown.
fn calm(text: String) -> String {
    match body(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(calmer) => calmer,
    }
}

/// A live room at a glance.
pub(crate) fn status(room: RoomKey, view: &RoomView) -> dto::RoomStatus {
    let facts = &view.facts;
    dto::RoomStatus {
        room: room.to_string(),
        revision: view.revision.0,
        connection: connection(&view.connection),
        unread: view.unread.entries,
        unread_questions: view.unread.questions,
        recovered: view.counters.recovered,
        recovery: view.recovered.map(recovery),
        core_only: facts.core_only,
        role: match facts.role {
            Role::Audience => dto::Role::Audience,
            // Who may answer is said by itself.
            Role::Staff | Role::Moderator => dto::Role::Staff,
            Role::Host => dto::Role::Host,
        },
        org_name: name(&facts.org_name),
        can_answer: facts.can_answer,
        content_bytes: u32::try_from(facts.content_bytes).unwrap_or(u32::MAX),
        server: name(&facts.server),
        desk: questions::status(view),
        order: order(view),
    }
}

fn recovery(all: Recovered) -> dto::Recovery {
    let ((first, from), (last, to)) = (all.first, all.last);
    dto::Recovery {
        count: all.count,
        first: first.0,
        last: last.0,
        from: from.as_millisecond(),
        to: to.as_millisecond(),
    }
}

/// How order is kept there.
fn order(view: &RoomView) -> dto::OrderStatus {
    let (order, facts) = (&view.order, &view.facts);
    let removing = order.removing.iter().map(|removing| dto::Removing {
        entry: removing.entry.as_str().to_owned(),
        at: removing.at.as_millisecond(),
        sent: removing.sent,
    });
    let not_removed = order.not_removed.iter().map(|stays| dto::NotRemoved {
        entry: stays.entry.as_str().to_owned(),
        why: stays.why.clone().into(),
    });
    dto::OrderStatus {
        can_moderate: facts.can_moderate,
        reviews: facts.reviews,
        slow_seconds: facts.slow_seconds,
        muted_until: order.muted_until.map(jiff::Timestamp::as_millisecond),
        slowed_until: order.slowed_until.map(jiff::Timestamp::as_millisecond),
        removing: removing.collect(),
        not_removed: not_removed.collect(),
    }
}

/// A room that has no session: on its way, or in want of something.
pub(crate) fn status_without_session(
    room: RoomKey,
    state: dto::ConnectionState,
    why: Option<&str>,
) -> dto::RoomStatus {
    dto::RoomStatus {
        room: room.to_string(),
        revision: 0,
        connection: dto::Connection {
            state,
            why: why.map(str::to_owned),
            retry_at: None,
            asked: false,
        },
        unread: 0,
        unread_questions: 0,
        recovered: 0,
        recovery: None,
        core_only: false,
        role: dto::Role::Audience,
        org_name: String::new(),
        can_answer: false,
        content_bytes: u32::try_from(aside_protocol::limits::CONTENT_BYTES).unwrap_or(u32::MAX),
        server: String::new(),
        desk: questions::no_desk(),
        order: dto::OrderStatus::default(),
    }
}

fn connection(connection: &Connection) -> dto::Connection {
    use dto::ConnectionState as State;
    let (state, retry_at) = match connection {
        Connection::Connecting => (State::Connecting, None),
        Connection::Joining => (State::Joining, None),
        Connection::Syncing => (State::Syncing, None),
        Connection::Online => (State::Online, None),
        Connection::Waiting { until, .. } => (State::Waiting, Some(until.as_millisecond())),
        Connection::Refused { .. } => (State::Refused, None),
        Connection::Closed => (State::Closed, None),
    };
    let asked = matches!(connection, Connection::Waiting { asked: true, .. });
    dto::Connection {
        state,
        why: connection.why().map(|why| why.code().to_owned()),
        retry_at,
        asked,
    }
}
