//! The window and what a person chose about it.

use tauri::{AppHandle, State};

use crate::args::Arg;
use crate::dto::{CloseAction, CloseChoice, Settings};
use crate::errors::AppError;
use crate::shell::Shell;
use crate::{links, overlay, windows};

#[tauri::command]
pub(crate) async fn save_settings(
    app: AppHandle,
    shell: State<'_, Shell>,
    settings: Arg<Settings>,
) -> Result<(), AppError> {
    shell.choose(settings.0)?;
    windows::settings_changed(&app);
    overlay::follow_settings(&app).await
}

/// A person's answer to "close or hide?".
#[tauri::command(async)]
pub(crate) fn close_window(
    app: AppHandle,
    shell: State<'_, Shell>,
    action: Arg<CloseAction>,
    remember: Arg<bool>,
) -> Result<(), AppError> {
    let saved = if remember.0 {
        shell.change(|memory| {
            memory.settings.close = match action.0 {
                CloseAction::Hide => CloseChoice::Hide,
                CloseAction::Quit => CloseChoice::Quit,
            };
        })
    } else {
        Ok(())
    };
    match action.0 {
        CloseAction::Hide => windows::hide(&app),
        CloseAction::Quit => windows::quit(&app),
    }
    saved
}

#[tauri::command]
pub(crate) fn hide_window(app: AppHandle) {
    windows::hide(&app);
}

#[tauri::command]
pub(crate) fn open_link(url: Arg<String>) -> Result<(), AppError> {
    links::open(&url.0)
}
