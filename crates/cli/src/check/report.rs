//! The report: words for people, JSON and JUnit for programs.

use std::fmt::Write as _;

use aside_text::printable;
use serde::Serialize;

use super::engine::{Finding, Verdict};

/// The columns that a line is filled to.
const WIDTH: usize = 100;
/// Where the words of a probe begin.
const INDENT: &str = "            ";

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    pub(crate) pass: usize,
    pub(crate) fail: usize,
    pub(crate) not_applicable: usize,
    pub(crate) not_tried: usize,
}

impl Counts {
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let count = |verdict| findings.iter().filter(|found| found.verdict == verdict).count();
        Self {
            pass: count(Verdict::Pass),
            fail: count(Verdict::Fail),
            not_applicable: count(Verdict::NotApplicable),
            not_tried: count(Verdict::NotTried),
        }
    }
}

/// One finding, for people; what passed in short unless `all` of it is wanted.
pub(crate) fn finding(found: &Finding, all: bool) -> String {
    let mut text = String::new();
    let first = format!("{:<9} {}", found.verdict.word(), found.id);
    let _ = writeln!(text, "  {first:<32} {}", clean(&found.why));
    let broken = found.verdict == Verdict::Fail;
    if !broken && !all {
        return text;
    }
    part(&mut text, "says", found.sentence);
    for line in &found.sent {
        part(&mut text, "sent", &clean(line));
    }
    for line in &found.got {
        part(&mut text, "got", &clean(line));
    }
    if broken && found.got.is_empty() && !found.sent.is_empty() {
        part(&mut text, "got", "(nothing)");
    }
    if broken {
        part(&mut text, "do", found.mend);
    }
    text
}

/// What a server says must not steer a terminal; lines of a page are one.
fn clean(text: &str) -> String {
    printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A labelled text, filled.
fn part(text: &mut String, label: &str, words: &str) {
    let mut line = format!("{INDENT}{label:<5}");
    let mut empty = true;
    for word in words.split(' ') {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            line = format!("{INDENT}     ");
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    let _ = writeln!(text, "{line}");
}

/// The last lines: where to begin, and the counts.
pub(crate) fn summary(findings: &[Finding]) -> String {
    let counts = Counts::of(findings);
    let mut text = String::new();
    if let Some(first) = findings.iter().find(|found| found.verdict == Verdict::Fail) {
        let _ = writeln!(text, "\nBegin with {}: {}", first.id, first.mend);
        let _ = writeln!(
            text,
            "What could not be tried often needs what failed before it: check again afterwards."
        );
    }
    let _ = write!(
        text,
        "\n{} pass, {} fail, {} not applicable, {} could not be tried",
        counts.pass, counts.fail, counts.not_applicable, counts.not_tried
    );
    text
}

/// All of it as one JSON object.
pub(crate) fn json(room: &Room<'_>, findings: &[Finding]) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Report<'a> {
        #[serde(flatten)]
        room: &'a Room<'a>,
        counts: Counts,
        findings: &'a [Finding],
    }
    serde_json::to_string_pretty(&Report { room, counts: Counts::of(findings), findings })
}

/// What was checked.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Room<'a> {
    pub(crate) server: &'a str,
    pub(crate) socket: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) stream: &'a str,
}

/// All of it as JUnit's XML: one suite an area, one case a sentence.
pub(crate) fn junit(findings: &[Finding]) -> String {
    let mut areas: Vec<&str> = Vec::new();
    for found in findings {
        if !areas.contains(&found.area()) {
            areas.push(found.area());
        }
    }
    let counts = Counts::of(findings);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuites name=\"aside-cli check\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
        findings.len(),
        counts.fail
    );
    for area in areas {
        let cases: Vec<Finding> =
            findings.iter().filter(|found| found.area() == area).cloned().collect();
        let counts = Counts::of(&cases);
        let skipped = counts.not_applicable + counts.not_tried;
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{area}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{skipped}\">",
            cases.len(),
            counts.fail
        );
        for case in &cases {
            junit_case(&mut xml, case);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn junit_case(xml: &mut String, case: &Finding) {
    let name = escaped(&format!("{}: {}", case.id, case.sentence));
    let why = escaped(&case.why);
    let _ = write!(xml, "    <testcase classname=\"{}\" name=\"{name}\"", case.area());
    match case.verdict {
        Verdict::Pass => xml.push_str("/>\n"),
        Verdict::Fail => {
            let body = escaped(&finding(case, true));
            let _ = writeln!(xml, "><failure message=\"{why}\">{body}</failure></testcase>");
        }
        Verdict::NotApplicable | Verdict::NotTried => {
            let word = case.verdict.word();
            let _ = writeln!(xml, "><skipped message=\"{word}: {why}\"/></testcase>");
        }
    }
}

/// Text inside XML; what XML 1.0 has no character for is shown as a replacement character.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                escaped.push(char::REPLACEMENT_CHARACTER);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(verdict: Verdict) -> Finding {
        Finding {
            id: "talk.echo",
            sentence: "The server echoes.",
            verdict,
            why: "no <echo> & \u{1b}[2J".to_owned(),
            sent: vec!["{\"type\":2}".to_owned()],
            got: Vec::new(),
            mend: "Broadcast it.",
        }
    }

    #[test]
    fn a_broken_sentence_leads_to_what_to_do() {
        let text = finding(&found(Verdict::Fail), false);
        for words in [
            "FAIL",
            "talk.echo",
            "The server echoes.",
            "{\"type\":2}",
            "(nothing)",
            "Broadcast it.",
        ] {
            assert!(text.contains(words), "{words} in {text}");
        }
        assert!(!text.contains('\u{1b}'));
        let text = finding(&found(Verdict::Pass), false);
        assert_eq!(text.lines().count(), 1);
        let end = summary(&[found(Verdict::Pass), found(Verdict::Fail)]);
        assert!(end.contains("Begin with talk.echo: Broadcast it."), "{end}");
        assert!(end.ends_with("1 pass, 1 fail, 0 not applicable, 0 could not be tried"), "{end}");
    }

    #[test]
    fn what_a_server_says_is_no_markup() {
        let xml = junit(&[found(Verdict::Fail), found(Verdict::NotTried)]);
        assert!(xml.contains("no &lt;echo&gt; &amp; \u{fffd}[2J"), "{xml}");
        assert!(xml.contains("tests=\"2\" failures=\"1\""), "{xml}");
        assert!(xml.contains("skipped=\"1\""), "{xml}");
    }
}
