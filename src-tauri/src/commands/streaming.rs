//! The overlay's addresses, for a person to copy.

use tauri::AppHandle;

use crate::args::Arg;
use crate::dto::{Overlay, OverlayPart};
use crate::errors::AppError;
use crate::overlay;

#[tauri::command]
pub(crate) async fn overlay(app: AppHandle) -> Overlay {
    overlay::status(&app).await
}

/// Makes a part of the address anew.
#[tauri::command]
pub(crate) async fn renew_overlay(
    app: AppHandle,
    part: Arg<OverlayPart>,
) -> Result<Overlay, AppError> {
    overlay::renew(&app, part.0).await?;
    Ok(overlay::status(&app).await)
}
