//! The text that a person may hand on when something is wrong.

use tauri::{AppHandle, State};

use crate::args::Arg;
use crate::diagnostic::{self, Around};
use crate::errors::AppError;
use crate::logging::Recent;
use crate::shell::Shell;
use crate::windows::RoomWindow;

/// What there is to say; `errors` are the codes that the page was answered with last. It goes to the page alone: a person
/// reads it before it is copied.
#[tauri::command(async)]
pub(crate) fn diagnostic(
    app: AppHandle,
    shell: State<'_, Shell>,
    recent: State<'_, Recent>,
    errors: Arg<Vec<String>>,
) -> Result<String, AppError> {
    let windows = RoomWindow::ALL.into_iter().filter(|which| which.find(&app).is_some());
    let around = Around {
        web_view: tauri::webview_version().unwrap_or_default(),
        windows: windows.map(RoomWindow::label).collect(),
        errors: errors.0,
        lines: recent.lines(),
    };
    Ok(diagnostic::text(&shell, &around))
}
