//! Debian packages of the programs without a window, by Debian's own tools.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::output_to;
use crate::command::{self, root};

/// Tauri packs with gzip; what Debian's own tool makes of the same files is a quarter less to download.
pub(super) fn repack(package: &Path, stage: &Path) -> Result<()> {
    let top = stage.join("deb/aside");
    if top.exists() {
        fs::remove_dir_all(&top)?;
    }
    // dpkg-deb makes the folder itself, and none above it.
    fs::create_dir_all(stage.join("deb"))?;
    command::run(Command::new("dpkg-deb").arg("--raw-extract").arg(package).arg(&top))?;
    pack(&top, package, stage)
}

fn pack(top: &Path, package: &Path, stage: &Path) -> Result<()> {
    // Nobody downloads what is only tried.
    let effort = if stage.ends_with("debug") { "-z0" } else { "-z9" };
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Zxz", effort, "--build"]);
    command::run(build.arg(top).arg(package))
}

struct Package {
    name: &'static str,
    about: &'static str,
    /// What is put where, from the top of the checkout.
    files: &'static [(&'static str, &'static str)],
    /// What an administrator changes, and an update keeps.
    settings: &'static [&'static str],
    scripts: &'static [&'static str],
}

pub(super) fn command_line(stage: &Path, licences: &Path, made: &Path) -> Result<()> {
    let package = Package {
        name: "aside-cli",
        about: "A live room in the terminal: read, say, ask, answer, export",
        files: &[],
        settings: &[],
        scripts: &[],
    };
    package.make(stage, licences, made)
}

pub(super) fn server(stage: &Path, licences: &Path, made: &Path) -> Result<()> {
    let package = Package {
        name: "aside-server",
        about: "The room server of Aside, with the audience's page",
        files: &[
            ("deploy/aside-server.service", "lib/systemd/system/aside-server.service"),
            ("deploy/server.toml", "etc/aside/server.toml"),
            ("docs/server.md", "usr/share/doc/aside-server/server.md"),
        ],
        settings: &["/etc/aside/server.toml"],
        scripts: &["postinst", "prerm", "postrm"],
    };
    package.make(stage, licences, made)
}

impl Package {
    fn make(&self, stage: &Path, licences: &Path, made: &Path) -> Result<()> {
        let top = stage.join("deb").join(self.name);
        if top.exists() {
            fs::remove_dir_all(&top)?;
        }
        let needs = needs(&stage.join(self.name))?.join(", ");
        put(&stage.join(self.name), &top.join("usr/bin").join(self.name), "755")?;
        let doc = top.join("usr/share/doc").join(self.name);
        put(&root().join("deploy/debian/copyright"), &doc.join("copyright"), "644")?;
        gzip(licences, &doc.join("THIRD-PARTY.gz"))?;
        for (from, to) in self.files {
            put(&root().join(from), &top.join(to), "644")?;
        }
        let unit = top.join("lib/systemd/system/aside-server.service");
        if unit.exists() {
            // The first line is for who copies it by hand.
            let text = fs::read_to_string(&unit)?;
            let packaged = text.split_once('\n').map_or("", |(_, rest)| rest);
            fs::write(&unit, packaged.replace("/usr/local/bin", "/usr/bin"))?;
        }
        let control = top.join("DEBIAN");
        for script in self.scripts {
            put(&root().join("deploy/debian").join(script), &control.join(script), "755")?;
        }
        fs::create_dir_all(&control)?;
        if !self.settings.is_empty() {
            fs::write(control.join("conffiles"), self.settings.join("\n") + "\n")?;
        }
        let (version, name) = (env!("CARGO_PKG_VERSION"), self.name);
        let architecture = command::output(Command::new("dpkg").arg("--print-architecture"))?;
        let architecture = architecture.trim();
        let size = command::output(Command::new("du").args(["-sk"]).arg(&top))?;
        let size = size.split_whitespace().next().unwrap_or_default();
        let about = self.about;
        let text = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: The Aside authors\n\
             Installed-Size: {size}\nDepends: {needs}\nSection: net\nPriority: optional\nDescription: {about}\n"
        );
        fs::write(control.join("control"), text)?;
        let file = made.join(format!("{name}_{version}_{architecture}.deb"));
        pack(&top, &file, stage)
    }
}

fn put(from: &Path, to: &Path, mode: &str) -> Result<()> {
    let mut install = Command::new("install");
    command::output(install.args(["-D", "-m", mode]).arg(from).arg(to))?;
    Ok(())
}

/// Packed so that the same text gives the same bytes.
pub(super) fn gzip(text: &Path, to: &Path) -> Result<PathBuf> {
    let mut gzip = Command::new("gzip");
    gzip.args(["-9", "--no-name", "--stdout"]).arg(text).stdout(output_to(to)?);
    command::run(&mut gzip)?;
    Ok(to.to_owned())
}

/// The Debian packages whose libraries a program is linked to, with the versions that it takes.
pub(super) fn needs(program: &Path) -> Result<Vec<String>> {
    let folder = root().join("target/dist/shlibdeps");
    fs::create_dir_all(folder.join("debian"))?;
    // It asks for a source package's description, and reads nothing from it.
    fs::write(
        folder.join("debian/control"),
        "Source: aside\n\nPackage: aside\nArchitecture: any\n",
    )?;
    let mut ask = Command::new("dpkg-shlibdeps");
    ask.args(["-O", "--warnings=0"]).arg(program).current_dir(&folder);
    let told = command::output(&mut ask)?;
    let needs =
        told.trim().strip_prefix("shlibs:Depends=").context("dpkg-shlibdeps says nothing")?;
    Ok(needs.split(", ").map(str::to_owned).collect())
}
