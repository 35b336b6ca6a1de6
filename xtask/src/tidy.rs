//! The house rules that no compiler checks; every breach is listed, not just the first.

mod arrows;
mod dependencies;
mod functions;
mod locks;
mod names;
mod secrets;
mod statements;
mod styles;
mod text;

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Result, bail};

use crate::{command, mutants};

/// One file of ours, as git knows it or would.
struct Source {
    path: String,
    /// Absent for pictures and other files that are no text.
    text: Option<String>,
}

pub(crate) fn tidy() -> Result<()> {
    let sources = sources()?;
    let mut breaches = Vec::new();
    breaches.extend(arrows::check(&arrows::of_workspace()?));
    breaches.extend(sources.iter().flat_map(text::check));
    breaches.extend(sources.iter().flat_map(functions::check));
    breaches.extend(sources.iter().flat_map(styles::check));
    breaches.extend(sources.iter().flat_map(locks::check));
    breaches.extend(sources.iter().flat_map(secrets::check));
    breaches.extend(sources.iter().flat_map(statements::check));
    breaches.extend(names::check(&sources));
    breaches.extend(dependencies::check(&sources)?);
    breaches.extend(mutants::check()?);
    if breaches.is_empty() {
        println!("{} files keep the house rules.", sources.len());
        return Ok(());
    }
    for breach in &breaches {
        println!("tidy: {breach}");
    }
    bail!("{} breaches of the house rules", breaches.len());
}

/// Tracked files, and those that are new and not ignored.
fn sources() -> Result<Vec<Source>> {
    let mut git = Command::new("git");
    let listed = command::output(git.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let paths = listed.split('\0').filter(|path| !path.is_empty());
    Ok(paths
        .map(|path| (path.to_owned(), PathBuf::from(path)))
        .filter(|(_, file)| file.is_file())
        .map(|(path, file)| Source { path, text: fs::read_to_string(file).ok() })
        .collect())
}
