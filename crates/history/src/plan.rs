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

/// Fails if the statement reads or sorts more than an index gives it. The lists of rooms and of
/// snippets are short and may be read whole.
pub(crate) fn assert_indexed(conn: &Connection, sql: &str) {
    for step in of(conn, sql) {
        let whole = step.starts_with("SCAN")
            && !step.starts_with("SCAN rooms")
            && step != "SCAN snippets USING INDEX snippets_by_name"
            && step != "SCAN (subquery-1)";
        let whole = whole && !step.starts_with("SCAN CONSTANT ROW");
        assert!(!whole && !step.contains("TEMP B-TREE"), "{sql}\n  {step}");
    }
}
