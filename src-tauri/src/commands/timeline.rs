//! Reading a room: pages, changes, the read mark, gaps.

use std::collections::BTreeSet;

use aside_history::{Anchor, Place, Revision};
use jiff::Timestamp;
use tauri::{Manager, State, WebviewWindow};

use crate::args::{Arg, bad};
use crate::crossing::crossing;
use crate::dto::{self, Moment, Page, Painted, Pull, PullWish, QuestionChanges, Reading, Spot};
use crate::errors::AppError;
use crate::shell::Shell;
use crate::source::Source;
use crate::views;
use crate::windows::RoomWindow;
use crate::{missed, pace, present};

/// Everything, where no view is named.
#[tauri::command]
pub(crate) async fn page(
    shell: State<'_, Shell>,
    room: Arg<String>,
    anchor: Arg<dto::Anchor>,
    limit: Arg<u32>,
    view: Arg<Option<String>>,
) -> Result<Page, AppError> {
    let source = shell.source(room.room()?).await?;
    let anchor = match anchor.0 {
        dto::Anchor::End => Anchor::End,
        dto::Anchor::Before { place } => Anchor::Before(Place(place)),
        dto::Anchor::After { place } => Anchor::After(Place(place)),
        dto::Anchor::Unread => Anchor::Unread,
    };
    page_of(&shell, &source, anchor, limit.limit(), &view.0.unwrap_or_default()).await
}

async fn page_of(
    shell: &Shell,
    source: &Source,
    anchor: Anchor,
    limit: u32,
    view: &str,
) -> Result<Page, AppError> {
    let painter = shell.painter_of(source);
    let Some(view) = views::find(shell, source, view).await? else {
        return Ok(painter.page(source.page(anchor, limit).await?));
    };
    let found = view.page(source, anchor, limit).await?;
    let (from, to) = (found.from.map(|place| place.0), found.to.map(|place| place.0));
    Ok(Page { from, to, ..painter.page(found.page) })
}

/// Where a moment stands, in epoch milliseconds.
#[tauri::command]
pub(crate) async fn moment(
    shell: State<'_, Shell>,
    room: Arg<String>,
    at: Arg<i64>,
) -> Result<Moment, AppError> {
    let source = shell.source(room.room()?).await?;
    let at = Timestamp::from_millisecond(at.0).map_err(|_| bad("at"))?;
    let found = shell.rooms.store().moment(source.room(), at).await?;
    let spot = found.spot.map(|(key, place)| Spot { key: key.0.to_string(), place: place.0 });
    let millis = |at: Option<Timestamp>| at.map(|at| at.as_millisecond());
    Ok(Moment { spot, begins: millis(found.begins), ends: millis(found.ends) })
}

/// The answer to a tick. What changes while this runs is worth another tick.
#[tauri::command]
pub(crate) async fn pull(
    shell: State<'_, Shell>,
    window: WebviewWindow,
    wish: Arg<PullWish>,
) -> Result<Pull, AppError> {
    let (which, wish) = (RoomWindow::of(window.label()), wish.0);
    if let Some(which) = which {
        shell.ticks(which).pulled();
    }
    let mut pull = Pull::default();
    if let Some(room) = &wish.room {
        let room = Arg(room.clone()).room()?;
        // Where a page that is built anew goes on, and what the overlay shows: no room that is not open, into which somebody only looks.
        // With both windows up, it is the whole one's.
        let leads =
            which == Some(RoomWindow::Main) || !RoomWindow::Main.is_shown(window.app_handle());
        if leads {
            match shell.rooms.status(room) {
                Some(_open) => shell.opening.show_first(Some(room), None),
                None => shell.opening.look_first(Some(room), None),
            }
        }
        // A room that has no session has no changes; the others' statuses are worth the answer.
        if let Some(live) = shell.rooms.ready(room) {
            let shown = views::find(&shell, &Source::from(&live), &wish.view).await?;
            let app = window.app_handle();
            if let Some(pace) = which.and_then(|which| pace::of(app, which, wish.reading)) {
                live.session.set_pace(pace);
            }
            let since = Revision(wish.since);
            let found = live.session.changes(since, views::CHANGES).await?;
            let looked_at = looked_at(&window, &shell, wish.view.clone());
            let all = views::all(&shell, &live).await;
            pull.views = live.tally.count(&live, &all, &looked_at, (since, &found)).await?;
            let mut painter = shell.painter(&live);
            painter.me.recall(shell.rooms.store(), &live, &found.upserts).await;
            let mut changes = crossing(&painter, shown.as_ref(), found, &wish);
            if changes.reset && shown.is_none() && wish.reading != Reading::Held {
                let page = live.session.page(Anchor::End, Arg(wish.rows).limit()).await?;
                painter.me.recall(shell.rooms.store(), &live, &page.rows).await;
                pull.end = Some(painter.page(page));
            }
            // An audience would hear what rings.
            let mode = shell.remembered.read(|memory| memory.settings.streamer_mode);
            let silent = present::is_open(app) || shell.streamer.is_on(mode);
            let newest = pull.end.iter_mut().flat_map(|page| &mut page.rows);
            let rows = changes.upserts.iter_mut().chain(&mut changes.heard).chain(newest);
            live.bell.pass(rows, silent);
            pull.changes = Some(changes);
            if let Some(since) = wish.questions_since {
                let found = live.session.questions(since).await?;
                let clerk = shell.clerk(&live, &found);
                let missed = missed::look(&shell, &live, &found);
                let changes = clerk.changes(found, since);
                pull.questions = Some(QuestionChanges { missed, ..changes });
            }
        }
    }
    pull.statuses = shell.rooms.statuses();
    pull.notices = shell.notices();
    Ok(pull)
}

/// Somebody has read what was missed.
#[tauri::command]
pub(crate) async fn note_missed(
    shell: State<'_, Shell>,
    room: Arg<String>,
) -> Result<(), AppError> {
    shell.rooms.live(room.room()?).await?.watched.noted();
    shell.rooms.look_again();
    Ok(())
}

/// The views that somebody has before them: this page's, and that of another window that is shown.
fn looked_at(window: &WebviewWindow, shell: &Shell, view: String) -> BTreeSet<String> {
    let others = RoomWindow::ALL.into_iter().filter(|which| which.label() != window.label());
    let shown = others.filter(|which| which.is_shown(window.app_handle()));
    shown
        .map(|which| shell.remembered.read(|memory| memory.window(which).view))
        .chain([view])
        .filter(|view| view != views::ALL)
        .collect()
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
    shell.measure.painted(painted.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::ConnectionState;
    use crate::shell::tests::{Table, keyring};

    #[tokio::test]
    async fn what_is_kept_of_a_room_is_read_without_its_token() {
        let table = Table::set().await;
        let shell = table.start(&keyring());
        let room = table.join(&shell).await;
        shell.rooms.close().await;
        let told = table.server.probe().connections().len();

        // The keyring of this start is another one.
        let shell = table.start(&keyring());
        shell.open(room).await.unwrap();
        let status = table.becomes(&shell, room, ConnectionState::Refused).await;
        assert_eq!(status.connection.why.as_deref(), Some("token_missing"));
        let source = shell.source(room).await.unwrap();
        let texts = async |anchor, view| -> Vec<String> {
            let page = page_of(&shell, &source, anchor, 10, view).await.unwrap();
            page.rows.into_iter().map(|row| row.text).collect()
        };
        assert_eq!(texts(Anchor::End, views::ALL).await, ["hello"]);
        assert!(page_of(&shell, &source, Anchor::End, 1, "questions").await.unwrap().kept);
        assert_eq!(texts(Anchor::Before(Place(i64::MIN)), views::ALL).await.len(), 0);
        for view in ["questions", "mentions", "staff"] {
            assert_eq!(texts(Anchor::End, view).await.len(), 0, "{view}");
        }
        assert_eq!(table.server.probe().connections().len(), told, "nothing is fetched");

        shell.set_token(room, table.token.clone()).await.unwrap();
        table.becomes(&shell, room, ConnectionState::Online).await;
        let live = shell.source(room).await.unwrap();
        assert!(!page_of(&shell, &live, Anchor::End, 1, views::ALL).await.unwrap().kept);
        let (Source::Kept(kept), Some(live)) = (&source, live.live()) else { panic!("both") };
        assert!(std::sync::Arc::ptr_eq(&kept.namesakes, &live.namesakes), "who was met is known");
        shell.rooms.close().await;
    }
}
