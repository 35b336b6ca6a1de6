//! Shows notifications and hears when one is clicked: through the bus on Linux, through Tauri's plugin (which hears no click)
//! elsewhere.

#[cfg(target_os = "linux")]
mod bus;

#[cfg(target_os = "linux")]
use aside_words::Key;
use tauri::AppHandle;

use crate::dto::Spot;
use crate::settings::RoomKey;

/// A notification; where a click on it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "no click is heard there"))]
pub(crate) struct Notice {
    pub(crate) room: RoomKey,
    pub(crate) spot: Option<Spot>,
    pub(crate) title: String,
    pub(crate) words: String,
}

/// Shows one notification after the other, without anybody waiting for the system.
#[derive(Default)]
pub(crate) struct Notifier {
    #[cfg(target_os = "linux")]
    bus: std::sync::Arc<tokio::sync::Mutex<Option<bus::Bus>>>,
}

#[cfg(target_os = "linux")]
impl Notifier {
    /// Shows it, if the desktop has a place for it.
    pub(crate) fn tell(&self, app: &AppHandle, notice: Notice) {
        use tauri::Manager;

        let (bus, app) = (std::sync::Arc::clone(&self.bus), app.clone());
        tauri::async_runtime::spawn(async move {
            let mut bus = bus.lock().await;
            if bus.is_none() {
                let clicked = app.clone();
                let open = move |notice: Notice| {
                    crate::windows::show_at(&clicked, notice.room, notice.spot);
                };
                *bus = bus::Bus::connect(open).await;
            }
            let open = app.state::<crate::shell::Shell>().language().say(Key::SHELL_NOTIFY_OPEN);
            if let Some(connected) = &mut *bus
                && let Err(error) = connected.tell(notice, open).await
            {
                tracing::debug!(%error, "a notification was not shown");
                // The next one looks for the bus again.
                *bus = None;
            }
        });
    }
}

#[cfg(not(target_os = "linux"))]
impl Notifier {
    /// Shows it, if the desktop has a place for it.
    pub(crate) fn tell(&self, app: &AppHandle, notice: Notice) {
        use tauri_plugin_notification::NotificationExt;

        let shown = app.notification().builder().title(notice.title).body(notice.words).show();
        if let Err(error) = shown {
            tracing::debug!(%error, "a notification was not shown");
        }
    }
}
