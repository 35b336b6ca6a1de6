//! The window hidden for as many rows as twelve hours have: the story of `tests/window/rest.rs`, the long way.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{self, cargo};
use crate::{debian, page, tools};

/// One JSON line of what the story saw.
const REPORT: &str = "target/hidden-report.jsonl";

/// With fewer, there is no minute after those that fill the caches to compare the last one with.
const FEWEST_MINUTES: u64 = 5;

/// Has the window hidden for so many minutes, and says what was seen as a table. What must hold, the story asserts.
pub(super) fn hide(minutes: u64) -> Result<String> {
    if !cfg!(target_os = "linux") {
        bail!("the hidden window runs on Linux only: --hidden-minutes 0 leaves it out");
    }
    if minutes < FEWEST_MINUTES {
        bail!("memory is judged after {FEWEST_MINUTES} minutes hidden at the earliest");
    }
    debian::ensure(true)?;
    page::install()?;
    page::build_if_changed()?;
    tools::ensure(&[tools::DRIVER])?;
    let report = std::env::current_dir()?.join(REPORT);
    if report.exists() {
        fs::remove_file(&report).context("the last report stays")?;
    }
    if let Some(folder) = report.parent() {
        fs::create_dir_all(folder)?;
    }
    command::run(
        cargo()
            .args(["test", "--locked", "--package", "aside", "--test", "window", "rest::"])
            .args(["--", "--nocapture"])
            .env("ASIDE_HIDDEN_MINUTES", minutes.to_string())
            .env("ASIDE_REPORT", &report),
    )
    .context("a hidden window lost something, its heartbeat, or its measure")?;
    let table = table(&fs::read_to_string(&report).context("nothing was reported")?)?;
    println!("\n{table}");
    Ok(table)
}

fn table(report: &str) -> Result<String> {
    let line = report.lines().last().context("an empty report")?;
    let seen: Value = serde_json::from_str(line).context("a report that is no JSON")?;
    let number = |name: &str| {
        seen[name].as_u64().with_context(|| format!("the report does not say `{name}`"))
    };
    let build = seen["build"].as_str().context("the report does not say which build")?;
    let minutes = seen["minutes"].as_f64().context("the report does not say how long")?;
    let minutely = |name: &str| {
        let list = seen[name].as_array().context("the report does not say the memory")?;
        anyhow::Ok(list.iter().map(Value::to_string).collect::<Vec<_>>().join(" "))
    };
    Ok(format!(
        "| Rows while hidden | Hidden for | Lost, doubled, moved | Heartbeats late or missing | MiB shown | MiB hidden: at first, then after each minute | Of them in no file, and the app's alone | MiB shown again | The window is back after | Rows are painted after |\n|---|---|---|---|---|---|---|---|---|---|\n\
         | {} | {minutes} min | 0 | 0 | {} | {} | {} | {} | {:.2} s | {:.2} s |\n\n\
         MiB of all processes of the app; pages that other programs use, too, count by their share, so that those programs' coming and going shows. A {build} build. The times count from the start of the app's second process, which brings the window back.\n",
        number("rows")?,
        number("shown_mib")?,
        minutely("hidden_mib")?,
        minutely("hidden_own_mib")?,
        number("again_mib")?,
        number("window_ms")? as f64 / 1000.0,
        number("rows_ms")? as f64 / 1000.0,
    ))
}
