//! Where SQL may stand: only where a test asks for the plan of every statement.

use super::Source;

/// Folders and files, and who looks at what stands there.
const PLACES: &[(&str, &str)] = &[
    ("crates/history/src/cache/statements.rs", "its own test plans all of it"),
    ("crates/history/src/outbox/statements.rs", "its own test plans all of it"),
    ("crates/server/src/store/", "plans.rs reads the folder's source"),
    ("crates/history/src/files/mend.rs", "the counter of a new, empty file"),
    ("crates/history/src/outbox/salvage.rs", "reads a damaged file whole, once"),
    ("bench/src/app.rs", "counts what an app has kept, from outside"),
    ("crates/sample/src/finding.rs", "the table that the search is measured beside"),
    ("xtask/src/tidy/statements.rs", "has to name the verbs"),
];

const VERBS: &[&str] = &["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE ", "\"REPLACE INTO "];

pub(super) fn check(source: &Source) -> Vec<String> {
    let Some(text) = &source.text else { return Vec::new() };
    let path = &source.path;
    let tests = path.contains("/tests/") || path.starts_with("tests/");
    if !path.ends_with(".rs") || tests || PLACES.iter().any(|(place, _)| path.starts_with(place)) {
        return Vec::new();
    }
    let code = text.lines().take_while(|line| !line.contains("#[cfg(test)]"));
    code.enumerate()
        .filter(|(_, line)| VERBS.iter().any(|verb| line.contains(verb)))
        .map(|(number, _)| {
            format!(
                "{path}:{}: SQL where no test asks for its plan (xtask/src/tidy/statements.rs)",
                number + 1
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(path: &str, text: &str) -> usize {
        check(&Source { path: path.to_owned(), text: Some(text.to_owned()) }).len()
    }

    #[test]
    fn a_statement_beside_the_lists_is_a_breach() {
        let text = "conn.prepare(\"SELECT a FROM t\")?;";
        assert_eq!(breaches("crates/history/src/cache/read.rs", text), 1);
        assert_eq!(breaches("crates/server/src/rooms.rs", text), 1);
        assert_eq!(breaches("crates/server/src/store/votes.rs", text), 0);
        assert_eq!(breaches("crates/history/src/cache/statements.rs", text), 0);
        assert_eq!(breaches("crates/history/tests/history/format.rs", text), 0);
        assert_eq!(breaches("crates/history/src/a.rs", &format!("#[cfg(test)]\n{text}")), 0);
    }
}
