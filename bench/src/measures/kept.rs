//! What needs no window: finding in a long history, and what more rows cost.

use std::fs;

use anyhow::{Context as _, Result};
use aside_sample::{finding, growing};
use serde_json::Value;

use super::Pace;
use crate::plot::{Line, plot};
use crate::report::{Figure, Goal, quantile};
use crate::stage::Stage;

/// The curves, in the document.
const CURVES: &str = "docs/images/growth.svg";
/// The committed counts of instructions, and how they are made: `cargo xtask counts`.
const COUNTS: &str = "crates/sample/counts.json";

pub(crate) async fn search(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let mut told = Vec::new();
    let rows = pace.times(1_000_000);
    finding::measure(&stage.home()?, rows, |line| told.push(line.clone())).await?;
    let found: Vec<&Value> = told.iter().filter(|line| line["measure"] == "search").collect();
    let ms = |name: &str| -> Vec<f64> {
        found.iter().filter_map(|line| line[name].as_f64()).map(|us| us / 1e3).collect()
    };
    let (p95, scan) = (ms("p95_us"), ms("scan_p50_us"));
    let worst = quantile(&p95, 1.0);
    let kinds = found.len();
    Ok(vec![
        Figure::new(11, format!("search in {rows} rows: worst 95 % of {kinds} kinds"), worst, "ms")
            .beside("the worst scan by SQLite", quantile(&scan, 1.0))
            .goals(Goal::Most(10.0), Goal::Most(1.0)),
        Figure::new(11, "search: median of the 95 % of all kinds", quantile(&p95, 0.5), "ms")
            .goals(Goal::Most(10.0), Goal::Most(1.0)),
    ])
}

pub(crate) async fn growth(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let sizes: &[usize] = match pace {
        Pace::Whole => &[10_000, 100_000, 1_000_000],
        Pace::Quick => &[10_000, 30_000, 100_000],
    };
    let mut lines: Vec<Line> = Vec::new();
    growing::measure(&stage.home()?, sizes, |told| {
        let (Some(name), Some(n), Some(value)) =
            (told["growth"].as_str(), told["n"].as_f64(), told["value"].as_f64())
        else {
            return;
        };
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.points.push((n, value)),
            None => lines.push(Line { name: name.to_owned(), points: vec![(n, value)] }),
        }
    })
    .await?;
    let more = sizes[sizes.len() - 1] as f64 / sizes[0] as f64;
    let mut figures = Vec::new();
    for line in &lines {
        let (first, last) = (line.points.first(), line.points.last());
        let (Some((_, first)), Some((_, last))) = (first, last) else { continue };
        figures.push(
            Figure::new(0, format!("{more:.0} times the rows: {}", line.name), *last, "µs")
                .beside("with the fewest", *first),
        );
    }
    if pace == Pace::Whole {
        fs::write(CURVES, plot(&lines, "rows", "µs")).context(CURVES)?;
    }
    Ok(figures)
}

/// Counted by callgrind, elsewhere; no time is in it.
pub(crate) async fn ingest(_: &Stage, _: Pace) -> Result<Vec<Figure>> {
    let text = fs::read_to_string(COUNTS).context(COUNTS)?;
    let counts: Value = serde_json::from_str(&text)?;
    let of = |part: &str| {
        counts["instructions"][part].as_f64().with_context(|| format!("{COUNTS} has no {part}"))
    };
    let parts = of("decode")? + of("merge")? + of("commit")?;
    Ok(vec![
        Figure::new(13, "ingest: instructions, each message", of("ingest")?, "")
            .beside("its own parts by themselves: decode, merge and commit", parts)
            .moonshot(Goal::Times(1.2)),
    ])
}
