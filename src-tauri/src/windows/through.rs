//! Clicks that go through the side window to what lies under it.
//!
//! Whoever lets them through can't click at the window any more. So there is a key for it, or it is not done; and showing
//! or hiding that window takes the clicks back, unless the key that writes does it; so does building another in its place.
//! It is kept in memory alone: no start begins with it.

use std::sync::PoisonError;

use tauri::{AppHandle, Manager};

use super::appear::appear;
use super::look::tell_look;
use super::{RoomWindow, WindowState, bring, is_wayland};
use crate::dto::HotkeyAction;
use crate::errors::{AppError, Code};
use crate::hotkeys;
use crate::shell::Shell;
use crate::tray::Tray;

/// The keys that are tried where a person has chosen none.
const KEYS: [&str; 3] =
    ["Control+Alt+Shift+KeyC", "Control+Alt+Shift+KeyX", "Control+Alt+Shift+F9"];

/// How clicks that go through are had back, beside what is there always.
#[derive(Clone, Debug)]
pub(super) struct WayOut {
    /// None where the tray alone is left.
    key: Option<String>,
}

/// Whether this desktop can: Wayland keeps no window in front and has no keys for all programs.
pub(crate) fn can_click_through() -> bool {
    !is_wayland()
}

/// Whether clicks go through the side window.
pub(crate) fn is_click_through(app: &AppHandle) -> bool {
    way_out(app).is_some()
}

/// The key that ends it.
pub(super) fn key(app: &AppHandle) -> Option<String> {
    way_out(app)?.key
}

/// Lets clicks through the side window, which is shown for it, or takes them again.
///
/// # Errors
/// `click_through_unsupported`, `no_way_out`, `window_failed`; the window takes clicks then.
pub(crate) fn let_clicks_through(app: &AppHandle, on: bool) -> Result<(), AppError> {
    if !on {
        take_clicks(app);
        return Ok(());
    }
    if !can_click_through() {
        return Err(Code::ClickThroughUnsupported.into());
    }
    let key = hotkeys::take(app, HotkeyAction::ClickThrough, &KEYS).ok();
    if key.is_none() && !app.state::<Tray>().is_seen() {
        return Err(Code::NoWayOut.into());
    }
    let failed = |error: tauri::Error| {
        tracing::error!(%error, "clicks could not be let through the side window");
        AppError::from(Code::WindowFailed)
    };
    if !RoomWindow::Side.is_shown(app) {
        bring(app, RoomWindow::Side).map_err(failed)?;
    }
    // What never was on the screen has no shape that could be changed; GTK's window would end the app.
    appear(app, RoomWindow::Side);
    put(app, Some(WayOut { key }));
    obey(app).map_err(|error| {
        put(app, None);
        failed(error)
    })
}

/// The other way round, as a key or the tray asks.
pub(crate) fn toggle_click_through(app: &AppHandle) {
    let app = app.clone();
    // A key may have to be taken first, which waits for the very threads that call this.
    tauri::async_runtime::spawn_blocking(move || {
        if is_click_through(&app) {
            take_clicks(&app);
            // No longer kept in front, it would be behind what was clicked at meanwhile.
            if let Err(error) = bring(&app, RoomWindow::Side) {
                tracing::error!(%error, "the side window could not be shown");
            }
        } else if let Err(error) = let_clicks_through(&app, true) {
            tracing::warn!(code = error.code(), "clicks do not go through the side window");
            app.state::<Shell>().notice(error.code(), &[]);
            app.state::<Tray>().changed();
        }
    });
}

/// The side window takes clicks again.
pub(crate) fn take_clicks(app: &AppHandle) {
    if put(app, None).is_some()
        && let Err(error) = obey(app)
    {
        tracing::error!(%error, "the side window could not be given its clicks back");
    }
}

/// Another key is chosen for it, or none.
pub(crate) fn follow_key(app: &AppHandle, key: Option<&str>) {
    if !is_click_through(app) {
        return;
    }
    if key.is_none() && !app.state::<Tray>().is_seen() {
        return take_clicks(app);
    }
    put(app, Some(WayOut { key: key.map(str::to_owned) }));
    tell(app);
}

fn way_out(app: &AppHandle) -> Option<WayOut> {
    app.state::<WindowState>().way_out.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Puts another in its place, and says which one was there.
fn put(app: &AppHandle, way_out: Option<WayOut>) -> Option<WayOut> {
    let state = app.state::<WindowState>();
    let mut there = state.way_out.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::replace(&mut *there, way_out)
}

/// The window does what is in force. Covered by what takes the clicks, it would be of no use.
fn obey(app: &AppHandle) -> tauri::Result<()> {
    let through = is_click_through(app);
    tell(app);
    let Some(window) = RoomWindow::Side.find(app) else { return Ok(()) };
    let pinned =
        app.state::<Shell>().remembered.read(|memory| memory.window(RoomWindow::Side).pinned);
    window.set_ignore_cursor_events(through)?;
    window.set_always_on_top(pinned || through)
}

/// Tells the pages and the tray.
fn tell(app: &AppHandle) {
    for which in RoomWindow::ALL {
        tell_look(app, which);
    }
    app.state::<Tray>().changed();
}
