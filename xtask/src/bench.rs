//! `cargo xtask bench`: builds the app as it ships, what it is measured beside, and starts the measuring.

use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{self, cargo};
use crate::{debian, page};

/// A client of another protocol, and its server; servers that others build rooms on.
const PEERS: &[&str] = &["ngircd", "weechat-headless", "nats-server", "redis-server"];

/// `args` go to `aside-bench`.
pub(crate) fn bench(args: &[String]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("what programs cost is read from /proc: the benchmark runs on Linux only");
    }
    debian::ensure(true)?;
    debian::also(PEERS)?;
    page::install()?;
    page::install_peers()?;
    page::build_if_changed()?;
    let built = ["aside", "aside-cli", "aside-server", "aside-bench", "aside-bare"];
    let built = built.into_iter().flat_map(|package| ["-p", package]);
    command::run(cargo().args(["build", "--release", "--locked"]).args(built))?;
    command::run(Command::new("target/release/aside-bench").args(args))
}
