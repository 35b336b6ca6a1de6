//! Finding in the whole local history, and writing a room's questions to a file.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use aside_history::{Cursor, SearchQuery};
use aside_report::numbers as count;
use aside_text::name;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tauri::{AppHandle, State};

use crate::args::{Arg, bad, bounded};
use crate::dto::{ExportFormat, Exported, Hit, Numbers, PersonNumbers, SearchPage, Transcripts};
use crate::errors::AppError;
use crate::rooms::Live;
use crate::shell::Shell;
use crate::source::Source;
use crate::{exports, keeping};

/// The longest query, in bytes.
const QUERY_BYTES: usize = 1024;
/// Hits on a page.
const HITS: u32 = 50;
/// Pages at most that are passed over for one: nobody waits longer, and more can be asked for.
const PASSED_OVER: u32 = 40;

/// One page of what was found, in one room or in all that are saved.
#[tauri::command]
pub(crate) async fn search(
    shell: State<'_, Shell>,
    room: Arg<Option<String>>,
    query: Arg<String>,
    cursor: Arg<Option<String>>,
) -> Result<SearchPage, AppError> {
    let room = match room.0 {
        None => None,
        Some(room) => Some(shell.source(Arg(room).room()?).await?.room()),
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

/// The next hits, so many at most. Of a room that is not in the list any more, nobody could look at the place: pages of nothing else
/// are passed over.
async fn page_of(
    shell: &Shell,
    query: SearchQuery,
    mut cursor: Option<Cursor>,
    most: u32,
) -> Result<SearchPage, AppError> {
    let owners = shell.owners().await?;
    let mut sources = BTreeMap::new();
    let mut passed_over = 0;
    loop {
        let page = shell.rooms.store().search(query.clone(), cursor, most).await?;
        cursor = page.next;
        let mut hits = Vec::with_capacity(page.hits.len());
        for hit in page.hits {
            let Some(key) = owners.get(&hit.room) else { continue };
            let source = match sources.entry(hit.room) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(shell.source_of(*key, hit.room)?),
            };
            hits.push(Hit {
                room: key.to_string(),
                row: shell.painter_of(source).row(hit.row),
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
    let source = shell.source(room.room()?).await?;
    numbers_of(&shell, &source).await
}

async fn numbers_of(shell: &Shell, source: &Source) -> Result<Numbers, AppError> {
    let is_host = source.live().is_some_and(Live::is_host);
    let asked = aside_report::gather(shell.rooms.store(), source.room()).await?;
    let counted = count(&asked);
    let person = |one: aside_report::PersonNumbers| PersonNumbers {
        who: name(&one.who),
        answered: one.answered,
        median_first: one.median_first_ms,
    };
    let tag = |(tag, asked, answered): (String, u32, u32)| (name(&tag), asked, answered);
    // How fast a colleague is, is nobody else's business.
    let people = counted.per_person.into_iter().filter(|_| is_host);
    Ok(Numbers {
        asked: counted.asked,
        answered: counted.answered,
        dismissed: counted.dismissed,
        waiting: counted.waiting,
        median_first: counted.median_first_ms,
        p90_first: counted.p90_first_ms,
        oldest_waiting: counted.oldest_waiting,
        per_minute: counted.per_minute,
        per_tag: counted.per_tag.into_iter().map(tag).collect(),
        per_person: people.map(person).collect(),
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
    use std::collections::BTreeSet;

    use aside_protocol::triage::Change;
    use aside_protocol::{Role, Topic};
    use aside_server::{NewEntry, RoomSpec, TokenSpec};
    use aside_session::Wish;

    use super::*;
    use crate::dto::{ConnectionState, RoomForm};
    use crate::shell::tests::{Table, keyring};

    fn query(text: &str) -> SearchQuery {
        let now = Timestamp::now();
        SearchQuery { text: text.to_owned(), room: None, now, zone: TimeZone::UTC }
    }

    #[tokio::test]
    async fn rooms_that_are_not_open_are_searched_until_they_are_forgotten() {
        let (table, secrets) = (Table::set().await, keyring());
        let shell = table.start(&secrets);
        let open = table.join(&shell).await;
        let rooms = table.server.rooms();
        let spec = TokenSpec::staff(RoomSpec::new("other"), "ana", "Ana", "Org");
        let token = rooms.create_token(spec).await.unwrap().token.expose().to_owned();
        for _ in 0..5 {
            let entry = NewEntry::message("bo", "Bo", "hello again");
            rooms.publish(&Topic::new("other"), entry).await.unwrap();
        }
        let other = "other".to_owned();
        let form = RoomForm { topic: other.clone(), stream: other, ..table.form() };
        let other = shell.join(form, Some(token)).await.unwrap();
        table.becomes(&shell, other, ConnectionState::Online).await;
        let found = async |text: &str| -> (usize, BTreeSet<String>) {
            let hits = page_of(&shell, query(text), None, 50).await.unwrap().hits;
            (hits.len(), hits.into_iter().map(|hit| hit.room).collect())
        };
        let both = (6, BTreeSet::from([open.to_string(), other.to_string()]));
        assert_eq!(found("hello").await, both);
        shell.leave(other).await.unwrap();
        assert_eq!(found("hello").await, both);
        shell.archive(other, true).await.unwrap();
        assert_eq!(found("hello").await, both);
        let page = page_of(&shell, query("hello"), None, 4).await.unwrap();
        assert_eq!((page.hits.len(), page.next.is_some()), (4, true), "a page at a time");
        let here = shell.source(other).await.unwrap().room();
        let query = SearchQuery { room: Some(here), ..query("again") };
        assert_eq!(page_of(&shell, query, None, 50).await.unwrap().hits.len(), 5);
        shell.forget(other).await.unwrap();
        assert_eq!(found("hello").await, (1, BTreeSet::from([open.to_string()])));
        shell.rooms.close().await;
    }

    #[tokio::test]
    async fn what_was_found_in_a_room_that_is_listed_no_more_hides_nothing_of_the_others() {
        let (table, secrets) = (Table::set().await, keyring());
        let shell = table.start(&secrets);
        let open = table.join_as(&shell, Role::Host, "hana").await;
        let moved = table.join(&shell).await;
        // What she saw under her old name stays in the files, and is what came last.
        let form = RoomForm { user: "ana2".to_owned(), ..table.form() };
        shell.save(Some(moved), form, None).await.unwrap();
        shell.forget(moved).await.unwrap();
        let page = page_of(&shell, query("hello"), None, 1).await.unwrap();
        assert_eq!(page.hits[0].room, open.to_string());
        shell.rooms.close().await;
    }

    #[tokio::test]
    async fn how_fast_a_colleague_is_a_host_alone_is_told() {
        let (table, secrets) = (Table::set().await, keyring());
        let shell = table.start(&secrets);
        let staff = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
        let host = table.join_as(&shell, Role::Host, "hana").await;
        let (rooms, topic) = (table.server.rooms(), Topic::new("r"));
        let asked = rooms.publish(&topic, NewEntry::question("bo", "Bo", "when?")).await.unwrap();
        for room in [staff, host] {
            table.becomes(&shell, room, ConnectionState::Online).await;
        }
        let live = shell.rooms.live(staff).await.unwrap();
        let change = Change { tags: Some(vec!["fees".to_owned()]), ..Change::default() };
        let rev = table.until(async || {
            let items = live.session.questions(0).await.unwrap().items;
            items.first().map(|item| item.rev)
        });
        let rev = Some(rev.await);
        let wish = Wish { question: asked.id.clone(), rev, device: String::new(), change };
        live.session.triage(wish).await.unwrap();
        live.session.answer(asked.id, "at three").await.unwrap();
        let mut seen = Vec::new();
        for room in [staff, host] {
            let source = shell.source(room).await.unwrap();
            let counted = table.until(async || {
                let numbers = numbers_of(&shell, &source).await.unwrap();
                (numbers.answered == 1).then_some(numbers)
            });
            let counted = counted.await;
            assert_eq!(counted.per_tag, [("fees".to_owned(), 1, 1)]);
            seen.push(counted.per_person.len());
        }
        assert_eq!(seen, [0, 1]);
        shell.rooms.close().await;
    }
}
