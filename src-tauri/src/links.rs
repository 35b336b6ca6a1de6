//! Which links may leave the app, and how they do.

mod allowed;
#[cfg(test)]
mod registered;

use self::allowed::allowed;
use crate::errors::{AppError, Code};

/// Opens a link in the system's browser.
///
/// # Errors
/// `link_refused` for anything but a plain web address, `link_failed` when the system would not.
pub(crate) fn open(text: &str) -> Result<(), AppError> {
    let link = allowed(text).ok_or(Code::LinkRefused)?;
    tauri_plugin_opener::open_url(link.as_str(), None::<&str>).map_err(|error| {
        tracing::warn!(%error, "the system would not open a link");
        Code::LinkFailed.into()
    })
}
