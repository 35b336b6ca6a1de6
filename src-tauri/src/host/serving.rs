//! Starting a room server inside the app: the same for the demo and for a room that a person hosts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use aside_server::{
    Config, Limits, RoomInfo, RoomSpec, Rooms, RoomsError, Running, ServerError, TokenInfo,
};
use tokio::net::TcpListener;
use url::Url;

/// Sockets of a room that a person hosts: 500 for the audience, the last fifth for its desk. Each is one of the files that the app
/// may have open, and so is each of the connections beside them.
const SOCKETS: usize = 625;
const CONNECTIONS: usize = 128;

/// What a room may use of this computer that a person hosts.
pub(super) fn limits() -> Limits {
    Limits { sockets: SOCKETS, connections: CONNECTIONS, ..Limits::default() }
}

/// Why there is no server, or not the room in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error("no port to listen on")]
    Port(#[from] io::Error),
    #[error("the room server did not start")]
    Server(#[from] ServerError),
    #[error("the room could not be made")]
    Rooms(#[from] RoomsError),
    #[error("loopback has no address")]
    Address(#[from] url::ParseError),
}

/// A server that runs, with its room.
pub(crate) struct Served {
    pub(crate) running: Running,
    pub(crate) room: RoomInfo,
    /// Where this computer reaches it.
    pub(crate) base: Url,
}

/// Listens on a port of this computer, or, for 0, on any that is free.
pub(crate) async fn listen(ip: Ipv4Addr, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((ip, port))).await
}

/// Where this computer reaches what listens on one of its ports, wherever else it is reached from: the cache knows a room by this
/// address, and should know it again in another network.
pub(crate) fn base(port: u16) -> Result<Url, url::ParseError> {
    Url::parse(&format!("http://{}:{port}/", Ipv4Addr::LOCALHOST))
}

/// Starts a server with a room, and ends those tokens of earlier starts that are `ours`: they only were for as long as one ran.
pub(crate) async fn serve(
    config: Config,
    listener: TcpListener,
    room: RoomSpec,
    ours: impl Fn(&TokenInfo) -> bool,
) -> Result<Served, ServeError> {
    let running = aside_server::start(config, listener).await?;
    let base = base(running.addr().port())?;
    let room = running.rooms().create_room(room).await?;
    forget(running.rooms(), ours).await?;
    Ok(Served { running, room, base })
}

async fn forget(rooms: &Rooms, ours: impl Fn(&TokenInfo) -> bool) -> Result<(), RoomsError> {
    for token in rooms.tokens().await? {
        if token.revoked.is_none() && ours(&token) {
            rooms.revoke_token(&token.id).await?;
        }
    }
    Ok(())
}
