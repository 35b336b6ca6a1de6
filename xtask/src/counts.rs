//! `cargo xtask counts`: what a message costs on its way to the disk and a search on its way back, in instructions, against a committed baseline.
//!
//! Times on a shared machine differ by half; callgrind's counts of one program are the same to one in a thousand, and mostly to the last one. They do depend on the compiler, on the C library
//! (which picks its copying by CPU) and on valgrind (which shows programs one made-up CPU for every real one with AVX2, another for those without). So the
//! baseline names all of these: where they are the same, two in a hundred more are a failure; where not, only a fifth more is.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{
    command::{self, cargo, find, root},
    debian,
};

/// Where the baseline is.
const BASELINE: &str = "crates/sample/counts.json";

/// The parts, and what one unit of each is.
const PARTS: &[(&str, &str, f64)] = &[
    ("decode", "frame", 10_000.0),
    ("merge", "frame", 10_000.0),
    ("align", "row of a snapshot", 512.0),
    ("commit", "row", 10_000.0),
    ("ingest", "message", 10_000.0),
    ("search", "query", 200.0),
];

/// More than this share above the baseline fails, where everything that counts depend on is as it was: repeated runs differ by less than one in a
/// thousand, so this is what a change may cost without a word.
const TOLERANCE: f64 = 0.02;
/// The same with another compiler, C library, CPU or valgrind.
const ELSEWHERE: f64 = 0.2;
/// The whole way may cost so much of the sum of its parts.
const WHOLE: f64 = 1.2;

pub(crate) fn counts(args: &[String]) -> Result<()> {
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => check(),
        ["--write"] => write(),
        _ => bail!("counts takes --write or nothing"),
    }
}

/// Compares with the baseline; on systems that valgrind does not run on, only says so.
pub(crate) fn check() -> Result<()> {
    let Some(counted) = count()? else { return Ok(()) };
    let baseline =
        fs::read_to_string(root().join(BASELINE)).with_context(|| format!("no {BASELINE}"))?;
    let baseline: Value = serde_json::from_str(&baseline)?;
    let here = here()?;
    let same = baseline["made_with"] == here;
    let tolerance = if same { TOLERANCE } else { ELSEWHERE };
    if !same {
        println!(
            "The baseline was counted with {}, this with {here}: {:.0} % are let pass.",
            baseline["made_with"],
            tolerance * 100.0
        );
    }
    let breaches = breaches(&counted, &baseline["instructions"], tolerance);
    if breaches.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\n(`cargo xtask counts --write` makes these the baseline, if they are meant)",
        breaches.join("\n")
    )
}

fn write() -> Result<()> {
    let Some(counted) = count()? else { bail!("nothing was counted") };
    let baseline = json!({ "made_with": here()?, "instructions": counted });
    fs::write(root().join(BASELINE), format!("{baseline:#}\n"))?;
    println!("{BASELINE} is written.");
    Ok(())
}

fn breaches(counted: &BTreeMap<String, f64>, baseline: &Value, tolerance: f64) -> Vec<String> {
    let mut breaches = Vec::new();
    for (part, _, _) in PARTS {
        let (Some(now), Some(before)) = (counted.get(*part), baseline[part].as_f64()) else {
            breaches.push(format!("{part}: not in {BASELINE}"));
            continue;
        };
        let more = now / before - 1.0;
        println!("{part:<8} {now:>12.0}  {:+.2} %", more * 100.0);
        if more > tolerance {
            breaches.push(format!(
                "{part}: {now:.0} instructions, {before:.0} in the baseline: {:+.2} %",
                more * 100.0
            ));
        }
    }
    let of = |part: &str| counted.get(part).copied().unwrap_or_default();
    let parts = of("decode") + of("merge") + of("commit");
    println!("ingest is {:.3} of decode, merge and commit together", of("ingest") / parts);
    if of("ingest") > WHOLE * parts {
        breaches.push(format!("ingest: {:.0} instructions, its parts {parts:.0}", of("ingest")));
    }
    breaches
}

/// Instructions for one unit of each part; nothing where valgrind cannot run.
fn count() -> Result<Option<BTreeMap<String, f64>>> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        println!(
            "NOT COUNTED: the baseline is of Linux on x86-64, and valgrind runs on few others."
        );
        return Ok(None);
    }
    debian::ensure(true)?;
    if find("valgrind").is_none() {
        bail!("valgrind is missing");
    }
    let build = [
        "build",
        "--package",
        "aside-sample",
        "--bin",
        "counts",
        "--profile",
        "counts",
        "--locked",
    ];
    command::run(cargo().args(build))?;
    let metadata = command::output(cargo().args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--locked",
    ]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let target =
        Path::new(metadata["target_directory"].as_str().context("cargo names no target folder")?);
    let program = target.join("counts/counts");
    let stage = target.join("xtask/counts");
    if stage.exists() {
        fs::remove_dir_all(&stage)?;
    }
    fs::create_dir_all(&stage)?;
    command::run(Command::new(&program).arg("prepare").arg(&stage))?;
    let counted = command::side_by_side(PARTS, |(part, unit, units)| {
        let all = callgrind(&program, part, &stage)?;
        println!("{part:<8} {:>12.0} instructions a {unit}", all / units);
        Ok(((*part).to_owned(), (all / units).round()))
    });
    let counted = counted.into_iter().collect::<Result<_>>()?;
    fs::remove_dir_all(&stage)?;
    Ok(Some(counted))
}

/// What was executed in the part's own function and below it. The profile is kept, for callgrind_annotate.
fn callgrind(program: &Path, part: &str, stage: &Path) -> Result<f64> {
    let profile = stage.with_file_name(format!("callgrind.{part}"));
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(format!("--toggle-collect=*counts::counted_{part}"))
        .arg(program)
        .arg(part)
        .arg(stage)
        .env_remove("GLIBC_TUNABLES")
        .output()
        .context("cannot start valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("counting {part} failed: {}\n{said}", output.status);
    }
    collected(&said)
        .filter(|count| *count > 0.0)
        .with_context(|| format!("valgrind counted nothing of {part}:\n{said}"))
}

fn collected(said: &str) -> Option<f64> {
    let line = said.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

/// Everything that counts depend on besides the source.
fn here() -> Result<Value> {
    let first = |text: String| text.lines().next().unwrap_or_default().trim().to_owned();
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let avx2 = flags.split_whitespace().any(|flag| flag == "avx2");
    Ok(json!({
        "rustc": first(command::output(Command::new("rustc").arg("--version"))?),
        "cc": first(command::output(Command::new("cc").arg("--version"))?),
        "libc": first(command::output(Command::new("ldd").arg("--version"))?),
        "valgrind": first(command::output(Command::new("valgrind").arg("--version"))?),
        "cpu": if avx2 { "x86-64 with AVX2" } else { "x86-64 without AVX2" },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(ingest: f64) -> BTreeMap<String, f64> {
        let of = |part: &str| if part == "ingest" { ingest } else { 100.0 };
        PARTS.iter().map(|(part, _, _)| ((*part).to_owned(), of(part))).collect()
    }

    #[test]
    fn two_in_a_hundred_pass_and_three_do_not() {
        let baseline = json!(counted(300.0));
        assert_eq!(breaches(&counted(305.0), &baseline, TOLERANCE).len(), 0);
        assert_eq!(breaches(&counted(309.0), &baseline, TOLERANCE).len(), 1);
        assert_eq!(breaches(&counted(309.0), &baseline, ELSEWHERE).len(), 0);
        assert_eq!(
            breaches(&counted(250.0), &baseline, TOLERANCE).len(),
            0,
            "less is never a failure"
        );
    }

    #[test]
    fn a_whole_that_costs_more_than_its_parts_and_a_part_that_nobody_counted_fail() {
        assert_eq!(breaches(&counted(400.0), &json!(counted(400.0)), TOLERANCE).len(), 1);
        assert_eq!(breaches(&counted(300.0), &json!({}), TOLERANCE).len(), PARTS.len());
    }

    #[test]
    fn the_count_is_read_from_what_valgrind_says() {
        assert_eq!(
            collected("==1== Events    : Ir\n==1== Collected : 1916560066\n"),
            Some(1_916_560_066.0)
        );
        assert_eq!(collected("==1== nothing"), None);
    }
}
