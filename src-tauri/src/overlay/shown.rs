//! What an audience sees of a room: the newest public entries and the question on stage, as text and nothing else.

use aside_history::said::said;
use aside_history::{Delivery, Row, Standing};
use aside_protocol::triage::{Item, Review, Stage, Visibility, Work};
use aside_protocol::{AnswerNotes, Body, EntryId, EntryKind};
use aside_text::{body, name};
use jiff::Timestamp;
use serde::Serialize;

/// The most rows of a chat.
pub(super) const ROWS: u16 = 50;

/// An overlay is read in passing; what is longer is cut.
const CHARS: usize = 600;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Message,
    Question,
    Answer,
}

/// A row of the chat: its own name here, who speaks, and what was said at which time (milliseconds of the epoch). No id of
/// anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ChatRow {
    key: String,
    kind: Kind,
    name: String,
    text: String,
    /// The question that an answer answers.
    quote: String,
    at: i64,
}

/// The question that is talked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Asked {
    number: u64,
    name: String,
    text: String,
}

/// The newest of these rows, as everybody in the room sees them; `withheld` are questions that nobody has let through.
pub(super) fn chat(rows: &[Row], withheld: impl Fn(&EntryId) -> bool) -> Vec<ChatRow> {
    let timed = rows.iter().zip(said(rows, None));
    let mut chat: Vec<_> = timed.filter_map(|(row, at)| chat_row(row, at, &withheld)).collect();
    chat.drain(..chat.len().saturating_sub(usize::from(ROWS)));
    chat
}

fn chat_row(row: &Row, at: Timestamp, withheld: impl Fn(&EntryId) -> bool) -> Option<ChatRow> {
    let entry_row = row.entry()?;
    let entry = &entry_row.entry;
    // What is on its way, failed, or is missing in the server's history, the others do not have.
    let everybodys = match entry_row.delivery {
        Delivery::Received | Delivery::Sent => entry_row.standing != Standing::NotInHistory,
        Delivery::Sending | Delivery::Unsure | Delivery::InReview | Delivery::Failed { .. } => {
            false
        }
    };
    if !everybodys || entry.id.as_ref().is_some_and(withheld) {
        return None;
    }
    let (who, text, quote, notes) = match entry.body() {
        Body::Message { text } | Body::Question { text } => {
            (entry.display_name.clone(), text, String::new(), AnswerNotes::default())
        }
        Body::Answer { org_name, question, text, notes, .. } => (org_name, text, question, notes),
    };
    if notes.visibility != Visibility::Public || notes.retracted || text.trim().is_empty() {
        return None;
    }
    Some(ChatRow {
        key: row.key.0.to_string(),
        kind: match entry.kind {
            EntryKind::Message => Kind::Message,
            EntryKind::Question => Kind::Question,
            EntryKind::Answer => Kind::Answer,
        },
        name: name(&who),
        text: cut(&text),
        quote: cut(&quote),
        at: at.as_millisecond(),
    })
}

/// Whether a question must not be seen by everybody.
pub(super) fn is_withheld(item: &Item) -> bool {
    item.review != Review::Approved
}

/// The question as it is shown, if it is on stage and may be.
pub(super) fn on_stage(item: &Item) -> Option<Asked> {
    let shown = item.stage == Stage::Now && item.work != Work::Merged && !is_withheld(item);
    shown.then(|| Asked {
        number: item.number,
        name: name(&item.asker.display_name),
        text: cut(&item.text),
    })
}

fn cut(text: &str) -> String {
    let text = body(text.trim());
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aside_history::{EntryRow, Place, Revision, RowKey, RowKind};
    use aside_protocol::Entry;
    use aside_protocol::triage::Person;

    use super::*;

    fn row(kind: EntryKind, content: &str) -> Row {
        let entry = Entry {
            kind,
            user: "user-17".to_owned(),
            display_name: "Bo\u{202e}".to_owned(),
            avatar_url: "https://tracker.example/pixel.png".to_owned(),
            stream: String::new(),
            content: content.to_owned(),
            created_at: None,
            id: Some(EntryId::new("e1")),
            seq: None,
            nonce: None,
        };
        let entry = EntryRow {
            entry,
            created_at: None,
            mine: true,
            standing: Standing::Confirmed,
            delivery: Delivery::Received,
            local_id: None,
        };
        Row {
            key: RowKey(7),
            place: Place(1),
            revision: Revision(1),
            received_at: Timestamp::from_millisecond(5).unwrap(),
            kind: RowKind::Entry(Box::new(entry)),
        }
    }

    fn with(change: impl FnOnce(&mut EntryRow)) -> Option<ChatRow> {
        let mut row = row(EntryKind::Message, "hello");
        if let RowKind::Entry(entry) = &mut row.kind {
            change(entry);
        }
        shown(&row, |_| false)
    }

    fn shown(row: &Row, withheld: impl Fn(&EntryId) -> bool) -> Option<ChatRow> {
        chat(std::slice::from_ref(row), withheld).pop()
    }

    #[test]
    fn a_row_is_a_name_and_a_text_and_nothing_that_leads_to_anybody() {
        let hi = shown(&row(EntryKind::Message, "<b>hi</b>"), |_| false).unwrap();
        let json = serde_json::to_string(&hi).unwrap();
        let all =
            r#"{"key":"7","kind":"message","name":"Bo","text":"<b>hi</b>","quote":"","at":5}"#;
        assert_eq!(json, all);
    }

    #[test]
    fn what_the_others_do_not_have_is_not_shown() {
        assert!(with(|row| row.delivery = Delivery::Sent).is_some());
        assert!(with(|row| row.standing = Standing::Provisional).is_some());
        let failed = Delivery::Failed { code: "c".to_owned(), reason: "r".to_owned() };
        for delivery in [Delivery::Sending, Delivery::Unsure, failed] {
            assert_eq!(with(|row| row.delivery = delivery), None);
        }
        assert_eq!(with(|row| row.standing = Standing::NotInHistory), None);
        assert_eq!(with(|row| row.entry.content = " \n".to_owned()), None);
        assert_eq!(shown(&row(EntryKind::Question, "pending?"), |id| id.as_str() == "e1"), None);
    }

    #[test]
    fn what_is_heard_under_a_wrong_clock_was_said_when_it_was_heard() {
        let said_at = |created: i64| {
            with(|row| {
                row.standing = Standing::Provisional;
                row.created_at = Timestamp::from_second(created).ok();
            })
            .unwrap()
            .at
        };
        assert_eq!([said_at(-250_000_000), said_at(-60), said_at(250_000_000)], [5, -60_000, 5]);
    }

    #[test]
    fn an_answer_is_shown_only_while_everybody_may_read_it() {
        let answer = |more: &str| {
            let content =
                format!(r#"{{"orgName":"Org","question":"why","answer":"because"{more}}}"#);
            shown(&row(EntryKind::Answer, &content), |_| false)
        };
        let public = answer("").unwrap();
        assert_eq!((public.name.as_str(), public.quote.as_str()), ("Org", "why"));
        assert_eq!(public.text, "because");
        assert_eq!(answer(r#","visibility":"asker""#), None);
        assert_eq!(answer(r#","visibility":"staff""#), None);
        assert_eq!(answer(r#","retracted":true"#), None);
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let shown = with(|row| row.entry.content = "问".repeat(10_000)).unwrap();
        assert_eq!(shown.text.chars().count(), CHARS + 1);
        assert!(shown.text.ends_with('…'));
    }

    #[test]
    fn only_an_approved_question_that_is_on_stage_stands_alone() {
        let mut item = Item::new(EntryId::new("q"), 4, "why".to_owned(), Person::default(), 0);
        assert_eq!(on_stage(&item), None);
        item.stage = Stage::Next;
        assert_eq!(on_stage(&item), None);
        item.stage = Stage::Now;
        item.work = Work::Answered;
        assert_eq!(on_stage(&item).map(|asked| asked.number), Some(4), "it is still talked about");
        item.note = "for staff".to_owned();
        assert!(!serde_json::to_string(&on_stage(&item)).unwrap().contains("for staff"));
        for review in [Review::Pending, Review::Rejected] {
            assert_eq!(on_stage(&Item { review, ..item.clone() }), None);
        }
        assert_eq!(on_stage(&Item { work: Work::Merged, ..item }), None);
    }
}
