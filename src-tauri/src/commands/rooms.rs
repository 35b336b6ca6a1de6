//! The list of rooms: saving, opening, leaving, forgetting, archiving, their order.

use aside_history::Anchor;
use tauri::{AppHandle, Manager, State, WebviewWindow};

use crate::args::Arg;
use crate::commands::rules::rules_changed;
use crate::dto::{Boot, Page, RoomForm, RoomStatus, SavedRoom};
use crate::errors::{AppError, Code};
use crate::form;
use crate::host::{self, Hosts};
use crate::quitting::Quitting;
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::tray::Tray;
use crate::views;
use crate::windows::{self, RoomWindow};

#[tauri::command]
pub(crate) async fn boot(
    app: AppHandle,
    shell: State<'_, Shell>,
    window: WebviewWindow,
    rows: Arg<u32>,
) -> Result<Boot, AppError> {
    let Some(which) = RoomWindow::of(window.label()) else { return Ok(shell.boot()) };
    shell.ticks(which).renewed();
    windows::appear(&app, which);
    let mode = shell.remembered.read(|memory| memory.settings.streamer_mode);
    let _known_now = shell.streamer.is_on_now(mode).await;
    let (window, stands) = (windows::look(&app, which), windows::stands(&app, which));
    let closing = windows::is_asked(&app, which);
    let quitting = app.state::<Quitting>().asked(which);
    let writes = shell.opening.take_wish_to_write(which);
    let mut boot = Boot { window, stands, closing, quitting, writes, ..shell.boot() };
    let goes_on = boot.room.as_ref().is_some_and(|room| boot.stands.contains_key(room));
    if boot.window.view == views::ALL && !goes_on {
        boot.page = first_page(&shell, boot.room.as_deref(), rows.limit()).await;
    }
    Ok(boot)
}

/// The newest rows of the room that is shown first, if it is open already and what is unread is among them.
async fn first_page(shell: &Shell, room: Option<&str>, rows: u32) -> Option<Page> {
    let live = shell.rooms.ready(RoomKey::parse(room?)?)?;
    let unread = live.session.watch().borrow().unread.entries;
    if unread > rows / 2 {
        return None;
    }
    let page = live.session.page(Anchor::End, rows).await.ok()?;
    Some(shell.painter(&live).page(page))
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
    app: AppHandle,
    shell: State<'_, Shell>,
    hosts: State<'_, Hosts>,
    room: Arg<String>,
) -> Result<(), AppError> {
    let room = room.room()?;
    if shell.hosts(room) {
        host::remove(&shell, &hosts, room).await?;
    } else {
        shell.forget(room).await?;
    }
    rules_changed(&app);
    Ok(())
}

/// Takes a room out of the list, or back into it. The server of one that is hosted here ends with that: nobody would see it.
#[tauri::command]
pub(crate) async fn archive_room(
    shell: State<'_, Shell>,
    hosts: State<'_, Hosts>,
    room: Arg<String>,
    archived: Arg<bool>,
) -> Result<(), AppError> {
    let room = room.room()?;
    if archived.0 && shell.hosts(room) {
        host::stop(&shell, &hosts, room).await?;
    }
    shell.archive(room, archived.0).await
}

/// Puts a room in front of another one, or at the end.
#[tauri::command(async)]
pub(crate) fn move_room(
    shell: State<'_, Shell>,
    room: Arg<String>,
    before: Arg<Option<String>>,
) -> Result<(), AppError> {
    let before = before.0.map(|before| Arg(before).room()).transpose()?;
    shell.put_before(room.room()?, before)
}

/// Both windows list the same rooms, in the same order, and so does the tray, whoever changed them.
pub(crate) async fn keep_listed(app: AppHandle) {
    let listed = app.state::<Shell>().listed();
    loop {
        listed.notified().await;
        windows::tell(&app, "rooms", app.state::<Shell>().list());
        app.state::<Tray>().changed();
    }
}

#[tauri::command]
pub(crate) async fn open_room(
    shell: State<'_, Shell>,
    hosts: State<'_, Hosts>,
    room: Arg<String>,
) -> Result<RoomStatus, AppError> {
    let room = room.room()?;
    if shell.hosts(room) && !hosts.is_up(room) {
        host::find(&shell, &hosts, room).await?;
    }
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
