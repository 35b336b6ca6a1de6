//! Rooms that this app hosts. No command gives a key away: what is made for somebody goes to the clipboard.

use tauri::{AppHandle, Manager, State};

use crate::args::Arg;
use crate::clipboard::Clipboard;
use crate::dto::{HostForm, HostPlaces, Hosting, KeyWish, SavedRoom};
use crate::errors::{AppError, Code};
use crate::host::{self, Hosts};
use crate::present::Presenter;
use crate::settings::RoomKey;
use crate::shell::{self, Shell};
use crate::{args, demo};

#[tauri::command]
pub(crate) async fn host_places(shell: State<'_, Shell>) -> Result<HostPlaces, AppError> {
    Ok(host::places(&shell).await)
}

#[tauri::command]
pub(crate) async fn host_room(
    app: AppHandle,
    room: Arg<Option<String>>,
    form: Arg<HostForm>,
) -> Result<SavedRoom, AppError> {
    let room = room.0.map(|room| Arg(room).room()).transpose()?;
    let (shell, hosts) = (app.state::<Shell>(), app.state::<Hosts>());
    let key = host::host(&shell, &hosts, room, form.0).await?;
    listed(&shell, key)
}

#[tauri::command]
pub(crate) async fn hosting(app: AppHandle, room: Arg<String>) -> Result<Hosting, AppError> {
    host::look(&app.state::<Shell>(), &app.state::<Hosts>(), room.room()?).await
}

/// Starts a hosted room's server, or ends it.
#[tauri::command]
pub(crate) async fn run_hosting(
    app: AppHandle,
    room: Arg<String>,
    on: Arg<bool>,
) -> Result<(), AppError> {
    let (shell, hosts, room) = (app.state::<Shell>(), app.state::<Hosts>(), room.room()?);
    if on.0 {
        host::start(&shell, &hosts, room).await
    } else {
        host::stop(&shell, &hosts, room).await
    }
}

/// Chooses which of a hosted room's addresses everything names that leads there.
#[tauri::command(async)]
pub(crate) fn choose_address(
    app: AppHandle,
    room: Arg<String>,
    link: Arg<String>,
) -> Result<(), AppError> {
    let (shell, hosts) = (app.state::<Shell>(), app.state::<Hosts>());
    host::choose_address(&shell, &hosts, room.room()?, &link.0)?;
    app.state::<Presenter>().waker().notify_one();
    Ok(())
}

#[tauri::command]
pub(crate) async fn make_key(
    app: AppHandle,
    room: Arg<String>,
    wish: Arg<KeyWish>,
) -> Result<(), AppError> {
    let (shell, hosts) = (app.state::<Shell>(), app.state::<Hosts>());
    host::make_key(&shell, &hosts, &app.state::<Clipboard>(), room.room()?, wish.0).await
}

#[tauri::command]
pub(crate) async fn revoke_key(
    app: AppHandle,
    room: Arg<String>,
    key: Arg<String>,
) -> Result<(), AppError> {
    let key = args::bounded(key.0, "key", 64)?;
    host::revoke_key(&app.state::<Shell>(), &app.state::<Hosts>(), room.room()?, key).await
}

/// The demo, as `--demo` starts it.
#[tauri::command]
pub(crate) async fn try_demo(app: AppHandle) -> Result<SavedRoom, AppError> {
    let key = demo::host(&app).await?;
    listed(&app.state::<Shell>(), key)
}

fn listed(shell: &Shell, key: RoomKey) -> Result<SavedRoom, AppError> {
    let language = shell.language();
    let room =
        shell.remembered.read(|memory| memory.room(key).map(|room| shell::saved(room, language)));
    room.ok_or_else(|| Code::RoomUnknown.into())
}
