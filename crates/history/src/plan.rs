//! What SQLite plans to do for a statement, for the tests that forbid reading a whole table.

use rusqlite::Connection;

/// The steps of the plan.
pub(crate) fn of(conn: &Connection, sql: &str) -> Vec<String> {
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut steps = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get::<_, String>("detail").unwrap());
    }
    steps
}

/// Steps that read a whole table, or what is not SQLite's own, and why they may.
const ALLOWED: &[(&str, &str)] = &[
    ("SCAN rooms", "a person has few rooms"),
    ("SCAN snippets USING INDEX snippets_by_name", "a person has few snippets"),
    ("SCAN (subquery-1)", "counts what an index gave it, at most a thousand rows"),
    ("SCAN CONSTANT ROW", "no table at all"),
    (
        "SCAN search VIRTUAL TABLE INDEX",
        "the index itself, asked by words or by row, in the order of rows",
    ),
];

/// Fails if the statement reads or sorts more than an index gives it.
pub(crate) fn assert_indexed(conn: &Connection, sql: &str) {
    for step in of(conn, sql) {
        let whole = step.starts_with("SCAN")
            && !ALLOWED.iter().any(|(allowed, _)| step.starts_with(allowed));
        assert!(!whole && !step.contains("TEMP B-TREE"), "{sql}\n  {step}");
    }
}
