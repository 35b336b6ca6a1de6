//! How long a function may be, where it ships. Stories and tables of tests may be longer.

use super::Source;

/// Past this, a function has two subjects; lines of code are counted.
const LONGEST: usize = 90;
/// Compiled for tests alone.
const FOR_TESTS: &[&str] = &["src-tauri/src/dto/bindings.rs"];

pub(super) fn check(source: &Source) -> Vec<String> {
    let path = &source.path;
    let tests = path.contains("/tests") || path.starts_with("tests/");
    let Some(text) = source.text.as_deref().filter(|_| path.ends_with(".rs") && !tests) else {
        return Vec::new();
    };
    if FOR_TESTS.contains(&path.as_str()) {
        return Vec::new();
    }
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines: Vec<&str> = text[..end].lines().collect();
    let functions = lines.iter().enumerate().filter(|(_, line)| begins(line));
    functions
        .map(|(first, line)| (first, length(&lines[first..], indent(line))))
        .filter(|(_, length)| *length > LONGEST)
        .map(|(first, length)| {
            format!("{path}:{}: a function of {length} lines, {LONGEST} are the most", first + 1)
        })
        .collect()
}

fn begins(line: &str) -> bool {
    let before = line.split("fn ").next().unwrap_or_default().trim();
    let is_marker =
        |word: &str| matches!(word, "async" | "const" | "unsafe") || word.starts_with("pub");
    line.contains("fn ") && before.split_whitespace().all(is_marker)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// rustfmt ends a body where it began; one without a body, or on one line, has none.
fn length(lines: &[&str], indent: usize) -> usize {
    let Some(open) = lines.iter().position(|line| line.ends_with(['{', ';', '}'])) else {
        return 0;
    };
    if !lines[open].ends_with('{') {
        return 0;
    }
    let end = format!("{}}}", " ".repeat(indent));
    let body = lines[open + 1..].iter().take_while(|line| **line != end);
    body.filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(path: &str, lines: usize) -> usize {
        let body = "        work();\n        // why\n".repeat(lines);
        let text = format!(
            "    fn one(self) -> u8;\n    pub(crate) async fn a(\n        b: u8,\n    ) {{\n{body}    }}\n"
        );
        check(&Source { path: path.to_owned(), text: Some(text) }).len()
    }

    #[test]
    fn a_function_that_ships_ends_before_it_grows_a_second_subject() {
        assert_eq!(breaches("crates/a/src/a.rs", LONGEST), 0);
        assert_eq!(breaches("crates/a/src/a.rs", LONGEST + 1), 1);
        assert_eq!(breaches("crates/a/tests/a.rs", LONGEST + 1), 0);
        let helper = "#[cfg(test)]\nuse std::fs;\n";
        let body = "    work();\n".repeat(LONGEST + 1);
        let check = |module: &str| {
            let text = format!("{helper}{module}fn a() {{\n{body}}}\n");
            check(&Source { path: "crates/a/src/a.rs".to_owned(), text: Some(text) }).len()
        };
        assert_eq!([check(""), check("#[cfg(test)]\nmod tests;\n")], [1, 0]);
    }
}
