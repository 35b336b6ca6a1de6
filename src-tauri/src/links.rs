//! Which links may leave the app, and how they do.

mod allowed;
#[cfg(test)]
mod registered;

use std::path::Path;

use self::allowed::allowed;
use crate::errors::{AppError, Code};

/// Opens a link in the system's browser.
///
/// # Errors
/// `link_refused` for anything but a plain web address, `link_failed` when the system would not.
pub(crate) fn open(text: &str) -> Result<(), AppError> {
    let link = allowed(text).ok_or(Code::LinkRefused)?;
    if opened(link.as_str()) {
        return Ok(());
    }
    tauri_plugin_opener::open_url(link.as_str(), None::<&str>).map_err(|error| {
        tracing::warn!(%error, "the system would not open a link");
        Code::LinkFailed.into()
    })
}

/// Opens a folder in the system's own window.
///
/// # Errors
/// `link_failed`.
pub(crate) fn open_folder(folder: &Path) -> Result<(), AppError> {
    #[cfg(target_os = "linux")]
    if opened(&gtk::gio::prelude::FileExt::uri(&gtk::gio::File::for_path(folder))) {
        return Ok(());
    }
    tauri_plugin_opener::open_path(folder, None::<&str>).map_err(|error| {
        tracing::warn!(%error, "the system would not open a folder");
        Code::LinkFailed.into()
    })
}

/// Whether the desktop opened it, in a program that hears nothing of what Aside's own web view is told.
#[cfg(target_os = "linux")]
fn opened(uri: &str) -> bool {
    use gtk::gio::prelude::AppLaunchContextExt as _;
    use gtk::gio::{AppInfo, AppLaunchContext};

    let context = AppLaunchContext::new();
    for (name, _) in crate::windows::engine::TOLD {
        context.unsetenv(name);
    }
    AppInfo::launch_default_for_uri(uri, Some(&context)).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn opened(_: &str) -> bool {
    false
}
