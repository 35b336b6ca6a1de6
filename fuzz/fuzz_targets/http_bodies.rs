//! The small bodies of requests and replies: any bytes are a value or nothing, and a value survives being written again.
#![no_main]

use aside_protocol::{
    Capabilities,
    http::{Answer, Ask, ErrorReply, Stored},
    triage::{SnippetRequest, Snippets},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(ask) = Ask::parse(bytes) {
        assert_eq!(Ask::parse(ask.to_json().as_bytes()), Some(ask));
    }
    if let Some(answer) = Answer::parse(bytes) {
        assert_eq!(Answer::parse(answer.to_json().as_bytes()), Some(answer));
    }
    if let Some(request) = SnippetRequest::parse(bytes) {
        assert_eq!(SnippetRequest::parse(request.to_json().as_bytes()), Some(request));
    }
    if let Some(list) = Snippets::parse(bytes) {
        assert_eq!(Snippets::parse(list.to_json(200, "").as_bytes()), Some(list));
    }
    let stored = Stored::parse(bytes);
    assert_eq!(Stored::parse(stored.to_json().as_bytes()), stored);
    let capabilities = Capabilities::parse(bytes);
    assert_eq!(Capabilities::parse(capabilities.to_json().as_bytes()), capabilities);
    let _ = ErrorReply::parse(bytes);
});
