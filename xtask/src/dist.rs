//! `cargo xtask dist`: what people install, for the system that it runs on, with the list of all that is inside.
//!
//! The app's packages are Tauri's; those of `aside-cli` and `aside-server` are made here, so that neither brings a webview along.

mod contents;
mod deb;
mod licences;
mod sbom;

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::{
    command::{self, cargo, root},
    debian, page,
};

pub(crate) use self::contents::PROGRAMS;

/// What packing takes beside what building does.
const PACKING: &[&str] = &["appstream", "binutils", "desktop-file-utils", "dpkg-dev", "gzip"];

/// Tauri's own target folder: it writes into the programs that it packs.
const STAGE: &str = "target/dist";

/// On Windows: which of the certificates in the person's store signs the installers.
const THUMBPRINT: &str = "ASIDE_WINDOWS_THUMBPRINT";

/// What macOS calls a program for both of its processors.
const UNIVERSAL: &str = "universal-apple-darwin";

pub(crate) struct Wish {
    /// The folder of `target` that holds the programs.
    profile: &'static str,
    /// Lets Tauri fetch the tools that a kind of package takes from where their makers put them.
    fetch: bool,
    /// On macOS: for both processors.
    universal: bool,
}

impl Wish {
    /// Of what the tests have built: enough to try packages with.
    pub(crate) fn of_a_debug_build() -> Self {
        Self { profile: "debug", fetch: false, universal: false }
    }

    /// Where Tauri finds the programs and leaves its packages.
    fn stage(&self) -> PathBuf {
        let target = if self.universal { UNIVERSAL } else { "" };
        root().join(STAGE).join(target).join(self.profile)
    }
}

pub(crate) fn dist(args: &[String]) -> Result<()> {
    let mut wish = Wish { profile: "release", fetch: false, universal: false };
    let (mut builds, mut packs) = (true, true);
    for arg in args {
        match arg.as_str() {
            "--built" => builds = false,
            "--only-build" => packs = false,
            "--fetch-tools" => wish.fetch = true,
            "--universal" if cfg!(target_os = "macos") => wish.universal = true,
            _ => {
                bail!("dist takes --only-build, --built, --fetch-tools and, on macOS, --universal")
            }
        }
    }
    debian::ensure(false)?;
    debian::also(PACKING)?;
    page::install()?;
    if builds {
        page::build_if_changed()?;
        build(&wish)?;
    }
    if !packs {
        return Ok(());
    }
    let made = package(&wish)?;
    println!("\n{:>12}  {}", "bytes", made.display());
    for file in files(&made)? {
        let name = file.file_name().unwrap_or_default().display().to_string();
        println!("{:>12}  {name}", file.metadata()?.len());
    }
    Ok(())
}

/// The programs as they ship, in `target/release`.
fn build(wish: &Wish) -> Result<()> {
    let what = PROGRAMS.into_iter().flat_map(|program| ["-p", program]);
    let build = ["build", "--release", "--locked"].into_iter().chain(what);
    if !wish.universal {
        return command::run(cargo().args(build));
    }
    let halves = ["aarch64-apple-darwin", "x86_64-apple-darwin"];
    for half in halves {
        command::run(cargo().args(build.clone()).args(["--target", half]))?;
    }
    fs::create_dir_all(root().join("target/release"))?;
    for program in PROGRAMS {
        let of = |folder: &str| format!("target/{folder}release/{program}");
        let mut both = Command::new("lipo");
        both.args(["-create", "-output", &of("")]);
        command::run(both.args(halves.map(|half| of(&format!("{half}/")))))?;
    }
    Ok(())
}

/// Packs the programs; returns the folder of the packages, and of the two lists of what is inside.
pub(crate) fn package(wish: &Wish) -> Result<PathBuf> {
    let stage = wish.stage();
    let made = stage.join("packages");
    for old in [made.as_path(), &stage.join("bundle")] {
        if old.exists() {
            fs::remove_dir_all(old).with_context(|| format!("cannot clear {}", old.display()))?;
        }
    }
    fs::create_dir_all(&made).with_context(|| format!("cannot make {}", made.display()))?;
    for program in PROGRAMS {
        let program = format!("{program}{}", env::consts::EXE_SUFFIX);
        bring(&root().join("target").join(wish.profile).join(&program), &stage.join(&program))?;
    }
    let version = env!("CARGO_PKG_VERSION");
    let parts = contents::parts()?;
    let bill = serde_json::to_string_pretty(&sbom::document(&parts, version))?;
    fs::write(made.join(format!("aside_{version}.cdx.json")), bill)?;
    let licences = made.join("THIRD-PARTY");
    fs::write(&licences, licences::document(&parts)?)?;
    println!("{} parts and their licences are listed.", parts.len());

    tauri(wish, &licences)?;
    for kind in files(&stage.join("bundle"))? {
        for package in files(&kind)?.iter().filter(|file| is_package(file)) {
            let name = package.file_name().context("a package without a name")?;
            fs::rename(package, made.join(name))?;
        }
    }
    if cfg!(target_os = "linux") && command::find("dpkg-deb").is_some() {
        for package in files(&made)?.iter().filter(|file| file.extension() == Some("deb".as_ref()))
        {
            deb::repack(package, &stage)?;
        }
        deb::command_line(&stage, &licences, &made)?;
        deb::server(&stage, &licences, &made)?;
    }
    Ok(made)
}

/// A copy without what only a debugger reads: Tauri writes into it, too.
fn bring(program: &Path, to: &Path) -> Result<()> {
    ensure!(program.is_file(), "{} is not built", program.display());
    if cfg!(target_os = "linux") {
        return command::run(Command::new("strip").arg("-o").arg(to).arg(program));
    }
    fs::copy(program, to).with_context(|| format!("cannot copy {}", program.display()))?;
    Ok(())
}

/// The app's own packages.
fn tauri(wish: &Wish, licences: &Path) -> Result<()> {
    let kinds = kinds(wish.fetch);
    if kinds.is_empty() {
        println!("No kind of package can be made of the app here.");
        return Ok(());
    }
    check_releases()?;
    let mut bundle = Command::new("node");
    bundle.arg(root().join("ui/node_modules/@tauri-apps/cli/tauri.js"));
    bundle.args(["bundle", "--ci", "--bundles", &kinds.join(",")]);
    if wish.profile == "debug" {
        bundle.arg("--debug");
    }
    if wish.universal {
        bundle.args(["--target", UNIVERSAL]);
    }
    if cfg!(target_os = "linux") {
        bundle.args(["--config", &linux(&wish.stage(), licences)?.to_string()]);
    }
    if let Ok(thumbprint) = env::var(THUMBPRINT) {
        let windows = json!({ "certificateThumbprint": thumbprint, "digestAlgorithm": "sha256" });
        bundle.args(["--config", &json!({ "bundle": { "windows": windows } }).to_string()]);
    }
    command::run(bundle.env("CARGO_TARGET_DIR", root().join(STAGE)).current_dir(root()))
}

/// The kinds of packages that this system's tools can make; what is left out is said.
fn kinds(fetch: bool) -> Vec<&'static str> {
    let home = env::home_dir().unwrap_or_default();
    let local = env::var_os("LOCALAPPDATA").map(PathBuf::from).unwrap_or_default();
    let linuxdeploy = format!(".cache/tauri/linuxdeploy-{}.AppImage", env::consts::ARCH);
    // Kinds whose tools Tauri would download: from nowhere, unless it was asked for.
    let (mut kinds, fetched) = match env::consts::OS {
        "linux" => (vec!["deb", "rpm"], vec![("appimage", home.join(linuxdeploy))]),
        "macos" => (vec!["app", "dmg"], vec![]),
        "windows" => (
            vec![],
            vec![("nsis", local.join("tauri/NSIS")), ("msi", local.join("tauri/WixTools314"))],
        ),
        _ => (vec![], vec![]),
    };
    for (kind, tool) in fetched {
        if fetch || tool.exists() {
            kinds.push(kind);
        } else {
            println!(
                "Left out: {kind}. Its tool is not at {}, and is downloaded with --fetch-tools only.",
                tool.display()
            );
        }
    }
    for (system, theirs) in
        [("linux", "deb, rpm, appimage"), ("macos", "dmg"), ("windows", "nsis, msi")]
    {
        if system != env::consts::OS {
            println!("Left out: {theirs}. They are made on {system}.");
        }
    }
    kinds
}

/// What the configuration cannot say: what is made here, and what the app needs of a Debian.
fn linux(stage: &Path, licences: &Path) -> Result<Value> {
    let copyright = root().join("deploy/debian/copyright");
    let packed = deb::gzip(licences, &stage.join("THIRD-PARTY.gz"))?;
    let files = json!({
        "/usr/share/doc/aside/copyright": copyright,
        "/usr/share/doc/aside/THIRD-PARTY.gz": packed,
    });
    let mut deb = json!({ "files": files });
    if command::find("dpkg-shlibdeps").is_some() {
        deb["depends"] = json!(deb::needs(&stage.join(PROGRAMS[0]))?);
    }
    Ok(json!({ "bundle": { "linux": { "deb": deb, "rpm": { "files": files } } } }))
}

/// Software centres show the newest release of the metadata: it has to be this one.
fn check_releases() -> Result<()> {
    let metadata = fs::read_to_string(root().join("src-tauri/aside.metainfo.xml"))?;
    let release = format!("<release version=\"{}\"", env!("CARGO_PKG_VERSION"));
    ensure!(metadata.contains(&release), "src-tauri/aside.metainfo.xml has no {release} …/>");
    Ok(())
}

fn is_package(file: &Path) -> bool {
    let ending = file.extension().unwrap_or_default();
    file.is_file()
        && ["deb", "rpm", "AppImage", "dmg", "exe", "msi"].iter().any(|kind| ending == *kind)
}

/// What is in a folder, in the order of the names; nothing where there is none.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files =
        entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    Ok(files)
}

/// A new file for a program's output.
fn output_to(file: &Path) -> Result<File> {
    File::create(file).with_context(|| format!("cannot write {}", file.display()))
}
