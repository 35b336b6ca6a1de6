//! How often the rooms write down, and tell, what they hear: at once where somebody sees each row, else together. A commit costs as much as a
//! hundred rows.

use std::time::Duration;

use tauri::{AppHandle, Manager};

use crate::dto::Reading;
use crate::present;
use crate::shell::Shell;
use crate::windows::RoomWindow;

/// While nobody sees a room: no notification is later than that.
const UNSEEN: Duration = Duration::from_secs(1);
/// While somebody reads back, or only some rows are drawn: about as often as the page then asks.
const GLANCED_AT: Duration = Duration::from_millis(300);

/// Sees whether anybody sees the rooms.
pub(crate) fn follow(app: &AppHandle) {
    let shell = app.state::<Shell>();
    if !shell.shows_desk() {
        shell.rooms.look_away();
    }
    let seen = shell.is_shown()
        || present::is_open(app)
        || shell.remembered.read(|memory| memory.settings.overlay);
    shell.rooms.set_pace(if seen { Duration::ZERO } else { UNSEEN });
}

/// The pace of a room that a window's page looks at; nothing where it was hidden since. Where others look, too, none of them waits.
pub(crate) fn of(app: &AppHandle, which: RoomWindow, reading: Reading) -> Option<Duration> {
    let shell = app.state::<Shell>();
    let is_shown = |which| shell.ticks(which).is_shown();
    if !is_shown(which) {
        return None;
    }
    let others = RoomWindow::ALL.into_iter().any(|other| other != which && is_shown(other))
        || present::is_open(app)
        || shell.remembered.read(|memory| memory.settings.overlay);
    Some(match reading {
        Reading::Held | Reading::Sampled if !others => GLANCED_AT,
        Reading::Held | Reading::Sampled | Reading::Following => Duration::ZERO,
    })
}
