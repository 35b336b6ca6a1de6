//! The present window, from both sides of it.

use tauri::{AppHandle, Manager};

use crate::args::Arg;
use crate::dto::{PresentStep, Presented};
use crate::errors::{AppError, Code};
use crate::present;
use crate::shell::Shell;

/// Opens or closes it.
#[tauri::command(async)]
pub(crate) fn present(app: AppHandle, room: Arg<String>, open: Arg<bool>) -> Result<(), AppError> {
    if !open.0 {
        present::close(&app);
        return Ok(());
    }
    let room = room.room()?;
    app.state::<Shell>().rooms.status(room).ok_or(Code::RoomNotOpen)?;
    present::open(&app, room).map_err(|error| {
        tracing::warn!(%error, "the present window could not be opened");
        Code::WindowFailed.into()
    })
}

/// A key of the window; the room is the one that it shows.
#[tauri::command]
pub(crate) async fn present_step(app: AppHandle, step: Arg<PresentStep>) -> Result<(), AppError> {
    present::step(&app, step.0).await
}

#[tauri::command]
pub(crate) async fn presented(app: AppHandle) -> Result<Presented, AppError> {
    present::presented(&app).await
}
