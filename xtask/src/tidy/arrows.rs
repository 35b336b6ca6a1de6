//! Which room of the house may lean on which: any other arrow between workspace crates is a breach.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{self, cargo};

/// One dependency between two crates of the workspace.
pub(super) struct Arrow {
    from: String,
    to: String,
    /// Only for tests, examples and benches.
    dev: bool,
}

/// What each crate may use. Longer ways down the same road (a type of `protocol` in the shell) are named, too.
const ALLOWED: &[(&str, &[&str])] = &[
    ("aside-failpoint", &[]),
    ("aside-protocol", &[]),
    ("aside-history", &["aside-failpoint", "aside-protocol"]),
    ("aside-session", &["aside-failpoint", "aside-history", "aside-protocol"]),
    ("aside-server", &["aside-failpoint", "aside-protocol", "aside-text"]),
    ("aside-report", &["aside-history", "aside-protocol", "aside-words"]),
    ("aside-text", &[]),
    ("aside-words", &[]),
    // Never shipped: what benchmarks measure with.
    ("aside-sample", &["aside-session", "aside-history", "aside-protocol"]),
    (
        "aside-cli",
        &[
            "aside-failpoint",
            "aside-session",
            "aside-history",
            "aside-protocol",
            "aside-report",
            "aside-text",
            "aside-words",
        ],
    ),
    (
        "aside",
        &[
            "aside-session",
            "aside-history",
            "aside-protocol",
            "aside-report",
            "aside-server",
            "aside-text",
            "aside-words",
        ],
    ),
    // Measures the others from outside: as programs, and with the real server as the other end.
    ("aside-bench", &["aside-history", "aside-protocol", "aside-sample", "aside-server"]),
    ("aside-bare", &[]),
    ("xtask", &[]),
];

/// What tests may use besides: the real server, and nothing that would hide an arrow of the house.
const ALLOWED_IN_TESTS: &[(&str, &[&str])] =
    &[("aside-session", &["aside-server"]), ("aside-cli", &["aside-server"]), ("aside", &[])];

/// Every arrow of the workspace, from cargo itself.
pub(super) fn of_workspace() -> Result<Vec<Arrow>> {
    let metadata = command::output(cargo().args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--locked",
    ]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata is not JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let names: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut arrows = Vec::new();
    for package in packages {
        let from = package["name"].as_str().context("a package without a name")?;
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let Some(to) = dependency["name"].as_str().filter(|to| names.contains(to)) else {
                continue;
            };
            let dev = dependency["kind"].as_str() == Some("dev");
            arrows.push(Arrow { from: from.to_owned(), to: to.to_owned(), dev });
        }
    }
    Ok(arrows)
}

pub(super) fn check(arrows: &[Arrow]) -> Vec<String> {
    arrows.iter().filter(|arrow| !allowed(arrow)).map(breach).collect()
}

fn allowed(arrow: &Arrow) -> bool {
    let leads = |table: &[(&str, &[&str])]| {
        table.iter().any(|(from, to)| *from == arrow.from && to.contains(&arrow.to.as_str()))
    };
    leads(ALLOWED) || (arrow.dev && leads(ALLOWED_IN_TESTS))
}

fn breach(Arrow { from, to, dev }: &Arrow) -> String {
    let kind = if *dev { " in tests" } else { "" };
    format!("{from} may not depend on {to}{kind} (the arrows are in xtask/src/tidy/arrows.rs)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrow(from: &str, to: &str, dev: bool) -> Arrow {
        Arrow { from: from.to_owned(), to: to.to_owned(), dev }
    }

    #[test]
    fn a_server_that_leans_on_the_cache_is_a_breach() {
        assert_eq!(check(&[arrow("aside-server", "aside-history", false)]).len(), 1);
        assert_eq!(check(&[arrow("aside-server", "aside-history", true)]).len(), 1);
        assert_eq!(check(&[arrow("aside-history", "aside-protocol", false)]).len(), 0);
    }

    #[test]
    fn the_real_server_is_for_the_tests_of_a_session_alone() {
        assert_eq!(check(&[arrow("aside-session", "aside-server", true)]).len(), 0);
        assert_eq!(check(&[arrow("aside-session", "aside-server", false)]).len(), 1);
    }

    #[test]
    fn a_crate_that_nobody_listed_may_lean_on_nothing() {
        assert_eq!(check(&[arrow("aside-new", "aside-protocol", false)]).len(), 1);
    }
}
