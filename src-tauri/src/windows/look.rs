//! What a window is like beside its page: in front of others, without its frame, and what this desktop lets it be.

use tauri::{AppHandle, Emitter, Manager};

use super::through::{can_click_through, is_click_through, key};
use super::{RoomWindow, is_wayland, see_through};
use crate::dto::WindowLook;
use crate::errors::AppError;
use crate::shell::Shell;

/// How a window looks beside its page: what a person chose for it, and what this system can do.
pub(crate) fn look(app: &AppHandle, which: RoomWindow) -> WindowLook {
    let memory = app.state::<Shell>().remembered.read(|memory| memory.window(which));
    let (can_pin, see_through) = (can_pin(), see_through::see_through(app));
    let (pinned, bare, view) = (memory.pinned, memory.bare, memory.view);
    WindowLook {
        pinned,
        bare,
        can_pin,
        see_through,
        can_click_through: can_click_through(),
        click_through: is_click_through(app),
        click_through_key: key(app),
        view,
    }
}

/// Tells a window's page what the window is like now.
pub(super) fn tell_look(app: &AppHandle, which: RoomWindow) {
    let _unheard = app.emit_to(which.label(), "window", look(app, which));
}

/// Keeps a window in front of all others, or no longer.
///
/// # Errors
/// `settings_not_saved`; the window obeys all the same.
pub(crate) fn pin(app: &AppHandle, which: RoomWindow, pinned: bool) -> Result<(), AppError> {
    let in_front = pinned || which == RoomWindow::Side && is_click_through(app);
    if let Some(window) = which.find(app)
        && let Err(error) = window.set_always_on_top(in_front)
    {
        tracing::warn!(%error, "the window could not be kept on top");
    }
    let saved = app.state::<Shell>().change(|memory| memory.window_mut(which).pinned = pinned);
    tell_look(app, which);
    saved
}

/// Takes everything but the rows away from a window, its frame included, or gives it back.
///
/// # Errors
/// `settings_not_saved`; the window obeys all the same.
pub(crate) fn strip(app: &AppHandle, which: RoomWindow, bare: bool) -> Result<(), AppError> {
    if let Some(window) = which.find(app)
        && let Err(error) = window.set_decorations(!bare)
    {
        tracing::warn!(%error, "the window's frame could not be changed");
    }
    let saved = app.state::<Shell>().change(|memory| memory.window_mut(which).bare = bare);
    tell_look(app, which);
    saved
}

/// Whether this desktop lets a window keep itself in front: Wayland does not.
fn can_pin() -> bool {
    !is_wayland()
}
