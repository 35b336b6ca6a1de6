//! The bytes under a link: every read is stamped, and the reply to the upgrade is handed on in one piece.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::network::ByteStream;

/// A reply's head is handed on at this size, whole or not.
const HEAD: usize = 16 * 1024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// When the last byte came. Whatever it belongs to, it proves that the peer lives.
#[derive(Debug)]
pub(super) struct Stamp {
    start: Instant,
    nanos: AtomicU64,
}

impl Stamp {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), nanos: AtomicU64::new(0) }
    }

    fn set(&self) {
        let nanos = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanos.store(nanos, Ordering::Relaxed);
    }

    pub(super) fn last(&self) -> Instant {
        self.start + Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }
}

/// The reply to the upgrade, before it is handed on.
#[derive(Default)]
struct Head {
    bytes: Vec<u8>,
    whole: bool,
    given: usize,
}

impl Head {
    fn take(&mut self, bytes: &[u8]) {
        // The end may lie across two reads.
        let from = self.bytes.len().saturating_sub(END_OF_HEAD.len() - 1);
        self.bytes.extend_from_slice(bytes);
        let ended = self.bytes[from..].windows(END_OF_HEAD.len()).any(|four| four == END_OF_HEAD);
        self.whole = ended || bytes.is_empty() || self.bytes.len() >= HEAD;
    }

    fn give(&mut self, buf: &mut ReadBuf<'_>) {
        let rest = &self.bytes[self.given..];
        let count = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..count]);
        self.given += count;
    }
}

/// A stream whose first bytes are the reply to an upgrade. Tungstenite takes a reply that comes in many small reads for an
/// attack; a slow network is none.
pub(super) struct Stream {
    stream: Box<dyn ByteStream>,
    stamp: Arc<Stamp>,
    head: Option<Head>,
}

impl Stream {
    pub(super) fn new(stream: Box<dyn ByteStream>, stamp: Arc<Stamp>) -> Self {
        Self { stream, stamp, head: Some(Head::default()) }
    }

    fn read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.stamp.set();
        }
        polled
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        while self.head.as_ref().is_some_and(|head| !head.whole) {
            let mut chunk = [0; 1024];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(self.read(cx, &mut chunk))?;
            if let Some(head) = &mut self.head {
                head.take(chunk.filled());
            }
        }
        let Some(head) = &mut self.head else { return self.read(cx, buf) };
        head.give(buf);
        if head.given == head.bytes.len() {
            self.head = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
