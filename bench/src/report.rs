//! What was measured, as a table and as JSON.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// One figure and what it stands beside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// The number of the measure, see docs/benchmarks.md.
    pub(crate) measure: u8,
    pub(crate) what: String,
    pub(crate) got: f64,
    pub(crate) unit: String,
    /// The median distance from the median, of figures that are medians.
    pub(crate) spread: Option<f64>,
    pub(crate) runs: usize,
    /// The other side, measured in the same run, or a limit.
    pub(crate) beside: Option<(String, f64)>,
    pub(crate) must: Option<Goal>,
    pub(crate) moonshot: Option<Goal>,
    /// When it was measured, and whether for a short time only: of different days and lengths, figures can't be compared.
    #[serde(default)]
    pub(crate) day: String,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Goal {
    Most(f64),
    Least(f64),
    /// At most so many times what it stands beside.
    Times(f64),
}

impl Figure {
    pub(crate) fn new(measure: u8, what: impl Into<String>, got: f64, unit: &str) -> Self {
        let what = what.into();
        Self {
            measure,
            what,
            got,
            unit: unit.to_owned(),
            spread: None,
            runs: 1,
            beside: None,
            must: None,
            moonshot: None,
            day: String::new(),
        }
    }

    /// The median of several runs.
    pub(crate) fn median(measure: u8, what: impl Into<String>, runs: &[f64], unit: &str) -> Self {
        let middle = median(runs);
        let distances: Vec<f64> = runs.iter().map(|run| (run - middle).abs()).collect();
        Self {
            spread: Some(median(&distances)),
            runs: runs.len(),
            ..Self::new(measure, what, middle, unit)
        }
    }

    pub(crate) fn beside(mut self, what: impl Into<String>, value: f64) -> Self {
        self.beside = Some((what.into(), value));
        self
    }

    pub(crate) fn goals(mut self, must: Goal, moonshot: Goal) -> Self {
        (self.must, self.moonshot) = (Some(must), Some(moonshot));
        self
    }

    /// What nobody dreams of to be less.
    pub(crate) fn must(mut self, must: Goal) -> Self {
        self.must = Some(must);
        self
    }

    /// Of what must be nothing, and may be much.
    pub(crate) fn moonshot(mut self, moonshot: Goal) -> Self {
        self.moonshot = Some(moonshot);
        self
    }

    /// What is measured together is published together.
    fn group(&self) -> (u8, &str) {
        (self.measure, self.what.split([':', ',']).next().unwrap_or_default())
    }

    fn ratio(&self) -> Option<f64> {
        self.beside.as_ref().map(|(_, beside)| self.got / beside)
    }

    fn meets(&self, goal: Goal) -> bool {
        match goal {
            Goal::Most(most) => self.got <= most,
            Goal::Least(least) => self.got >= least,
            Goal::Times(most) => self.ratio().is_some_and(|ratio| ratio <= most),
        }
    }

    /// Where a figure stands: whether it misses its "must", meets it, or reaches the moonshot.
    fn verdict(&self) -> &'static str {
        match (self.must, self.moonshot) {
            (None, None) => "",
            (must, Some(moonshot))
                if self.meets(moonshot) && must.is_none_or(|must| self.meets(must)) =>
            {
                "moonshot"
            }
            (Some(must), _) if !self.meets(must) => "**missed**",
            (Some(_), _) => "must",
            (None, Some(_)) => "not yet",
        }
    }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which so large a part of the values is; 0 of none.
pub(crate) fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len().saturating_sub(1)) as f64 * part).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

pub(crate) fn table(figures: &[Figure]) -> String {
    let mut text = String::from(
        "| # | measure | got | beside, in the same run | ratio | must | moonshot | | measured |\n|--:|---|--:|---|--:|---|---|---|---|\n",
    );
    for figure in figures {
        let spread = figure
            .spread
            .filter(|_| figure.runs > 1)
            .map_or_else(String::new, |spread| format!(" ± {}", short(spread)));
        let beside = figure.beside.as_ref().map_or_else(String::new, |(what, value)| {
            format!("{what}: {} {}", short(*value), figure.unit)
        });
        let ratio = figure.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let goal = |goal: Option<Goal>| match goal {
            None => String::new(),
            Some(Goal::Most(most)) => {
                format!("≤ {} {}", short(most), figure.unit).trim_end().to_owned()
            }
            Some(Goal::Least(least)) => {
                format!("≥ {} {}", short(least), figure.unit).trim_end().to_owned()
            }
            Some(Goal::Times(most)) => format!("≤ {} ×", short(most)),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {}{spread} {} | {beside} | {ratio} | {} | {} | {} | {} |",
            figure.measure,
            figure.what,
            short(figure.got),
            figure.unit,
            goal(figure.must),
            goal(figure.moonshot),
            figure.verdict(),
            figure.day,
        );
    }
    text
}

/// The document, and the marks between which its table stands.
const DOCUMENT: &str = "docs/benchmarks.md";
const FIGURES: &str = "docs/benchmarks.json";
const BEGIN: &str = "<!-- cargo xtask bench: begin -->";
const END: &str = "<!-- cargo xtask bench: end -->";

/// Puts figures in the place of those of the same measures, and the table of all into the document.
pub(crate) fn publish(figures: &[Figure]) -> Result<()> {
    let before =
        if Path::new(FIGURES).exists() { fs::read_to_string(FIGURES)? } else { "[]".to_owned() };
    let mut all: Vec<Figure> = serde_json::from_str(&before).context(FIGURES)?;
    all.retain(|old| !figures.iter().any(|new| new.group() == old.group()));
    all.extend_from_slice(figures);
    all.sort_by_key(|figure| figure.measure);
    fs::write(FIGURES, serde_json::to_string_pretty(&all)? + "\n").context(FIGURES)?;
    let text = fs::read_to_string(DOCUMENT).context(DOCUMENT)?;
    let (head, rest) = text.split_once(BEGIN).context("the table's begin is not marked")?;
    let (_, tail) = rest.split_once(END).context("the table's end is not marked")?;
    fs::write(DOCUMENT, format!("{head}{BEGIN}\n{}{END}{tail}", table(&all))).context(DOCUMENT)
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value == value.trunc() => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_knows_where_it_stands() {
        let figure = |got| {
            Figure::new(8, "start", got, "ms")
                .beside("bare", 100.0)
                .goals(Goal::Times(1.3), Goal::Times(1.05))
        };
        assert_eq!(figure(104.0).verdict(), "moonshot");
        assert_eq!(figure(120.0).verdict(), "must");
        assert_eq!(figure(140.0).verdict(), "**missed**");
        assert_eq!(Figure::new(8, "start", 1.0, "ms").verdict(), "");
    }

    #[test]
    fn the_middle_and_the_edge_of_what_was_measured() {
        let runs = [5.0, 1.0, 3.0, 2.0, 4.0];
        assert_eq!((median(&runs), quantile(&runs, 1.0), quantile(&[], 0.5)), (3.0, 5.0, 0.0));
        let figure = Figure::median(1, "x", &runs, "ms");
        assert_eq!((figure.got, figure.spread, figure.runs), (3.0, Some(1.0), 5));
    }
}
