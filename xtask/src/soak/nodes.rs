//! Three servers and one log, in trouble by seed, and the table of it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::seconds;
use crate::command::{self, cargo};

/// One JSON line of each seed that held.
const REPORT: &str = "target/nodes-report.jsonl";

/// Runs the seeds, and gives their table.
pub(super) fn trouble(seeds: u64) -> Result<String> {
    if Path::new(REPORT).exists() {
        fs::remove_file(REPORT).context("the last report stays")?;
    }
    let report = std::env::current_dir()?.join(REPORT);
    let ran = command::run(
        cargo()
            .args(["test", "--locked", "-p", "aside-server", "--test", "black_box", "seeds::"])
            .args(["--", "--nocapture"])
            .env("ASIDE_NODE_SEEDS", seeds.to_string())
            .env("ASIDE_REPORT", &report),
    );
    let table = table(seeds, &fs::read_to_string(REPORT).context("no seed held")?)?;
    println!("\n{table}");
    ran.map(|()| table)
}

fn table(seeds: u64, report: &str) -> Result<String> {
    let lines: Vec<Value> = report
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .context("a report that is no JSON")?;
    let sum = |name: &str| lines.iter().filter_map(|line| line[name].as_u64()).sum::<u64>();
    let mut well: Vec<u64> = lines.iter().filter_map(|line| line["well_ms"].as_u64()).collect();
    well.sort_unstable();
    let at = |hundredths: usize| well.get(well.len().saturating_sub(1) * hundredths / 100).copied();
    let [half, most, worst] = [50, 95, 100].map(|part| seconds(at(part).unwrap_or(0)));
    Ok(format!(
        "| Seeds | All invariants held | Entries | Acknowledged to their senders | Claims, each of one desk | All well again: half / 95 % / worst |\n\
         |---|---|---|---|---|---|\n\
         | {seeds} | {} | {} | {} | {} | {half} / {most} / {worst} |\n",
        lines.len(),
        sum("entries"),
        sum("acked"),
        sum("claims"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_counted() {
        let report = "{\"entries\":10,\"acked\":7,\"claims\":1,\"well_ms\":900}\n\
                      {\"entries\":20,\"acked\":8,\"claims\":2,\"well_ms\":2000}\n";
        let table = table(3, report).unwrap_or_default();
        assert!(table.ends_with("| 3 | 2 | 30 | 15 | 3 | 0.9 s / 0.9 s / 2.0 s |\n"), "{table}");
    }
}
