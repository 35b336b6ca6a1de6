//! How much somebody downloads, and what it takes on their disk.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

use super::Pace;
use crate::report::{Figure, Goal};
use crate::stage::Stage;

const MB: f64 = 1e6;

pub(crate) async fn bundle(_: &Stage, _: Pace) -> Result<Vec<Figure>> {
    done(Command::new("cargo").args(["xtask", "dist", "--built"])).await?;
    let ours = package("target/dist/release/packages", "Aside_")?;
    let tauri = fs::canonicalize("ui/node_modules/@tauri-apps/cli/tauri.js")?;
    let mut bare = Command::new("node");
    bare.arg(tauri).args(["bundle", "--ci", "--bundles", "deb"]).current_dir("bench/bare");
    done(&mut bare).await?;
    let theirs = package("target/release/bundle/deb", "Bare_")?;
    repack(&theirs).await?;

    let (downloaded, bare_downloaded) = (size(&ours)?, size(&theirs)?);
    let (unpacked, bare_unpacked) = (installed(&ours).await?, installed(&theirs).await?);
    Ok(vec![
        Figure::new(14, "what is downloaded: the .deb", downloaded, "MB")
            .beside("a bare window of Tauri", bare_downloaded)
            .goals(Goal::Most(12.0), Goal::Most(5.0)),
        Figure::new(14, "what is downloaded: unpacked", unpacked, "MB")
            .beside("a bare window of Tauri", bare_unpacked),
    ])
}

async fn done(command: &mut Command) -> Result<()> {
    let name = command.as_std().get_program().display().to_string();
    ensure!(command.status().await.with_context(|| name.clone())?.success(), "{name} failed");
    Ok(())
}

/// As ours is packed: with what Debian's own tool makes of it.
async fn repack(package: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let top = folder.path().join("top");
    done(Command::new("dpkg-deb").arg("--raw-extract").arg(package).arg(&top)).await?;
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Zxz", "-z9", "--build"]);
    done(build.arg(&top).arg(package)).await
}

/// The Debian package of a folder whose name starts so.
fn package(folder: &str, name: &str) -> Result<PathBuf> {
    let packages = fs::read_dir(folder).with_context(|| folder.to_owned())?.filter_map(Result::ok);
    let package = packages
        .filter(|file| file.file_name().to_string_lossy().starts_with(name))
        .find(|file| file.path().extension().is_some_and(|ending| ending == "deb"));
    Ok(package.with_context(|| format!("no {name}*.deb in {folder}"))?.path())
}

fn size(package: &Path) -> Result<f64> {
    Ok(package.metadata()?.len() as f64 / MB)
}

async fn installed(package: &Path) -> Result<f64> {
    let mut ask = Command::new("dpkg-deb");
    let told = ask.arg("--field").arg(package).arg("Installed-Size").output().await?;
    let kibibytes: f64 = String::from_utf8(told.stdout)?.trim().parse().context("no size")?;
    Ok(kibibytes * 1024.0 / MB)
}
