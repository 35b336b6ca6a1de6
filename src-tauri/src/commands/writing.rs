//! Writing into a room: sending, asking, answering, drafts.

use aside_history::DraftMode;
use aside_session::SessionError;
use tauri::{AppHandle, State};

use crate::args::Arg;
use crate::dto::{Draft, QuestionDraft, SendMode, Visibility};
use crate::errors::{AppError, Code};
use crate::shell::Shell;
use crate::windows;

/// Returns once the text is safe on disk and stands in the timeline.
#[tauri::command]
pub(crate) async fn send(
    app: AppHandle,
    shell: State<'_, Shell>,
    room: Arg<String>,
    text: Arg<String>,
    mode: Arg<SendMode>,
) -> Result<(), AppError> {
    let (live, text) = (shell.rooms.live(room.room()?).await?, text.text()?);
    match mode.0 {
        SendMode::Message => live.session.send(&text).await?,
        SendMode::Question => live.session.ask(&text).await?,
    };
    windows::give_back(&app);
    Ok(())
}

#[tauri::command]
pub(crate) async fn answer(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<String>,
    text: Arg<String>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    live.session.answer(question.entry()?, &text.text()?).await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn retry(
    shell: State<'_, Shell>,
    room: Arg<String>,
    key: Arg<String>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    Ok(live.session.retry(key.row()?).await?)
}

#[tauri::command]
pub(crate) async fn discard(
    shell: State<'_, Shell>,
    room: Arg<String>,
    key: Arg<String>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    Ok(live.session.discard(key.row()?).await?)
}

/// Has an answer back that has not left: it is its question's draft then.
#[tauri::command]
pub(crate) async fn take_back_answer(
    shell: State<'_, Shell>,
    room: Arg<String>,
    key: Arg<String>,
) -> Result<QuestionDraft, AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let taken = live.session.take_back(key.row()?).await.map_err(|error| match error {
        SessionError::NoSuchRow => Code::TooLate.into(),
        error => AppError::from(error),
    })?;
    Ok(QuestionDraft { text: taken.text, visibility: taken.visibility.into() })
}

#[tauri::command]
pub(crate) async fn draft(shell: State<'_, Shell>, room: Arg<String>) -> Result<Draft, AppError> {
    let kept = shell.draft(room.room()?).await?;
    let kept = kept.map(|draft| Draft {
        text: draft.text,
        mode: match draft.mode {
            DraftMode::Question => SendMode::Question,
            DraftMode::Message | DraftMode::ForAsker | DraftMode::ForStaff => SendMode::Message,
        },
    });
    Ok(kept.unwrap_or_default())
}

#[tauri::command]
pub(crate) async fn set_draft(
    shell: State<'_, Shell>,
    room: Arg<String>,
    text: Arg<String>,
    mode: Arg<SendMode>,
) -> Result<(), AppError> {
    let mode = match mode.0 {
        SendMode::Message => DraftMode::Message,
        SendMode::Question => DraftMode::Question,
    };
    let updated = jiff::Timestamp::now();
    let draft = aside_history::Draft { text: text.draft()?, mode, updated };
    shell.keep_draft(room.room()?, draft).await
}

#[tauri::command]
pub(crate) async fn question_draft(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<String>,
) -> Result<QuestionDraft, AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let (text, readers) = live.session.question_draft(&question.entry()?).await?;
    Ok(QuestionDraft { text, visibility: readers.into() })
}

#[tauri::command]
pub(crate) async fn set_question_draft(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<String>,
    text: Arg<String>,
    visibility: Arg<Visibility>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let readers = visibility.0.into();
    Ok(live.session.set_question_draft(question.entry()?, text.draft()?, readers).await?)
}

/// Keeps other words for an answer until they are said; none: they were given up.
#[tauri::command]
pub(crate) async fn set_edit_draft(
    shell: State<'_, Shell>,
    room: Arg<String>,
    question: Arg<String>,
    id: Arg<String>,
    text: Arg<String>,
) -> Result<(), AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let (question, id) = (question.entry()?, id.entry()?);
    Ok(live.session.set_edit_draft(question, id, text.draft()?).await?)
}
