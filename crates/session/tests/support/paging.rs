//! A page of history, as a server cuts it.

use std::collections::HashMap;

use aside_protocol::Entry;
use aside_protocol::http::HistoryPage;

/// What the address asks for, at most `cap` entries; with a cap above the contract's, so many whatever it asks for.
pub fn page(entries: Vec<Entry>, cap: usize, url: &url::Url) -> String {
    let pairs: HashMap<_, _> = url.query_pairs().into_owned().collect();
    let (page, size): (usize, usize) =
        (pairs["page"].parse().unwrap(), pairs["resultsPerPage"].parse().unwrap());
    let size = if cap > 1000 { cap } else { size.min(cap) };
    let bound = |name| pairs.get(name).map(|seq| seq.parse().unwrap());
    let (before, after) = (bound("before"), bound("after"));
    let within = |entry: &Entry| {
        let seq = entry.seq.map_or(0, |seq| seq.0);
        before.is_none_or(|before| seq < before) && after.is_none_or(|after| seq > after)
    };
    let entries: Vec<_> = entries.into_iter().filter(within).collect();
    let end = match after {
        Some(_) => entries.len().min(size),
        None => entries.len().saturating_sub((page - 1) * size),
    };
    HistoryPage::to_json(&entries[end.saturating_sub(size)..end])
}
