//! Which texts are web addresses that may be opened. Free of the shell, so that the fuzzer can reach it.

use url::Url;

/// Longer than any link that a person would follow, shorter than any command line's limit.
pub(super) const LINK_BYTES: usize = 4096;

/// The link as a browser would read it, if it is a web address and nothing else: what a file, a mail or a script
/// handler would take does not pass, nor a name in front of the host that only pretends to be one.
pub(super) fn allowed(text: &str) -> Option<Url> {
    if text.len() > LINK_BYTES
        || text.contains('\\')
        || text.chars().any(|c| c.is_control() || is_invisible(c))
    {
        return None;
    }
    let link = Url::parse(text).ok()?;
    let web = matches!(link.scheme(), "http" | "https");
    let plain = link.username().is_empty() && link.password().is_none() && link.has_host();
    (web && plain).then_some(link)
}

/// Characters that turn or hide what stands around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{061c}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses_pass() {
        for (text, opened) in [
            ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
            ("http://example.com", "http://example.com/"),
            ("https://例え.jp/道", "https://xn--r8jz45g.jp/%E9%81%93"),
            ("https://example.com:8443/x", "https://example.com:8443/x"),
        ] {
            assert_eq!(allowed(text).unwrap().as_str(), opened);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "example.com",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "smb://host/share",
            "ms-settings:",
            "vbscript:x",
            "mailto:a@b",
            "tel:1",
            "\\\\host\\share",
            "https:\\\\host\\share",
            "https://user@example.com/",
            "https://user:pass@example.com/",
            "https://example.com@evil.example/",
            "https://example.com/\u{0}",
            "https://example.com/\r\nHost: x",
            "https://example.com/\u{202e}gpj.exe",
            "https://",
            "aside://join",
            "http:///x\u{1b}[2J",
        ] {
            assert_eq!(allowed(text), None, "{text:?}");
        }
        assert_eq!(allowed(&format!("https://example.com/{}", "x".repeat(LINK_BYTES))), None);
    }
}
