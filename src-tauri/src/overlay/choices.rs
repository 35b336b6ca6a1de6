//! What the address of an overlay may choose: `rows`, `fade` and `size`, each a whole number within its bounds.

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choices {
    /// How many rows of the chat at most.
    pub(super) rows: u16,
    /// After how many seconds a row fades away; never for 0.
    pub(super) fade: u16,
    /// The text's size in per cent, if it is not to be the style's own.
    pub(super) size: Option<u16>,
}

impl Default for Choices {
    fn default() -> Self {
        Self { rows: 12, fade: 0, size: None }
    }
}

/// A choice that can't be made: its name, and what may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Misread {
    #[error("rows: a whole number from 1 to {}", super::shown::ROWS)]
    Rows,
    #[error("fade: seconds from 0 (never) to 3600")]
    Fade,
    #[error("size: per cent from 25 to 800")]
    Size,
    #[error("the choices are rows, fade and size, each once, as in ?rows=8&fade=30&size=120")]
    Unknown,
}

impl Choices {
    /// Reads an address's query.
    ///
    /// # Errors
    /// Anything but our names, each once, with digits.
    pub(super) fn parse(query: &str) -> Result<Self, Misread> {
        let (mut rows, mut fade, mut size) = (None, None, None);
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or(Misread::Unknown)?;
            let (chosen, bounds, misread) = match name {
                "rows" => (&mut rows, 1..=super::shown::ROWS, Misread::Rows),
                "fade" => (&mut fade, 0..=3600, Misread::Fade),
                "size" => (&mut size, 25..=800, Misread::Size),
                _ => return Err(Misread::Unknown),
            };
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let number = value.parse().ok().filter(|number| digits && bounds.contains(number));
            if chosen.replace(number.ok_or(misread)?).is_some() {
                return Err(Misread::Unknown);
            }
        }
        let usual = Self::default();
        Ok(Self { rows: rows.unwrap_or(usual.rows), fade: fade.unwrap_or(usual.fade), size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_within_their_bounds_are_chosen() {
        let all = Choices { rows: 8, fade: 30, size: Some(150) };
        assert_eq!(Choices::parse("rows=8&fade=30&size=150"), Ok(all));
        assert_eq!(Choices::parse(""), Ok(Choices::default()));
        for query in ["rows=0", "rows=51", "rows=-1", "rows=+1", "rows=1e1", "rows=", "rows=%31"] {
            assert_eq!(Choices::parse(query), Err(Misread::Rows), "{query}");
        }
        assert_eq!(Choices::parse("fade=3601"), Err(Misread::Fade));
        assert_eq!(Choices::parse("size=99999999999"), Err(Misread::Size));
        for query in ["rows", "rows=1&rows=2", "css=x", "Rows=1", "rows=1;fade=2&x"] {
            assert!(Choices::parse(query).is_err(), "{query}");
        }
    }
}
