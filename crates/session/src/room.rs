//! The task that owns a room.

use aside_history::{LocalId, OutgoingBody, Place, RoomId, RowKey, Store};
use aside_protocol::Token;
use tokio::sync::{mpsc, oneshot, watch};

use crate::config::RoomConfig;
use crate::error::{SendError, SessionError, Settled, StartError};
use crate::session::Env;
use crate::view::{Connection, RoomView, ServerFacts};

type Reply<T> = oneshot::Sender<Result<T, SessionError>>;

/// A wish of whoever holds the session.
pub(crate) enum Command {
    Say { body: OutgoingBody, reply: oneshot::Sender<Result<LocalId, SendError>> },
    Settled { id: LocalId, reply: Reply<Settled> },
    Retry { key: RowKey, reply: Reply<()> },
    Discard { key: RowKey, reply: Reply<()> },
    FillGap { key: RowKey, reply: Reply<()> },
    Older { limit: u32, reply: Reply<()> },
    MarkRead { place: Place, reply: Reply<()> },
    SetToken(Token),
    Reconnect,
    NetworkChanged,
    Close { reply: oneshot::Sender<()> },
}

/// Starts the task.
pub(crate) async fn start(
    _config: RoomConfig,
    _token: Token,
    store: Store,
    room: RoomId,
    _env: Env,
    mut inbox: mpsc::Receiver<Command>,
) -> Result<watch::Receiver<RoomView>, StartError> {
    let state = store.room_state(room).await?;
    let (tell, view) = watch::channel(RoomView {
        revision: state.revision,
        connection: Connection::Connecting,
        unread: store.unread(room).await?,
        facts: ServerFacts::default(),
        counters: crate::view::Counters::default(),
    });
    tokio::spawn(async move {
        while let Some(_command) = inbox.recv().await {
            tell.send_modify(|_| {});
        }
    });
    Ok(view)
}
