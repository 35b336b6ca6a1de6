//! How much somebody downloads.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

use super::Pace;
use crate::report::{Figure, Goal};
use crate::stage::Stage;

const MB: f64 = 1e6;

pub(crate) async fn bundle(_: &Stage, _: Pace) -> Result<Vec<Figure>> {
    let ours = package(Path::new(".")).await?;
    let theirs = package(Path::new("bench/bare")).await?;
    Ok(vec![
        Figure::new(14, "what is downloaded: the .deb", ours, "MB")
            .beside("a bare window of Tauri", theirs)
            .goals(Goal::Most(12.0), Goal::Most(5.0)),
    ])
}

/// The megabytes of a project's Debian package, built now.
async fn package(folder: &Path) -> Result<f64> {
    let mut build = Command::new("npx");
    build.args(["--yes", "@tauri-apps/cli@2", "build", "--bundles", "deb"]).current_dir(folder);
    ensure!(build.status().await.context("npx")?.success(), "no package of {}", folder.display());
    let name = if folder == Path::new(".") { "Aside_" } else { "Bare_" };
    let packages = fs::read_dir("target/release/bundle/deb")?.filter_map(Result::ok);
    let package = packages
        .filter(|file| file.file_name().to_string_lossy().starts_with(name))
        .find(|file| file.path().extension().is_some_and(|ending| ending == "deb"));
    Ok(package.context("no .deb")?.metadata()?.len() as f64 / MB)
}
