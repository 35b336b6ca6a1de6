//! Entering a room for one command, following its connection, and leaving it.

use std::path::Path;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use aside_history::Store;
use aside_protocol::Token;
use aside_session::{Connection, Env, RoomConfig, RoomView, Session};
use tokio::sync::watch;

use crate::home;
use crate::line::{Line, remark};

/// How a command ended, as other programs are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All of it was done.
    Done,
    /// It could not be done, or nobody confirmed it in time.
    Failed,
    /// The command line made no sense.
    Usage,
    /// The server does not want it.
    Refused,
}

impl Outcome {
    /// The process's exit code.
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
        })
    }
}

/// A room that one command is in.
pub(crate) struct Room {
    pub(crate) session: Session,
    pub(crate) json: bool,
    store: Store,
}

/// Opens the store and enters the room; the link comes up by itself.
pub(crate) async fn enter(
    config: RoomConfig,
    token: Token,
    home: Option<&Path>,
    json: bool,
) -> anyhow::Result<Room> {
    let store = home::open_store(home)?;
    let session = Session::start(config, token, store.clone(), Env::real()?).await?;
    Ok(Room { session, json, store })
}

/// What a command waits for at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// All there is has been fetched, and the link is alive.
    Online,
    /// The server will not have us.
    Refused,
    /// Not in the given time.
    Late,
}

impl Room {
    /// Waits until the room is whole, is refused, or the time is over.
    pub(crate) async fn arrive(&self, patience: Duration) -> Arrival {
        let mut view = self.session.watch();
        let arrived = view.wait_for(|view| arrival(view).is_some());
        match tokio::time::timeout(patience, arrived).await {
            Ok(Ok(view)) => arrival(&view).unwrap_or(Arrival::Late),
            // The session ended by itself: nothing more will come.
            Ok(Err(_)) => Arrival::Refused,
            Err(_) => Arrival::Late,
        }
    }

    /// Says why nothing came of it, in words for people.
    pub(crate) fn explain(&self, arrival: Arrival) -> Outcome {
        let view = self.session.watch();
        let why = view.borrow().connection.why().map_or("no answer", |why| why.code());
        match arrival {
            Arrival::Online => Outcome::Done,
            Arrival::Refused => {
                remark!("the server refused ({why})");
                Outcome::Refused
            }
            Arrival::Late => {
                remark!("the server was not reached in time ({why})");
                Outcome::Failed
            }
        }
    }

    /// Where it is kept.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Leaves the room and finishes what the store still has to write.
    pub(crate) async fn leave(&self) {
        self.session.close().await;
        self.store.close().await;
    }
}

fn arrival(view: &RoomView) -> Option<Arrival> {
    match view.connection {
        Connection::Online => Some(Arrival::Online),
        Connection::Refused { .. } | Connection::Closed => Some(Arrival::Refused),
        Connection::Connecting
        | Connection::Joining
        | Connection::Syncing
        | Connection::Waiting { .. } => None,
    }
}

/// Prints the connection's state each time that it changes.
pub(crate) struct StatePrinter {
    last: &'static str,
    json: bool,
}

impl StatePrinter {
    pub(crate) fn new(json: bool) -> Self {
        Self { last: "", json }
    }

    pub(crate) fn follow(&mut self, view: &watch::Receiver<RoomView>) -> std::io::Result<()> {
        let word = view.borrow().connection.word();
        if word != self.last {
            self.last = word;
            Line::state(word).print(self.json)?;
        }
        Ok(())
    }
}

/// Ends when the process is told to stop.
pub(crate) type Stop = Pin<Box<dyn Future<Output = ()>>>;

/// Ctrl-C, or a polite kill, from now on: one that comes while nobody listens waits for the next look.
pub(crate) fn told_to_stop() -> Stop {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        {
            return Box::pin(async move {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
        }
    }
    Box::pin(async {
        let _interrupted = tokio::signal::ctrl_c().await;
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_polite_kill_is_heard_although_nobody_listened_when_it_came() {
        let stop = told_to_stop();
        let me = std::process::id().to_string();
        let told = std::process::Command::new("kill").args(["-TERM", &me]).status().unwrap();
        assert!(told.success());
        tokio::time::timeout(Duration::from_secs(60), stop).await.unwrap();
    }
}
