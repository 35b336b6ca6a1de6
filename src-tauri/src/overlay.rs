//! The overlay for OBS and its like: the chat and the question on stage as two pages on loopback, for a browser source.
//!
//! Off until a person asks for it. It runs in the app, so it goes on while the window is hidden; it shows what everybody in
//! the room sees, to whoever knows its address on this machine, and takes nothing from anybody.
//!
//! [`address`] is where it is, [`gate`] who gets what, [`server`] and [`listener`] the HTTP, [`page`] and [`choices`] the
//! pages, [`feed`] what the room shows, [`shown`] and [`screens`] the form in which it is told.

mod address;
mod choices;
mod feed;
mod gate;
mod listener;
mod page;
mod screens;
mod server;
mod shown;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use aside_words::Language;
use tauri::{AppHandle, Manager};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinHandle;

pub(crate) use self::address::{Address, Secret};
use self::feed::Which;
use self::screens::Screens;
use self::server::{Server, Site};
use crate::dto::{self, OverlayPart};
use crate::errors::AppError;
use crate::rooms::Rooms;
use crate::settings::RoomKey;
use crate::shell::Shell;

/// The overlay, on or off.
pub(crate) struct Overlay {
    rooms: Rooms,
    which: Which,
    language: Arc<dyn Fn() -> Language + Send + Sync>,
    wake: Arc<Notify>,
    // Held across a change: a person who presses twice waits for the first.
    standing: Mutex<Standing>,
}

enum Standing {
    Off,
    On(Running),
    /// Somebody else has the port.
    Taken,
}

struct Running {
    address: Address,
    server: Server,
    feed: JoinHandle<()>,
}

impl Running {
    async fn stop(self) {
        self.feed.abort();
        self.server.stop().await;
    }
}

impl Overlay {
    /// An overlay that is off. `which` says which room is to be shown, `wake` that something could look different.
    pub(crate) fn new(
        rooms: Rooms,
        which: impl Fn() -> Option<RoomKey> + Send + Sync + 'static,
        language: impl Fn() -> Language + Send + Sync + 'static,
        wake: Arc<Notify>,
    ) -> Self {
        let (which, language) = (Arc::new(which), Arc::new(language));
        Self { rooms, which, language, wake, standing: Mutex::new(Standing::Off) }
    }

    /// Looks again at which room is to be shown.
    pub(crate) fn changed(&self) {
        self.wake.notify_one();
    }

    /// Turns it on at an address, or off. On at the same address already, it goes on.
    async fn turn(&self, to: Option<Address>) {
        let mut standing = self.standing.lock().await;
        if let (Standing::On(running), Some(address)) = (&*standing, &to)
            && running.address == *address
        {
            return;
        }
        if let Standing::On(running) = std::mem::replace(&mut *standing, Standing::Off) {
            running.stop().await;
        }
        let Some(address) = to else { return };
        *standing = match address::listen(address.port).await {
            Ok(listener) => Standing::On(self.run(listener, address)),
            Err(error) => {
                tracing::warn!(%error, port = address.port, "the overlay's port is taken");
                Standing::Taken
            }
        };
    }

    fn run(&self, listener: TcpListener, address: Address) -> Running {
        let screens = Arc::new(Screens::default());
        let feed = feed::keep(
            Arc::clone(&screens),
            self.rooms.clone(),
            Arc::clone(&self.which),
            Arc::clone(&self.wake),
        );
        let site = Site { address: address.clone(), screens, language: Arc::clone(&self.language) };
        Running { address, server: Server::start(listener, site), feed: tokio::spawn(feed) }
    }

    async fn state(&self) -> dto::OverlayState {
        match &*self.standing.lock().await {
            Standing::Off => dto::OverlayState::Off,
            Standing::On(_) => dto::OverlayState::On,
            Standing::Taken => dto::OverlayState::PortTaken,
        }
    }
}

/// Brings the overlay to what the settings say.
///
/// # Errors
/// When no port is free, or a new address can't be written down.
pub(crate) async fn follow_settings(app: &AppHandle) -> Result<(), AppError> {
    follow(&app.state::<Shell>(), &app.state::<Overlay>()).await
}

async fn follow(shell: &Shell, overlay: &Overlay) -> Result<(), AppError> {
    let wanted = shell.remembered.read(|memory| memory.settings.overlay);
    let address = if wanted { Some(known_or_new(shell).await?) } else { None };
    overlay.turn(address).await;
    if overlay.state().await != dto::OverlayState::PortTaken {
        shell.take_back_notices("overlay_port");
    }
    overlay.changed();
    Ok(())
}

/// How the overlay stands, and where it is.
pub(crate) async fn status(app: &AppHandle) -> dto::Overlay {
    let state = app.state::<Overlay>().state().await;
    let address = app.state::<Shell>().remembered.read(|memory| memory.overlay.clone());
    let url = |page| address.as_ref().map(|address| address.url(page)).unwrap_or_default();
    dto::Overlay {
        state,
        port: address.as_ref().map_or(0, |address| address.port),
        chat: url("chat"),
        question: url("question"),
    }
}

/// Makes a part of the address anew; who listens at the old one is cut off.
///
/// # Errors
/// As [`follow_settings`].
pub(crate) async fn renew(app: &AppHandle, part: OverlayPart) -> Result<(), AppError> {
    let shell = app.state::<Shell>();
    let Address { port, secret } = known_or_new(&shell).await?;
    let address = match part {
        OverlayPart::Path => Address { port, secret: Secret::random() },
        OverlayPart::Port => Address { port: address::free_port().await?, secret },
    };
    shell.change(|memory| memory.overlay = Some(address))?;
    follow_settings(app).await
}

/// The remembered address, or one that is remembered from now on.
async fn known_or_new(shell: &Shell) -> Result<Address, AppError> {
    if let Some(known) = shell.remembered.read(|memory| memory.overlay.clone()) {
        return Ok(known);
    }
    let address = Address { port: address::free_port().await?, secret: Secret::random() };
    shell.change(|memory| memory.overlay = Some(address.clone()))?;
    Ok(address)
}
