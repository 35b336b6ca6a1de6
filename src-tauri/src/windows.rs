//! The main window: built when it is shown, hidden when it is closed, gone when the app quits. Rooms do not notice.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tauri::webview::{NewWindowResponse, PermissionResponse, WebviewWindowBuilder};
use tauri::{AppHandle, Emitter, Manager, Url, WebviewUrl, WebviewWindow, Window, WindowEvent};

use crate::dto::{self, CloseChoice, ShowRoom, Spot};
use crate::present::PRESENT;
use crate::settings::{RoomKey, WindowPlace};
use crate::shell::Shell;
use crate::tray::Tray;

/// The one window that there is.
pub(crate) const MAIN: &str = "main";

/// How long leaving the rooms, flushing the files and stopping the demo may take altogether before the app goes anyway.
const GOODBYE: Duration = Duration::from_secs(3);

/// A window that stays hidden for so long gives its web page back: it costs some sixty megabytes, the rooms need none of
/// it, and showing the window again builds a new page from the cache.
const KEPT_HIDDEN: Duration = Duration::from_secs(60);

/// The smallest window that a row of chat and the composer fit in, in logical pixels.
const SMALLEST: (f64, f64) = (240.0, 200.0);

/// What is known of the window besides what Tauri knows.
#[derive(Default)]
pub(crate) struct WindowState {
    /// "Close or hide?" was asked and not answered.
    asked: AtomicBool,
    /// The app is on its way out.
    quitting: AtomicBool,
    /// Counts showing and hiding, so that what was meant for an earlier hiding is not done to a later one.
    turn: AtomicU64,
}

/// Has the page show a room, at an entry of it if one is named.
pub(crate) fn turn_to(app: &AppHandle, room: RoomKey, spot: Option<Spot>) {
    app.state::<Shell>().show_first(Some(room), spot.clone());
    // A page that is still to start finds the room in `boot`; nobody hears this then.
    let _unheard = app.emit_to(MAIN, "show-room", ShowRoom { room: room.to_string(), spot });
}

/// Shows the window, building it if need be. The room, if one is named, comes to the front.
pub(crate) fn show(app: &AppHandle, room: Option<RoomKey>) {
    if let Some(room) = room {
        turn_to(app, room, None);
    }
    bring_soon(app);
}

/// Shows the window with a room in front, at an entry of it if one is named. Only where a click on a notification is heard.
#[cfg(target_os = "linux")]
pub(crate) fn show_at(app: &AppHandle, room: RoomKey, spot: Option<Spot>) {
    turn_to(app, room, spot);
    bring_soon(app);
}

fn bring_soon(app: &AppHandle) {
    let app = app.clone();
    // On Windows, building a window inside an event's handler would wait for that very handler.
    tauri::async_runtime::spawn(async move {
        if let Err(error) = bring(&app) {
            tracing::error!(%error, "the window could not be shown");
        }
    });
}

/// Builds the window if there is none, and brings it to the front.
pub(crate) fn bring(app: &AppHandle) -> tauri::Result<()> {
    app.state::<WindowState>().turn.fetch_add(1, Ordering::SeqCst);
    let window = match app.get_webview_window(MAIN) {
        Some(window) => window,
        None => build(app)?,
    };
    window.show()?;
    window.unminimize()?;
    window.set_focus()?;
    app.state::<Shell>().ticks.show();
    Ok(())
}

/// Takes the window off the screen. The rooms stay open.
pub(crate) fn hide(app: &AppHandle) {
    let state = app.state::<WindowState>();
    state.asked.store(false, Ordering::SeqCst);
    let turn = state.turn.fetch_add(1, Ordering::SeqCst) + 1;
    app.state::<Shell>().ticks.hide();
    let Some(window) = app.get_webview_window(MAIN) else { return };
    remember_place(app, &window);
    if let Err(error) = window.hide() {
        tracing::warn!(%error, "the window could not be hidden");
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(KEPT_HIDDEN).await;
        // Shown, or shown and hidden again, since.
        if app.state::<WindowState>().turn.load(Ordering::SeqCst) != turn {
            return;
        }
        if let Err(error) = window.destroy() {
            tracing::warn!(%error, "the hidden window's page could not be given back");
        }
    });
}

/// Leaves every room politely and ends the app.
pub(crate) fn quit(app: &AppHandle) {
    if app.state::<WindowState>().quitting.swap(true, Ordering::SeqCst) {
        return;
    }
    if let Some(window) = app.get_webview_window(MAIN) {
        remember_place(app, &window);
        let _gone = window.hide();
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        let goodbye = async {
            shell.rooms.close().await;
            crate::demo::stop(&app).await;
        };
        if tokio::time::timeout(GOODBYE, goodbye).await.is_err() {
            tracing::warn!("something took too long to end");
        }
        app.exit(0);
    });
}

/// Whether the app is on its way out; until then, no window is no reason to end.
pub(crate) fn is_quitting(app: &AppHandle) -> bool {
    app.state::<WindowState>().quitting.load(Ordering::SeqCst)
}

/// What a window reports.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    if window.label() != MAIN {
        return;
    }
    api.prevent_close();
    let app = window.app_handle();
    match app.state::<Shell>().remembered.read(|memory| memory.settings.close) {
        CloseChoice::Hide => hide(app),
        CloseChoice::Quit => quit(app),
        // A page that cannot ask (or a person who closes twice) is taken at their word.
        CloseChoice::Ask if app.state::<WindowState>().asked.swap(true, Ordering::SeqCst) => {
            hide(app)
        }
        CloseChoice::Ask => {
            if let Err(error) = app.emit_to(MAIN, "close-asked", ()) {
                tracing::warn!(%error, "the page could not be asked");
                hide(app);
            }
        }
    }
}

/// The page has answered, or has started anew: the next wish to close is asked again.
pub(crate) fn answered(app: &AppHandle) {
    app.state::<WindowState>().asked.store(false, Ordering::SeqCst);
}

/// The settings have changed: the window, its page and the tray follow.
pub(crate) fn settings_changed(app: &AppHandle) {
    let settings = app.state::<Shell>().remembered.read(|memory| memory.settings.clone());
    if let Some(window) = app.get_webview_window(MAIN)
        && let Err(error) = window.set_theme(theme(settings.theme))
    {
        tracing::warn!(%error, "the theme could not be set");
    }
    for window in [MAIN, PRESENT] {
        let _unheard = app.emit_to(window, "settings", settings.clone());
    }
    app.state::<Tray>().changed();
}

fn build(app: &AppHandle) -> tauri::Result<WebviewWindow> {
    let shell = app.state::<Shell>();
    let (settings, place) =
        shell.remembered.read(|memory| (memory.settings.clone(), memory.window));
    let mut builder = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Aside")
        .inner_size(960.0, 720.0)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .theme(theme(settings.theme))
        .data_directory(shell.home.webview())
        .disable_drag_drop_handler()
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_permission_request(|_, _| PermissionResponse::Deny);
    if let Some(place) = place.filter(|place| is_on_a_screen(app, place)) {
        builder = builder.inner_size(place.width, place.height).position(place.x, place.y);
    }
    builder.build()
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
        dto::Theme::System => None,
        dto::Theme::Light => Some(tauri::Theme::Light),
        dto::Theme::Dark => Some(tauri::Theme::Dark),
    }
}

fn remember_place(app: &AppHandle, window: &WebviewWindow) {
    let place = || -> tauri::Result<Option<WindowPlace>> {
        if !window.is_visible()? || window.is_maximized()? || window.is_minimized()? {
            return Ok(None);
        }
        let scale = window.scale_factor()?;
        let (at, size) =
            (window.outer_position()?.to_logical(scale), window.inner_size()?.to_logical(scale));
        Ok(Some(WindowPlace { x: at.x, y: at.y, width: size.width, height: size.height }))
    };
    // Where the system does not tell (Wayland), the window opens where the system puts it.
    if let Ok(Some(place)) = place() {
        let _logged = app.state::<Shell>().change(|memory| memory.window = Some(place));
    }
}

/// Whether the middle of the window's title would be on a screen: a monitor may have been unplugged since.
fn is_on_a_screen(app: &AppHandle, place: &WindowPlace) -> bool {
    let (x, y) = (place.x + place.width / 2.0, place.y + 10.0);
    let sane = place.width >= SMALLEST.0 && place.height >= SMALLEST.1;
    let screens = app.available_monitors().unwrap_or_default();
    sane && screens.iter().any(|screen| {
        let scale = screen.scale_factor();
        let at = screen.position().to_logical::<f64>(scale);
        let size = screen.size().to_logical::<f64>(scale);
        (at.x..at.x + size.width).contains(&x) && (at.y..at.y + size.height).contains(&y)
    })
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
