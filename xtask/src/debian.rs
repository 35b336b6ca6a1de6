//! Debian packages that the build and the real window need: missing ones are named, then installed.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command::{self, find};

/// What compiling the app takes: a C compiler (SQLite, ring) and the system's webview.
const BUILD: &[&str] = &[
    "build-essential",
    "ca-certificates",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
    "libwebkit2gtk-4.1-dev",
    "pkg-config",
];

/// What showing and driving the app takes where there is no desktop: a display, a window manager (keyboard
/// focus, closing), what blends windows, a screen reader's bus, a session bus with a keyring, Chinese glyphs and pictures
/// in text, screenshots, a sound system, the webview's driver, and a browser that is none of ours, for the overlay; what
/// counts instructions; what checks the entry that packages bring; the log that several room servers share; and what
/// runs the example of a server.
const STAGE: &[&str] = &[
    "at-spi2-core",
    "chromium",
    "dbus",
    "desktop-file-utils",
    "fonts-dejavu-core",
    "fonts-noto-cjk",
    "fonts-noto-color-emoji",
    "gnome-keyring",
    "imagemagick",
    "iproute2",
    "nats-server",
    "openbox",
    "pulseaudio",
    "pulseaudio-utils",
    "python3",
    "valgrind",
    "webkit2gtk-driver",
    "wmctrl",
    "x11-utils",
    "xcompmgr",
    "xdotool",
    "xvfb",
];

/// Sees to it that the packages for building are there, and those for a virtual display where `stage` asks.
pub(crate) fn ensure(stage: bool) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let mut wanted = BUILD.to_vec();
    if stage {
        wanted.extend(STAGE);
    }
    if find("dpkg-query").is_none() {
        println!(
            "Not a Debian system: please see to the equivalents of {} yourself.",
            wanted.join(" ")
        );
        return Ok(());
    }
    let missing = missing(&wanted)?;
    if missing.is_empty() {
        println!("Debian packages: all {} are here.", wanted.len());
        return Ok(());
    }
    install(&missing)
}

/// Sees to it that these packages are there, too.
pub(crate) fn also(wanted: &[&str]) -> Result<()> {
    if find("dpkg-query").is_none() {
        return Ok(());
    }
    match missing(wanted)?[..] {
        [] => Ok(()),
        ref missing => install(missing),
    }
}

/// Installs packages, named first; nothing where there is no Debian.
pub(crate) fn install(missing: &[&str]) -> Result<()> {
    if find("dpkg-query").is_none() {
        return Ok(());
    }
    println!("Missing Debian packages, to be installed now: {}", missing.join(" "));
    let mut update = apt()?;
    command::run(update.arg("update"))?;
    let mut install = apt()?;
    // A line for each of hundreds of packages would bury what else is said; complaints come another way.
    install.stdout(Stdio::null());
    command::run(install.args(["install", "--yes", "--no-install-recommends"]).args(missing))
}

fn missing<'a>(wanted: &[&'a str]) -> Result<Vec<&'a str>> {
    // It complains and exits 1 about packages that it has never heard of: those are missing, too.
    let known = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Package} ${db:Status-Abbrev}\n"])
        .args(wanted)
        .output()
        .context("cannot ask dpkg-query")?;
    let known = String::from_utf8_lossy(&known.stdout).into_owned();
    let installed: Vec<&str> =
        known.lines().filter_map(|line| line.trim_end().strip_suffix(" ii")).collect();
    Ok(wanted.iter().copied().filter(|package| !installed.contains(package)).collect())
}

/// apt-get that asks no questions.
fn apt() -> Result<Command> {
    let mut apt = as_root("env")?;
    apt.args([
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "--quiet=2",
        "--option",
        "Dpkg::Use-Pty=0",
    ]);
    Ok(apt)
}

/// A program that changes the system, through sudo where we are not root.
pub(crate) fn as_root(program: &str) -> Result<Command> {
    let root = command::output(Command::new("id").arg("-u"))?.trim() == "0";
    if root {
        return Ok(Command::new(program));
    }
    if find("sudo").is_none() {
        bail!(
            "installing packages takes root or sudo: run `apt-get install` for the packages above, then try again"
        );
    }
    let mut sudo = Command::new("sudo");
    sudo.arg(program);
    Ok(sudo)
}
