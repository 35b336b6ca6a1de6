//! The window and what a person chose about it.

use std::collections::BTreeMap;

use tauri::{AppHandle, State, WebviewWindow};
use tauri_plugin_autostart::ManagerExt;

use crate::args::{Arg, bad, bounded};
use crate::dto::{
    CloseAction, CloseChoice, HotkeyAction, Hotkeys, Notice, QuitChoice, Settings, Stand,
    WhichWindow,
};
use crate::errors::{AppError, Code};
use crate::shell::Shell;
use crate::windows::RoomWindow;
use crate::{links, overlay, quitting, windows};

/// The longest name of a view, in bytes.
const VIEW_BYTES: usize = 64;

#[tauri::command]
pub(crate) async fn save_settings(
    app: AppHandle,
    shell: State<'_, Shell>,
    settings: Arg<Settings>,
) -> Result<(), AppError> {
    let before = shell.remembered.read(|memory| memory.settings.start_with_system);
    let mut settings = settings.0;
    // What the system refuses is not written down as if it were so.
    let started = if settings.start_with_system == before {
        Ok(())
    } else {
        start_with_system(&app, settings.start_with_system)
    };
    if started.is_err() {
        settings.start_with_system = before;
    }
    shell.choose(settings)?;
    windows::settings_changed(&app);
    overlay::follow_settings(&app).await?;
    started
}

fn start_with_system(app: &AppHandle, wanted: bool) -> Result<(), AppError> {
    let system = app.autolaunch();
    let done = if wanted { system.enable() } else { system.disable() };
    done.map_err(|error| {
        tracing::error!(%error, "starting with the system could not be changed");
        Code::AutostartFailed.into()
    })
}

/// The `aside://` link that somebody opened, for whichever page asks first. It fills the join form.
#[tauri::command]
pub(crate) fn take_link(shell: State<'_, Shell>) -> Option<String> {
    shell.opening.take_link()
}

/// The keys that work while another program has the keyboard.
#[tauri::command]
pub(crate) fn hotkeys(app: AppHandle) -> Hotkeys {
    crate::hotkeys::list(&app)
}

/// Chooses such a key, or none.
#[tauri::command(async)]
pub(crate) fn choose_hotkey(
    app: AppHandle,
    action: Arg<HotkeyAction>,
    key: Arg<Option<String>>,
) -> Result<(), AppError> {
    crate::hotkeys::choose(&app, action.0, key.0.as_deref())
}

/// A person's answer to "close or hide?".
#[tauri::command(async)]
pub(crate) fn close_window(
    app: AppHandle,
    shell: State<'_, Shell>,
    window: WebviewWindow,
    action: Arg<CloseAction>,
    remember: Arg<bool>,
) -> Result<(), AppError> {
    let choice = match action.0 {
        CloseAction::Hide => CloseChoice::Hide,
        CloseAction::Quit => CloseChoice::Quit,
        CloseAction::Stay => {
            windows::answered(&app, this(&window)?);
            return Ok(());
        }
    };
    let saved =
        if remember.0 { shell.change(|memory| memory.settings.close = choice) } else { Ok(()) };
    // A page sends all of its settings: one that does not know of this would take it back.
    if remember.0 {
        windows::settings_changed(&app);
    }
    match choice {
        CloseChoice::Quit => quitting::ask(&app),
        CloseChoice::Hide | CloseChoice::Ask => windows::hide(&app, this(&window)?),
    }
    saved
}

/// What became of the question whether to quit all the same.
#[tauri::command(async)]
pub(crate) fn answer_quit(
    app: AppHandle,
    window: WebviewWindow,
    choice: Arg<QuitChoice>,
) -> Result<(), AppError> {
    quitting::answered(&app, this(&window)?, choice.0);
    Ok(())
}

#[tauri::command]
pub(crate) fn hide_window(app: AppHandle, window: WebviewWindow) -> Result<(), AppError> {
    windows::hide(&app, this(&window)?);
    Ok(())
}

/// Brings the one or the other window of a room to the front.
#[tauri::command(async)]
pub(crate) fn show_window(app: AppHandle, which: Arg<WhichWindow>) -> Result<(), AppError> {
    let which = match which.0 {
        WhichWindow::Main => RoomWindow::Main,
        WhichWindow::Side => RoomWindow::Side,
    };
    if which == RoomWindow::Side {
        windows::take_clicks(&app);
    }
    windows::bring(&app, which).map_err(|error| {
        tracing::error!(%error, "a window could not be shown");
        Code::WindowFailed.into()
    })
}

/// Keeps the window of the page in front of all others.
#[tauri::command]
pub(crate) fn pin_window(
    app: AppHandle,
    window: WebviewWindow,
    pinned: Arg<bool>,
) -> Result<(), AppError> {
    windows::pin(&app, this(&window)?, pinned.0)
}

/// Leaves the window of the page nothing but its rows.
#[tauri::command]
pub(crate) fn strip_window(
    app: AppHandle,
    window: WebviewWindow,
    bare: Arg<bool>,
) -> Result<(), AppError> {
    windows::strip(&app, this(&window)?, bare.0)
}

/// Lets clicks through the side window, or takes them again.
#[tauri::command(async)]
pub(crate) fn let_clicks_through(app: AppHandle, on: Arg<bool>) -> Result<(), AppError> {
    windows::let_clicks_through(&app, on.0)
}

/// Which view of a room the window of the page shows from now on; everything, where it has no name.
#[tauri::command(async)]
pub(crate) fn choose_view(
    shell: State<'_, Shell>,
    window: WebviewWindow,
    view: Arg<String>,
) -> Result<(), AppError> {
    let (which, view) = (this(&window)?, bounded(view.0, "view", VIEW_BYTES)?);
    shell.change(|memory| memory.window_mut(which).view = view)
}

/// Where the reader stands in the rooms of this window; its page says so when it is hidden.
#[tauri::command]
pub(crate) fn keep_stands(
    app: AppHandle,
    window: WebviewWindow,
    stands: Arg<BTreeMap<String, Stand>>,
) -> Result<(), AppError> {
    windows::keep_stands(&app, this(&window)?, stands.0);
    Ok(())
}

/// The hand is on what stands in for the window's title.
#[tauri::command]
pub(crate) fn drag_window(window: WebviewWindow) -> Result<(), AppError> {
    window.start_dragging().map_err(|_| Code::WindowFailed.into())
}

#[tauri::command]
pub(crate) fn reset_windows(app: AppHandle) {
    windows::reset(&app);
}

/// The room's window that asks.
fn this(window: &WebviewWindow) -> Result<RoomWindow, AppError> {
    RoomWindow::of(window.label()).ok_or_else(|| Code::NotOffered.into())
}

/// The tour was shown, and does not come again by itself.
#[tauri::command(async)]
pub(crate) fn note_tour(shell: State<'_, Shell>) -> Result<(), AppError> {
    shell.change(|memory| memory.toured = true)
}

/// What it says was read, and comes back in no window.
#[tauri::command]
pub(crate) fn dismiss_notice(shell: State<'_, Shell>, notice: Arg<Notice>) -> Result<(), AppError> {
    if shell.dismiss(&notice.0) { Ok(()) } else { Err(bad("notice")) }
}

#[tauri::command]
pub(crate) fn open_link(url: Arg<String>) -> Result<(), AppError> {
    links::open(&url.0)
}
