//! Reading a room: pages, changes, the read mark, gaps.

use aside_history::{Anchor, Place, Revision};
use tauri::{Manager, State, WebviewWindow};

use crate::args::Arg;
use crate::dto::{self, Page, Painted, Pull};
use crate::errors::AppError;
use crate::shell::Shell;
use crate::windows::RoomWindow;

#[tauri::command]
pub(crate) async fn page(
    shell: State<'_, Shell>,
    room: Arg<String>,
    anchor: Arg<dto::Anchor>,
    limit: Arg<u32>,
) -> Result<Page, AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let anchor = match anchor.0 {
        dto::Anchor::End => Anchor::End,
        dto::Anchor::Before { place } => Anchor::Before(Place(place)),
        dto::Anchor::After { place } => Anchor::After(Place(place)),
        dto::Anchor::Unread => Anchor::Unread,
    };
    let page = live.session.page(anchor, limit.limit()).await?;
    Ok(shell.painter(&live).page(page))
}

/// The answer to a tick. What changes while this runs is worth another tick.
#[tauri::command]
pub(crate) async fn pull(
    shell: State<'_, Shell>,
    window: WebviewWindow,
    room: Arg<Option<String>>,
    since: Arg<u64>,
    limit: Arg<u32>,
    questions_since: Arg<Option<u64>>,
) -> Result<Pull, AppError> {
    let which = RoomWindow::of(window.label());
    if let Some(which) = which {
        shell.ticks(which).pulled();
    }
    let (mut changes, mut questions) = (None, None);
    if let Some(room) = room.0 {
        let room = Arg(room).room()?;
        // Where a page that is built anew goes on. With both windows up, it is the whole one's room.
        if which == Some(RoomWindow::Main) || !RoomWindow::Main.is_shown(window.app_handle()) {
            shell.opening.show_first(Some(room), None);
        }
        // A room that is not open has no changes; the others' statuses are worth the answer.
        if let Ok(live) = shell.rooms.live(room).await {
            let found = live.session.changes(Revision(since.0), limit.limit()).await?;
            changes = Some(shell.painter(&live).changes(found));
            if let Some(since) = questions_since.0 {
                let found = live.session.questions(since).await?;
                questions = Some(shell.clerk(&live, &found).changes(found, since));
            }
        }
    }
    Ok(Pull { statuses: shell.rooms.statuses(), changes, questions })
}

#[tauri::command]
pub(crate) async fn mark_read(
    shell: State<'_, Shell>,
    room: Arg<String>,
    place: Arg<i64>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    Ok(live.session.mark_read(Place(place.0)).await?)
}

#[tauri::command]
pub(crate) async fn fill_gap(
    shell: State<'_, Shell>,
    room: Arg<String>,
    key: Arg<String>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    Ok(live.session.fill_gap(key.row()?).await?)
}

/// The page has drawn something, for whoever measures.
#[tauri::command]
pub(crate) fn painted(shell: State<'_, Shell>, painted: Arg<Painted>) {
    shell.measure.stamp(painted.0);
}
