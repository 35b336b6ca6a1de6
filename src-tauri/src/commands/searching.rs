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
/// Pages at most that are passed over for one: nobody waits longer, and more can be asked for.
const PASSED_OVER: u32 = 40;

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
    page_of(&shell, query, cursor.transpose()?, HITS).await
}

/// The next hits, so many at most. Of a room that was left, nobody could look at the place: pages of nothing else are passed over.
async fn page_of(
    shell: &Shell,
    query: SearchQuery,
    mut cursor: Option<Cursor>,
    most: u32,
) -> Result<SearchPage, AppError> {
    let names = shell.rooms.names();
    let mut passed_over = 0;
    loop {
        let page = shell.rooms.store().search(query.clone(), cursor, most).await?;
        cursor = page.next;
        let mut hits = Vec::with_capacity(page.hits.len());
        for hit in page.hits {
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
        if !hits.is_empty() || cursor.is_none() || passed_over == PASSED_OVER {
            let next = cursor.map(|Cursor(next)| next.to_string());
            return Ok(SearchPage { hits, next, indexing: page.indexing });
        }
        passed_over += 1;
    }
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

#[cfg(test)]
mod tests {
    use aside_protocol::Topic;
    use aside_server::{NewEntry, RoomSpec, TokenSpec};

    use super::*;
    use crate::dto::{ConnectionState, RoomForm};
    use crate::shell::tests::{Table, keyring};

    fn query(text: &str) -> SearchQuery {
        let now = Timestamp::now();
        SearchQuery { text: text.to_owned(), room: None, now, zone: TimeZone::UTC }
    }

    #[tokio::test]
    async fn what_was_found_in_a_room_that_was_left_hides_nothing_of_the_others() {
        let (table, secrets) = (Table::set().await, keyring());
        let shell = table.start(&secrets);
        let token = table.token.expose().to_owned();
        let open = shell.join(table.form(), Some(token)).await.unwrap();
        table.becomes(&shell, open, ConnectionState::Online).await;
        let rooms = table.server.rooms();
        let spec = TokenSpec::staff(RoomSpec::new("other"), "ana", "Ana", "Org");
        let token = rooms.create_token(spec).await.unwrap().token.expose().to_owned();
        for _ in 0..5 {
            let entry = NewEntry::message("bo", "Bo", "hello again");
            rooms.publish(&Topic::new("other"), entry).await.unwrap();
        }
        let other = "other".to_owned();
        let form = RoomForm { topic: other.clone(), stream: other, ..table.form() };
        let left = shell.join(form, Some(token)).await.unwrap();
        table.becomes(&shell, left, ConnectionState::Online).await;
        let all = page_of(&shell, query("hello"), None, 50).await.unwrap();
        assert_eq!((all.hits.len(), all.next), (6, None));
        shell.leave(left).await.unwrap();
        let page = page_of(&shell, query("hello"), None, 2).await.unwrap();
        let [hit] = &page.hits[..] else { panic!("{} hits", page.hits.len()) };
        assert_eq!((hit.room.as_str(), hit.row.text.as_str()), (&*open.to_string(), "hello"));
        shell.rooms.close().await;
    }
}
