//! The server's goodbye: any text is a reason, and a wait is one only if the text says so in JSON.
#![no_main]

use aside_protocol::CloseReason;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|reason: (u16, &str)| {
    let (code, text) = reason;
    let read = CloseReason::parse(code, text);
    assert_eq!(read.code, code);
    if let Some(wait) = read.retry_ms {
        assert!(text.trim_start().starts_with('{'));
        assert_eq!(CloseReason::parse(code, &CloseReason::retry_text(wait)), read);
    }
});
