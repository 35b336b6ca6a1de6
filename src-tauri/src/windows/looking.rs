//! Whether somebody looks at a room.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tauri::{AppHandle, Manager, WindowEvent};

use super::{RoomWindow, WindowState, back};

/// Under X11 a global key takes the keyboard from a window for as long as it is down, and we hear of the key up to 50 ms
/// later. A finger stays on a key for some 100 ms.
const KEY: Duration = Duration::from_millis(500);

/// Whether somebody looks at a room: a window that is merely visible on some screen is not looked at.
pub(crate) fn is_looked_at(app: &AppHandle) -> bool {
    RoomWindow::ALL
        .into_iter()
        .filter_map(|which| which.find(app))
        .any(|window| window.is_focused().unwrap_or(false) && window.is_visible().unwrap_or(false))
}

/// The same, as it was before the key that is down took the keyboard.
pub(super) fn was_looked_at(app: &AppHandle) -> bool {
    let state = app.state::<WindowState>();
    RoomWindow::ALL.into_iter().filter(|which| which.is_shown(app)).any(|which| {
        let left = *state.of(which).left.lock().unwrap_or_else(PoisonError::into_inner);
        left.is_some_and(|left| left.elapsed() < KEY)
    })
}

/// Remembers when a window lost the keyboard.
pub(super) fn follow(app: &AppHandle, which: RoomWindow, event: &WindowEvent) {
    if let WindowEvent::Focused(focused) = event {
        let left = (!focused).then(Instant::now);
        if !focused {
            back::forget(app);
        }
        let state = app.state::<WindowState>();
        *state.of(which).left.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }
}
