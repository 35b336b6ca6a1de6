//! Rules that one file can break alone: its first line, its length, paths of somebody's machine.

use super::Source;

/// Past this, a file has two subjects.
const LONGEST: usize = 400;
/// Nobody writes these, so nobody could shorten them.
const GENERATED: &[&str] = &["ui/src/bridge/dto.ts"];
/// Homes of people and of build machines; a path that starts with one is of no use to anybody else.
const HOMES: &[&str] = &["home", "Users", "root", "work"];
const WINDOWS_HOMES: &str = "C:\\Users\\";
/// Whoever stands in an example lives nowhere.
const NOBODY: &[&str] = &["x", "user", "you"];

pub(super) fn check(source: &Source) -> Vec<String> {
    let Some(text) = &source.text else { return Vec::new() };
    let path = &source.path;
    let mut breaches = Vec::new();
    if let Some(mark) =
        opening(path).filter(|marks| !marks.iter().any(|mark| text.starts_with(mark)))
    {
        breaches.push(format!(
            "{path}: the first line must say why the file exists ({})",
            mark.join(" or ")
        ));
    }
    let lines = text.lines().count();
    if opening(path).is_some() && lines > LONGEST && !GENERATED.contains(&path.as_str()) {
        breaches.push(format!("{path}: {lines} lines, {LONGEST} are the most"));
    }
    for (number, line) in text.lines().enumerate() {
        let place = format!("{path}:{}", number + 1);
        // This file has to name them.
        if path != "xtask/src/tidy/text.rs" && in_a_home(line) {
            breaches.push(format!("{place}: a path of one machine"));
        }
    }
    breaches
}

/// How a file of this kind opens; `None` where the rules for sources do not apply.
fn opening(path: &str) -> Option<&'static [&'static str]> {
    match path.rsplit_once('.')?.1 {
        "rs" => Some(&["//!"]),
        "ts" | "js" => Some(&["//", "/*"]),
        "css" => Some(&["/*"]),
        "svelte" => Some(&["<!--"]),
        _ => None,
    }
}

fn in_a_home(line: &str) -> bool {
    names_home(line, WINDOWS_HOMES)
        || HOMES.iter().any(|home| names_home(line, &format!("/{home}/")))
}

/// A home's name at the start of a path, not in the middle of another one or of a URL.
fn names_home(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let starts =
            before.is_none_or(|before| !before.is_alphanumeric() && !"/._-*}>)".contains(before));
        let whose = line[at + home.len()..]
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        starts && !NOBODY.contains(&whose)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(path: &str, text: &str) -> usize {
        check(&Source { path: path.to_owned(), text: Some(text.to_owned()) }).len()
    }

    #[test]
    fn a_rust_file_says_why_it_exists() {
        assert_eq!(breaches("a.rs", "//! Why.\n"), 0);
        assert_eq!(breaches("a.rs", "use std::fs;\n"), 1);
        assert_eq!(breaches("a.txt", "anything\n"), 0);
    }

    #[test]
    fn a_file_ends_before_it_grows_a_second_subject() {
        let long = format!("//! Why.\n{}", "\n".repeat(LONGEST));
        assert_eq!(breaches("a.rs", &long), 1);
    }

    #[test]
    fn nobody_else_has_this_machine() {
        assert_eq!(breaches("a.md", "see /home/somebody/notes"), 1);
        assert_eq!(breaches("a.md", "see https://example.org/home/page"), 0);
        assert_eq!(breaches("a.md", "below /home/x"), 0);
    }
}
