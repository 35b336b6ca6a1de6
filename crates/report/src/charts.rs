//! Charts as SVG, drawn by hand: bars need no library.

use std::fmt::Write;

/// The most bars of a chart; more are added up.
const BARS: usize = 60;

/// Two rows of bars over time: how many were asked (above), how many answered (below).
pub(crate) fn over_time(minutes: &[(i64, u32, u32)], label: &str) -> String {
    let step = minutes.len().div_ceil(BARS).max(1);
    let sums: Vec<(u32, u32)> = minutes
        .chunks(step)
        .map(|chunk| chunk.iter().fold((0, 0), |sum, one| (sum.0 + one.1, sum.1 + one.2)))
        .collect();
    let most =
        sums.iter().map(|(asked, answered)| (*asked).max(*answered)).max().unwrap_or(0).max(1);
    let mut bars = String::new();
    for (n, (asked, answered)) in sums.iter().enumerate() {
        let up = f64::from(*asked) * 60.0 / f64::from(most);
        let down = f64::from(*answered) * 60.0 / f64::from(most);
        let x = n * 10;
        let _ = write!(
            bars,
            r#"<rect class="asked" x="{x}" y="{:.1}" width="8" height="{up:.1}"/><rect class="answered" x="{x}" y="62" width="8" height="{down:.1}"/>"#,
            60.0 - up
        );
    }
    let width = sums.len().max(1) * 10;
    format!(
        r#"<svg viewBox="0 0 {width} 124" role="img" aria-label="{label}" preserveAspectRatio="none">{bars}</svg>"#
    )
}

/// How many waited how long for their first answer; each bar with its words.
pub(crate) fn waits(counts: &[(String, u32)]) -> String {
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let mut lines = String::new();
    for (label, count) in counts {
        let width = f64::from(*count) * 100.0 / f64::from(most);
        let _ = write!(
            lines,
            r#"<tr><th scope="row">{label}</th><td>{count}</td><td class="bar"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="asked" width="{width:.1}" height="10"/></svg></td></tr>"#
        );
    }
    format!("<table class=\"waits\">{lines}</table>")
}
