//! The page in `ui/`: its packages and its build, each redone only when what it is made of has changed.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result};

use crate::{
    command::{self, npm, root},
    tools,
};

/// The packages of the page.
pub(crate) fn install() -> Result<()> {
    packages(npm(), "ui")
}

/// Those of the servers that ours is measured beside.
pub(crate) fn install_peers() -> Result<()> {
    elsewhere("bench/peers")
}

/// Those of the server that docs/examples shows.
pub(crate) fn install_example() -> Result<()> {
    elsewhere("docs/examples/node")
}

fn elsewhere(folder: &str) -> Result<()> {
    let mut npm = npm();
    npm.current_dir(root().join(folder));
    packages(npm, folder)
}

/// `npm ci`, unless the lock file is the one of the last install.
fn packages(mut npm: Command, folder: &str) -> Result<()> {
    tools::ensure_node()?;
    let folder = root().join(folder);
    let lock = fs::read(folder.join("package-lock.json")).context("cannot read the lock file")?;
    // Inside node_modules, so that whoever deletes the one deletes the other.
    let stamp = folder.join("node_modules/.installed-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        println!("npm packages: unchanged since the last install.");
        return Ok(());
    }
    command::run(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, lock).context("cannot note the installed lock file")
}

/// One of the page's own scripts.
pub(crate) fn script(name: &str) -> Result<()> {
    command::run(npm().args(["run", "--silent", name]))
}

/// Builds `ui/dist`, which the app carries inside itself, and `ui/audience/dist`, which the room server does.
pub(crate) fn build() -> Result<()> {
    script("build")?;
    let stamp = build_stamp();
    if let Some(folder) = stamp.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(stamp, fingerprint()?).context("cannot note the build")
}

/// Builds both only where a source of them is newer than the last build.
pub(crate) fn build_if_changed() -> Result<()> {
    let built = fs::read_to_string(build_stamp()).unwrap_or_default();
    let pages = ["ui/dist/index.html", "ui/audience/dist/index.html"];
    if pages.iter().all(|page| root().join(page).is_file()) && built == fingerprint()? {
        println!("The page is unchanged since its last build.");
        return Ok(());
    }
    build()
}

fn build_stamp() -> PathBuf {
    root().join("target/xtask/page.stamp")
}

/// Name, size and age of every file that the build reads (and of what it made).
fn fingerprint() -> Result<String> {
    let mut files = Vec::new();
    collect(&root().join("ui"), &mut files)?;
    // Help in the app, and the words.
    collect(&root().join("docs/guide"), &mut files)?;
    collect(&root().join("locales"), &mut files)?;
    files.sort();
    let mut lines = String::new();
    for file in files {
        let about = file.metadata()?;
        let age = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        writeln!(lines, "{} {} {age}", file.display(), about.len())?;
    }
    Ok(lines)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let skipped =
            path.file_name().is_some_and(|name| name == "node_modules" || name == "coverage");
        if path.is_dir() && !skipped {
            collect(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}
