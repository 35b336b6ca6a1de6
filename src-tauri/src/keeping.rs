//! The rooms as text files that a person can read without this app: one an hour and room.
//!
//! They are made from the cache and never the other way round. What is new is added to its hour; where something older changed,
//! and when an hour is over, its file is made again whole. What the cache has lost while nobody followed the room stays in a file
//! beside; what was removed while it was followed is in none.

mod anew;
mod shelf;
#[cfg(test)]
mod tests;
mod transcript;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aside_history::said::said;
use aside_history::{Changes, Place, Revision, RoomId, Store};
use aside_words::Language;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tauri::{AppHandle, Manager};
use tokio::sync::Notify;

use crate::dto::{Exported, Transcripts};
use crate::errors::{AppError, Code};
use crate::settings::{RoomKey, SavedRoom};
use crate::shell::Shell;
use crate::{exports, links};
use anew::Anew;
use transcript::{Reading, Timed};

/// Files are written this often at most.
const EVERY: Duration = Duration::from_secs(30);
/// The first time, this much is compared with what is on disk: what came while the app was away has its place in older files.
const FIRST: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// A revision that no room has yet: since that, everything has changed.
const NEVER: Revision = Revision(u64::MAX >> 1);
/// So many changed rows say which hours to write again.
const CHANGES: u32 = 1000;
/// The most rows that are written again at once: an hour at a hundred a second.
const MOST: usize = 360_000;

/// What of a room is written.
#[derive(Clone, Copy)]
struct Written {
    revision: Revision,
    /// When the first row was said that was written since the app runs.
    first: Timestamp,
    /// The last row.
    place: Place,
    /// When that row was said.
    said: Timestamp,
    /// Of this hour more changed than could be looked through: it is made again when it is over.
    outrun: bool,
}

/// How far a room was gone through: written, or, where nothing is to be, looked through for what was taken away.
#[derive(Default)]
struct Seen {
    written: Option<Written>,
    struck: Option<Revision>,
}

/// Writes for as long as the app runs.
pub(crate) async fn keep(app: AppHandle, wake: Arc<Notify>) {
    let mut seen = BTreeMap::new();
    loop {
        wake.notified().await;
        round(&app.state::<Shell>(), &mut seen).await;
        tokio::time::sleep(EVERY).await;
    }
}

/// Writes what is new, where a person wants that. What there is ages and loses what was taken away, whether or not they still do.
async fn round(shell: &Shell, seen: &mut BTreeMap<(RoomKey, RoomId), Seen>) {
    let settings = shell.remembered.read(|memory| memory.settings.clone());
    for (key, _) in shell.rooms.names() {
        let Ok(live) = shell.rooms.live(key).await else { continue };
        // Of what was missed, the newest may be there first: it is written when all is, in order.
        if live.session.watch().borrow().behind {
            continue;
        }
        let room = live.session.room();
        let (hours, seen) = (Hours::of(shell, key, room), seen.entry((key, room)).or_default());
        if let Err(error) = hours.go_on(settings.keep_transcripts, Timestamp::now(), seen).await {
            // Full or read-only: the rooms' own files say so to the person; this is a convenience.
            tracing::warn!(%error, "a transcript was not written");
        }
    }
    let (days, megabytes) = (settings.transcript_days, settings.transcript_megabytes);
    let folder = shell.home.transcripts();
    if let Err(error) = blocking(move || shelf::prune(&folder, days, megabytes)).await {
        tracing::warn!(%error, "old transcripts were not removed");
    }
}

/// A room whose hours are written, and where.
struct Hours {
    store: Store,
    room: RoomId,
    folder: PathBuf,
    /// What the folder is called after may change while the room stays the same.
    is_renamed: bool,
    language: Language,
    zone: TimeZone,
}

impl Hours {
    fn of(shell: &Shell, key: RoomKey, room: RoomId) -> Self {
        // Others are called after their topic: under another, they are other rooms.
        let is_renamed = |room: &SavedRoom| room.hosted.is_some() || room.demo;
        Self {
            store: shell.rooms.store().clone(),
            room,
            folder: folder(shell, key),
            is_renamed: shell.remembered.read(|memory| memory.room(key).is_some_and(is_renamed)),
            language: shell.language(),
            zone: TimeZone::system(),
        }
    }

    /// What was not written while nobody wanted it is not written later either, but for that of the last day.
    async fn go_on(&self, writes: bool, now: Timestamp, seen: &mut Seen) -> anyhow::Result<()> {
        if writes {
            seen.struck = None;
            return self.write(now, &mut seen.written).await;
        }
        let since = seen.struck.or(seen.written.take().map(|written| written.revision));
        seen.struck = self.strike_alone(now, since).await?;
        Ok(())
    }

    /// Writes nothing, and takes out what was taken away since; at first, in the last day. Says up to where it has looked, where there is
    /// something to look through.
    async fn strike_alone(
        &self,
        now: Timestamp,
        since: Option<Revision>,
    ) -> anyhow::Result<Option<Revision>> {
        self.gather().await;
        if !tokio::fs::try_exists(&self.folder).await? {
            return Ok(None);
        }
        let changes = self.store.changes(self.room, since.unwrap_or(NEVER), CHANGES).await?;
        if since == Some(changes.revision) {
            return Ok(since);
        }
        let mut rows: Vec<Timed> =
            said(&changes.upserts, None).into_iter().zip(changes.upserts).collect();
        if changes.reset {
            let mut reading = Reading::since(&self.store, self.room, now - FIRST, MOST).await?;
            loop {
                let read = reading.next().await?;
                if read.is_empty() {
                    break;
                }
                rows.extend(read.into_iter().filter(|(_, row)| transcript::is_taken_away(row)));
            }
        }
        self.strike_all(&rows).await?;
        Ok(Some(changes.revision))
    }

    async fn strike_all(&self, rows: &[Timed]) -> anyhow::Result<()> {
        for (at, row) in rows.iter().filter(|(_, row)| transcript::is_taken_away(row)) {
            self.strike(*at, row.place).await?;
        }
        Ok(())
    }

    /// Brings what a room said under other names into its folder.
    async fn gather(&self) {
        let folder = self.folder.clone();
        if self.is_renamed
            && let Err(error) = blocking(move || shelf::gather(&folder)).await
        {
            tracing::warn!(%error, "transcripts under another name stay there for now");
        }
    }

    /// Writes those in which something is different.
    async fn write(&self, now: Timestamp, seen: &mut Option<Written>) -> anyhow::Result<()> {
        let before = *seen;
        let since = before.map_or(NEVER, |before| before.revision);
        let changes = self.store.changes(self.room, since, CHANGES).await?;
        if before.is_some_and(|before| before.revision == changes.revision) {
            return Ok(());
        }
        self.gather().await;
        if let Some(before) = before
            && (changes.reset || news_alone(&changes, before.place))
        {
            // Some of it may be there when it fails: the next time, the hours are made again whole.
            *seen = None;
            if let Some(written) = self.add(before, &changes).await? {
                *seen = Some(written);
                return Ok(());
            }
        }
        let rows: Vec<Timed> =
            said(&changes.upserts, None).into_iter().zip(changes.upserts).collect();
        if before.is_some() {
            self.strike_all(&rows).await?;
        }
        let earliest = rows.iter().map(|(at, _)| *at).filter(|at| *at >= now - FIRST).min();
        let from = match before {
            // Nothing tells when what is gone was said.
            Some(before) if changes.removed.is_empty() => {
                earliest.unwrap_or(now).min(before.said).max(now - FIRST)
            }
            _ => now - FIRST,
        };
        let from = transcript::hour_of(from, &self.zone);
        *seen = self.anew((from, now), before, changes.revision).await?;
        Ok(())
    }

    /// What was taken away leaves its hour's file, and what is kept beside that. On a day gone by, the other lines stay as they are: the
    /// cache may have less.
    async fn strike(&self, at: Timestamp, place: Place) -> anyhow::Result<()> {
        let around = transcript::around(&self.store, self.room, place).await?;
        let still: BTreeSet<String> = self.texts(&around).into_values().collect();
        let still: BTreeSet<String> =
            still.iter().flat_map(|text| shelf::entries(text)).map(str::to_owned).collect();
        let (folder, hour) = (self.folder.clone(), transcript::hour_name(at, &self.zone));
        let stamp = transcript::stamp(at, &self.zone);
        let is_gone = move |entry: &str| entry.starts_with(&stamp) && !still.contains(entry);
        Ok(blocking(move || shelf::strike(&folder, &hour, is_gone)).await?)
    }

    /// Makes the hours from a moment until now again. Where nothing was said in them, the next time is a first one too: days gone by are not
    /// written again.
    async fn anew(
        &self,
        (from, now): (Timestamp, Timestamp),
        before: Option<Written>,
        revision: Revision,
    ) -> anyhow::Result<Option<Written>> {
        let mut reading = Reading::since(&self.store, self.room, from, MOST).await?;
        if reading.from > from {
            reading.from = transcript::hour_of(reading.from, &self.zone) + HOUR;
        }
        let (mut written, mut files) = (None, Anew::beside(self.folder.clone()));
        loop {
            let rows = reading.next().await?;
            let (Some((first, _)), Some((at, row))) = (rows.first(), rows.last()) else { break };
            let first = written.or(before).map_or(*first, |written: Written| written.first);
            let (place, said) = (row.place, *at);
            written = Some(Written { revision, first, place, said, outrun: false });
            let hours = self.texts(&rows);
            files = blocking(move || files.add(&hours).map(|()| files)).await?;
        }
        let followed = before
            .filter(|before| !before.outrun)
            .map(|before| transcript::hour_name(before.first.max(reading.from), &self.zone));
        let now = transcript::hour_name(now, &self.zone);
        blocking(move || files.take_place(followed.as_deref(), &now)).await?;
        Ok(written)
    }

    /// Adds the rows after those that are written, a page at a time: a fast room says more in half a minute than should be held at
    /// once. Nothing where a file is to be made again whole.
    async fn add(&self, before: Written, changes: &Changes) -> anyhow::Result<Option<Written>> {
        let mut written = Written { revision: changes.revision, ..before };
        let mut reading = Reading::after(&self.store, self.room, before.place, before.said);
        loop {
            let rows = reading.next().await?;
            let Some((at, last)) = rows.last() else { break };
            let (folder, hours) = (self.folder.clone(), self.texts(&rows));
            let begun = transcript::hour_name(written.said, &self.zone);
            if !blocking(move || shelf::append(&folder, &hours, &begun)).await? {
                return Ok(None);
            }
            written.place = last.place;
            written.said = *at;
        }
        let hour = |written: &Written| transcript::hour_of(written.said, &self.zone);
        let over = hour(&written) != hour(&before) && before.outrun;
        written.outrun = changes.reset || before.outrun;
        Ok((!over).then_some(written))
    }

    fn texts(&self, rows: &[Timed]) -> BTreeMap<String, String> {
        transcript::by_hour(rows, self.language, &self.zone)
    }
}

/// Whether nothing changed but that rows came after this one. What is still on its way is no row yet.
fn news_alone(changes: &Changes, place: Place) -> bool {
    changes.removed.is_empty() && changes.upserts.iter().all(|row| row.place > place)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tauri::async_runtime::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// Where a room's files are: its name for people, and enough of ours that two rooms of one name stay apart.
fn folder(shell: &Shell, key: RoomKey) -> PathBuf {
    let name = format!("{} {}", exports::plain(&shell.label(key)), mark(key));
    shell.home.transcripts().join(name)
}

/// What the name of a room's folder ends in, whatever the room is called.
fn mark(key: RoomKey) -> String {
    key.to_string().chars().take(8).collect()
}

/// A room is forgotten, and so is what it said.
pub(crate) async fn forget(transcripts: PathBuf, key: RoomKey) {
    let forgotten = blocking(move || shelf::forget(&transcripts, &mark(key))).await;
    if let Err(error) = forgotten {
        tracing::warn!(%error, "a room's transcripts were not removed");
    }
}

/// Where the files are, and how much they take.
pub(crate) async fn standing(app: &AppHandle) -> Transcripts {
    let folder = app.state::<Shell>().home.transcripts();
    let path = folder.display().to_string();
    let bytes = tauri::async_runtime::spawn_blocking(move || shelf::size(&folder)).await;
    Transcripts { path, bytes: bytes.unwrap_or(0) }
}

/// Shows the files in the system's own window.
///
/// # Errors
/// `link_failed`.
pub(crate) fn open(app: &AppHandle) -> Result<(), AppError> {
    let folder = app.state::<Shell>().home.transcripts();
    if let Err(error) = std::fs::create_dir_all(&folder) {
        tracing::warn!(%error, "the folder of transcripts could not be made");
        return Err(Code::LinkFailed.into());
    }
    links::open_folder(&folder)
}

/// Writes what was said in the last hour to a file that a person chooses.
///
/// # Errors
/// `cancelled`, `file_not_written`, an unknown room.
pub(crate) async fn save_last_hour(app: &AppHandle, key: RoomKey) -> Result<Exported, AppError> {
    let shell = app.state::<Shell>();
    let room = shell.source(key).await?.room();
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let mut reading = Reading::since(shell.rooms.store(), room, now - HOUR, usize::MAX).await?;
    let mut text = String::new();
    loop {
        let rows = reading.next().await?;
        if rows.is_empty() {
            break;
        }
        text.push_str(&transcript::lines(&rows, shell.language(), &zone));
    }
    let label = folder(&shell, key);
    let label = label.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = format!(
        "{} {}.txt",
        label.unwrap_or_default(),
        zone.to_datetime(now).strftime("%Y-%m-%d %H-%M")
    );
    let path = exports::choose_path(app, &name, "txt").await.ok_or(Code::Cancelled)?;
    let shown = path.display().to_string();
    blocking(move || shelf::write(&path, &text)).await.map_err(|error| {
        tracing::warn!(%error, "the last hour was not written");
        AppError::from(Code::FileNotWritten)
    })?;
    Ok(Exported { path: shown })
}
