//! Names in documents: a test, a function or a field with three underscores or more that is written of stands somewhere in the tree.

use std::collections::HashSet;

use super::Source;

/// Words of protocols, options and other people's programs have fewer underscores.
const UNDERSCORES: usize = 3;
/// Stands before the names of what `/metrics` shows, and not where they are written.
const METRICS: &str = "aside_";

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let is_document = |source: &&Source| source.path.ends_with(".md");
    let mut known = HashSet::new();
    for source in sources.iter().filter(|source| !is_document(source)) {
        known.extend(words(source.text.as_deref().unwrap_or_default()));
    }
    let mut breaches = Vec::new();
    for source in sources.iter().filter(is_document) {
        for (number, line) in source.text.as_deref().unwrap_or_default().lines().enumerate() {
            for name in named(line).filter(|name| !stands(name, &known)) {
                breaches.push(format!(
                    "{}:{}: nothing is called `{name}`",
                    source.path,
                    number + 1
                ));
            }
        }
    }
    breaches
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.contains('_'))
}

fn is_long(word: &str) -> bool {
    word.matches('_').count() >= UNDERSCORES
}

/// What a line names between backticks, with the dots where a name is cut.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.flat_map(|quoted| quoted.split("::")).filter(|name| {
        let whole = name.trim_matches('…');
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        is_long(whole) && whole.chars().all(plain)
    })
}

fn stands(name: &str, known: &HashSet<&str>) -> bool {
    let whole = name.trim_matches('…');
    if whole.len() < name.len() {
        return known.iter().any(|word| word.contains(whole));
    }
    known.contains(whole) || whole.strip_prefix(METRICS).is_some_and(|rest| known.contains(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(document: &str) -> usize {
        let of =
            |path: &str, text: &str| Source { path: path.to_owned(), text: Some(text.to_owned()) };
        check(&[of("a.md", document), of("a.rs", "fn a_name_that_stands() {}")]).len()
    }

    #[test]
    fn what_is_written_of_is_there() {
        assert_eq!(breaches("see `a_name_that_stands` and `tests::a_name_that_stands`"), 0);
        assert_eq!(breaches("see `a_name_that_…` and `…_that_stands`"), 0);
        assert_eq!(breaches("see `a_name_that_fell`, `a_name_that_fe…`"), 2);
        assert_eq!(breaches("`max_age`, `A_NAME_OF_A_VARIABLE`, `snprintf(a_b_c_d)`, a_b_c_d"), 0);
    }
}
