//! Where a window's reader stands: its page says it when it is hidden, and the page that comes after it goes on there.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tauri::{AppHandle, Manager, WebviewWindow};
use tokio::sync::Notify;

use super::{RoomWindow, WindowState};
use crate::dto::Stand;
use crate::settings::RoomKey;
use crate::shell::Shell;

/// How long a page that is hidden may take to say it. One that was out of sight before has nothing to say.
const LAST_WORDS: Duration = Duration::from_millis(300);

#[derive(Default)]
pub(super) struct Stands {
    /// By room.
    kept: Mutex<BTreeMap<String, Stand>>,
    told: Notify,
}

/// Keeps where a window's reader stands in rooms, for the page that comes after this one. What is no room of ours is not kept.
pub(crate) fn keep_stands(app: &AppHandle, which: RoomWindow, stands: BTreeMap<String, Stand>) {
    let ours = app.state::<Shell>().remembered.read(|memory| {
        let is_ours = |(room, stand): &(String, Stand)| {
            let room = RoomKey::parse(room).and_then(|key| memory.room(key));
            room.is_some() && stand.key.parse::<i64>().is_ok()
        };
        stands.into_iter().filter(is_ours).collect()
    });
    let state = app.state::<WindowState>();
    let stands = &state.of(which).stands;
    *stands.kept.lock().unwrap_or_else(PoisonError::into_inner) = ours;
    stands.told.notify_waiters();
}

/// Where the reader stood in rooms when the window's last page was hidden.
pub(crate) fn stands(app: &AppHandle, which: RoomWindow) -> BTreeMap<String, Stand> {
    let state = app.state::<WindowState>();
    state.of(which).stands.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Hides a window whose page is to end, and lets the page say where its reader stands and keep what is half written.
pub(super) async fn hide_to_end(app: &AppHandle, which: RoomWindow, window: &WebviewWindow) {
    let state = app.state::<WindowState>();
    let told = state.of(which).stands.told.notified();
    if let Err(error) = window.hide() {
        tracing::warn!(%error, "a window could not be hidden");
        return;
    }
    let _late = tokio::time::timeout(LAST_WORDS, told).await;
}
