//! Finding in a room's history, and writing its questions to a file.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use aside_history::{Anchor, RoomId, RoomName, SearchQuery, Store};
use aside_report::{Format, Options};
use aside_session::{DeskState, RoomConfig, Session};
use aside_words::Language;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::line::{Line, remark, tell};
use crate::options::ExportFormat;
use crate::room::{Arrival, Outcome, Room};

/// Rows asked for at a time.
const PAGE: u32 = 500;

/// What a room is called on this computer: as the session names it.
pub(crate) fn name(config: &RoomConfig) -> RoomName {
    RoomName {
        server: config.server.to_string(),
        topic: config.topic.to_string(),
        stream: config.stream.to_string(),
        user: config.user.clone(),
    }
}

/// Waits until all of the room is here: its history to the beginning, and the states of its questions.
pub(crate) async fn everything(room: &Room, patience: Duration) -> anyhow::Result<Arrival> {
    let arrival = room.arrive(patience).await;
    if arrival != Arrival::Online {
        return Ok(arrival);
    }
    let mut page = room.session.page(Anchor::End, PAGE).await?;
    while let Some(first) = page.rows.first().map(|row| row.place) {
        page = room.session.page(Anchor::Before(first), PAGE).await?;
    }
    let mut view = room.session.watch();
    let whole = view.wait_for(|view| view.desk.state != DeskState::CatchingUp);
    // What was waited for is let go at once: it keeps the room from telling more.
    let late = tokio::time::timeout(patience, whole).await.is_err();
    if late {
        return Ok(Arrival::Late);
    }
    settle(&room.session).await?;
    Ok(Arrival::Online)
}

/// Whatever was heard until now is on disk when the second of two questions is answered.
async fn settle(session: &Session) -> anyhow::Result<()> {
    for _ in 0..2 {
        let known = session.watch().borrow().desk.revision;
        session.questions(known).await?;
    }
    Ok(())
}

/// Prints what is found, newest first.
pub(crate) async fn search(
    store: &Store,
    room: RoomId,
    text: &str,
    limit: u32,
    json: bool,
) -> anyhow::Result<Outcome> {
    let query = SearchQuery {
        text: text.to_owned(),
        room: Some(room),
        now: Timestamp::now(),
        zone: TimeZone::system(),
    };
    let (mut cursor, mut left) = (None, limit);
    while left > 0 {
        let page = store.search(query.clone(), cursor, left.min(PAGE)).await?;
        for hit in &page.hits {
            Line::row(&hit.row).print(json)?;
            left -= 1;
        }
        cursor = page.next;
        match (cursor, page.indexing) {
            (None, None) => break,
            (Some(_), _) => {}
            // Rows of an older release are made searchable while one waits.
            (None, Some(done)) => {
                remark!("{:.0} % of the history can be searched so far", done * 100.0);
                break;
            }
        }
    }
    Ok(Outcome::Done)
}

/// Where to, and what.
pub(crate) struct Export<'a> {
    pub(crate) out: &'a Path,
    pub(crate) format: ExportFormat,
    pub(crate) unanswered: bool,
    pub(crate) lang: Language,
}

/// Writes the file.
pub(crate) async fn export(
    store: &Store,
    room: RoomId,
    config: &RoomConfig,
    wish: Export<'_>,
) -> anyhow::Result<Outcome> {
    let options = Options {
        format: match wish.format {
            ExportFormat::Csv => Format::Csv,
            ExportFormat::Xlsx => Format::Xlsx,
            ExportFormat::Json => Format::Json,
            ExportFormat::Html => Format::Html,
            ExportFormat::Report => Format::Report,
        },
        room: config.topic.to_string(),
        server: config.server.to_string(),
        unanswered: wish.unanswered,
        people: true,
        zone: TimeZone::system(),
        language: wish.lang,
        now_ms: Timestamp::now().as_millisecond(),
    };
    let shown = std::io::stderr().is_terminal();
    let progress = move |done: u64, total: u64| {
        if shown && (done.is_multiple_of(100) || done == total) {
            tell(format_args!("\r{done} of {total} questions"));
        }
        ControlFlow::Continue(())
    };
    let written = aside_report::export(store, room, wish.out, options, progress).await?;
    let start = if shown { "\r" } else { "" };
    tell(format_args!("{start}{written} questions in {}\n", wish.out.display()));
    Ok(Outcome::Done)
}
