//! Whoever came by the key that writes goes back to where they came from once what they wrote is on its way. Under X11, where
//! a program may hand the keyboard to another.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tauri::{AppHandle, Manager};

/// The keyboard passes from one of our windows to the other within that, and comes back from a global key.
const PASSING: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(crate) struct CameFrom(Mutex<Way>);

#[derive(Default)]
struct Way {
    /// The other program's window, by its number.
    other: Option<u32>,
    /// Counts what was remembered, so that what ends an earlier way does not end a later one.
    turn: u64,
}

impl CameFrom {
    fn way(&self) -> MutexGuard<'_, Way> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, other: Option<u32>) -> Option<u32> {
        let mut way = self.way();
        way.turn += 1;
        std::mem::replace(&mut way.other, other)
    }

    /// Which way may be over; nothing where nobody came.
    fn turn(&self) -> Option<u64> {
        let way = self.way();
        way.other.map(|_| way.turn)
    }

    fn forget(&self, turn: u64) {
        let mut way = self.way();
        if way.turn == turn {
            way.other = None;
        }
    }
}

/// Remembers who has the keyboard, before a window of ours takes it.
pub(crate) fn remember(app: &AppHandle) {
    app.state::<CameFrom>().set(x11::other());
}

/// Gives the keyboard back, unless somebody has gone elsewhere since.
pub(crate) fn give_back(app: &AppHandle) {
    if let Some(other) = app.state::<CameFrom>().set(None).filter(|_| super::is_looked_at(app)) {
        x11::activate(other);
    }
}

/// A window of ours lost the keyboard: if no other of ours has it a moment later, somebody went elsewhere by themselves.
pub(super) fn forget(app: &AppHandle) {
    let Some(turn) = app.state::<CameFrom>().turn() else { return };
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(PASSING).await;
        if !super::is_looked_at(&app) {
            app.state::<CameFrom>().forget(turn);
        }
    });
}

#[cfg(target_os = "linux")]
mod x11 {
    use x11rb::connection::Connection as _;
    use x11rb::errors::ReplyError;
    use x11rb::protocol::xproto::{
        AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, Window,
    };
    use x11rb::rust_connection::RustConnection;

    use super::super::is_wayland;

    /// A person's wish, as a panel tells it: window managers do not take it for a program that pushes itself forward.
    const A_PERSON: u32 = 2;

    /// The window that has the keyboard, where it is another program's.
    pub(super) fn other() -> Option<u32> {
        let (connection, screen) = connect()?;
        let found = active(&connection, screen);
        found.inspect_err(|error| tracing::debug!(%error, "nobody says who is active")).ok()?
    }

    pub(super) fn activate(window: u32) {
        let Some((connection, screen)) = connect() else { return };
        if let Err(error) = ask_for(&connection, screen, window) {
            tracing::debug!(%error, "the keyboard could not be given back");
        }
    }

    fn connect() -> Option<(RustConnection, usize)> {
        if is_wayland() { None } else { x11rb::connect(None).ok() }
    }

    fn root(connection: &RustConnection, screen: usize) -> Window {
        connection.setup().roots.get(screen).map_or(x11rb::NONE, |screen| screen.root)
    }

    fn active(connection: &RustConnection, screen: usize) -> Result<Option<Window>, ReplyError> {
        let number = |of: Window, name: &str, kind: AtomEnum| -> Result<Option<u32>, ReplyError> {
            let name = connection.intern_atom(false, name.as_bytes())?.reply()?.atom;
            let told = connection.get_property(false, of, name, kind, 0, 1)?.reply()?;
            Ok(told.value32().and_then(|mut values| values.next()))
        };
        let root = root(connection, screen);
        let active = number(root, "_NET_ACTIVE_WINDOW", AtomEnum::WINDOW)?;
        let Some(active) = active.filter(|window| *window != x11rb::NONE) else { return Ok(None) };
        let owner = number(active, "_NET_WM_PID", AtomEnum::CARDINAL)?;
        Ok((owner != Some(std::process::id())).then_some(active))
    }

    fn ask_for(
        connection: &RustConnection,
        screen: usize,
        window: Window,
    ) -> Result<(), ReplyError> {
        let kind = connection.intern_atom(false, b"_NET_ACTIVE_WINDOW")?.reply()?.atom;
        let wish = ClientMessageEvent::new(32, window, kind, [A_PERSON, 0, 0, 0, 0]);
        let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        connection.send_event(false, root(connection, screen), mask, wish)?.check()
    }
}

#[cfg(not(target_os = "linux"))]
mod x11 {
    pub(super) fn other() -> Option<u32> {
        None
    }

    pub(super) fn activate(_window: u32) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_one_way_does_not_end_the_next() {
        let from = CameFrom::default();
        assert_eq!(from.turn(), None);
        from.set(Some(7));
        let first = from.turn().unwrap();
        from.set(Some(8));
        from.forget(first);
        assert!(from.turn().is_some());
        from.forget(from.turn().unwrap());
        assert_eq!((from.turn(), from.set(None)), (None, None));
    }
}
