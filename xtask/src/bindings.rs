//! `cargo xtask bindings`: writes the page's types from the shell's, through the one test that also checks them.

use anyhow::Result;

use crate::{
    command::{self, cargo, root},
    page,
};

/// The test in the root package that compares `ui/src/bridge/dto.ts` with the Rust types; told to, it writes instead.
const TEST: &str = "bindings";
/// Tells that test to write.
const WRITE: &str = "ASIDE_WRITE_BINDINGS";

/// Regenerates `ui/src/bridge/dto.ts`.
pub(crate) fn write() -> Result<()> {
    if !root().join("ui/dist/index.html").is_file() {
        page::install()?;
        page::build()?;
    }
    command::run(
        cargo().args(["test", "--quiet", "--package", "aside", "--lib", TEST]).env(WRITE, "1"),
    )?;
    println!("ui/src/bridge/dto.ts is up to date.");
    Ok(())
}
