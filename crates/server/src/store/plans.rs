//! What SQLite plans to do for every statement of this folder. They are read from the source itself, so none can be forgotten.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

/// Steps that read or sort more than an index gives, by the words that the statement begins with, and why they may.
const ALLOWED: &[(&str, &str)] = &[
    ("SELECT DISTINCT a.answer, e.content FROM answer_edit", "the edited answers of one question"),
    (
        "SELECT display_name, avatar_url FROM token WHERE room = ? AND user = ?",
        "the tokens of one person",
    ),
    (
        "SELECT id, topic, stream, epoch, review, anonymous, slow_s FROM room ORDER BY id",
        "the list of rooms, for its owner",
    ),
    ("SELECT token.id, topic, role, user", "the list of tokens, for its owner"),
    (
        "SELECT change, field, old, new, by, at_ms FROM item_log",
        "the log of one question, when a person asks",
    ),
    ("SELECT id, name, text, by, at_ms FROM snippet WHERE room = ?", "a team has few snippets"),
    (
        "SELECT coalesce(sum(pgsize), 0) FROM dbstat",
        "what the database uses, every ten minutes where it is too much",
    ),
    ("SELECT room, sum(octet_length(content)", "the same of what was never published"),
    ("SELECT coalesce(1.0 * sum(octet_length(content))", "its share in what was asked"),
];

/// What stands in a statement for words that are chosen when it runs.
const CHOICES: &[(&str, &[&str])] = &[
    ("{kind}", &["", "AND kind = ?6"]),
    ("{order}", &["ASC", "DESC"]),
    ("{table}", &["item_log", "private_answer", "answer_edit", "vote", "submission"]),
];

const VERBS: &[&str] = &["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "REPLACE ", "{"];

/// The texts between quotation marks, each with the name of the constant that it is, if it is one.
fn literals(source: &str) -> Vec<(Option<String>, String)> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let code: Vec<&str> =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n").replace("'\"'", "").replace("\\\"", "'");
    let mut literals = Vec::new();
    let mut constant = None;
    for (n, part) in code.split('"').enumerate() {
        if n % 2 == 0 {
            let line = part
                .trim_end()
                .strip_suffix("&str =")
                .and_then(|line| line.rsplit("const ").next());
            constant = line.map(|name| name.trim_end_matches([':', ' ']).to_owned());
        } else {
            let text: Vec<&str> =
                part.lines().map(|line| line.trim_start().trim_end_matches('\\')).collect();
            literals.push((constant.take(), text.join(" ")));
        }
    }
    literals
}

/// Every statement of a file, its parts put in.
fn statements(source: &str) -> Vec<String> {
    let literals = literals(source);
    let parts: BTreeMap<String, &str> = literals
        .iter()
        .filter_map(|(name, text)| Some((format!("{{{}}}", name.as_ref()?), text.as_str())))
        .collect();
    let used = |name: &Option<String>| {
        name.as_ref().is_some_and(|name| {
            literals.iter().any(|(_, text)| text.contains(&format!("{{{name}}}")))
        })
    };
    let mut statements = Vec::new();
    for (name, text) in &literals {
        if !VERBS.iter().any(|verb| text.starts_with(verb)) || !text.contains(' ') || used(name) {
            continue;
        }
        let whole = parts.iter().fold(text.clone(), |text, (name, part)| text.replace(name, part));
        let mut chosen = vec![whole];
        for (place, choices) in CHOICES {
            let put =
                |text: &String| choices.iter().map(|choice| text.replace(place, choice)).collect();
            chosen = chosen
                .iter()
                .flat_map(|text| if text.contains(place) { put(text) } else { vec![text.clone()] })
                .collect();
        }
        statements.extend(chosen);
    }
    statements
}

fn plan(conn: &Connection, sql: &str) -> Vec<String> {
    let mut statement = conn
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap_or_else(|error| panic!("{sql}\n  {error}"));
    let mut steps = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get::<_, String>("detail").unwrap());
    }
    steps
}

#[test]
fn every_statement_uses_an_index_or_says_why_not() {
    let mut conn = Connection::open_in_memory().unwrap();
    super::migrate(&mut conn).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let (mut all, mut breaches, mut excused) = (0, Vec::new(), Vec::new());
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "rs") || path.ends_with("plans.rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for sql in statements(&source) {
            all += 1;
            let reads_all = |step: &String| {
                (step.starts_with("SCAN") && step != "SCAN CONSTANT ROW")
                    || step.contains("TEMP B-TREE")
            };
            let steps: Vec<String> = plan(&conn, &sql).into_iter().filter(reads_all).collect();
            match ALLOWED.iter().find(|(start, _)| sql.starts_with(start)) {
                Some((start, _)) if !steps.is_empty() => excused.push(*start),
                _ if steps.is_empty() => {}
                _ => breaches.push(format!("{sql}\n  {}", steps.join("\n  "))),
            }
        }
    }
    assert!(breaches.is_empty(), "{} of {all}:\n{}", breaches.len(), breaches.join("\n"));
    assert!(all > 70, "only {all} statements were found");
    for (start, why) in ALLOWED {
        assert!(excused.contains(start), "no longer needed: {start} ({why})");
    }
}

#[test]
fn statements_are_found_in_source_with_their_parts() {
    let source = "const HEAD: &str =\n    \"SELECT a FROM t\";\n// \"SELECT no\"\nf(&format!(\"{HEAD} WHERE {kind} ORDER BY a\"));
        g(\"DELETE FROM t \\\n           WHERE a = 1\"); h(\"no statement\");";
    let found = statements(source);
    assert_eq!(
        found,
        [
            "SELECT a FROM t WHERE  ORDER BY a",
            "SELECT a FROM t WHERE AND kind = ?6 ORDER BY a",
            "DELETE FROM t  WHERE a = 1",
        ]
    );
}
