//! What a window is made of: sizes, what its page may do, and a background that lets through what is behind it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri::webview::{NewWindowResponse, PermissionResponse, WebviewWindowBuilder};
use tauri::{AppHandle, LogicalSize, Manager, Url, WebviewUrl, WebviewWindow};

use super::appear::Entrance;
use super::{RoomWindow, WindowState, enter, place, see_through, stands};
use crate::dto;
use crate::shell::Shell;

/// The smallest window that a row of chat and the composer fit in, in logical pixels.
pub(super) const SMALLEST: (f64, f64) = (240.0, 200.0);

/// How often, and how far apart, the name of a window that was ended is looked for.
const NAME_TRIES: u32 = 100;
const NAME_WAIT: Duration = Duration::from_millis(20);

/// The size that a window has at first, in logical pixels.
pub(super) fn first_size(which: RoomWindow) -> LogicalSize<f64> {
    match which {
        RoomWindow::Main => LogicalSize::new(960.0, 720.0),
        RoomWindow::Side => LogicalSize::new(360.0, 640.0),
    }
}

/// Builds a window that is not on the screen yet.
pub(super) fn build(
    app: &AppHandle,
    which: RoomWindow,
    entrance: Entrance,
) -> tauri::Result<WebviewWindow> {
    let shell = app.state::<Shell>();
    let (settings, memory) =
        shell.remembered.read(|memory| (memory.settings.clone(), memory.window(which)));
    let size = first_size(which);
    let through = lets_through(app, which, settings.side_opacity);
    let page = WebviewUrl::App("index.html".into());
    let mut builder = WebviewWindowBuilder::new(app, which.label(), page)
        .title(match which {
            RoomWindow::Main => "Aside",
            RoomWindow::Side => "Aside · side",
        })
        .inner_size(size.width, size.height)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .theme(theme(settings.theme))
        .always_on_top(memory.pinned)
        .decorations(!memory.bare)
        .transparent(through)
        .visible(false)
        .focused(entrance != Entrance::Quiet)
        .data_directory(shell.home.webview())
        .disable_drag_drop_handler()
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_permission_request(|_, _| PermissionResponse::Deny);
    if let Some(place) = place::fitting(app, &memory) {
        builder = builder.inner_size(place.width, place.height).position(place.x, place.y);
    }
    if which == RoomWindow::Side {
        app.state::<WindowState>().seen_through.store(through, Ordering::SeqCst);
    }
    let window = builder.build()?;
    #[cfg(target_os = "linux")]
    if through {
        see_through::draw_in_layers(&window);
    }
    Ok(window)
}

/// A window that could be seen through costs more to draw and has softer text, so it is one only where that is wanted.
fn lets_through(app: &AppHandle, which: RoomWindow, opacity: u8) -> bool {
    which == RoomWindow::Side
        && opacity < dto::OPAQUE
        && see_through::see_through(app) == dto::SeeThrough::Possible
}

/// Whether a window can be seen through is settled when it is built: one that should be, and is not, is built anew.
pub(super) fn follow_opacity(app: &AppHandle, opacity: u8) {
    let which = RoomWindow::Side;
    let state = app.state::<WindowState>();
    let Some(window) = which.find(app) else { return };
    let is_right = state.seen_through.load(Ordering::SeqCst) == lets_through(app, which, opacity);
    // What comes after a window that ends already is built as it should be then.
    if is_right || state.ending.swap(true, Ordering::SeqCst) {
        return;
    }
    let turn = state.of(which).turn.load(Ordering::SeqCst);
    // The new one takes them, whatever is in force.
    super::take_clicks(app);
    let entrance = Entrance::in_place_of(app, which, &window);
    place::remember(app, which, &window);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let ended = end(&app, which, &window).await;
        app.state::<WindowState>().ending.store(false, Ordering::SeqCst);
        if let Err(error) = ended.and_then(|()| come_back(&app, which, turn, entrance)) {
            tracing::warn!(%error, "the side window could not be built anew");
        }
    });
}

/// Ends a window, and waits until its name is free.
async fn end(app: &AppHandle, which: RoomWindow, window: &WebviewWindow) -> tauri::Result<()> {
    if app.state::<Shell>().ticks(which).is_shown() {
        stands::hide_to_end(app, which, window).await;
    }
    window.destroy()?;
    for _ in 0..NAME_TRIES {
        if which.find(app).is_none() {
            break;
        }
        tokio::time::sleep(NAME_WAIT).await;
    }
    Ok(())
}

/// Nobody asked for the window that takes another's place: it comes as that stood there, unless somebody has asked since.
fn come_back(
    app: &AppHandle,
    which: RoomWindow,
    turn: u64,
    entrance: Entrance,
) -> tauri::Result<()> {
    if !app.state::<Shell>().ticks(which).is_shown() {
        return Ok(());
    }
    let same = app.state::<WindowState>().of(which).turn.load(Ordering::SeqCst) == turn;
    enter(app, which, if same { entrance } else { Entrance::InFront })
}

/// The page never leaves our own origin.
pub(crate) fn is_ours(link: &Url) -> bool {
    match link.scheme() {
        "tauri" => link.host_str() == Some("localhost"),
        "http" | "https" => link.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

pub(crate) fn theme(theme: dto::Theme) -> Option<tauri::Theme> {
    match theme {
        dto::Theme::System | dto::Theme::Contrast => None,
        dto::Theme::Light => Some(tauri::Theme::Light),
        dto::Theme::Dark => Some(tauri::Theme::Dark),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_stays_at_home() {
        for link in
            ["tauri://localhost", "tauri://localhost/index.html#a", "http://tauri.localhost/"]
        {
            assert!(is_ours(&link.parse().unwrap()), "{link}");
        }
        for link in [
            "https://example.com/",
            "http://localhost/",
            "https://tauri.localhost.evil.example/",
            "tauri://evil.example/",
            "file:///etc/passwd",
            "data:text/html,x",
            "about:blank",
            "avatar://localhost/x",
            "ipc://localhost/boot",
        ] {
            assert!(!is_ours(&link.parse().unwrap()), "{link}");
        }
    }
}
