//! What a person keeps for answering: snippets, and the keys that they chose.

use std::collections::BTreeMap;

use tauri::{AppHandle, State};

use crate::args::{Arg, bad};
use crate::dto::Snippet;
use crate::errors::AppError;
use crate::shell::Shell;
use crate::windows;

/// The most keys that a person may choose, and the longest name of one, in bytes.
const KEYS: usize = 200;

#[tauri::command]
pub(crate) async fn snippets(shell: State<'_, Shell>) -> Result<Vec<Snippet>, AppError> {
    shell.snippets().await
}

#[tauri::command]
pub(crate) async fn save_snippet(
    shell: State<'_, Shell>,
    snippet: Arg<Snippet>,
) -> Result<(), AppError> {
    shell.save_snippet(snippet.0).await
}

#[tauri::command]
pub(crate) async fn remove_snippet(
    shell: State<'_, Shell>,
    snippet: Arg<Snippet>,
) -> Result<(), AppError> {
    shell.remove_snippet(snippet.0).await
}

/// The keys that a person chose, by command.
#[tauri::command]
pub(crate) fn keys(shell: State<'_, Shell>) -> BTreeMap<String, String> {
    shell.remembered.read(|memory| memory.keys.clone())
}

#[tauri::command(async)]
pub(crate) fn save_keys(
    app: AppHandle,
    shell: State<'_, Shell>,
    keys: Arg<BTreeMap<String, String>>,
) -> Result<(), AppError> {
    let fits = |(command, key): (&String, &String)| command.len() <= KEYS && key.len() <= KEYS;
    if keys.0.len() > KEYS || !keys.0.iter().all(fits) {
        return Err(bad("keys"));
    }
    let saved = shell.change(|memory| memory.keys = keys.0.clone());
    windows::tell(&app, "keys", keys.0);
    saved
}
