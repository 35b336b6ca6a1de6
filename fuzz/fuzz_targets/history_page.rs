//! A page of history: any bytes are a page or an error, and a page that was read can be written and read again.
#![no_main]

use aside_protocol::{Entry, http::HistoryPage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(page) = HistoryPage::parse(bytes) else { return };
    assert!(page.entries.len() <= page.items);
    let again =
        HistoryPage::parse(HistoryPage::to_json(&page.entries).as_bytes()).expect("our own page");
    assert_eq!(again.items, page.entries.len());
    // In whichever order: times are written more coarsely than they were read.
    assert_eq!(contents(&again.entries), contents(&page.entries));
});

fn contents(entries: &[Entry]) -> Vec<&str> {
    let mut contents: Vec<&str> = entries.iter().map(|entry| entry.content.as_str()).collect();
    contents.sort_unstable();
    contents
}
