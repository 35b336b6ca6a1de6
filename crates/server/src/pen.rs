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
pub(crate) struct Shared {
    read: OwnedReadHalf,
    outlet: Outlet,
}

impl Shared {
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

impl AsyncRead for Shared {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Shared {
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

impl Drop for Shared {
    fn drop(&mut self) {
        // Whoever still holds the outlet must not hold the socket open.
        self.outlet.with_pen(Option::take);
    }
}
