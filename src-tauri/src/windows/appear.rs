//! A new window appears when its page starts. Before that it would be an empty frame, and drawing one costs the first rows their
//! time (docs/benchmarks.md, measure 8).

use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri::{AppHandle, Manager, WebviewWindow};

use super::{RoomWindow, WindowState, place};
use crate::shell::Shell;

/// A window that was built appears after this time at the latest, whatever becomes of its page. Pages start in a tenth of it.
const LATEST: Duration = Duration::from_millis(1500);

/// Whether a window is about to appear.
pub(super) fn is_coming(app: &AppHandle, which: RoomWindow) -> bool {
    app.state::<WindowState>().of(which).coming.load(Ordering::SeqCst)
}

/// A window was built: it is to appear with its page.
pub(super) fn await_page(app: &AppHandle, which: RoomWindow) {
    app.state::<WindowState>().of(which).coming.store(true, Ordering::SeqCst);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(LATEST).await;
        appear(&app, which);
    });
}

/// A window does not appear by itself any more: it was shown, or is not wanted.
pub(super) fn cancel(app: &AppHandle, which: RoomWindow) -> bool {
    app.state::<WindowState>().of(which).coming.swap(false, Ordering::SeqCst)
}

/// The page of a window has started.
pub(crate) fn appear(app: &AppHandle, which: RoomWindow) {
    if !cancel(app, which) {
        return;
    }
    if let Some(window) = which.find(app)
        && let Err(error) = to_front(&window)
    {
        tracing::error!(%error, window = which.label(), "a window could not be shown");
    }
}

/// Shows a window that is there already, hidden or not.
pub(super) fn again(
    app: &AppHandle,
    which: RoomWindow,
    window: &WebviewWindow,
) -> tauri::Result<()> {
    // What the system is asked is waited for.
    let is_hidden = !app.state::<Shell>().ticks(which).is_shown();
    if !cancel(app, which) && is_hidden {
        place::restore(app, which, window);
    }
    to_front(window)
}

fn to_front(window: &WebviewWindow) -> tauri::Result<()> {
    window.show()?;
    window.unminimize()?;
    window.set_focus()
}
