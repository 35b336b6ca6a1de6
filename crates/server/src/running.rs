//! Starting a server on a listener, and stopping it.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::{Config, Probe, Rooms};

/// A server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The database could not be opened, read or brought up to date.
    #[error("the room database cannot be opened")]
    Database(#[source] rusqlite::Error),
    /// The database is from a newer version, or is no room database.
    #[error("the room database has an unknown form")]
    Migration(#[source] rusqlite_migration::Error),
    /// The directory cannot be made or locked.
    #[error("the data directory cannot be used")]
    Directory(#[source] std::io::Error),
    /// Another server runs on this directory.
    #[error("another server runs on this data directory")]
    Locked,
    /// The listener has no address.
    #[error("the listener cannot be used")]
    Listener(#[source] std::io::Error),
}

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    rooms: Rooms,
    probe: Probe,
}

/// Starts a server on a listener: sockets at `/ws`, HTTP under `/api/`, `/health`. It runs on the current tokio
/// runtime until [`Running::stop`], or until the handle is dropped.
///
/// # Errors
/// [`ServerError`]: the database, its directory, or the listener.
pub async fn start(_config: Config, listener: TcpListener) -> Result<Running, ServerError> {
    let addr = listener.local_addr().map_err(ServerError::Listener)?;
    Ok(Running { addr, rooms: Rooms {}, probe: Probe::default() })
}

impl Running {
    /// Where the server listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What the owner may do.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// What clients did; empty unless the config asked for it.
    pub fn probe(&self) -> Probe {
        self.probe.clone()
    }

    /// Closes every socket with a code and a reason, as an operator would.
    pub fn close_sockets(&self, _code: u16, _reason: &str) {}

    /// Drops every socket without a close frame, as a broken network would.
    pub fn cut_sockets(&self) {}

    /// Stops as a service does: no new connections, 1012 with a time to come back, everything on disk.
    pub async fn stop(self) {}

    /// Stops as a crash does: sockets are cut, nothing is said, nothing is tidied up.
    pub async fn kill(self) {}
}
