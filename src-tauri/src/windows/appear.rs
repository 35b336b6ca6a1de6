//! A new window appears when its page starts. Before that it would be an empty frame, and drawing one costs the first rows their
//! time (docs/benchmarks.md, measure 8).

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use tauri::{AppHandle, Manager, WebviewWindow};

use super::{RoomWindow, WindowState, place};
use crate::shell::Shell;

/// So long after it was built a window appears at the latest, whatever becomes of its page. Pages start in a tenth of it.
const LATEST: Duration = Duration::from_millis(1500);

/// How a window comes onto the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    /// Somebody asked for it, or it had the keyboard.
    InFront,
    /// It takes another's place: whoever has the keyboard keeps it.
    Quiet,
    /// The same, and that one was minimised.
    Minimized,
}

impl Entrance {
    /// That of the window which takes this one's place.
    pub(super) fn in_place_of(app: &AppHandle, which: RoomWindow, window: &WebviewWindow) -> Self {
        if let Some(coming) = cancel(app, which) {
            coming
        } else if window.is_minimized().unwrap_or(false) {
            Self::Minimized
        } else if window.is_focused().unwrap_or(false) {
            Self::InFront
        } else {
            Self::Quiet
        }
    }

    fn make(self, window: &WebviewWindow) -> tauri::Result<()> {
        match self {
            Self::InFront => to_front(window),
            Self::Quiet => show_quietly(window),
            Self::Minimized => window.minimize().and_then(|()| show_quietly(window)),
        }
    }
}

/// Whether a window is about to appear.
pub(super) fn is_coming(app: &AppHandle, which: RoomWindow) -> bool {
    app.state::<WindowState>().coming(which).is_some()
}

/// A window is to be built, and to appear with its page.
pub(super) fn announce(app: &AppHandle, which: RoomWindow, entrance: Entrance) {
    *app.state::<WindowState>().coming(which) = Some(entrance);
}

/// It was built, which can take seconds where a disk is cold or the processor busy.
pub(super) fn await_page(app: &AppHandle, which: RoomWindow) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(LATEST).await;
        appear(&app, which);
    });
}

/// A window does not appear by itself any more: it was shown, or is not wanted.
pub(super) fn cancel(app: &AppHandle, which: RoomWindow) -> Option<Entrance> {
    app.state::<WindowState>().coming(which).take()
}

/// The page of a window has started.
pub(crate) fn appear(app: &AppHandle, which: RoomWindow) {
    let window = which.find(app);
    let Some((window, entrance)) = due(window, &mut app.state::<WindowState>().coming(which))
    else {
        return;
    };
    tracing::debug!(?entrance, window = which.label(), "a window appears");
    if let Err(error) = entrance.make(&window) {
        tracing::error!(%error, window = which.label(), "a window could not be shown");
    }
}

/// What is announced stays so until there is a window.
fn due<W>(window: Option<W>, coming: &mut Option<Entrance>) -> Option<(W, Entrance)> {
    let window = window?;
    Some((window, coming.take()?))
}

/// Shows a window that is there already, hidden or not.
pub(super) fn again(
    app: &AppHandle,
    which: RoomWindow,
    window: &WebviewWindow,
) -> tauri::Result<()> {
    // What the system is asked is waited for.
    let is_hidden = !app.state::<Shell>().ticks(which).is_shown();
    if cancel(app, which).is_none() && is_hidden {
        place::restore(app, which, window);
    }
    to_front(window)
}

impl WindowState {
    fn coming(&self, which: RoomWindow) -> MutexGuard<'_, Option<Entrance>> {
        self.of(which).coming.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A window that is built without the focus takes the keyboard again once it is drawn. A window manager that is slower than that would
/// see a new window which may have it, and give it.
fn show_quietly(window: &WebviewWindow) -> tauri::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let quiet = window.clone();
        window.run_on_main_thread(move || {
            if let Ok(window) = quiet.gtk_window() {
                gtk::prelude::GtkWindowExt::set_focus_on_map(&window, false);
            }
        })?;
    }
    window.show()
}

fn to_front(window: &WebviewWindow) -> tauri::Result<()> {
    window.show()?;
    window.unminimize()?;
    window.set_focus()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_or_a_timer_that_is_faster_than_its_window_leaves_it_to_appear() {
        let mut coming = Some(Entrance::Quiet);
        assert_eq!(due(None::<()>, &mut coming), None);
        assert_eq!(due(Some(()), &mut coming), Some(((), Entrance::Quiet)));
        assert_eq!(due(Some(()), &mut coming), None, "once");
    }
}
