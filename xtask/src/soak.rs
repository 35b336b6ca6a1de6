//! `cargo xtask soak`: the simulation at length, and the table in docs/reliability.md that it makes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{self, cargo};

/// The document, and the marks between which its table stands.
const DOCUMENT: &str = "docs/reliability.md";
const BEGIN: &str = "<!-- cargo xtask soak: begin -->";
const END: &str = "<!-- cargo xtask soak: end -->";
/// One JSON line of each class and kind of server.
const REPORT: &str = "target/simulation-report.jsonl";

/// How the table names the classes, in its order.
const CLASSES: [(&str, &str); 12] = [
    ("F1", "half-open links, one way or both"),
    ("F2", "resets, ends, silence at any byte; close codes; statuses"),
    ("F3", "sleep, wall clocks that step"),
    ("F4", "restarts, told and untold"),
    ("F5", "server killed between commit, telling and acknowledging"),
    ("F6", "history that lags, fails, lies"),
    ("F7", "tokens that end, and others that come"),
    ("F8", "slow readers, a slow disk, floods"),
    ("F9", "latency up to 3.8 s there and back, jitter, single bytes"),
    ("F11", "somebody else answers: portals, certificates, names"),
    ("F14", "a network that flaps every 0.2 to 10 s"),
    ("merge", "30 % repeats, a history up to 1.5 s late, links that break"),
];

/// Runs `--seeds N` of each class (half of them against either kind of server); `--write` puts the table into the document.
pub(crate) fn soak(args: &[String]) -> Result<()> {
    let (mut seeds, mut write) = (200_u64, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seeds" => {
                let count = args.next().context("--seeds needs a number")?;
                seeds = count.parse().context("--seeds needs a number")?;
            }
            "--write" => write = true,
            other => bail!("soak: no argument `{other}`"),
        }
    }
    let started = Instant::now();
    if Path::new(REPORT).exists() {
        fs::remove_file(REPORT).context("the last report stays")?;
    }
    let report = std::env::current_dir()?.join(REPORT);
    let ran = command::run(
        cargo()
            .args(["test", "--locked", "--profile", "simulation", "-p", "aside-session"])
            .args(["--test", "simulation", "--no-fail-fast", "--", "--test-threads"])
            .arg(std::thread::available_parallelism().map_or(2, usize::from).to_string())
            .env("ASIDE_SEEDS", seeds.div_ceil(2).to_string())
            .env("ASIDE_REPORT", &report),
    );
    let table =
        table(&fs::read_to_string(REPORT).context("nothing was reported")?, started.elapsed())?;
    println!("\n{table}");
    ran?;
    if write {
        put(&table)?;
    }
    Ok(())
}

#[derive(Default)]
struct Row {
    seeds: u64,
    bad: u64,
    entries: u64,
    wrong: [u64; 3],
    detection_ms: u64,
    p95_ms: u64,
    worst_ms: u64,
    tries: u64,
}

fn table(report: &str, took: Duration) -> Result<String> {
    let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
    for line in report.lines() {
        let value: Value = serde_json::from_str(line).context("a report that is no JSON")?;
        let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| value[name].as_u64().unwrap_or_default();
        rows.insert(
            (word("class"), word("mode")),
            Row {
                seeds: number("seeds"),
                bad: number("bad"),
                entries: number("entries"),
                wrong: ["lost", "doubled", "moved"].map(number),
                detection_ms: number("detection_ms"),
                p95_ms: number("recovery_p95_ms"),
                worst_ms: number("recovery_worst_ms"),
                tries: number("tries"),
            },
        );
    }
    let mut text = String::from(
        "| | Fault class | Server | Seeds | All invariants held | Entries seen | Lost / doubled / moved | Worst time to find a link dead | Back online: 95 % / worst | Most tries in a minute |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (class, words) in CLASSES {
        for (mode, server) in [("Core", "core"), ("Full", "extensions")] {
            let Some(row) = rows.get(&(class.to_owned(), mode.to_owned())) else { continue };
            let [lost, doubled, moved] = row.wrong;
            text.push_str(&format!(
                "| {class} | {words} | {server} | {} | {} | {} | {lost} / {doubled} / {moved} | {} | {} / {} | {} |\n",
                row.seeds,
                row.seeds - row.bad,
                row.entries,
                seconds(row.detection_ms),
                seconds(row.p95_ms),
                seconds(row.worst_ms),
                row.tries,
            ));
        }
    }
    let seeds: u64 = rows.values().map(|row| row.seeds).sum();
    text.push_str(&format!("\n{seeds} runs in {} s on this machine.\n", took.as_secs()));
    Ok(text)
}

fn seconds(ms: u64) -> String {
    if ms == 0 { "-".to_owned() } else { format!("{:.1} s", ms as f64 / 1000.0) }
}

fn put(table: &str) -> Result<()> {
    let text = fs::read_to_string(DOCUMENT).context(DOCUMENT)?;
    let (head, rest) = text.split_once(BEGIN).context("the table's begin is not marked")?;
    let (_, tail) = rest.split_once(END).context("the table's end is not marked")?;
    fs::write(DOCUMENT, format!("{head}{BEGIN}\n{table}{END}{tail}")).context(DOCUMENT)
}
