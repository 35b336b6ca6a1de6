//! What writes to a TCP socket for two: for its connection, and for the thread that tells a room, which need not wake the
//! connection to write a frame. It knows where frames begin and end, so that neither writes into a frame of the other.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_tungstenite::tungstenite::Bytes;

use crate::outlet::Outlet;

/// The writing half of a socket.
#[derive(Debug)]
pub(crate) struct Pen {
    half: OwnedWriteHalf,
    /// What is left of frames that were begun for the room.
    rest: Bytes,
    /// Whether the connection has something left of what it began.
    busy: bool,
}

impl Pen {
    /// Writes as much of whole frames as the kernel takes now, and says how much is left: that is written before anything
    /// else. Nothing if they cannot be begun.
    pub(crate) fn begin(&mut self, frames: &Bytes) -> Option<usize> {
        if self.busy || !self.rest.is_empty() {
            return None;
        }
        // An error is the connection's to find.
        let written = self.half.try_write(frames).ok().filter(|written| *written > 0)?;
        self.rest = frames.slice(written..);
        Some(self.rest.len())
    }

    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            match ready!(Pin::new(&mut self.half).poll_write(cx, &self.rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => drop(self.rest.split_to(written)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Writes for the connection, which hands over all that it has each time.
    fn poll_write(&mut self, cx: &mut Context<'_>, all: &[u8]) -> Poll<io::Result<usize>> {
        self.busy = true;
        ready!(self.poll_rest(cx))?;
        let written = ready!(Pin::new(&mut self.half).poll_write(cx, all))?;
        self.busy = written < all.len();
        Poll::Ready(Ok(written))
    }
}

/// The stream of a connection whose outlet has its pen.
#[derive(Debug)]
pub(crate) struct SharedStream {
    read: OwnedReadHalf,
    outlet: Outlet,
}

impl SharedStream {
    pub(crate) fn new(stream: TcpStream, outlet: Outlet) -> Self {
        let (read, half) = stream.into_split();
        outlet.with_pen(|pen| *pen = Some(Pen { half, rest: Bytes::new(), busy: false }));
        Self { read, outlet }
    }

    fn with_pen<T>(
        &self,
        write: impl FnOnce(&mut Pen) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.outlet.with_pen(|pen| match pen {
            Some(pen) => write(pen),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        })
    }
}

impl AsyncRead for SharedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(cx, buffer)
    }
}

impl AsyncWrite for SharedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        all: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.with_pen(|pen| pen.poll_write(cx, all))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with_pen(|pen| pen.poll_rest(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with_pen(|pen| Pin::new(&mut pen.half).poll_shutdown(cx))
    }
}

impl Drop for SharedStream {
    fn drop(&mut self) {
        // Whoever still holds the outlet must not hold the socket open.
        self.outlet.with_pen(Option::take);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;

    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::outlet::{Chunk, FIRST_SUBSCRIPTION, Waiting};

    /// More than the kernel takes from somebody whose reader does not read.
    const MUCH: usize = 16 * 1024 * 1024;

    async fn ends() -> (TcpStream, SharedStream, Outlet, Waiting) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let reader = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        stream.writable().await.unwrap();
        let (outlet, mut waiting) = Outlet::new(10, usize::MAX);
        let shared = SharedStream::new(stream, outlet.clone());
        waiting.rest();
        (reader, shared, outlet, waiting)
    }

    fn line(text: &str) -> Arc<Chunk> {
        Chunk::new(vec![text.into()])
    }

    async fn reads(reader: &mut TcpStream, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        reader.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test]
    async fn what_was_begun_for_the_room_is_ended_before_the_connection_writes() {
        let (mut reader, mut shared, outlet, mut waiting) = ends().await;
        outlet.live(FIRST_SUBSCRIPTION, line(&"x".repeat(MUCH)));
        assert_eq!(waiting.some().now_or_never(), Some(()), "a rest is to be written");
        assert!(waiting.take().is_none(), "nothing but that");
        outlet.live(FIRST_SUBSCRIPTION, line("next"));
        assert!(waiting.take().is_some(), "waits its turn");
        let read = tokio::spawn(async move { (reads(&mut reader, MUCH + 10 + 3).await, reader) });
        shared.write_all(b"own").await.unwrap();
        let (bytes, mut reader) = read.await.unwrap();
        assert_eq!(bytes[..2], [0x81, 127], "the frame's own head");
        assert!(bytes[10..MUCH + 10].iter().all(|byte| *byte == b'x'));
        assert_eq!(bytes[MUCH + 10..], *b"own");
        waiting.rest();
        outlet.live(FIRST_SUBSCRIPTION, line("live"));
        assert!(waiting.take().is_none(), "it is written already");
        assert_eq!(reads(&mut reader, 6).await, b"\x81\x04live");
    }

    #[tokio::test]
    async fn nothing_is_begun_for_the_room_in_the_middle_of_what_the_connection_writes() {
        let (mut reader, mut shared, outlet, mut waiting) = ends().await;
        let all = vec![b'x'; MUCH];
        let written = shared.write(&all).await.unwrap();
        assert!(written < MUCH);
        reads(&mut reader, written).await;
        let has_room = |pen: &mut Option<Pen>, cx: &mut Context<'_>| match pen {
            Some(pen) => pen.half.as_ref().poll_write_ready(cx),
            None => Poll::Pending,
        };
        poll_fn(|cx| outlet.with_pen(|pen| has_room(pen, cx))).await.unwrap();
        outlet.live(FIRST_SUBSCRIPTION, line("live"));
        assert!(waiting.take().is_some(), "waits until the connection is done");
        waiting.rest();
        let left = MUCH - written;
        let read = tokio::spawn(async move { (reads(&mut reader, left).await, reader) });
        shared.write_all(&all[written..]).await.unwrap();
        let (_, mut reader) = read.await.unwrap();
        outlet.live(FIRST_SUBSCRIPTION, line("live"));
        assert_eq!(reads(&mut reader, 6).await, b"\x81\x04live");
    }

    #[tokio::test]
    async fn nothing_is_written_for_the_room_once_the_connection_takes_its_leave() {
        let (mut reader, mut shared, outlet, waiting) = ends().await;
        drop(waiting);
        outlet.live(FIRST_SUBSCRIPTION, line("live"));
        shared.write_all(b"goodbye").await.unwrap();
        drop(shared);
        let mut all = Vec::new();
        reader.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"goodbye", "and the socket ends, whoever still has its outlet");
    }
}
