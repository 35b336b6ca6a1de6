//! One look: colours, spaces, sizes of text and corners come from the tokens of the page, and icons from one library.

use super::Source;

/// They are the tokens, or what of them is larger on a phone.
const TOKENS: &[&str] = &["ui/src/tokens.css", "ui/audience/page.css"];
const NAMED_COLOURS: &[&str] =
    &["white", "black", "red", "green", "blue", "gray", "grey", "orange", "yellow", "purple"];
const COLOUR_FUNCTIONS: &[&str] =
    &["rgb(", "rgba(", "hsl(", "hsla(", "hwb(", "lab(", "lch(", "oklab(", "oklch("];
/// What is measured in tokens. The size of a thing, a line's thickness and where something stands are its own.
const MEASURED: &[&str] = &[
    "border-radius",
    "column-gap",
    "font-size",
    "gap",
    "line-height",
    "margin",
    "padding",
    "row-gap",
];
/// A second size of the same kind is what these would make.
const UNITS: &[&str] = &["px", "pt", "rem", "em", "ch"];
const ICONS: &str = "@lucide/svelte/icons/";

pub(super) fn check(source: &Source) -> Vec<String> {
    let (Some(text), path) = (&source.text, source.path.as_str()) else { return Vec::new() };
    // The overlay's page looks as a broadcast wants it, and brings its own.
    let looks = path.ends_with(".svelte") || (path.starts_with("ui/") && path.ends_with(".css"));
    if !looks {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut say = |what| breaches.push(format!("{path}:{}: {what}", number + 1));
        if !TOKENS.contains(&path) && has_colour(line) {
            say("a literal colour: take one of the tokens");
        }
        if has_measure(line) {
            say("a literal space, corner or size of text: take one of the tokens");
        }
        if is_foreign_icon(line) {
            say("an icon that is none of Lucide's");
        }
    }
    breaches
}

/// A declaration like `padding: 3px;`, also in a calculation.
fn has_measure(line: &str) -> bool {
    let Some((property, value)) = line.trim().split_once(':') else { return false };
    let side =
        |property: &str| ["padding-", "margin-"].iter().any(|start| property.starts_with(start));
    (MEASURED.contains(&property) || side(property))
        && value.ends_with(';')
        && value.split(|c: char| !c.is_alphanumeric() && c != '.').any(|word| {
            UNITS.iter().any(|unit| {
                word.strip_suffix(unit).is_some_and(|number| number.parse::<f32>().is_ok())
            })
        })
}

/// Some other library's, or a drawing of one's own.
fn is_foreign_icon(line: &str) -> bool {
    line.trim_start().starts_with("import ") && line.contains("/icons/") && !line.contains(ICONS)
}

fn has_colour(line: &str) -> bool {
    hexadecimal(line)
        || COLOUR_FUNCTIONS.iter().any(|function| {
            line.match_indices(function)
                .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric()))
        })
        || named(line)
}

/// `#` with 3, 4, 6 or 8 hexadecimal digits, and then the word ends (so `{#each` is none).
fn hexadecimal(line: &str) -> bool {
    line.match_indices('#').any(|(at, _)| {
        let word: String = line[at + 1..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || "_-".contains(*c))
            .collect();
        matches!(word.len(), 3 | 4 | 6 | 8) && word.chars().all(|c| c.is_ascii_hexdigit())
    })
}

/// A declaration like `color: white;`.
fn named(line: &str) -> bool {
    let Some((property, value)) = line.trim().split_once(':') else { return false };
    let paints = ["color", "background", "fill", "stroke", "border", "outline", "shadow"];
    paints.iter().any(|paint| property.contains(paint))
        && value.ends_with(';')
        && value.trim_end_matches(';').split_whitespace().any(|word| NAMED_COLOURS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(path: &str, text: &str) -> usize {
        check(&Source { path: path.to_owned(), text: Some(text.to_owned()) }).len()
    }

    #[test]
    fn colours_come_from_tokens() {
        let component = |line: &str| format!("<!-- Why. -->\n{line}\n");
        for literal in [
            "color: #fff;",
            "fill=\"#a0b1c2\"",
            "background: rgb(0 0 0);",
            "border: 1px solid red;",
        ] {
            assert_eq!(breaches("a.svelte", &component(literal)), 1, "{literal}");
        }
        for fine in [
            "{#each rows as row}",
            "color: var(--ink);",
            "href=\"#top\"",
            "background: transparent;",
        ] {
            assert_eq!(breaches("a.svelte", &component(fine)), 0, "{fine}");
        }
    }

    #[test]
    fn styles_come_from_tokens_too_except_where_the_tokens_are() {
        assert_eq!(breaches("ui/src/base.css", "  color: #fff;\n"), 1);
        assert_eq!(breaches("ui/src/tokens.css", "  --bg: #fff;\n"), 0);
    }

    #[test]
    fn spaces_corners_and_text_come_from_tokens() {
        for literal in [
            "padding: 3px;",
            "margin-inline-start: calc(-1 * 6px);",
            "gap: 0.5em;",
            "font-size: 11px;",
            "line-height: 1.5rem;",
            "border-radius: 6px 0;",
        ] {
            assert_eq!(breaches("a.svelte", literal), 1, "{literal}");
        }
        for fine in [
            "padding: 0 var(--sp-2);",
            "font-size: calc(var(--avatar) * 0.44);",
            "font-size: 3.4vmin;",
            "width: 8px;",
            "line-height: 1;",
            "--fs-small: 14px;",
        ] {
            assert_eq!(breaches("a.svelte", fine), 0, "{fine}");
        }
    }

    #[test]
    fn icons_come_from_one_library() {
        assert_eq!(breaches("a.svelte", "  import X from \"@lucide/svelte/icons/x\";"), 0);
        assert_eq!(breaches("a.svelte", "  import X from \"other/icons/x\";"), 1);
    }
}
