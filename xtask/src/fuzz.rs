//! `cargo xtask fuzz`: the targets in `fuzz/`, built with coverage by the toolchain that is here, each for a while.
//!
//! The layout is cargo-fuzz's, which works as well where it is installed. We do without it: what it adds is a sanitizer
//! for unsafe code, which no target reaches, a nightly toolchain, and a minute of building.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::command::{self, cargo, find, root};

/// Coverage as libFuzzer wants it.
const COVERAGE: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// In `cargo xtask test`: enough to meet what is shallow; the slowest target, `align`, makes 17,000 a second.
const RUNS: u32 = 80_000;
const SECONDS: u64 = 60;

/// The first random number; and neither how long an input took, nor which addresses were compared, nor the second in which a folder is read again
/// has a say in the next.
const REPEATABLE: &[&str] = &["-seed=1", "-entropic=0", "-use_cmp=0", "-reload=0"];

/// How much is tried.
#[derive(Clone, Copy)]
enum Length {
    /// New inputs each time, beginning with what was found before.
    Seconds(u64),
    /// The same inputs each time on any machine, as far as what is tested leaves nothing to chance (`picture` does): a test that passed is not to fail
    /// for nothing that changed.
    Runs(u32),
}

struct Wish {
    length: Length,
    only: Option<String>,
}

pub(crate) fn fuzz(args: &[String]) -> Result<()> {
    let mut wish = Wish { length: Length::Seconds(SECONDS), only: None };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seconds" => {
                let seconds = args.next().context("--seconds takes a number")?;
                wish.length = Length::Seconds(
                    seconds.parse().with_context(|| format!("`{seconds}` is no number"))?,
                );
            }
            "--target" => wish.only = Some(args.next().context("--target takes a name")?.clone()),
            other => bail!("fuzz takes --seconds N and --target NAME, not `{other}`"),
        }
    }
    run(&wish)
}

/// The step of `cargo xtask test`.
pub(crate) fn short() -> Result<()> {
    run(&Wish { length: Length::Runs(RUNS), only: None })
}

fn run(wish: &Wish) -> Result<()> {
    if let Some(reason) = cannot() {
        println!("skipped: {reason}");
        return Ok(());
    }
    let targets: Vec<String> = targets()?
        .into_iter()
        .filter(|name| wish.only.as_ref().is_none_or(|only| only == name))
        .collect();
    if targets.is_empty() {
        bail!("no such target: fuzz/fuzz_targets holds them");
    }
    let built = build(&targets)?;
    match wish.length {
        Length::Seconds(seconds) => println!("{} targets, {seconds} s each.", targets.len()),
        Length::Runs(runs) => println!("{} targets, {runs} runs each.", targets.len()),
    }
    let outcomes = command::side_by_side(&targets, |name| target(name, &built, wish));
    let failed: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    for error in &failed {
        println!("{error:#}");
    }
    if failed.is_empty() { Ok(()) } else { bail!("{} targets failed", failed.len()) }
}

/// Why there is nothing to run here, if so.
fn cannot() -> Option<&'static str> {
    if !cfg!(any(target_os = "linux", target_os = "macos")) {
        return Some("libFuzzer runs on Linux and macOS");
    }
    if ["c++", "g++", "clang++"].into_iter().all(|compiler| find(compiler).is_none()) {
        return Some("libFuzzer is built from source, and there is no C++ compiler");
    }
    None
}

fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if let (Some(stem), Some("rs")) =
            (path.file_stem(), path.extension().and_then(|kind| kind.to_str()))
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Builds the targets; gives the folder that they are in.
fn build(targets: &[String]) -> Result<PathBuf> {
    let about = command::output(Command::new(cargo_rustc()).arg("-vV"))?;
    let host = about
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc does not say what it runs on")?;
    let folder = folder();
    let mut build = cargo();
    build.args(["build", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--release", "--locked"]);
    // A named target, even though it is this machine: build scripts must do without coverage.
    build.args(["--target", host]);
    for name in targets {
        build.args(["--bin", name]);
    }
    build.env("RUSTFLAGS", COVERAGE.join(" ")).env("CARGO_TARGET_DIR", &folder);
    let start = Instant::now();
    command::run(&mut build)?;
    println!("Built in {} s.", start.elapsed().as_secs());
    Ok(folder.join(host).join("release"))
}

fn cargo_rustc() -> std::ffi::OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

fn folder() -> PathBuf {
    root().join("target/fuzz")
}

/// One target: what it has found is kept below `target/fuzz`, what is in `fuzz/seeds` it starts from.
fn target(name: &str, built: &Path, wish: &Wish) -> Result<()> {
    let broken = folder().join("artifacts");
    let mut fuzzer = Command::new(built.join(name));
    let found = match wish.length {
        Length::Seconds(seconds) => {
            fuzzer.arg(format!("-max_total_time={seconds}"));
            folder().join("corpus").join(name)
        }
        Length::Runs(runs) => {
            fuzzer.arg(format!("-runs={runs}")).args(REPEATABLE);
            let scratch = folder().join("scratch").join(name);
            let _ = fs::remove_dir_all(&scratch);
            scratch
        }
    };
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&broken)?;
    fuzzer.args(["-timeout=10", "-rss_limit_mb=1024", "-max_len=4096", "-print_final_stats=1"]);
    fuzzer.arg(format!("-artifact_prefix={}/{name}-", broken.display()));
    fuzzer.arg(format!("-dict={}", root().join("fuzz/words.dict").display()));
    // The first folder is written to, the second only read.
    fuzzer.arg(&found);
    let seeds = root().join("fuzz/seeds").join(name);
    if seeds.is_dir() {
        fuzzer.arg(&seeds);
    }
    // The trace would push what was said out of the tail below.
    let ended = fuzzer
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .with_context(|| format!("cannot start the target {name}"))?;
    let words = String::from_utf8_lossy(&ended.stderr);
    if !ended.status.success() {
        let lines: Vec<&str> = words.lines().collect();
        let tail = lines[lines.len().saturating_sub(40)..].join("\n");
        bail!(
            "{name} failed ({}):\n{tail}\nThe input is in {}; put it into fuzz/seeds/{name} with the mend.",
            ended.status,
            broken.display()
        );
    }
    let number = |what: &str| {
        words.lines().find_map(|line| line.strip_prefix(what)).map_or("?", str::trim).to_owned()
    };
    println!("{name:<14} {:>10} runs", number("stat::number_of_executed_units:"));
    Ok(())
}
