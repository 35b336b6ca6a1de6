//! Cargo's own add-ons that the tests need, installed in a pinned version where they are absent.

use std::{process::Command, time::Instant};

use anyhow::Result;

use crate::command::{self, cargo, find};

/// A program from crates.io and the version that we install (any version already there is taken as it is).
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Runs the tests, each in a process of its own.
pub(crate) const NEXTEST: Tool = Tool { name: "cargo-nextest", version: "0.9.143" };
/// Checks licences, bans and sources of what we depend on.
pub(crate) const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
/// Lets a WebDriver client drive the real window.
pub(crate) const DRIVER: Tool = Tool { name: "tauri-driver", version: "2.1.0" };

/// They work for seconds, and on a new machine somebody waits for their build: not to optimise is faster altogether.
const QUICK_BUILD: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
];

/// Installs those of the tools that are absent.
pub(crate) fn ensure(tools: &[Tool]) -> Result<()> {
    for tool in tools {
        if find(tool.name).is_some() {
            println!("{}: here.", tool.name);
            continue;
        }
        println!("{} is not here: building version {} (minutes, once).", tool.name, tool.version);
        let start = Instant::now();
        let install = ["install", "--locked", "--quiet", "--version", tool.version, tool.name];
        command::run(cargo().args(install).envs(QUICK_BUILD))?;
        println!("{}: installed in {} s.", tool.name, start.elapsed().as_secs());
    }
    Ok(())
}

/// Fails early, with words, where Node.js is absent or too old for the page's build.
pub(crate) fn ensure_node() -> Result<()> {
    const OLDEST: u32 = 20;
    let version = command::output(Command::new("node").arg("--version")).unwrap_or_default();
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST => Ok(()),
        Some(_) => {
            anyhow::bail!("Node.js {} is too old: {OLDEST} or newer is needed", version.trim())
        }
        None => anyhow::bail!("Node.js {OLDEST} or newer is needed, with npm"),
    }
}
