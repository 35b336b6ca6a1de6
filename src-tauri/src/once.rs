//! Lists that a page draws by the names in them: it draws none in which two are named alike, as a foreign server may do.

use std::collections::HashSet;
use std::hash::Hash;

/// The first of each name.
pub(crate) fn once<T, N: Eq + Hash>(mut all: Vec<T>, name: impl Fn(&T) -> N) -> Vec<T> {
    let mut seen = HashSet::new();
    all.retain(|one| seen.insert(name(one)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_those_that_are_named_alike_the_first_stays() {
        let all = vec![("a", 1), ("b", 2), ("a", 3), ("", 4), ("b", 5)];
        assert_eq!(once(all, |(name, _)| *name), [("a", 1), ("b", 2), ("", 4)]);
    }
}
