//! Finding in the whole local history, and writing a room's questions to a file.

use aside_history::{Cursor, SearchQuery};
use aside_report::numbers as count;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tauri::{AppHandle, State};

use crate::args::{Arg, bad, bounded};
use crate::dto::{ExportFormat, Exported, Hit, Numbers, PersonNumbers, SearchPage, Transcripts};
use crate::errors::{AppError, Code};
use crate::rows::Painter;
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::{exports, keeping};

/// The longest query, in bytes.
const QUERY_BYTES: usize = 1024;
/// Hits on a page.
const HITS: u32 = 50;

/// One page of what was found, in one room or in all that are open.
#[tauri::command]
pub(crate) async fn search(
    shell: State<'_, Shell>,
    room: Arg<Option<String>>,
    query: Arg<String>,
    cursor: Arg<Option<String>>,
) -> Result<SearchPage, AppError> {
    let names = shell.rooms.names();
    let room = match room.0 {
        None => None,
        Some(room) => {
            let key = RoomKey::parse(&room).ok_or(Code::RoomUnknown)?;
            let named = names.iter().find(|(open, _)| *open == key);
            Some(named.ok_or(Code::RoomNotOpen)?.1)
        }
    };
    let cursor = cursor.0.map(|cursor| cursor.parse().map(Cursor).map_err(|_| bad("cursor")));
    let query = SearchQuery {
        text: bounded(query.0, "query", QUERY_BYTES)?,
        room,
        now: Timestamp::now(),
        zone: TimeZone::system(),
    };
    let page = shell.rooms.store().search(query, cursor.transpose()?, HITS).await?;
    let mut hits = Vec::with_capacity(page.hits.len());
    for hit in page.hits {
        // Of a room that was left, nobody could look at the place.
        let Some((key, _)) = names.iter().find(|(_, id)| *id == hit.room) else { continue };
        let live = shell.rooms.live(*key).await?;
        let painter: Painter<'_> = shell.painter(&live);
        hits.push(Hit {
            room: key.to_string(),
            row: painter.row(hit.row),
            number: hit.number,
            question: hit.question.map(|id| id.as_str().to_owned()),
            ranges: hit.ranges,
        });
    }
    let next = page.next.map(|Cursor(next)| next.to_string());
    Ok(SearchPage { hits, next, indexing: page.indexing })
}

/// How the answering goes.
#[tauri::command]
pub(crate) async fn numbers(
    shell: State<'_, Shell>,
    room: Arg<String>,
) -> Result<Numbers, AppError> {
    let live = shell.rooms.live(room.room()?).await?;
    let asked = aside_report::gather(shell.rooms.store(), live.session.room()).await?;
    let counted = count(&asked);
    let person = |one: aside_report::PersonNumbers| PersonNumbers {
        who: aside_text::name(&one.who),
        answered: one.answered,
        median_first: one.median_first_ms,
    };
    Ok(Numbers {
        asked: counted.asked,
        answered: counted.answered,
        dismissed: counted.dismissed,
        waiting: counted.waiting,
        median_first: counted.median_first_ms,
        p90_first: counted.p90_first_ms,
        oldest_waiting: counted.oldest_waiting,
        per_minute: counted.per_minute,
        per_person: counted.per_person.into_iter().map(person).collect(),
    })
}

/// Asks where to, and returns when the writing has begun; how far it is, the event `export` says.
#[tauri::command]
pub(crate) async fn export_room(
    app: AppHandle,
    room: Arg<String>,
    format: Arg<ExportFormat>,
    unanswered: Arg<bool>,
) -> Result<Exported, AppError> {
    exports::begin(&app, room.room()?, format.0, unanswered.0).await
}

/// The export that goes on is wanted no more.
#[tauri::command]
pub(crate) fn cancel_export(app: AppHandle) {
    exports::cancel(&app);
}

/// Where the transcripts are.
#[tauri::command]
pub(crate) async fn transcripts(app: AppHandle) -> Transcripts {
    keeping::standing(&app).await
}

/// Shows the transcripts in the system's own window.
#[tauri::command(async)]
pub(crate) fn open_transcripts(app: AppHandle) -> Result<(), AppError> {
    keeping::open(&app)
}

/// What was said in the last hour, to a file that a person chooses.
#[tauri::command]
pub(crate) async fn save_last_hour(
    app: AppHandle,
    room: Arg<String>,
) -> Result<Exported, AppError> {
    keeping::save_last_hour(&app, room.room()?).await
}
