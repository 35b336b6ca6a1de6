//! What a person wants to stand out or to step back: the rules, and what they would make of a text.

use tauri::{AppHandle, Manager, State};

use crate::args::{Arg, bad, bounded};
use crate::dto::{RuleFault, Rules, Said, Tried};
use crate::errors::{AppError, Code};
use crate::rules::{MOST, RuleBook, Seen};
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::windows;

/// The longest text that rules are tried on, in bytes; the longest user id.
const TRIED_BYTES: usize = 64 * 1024;
const USER_BYTES: usize = 1024;

#[tauri::command]
pub(crate) fn rules(shell: State<'_, Shell>) -> Rules {
    shell.remembered.read(|memory| memory.rules.clone())
}

/// Keeps all of them, or none: then the answer says which cannot be, and why.
#[tauri::command(async)]
pub(crate) fn save_rules(
    app: AppHandle,
    shell: State<'_, Shell>,
    rules: Arg<Rules>,
) -> Result<Vec<RuleFault>, AppError> {
    let faults = shell.rule(few(rules.0)?);
    rules_changed(&app);
    faults
}

/// A page sends all rules: one that does not know of the newest would take them back.
pub(crate) fn rules_changed(app: &AppHandle) {
    let rules = app.state::<Shell>().remembered.read(|memory| memory.rules.clone());
    windows::tell(app, "rules", rules);
}

/// What these rules, kept or not, make of a text.
#[tauri::command(async)]
pub(crate) fn try_rules(
    rules: Arg<Rules>,
    room: Arg<String>,
    kind: Arg<Said>,
    user: Arg<String>,
    text: Arg<String>,
) -> Result<Tried, AppError> {
    let room = RoomKey::parse(&room.0).ok_or(Code::RoomUnknown)?;
    let text = bounded(text.0, "text", TRIED_BYTES)?;
    let user = bounded(user.0, "user", USER_BYTES)?;
    let (book, faults) = RuleBook::compile(&few(rules.0)?);
    let seen = Seen { room, kind: kind.0, user: &user, text: &text, mine: false };
    Ok(Tried { faults, fits: book.fits(&seen) })
}

fn few(rules: Rules) -> Result<Rules, AppError> {
    if rules.list.len() > MOST { Err(bad("rules")) } else { Ok(rules) }
}
