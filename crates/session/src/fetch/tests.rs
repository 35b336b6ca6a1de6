//! What a page says about where the history ends.

use super::*;

fn page(words: &str) -> HistoryPage {
    let entry = |word| Entry::parse(&format!(r#"{{"type":"message","content":"{word}"}}"#));
    let entries: Vec<_> = words.split_whitespace().filter_map(entry).collect();
    HistoryPage { items: entries.len(), entries }
}

#[test]
fn a_second_page_that_was_pushed_there_is_told_from_an_older_one() {
    let (printer, first) = (Printer::default(), page("a b c d"));
    let shifted = |second: &HistoryPage| only_shifted(second, &first, &printer);
    assert!(shifted(&page("a")) && shifted(&page("a b")));
    for older in ["z", "y z", "z a", "b", "a b c d"] {
        assert!(!shifted(&page(older)), "{older}");
    }
    let unreadable = HistoryPage { items: 2, ..page("a") };
    assert!(!shifted(&unreadable));
}
