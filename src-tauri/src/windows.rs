//! The two windows that show a room, the wide one and the narrow one: built when they are shown, hidden when they are closed,
//! gone when the app quits. Rooms do not notice.

mod appear;
mod back;
mod build;
#[cfg(target_os = "linux")]
pub(crate) mod engine;
mod look;
mod looking;
mod place;
mod see_through;
mod stands;
mod through;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tauri::{AppHandle, Emitter, Manager, WebviewWindow, Window, WindowEvent};

pub(crate) use appear::appear;
pub(crate) use back::{CameFrom, give_back, remember};
pub(crate) use build::{is_ours, theme};
pub(crate) use look::{look, pin, strip};
pub(crate) use looking::is_looked_at;
pub(crate) use place::is_wayland;
#[cfg(target_os = "linux")]
pub(crate) use see_through::start as follow_desktop;
pub(crate) use stands::{keep_stands, stands};
pub(crate) use through::{
    can_click_through, follow_key, is_click_through, let_clicks_through, take_clicks,
    toggle_click_through,
};

use crate::dto::{CloseChoice, SeeThrough, ShowRoom, Spot};
use crate::pace;
use crate::present::PRESENT;
use crate::quitting::{self, Quitting};
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::tray::Tray;
use appear::Entrance;
use look::tell_look;
use stands::Stands;

/// How long leaving the rooms, flushing the files and stopping the demo may take altogether before the app goes anyway.
const GOODBYE: Duration = Duration::from_secs(5);

/// A window that shows a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RoomWindow {
    /// Wide: rooms, timeline, questions.
    Main,
    /// Narrow: one room's timeline beside something else.
    Side,
}

impl RoomWindow {
    pub(crate) const ALL: [Self; 2] = [Self::Main, Self::Side];

    /// Its name in Tauri and in the settings.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Side => "side",
        }
    }

    /// The window of this name, if it shows a room.
    pub(crate) fn of(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.label() == label)
    }

    pub(crate) fn find(self, app: &AppHandle) -> Option<WebviewWindow> {
        app.get_webview_window(self.label())
    }

    /// On the screen, or about to be.
    pub(crate) fn is_shown(self, app: &AppHandle) -> bool {
        let is_visible = |window: WebviewWindow| window.is_visible().unwrap_or(false);
        appear::is_coming(app, self) || self.find(app).is_some_and(is_visible)
    }
}

/// What is known of the windows besides what Tauri knows.
#[derive(Default)]
pub(crate) struct WindowState {
    windows: [OneWindow; 2],
    /// The side window was built so that one sees through it.
    seen_through: AtomicBool,
    /// It ends, for another to be built in its place.
    ending: AtomicBool,
    /// Whether windows can be seen through on this desktop.
    see_through: Mutex<SeeThrough>,
    /// How clicks that go through the side window are had back; nothing while it takes them.
    way_out: Mutex<Option<through::WayOut>>,
    /// The app is on its way out.
    quitting: AtomicBool,
}

#[derive(Default)]
struct OneWindow {
    /// "Close or hide?" was asked and not answered.
    asked: AtomicBool,
    /// It was built, and appears like this when its page starts.
    coming: Mutex<Option<Entrance>>,
    /// Counts showing and hiding, so that what was meant for an earlier hiding is not done to a later one.
    turn: AtomicU64,
    /// When it last lost the keyboard to somebody else.
    left: Mutex<Option<Instant>>,
    stands: Stands,
}

impl WindowState {
    fn of(&self, which: RoomWindow) -> &OneWindow {
        match which {
            RoomWindow::Main => &self.windows[0],
            RoomWindow::Side => &self.windows[1],
        }
    }
}

/// Tells the pages of all rooms' windows.
pub(crate) fn tell(app: &AppHandle, event: &str, payload: impl serde::Serialize + Clone) {
    for which in RoomWindow::ALL {
        // A window that is not there hears nothing, and boots from a snapshot.
        let _unheard = app.emit_to(which.label(), event, payload.clone());
    }
}

/// Has the windows show a room, at an entry of it if one is named.
pub(crate) fn turn_to(app: &AppHandle, room: RoomKey, spot: Option<Spot>) {
    app.state::<Shell>().opening.show_first(Some(room), spot.clone());
    // A page that is still to start finds the room in `boot`.
    tell(app, "show-room", ShowRoom { room: room.to_string(), spot });
}

/// Shows what was shown last, building it if need be, to be clicked at. The room, if one is named, comes to the front.
pub(crate) fn show(app: &AppHandle, room: Option<RoomKey>) {
    take_clicks(app);
    if let Some(room) = room {
        turn_to(app, room, None);
    }
    bring_soon(app);
}

/// Shows the window with a room in front, at an entry of it if one is named. Only where a click on a notification is heard.
#[cfg(target_os = "linux")]
pub(crate) fn show_at(app: &AppHandle, room: RoomKey, spot: Option<Spot>) {
    turn_to(app, room, spot);
    show(app, None);
}

/// Shows what was shown last, with the keyboard where one writes.
pub(crate) fn write(app: &AppHandle) {
    for which in shown_last(app) {
        app.state::<Shell>().opening.keep_wish_to_write(which);
        // A page that is still to start finds the wish in `boot`.
        let _unheard = app.emit_to(which.label(), "write", ());
    }
    bring_soon(app);
}

/// Shows what was shown last; clicks go through it, or not, as before.
pub(crate) fn bring_soon(app: &AppHandle) {
    let app = app.clone();
    // On Windows, building a window inside an event's handler would wait for that very handler.
    tauri::async_runtime::spawn(async move { bring_all(&app) });
}

/// Every window that was open last; the wide one, if none was.
pub(crate) fn shown_last(app: &AppHandle) -> Vec<RoomWindow> {
    let mut open = app.state::<Shell>().remembered.read(|memory| {
        let is_open = |which: &RoomWindow| memory.window(*which).open;
        RoomWindow::ALL.into_iter().filter(is_open).collect::<Vec<_>>()
    });
    if open.is_empty() {
        open.push(RoomWindow::Main);
    }
    open
}

/// Brings what was shown last to the front.
pub(crate) fn bring_all(app: &AppHandle) {
    for which in shown_last(app) {
        if let Err(error) = bring(app, which) {
            tracing::error!(%error, window = which.label(), "a window could not be shown");
        }
    }
}

/// Builds a window if there is none, and brings it to the front.
pub(crate) fn bring(app: &AppHandle, which: RoomWindow) -> tauri::Result<()> {
    enter(app, which, Entrance::InFront)
}

/// Builds a window if there is none. One that takes another's place comes as that stood there.
fn enter(app: &AppHandle, which: RoomWindow, entrance: Entrance) -> tauri::Result<()> {
    let shell = app.state::<Shell>();
    shell.measure.shows();
    shell.rooms.set_pace(Duration::ZERO);
    app.state::<WindowState>().of(which).turn.fetch_add(1, Ordering::SeqCst);
    match which.find(app) {
        Some(window) if entrance == Entrance::InFront => appear::again(app, which, &window)?,
        // Somebody was faster, who asked for it.
        Some(_) => {}
        None => {
            // Before there is a page that could start.
            appear::announce(app, which, entrance);
            if let Err(error) = build::build(app, which, entrance) {
                appear::cancel(app, which);
                return Err(error);
            }
            appear::await_page(app, which);
        }
    }
    shell.ticks(which).show();
    shell.streamer.look_again();
    let _logged = shell.change(|memory| memory.window_mut(which).open = true);
    Ok(())
}

/// Shows what is hidden, and hides what is looked at: one key for both.
pub(crate) fn toggle(app: &AppHandle) {
    if is_looked_at(app) || looking::was_looked_at(app) {
        for which in RoomWindow::ALL.into_iter().filter(|which| which.is_shown(app)) {
            put_away(app, which);
        }
    } else {
        show(app, None);
    }
}

/// Takes a window off the screen. The rooms stay open. Beside another window it stays away; alone, it is what comes back.
pub(crate) fn hide(app: &AppHandle, which: RoomWindow) {
    if another_is_shown(app, which) {
        let _logged = app.state::<Shell>().change(|memory| memory.window_mut(which).open = false);
    }
    put_away(app, which);
}

fn another_is_shown(app: &AppHandle, which: RoomWindow) -> bool {
    RoomWindow::ALL.into_iter().any(|other| other != which && other.is_shown(app))
}

fn put_away(app: &AppHandle, which: RoomWindow) {
    if which == RoomWindow::Side {
        take_clicks(app);
    }
    let state = app.state::<WindowState>();
    let state = state.of(which);
    appear::cancel(app, which);
    state.asked.store(false, Ordering::SeqCst);
    app.state::<Quitting>().put_off(which);
    let turn = state.turn.fetch_add(1, Ordering::SeqCst) + 1;
    let shell = app.state::<Shell>();
    shell.ticks(which).hide();
    // The page that was there has heard it.
    let _heard = shell.opening.take_wish_to_write(which);
    let Some(window) = which.find(app) else { return };
    place::remember(app, which, &window);
    if let Err(error) = window.hide() {
        tracing::warn!(%error, "a window could not be hidden");
        return;
    }
    pace::follow(app);
    let rest = shell.remembered.read(|memory| memory.settings.rest_after_secs);
    let app = app.clone();
    // A page costs some sixty megabytes and the rooms need none of it; showing the window again builds a new one from the cache.
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(Duration::from_secs(u64::from(rest))).await;
        // Shown, or shown and hidden again, since.
        if app.state::<WindowState>().of(which).turn.load(Ordering::SeqCst) != turn {
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
    for which in RoomWindow::ALL {
        if let Some(window) = which.find(app) {
            place::remember(app, which, &window);
            let _gone = window.hide();
        }
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        let goodbye = async {
            shell.rooms.close().await;
            let hosts = app.state::<crate::host::Hosts>();
            tokio::join!(crate::demo::stop(&app), crate::host::stop_all(&hosts));
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
    let Some(which) = RoomWindow::of(window.label()) else { return };
    looking::follow(window.app_handle(), which, event);
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    api.prevent_close();
    let app = window.app_handle();
    // Another window stays: nothing ends, so there is nothing to ask.
    if another_is_shown(app, which) {
        return hide(app, which);
    }
    match app.state::<Shell>().remembered.read(|memory| memory.settings.close) {
        CloseChoice::Hide => hide(app, which),
        CloseChoice::Quit => quitting::ask(app),
        // A page that cannot ask (or a person who closes twice) is taken at their word.
        CloseChoice::Ask
            if app.state::<WindowState>().of(which).asked.swap(true, Ordering::SeqCst) =>
        {
            hide(app, which)
        }
        CloseChoice::Ask => {
            if let Err(error) = app.emit_to(which.label(), "close-asked", ()) {
                tracing::warn!(%error, "the page could not be asked");
                hide(app, which);
            }
        }
    }
}

/// A person would rather keep the window: the next wish to close is asked about again.
pub(crate) fn answered(app: &AppHandle, which: RoomWindow) {
    app.state::<WindowState>().of(which).asked.store(false, Ordering::SeqCst);
}

/// Whether the page is to ask what a wish to close means; one that has started anew has not heard of it.
pub(crate) fn is_asked(app: &AppHandle, which: RoomWindow) -> bool {
    app.state::<WindowState>().of(which).asked.load(Ordering::SeqCst)
}

/// The settings have changed: the windows, their pages and the tray follow.
pub(crate) fn settings_changed(app: &AppHandle) {
    let settings = app.state::<Shell>().remembered.read(|memory| memory.settings.clone());
    for window in RoomWindow::ALL.into_iter().filter_map(|which| which.find(app)) {
        if let Err(error) = window.set_theme(theme(settings.theme)) {
            tracing::warn!(%error, "the theme could not be set");
        }
    }
    build::follow_opacity(app, settings.side_opacity);
    pace::follow(app);
    tell(app, "settings", settings.clone());
    let _unheard = app.emit_to(PRESENT, "settings", settings);
    app.state::<Tray>().changed();
}

/// The way out of every corner: all windows whole, opaque, of their first size, in the middle of the screen they are on.
pub(crate) fn reset(app: &AppHandle) {
    let _logged = app.state::<Shell>().change(|memory| {
        for which in RoomWindow::ALL {
            memory.window_mut(which).forget();
        }
        memory.settings.side_opacity = 100;
    });
    take_clicks(app);
    for which in RoomWindow::ALL {
        let Some(window) = which.find(app) else { continue };
        let done = (|| {
            window.set_decorations(true)?;
            window.set_always_on_top(false)?;
            window.unmaximize()?;
            window.set_size(build::first_size(which))?;
            window.center()
        })();
        if let Err(error) = done {
            tracing::warn!(%error, "a window could not be reset");
        }
        tell_look(app, which);
    }
    settings_changed(app);
    show(app, None);
}
