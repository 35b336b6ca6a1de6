//! Close codes of the socket, and the reason text that may carry a reconnect time.

use crate::lenient::read_object;

/// The server's goodbye: a code and, from servers that know of it, how long to stay away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseReason {
    /// The WebSocket close code; 1005 when the frame carried none, 1006 when there was no frame at all.
    pub code: u16,
    /// The wait that the server asked for, in milliseconds, unclamped.
    pub retry_ms: Option<u64>,
}

/// The token is refused: do not come back with it.
pub const TOKEN_REFUSED: u16 = 4401;
/// This token may not enter this room.
pub const NOT_ALLOWED: u16 = 4403;
/// The server restarts: come back after the back-off, or when the reason says.
pub const RESTARTING: u16 = 1012;
/// The server is busy, or this client read too slowly: come back later.
pub const TRY_LATER: u16 = 1013;
/// A frame was too large.
pub const TOO_LARGE: u16 = 1009;
/// The frame did not fit the protocol.
pub const MALFORMED: u16 = 4400;
/// Too many frames.
pub const TOO_FAST: u16 = 4429;
/// A close frame without a code.
pub const NO_CODE: u16 = 1005;
/// The connection ended without a close frame.
pub const ABNORMAL: u16 = 1006;

impl CloseReason {
    /// Reads a close frame; `text` may be JSON `{"retry_ms": n}`, anything else is for people.
    pub fn parse(code: u16, text: &str) -> Self {
        let mut retry_ms = None;
        let read = read_object(text, |key, value| {
            if key == "retry_ms" {
                retry_ms = value.as_u64();
            }
        });
        Self { code, retry_ms: retry_ms.filter(|_| read.is_ok()) }
    }

    /// The reason text that asks a client to stay away for `retry_ms` milliseconds.
    pub fn retry_text(retry_ms: u64) -> String {
        format!("{{\"retry_ms\":{retry_ms}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_may_carry_a_reconnect_time() {
        assert_eq!(CloseReason::parse(1012, &CloseReason::retry_text(2500)).retry_ms, Some(2500));
        for text in [
            "",
            "bye",
            "{}",
            "[1]",
            "{\"retry_ms\":-4}",
            "{\"retry_ms\":5}x",
            "{\"retry_ms\":null}",
        ] {
            assert_eq!(CloseReason::parse(1012, text), CloseReason { code: 1012, retry_ms: None });
        }
    }
}
