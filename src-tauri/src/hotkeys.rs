//! Keys that work while another program has the keyboard: show or hide, mark as read, write, clicks
//! through the side window.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::mpsc;

use aside_history::Anchor;
use tauri::{AppHandle, Manager, State, Wry};
use tauri_plugin_global_shortcut::{Code as Key, GlobalShortcut, Shortcut, ShortcutState};

use crate::dto::{HotkeyAction, Hotkeys};
use crate::errors::{AppError, Code};
use crate::shell::Shell;
use crate::windows;

/// Takes the keys that a person chose. One that is taken meanwhile is left out, and said.
pub(crate) fn start(app: &AppHandle) {
    for (action, chord) in app.state::<Shell>().remembered.read(|memory| memory.hotkeys.clone()) {
        let taken = parse(&chord).and_then(|shortcut| register(app, action, shortcut, &chord));
        if let Err(error) = taken {
            tracing::warn!(code = error.code(), chord, "a global key is not ours");
            app.state::<Shell>().notice("hotkey_taken", &[("key", chord)]);
        }
    }
}

/// What listens to the keyboard, from the first key on: under X11 it wakes up twenty times a second.
fn keyboard(app: &AppHandle) -> Result<State<'_, GlobalShortcut<Wry>>, AppError> {
    let unsupported = || AppError::from(Code::HotkeyUnsupported);
    if windows::is_wayland() {
        return Err(unsupported());
    }
    if let Some(keyboard) = app.try_state() {
        return Ok(keyboard);
    }
    // macOS and Windows give keys to the main thread alone.
    let (done, listens) = mpsc::channel();
    let there = app.clone();
    let asked = app.run_on_main_thread(move || {
        let plugin = tauri_plugin_global_shortcut::Builder::new().build();
        let _nobody_waits = done.send(there.plugin(plugin));
    });
    match (asked, listens.recv()) {
        (Ok(()), Ok(Ok(()))) => {}
        (asked, listens) => tracing::info!(?asked, ?listens, "this desktop has no global keys"),
    }
    app.try_state().ok_or_else(unsupported)
}

/// The keys as they are chosen.
pub(crate) fn list(app: &AppHandle) -> Hotkeys {
    let keys = app.state::<Shell>().remembered.read(|memory| memory.hotkeys.clone());
    Hotkeys { supported: !windows::is_wayland(), keys }
}

/// Chooses the key of an action, or none. What was chosen before holds until the new one is ours.
///
/// # Errors
/// `hotkey_unsupported`, `hotkey_invalid`, `hotkey_bare`, `hotkey_doubled` (`action`), `hotkey_taken`, `settings_not_saved`.
pub(crate) fn choose(
    app: &AppHandle,
    action: HotkeyAction,
    chord: Option<&str>,
) -> Result<(), AppError> {
    let shell = app.state::<Shell>();
    let before = shell.remembered.read(|memory| memory.hotkeys.clone());
    let new = chord.map(|chord| parse(chord).map(|shortcut| (shortcut, chord))).transpose()?;
    if let Some((shortcut, _)) = new
        && let Some(other) = doubled(&before, action, shortcut)
    {
        return Err(AppError::from(Code::HotkeyDoubled).with("action", other.as_str()));
    }
    let old = before.get(&action).and_then(|chord| Shortcut::from_str(chord).ok());
    if old.is_some() && old == new.map(|(shortcut, _)| shortcut) {
        return Ok(());
    }
    if let Some((shortcut, chord)) = new {
        register(app, action, shortcut, chord)?;
    }
    if let Some(old) = old
        && let Some(keyboard) = app.try_state::<GlobalShortcut<Wry>>()
        && let Err(error) = keyboard.unregister(old)
    {
        tracing::warn!(%error, "a global key was not given back");
    }
    let saved = keep(&shell, action, chord);
    if action == HotkeyAction::ClickThrough {
        windows::follow_key(app, chord);
    }
    saved
}

/// Remembers a choice. Whether the key before it was somebody else's is nobody's concern any more.
fn keep(shell: &Shell, action: HotkeyAction, chord: Option<&str>) -> Result<(), AppError> {
    let before = shell.change(|memory| match chord {
        Some(chord) => memory.hotkeys.insert(action, chord.to_owned()),
        None => memory.hotkeys.remove(&action),
    })?;
    before.into_iter().for_each(|before| is_ours(shell, &before));
    Ok(())
}

fn is_ours(shell: &Shell, chord: &str) {
    shell.take_back_notice("hotkey_taken", &[("key", chord.to_owned())]);
}

/// The key of an action, certainly ours: the one that is chosen, else the first of these that can be had, which is chosen
/// from then on.
///
/// # Errors
/// Those of [`choose`], of the last one that was tried.
pub(crate) fn take(
    app: &AppHandle,
    action: HotkeyAction,
    proposals: &[&str],
) -> Result<String, AppError> {
    let shell = app.state::<Shell>();
    if let Some(chord) = shell.remembered.read(|memory| memory.hotkeys.get(&action).cloned()) {
        let shortcut = parse(&chord)?;
        // It was somebody else's when the app started, and may be free now.
        if !keyboard(app)?.is_registered(shortcut) {
            register(app, action, shortcut, &chord)?;
        }
        is_ours(&shell, &chord);
        return Ok(chord);
    }
    let mut refused = AppError::from(Code::HotkeyUnsupported);
    for chord in proposals {
        match choose(app, action, Some(chord)) {
            Ok(()) => return Ok((*chord).to_owned()),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// A key that is pressed in every program needs something held beside it, or it could not be typed any more.
fn parse(chord: &str) -> Result<Shortcut, AppError> {
    let shortcut = Shortcut::from_str(chord).map_err(|_| AppError::from(Code::HotkeyInvalid))?;
    let alone = matches!(
        shortcut.key,
        Key::F1
            | Key::F2
            | Key::F3
            | Key::F4
            | Key::F5
            | Key::F6
            | Key::F7
            | Key::F8
            | Key::F9
            | Key::F10
            | Key::F11
            | Key::F12
    );
    let held = shortcut.mods - tauri_plugin_global_shortcut::Modifiers::SHIFT;
    if held.is_empty() && !alone { Err(Code::HotkeyBare.into()) } else { Ok(shortcut) }
}

/// Which other action has the same key.
fn doubled(
    keys: &BTreeMap<HotkeyAction, String>,
    action: HotkeyAction,
    shortcut: Shortcut,
) -> Option<HotkeyAction> {
    keys.iter()
        .find(|(other, chord)| {
            **other != action && Shortcut::from_str(chord).is_ok_and(|it| it == shortcut)
        })
        .map(|(other, _)| *other)
}

fn register(
    app: &AppHandle,
    action: HotkeyAction,
    shortcut: Shortcut,
    chord: &str,
) -> Result<(), AppError> {
    let pressed =
        move |app: &AppHandle, _: &Shortcut, event: tauri_plugin_global_shortcut::ShortcutEvent| {
            if event.state == ShortcutState::Pressed {
                act(app, action);
            }
        };
    keyboard(app)?.on_shortcut(shortcut, pressed).map_err(|error| {
        tracing::info!(%error, "a global key is taken");
        AppError::from(Code::HotkeyTaken).with("key", chord)
    })
}

fn act(app: &AppHandle, action: HotkeyAction) {
    match action {
        HotkeyAction::Toggle => windows::toggle(app),
        HotkeyAction::MarkRead => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move { mark_read(&app).await });
        }
        HotkeyAction::ClickThrough => windows::toggle_click_through(app),
        HotkeyAction::Write => {
            windows::remember(app);
            windows::write(app);
        }
    }
}

/// Everything that has come to any open room has been read: somebody at a game says so, who need not show a window for it.
pub(crate) async fn mark_read(app: &AppHandle) {
    let shell = app.state::<Shell>();
    for status in shell.rooms.statuses() {
        let Some(key) = crate::settings::RoomKey::parse(&status.room) else { continue };
        let Ok(live) = shell.rooms.live(key).await else { continue };
        let Ok(page) = live.session.page(Anchor::End, 1).await else { continue };
        let Some(last) = page.rows.last() else { continue };
        if let Err(error) = live.session.mark_read(last.place).await {
            tracing::warn!(%error, "a room was not marked as read");
        }
    }
    windows::tell(app, "mark-read", ());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::tests::{keyring, shell_at};

    #[test]
    fn a_global_key_is_held_with_another_or_is_a_function_key() {
        for good in ["Control+Alt+KeyR", "Super+Digit1", "F9", "Shift+F9", "CmdOrCtrl+Shift+Space"]
        {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bare in ["KeyR", "Shift+KeyR", "Space", "Escape"] {
            assert_eq!(parse(bare).unwrap_err().code(), "hotkey_bare", "{bare}");
        }
        let long = "Control+".repeat(10_000);
        for bad in ["", "+", "Control+", "Control+界", "Control+Alt", "'; DROP", long.as_str()] {
            assert_eq!(parse(bad).unwrap_err().code(), "hotkey_invalid", "{bad:.20}");
        }
    }

    #[tokio::test]
    async fn a_key_that_was_taken_is_told_of_until_another_is_chosen_or_none() {
        let home = tempfile::tempdir().unwrap();
        let shell = shell_at(home.path(), &keyring(), || ());
        for next in [Some("F9"), None] {
            keep(&shell, HotkeyAction::Toggle, Some("F8")).unwrap();
            shell.notice("hotkey_taken", &[("key", "F7".to_owned())]);
            shell.notice("hotkey_taken", &[("key", "F8".to_owned())]);
            keep(&shell, HotkeyAction::Toggle, next).unwrap();
            let told = shell.notices();
            assert_eq!((told.len(), told[0].params["key"].as_str()), (1, "F7"), "another's");
        }
    }

    #[test]
    fn the_same_key_twice_is_noticed_however_it_is_written() {
        let keys = BTreeMap::from([(HotkeyAction::Toggle, "Control+Alt+KeyR".to_owned())]);
        let same = parse("Alt+Ctrl+R").unwrap();
        assert_eq!(doubled(&keys, HotkeyAction::Write, same), Some(HotkeyAction::Toggle));
        assert_eq!(doubled(&keys, HotkeyAction::Toggle, same), None, "its own");
        assert_eq!(doubled(&keys, HotkeyAction::Write, parse("Control+Alt+KeyT").unwrap()), None);
    }
}
