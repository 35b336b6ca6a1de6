//! A proxy between a session and a server that does to the first connections what networks do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// What happens to a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Reset after so many bytes from the server.
    ResetDown(usize),
    /// Reset after so many bytes from the client.
    ResetUp(usize),
    /// After so many bytes from the server nothing passes any more, either way; nobody is told.
    HalfOpen(usize),
    /// Every byte by itself.
    Bytes,
    /// Everything comes this much later.
    Late(Duration),
    /// Reset at once.
    Refused,
    /// Accepted, and never a byte.
    BlackHole,
}

/// The proxy; it ends with the runtime.
pub(crate) struct Faults {
    pub(crate) addr: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Faults {
    /// One fault for each of the first connections; the rest pass unharmed.
    pub(crate) async fn before(server: SocketAddr, faults: Vec<Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            let mut faults = faults.into_iter();
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(client, server, faults.next()));
            }
        });
        Self { addr, connections }
    }
}

async fn serve(client: TcpStream, server: SocketAddr, fault: Option<Fault>) -> Option<()> {
    client.set_nodelay(true).ok()?;
    match fault {
        Some(Fault::Refused) => return client.set_zero_linger().ok(),
        Some(Fault::BlackHole) => {
            let (mut read, _write) = client.into_split();
            let mut sink = [0; 4096];
            while read.read(&mut sink).await.is_ok_and(|count| count > 0) {}
            return None;
        }
        _ => {}
    }
    let server = TcpStream::connect(server).await.ok()?;
    server.set_nodelay(true).ok()?;
    let (down_limit, up_limit) = match fault {
        Some(Fault::ResetDown(bytes) | Fault::HalfOpen(bytes)) => (bytes, usize::MAX),
        Some(Fault::ResetUp(bytes)) => (usize::MAX, bytes),
        _ => (usize::MAX, usize::MAX),
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::select! {
        _ = pass(&mut from_server, &mut to_client, down_limit, fault) => {}
        _ = pass(&mut from_client, &mut to_server, up_limit, fault) => {}
    }
    if let Some(Fault::HalfOpen(_)) = fault {
        // Both sockets stay open, and nobody reads them.
        sleep(Duration::from_secs(3600)).await;
    }
    let client = from_client.reunite(to_client).ok()?;
    if matches!(fault, Some(Fault::ResetDown(_) | Fault::ResetUp(_))) {
        client.set_zero_linger().ok()?;
    }
    None
}

/// Passes on so many bytes, or until one side ends.
async fn pass(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    mut left: usize,
    fault: Option<Fault>,
) -> Option<()> {
    let mut buffer = [0; 4096];
    while left > 0 {
        let most = left.min(buffer.len());
        let count = from.read(&mut buffer[..most]).await.ok().filter(|count| *count > 0)?;
        left -= count;
        match fault {
            Some(Fault::Bytes) => {
                for byte in &buffer[..count] {
                    to.write_all(&[*byte]).await.ok()?;
                    tokio::task::yield_now().await;
                }
            }
            Some(Fault::Late(time)) => {
                sleep(time).await;
                to.write_all(&buffer[..count]).await.ok()?;
            }
            _ => to.write_all(&buffer[..count]).await.ok()?,
        }
    }
    Some(())
}
