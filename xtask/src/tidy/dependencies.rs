//! docs/dependencies.md says what each library is for: one that is missing there, or is there and used no more, is a breach.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Source;
use crate::command::{self, cargo};

const DOCUMENT: &str = "docs/dependencies.md";
/// Where its tables stop to speak of libraries.
const END: &str = "## What is written by hand";
/// Each is a workspace of its own.
const WORKSPACES: &[&str] = &["Cargo.toml", "fuzz/Cargo.toml"];

pub(super) fn check(sources: &[Source]) -> Result<Vec<String>> {
    let mut used = BTreeSet::new();
    for manifest in WORKSPACES {
        let args = ["metadata", "--format-version", "1", "--no-deps", "--locked"];
        let metadata = command::output(cargo().args(args).args(["--manifest-path", manifest]))?;
        let metadata: Value =
            serde_json::from_str(&metadata).context("cargo metadata is not JSON")?;
        used.extend(of_crates(&metadata));
    }
    for source in sources.iter().filter(|source| source.path.ends_with("package.json")) {
        let text = source.text.as_deref().unwrap_or_default();
        let package: Value =
            serde_json::from_str(text).with_context(|| format!("{} is not JSON", source.path))?;
        used.extend(of_package(&package));
    }
    let document = sources.iter().find(|source| source.path == DOCUMENT);
    let text = document.and_then(|document| document.text.as_deref());
    Ok(compare(&used, text.with_context(|| format!("{DOCUMENT} is missing"))?))
}

/// What a workspace asks for by name; its own crates have a path.
fn of_crates(metadata: &Value) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .flat_map(|package| package["dependencies"].as_array().into_iter().flatten())
        .filter(|dependency| dependency["path"].is_null())
        .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
        .collect()
}

fn of_package(package: &Value) -> BTreeSet<String> {
    ["dependencies", "devDependencies"]
        .iter()
        .flat_map(|kind| package[*kind].as_object().into_iter().flatten())
        .map(|(name, _)| name.clone())
        .collect()
}

fn compare(used: &BTreeSet<String>, document: &str) -> Vec<String> {
    let tables = document.split(END).next().unwrap_or_default();
    let rows = tables.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let named: BTreeSet<String> = rows.map(str::to_owned).collect();
    let missing = used
        .difference(&named)
        .map(|name| format!("{DOCUMENT}: what is `{name}` for? It has no line there"));
    let stale = named
        .difference(used)
        .map(|name| format!("{DOCUMENT}: nothing asks for `{name}` any more"));
    missing.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_library_without_a_line_and_a_line_without_a_library_are_breaches() {
        let document = "| `a` | x |\n| `b` | uses `c` |\n## What is written by hand\n| `d` | y |\n";
        let used = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(compare(&used(&["a", "b"]), document).len(), 0);
        assert_eq!(compare(&used(&["a", "b", "c"]), document).len(), 1);
        assert_eq!(compare(&used(&["a"]), document).len(), 1);
    }

    #[test]
    fn crates_of_the_house_need_no_line_and_tests_do() {
        let metadata = json!({ "packages": [{ "dependencies": [
            { "name": "aside-text", "path": "x" },
            { "name": "insta", "kind": "dev" },
        ] }] });
        assert_eq!(of_crates(&metadata), BTreeSet::from(["insta".to_owned()]));
        let package = json!({ "dependencies": { "ws": "8" }, "devDependencies": { "vite": "8" } });
        assert_eq!(of_package(&package).len(), 2);
    }
}
