//! The list of rooms: saving, opening, leaving, forgetting.

use tauri::{AppHandle, State, WebviewWindow};

use crate::args::Arg;
use crate::dto::{Boot, RoomForm, RoomStatus, SavedRoom};
use crate::errors::{AppError, Code};
use crate::form;
use crate::shell::Shell;
use crate::windows::{self, RoomWindow};

#[tauri::command]
pub(crate) fn boot(app: AppHandle, shell: State<'_, Shell>, window: WebviewWindow) -> Boot {
    let Some(which) = RoomWindow::of(window.label()) else {
        return shell.boot();
    };
    shell.ticks(which).renewed();
    windows::answered(&app, which);
    Boot {
        window: windows::look(&app, which),
        stands: windows::stands(&app, which),
        ..shell.boot()
    }
}

#[tauri::command]
pub(crate) async fn save_room(
    shell: State<'_, Shell>,
    room: Arg<Option<String>>,
    form: Arg<RoomForm>,
    token: Arg<Option<String>>,
) -> Result<SavedRoom, AppError> {
    let room = room.0.map(|room| Arg(room).room()).transpose()?;
    // The form leaves its field empty to say "keep the token that you have".
    let token = token.0.filter(|token| !token.is_empty()).map(form::token).transpose()?;
    shell.save(room, form.0, token).await
}

#[tauri::command]
pub(crate) async fn forget_room(
    shell: State<'_, Shell>,
    room: Arg<String>,
) -> Result<(), AppError> {
    shell.forget(room.room()?).await
}

#[tauri::command]
pub(crate) async fn open_room(
    shell: State<'_, Shell>,
    room: Arg<String>,
) -> Result<RoomStatus, AppError> {
    let room = room.room()?;
    shell.open(room).await?;
    shell.opening.show_first(Some(room), None);
    shell.rooms.status(room).ok_or_else(|| Code::RoomNotOpen.into())
}

#[tauri::command]
pub(crate) async fn leave_room(shell: State<'_, Shell>, room: Arg<String>) -> Result<(), AppError> {
    shell.leave(room.room()?).await
}

#[tauri::command]
pub(crate) async fn set_token(
    shell: State<'_, Shell>,
    room: Arg<String>,
    token: Arg<String>,
) -> Result<(), AppError> {
    shell.set_token(room.room()?, form::token(token.0)?).await
}

#[tauri::command]
pub(crate) async fn reconnect(shell: State<'_, Shell>, room: Arg<String>) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    live.session.reconnect();
    Ok(())
}
