//! Known holes in npm packages, as npm's registry tells them. Not every registry does: then this says that nothing was looked at.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::npm;

pub(crate) fn audit() -> Result<()> {
    // Of what reaches people nothing may be known; of tools, which read what we wrote, nothing serious.
    for (what, args, tolerated) in [
        ("what ships", &["--omit=dev"][..], &[][..]),
        ("all packages", &[], &["info", "low", "moderate"]),
    ] {
        let told = npm()
            .args(["audit", "--json", "--audit-level=none"])
            .args(args)
            .output()
            .context("cannot start npm")?;
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        match verdict(&told, tolerated) {
            Verdict::Unknown(why) => {
                println!("NOT AUDITED: {what}. The registry tells no advisories here ({why}).");
            }
            Verdict::Clean(known) => println!("{what}: {known}."),
            Verdict::Holes(known) => bail!("{what}: {known}; `npm audit` in ui/ names them"),
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Unknown(String),
    Clean(String),
    Holes(String),
}

fn verdict(told: &str, tolerated: &[&str]) -> Verdict {
    let told: Value = serde_json::from_str(told).unwrap_or_default();
    let Some(counts) = told.pointer("/metadata/vulnerabilities").and_then(Value::as_object) else {
        let why = ["/message", "/error/summary"]
            .iter()
            .find_map(|place| told.pointer(place)?.as_str().filter(|why| !why.is_empty()));
        return Verdict::Unknown(why.unwrap_or("no answer").to_owned());
    };
    let found: Vec<(&str, u64)> = counts
        .iter()
        .filter(|(level, _)| *level != "total")
        .filter_map(|(level, count)| {
            Some((level.as_str(), count.as_u64().filter(|count| *count > 0)?))
        })
        .collect();
    let words: Vec<String> =
        found.iter().map(|(level, count)| format!("{count} {level}")).collect();
    let words = if words.is_empty() { "nothing known".to_owned() } else { words.join(", ") };
    if found.iter().all(|(level, _)| tolerated.contains(level)) {
        Verdict::Clean(words)
    } else {
        Verdict::Holes(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_is_told_from_a_registry_that_tells_nothing() {
        let counts = |low: u8, high: u8| {
            format!(
                r#"{{"metadata":{{"vulnerabilities":{{"low":{low},"high":{high},"total":{}}}}}}}"#,
                low + high
            )
        };
        assert_eq!(verdict(&counts(0, 0), &[]), Verdict::Clean("nothing known".to_owned()));
        assert_eq!(verdict(&counts(2, 0), &["low"]), Verdict::Clean("2 low".to_owned()));
        assert_eq!(verdict(&counts(2, 0), &[]), Verdict::Holes("2 low".to_owned()));
        assert_eq!(verdict(&counts(0, 1), &["low"]), Verdict::Holes("1 high".to_owned()));
        let refused = r#"{"message":"405 Method Not Allowed","error":{"summary":""}}"#;
        assert_eq!(verdict(refused, &[]), Verdict::Unknown("405 Method Not Allowed".to_owned()));
        assert_eq!(verdict("", &[]), Verdict::Unknown("no answer".to_owned()));
    }
}
