//! The tray: how the rooms stand, what is unread, and the way back to a hidden window.
//!
//! Not every desktop has one. Without it hiding still works, and a second start shows the window again.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aside_words::{Key, Language};
use jiff::Timestamp;
use tauri::menu::{CheckMenuItem, IsMenuItem, Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};
use tokio::sync::Notify;

use crate::attention::is_staffed;
use crate::dto::{ConnectionState, RoomStatus};
use crate::quitting;
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::tray_badge::{Face, MOST};
use crate::windows::{self, RoomWindow};
use crate::words;

#[cfg(test)]
mod tests;

/// What has waited is told in minutes, and grows older while nothing happens.
const MINUTE: Duration = Duration::from_secs(60);

/// Often enough for an eye that glances at it, rare enough that a flood of messages costs nothing.
const EVERY: Duration = Duration::from_millis(500);

const SHOW: &str = "show";
const SIDE: &str = "side";
const CLICK_THROUGH: &str = "click-through";
const RESET: &str = "reset";
const QUIT: &str = "quit";
const ROOM: &str = "room:";

/// Asks for the tray to be drawn anew; nothing is lost when it is asked for often.
#[derive(Clone, Default)]
pub(crate) struct Tray {
    wake: Arc<Notify>,
    made: Arc<AtomicBool>,
    named: Arc<Mutex<BTreeMap<RoomKey, u32>>>,
}

impl Tray {
    /// Something that the tray shows may have changed.
    pub(crate) fn changed(&self) {
        self.wake.notify_one();
    }

    /// Until what the tray shows may be different; where something grows older, a minute at most.
    async fn turns(&self, ages: bool) {
        let changed = self.wake.notified();
        if ages {
            let _sooner = tokio::time::timeout(MINUTE, changed).await;
        } else {
            changed.await;
        }
    }

    /// So many mentions in a room were not read.
    pub(crate) fn names(&self, room: RoomKey, count: u32) {
        let before = self.named.lock().unwrap_or_else(PoisonError::into_inner).insert(room, count);
        if before.unwrap_or_default() != count {
            self.changed();
        }
    }

    /// Whether somebody certainly sees it: on Linux it is made whether or not a panel shows it.
    pub(crate) fn is_seen(&self) -> bool {
        !cfg!(target_os = "linux") && self.made.load(Ordering::SeqCst)
    }

    /// Makes the tray, if this desktop can have one, and keeps it up to date from then on. On the main thread.
    pub(crate) fn start(&self, app: &AppHandle) {
        let glance = Glance::take(app);
        // Where the system's indicator library is missing, its binding panics instead of failing.
        let built = catch_unwind(AssertUnwindSafe(|| build(app, &glance)));
        let (icon, lines) = match built {
            Ok(Ok(made)) => made,
            Ok(Err(error)) => {
                tracing::info!(%error, "this desktop has no tray");
                return;
            }
            Err(_panic) => {
                tracing::info!("this desktop has no tray library");
                return;
            }
        };
        self.made.store(true, Ordering::SeqCst);
        tauri::async_runtime::spawn(keep(self.clone(), app.clone(), icon, lines, glance));
    }
}

/// What the tray shows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Glance {
    face: Face,
    /// What waits for this person: questions that nobody has taken, for those who answer, and mentions that were not read.
    badge: u32,
    tooltip: String,
    rooms: Vec<(RoomKey, String)>,
    language: Language,
    click_through: bool,
    /// Something in it says how long it has waited.
    ages: bool,
}

impl Glance {
    fn take(app: &AppHandle) -> Self {
        let shell = app.state::<Shell>();
        let language = shell.language();
        let rooms = shell.rooms.statuses().into_iter().filter_map(|status| {
            let key = RoomKey::parse(&status.room)?;
            Some((key, shell.label(key), status))
        });
        let mut rooms: Vec<_> = rooms.collect();
        shell.remembered.read(|memory| rooms.sort_by_key(|(key, ..)| memory.rank(*key)));
        let click_through = windows::is_click_through(app);
        let named =
            app.state::<Tray>().named.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { click_through, ..Self::of(rooms, language, &named) }
    }

    fn of(
        rooms: Vec<(RoomKey, String, RoomStatus)>,
        language: Language,
        named: &BTreeMap<RoomKey, u32>,
    ) -> Self {
        // Where nothing is unread, a mention was seen, whoever counted it before.
        let named = |key: &RoomKey, status: &RoomStatus| {
            named.get(key).copied().unwrap_or_default().min(status.unread)
        };
        let mentions: u32 = rooms.iter().map(|(key, _, status)| named(key, status)).sum();
        let unread: u32 = rooms.iter().map(|(_, _, status)| status.unread).sum();
        let questions: u32 = rooms.iter().map(|(_, _, status)| status.unread_questions).sum();
        let offline = rooms.iter().any(|(_, _, status)| match status.connection.state {
            ConnectionState::Waiting | ConnectionState::Refused | ConnectionState::Closed => true,
            ConnectionState::Connecting
            | ConnectionState::Joining
            | ConnectionState::Syncing
            | ConnectionState::Online => false,
        });
        let face = match (offline, unread) {
            (true, _) => Face::Offline,
            (false, 0) => Face::Quiet,
            (false, _) => Face::Unread,
        };
        let staffed = rooms.iter().filter(|(_, _, status)| is_staffed(status));
        let ages = staffed.clone().any(|(_, _, status)| status.desk.oldest_waiting.is_some());
        let badge = staffed.map(|(_, _, status)| status.desk.open).sum::<u32>() + mentions;
        let mut tooltip = vec!["Aside".to_owned()];
        tooltip.push(words::unread(language, unread, questions));
        tooltip.push(words::mentions(language, mentions));
        if let [(_, _, only)] = &rooms[..] {
            tooltip.insert(1, words::connection(language, only.connection.state).to_owned());
            tooltip.push(waiting(language, only));
        }
        tooltip.retain(|part| !part.is_empty());
        let rooms = rooms
            .into_iter()
            .map(|(key, label, status)| {
                let mentions = words::mentions(language, named(&key, &status));
                (key, line(language, &label, &status, &mentions))
            })
            .collect();
        Self {
            face,
            badge: badge.min(MOST),
            tooltip: tooltip.join(" · "),
            rooms,
            language,
            click_through: false,
            ages,
        }
    }
}

/// What waits at the desk of a room, for those who work there.
fn waiting(language: Language, status: &RoomStatus) -> String {
    if !is_staffed(status) {
        return String::new();
    }
    let now = Timestamp::now().as_millisecond();
    let oldest = status.desk.oldest_waiting.map_or(0, |at| (now - at).max(0) / 60_000);
    words::waiting(language, status.desk.open, oldest)
}

/// `Room 7 · Live · 3 new · 1 mention · 5 open, oldest 4 min`.
fn line(language: Language, label: &str, status: &RoomStatus, mentions: &str) -> String {
    let unread = words::unread(language, status.unread, status.unread_questions);
    let (label, waiting) = (aside_text::name(label), waiting(language, status));
    let state = words::connection(language, status.connection.state);
    let parts = [label.as_str(), state, &unread, mentions, &waiting];
    // An ampersand would underline the next letter.
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
        .replace('&', "&&")
}

fn build(app: &AppHandle, glance: &Glance) -> tauri::Result<(TrayIcon, Lines)> {
    let temporary = app.state::<Shell>().home.tray();
    std::fs::create_dir_all(&temporary)?;
    let lines = menu(app, glance)?;
    let icon = TrayIconBuilder::with_id("aside")
        .icon(glance.face.picture(glance.badge)?)
        .tooltip(&glance.tooltip)
        .menu(&lines.menu)
        .temp_dir_path(temporary)
        .show_menu_on_left_click(false)
        .on_menu_event(|app, event| chosen(app, event.id().as_ref()))
        .on_tray_icon_event(|tray, event| {
            let click = matches!(
                event,
                TrayIconEvent::Click {
                    button: MouseButton::Left,
                    button_state: MouseButtonState::Up,
                    ..
                }
            );
            if click {
                windows::show(tray.app_handle(), None);
            }
        })
        .build(app)?;
    Ok((icon, lines))
}

fn chosen(app: &AppHandle, item: &str) {
    match item {
        SHOW => windows::show(app, None),
        SIDE => {
            windows::take_clicks(app);
            let app = app.clone();
            // As in `windows::show`: not inside this handler.
            tauri::async_runtime::spawn(async move {
                if let Err(error) = windows::bring(&app, RoomWindow::Side) {
                    tracing::error!(%error, "the side window could not be shown");
                }
            });
        }
        CLICK_THROUGH => windows::toggle_click_through(app),
        RESET => windows::reset(app),
        QUIT => quitting::ask(app),
        room => {
            let key = room.strip_prefix(ROOM).and_then(RoomKey::parse);
            if key.is_some() {
                windows::show(app, key);
            }
        }
    }
}

/// The menu, and its lines that change by themselves.
struct Lines {
    menu: Menu<Wry>,
    rooms: Vec<MenuItem<Wry>>,
    click_through: CheckMenuItem<Wry>,
}

fn menu(app: &AppHandle, glance: &Glance) -> tauri::Result<Lines> {
    let item =
        |id: &str, text: &str, enabled| MenuItem::with_id(app, id, text, enabled, None::<&str>);
    let say = |key| glance.language.say(key);
    let show = item(SHOW, say(Key::SHELL_TRAY_SHOW), true)?;
    let side = item(SIDE, say(Key::SHELL_TRAY_SIDE), true)?;
    let (id, label, can) =
        (CLICK_THROUGH, say(Key::SHELL_TRAY_CLICK_THROUGH), windows::can_click_through());
    let click_through =
        CheckMenuItem::with_id(app, id, label, can, glance.click_through, None::<&str>)?;
    let reset = item(RESET, say(Key::SHELL_TRAY_RESET), true)?;
    let quit = item(QUIT, say(Key::SHELL_TRAY_QUIT), true)?;
    let (above, below) = (PredefinedMenuItem::separator(app)?, PredefinedMenuItem::separator(app)?);
    let rooms: Vec<_> = if glance.rooms.is_empty() {
        vec![item("none", say(Key::SHELL_TRAY_NO_ROOMS), false)?]
    } else {
        let lines =
            glance.rooms.iter().map(|(key, line)| item(&format!("{ROOM}{key}"), line, true));
        lines.collect::<tauri::Result<_>>()?
    };
    let mut items: Vec<&dyn IsMenuItem<Wry>> = vec![&show, &side, &above];
    items.extend(rooms.iter().map(|item| item as &dyn IsMenuItem<Wry>));
    items.extend([&below as &dyn IsMenuItem<Wry>, &click_through, &reset, &quit]);
    let menu = Menu::with_items(app, &items)?;
    Ok(Lines { menu, rooms, click_through })
}

async fn keep(tray: Tray, app: AppHandle, icon: TrayIcon, lines: Lines, mut shown: Glance) {
    let mut lines = Some(lines);
    loop {
        tray.turns(shown.ages).await;
        let now = Glance::take(&app);
        // A click has changed the mark already, whether or not what it stands for was done.
        if let Some(lines) = &lines
            && let Err(error) = lines.click_through.set_checked(now.click_through)
        {
            tracing::warn!(%error, "the tray's mark could not be set");
        }
        if now != shown {
            match draw(&app, &icon, &shown, &now, lines.take()) {
                Ok(drawn) => lines = Some(drawn),
                Err(error) => tracing::warn!(%error, "the tray could not be drawn"),
            }
            shown = now;
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn draw(
    app: &AppHandle,
    icon: &TrayIcon,
    shown: &Glance,
    now: &Glance,
    lines: Option<Lines>,
) -> tauri::Result<Lines> {
    if (shown.face, shown.badge) != (now.face, now.badge) {
        icon.set_icon(Some(now.face.picture(now.badge)?))?;
    }
    if shown.tooltip != now.tooltip {
        icon.set_tooltip(Some(&now.tooltip))?;
    }
    let same_rooms =
        shown.rooms.iter().map(|(key, _)| key).eq(now.rooms.iter().map(|(key, _)| key));
    match lines {
        // A new menu would close the one that a person is just reading.
        Some(lines) if same_rooms && shown.language == now.language => {
            for (item, (_, line)) in lines.rooms.iter().zip(&now.rooms) {
                item.set_text(line)?;
            }
            Ok(lines)
        }
        Some(_) | None => {
            let lines = menu(app, now)?;
            icon.set_menu(Some(lines.menu.clone()))?;
            Ok(lines)
        }
    }
}
