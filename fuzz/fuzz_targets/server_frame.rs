//! What a server sends: whatever arrives is a value, and an entry that was read survives being written again.
#![no_main]

use aside_protocol::{Body, Entry, ServerFrame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match ServerFrame::parse(text) {
        Ok(ServerFrame::Entry(entry)) => check(&entry),
        Ok(ServerFrame::Control(control)) => {
            let again = ServerFrame::parse(&ServerFrame::control_text(&control));
            assert_eq!(again, Ok(ServerFrame::Control(control)));
        }
        Ok(ServerFrame::Triage(item)) => {
            let again = ServerFrame::parse(&ServerFrame::triage_text(&item));
            assert_eq!(again, Ok(ServerFrame::Triage(item)));
        }
        Ok(ServerFrame::Presence(presence)) => {
            let again = ServerFrame::parse(&ServerFrame::presence_text(&presence));
            assert_eq!(again, Ok(ServerFrame::Presence(presence)));
        }
        Ok(ServerFrame::Votes(votes)) => {
            let again = ServerFrame::parse(&ServerFrame::votes_text(&votes));
            assert_eq!(again, Ok(ServerFrame::Votes(votes)));
        }
        Ok(ServerFrame::Notice { .. } | ServerFrame::Skipped(_)) | Err(_) => {}
    }
    // Most texts are no frame; what stands inside one is as hostile.
    if let Some(entry) = Entry::parse(text) {
        check(&entry);
    }
});

fn check(entry: &Entry) {
    let again = Entry::parse(&entry.to_json()).expect("our own entry");
    // A time without a zone is written to the minute, so it is no longer the same one.
    assert_eq!(Entry { created_at: entry.created_at, ..again }, *entry);
    let body = entry.body();
    assert_eq!(Body::parse(entry.kind, &body.to_content()), body);
}
