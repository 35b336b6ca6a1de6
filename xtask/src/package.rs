//! The packages as people meet them: made of what the tests have built, installed, started in a room, and taken out again.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    command::{self, cargo, root},
    debian,
    dist::{self, PROGRAMS, Wish},
};

/// What looking into packages takes beside what making them does.
const LOOKING: &[&str] =
    &["appstream", "binutils", "cpio", "dpkg-dev", "hicolor-icon-theme", "rpm", "xdg-utils"];

const ENTRY: &str = "usr/share/applications/Aside.desktop";
const METADATA: &str = "usr/share/metainfo/app.aside.desktop.metainfo.xml";
const SIZES: [&str; 8] =
    ["16x16", "24x24", "32x32", "48x48", "64x64", "128x128", "256x256", "512x512"];

pub(crate) fn check() -> Result<()> {
    if !cfg!(target_os = "linux") || command::find("dpkg").is_none() {
        println!("NOT TRIED: packages are installed on Debian and its kin only.");
        return Ok(());
    }
    debian::also(LOOKING)?;
    for program in PROGRAMS {
        if known(program)? {
            bail!("the package {program} is installed here: remove it, and this tries the new one");
        }
    }
    // The tests' own build, so that nothing is compiled twice.
    command::run(cargo().args(["test", "--no-run", "--workspace", "--locked", "--quiet"]))?;
    let made = dist::package(&Wish::of_a_debug_build())?;
    let of = |ending: &str| -> Result<Vec<PathBuf>> {
        let all = dist::files(&made)?;
        Ok(all.into_iter().filter(|file| file.extension().is_some_and(|e| e == ending)).collect())
    };
    let debs = of("deb")?;
    ensure!(debs.len() == PROGRAMS.len(), "{} packages for Debian", debs.len());
    for rpm in of("rpm")? {
        look_into(&rpm)?;
    }
    let before = SystemTime::now();
    let tried = install(&debs).and_then(|()| installed(before));
    let files = files_of(&PROGRAMS);
    // Whatever was found, nothing stays.
    let removed = command::run(dpkg()?.arg("--remove").args(PROGRAMS));
    let after_removal = files.as_ref().map(left).unwrap_or_default();
    let purged = command::run(dpkg()?.arg("--purge").args(PROGRAMS));
    tried.and(removed).and(purged)?;
    gone(&files?, &after_removal)
}

/// dpkg's own complaints about what a package needs come from here: nothing is fetched.
fn install(debs: &[PathBuf]) -> Result<()> {
    command::run(dpkg()?.arg("--install").args(debs))
}

fn dpkg() -> Result<Command> {
    debian::as_root("dpkg")
}

fn known(package: &str) -> Result<bool> {
    let ask = Command::new("dpkg-query").args(["--show", package]).output();
    Ok(ask.context("cannot ask dpkg-query")?.status.success())
}

/// What is to be where it belongs, and does what it should there.
fn installed(since: SystemTime) -> Result<()> {
    let system = Path::new("/");
    validate(system)?;
    for program in PROGRAMS {
        let says = command::output(Command::new(format!("/usr/bin/{program}")).arg("--version"))?;
        ensure!(says.contains(env!("CARGO_PKG_VERSION")), "{program} --version: {says}");
    }
    let settings = ["check", "--config", "/etc/aside/server.toml"];
    command::run(Command::new("/usr/bin/aside-server").args(settings))?;
    let nobody = root().join("target/dist/nobody");
    fs::create_dir_all(&nobody)?;
    let mut ask = Command::new("xdg-mime");
    ask.args(["query", "default", "x-scheme-handler/aside"]).env("HOME", nobody);
    for own in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_DATA_DIRS", "XDG_CURRENT_DESKTOP"] {
        ask.env_remove(own);
    }
    let opens = command::output(&mut ask)?;
    ensure!(opens.trim() == "Aside.desktop", "aside:// links are opened by `{}`", opens.trim());
    let since = since.duration_since(UNIX_EPOCH)?.as_millis().to_string();
    let mut try_it = cargo();
    try_it.args(["nextest", "run", "--workspace", "--locked", "--profile", "window"]);
    try_it.args(["--run-ignored", "only", "--no-capture", "-E", "test(/^installed::/)"]);
    command::run(try_it.env("ASIDE_INSTALLED_SINCE", since))
}

/// The entry, the icons and the metadata below a folder.
fn validate(top: &Path) -> Result<()> {
    let entry = top.join(ENTRY);
    let complaints = command::output(Command::new("desktop-file-validate").arg(&entry))?;
    ensure!(complaints.is_empty(), "{complaints}");
    for line in ["MimeType=x-scheme-handler/aside;", "Exec=aside %u", "Icon=aside"] {
        let text = fs::read_to_string(&entry)?;
        ensure!(text.lines().any(|l| l == line), "{} has no {line}", entry.display());
    }
    let mut appstream = Command::new("appstreamcli");
    command::run(appstream.args(["validate", "--no-net"]).arg(top.join(METADATA)))?;
    let icons = top.join("usr/share/icons/hicolor");
    for size in SIZES {
        let icon = icons.join(size).join("apps/aside.png");
        let is = command::output(Command::new("identify").args(["-format", "%wx%h"]).arg(&icon))?;
        ensure!(is == size, "{} is of {is}", icon.display());
    }
    for file in [
        "usr/share/icons/hicolor/scalable/apps/aside.svg",
        "usr/share/doc/aside/copyright",
        "usr/share/doc/aside/THIRD-PARTY.gz",
    ] {
        ensure!(top.join(file).is_file(), "no {file}");
    }
    Ok(())
}

/// An .rpm cannot be installed on a Debian: it is unpacked, and looked at as if it were.
fn look_into(rpm: &Path) -> Result<()> {
    command::run(Command::new("rpm").args(["--checksig", "--nosignature"]).arg(rpm))?;
    let needs = command::output(Command::new("rpm").args(["-qp", "--requires"]).arg(rpm))?;
    for library in
        ["libwebkit2gtk-4.1.so.0()", "libgtk-3.so.0()", "libayatana-appindicator3.so.1()"]
    {
        ensure!(needs.contains(library), "the .rpm does not ask for {library}:\n{needs}");
    }
    let top = root().join("target/dist/unpacked");
    if top.exists() {
        fs::remove_dir_all(&top)?;
    }
    fs::create_dir_all(&top)?;
    let unpack = "rpm2cpio \"$0\" | cpio --extract --make-directories --quiet";
    let mut shell = Command::new("sh");
    command::run(shell.args(["-c", unpack]).arg(rpm).current_dir(&top))?;
    let listed = command::output(Command::new("rpm").arg("-qpl").arg(rpm))?;
    for file in listed.lines() {
        ensure!(top.join(file.trim_start_matches('/')).exists(), "{file} is not in the .rpm");
    }
    validate(&top)?;
    let says = command::output(Command::new(top.join("usr/bin/aside")).arg("--version"))?;
    ensure!(says.contains(env!("CARGO_PKG_VERSION")), "aside --version: {says}");
    println!("The .rpm holds {} files; the app in it starts.", listed.lines().count());
    fs::remove_dir_all(&top).context("cannot clear what was unpacked")
}

/// Everything that packages own.
fn files_of(packages: &[&str]) -> Result<BTreeSet<PathBuf>> {
    let listed = command::output(Command::new("dpkg").arg("--listfiles").args(packages))?;
    Ok(listed.lines().filter(|line| line.starts_with('/')).map(PathBuf::from).collect())
}

/// Those that are still there, but for folders that others use, too.
fn left(files: &BTreeSet<PathBuf>) -> Vec<String> {
    let ours = |path: &&PathBuf| !path.is_dir() || path.to_string_lossy().contains("aside");
    let left = files.iter().filter(ours).filter(|path| path.exists());
    left.map(|path| path.display().to_string()).collect()
}

/// After a removal the server's settings are left, as Debian wants it, and after a purge nothing is.
fn gone(files: &BTreeSet<PathBuf>, after_removal: &[String]) -> Result<()> {
    let settings = ["/etc/aside", "/etc/aside/server.toml"];
    ensure!(after_removal == settings, "left by a removal: {}", after_removal.join(" "));
    let after_purge = left(files);
    ensure!(after_purge.is_empty(), "left by a purge: {}", after_purge.join(" "));
    let links = fs::read_to_string("/usr/share/applications/mimeinfo.cache").unwrap_or_default();
    ensure!(!links.contains("Aside.desktop"), "links still lead to the app");
    let audit = command::output(Command::new("dpkg").arg("--audit"))?;
    ensure!(audit.trim().is_empty(), "{audit}");
    println!("{} files and folders came, none is left.", files.len());
    Ok(())
}
