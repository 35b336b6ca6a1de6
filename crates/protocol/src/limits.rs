//! Sizes that both sides hold to; docs/protocol.md names them for others.

/// The largest WebSocket message a client takes from a server, in bytes.
pub const SERVER_MESSAGE_BYTES: usize = 256 * 1024;

/// The largest WebSocket frame that a client may send, in bytes. A server's one frame may be as large as its message.
pub const FRAME_BYTES: usize = 64 * 1024;

/// The largest text a person may send, ask or answer, in UTF-8 bytes, unless the server names another.
///
/// Encoding a message three times turns one quote into eight bytes, so a body below this size may still make a frame
/// above [`FRAME_BYTES`]; [`ClientFrame::encode`](crate::ClientFrame::encode) checks that one too.
pub const CONTENT_BYTES: usize = 8 * 1024;

/// The most entries in one page of history (the contract's own limit).
pub const PAGE_ENTRIES: u32 = 1000;

/// The largest page of history a client reads, in bytes: 1,000 entries of 16 KiB.
pub const PAGE_BYTES: usize = 16 * 1024 * 1024;
