//! One socket from its 101 to its end: a reading half, a writing half, and whatever ends both.

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::close;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::accept::Stream;
use crate::gate::Seat;
use crate::inbound::Inbound;
use crate::outbound::Outbound;
use crate::outlet::{Goodbye, Outlet, Waiting};
use crate::routes::Server;

/// What both halves of a connection share.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) server: Arc<Server>,
    pub(crate) seat: Seat,
    pub(crate) outlet: Outlet,
    pub(crate) number: u64,
}

/// What is left of a stream that became a socket.
pub(crate) type Socket = WebSocketStream<Box<dyn Stream>>;

/// How long the other side may take to close its end. Closing ours with unread bytes would reset the connection, and
/// the close frame could be lost with it.
const LINGER: Duration = Duration::from_secs(1);

/// Runs a connection to its end, and says how it ended.
pub(crate) async fn run(
    connection: &Connection,
    waiting: Waiting,
    mut socket: Box<Socket>,
) -> Goodbye {
    tracing::info!(
        connection = connection.number,
        room = connection.seat.room.topic().as_str(),
        user = connection.seat.identity.user.as_str(),
        role = connection.seat.identity.role.as_str(),
        "socket open"
    );
    let (goodbye, time_left) = {
        let subscribed = Subscribed(connection);
        let (sink, source) = (&mut *socket).split();
        let mut inbound = Inbound::new(connection);
        let mut outbound = Outbound::new(connection, sink, waiting);
        let goodbye = tokio::select! {
            biased;
            goodbye = connection.outlet.ended() => goodbye,
            goodbye = outbound.run() => goodbye,
            goodbye = inbound.run(source) => goodbye,
        };
        drop(subscribed);
        (goodbye, outbound.time_left(Instant::now()))
    };
    part(&mut socket, &goodbye, time_left).await;
    goodbye
}

/// Takes the connection off its room's list, also when its task panics.
struct Subscribed<'a>(&'a Connection);

impl Drop for Subscribed<'_> {
    fn drop(&mut self) {
        let room = &self.0.seat.room;
        room.unsubscribe(self.0.number);
        room.looks_away(self.0.number);
    }
}

/// Says goodbye as far as the client listens.
pub(crate) async fn part(socket: &mut Socket, goodbye: &Goodbye, deadline: Duration) {
    let last_words = async {
        match goodbye {
            Goodbye::Close { code, reason } => {
                let frame = CloseFrame { code: (*code).into(), reason: reason.as_str().into() };
                socket.send(Message::Close(Some(frame))).await
            }
            // The reply to their close frame is queued by tungstenite; it only has to leave.
            Goodbye::Theirs { .. } => socket.flush().await,
            Goodbye::Cut => return false,
        }
        .is_ok()
    };
    if !timeout(deadline, last_words).await.unwrap_or(false)
        && !matches!(goodbye, Goodbye::Theirs { .. })
    {
        return;
    }
    let stream = socket.get_mut();
    let _ = timeout(LINGER, async {
        stream.shutdown().await?;
        // An array would be a part of each connection for as long as it is open.
        let mut rest = vec![0; 4096];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    })
    .await;
}

/// The goodbye that an error on the socket deserves.
pub(crate) fn goodbye_for(error: &tokio_tungstenite::tungstenite::Error) -> Goodbye {
    use tokio_tungstenite::tungstenite::Error;
    use tokio_tungstenite::tungstenite::error::ProtocolError;
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Goodbye::Cut,
        Error::Capacity(_) => Goodbye::close(close::TOO_LARGE, "frame too large"),
        Error::Protocol(_) => Goodbye::close(1002, "not WebSocket"),
        Error::Utf8(_) => Goodbye::close(1007, "not UTF-8"),
        _ => Goodbye::Cut,
    }
}
