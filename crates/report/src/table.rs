//! Questions as the lines of a table: one line per question, all of its answers in it. And the table as CSV.

use std::io::Write;

use aside_words::Key;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::asked::{Asked, Given};
use crate::export::{Options, Steps, Stop};
use crate::words;

/// The columns.
pub(crate) const COLUMNS: [Key; 18] = [
    Key::REPORT_COLUMN_NUMBER,
    Key::REPORT_COLUMN_QUESTION,
    Key::REPORT_COLUMN_ORIGINAL,
    Key::REPORT_COLUMN_ASKER,
    Key::REPORT_COLUMN_ASKED,
    Key::REPORT_COLUMN_STATE,
    Key::REPORT_COLUMN_REVIEW,
    Key::REPORT_COLUMN_REASON,
    Key::REPORT_COLUMN_STAGE,
    Key::REPORT_COLUMN_MERGED,
    Key::REPORT_COLUMN_VOTES,
    Key::REPORT_COLUMN_TAGS,
    Key::REPORT_COLUMN_OWNER,
    Key::REPORT_COLUMN_NOTE,
    Key::REPORT_COLUMN_FIRST,
    Key::REPORT_COLUMN_SECONDS,
    Key::REPORT_COLUMN_CLOSED,
    Key::REPORT_COLUMN_ANSWERS,
];
/// The last one, which may need more than one cell where cells are small.
pub(crate) const ANSWERS: Key = Key::REPORT_COLUMN_ALL;

/// A time with its zone, to the second.
pub(crate) fn time(ms: i64, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::from_millisecond(ms) else { return ms.to_string() };
    let wall = zone.to_datetime(at);
    let offset = zone.to_offset(at).seconds();
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs() / 60);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    format!("{}{sign}{hours:02}:{minutes:02}", wall.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// A question's number, where it has one.
pub(crate) fn number(one: &Asked) -> String {
    if one.number == 0 { String::new() } else { one.number.to_string() }
}

/// The cells of a question's line, as many as [`COLUMNS`].
pub(crate) fn cells(one: &Asked, options: &Options) -> Vec<String> {
    let (language, zone) = (options.language, &options.zone);
    let maybe = |at: Option<i64>| at.map_or_else(String::new, |at| time(at, zone));
    let seconds = one.first_answer_ms().map_or_else(String::new, |ms| (ms / 1000).to_string());
    vec![
        number(one),
        one.question.clone(),
        one.original_text.clone().unwrap_or_default(),
        one.asker.clone(),
        time(one.asked_at, zone),
        words::state(language, one.state).to_owned(),
        words::review(language, one.review).to_owned(),
        words::reason(language, &one.reason).to_owned(),
        words::stage(language, one.stage).to_owned(),
        one.merged_into.map_or_else(String::new, |number| format!("#{number}")),
        one.votes.to_string(),
        one.tags.join(", "),
        one.owner.clone(),
        one.note.clone(),
        maybe(one.first_answer_at),
        seconds,
        maybe(one.closed_at),
        one.answers.len().to_string(),
    ]
}

/// All answers in one text, numbered, each with who gave it, when, and for whom.
pub(crate) fn answers(one: &Asked, options: &Options) -> String {
    let lines = one.answers.iter().enumerate().map(|(n, given)| {
        format!("{}. {} — {}", n + 1, head(given, options), said(given, options))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Who gave an answer, when, and for whom.
pub(crate) fn head(given: &Given, options: &Options) -> String {
    let who = match (given.org.as_str(), given.by.as_str()) {
        ("", by) => by.to_owned(),
        (org, "") => org.to_owned(),
        (org, by) if org == by => org.to_owned(),
        (org, by) => format!("{org} ({by})"),
    };
    let parts = [
        who,
        time(given.at, &options.zone),
        words::readers(options.language, given.visibility).to_owned(),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// What an answer says, also when it says nothing any more.
pub(crate) fn said(given: &Given, options: &Options) -> String {
    if given.retracted {
        options.language.say(Key::REPORT_ANSWER_WITHDRAWN).to_owned()
    } else {
        given.text.clone()
    }
}

/// A cell that no spreadsheet takes for a formula, nor any part of it: one that separates by something else than commas ends cells within ours,
/// quoted or not, since no cell of its own begins with the quote.
fn harmless(cell: String) -> String {
    let mut safe = String::with_capacity(cell.len());
    if cell.starts_with(['\t', '\r']) {
        safe.push('\'');
    }
    let mut begins = true;
    for letter in cell.chars() {
        if begins && ['=', '+', '-', '@', '＝', '＋', '－', '＠'].contains(&letter) {
            safe.push('\'');
        }
        begins = matches!(letter, ';' | '\t' | '\r' | '\n') || begins && letter == ' ';
        safe.push(letter);
    }
    safe
}

/// UTF-8 with a byte order mark, lines ended as RFC 4180 says.
pub(crate) fn csv(
    asked: &[Asked],
    options: &Options,
    mut file: impl Write,
    steps: &mut Steps<'_>,
) -> Result<(), Stop> {
    file.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(std::io::BufWriter::new(file));
    let heads = COLUMNS.iter().chain([&ANSWERS]).map(|key| options.language.say(*key));
    writer.write_record(heads).map_err(io)?;
    for one in asked {
        let line = cells(one, options).into_iter().chain([answers(one, options)]).map(harmless);
        writer.write_record(line).map_err(io)?;
        steps.one()?;
    }
    writer.flush()?;
    Ok(())
}

fn io(error: csv::Error) -> std::io::Error {
    std::io::Error::other(error)
}
