//! Pages: one file each, without a script and without anything from elsewhere. Whatever somebody said is text.

use std::io::{BufWriter, Write};

use aside_protocol::triage::Work;
use aside_words::{Key, Slot};

use crate::asked::Asked;
use crate::charts;
use crate::export::{Options, Steps, Stop};
use crate::numbers::numbers;
use crate::table::{head, number, said, time};
use crate::words;

const STYLE: &str = "
:root{color-scheme:light dark;--bg:#fff;--text:#16181d;--muted:#5c636e;--line:#d9dde3;--accent:#0b6e7f;--soft:#e8f3f5}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--text:#e8eaed;--muted:#9aa3ae;--line:#31363d;--accent:#5cc3d4;--soft:#1c2a2e}}
*{box-sizing:border-box}
body{margin:2rem auto;max-width:52rem;padding:0 1rem;background:var(--bg);color:var(--text);font:16px/1.5 system-ui,\"Noto Sans\",\"PingFang SC\",\"Microsoft YaHei\",\"Noto Sans CJK SC\",sans-serif}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.25rem 0}
.quiet{color:var(--muted);font-size:.875rem}
article{padding:1rem 0;border-top:1px solid var(--line);break-inside:avoid}
.q{font-weight:600;white-space:pre-wrap;unicode-bidi:plaintext}
.a{margin:.5rem 0 0 1rem;padding:.25rem .75rem;border-inline-start:3px solid var(--accent);white-space:pre-wrap;unicode-bidi:plaintext}
.private{border-color:var(--muted);background:var(--soft)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:1rem;margin:1.5rem 0}
dt{color:var(--muted);font-size:.875rem}dd{margin:0;font-size:1.5rem;font-weight:600}
table{border-collapse:collapse;width:100%}th,td{padding:.25rem .5rem;border-bottom:1px solid var(--line);text-align:start;font-weight:400}td{font-variant-numeric:tabular-nums}
.waits th{width:9rem}.waits .bar{width:60%}.waits svg{display:block;width:100%;height:.75rem}
figure{margin:0}figure svg{width:100%;height:8rem}.asked{fill:var(--accent)}.answered{fill:var(--muted)}
@media print{body{margin:0;max-width:none}a{color:inherit}}
";

/// Text inside a page.
fn text(said: &str) -> String {
    let mut safe = String::with_capacity(said.len());
    for c in said.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Nothing that a page cannot hold, and nothing that turns the text around it.
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c => safe.push(c),
        }
    }
    safe
}

fn open(options: &Options, title: Key, file: &mut impl Write) -> std::io::Result<()> {
    let title = options.language.say(title);
    write!(
        file,
        "<!DOCTYPE html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title} · {room}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n\
         <p class=\"quiet\"><bdi>{room}</bdi> · <bdi>{server}</bdi> · {at}</p>\n",
        lang = options.language.tag(),
        room = text(&options.room),
        server = text(&options.server),
        at = time(options.now_ms, &options.zone),
    )
}

/// All questions with all answers, to read and to print.
pub(crate) fn list(
    asked: &[Asked],
    options: &Options,
    file: impl Write,
    steps: &mut Steps<'_>,
) -> Result<(), Stop> {
    let mut file = BufWriter::new(file);
    open(options, Key::REPORT_TITLE_QUESTIONS, &mut file)?;
    if asked.is_empty() {
        let nothing = options.language.say(Key::REPORT_QUESTION_NONE);
        writeln!(file, "<p>{nothing}</p>")?;
    }
    for one in asked {
        question(one, options, &mut file)?;
        steps.one()?;
    }
    file.write_all(b"</body></html>\n")?;
    file.flush()?;
    Ok(())
}

fn question(one: &Asked, options: &Options, file: &mut impl Write) -> std::io::Result<()> {
    let language = options.language;
    let mut facts = vec![
        if one.number == 0 { String::new() } else { format!("#{}", one.number) },
        text(&one.asker),
        time(one.asked_at, &options.zone),
        words::state(language, one.state).to_owned(),
        words::review(language, one.review).to_owned(),
        text(words::reason(language, &one.reason)),
        one.merged_into.map_or_else(String::new, |number| format!("→ #{number}")),
        text(&one.tags.join(", ")),
    ];
    if one.votes > 0 {
        facts.push(language.count(Key::REPORT_QUESTION_VOTES, one.votes, &[]));
    }
    facts.retain(|fact| !fact.is_empty());
    let facts: Vec<String> = facts.iter().map(|fact| format!("<bdi>{fact}</bdi>")).collect();
    writeln!(
        file,
        "<article data-number=\"{}\"><p class=\"quiet\">{}</p>",
        number(one),
        facts.join(" · ")
    )?;
    writeln!(file, "<p class=\"q\" dir=\"auto\">{}</p>", text(&one.question))?;
    if let Some(original) = &one.original_text {
        let was = language.fill(Key::REPORT_QUESTION_ORIGINAL, &[("text", &text(original))]);
        writeln!(file, "<p class=\"quiet\" dir=\"auto\">{was}</p>")?;
    }
    if !one.note.is_empty() {
        let note = language.fill(Key::REPORT_QUESTION_NOTE, &[("text", &text(&one.note))]);
        writeln!(file, "<p class=\"quiet\" dir=\"auto\">{note}</p>")?;
    }
    for given in &one.answers {
        let private = words::readers(language, given.visibility);
        let class = if private.is_empty() { "a" } else { "a private" };
        writeln!(
            file,
            "<div class=\"{class}\"><span class=\"quiet\"><bdi>{}</bdi></span>\n<div dir=\"auto\">{}</div></div>",
            text(&head(given, options)),
            text(&said(given, options)),
        )?;
    }
    file.write_all(b"</article>\n")
}

/// The figures of the event, its charts, and what is left to do.
pub(crate) fn report(
    asked: &[Asked],
    options: &Options,
    file: impl Write,
    steps: &mut Steps<'_>,
) -> Result<(), Stop> {
    let mut file = BufWriter::new(file);
    let word = |key: Key| options.language.say(key);
    let figures = numbers(asked);
    open(options, Key::REPORT_TITLE_EVENT, &mut file)?;
    let rate = match figures.asked {
        0 => "–".to_owned(),
        all => format!("{} %", u64::from(figures.answered) * 100 / u64::from(all)),
    };
    let maybe = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), |ms| length(ms, options));
    let oldest = figures.oldest_waiting.map(|at| options.now_ms.saturating_sub(at).max(0));
    writeln!(file, "<dl>")?;
    for (name, value) in [
        (Key::REPORT_FIGURE_ASKED, figures.asked.to_string()),
        (Key::REPORT_FIGURE_ANSWERED, format!("{} ({rate})", figures.answered)),
        (Key::REPORT_FIGURE_DISMISSED, figures.dismissed.to_string()),
        (Key::REPORT_FIGURE_WAITING, figures.waiting.to_string()),
        (Key::REPORT_FIGURE_MEDIAN, maybe(figures.median_first_ms)),
        (Key::REPORT_FIGURE_P90, maybe(figures.p90_first_ms)),
        (Key::REPORT_FIGURE_OLDEST, maybe(oldest)),
    ] {
        writeln!(file, "<div><dt>{}</dt><dd>{value}</dd></div>", word(name))?;
    }
    writeln!(file, "</dl>")?;
    let title = word(Key::REPORT_CHART_TIME);
    writeln!(
        file,
        "<h2>{title}</h2><figure>{}</figure>",
        charts::over_time(&figures.per_minute, title)
    )?;
    let title = word(Key::REPORT_CHART_WAITS);
    writeln!(file, "<h2>{title}</h2>{}", charts::waits(&by_wait(asked, options)))?;
    if options.people && !figures.per_person.is_empty() {
        writeln!(file, "<h2>{}</h2><table>", word(Key::REPORT_CHART_PEOPLE))?;
        for person in &figures.per_person {
            let median = maybe(person.median_first_ms);
            let who = text(&person.who);
            writeln!(
                file,
                "<tr><th scope=\"row\"><bdi>{who}</bdi></th><td>{}</td><td>{median}</td></tr>",
                person.answered
            )?;
        }
        writeln!(file, "</table>")?;
    }
    if !figures.per_tag.is_empty() {
        writeln!(file, "<h2>{}</h2><table>", word(Key::REPORT_CHART_TAGS))?;
        for (tag, all, answered) in &figures.per_tag {
            writeln!(
                file,
                "<tr><th scope=\"row\"><bdi>{}</bdi></th><td>{all}</td><td>{answered}</td></tr>",
                text(tag)
            )?;
        }
        writeln!(file, "</table>")?;
    }
    writeln!(file, "<h2>{}</h2>", word(Key::REPORT_CHART_UNANSWERED))?;
    for one in asked {
        if one.is_unanswered() {
            question(one, options, &mut file)?;
        }
        steps.one()?;
    }
    file.write_all(b"</body></html>\n")?;
    file.flush()?;
    Ok(())
}

/// How many waited up to so long.
fn by_wait(asked: &[Asked], options: &Options) -> Vec<(String, u32)> {
    let language = options.language;
    let seconds = |n: i64| language.fill(Key::REPORT_WAIT_SECONDS, &[("n", &n)]);
    let minutes = |n: i64| language.fill(Key::REPORT_WAIT_MINUTES, &[("n", &n)]);
    let edges: [(i64, String); 6] = [
        (30_000, seconds(30)),
        (60_000, minutes(1)),
        (120_000, minutes(2)),
        (300_000, minutes(5)),
        (900_000, minutes(15)),
        (i64::MAX, language.say(Key::REPORT_WAIT_LONGER).to_owned()),
    ];
    let waits: Vec<i64> = asked
        .iter()
        .filter(|one| one.state != Work::Merged)
        .filter_map(Asked::first_answer_ms)
        .collect();
    let mut from = -1;
    let mut counts = Vec::new();
    for (to, name) in edges {
        let count = waits.iter().filter(|wait| (from + 1..=to).contains(*wait)).count();
        counts.push((name, u32::try_from(count).unwrap_or(u32::MAX)));
        from = to;
    }
    counts
}

/// A length of time, for people.
fn length(ms: i64, options: &Options) -> String {
    let (minutes, seconds) = (ms / 60_000, ms / 1000 % 60);
    if minutes < 1 {
        options.language.fill(Key::REPORT_LENGTH_SECONDS, &[("seconds", &seconds)])
    } else {
        let slots: [Slot<'_>; 2] = [("minutes", &minutes), ("seconds", &seconds)];
        options.language.fill(Key::REPORT_LENGTH_MINUTES, &slots)
    }
}
