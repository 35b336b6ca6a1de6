//! Links that may leave the app: only plain web addresses pass, and what passed passes again unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../src-tauri/src/links/allowed.rs"]
mod allowed;

fuzz_target!(|text: &str| {
    let Some(link) = allowed::allowed(text) else { return };
    let shown = link.as_str();
    assert!(shown.starts_with("https://") || shown.starts_with("http://"), "{shown}");
    assert!(!shown.bytes().any(|byte| byte <= b' ' || byte == b'\\' || byte >= 0x7f), "{shown}");
    let authority = shown.splitn(3, '/').nth(2).unwrap_or_default();
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    assert!(!authority.is_empty() && !authority.contains('@'), "{shown}");
    if shown.len() <= allowed::LINK_BYTES {
        assert_eq!(allowed::allowed(shown), Some(link));
    }
});
