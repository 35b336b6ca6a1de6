//! `cargo xtask soak`: the simulation, the hidden window, several servers in trouble and the deaths at length, and the tables
//! in docs/reliability.md that it makes.

mod hidden;
mod nodes;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{self, cargo};
use crate::debian;

/// The document, and the names in the marks between which its tables stand.
const DOCUMENT: &str = "docs/reliability.md";
const SIMULATION: &str = "cargo xtask soak";
const HIDDEN: &str = "cargo xtask soak, hidden";
const NODES: &str = "cargo xtask soak, nodes";
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
    ("F14", "a network that flaps: trouble of up to 10 s after every 0.5 to 10 s"),
    ("merge", "30 % repeats, a history up to 1.5 s late, links that break"),
];

/// The simulation with `--seeds N` of each class (half of them against either kind of server) and a restart with
/// `--clients N`, a window hidden for `--hidden-minutes N`, three servers in trouble by `--nodes N` seeds, and about `--kills N`
/// deaths of processes; 0 leaves a part out. `--write` puts the tables into the document.
pub(crate) fn soak(args: &[String]) -> Result<()> {
    let (mut seeds, mut clients, mut minutes, mut nodes, mut kills) = (200, 1000, 12, 50, 500);
    let mut write = false;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let number = match arg.as_str() {
            "--seeds" => &mut seeds,
            "--clients" => &mut clients,
            "--hidden-minutes" => &mut minutes,
            "--nodes" => &mut nodes,
            "--kills" => &mut kills,
            "--write" => {
                write = true;
                continue;
            }
            other => bail!("soak: no argument `{other}`"),
        };
        let count = args.next().and_then(|count| count.parse().ok());
        *number = count.with_context(|| format!("{arg} needs a number"))?;
    }
    if seeds == 0 {
        println!("Left out: the simulation (--seeds 0).");
    } else {
        let tables = simulate(seeds, clients)?;
        if write {
            put(SIMULATION, &tables)?;
        }
    }
    if minutes == 0 {
        println!("Left out: the hidden window (--hidden-minutes 0).");
    } else {
        let table = hidden::hide(minutes)?;
        if write {
            put(HIDDEN, &table)?;
        }
    }
    if nodes == 0 {
        println!("Left out: several servers in trouble (--nodes 0).");
    } else {
        debian::also(&["nats-server"])?;
        let table = nodes::trouble(nodes)?;
        if write {
            put(NODES, &table)?;
        }
    }
    if kills == 0 {
        println!("Left out: the deaths of processes (--kills 0).");
        return Ok(());
    }
    command::run(
        cargo()
            .args(["nextest", "run", "--workspace", "--locked", "--profile", "crash"])
            .env("ASIDE_KILLS", kills.to_string()),
    )
    .context("a process that died left something wrong behind")
}

/// What the tests run of it.
pub(crate) fn simulation() -> Result<()> {
    simulate(200, 1000).map(drop)
}

fn simulate(seeds: u64, clients: u64) -> Result<String> {
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
            .env("ASIDE_CLIENTS", clients.to_string())
            .env("ASIDE_REPORT", &report),
    );
    let report = fs::read_to_string(REPORT).context("nothing was reported")?;
    let tables = format!("{}\n{}", table(&report, started.elapsed())?, storms(&report)?);
    println!("\n{tables}");
    ran.map(|()| tables)
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
        if value["class"].is_null() {
            continue;
        }
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

/// A restart with a full house.
fn storms(report: &str) -> Result<String> {
    let mut text = String::from(
        "| Restart, server away for 5 s | Clients | Tries of a client: mean / most | Tries in the busiest second: away / there | All back after |\n|---|---|---|---|---|\n",
    );
    for (told, words) in [(true, "announced, with `retry_ms`"), (false, "a crash: no `retry_ms`")] {
        for line in report.lines() {
            let value: Value = serde_json::from_str(line).context("a report that is no JSON")?;
            if value["storm"].as_bool() != Some(told) {
                continue;
            }
            let number = |name: &str| value[name].as_u64().unwrap_or_default();
            text.push_str(&format!(
                "| {words} | {} | {:.2} / {} | {} / {} | {} |\n",
                number("clients"),
                number("tries") as f64 / number("clients").max(1) as f64,
                number("most"),
                number("peak_away"),
                number("peak_there"),
                seconds(number("back_ms")),
            ));
        }
    }
    Ok(text)
}

fn seconds(ms: u64) -> String {
    if ms == 0 { "-".to_owned() } else { format!("{:.1} s", ms as f64 / 1000.0) }
}

/// Puts tables into the document, between the marks of this name.
fn put(name: &str, tables: &str) -> Result<()> {
    let (begin, end) = (format!("<!-- {name}: begin -->"), format!("<!-- {name}: end -->"));
    let text = fs::read_to_string(DOCUMENT).context(DOCUMENT)?;
    let (head, rest) = text.split_once(&begin).context("the tables' begin is not marked")?;
    let (_, tail) = rest.split_once(&end).context("the tables' end is not marked")?;
    fs::write(DOCUMENT, format!("{head}{begin}\n{tables}{end}{tail}")).context(DOCUMENT)
}
