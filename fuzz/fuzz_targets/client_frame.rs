//! What a client sends: whatever arrives is read or refused, and what was read survives being written again.
#![no_main]

use aside_protocol::ClientFrame;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok((token, frame)) = ClientFrame::decode(text) else { return };
    // Escapes may make the second writing longer than a frame may be; all else must come back.
    let Ok(again) = frame.encode(&token) else { return };
    let (same_token, same_frame) = ClientFrame::decode(&again).expect("our own frame");
    assert!(same_token == token, "the token changed");
    assert_eq!(same_frame, frame);
});
