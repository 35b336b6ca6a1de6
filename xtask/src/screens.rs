//! `cargo xtask screens`: a picture of every screen in docs/screens, in both languages, both themes and three widths.

use anyhow::{Context, Result, bail};

use crate::{
    command::{self, npm},
    debian, page,
};

/// Takes the pictures and keeps them.
pub(crate) fn screens(args: &[String]) -> Result<()> {
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["--only", _] => {}
        _ => bail!("screens takes --only NAME"),
    }
    debian::ensure(true)?;
    page::install()?;
    take(args)
}

/// Compares with those that are kept.
pub(crate) fn check() -> Result<()> {
    take(&["--check".to_owned()]).context(
        "what was expected, what came, and the difference are in target/screens; if it is meant: `cargo xtask screens`, look at \
         the pictures, commit them",
    )
}

fn take(args: &[String]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("the pictures are taken on Linux only");
    }
    command::run(npm().args(["run", "--silent", "screens", "--"]).args(args))
}
