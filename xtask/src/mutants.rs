//! `cargo xtask mutants`: breaks one rule after the other in a scratch copy; a named test must notice each time.
//!
//! `xtask/mutants/*.patch` open with two lines: `Rule:` in words, `Test:` as arguments for `cargo nextest run`.

use std::{
    collections::HashSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::command::{self, cargo};

const PATCHES: &str = "xtask/mutants";
const SCRATCH: &str = "target/mutants";
/// nextest's own code for "a test failed", apart from "it did not build" and "no such test".
const TEST_FAILED: i32 = 100;

struct Mutant {
    name: String,
    path: PathBuf,
    rule: String,
    test: Vec<String>,
    /// The files that it changes.
    files: Vec<String>,
}

pub(crate) fn mutants(args: &[String]) -> Result<()> {
    let mut chosen = all()?;
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {}
        ["--only", name] => chosen.retain(|mutant| mutant.name == name),
        _ => bail!("mutants takes --only NAME"),
    }
    if chosen.is_empty() {
        bail!("no such mutant: they are in {PATCHES}");
    }
    let tree = scratch(&chosen)?;
    println!("First unbroken: a test that fails anyway would notice nothing.");
    for mutant in &chosen {
        if nextest(&tree, &mutant.test)? != Some(0) {
            bail!("`{}` fails, or is not there, without any change", mutant.test.join(" "));
        }
    }
    let mut missed = Vec::new();
    for mutant in &chosen {
        let start = Instant::now();
        apply(&tree, mutant, &[])?;
        let ended = nextest(&tree, &mutant.test)?;
        apply(&tree, mutant, &["--reverse"])?;
        let caught = ended == Some(TEST_FAILED);
        let word = if caught { "caught" } else { "MISSED" };
        println!("{word} {:<26} {:>4} s  {}", mutant.name, start.elapsed().as_secs(), mutant.rule);
        if !caught {
            missed.push(format!("{} (nextest ended with {ended:?})", mutant.name));
        }
    }
    if !missed.is_empty() {
        bail!("no test noticed: {}", missed.join(", "));
    }
    println!("{} rules broken, each noticed by its test.", chosen.len());
    Ok(())
}

/// A breach for each patch that the code has moved away from.
pub(crate) fn check() -> Result<Vec<String>> {
    let applies = |mutant: &Mutant| {
        let mut git = Command::new("git");
        git.args(["apply", "--check"]).arg(&mutant.path).stderr(Stdio::null());
        git.status().is_ok_and(|status| status.success())
    };
    let stale = all()?.into_iter().filter(|mutant| !applies(mutant));
    Ok(stale.map(|mutant| format!("{}: no longer applies", mutant.path.display())).collect())
}

fn all() -> Result<Vec<Mutant>> {
    let mut mutants = Vec::new();
    for file in fs::read_dir(PATCHES).with_context(|| format!("cannot read {PATCHES}"))? {
        let path = file?.path();
        let text = fs::read_to_string(&path)?;
        let line = |start: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(start));
            found.with_context(|| format!("{} has no line `{start}`", path.display()))
        };
        mutants.push(Mutant {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            rule: line("Rule: ")?.to_owned(),
            test: line("Test: ")?.split_whitespace().map(str::to_owned).collect(),
            files: text
                .lines()
                .filter_map(|line| line.strip_prefix("--- a/"))
                .map(str::to_owned)
                .collect(),
            path,
        });
    }
    mutants.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(mutants)
}

/// A copy of the checkout as it is now. Files keep their time, so that cargo builds again only what changed, except those
/// that a mutant touches: what was built from them last may be broken.
fn scratch(mutants: &[Mutant]) -> Result<PathBuf> {
    let tree = command::root().join(SCRATCH).join("tree");
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    let touched: HashSet<&str> =
        mutants.iter().flat_map(|mutant| &mutant.files).map(String::as_str).collect();
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = command::output(Command::new("git").args(list))?;
    for path in listed.split('\0').filter(|path| Path::new(path).is_file()) {
        let copy = tree.join(path);
        fs::create_dir_all(copy.parent().unwrap_or(&tree))?;
        fs::copy(path, &copy)?;
        if !touched.contains(path) {
            let time = fs::metadata(path)?.modified()?;
            fs::File::options().append(true).open(&copy)?.set_modified(time)?;
        }
    }
    Ok(tree)
}

fn apply(tree: &Path, mutant: &Mutant, how: &[&str]) -> Result<()> {
    let patch = command::root().join(&mutant.path);
    // The copy lies inside the checkout, and git must not take the checkout for it.
    let above = tree.parent().unwrap_or(tree);
    let mut git = Command::new("git");
    git.current_dir(tree).env("GIT_CEILING_DIRECTORIES", above).arg("apply").args(how).arg(patch);
    command::run(&mut git)
}

/// The exit code of nextest in the copy, with a folder of its own for what it builds.
fn nextest(tree: &Path, test: &[String]) -> Result<Option<i32>> {
    let mut run = cargo();
    run.current_dir(tree)
        .env("CARGO_TARGET_DIR", tree.with_file_name("build"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("RUST_BACKTRACE", "0")
        .args(["nextest", "run", "--locked", "--no-fail-fast"])
        .args(test);
    if env::var_os("ASIDE_MUTANTS_SHOWN").is_none() {
        run.stdout(Stdio::null()).stderr(Stdio::null());
    }
    println!("$ cargo nextest run {}", test.join(" "));
    Ok(run.status().context("cannot start cargo nextest")?.code())
}
