//! Starting a server on a listener, and stopping it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use aside_protocol::CloseReason;
use aside_protocol::close::RESTARTING;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accept::{self, Stream};
use crate::config::{Config, Limits};
use crate::crowd::Crowd;
use crate::hall::Hall;
use crate::log::LogError;
use crate::outlet::Goodbye;
use crate::pace::Paces;
use crate::probe::Probe;
use crate::rooms::Rooms;
use crate::routes::{self, Server};
use crate::store::Store;
use crate::store::writer::Write;
use crate::wire::Wire;
use crate::{keeping, metrics};

/// A server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The database could not be opened, read or brought up to date.
    #[error("the room database cannot be opened")]
    Database(#[source] rusqlite::Error),
    /// The database is from a newer version, or is no room database.
    #[error("the room database has an unknown form")]
    Migration(#[source] rusqlite_migration::Error),
    /// The directory cannot be made or locked, or no thread be started.
    #[error("the data directory cannot be used")]
    Directory(#[source] std::io::Error),
    /// Another server runs on this directory.
    #[error("another server runs on this data directory")]
    Locked,
    /// The log that servers share cannot be used.
    #[error("the log cannot be used")]
    Log(#[source] LogError),
    /// The listener has no address.
    #[error("the listener cannot be used")]
    Listener(#[source] std::io::Error),
}

/// How often sockets are checked against tokens that another process revoked, or that have expired. Five seconds are
/// promised.
const TOKEN_CHECK: Duration = Duration::from_secs(2);

/// Connections to the metrics, at once.
const SCRAPERS: usize = 16;

/// How long a graceful stop waits for clients to take their leave.
const LEAVE: Duration = Duration::from_secs(2);

/// How long a stop waits for what is still to be written.
const WRITE_OUT: Duration = Duration::from_secs(6);

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    rooms: Rooms,
    server: Arc<Server>,
    stop: CancellationToken,
    /// The accept loop, what it accepted, and the check of tokens.
    connections: TaskTracker,
    router: axum::Router,
    writer: Option<Writing>,
}

/// Where the writer runs.
#[derive(Debug)]
pub(crate) enum Writing {
    Thread(JoinHandle<()>),
    Task(tokio::task::JoinHandle<()>),
}

/// Starts a server on a listener: sockets at `/ws`, HTTP under `/api/`, `/health`, the audience's page under `/r/`. It runs on the current tokio
/// runtime until [`Running::stop`], or until the handle is dropped.
///
/// # Errors
/// [`ServerError`]: the database, its directory, or the listener.
pub async fn start(config: Config, listener: TcpListener) -> Result<Running, ServerError> {
    let addr = listener.local_addr().map_err(ServerError::Listener)?;
    let (data, log, clock) = (config.data.clone(), config.log.clone(), config.clock.clone());
    let opening = tokio::task::spawn_blocking(move || {
        let (store, writer) = Store::host(data.as_deref(), log.as_ref(), clock)?;
        let thread = writer.spawn().map_err(ServerError::Directory)?;
        Ok((store, thread))
    });
    let (store, writer) = match opening.await {
        Ok(opened) => opened?,
        Err(lost) => return Err(ServerError::Directory(std::io::Error::other(lost))),
    };
    let running = assemble(config, store, Writing::Thread(writer), addr);
    let limits = running.server.config.limits.clone();
    let (stop, connections) = (running.stop.clone(), running.connections.clone());
    let accepting =
        accept::accept(listener, running.router.clone(), limits, stop, connections.clone());
    connections.spawn(accepting);
    tracing::info!(%addr, core_only = running.server.offered.is_empty(), "server started");
    Ok(running)
}

/// A server, whatever brings its connections.
pub(crate) fn assemble(config: Config, store: Store, writer: Writing, addr: SocketAddr) -> Running {
    let (clock, dice) = (config.clock.clone(), config.dice.clone());
    let hall = Arc::new(Hall::new(store, clock, dice, Wire::of(&config)));
    let server = Arc::new(Server {
        hall: hall.clone(),
        offered: config.offered(),
        probe: Probe::new(config.probe),
        tasks: TaskTracker::new(),
        sends: Paces::default(),
        reads: Paces::default(),
        steps: Paces::default(),
        slow: Paces::default(),
        connects: Paces::default(),
        strangers: Paces::default(),
        guests: Paces::default(),
        guest_looks: Paces::default(),
        draining: AtomicBool::new(false),
        config,
    });
    let (stop, connections) = (CancellationToken::new(), TaskTracker::new());
    connections.spawn(check_tokens(hall.clone(), stop.clone()));
    connections.spawn(keeping::keep_house(hall.clone(), server.config.keep, stop.clone()));
    let (router, rooms) = (routes::router(&server), Rooms::new(hall));
    Running { addr, rooms, server, stop, connections, router, writer: Some(writer) }
}

async fn check_tokens(hall: Arc<Hall>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TOKEN_CHECK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            // A server that nobody is connected to sleeps.
            () = async {
                hall.sockets.some().await;
                tick.tick().await;
            } => {}
        }
        if let Err(error) = hall.end_stale_sockets().await {
            tracing::error!(%error, "tokens could not be checked");
        }
        hall.end_stale_looks();
        if let Err(error) = hall.end_stale_claims().await {
            tracing::error!(%error, "claims could not be checked");
        }
        if let Err(error) = hall.count_left_votes().await {
            tracing::error!(%error, "votes could not be looked at");
        }
    }
}

impl Running {
    /// Serves a client at the other end of any stream, as if it had been accepted.
    pub fn serve(&self, stream: impl Stream, peer: SocketAddr) {
        let head = self.server.config.limits.request_head;
        let (router, stop) = (self.router.clone(), self.stop.clone());
        self.connections.spawn(async move {
            // Whoever brings streams knows how many.
            let Some(place) = Crowd::new(1).place().await else { return };
            accept::serve(Either::Right(Box::new(stream)), peer, place, router, head, stop).await;
        });
    }

    /// Where the server listens; port 0 when it does not.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What the owner may do.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// What clients did; empty unless the config asked for it.
    pub fn probe(&self) -> Probe {
        self.server.probe.clone()
    }

    /// Serves what is counted at `/metrics` of another listener, to whoever has the token, or to everybody who reaches it.
    pub fn serve_metrics(&self, listener: TcpListener, token: Option<&str>) {
        let router = metrics::router(self.server.clone(), token);
        let limits = Limits { connections: SCRAPERS, ..self.server.config.limits.clone() };
        let (stop, connections) = (self.stop.clone(), self.connections.clone());
        self.connections.spawn(accept::accept(listener, router, limits, stop, connections));
    }

    /// From now on nobody is taken in, and `/health` says so; those inside stay. The beginning of a stop, for a proxy that
    /// looks before it sends anybody here.
    pub fn drain(&self) {
        self.server.draining.store(true, Ordering::Relaxed);
        tracing::info!(sockets = self.server.hall.sockets.count(), "server drains");
    }

    /// Closes every socket with a code and a reason, as an operator would.
    pub fn close_sockets(&self, code: u16, reason: &str) {
        self.server.hall.sockets.end(|_| true, || Goodbye::close(code, reason));
    }

    /// Drops every socket without a close frame, as a broken network would.
    pub fn cut_sockets(&self) {
        self.server.hall.sockets.end(|_| true, || Goodbye::Cut);
    }

    /// Stops as a service does: no new connections, 1012 with a time to come back, everything on disk.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let sockets = &self.server.hall.sockets;
        let (limits, count) = (&self.server.config.limits, sockets.count());
        let goodbye = || {
            let wait_ms = come_back_ms(limits, count, self.server.config.dice.roll() as u32);
            Goodbye::close(RESTARTING, CloseReason::retry_text(wait_ms))
        };
        sockets.end(|_| true, goodbye);
        self.leave(LEAVE).await;
        self.write_out().await;
        tracing::info!(sockets = count, "server stopped");
    }

    /// Stops as a crash does: sockets are cut, nothing is said. What was not yet acknowledged may be lost.
    pub async fn kill(mut self) {
        if let Some(Writing::Task(writer)) = &self.writer {
            writer.abort();
        }
        self.stop.cancel();
        self.cut_sockets();
        self.leave(Duration::from_millis(500)).await;
        self.write_out().await;
    }

    async fn leave(&self, patience: Duration) {
        self.server.tasks.close();
        self.connections.close();
        let all = async {
            self.server.tasks.wait().await;
            self.connections.wait().await;
        };
        if timeout(patience, all).await.is_err() {
            tracing::warn!(sockets = self.server.tasks.len(), "some did not leave in time");
        }
    }

    /// Ends the writer once it has committed what waits, and lets go of the directory.
    async fn write_out(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        let end = async {
            // Refused only when the writer has ended already.
            let _ = self.server.hall.store.writes().send(Write::Stop).await;
            match writer {
                Writing::Thread(thread) => {
                    let joined = tokio::task::spawn_blocking(move || thread.join()).await;
                    joined.is_ok_and(|ended| ended.is_ok())
                }
                // One that was killed did as it was told.
                Writing::Task(task) => !task.await.is_err_and(|end| end.is_panic()),
            }
        };
        match timeout(WRITE_OUT, end).await {
            Ok(true) => {}
            Ok(false) => tracing::error!("the writer panicked"),
            Err(_) => tracing::error!("the writer did not end in time"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        self.cut_sockets();
        // A full queue means that the writer is busy; it ends once the tasks that hold its queue are gone.
        let _ = self.server.hall.store.writes().try_send(Write::Stop);
    }
}

/// When a client may come back after a restart: not before the server is up, and no faster than it can admit them all.
fn come_back_ms(limits: &Limits, clients: usize, dice: u32) -> u64 {
    let spread_ms = clients as f64 * 1.1 * 1000.0 / f64::from(limits.admit_per_second.max(1));
    let restart_ms = u64::try_from(limits.restart_after.as_millis()).unwrap_or(u64::MAX);
    restart_ms.saturating_add((spread_ms * f64::from(dice) / f64::from(u32::MAX)) as u64)
}

#[cfg(test)]
mod tests {
    use aside_protocol::{ClientFrame, Join, Topic};
    use futures_util::SinkExt;
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;

    use super::*;
    use crate::spec::{RoomSpec, TokenSpec};

    #[tokio::test]
    async fn who_has_left_is_told_nothing_any_more() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = start(Config::for_tests(), listener).await.unwrap();
        let spec = TokenSpec::audience(RoomSpec::new("7"), "ann", "Ann");
        let token = running.rooms().create_token(spec).await.unwrap().token;
        let room = running.server.hall.find(&Topic::new("7")).await.unwrap();
        for _ in 0..3 {
            let mut request = format!("ws://{}/ws", running.addr()).into_client_request().unwrap();
            request.headers_mut().insert("authorization", token.expose().parse().unwrap());
            let stream = tokio::net::TcpStream::connect(running.addr()).await.unwrap();
            let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
            let join =
                ClientFrame::Join(Join { topic: Topic::new("7"), resume: None, triage: false });
            socket.send(join.encode(&token).unwrap().into()).await.unwrap();
            timeout(LEAVE, async {
                while room.listeners() == 0 {
                    tokio::task::yield_now().await;
                }
                drop(socket);
                while room.listeners() > 0 || running.server.hall.sockets.count() > 0 {
                    tokio::task::yield_now().await;
                }
            })
            .await
            .unwrap();
        }
        running.stop().await;
    }

    #[test]
    fn clients_come_back_no_faster_than_they_can_be_admitted() {
        let limits = Limits::default();
        assert_eq!(come_back_ms(&limits, 5000, 0), 1000);
        assert_eq!(come_back_ms(&limits, 5000, u32::MAX), 1000 + 27_500);
        assert_eq!(come_back_ms(&limits, 0, u32::MAX), 1000);
    }
}
