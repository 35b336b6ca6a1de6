//! Whether the side window can let through what is behind it, and what happens when that changes.
//!
//! On Linux it takes a desktop that blends windows, which under X11 a compositing manager does that comes and goes, and a web
//! view that draws in layers (docs/decisions.md).

use std::sync::PoisonError;

use tauri::{AppHandle, Manager};

use super::WindowState;
use crate::dto::SeeThrough;

/// Whether a window can be seen through now.
pub(super) fn see_through(app: &AppHandle) -> SeeThrough {
    let state = app.state::<WindowState>();
    *state.see_through.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(target_os = "linux")]
pub(super) use linux::draw_in_layers;
#[cfg(target_os = "linux")]
pub(crate) use linux::start;

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::PoisonError;

    use gtk::gdk;
    use tauri::{AppHandle, Manager, WebviewWindow};
    use webkit2gtk::{HardwareAccelerationPolicy, Settings, SettingsExt, WebViewExt};

    use super::super::look::tell_look;
    use super::super::{RoomWindow, WindowState, build};
    use super::see_through;
    use crate::dto::SeeThrough;
    use crate::shell::Shell;

    /// Looks what this desktop can, and follows it. On the main thread, before the first window.
    pub(crate) fn start(app: &AppHandle) {
        let Some(screen) = gdk::Screen::default() else { return };
        let layers = draws_in_layers();
        put(app, can(&screen, layers));
        let app = app.clone();
        screen.connect_composited_changed(move |screen| {
            let before = see_through(&app);
            put(&app, can(screen, layers));
            if see_through(&app) != before {
                changed(&app);
            }
        });
    }

    /// Has a page drawn in layers always: older web views do so only where a page asks for it, and forget to clear the rest.
    pub(in crate::windows) fn draw_in_layers(window: &WebviewWindow) {
        let done = window.with_webview(|view| {
            if let Some(settings) = view.inner().settings() {
                settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Always);
            }
        });
        if let Err(error) = done {
            tracing::warn!(%error, "the side window's page may be drawn wrongly");
        }
    }

    fn can(screen: &gdk::Screen, layers: bool) -> SeeThrough {
        if !layers {
            SeeThrough::Undrawn
        } else if screen.is_composited() && screen.rgba_visual().is_some() {
            SeeThrough::Possible
        } else {
            SeeThrough::Unblended
        }
    }

    /// The web view takes the wish back where it has no OpenGL or is told not to use it.
    fn draws_in_layers() -> bool {
        let settings = Settings::new();
        settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Always);
        settings.hardware_acceleration_policy() == HardwareAccelerationPolicy::Always
    }

    fn put(app: &AppHandle, now: SeeThrough) {
        let state = app.state::<WindowState>();
        *state.see_through.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// A window that was to be seen through would be black where nothing blends it.
    fn changed(app: &AppHandle) {
        for which in RoomWindow::ALL {
            tell_look(app, which);
        }
        let opacity = app.state::<Shell>().remembered.read(|memory| memory.settings.side_opacity);
        build::follow_opacity(app, opacity);
    }
}
