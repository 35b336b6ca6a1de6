//! Where a window stands: remembered for each arrangement of screens, and rescued when a screen is gone.

use tauri::{AppHandle, LogicalPosition, Manager, Monitor, WebviewWindow};

use super::RoomWindow;
use super::build::SMALLEST;
use crate::settings::{WindowMemory, WindowPlace};
use crate::shell::Shell;

/// A screen, in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Screen {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Screen {
    fn of(monitor: &Monitor) -> Self {
        let scale = monitor.scale_factor();
        let (at, size) =
            (monitor.position().to_logical(scale), monitor.size().to_logical::<f64>(scale));
        Self { x: at.x, y: at.y, width: size.width, height: size.height }
    }
}

/// Remembers where a window is, for the screens that there are now.
pub(super) fn remember(app: &AppHandle, which: RoomWindow, window: &WebviewWindow) {
    let place = || -> tauri::Result<Option<WindowPlace>> {
        if !window.is_visible()? || window.is_maximized()? || window.is_minimized()? {
            return Ok(None);
        }
        let scale = window.scale_factor()?;
        let (at, size) =
            (window.outer_position()?.to_logical(scale), window.inner_size()?.to_logical(scale));
        Ok(Some(WindowPlace { x: at.x, y: at.y, width: size.width, height: size.height }))
    };
    // Where the system does not tell (Wayland), the window opens where the system puts it.
    if let Ok(Some(place)) = place() {
        let screens = arrangement(&screens(app));
        let _logged =
            app.state::<Shell>().change(|memory| memory.window_mut(which).put(screens, place));
    }
}

/// Puts a window that was hidden where it was: a window manager of X11 would choose a place for it.
pub(super) fn restore(app: &AppHandle, which: RoomWindow, window: &WebviewWindow) {
    let memory = app.state::<Shell>().remembered.read(|memory| memory.window(which));
    if let Some(place) = fitting(app, &memory)
        && let Err(error) = window.set_position(LogicalPosition::new(place.x, place.y))
    {
        tracing::warn!(%error, "a window could not be put where it was");
    }
}

/// Where a window is to open: where it was on these screens, else where it was last, if that can be seen.
pub(super) fn fitting(app: &AppHandle, memory: &WindowMemory) -> Option<WindowPlace> {
    fitting_on(&screens(app), memory)
}

fn fitting_on(screens: &[Screen], memory: &WindowMemory) -> Option<WindowPlace> {
    let here = memory.place(&arrangement(screens));
    here.or_else(|| memory.last()).filter(|place| is_seen(screens, place))
}

fn screens(app: &AppHandle) -> Vec<Screen> {
    app.available_monitors().unwrap_or_default().iter().map(Screen::of).collect()
}

/// The screens in one line, whatever order the system names them in.
fn arrangement(screens: &[Screen]) -> String {
    let mut lines: Vec<String> = screens
        .iter()
        .map(|screen| {
            format!("{:.0}x{:.0}+{:.0}+{:.0}", screen.width, screen.height, screen.x, screen.y)
        })
        .collect();
    lines.sort();
    lines.join(" ")
}

/// Whether the middle of the window's title would be on a screen: a monitor may have been unplugged since.
fn is_seen(screens: &[Screen], place: &WindowPlace) -> bool {
    let (x, y) = (place.x + place.width / 2.0, place.y + 10.0);
    let sane = place.width >= SMALLEST.0 && place.height >= SMALLEST.1;
    sane && screens.iter().any(|screen| {
        (screen.x..screen.x + screen.width).contains(&x)
            && (screen.y..screen.y + screen.height).contains(&y)
    })
}

/// Whether the windows are Wayland's, where no program knows of the others.
pub(crate) fn is_wayland() -> bool {
    let told = std::env::var("GDK_BACKEND").unwrap_or_default();
    cfg!(target_os = "linux")
        && std::env::var_os("WAYLAND_DISPLAY").is_some_and(|display| !display.is_empty())
        && !told.starts_with("x11")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAPTOP: Screen = Screen { x: 0.0, y: 0.0, width: 1440.0, height: 900.0 };
    const BESIDE: Screen = Screen { x: 1440.0, y: 0.0, width: 2560.0, height: 1440.0 };

    fn at(x: f64) -> WindowPlace {
        WindowPlace { x, y: 100.0, width: 360.0, height: 640.0 }
    }

    #[test]
    fn each_arrangement_of_screens_has_its_place_and_no_window_opens_out_of_sight() {
        let mut memory = WindowMemory::default();
        let both = [LAPTOP, BESIDE];
        assert_eq!(fitting_on(&both, &memory), None);
        memory.put(arrangement(&[LAPTOP]), at(50.0));
        memory.put(arrangement(&both), at(3000.0));
        assert_eq!(fitting_on(&both, &memory), Some(at(3000.0)));
        assert_eq!(fitting_on(&[BESIDE, LAPTOP], &memory), Some(at(3000.0)), "in whatever order");
        assert_eq!(fitting_on(&[LAPTOP], &memory), Some(at(50.0)), "the other one was unplugged");

        let other = Screen { width: 1920.0, ..LAPTOP };
        assert_eq!(fitting_on(&[other], &memory), None, "nothing was ever there");
        memory.put(arrangement(&both), at(10.0));
        assert_eq!(fitting_on(&[other], &memory), Some(at(10.0)), "where it was last can be seen");
        assert_eq!(fitting_on(&[], &memory), None);

        memory.put(arrangement(&[LAPTOP]), WindowPlace { width: 3.0, ..at(0.0) });
        assert_eq!(fitting_on(&[LAPTOP], &memory), None, "nobody could see that");
        memory.put(arrangement(&[LAPTOP]), WindowPlace { x: f64::NAN, ..at(0.0) });
        assert_eq!(fitting_on(&[LAPTOP], &memory), None);
    }
}
