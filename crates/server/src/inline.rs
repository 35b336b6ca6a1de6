//! A server without threads, listener or files of its own, for simulations: the same code, on a runtime of one thread and
//! whatever streams it is handed. The same streams, clock and dice make the same run.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;

use crate::config::Config;
use crate::running::{Running, ServerError, Writing, assemble};
use crate::store::{self, Store};

/// Where rooms stay while no server runs: a database in memory that outlives the servers on it.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<Connection>>);

impl Disk {
    /// An empty one.
    ///
    /// # Errors
    /// [`ServerError`]: memory.
    pub fn new() -> Result<Self, ServerError> {
        let mut conn = Connection::open_in_memory().map_err(ServerError::Database)?;
        store::migrate(&mut conn)?;
        Ok(Self(Arc::new(Mutex::new(conn))))
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disk")
    }
}

/// What the writer has just done with entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was asked to store them.
    Asked,
    /// They are on disk, and nobody knows.
    Committed,
    /// Everyone was told, the sender has no reply yet.
    Told,
}

/// How long the writer rests after each step: a slow disk, or the moment in which a simulation kills the server.
#[derive(Clone)]
pub struct Rests(Arc<dyn Fn(Step) -> Duration + Send + Sync>);

impl Rests {
    /// A disk that takes no time.
    pub fn none() -> Self {
        Self::from_fn(|_| Duration::ZERO)
    }

    /// Asked anew at every step.
    pub fn from_fn(rest: impl Fn(Step) -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(rest))
    }

    pub(crate) async fn after(&self, step: Step) {
        let rest = (self.0)(step);
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }
}

impl fmt::Debug for Rests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rests")
    }
}

/// Starts a server that listens nowhere: [`Running::serve`] hands it its connections. `Config::data` is not looked at.
///
/// # Errors
/// [`ServerError`]: the database.
pub fn start_inline(config: Config, disk: &Disk, rests: Rests) -> Result<Running, ServerError> {
    let (store, writer) = Store::inline(disk.0.clone(), config.clock.clone())?;
    let writing = Writing::Task(tokio::spawn(writer.run_inline(rests)));
    Ok(assemble(config, store, writing, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
}
