//! Curves as an SVG that a page shows: both axes logarithmic, so that what grows with the rows is a slope of one.

use std::fmt::Write as _;

pub(crate) struct Line {
    pub(crate) name: String,
    /// By size, rising; both above 0.
    pub(crate) points: Vec<(f64, f64)>,
}

/// The drawing, and the space around it for words, in pixels.
const SIZE: (f64, f64) = (560.0, 320.0);
const LEFT: f64 = 70.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 50.0;
/// Told apart by who does not see all colours, too.
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

pub(crate) fn plot(lines: &[Line], across: &str, up: &str) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let range = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        (low.log10().floor(), high.log10().ceil().max(low.log10().floor() + 1.0))
    };
    let (from, to) = range(&mut points().map(|point| point.0));
    let (low, high) = range(&mut points().map(|point| point.1));
    let x = |value: f64| LEFT + (value.log10() - from) / (to - from) * SIZE.0;
    let y = |value: f64| TOP + SIZE.1 - (value.log10() - low) / (high - low) * SIZE.1;
    let (width, height) = (LEFT + SIZE.0 + RIGHT, TOP + SIZE.1 + BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for power in from as i32..=to as i32 {
        let at = x(10f64.powi(power));
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.0} {TOP}V{:.0}\" stroke=\"#ddd\"/><text x=\"{at:.0}\" y=\"{:.0}\" text-anchor=\"middle\">10^{power}</text>",
            TOP + SIZE.1,
            TOP + SIZE.1 + 18.0
        );
    }
    for power in low as i32..=high as i32 {
        let at = y(10f64.powi(power));
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.0}H{:.0}\" stroke=\"#ddd\"/><text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">10^{power}</text>",
            LEFT + SIZE.0,
            LEFT - 8.0,
            at + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{across}</text><text x=\"16\" y=\"{:.0}\">{up}</text>",
        LEFT + SIZE.0 / 2.0,
        height - 10.0,
        TOP + SIZE.1 / 2.0
    );
    let mut ends: Vec<f64> = Vec::new();
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let path: Vec<String> =
            line.points.iter().map(|(n, value)| format!("{:.1},{:.1}", x(*n), y(*value))).collect();
        let Some((_, last)) = line.points.last() else { continue };
        // Names at the ends of curves that meet stand below each other.
        let mut label = y(*last) + 4.0;
        while ends.iter().any(|other| (other - label).abs() < 13.0) {
            label += 1.0;
        }
        ends.push(label);
        let name = line.name.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/><text x=\"{:.0}\" y=\"{label:.0}\" fill=\"{colour}\">{name}</text>",
            path.join(" "),
            LEFT + SIZE.0 + 8.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_rises_to_the_right_and_names_do_not_cover_each_other() {
        let line = |name: &str, value| Line {
            name: name.to_owned(),
            points: vec![(1e4, 10.0), (1e6, value)],
        };
        let svg = plot(&[line("a < b", 100.0), line("c", 100.0)], "rows", "µs");
        assert!(svg.contains("points=\"70.0,340.0 630.0,20.0\""), "{svg}");
        assert!(svg.contains("a &lt; b"));
        assert!(svg.contains("y=\"24\"") && svg.contains("y=\"37\""), "{svg}");
    }
}
