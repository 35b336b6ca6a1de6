//! One entry as one line: JSON for programs, or words for people; and remarks beside them.

use std::fmt;
use std::io::{self, Write};

use aside_history::{EntryRow, Row, RowKind};
use aside_protocol::{Body, EntryKind};
use aside_text::{name, printable};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// The JSON line of design: absent fields are left out, never null.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) user: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) avatar: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) org: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) org_logo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) question: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) received_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<&'static str>,
}

impl Line {
    /// The line of a connection state.
    pub(crate) fn state(state: &'static str) -> Self {
        Self { kind: "state", state: Some(state), ..Self::default() }
    }

    /// The line of a row of the timeline.
    pub(crate) fn row(row: &Row) -> Self {
        let received = row.received_at;
        let line = match &row.kind {
            RowKind::Entry(entry) => Self::entry(entry),
            RowKind::Gap(_) | RowKind::Boundary => Self { kind: "gap", ..Self::default() },
        };
        Self { key: Some(row.key.0.to_string()), received_at: rfc3339(received), ..line }
    }

    fn entry(row: &EntryRow) -> Self {
        let entry = &row.entry;
        let mut line = Self {
            kind: match entry.kind {
                EntryKind::Message => "message",
                EntryKind::Question => "question",
                EntryKind::Answer => "answer",
            },
            user: entry.user.clone(),
            name: entry.display_name.clone(),
            avatar: entry.avatar_url.clone(),
            created_at: row.created_at.and_then(rfc3339),
            seq: entry.seq.map(|seq| seq.0),
            id: entry.id.as_ref().map(|id| id.as_str().to_owned()),
            ..Self::default()
        };
        match entry.body() {
            Body::Message { text } | Body::Question { text } => line.text = Some(text),
            Body::Answer { org_name, org_logo, question, text, .. } => {
                line.text = Some(text);
                line.org = Some(org_name);
                line.org_logo = Some(org_logo).filter(|logo| !logo.is_empty());
                line.question = Some(question);
            }
        }
        line
    }

    /// Writes the line at once, so that a pipe sees it while the command goes on.
    pub(crate) fn print(&self, json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if json {
            serde_json::to_writer(&mut out, self)?;
            writeln!(out)?;
        } else if self.kind == "state" {
            // For people the state is a remark beside the text, not part of it.
            tell(format_args!("({})\n", self.state.unwrap_or_default()));
            return Ok(());
        } else {
            writeln!(out, "{}", self.words())?;
        }
        out.flush()
    }

    /// The line for people. A text from the room must not steer their terminal.
    fn words(&self) -> String {
        let time = self.created_at.as_deref().or(self.received_at.as_deref()).unwrap_or_default();
        let said = |text: &Option<String>| printable(text.as_deref().unwrap_or_default());
        let text = said(&self.text);
        let name = Some(name(&self.name)).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| aside_text::name(&self.user));
        match self.kind {
            "question" => format!("{time} ? {name}: {text}"),
            "answer" => format!(
                "{time} ! {} replied to {name}: {text} (to: {})",
                aside_text::name(self.org.as_deref().unwrap_or_default()),
                said(&self.question),
            ),
            "gap" => format!("{time} … something may be missing here …"),
            _ => format!("{time} {name}: {text}"),
        }
    }
}

/// Tells people something on stderr. Where nobody reads that, a command does what it would have done.
pub(crate) fn tell(words: fmt::Arguments<'_>) {
    let _unread = io::stderr().write_fmt(words);
}

/// A line of its own that says who tells it.
macro_rules! remark {
    ($($words:tt)*) => {
        $crate::line::tell(format_args!("aside-cli: {}\n", format_args!($($words)*)))
    };
}
pub(crate) use remark;

/// RFC 3339 with this computer's offset, to the millisecond.
fn rfc3339(at: Timestamp) -> Option<String> {
    let zone = TimeZone::system();
    Some(at.display_with_offset(zone.to_offset(at)).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_says_is_one_line_for_people_and_the_same_bytes_for_programs() {
        let line = Line {
            kind: "message",
            user: "u1".to_owned(),
            name: "\u{202e}Eve\u{1b}[2J".to_owned(),
            text: Some("hi\r\u{1b}]0;title\u{7}\n12:00 Ana: yes \u{202e}on".to_owned()),
            ..Line::default()
        };
        assert_eq!(line.words(), " Eve[2J: hi��]0;title��12:00 Ana: yes �on");
        let nameless = Line { name: "\u{200b}".to_owned(), ..line };
        assert!(nameless.words().starts_with(" u1: "));
        let json = serde_json::to_value(&nameless).unwrap();
        assert_eq!(json["text"], "hi\r\u{1b}]0;title\u{7}\n12:00 Ana: yes \u{202e}on");
    }
}
