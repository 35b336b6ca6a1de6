//! `counts PART DIR`: one part of the way of a message, run once on one thread, for callgrind to count what happens in `counted_*`.
//!
//! `counts prepare DIR` makes what the others need, at full speed. Each part checks what it did: a wrong fast run fails.
#![allow(clippy::print_stdout, reason = "a command: its answer goes to the terminal")]

use std::fs;
use std::hint::black_box;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use aside_history::{Commit, NewRow, RoomId, SearchQuery, Store};
use aside_protocol::{Entry, Seq, ServerFrame};
use aside_sample::filling::{Filling, commit, fill, room_name, row};
use aside_sample::finding::QUERIES;
use aside_sample::{Form, SEED, Talk, frame, talk};
use aside_session::pure::{ByPlace, by_alignment};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::runtime::{Builder, Runtime};

/// Frames that are decoded, merged and committed.
const MESSAGES: usize = 10_000;
/// Frames of one commit: what a loud room says between two pictures of the screen.
const TOGETHER: usize = 100;
/// Rows that are searched.
const ROWS: usize = 50_000;
/// Searches.
const SEARCHES: usize = 200;
/// Rows of ours, and of a snapshot that has some we lack.
const OURS: usize = 512;

#[inline(never)]
fn counted_decode(frames: &[String]) -> Vec<Entry> {
    frames.iter().filter_map(|text| decode(text)).collect()
}

#[inline(never)]
fn counted_merge(merge: &mut ByPlace, heard: Vec<Entry>) -> Vec<Entry> {
    heard.into_iter().flat_map(|entry| merge.take(entry)).collect()
}

#[inline(never)]
fn counted_align(ours: &[Entry], snapshot: &[Entry]) -> (usize, usize) {
    by_alignment(ours, snapshot)
}

#[inline(never)]
fn counted_commit(
    runtime: &Runtime,
    store: &Store,
    room: RoomId,
    entries: Vec<Entry>,
) -> Result<usize> {
    let mut entries = entries.into_iter();
    let mut rows = 0;
    while rows < MESSAGES {
        let chunk = entries.by_ref().take(TOGETHER).map(|entry| row(entry, "me")).collect();
        rows += write(runtime, store, room, chunk)?;
    }
    Ok(rows)
}

#[inline(never)]
fn counted_search(runtime: &Runtime, store: &Store, room: RoomId) -> Result<usize> {
    let mut hits = 0;
    for query in QUERIES.iter().cycle().take(SEARCHES) {
        let query = SearchQuery {
            text: query.typed.to_owned(),
            room: Some(room),
            now: Timestamp::UNIX_EPOCH,
            zone: TimeZone::UTC,
        };
        hits += runtime.block_on(store.search(query, None, 50))?.hits.len();
    }
    Ok(hits)
}

/// From the text of a frame to rows on disk that can be found, as the room's loop does it.
#[inline(never)]
fn counted_ingest(
    runtime: &Runtime,
    store: &Store,
    room: RoomId,
    frames: &[String],
) -> Result<usize> {
    let mut merge = ByPlace::after(Seq(0));
    let mut rows = 0;
    for batch in frames.chunks(TOGETHER) {
        let heard = batch.iter().filter_map(|text| decode(text));
        let fresh = heard.flat_map(|entry| merge.take(entry)).map(|entry| row(entry, "me"));
        rows += write(runtime, store, room, fresh.collect())?;
    }
    Ok(rows)
}

fn decode(text: &str) -> Option<Entry> {
    match ServerFrame::parse(text) {
        Ok(ServerFrame::Entry(entry)) => Some(entry),
        _ => None,
    }
}

fn write(runtime: &Runtime, store: &Store, room: RoomId, rows: Vec<NewRow>) -> Result<usize> {
    if rows.is_empty() {
        bail!("a batch without rows");
    }
    let written: Commit = commit(rows, talk::EPOCH);
    let committed = runtime.block_on(store.commit(room, written))?;
    Ok(committed.inserted.iter().filter(|inserted| inserted.fresh).count())
}

fn open(runtime: &Runtime, dir: &Path) -> Result<(Store, RoomId)> {
    let store = Store::open_inline(dir)?.store;
    let room = runtime.block_on(store.room(&room_name()))?;
    Ok((store, room))
}

fn entries() -> Vec<Entry> {
    Talk::new(SEED).take(MESSAGES).collect()
}

/// The frames, one a line: no frame has a line break in it.
fn recorded(dir: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(dir.join("frames"))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn prepare(runtime: &Runtime, dir: &Path) -> Result<usize> {
    fs::create_dir_all(dir)?;
    let frames: Vec<String> = entries().iter().map(|entry| frame(entry, Form::Numbered)).collect();
    fs::write(dir.join("frames"), frames.join("\n"))?;
    let (store, room) = open(runtime, &dir.join("searched"))?;
    runtime.block_on(fill(&store, room, &Filling::of(ROWS)))?;
    runtime.block_on(store.close());
    Ok(ROWS)
}

fn run(runtime: &Runtime, part: &str, dir: &Path) -> Result<(usize, usize)> {
    let fresh = |name: &str| open(runtime, &tempfile::tempdir_in(dir)?.keep().join(name));
    Ok(match part {
        "prepare" => (prepare(runtime, dir)?, ROWS),
        "decode" => (black_box(counted_decode(&recorded(dir)?)).len(), MESSAGES),
        "merge" => {
            let heard = entries();
            (black_box(counted_merge(&mut ByPlace::after(Seq(0)), heard)).len(), MESSAGES)
        }
        "align" => {
            let talk = entries();
            // Every sixteenth of the snapshot is one that was missed.
            let snapshot = &talk[..OURS];
            let ours: Vec<Entry> = snapshot
                .iter()
                .enumerate()
                .filter(|(n, _)| n % 16 != 8)
                .map(|(_, e)| e.clone())
                .collect();
            let (same, missed) = counted_align(&ours, snapshot);
            (same + missed, OURS)
        }
        "commit" => {
            let (store, room) = fresh("commit")?;
            (counted_commit(runtime, &store, room, entries())?, MESSAGES)
        }
        "search" => {
            let (store, room) = open(runtime, &dir.join("searched"))?;
            let hits = counted_search(runtime, &store, room)?;
            ensure!(hits > SEARCHES, "{hits} hits of {SEARCHES} searches");
            (SEARCHES, SEARCHES)
        }
        "ingest" => {
            let (store, room) = fresh("ingest")?;
            (counted_ingest(runtime, &store, room, &recorded(dir)?)?, MESSAGES)
        }
        other => bail!("no part `{other}`"),
    })
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, part, dir] = &args[..] else { bail!("usage: counts PART DIR") };
    let runtime = Builder::new_current_thread().build().context("no runtime")?;
    let (did, wanted) = run(&runtime, part, Path::new(dir))?;
    ensure!(did == wanted, "{part}: {did} of {wanted}");
    println!("{did}");
    Ok(())
}
