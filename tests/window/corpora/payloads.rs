//! The strings themselves: public collections, and what those leave out. Every address in them leads to a listener of ours.

use std::{env, fs, net::SocketAddr};

/// All of them, and how many held an address; `None` where the collections are not here.
pub(crate) fn all(sink: SocketAddr) -> Option<(Vec<String>, usize)> {
    let mut payloads = Vec::new();
    // Naughty strings and payloads of scripting, counted: half a collection would prove half as much.
    for (name, fewest) in [("naughty", 485), ("xss", 4_900)] {
        let file = format!("{}/target/corpora/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let Ok(text) = fs::read_to_string(&file) else {
            assert!(env::var_os("CI").is_none(), "CI fetches every corpus first");
            eprintln!("skipped: {name} strings are not here (`cargo xtask corpora` fetches them)");
            continue;
        };
        let strings: Vec<String> = serde_json::from_str(&text).unwrap();
        assert!(strings.len() >= fewest, "{} {name} strings", strings.len());
        payloads.extend(strings);
    }
    if payloads.is_empty() {
        return None;
    }
    payloads.extend(made());
    // A server refuses what has no text at all, and a collection may repeat itself.
    let mut seen = std::collections::HashSet::new();
    payloads.retain(|text| !text.trim().is_empty() && seen.insert(text.clone()));
    let redirected: Vec<String> =
        payloads.iter().map(|text| redirected(text, &sink.to_string())).collect();
    let changed = redirected.iter().zip(&payloads).filter(|(new, old)| new != old).count();
    Some((redirected, changed))
}

/// Text that is hard to draw rather than hostile to a parser.
fn made() -> Vec<String> {
    let mut made: Vec<String> = ('\u{202a}'..='\u{202e}')
        .chain('\u{2066}'..='\u{2069}')
        .chain(['\u{200b}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{61c}', '\u{feff}', '\u{2028}'])
        .map(|control| format!("before{control}after {control}{control}gpj.exe"))
        .collect();
    made.push(format!("Z{}", "\u{301}".repeat(5_000)));
    made.push(format!("\u{1f469}{}", "\u{200d}\u{1f469}".repeat(800)));
    made.push("\u{301}\u{301}no letter before them".to_owned());
    made.push(('\u{e0020}'..='\u{e007f}').collect());
    made.push("x".repeat(8_000));
    made.push(format!("{}{}", "\n".repeat(300), "at the end of many lines"));
    made.push("https://127.0.0.1@example.org/ https://example.org\\@evil.example/".to_owned());
    made.push(
        "https://xn--e1afmkfd.example/ https://\u{43f}\u{440}.example/ javascript:alert(1)"
            .to_owned(),
    );
    for kept in ["Müller", "Łukasz", "محمد", "דוד", "ณัฐ", "👩‍👩‍👧‍👦", "e\u{301}", "ﬁ"]
    {
        made.push(kept.to_owned());
    }
    made
}

/// The same text with every host replaced by ours; its scheme stays, since even an attempt at TLS is a connection.
fn redirected(text: &str, sink: &str) -> String {
    let mut new = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("//") {
        let (before, after) = rest.split_at(at + 2);
        new.push_str(before);
        let end = after
            .find(|c: char| !(c.is_alphanumeric() || ".-_:@%[]".contains(c)))
            .unwrap_or(after.len());
        let host = &after[..end];
        let absolute = before.ends_with("://") && host.starts_with(char::is_alphanumeric);
        // Without a scheme it may as well be a comment.
        let relative = host.contains('.') && host.starts_with(char::is_alphanumeric);
        new.push_str(if absolute || relative { sink } else { host });
        rest = &after[end..];
    }
    new + rest
}
