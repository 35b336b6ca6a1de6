//! How long somebody waits for the first row.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use aside_history::RoomName;
use aside_sample::filling::{Filling, fill_home};
use tokio::time::sleep;

use super::Pace;
use crate::app::{App, Start};
use crate::peers::bare;
use crate::report::{Figure, Goal};
use crate::room::{At, Room, STREAM, TOPIC};
use crate::stage::Stage;

/// Entries in the room.
const HISTORY: usize = 5_000;

fn ms(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 / 1e6
}

/// How many rows a long history has.
pub(super) fn filled(pace: Pace) -> usize {
    pace.times(1_000_000)
}

/// A home with a room's long history in it.
pub(super) async fn cache(stage: &Stage, rows: usize) -> Result<PathBuf> {
    let home = stage.home()?;
    let name = RoomName {
        server: At::nowhere().url,
        topic: TOPIC.to_owned(),
        stream: STREAM.to_owned(),
        user: "ana".to_owned(),
    };
    fill_home(&home, &name, &Filling { stream: STREAM.to_owned(), ..Filling::of(rows) }).await?;
    Ok(home)
}

pub(crate) async fn start(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let rows = filled(pace);
    let home = cache(stage, rows).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..pace.times(20) {
        // Whoever comes first in a turn comes second in the next.
        for ours_is_due in if turn % 2 == 0 { [true, false] } else { [false, true] } {
            if ours_is_due {
                let again = Start { home: Some(home.clone()), ..Start::default() };
                let mut app = App::start(stage, &At::nowhere(), again)?;
                let stamp = app.painted_since(app.started).await?;
                ensure!(stamp.seq == rows as u64, "the newest row is {}", stamp.seq);
                ours.push(ms(app.started, stamp.at));
                app.quit();
            } else {
                let mut bare = bare(stage, &[])?;
                theirs.push(ms(bare.started, bare.painted().await?.at));
                bare.program.quit();
            }
        }
    }
    Ok(vec![
        Figure::median(8, format!("start, {rows} rows kept: to the first painted"), &ours, "ms")
            .beside("a bare window of Tauri", crate::report::median(&theirs))
            .goals(Goal::Times(1.3), Goal::Times(1.05)),
    ])
}

pub(crate) async fn reopen(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let mut room = Room::open().await?;
    let first = room.say(HISTORY).await?.last().map_or(0, |said| said.seq);
    let mut figures = Vec::new();
    let mut floor = Vec::new();
    for _ in 0..pace.times(10) {
        let mut bare = bare(stage, &[])?;
        floor.push(ms(bare.started, bare.painted().await?.at));
        bare.program.quit();
    }
    for (kept, what) in [(true, "reopen, page kept"), (false, "reopen, page given back")] {
        let rest_after_secs = if kept { 3_600 } else { 5 };
        let mut app = App::start(
            stage,
            &room.at(),
            Start { rest_after_secs, key: true, ..Start::default() },
        )?;
        app.is_shown().await?;
        app.painted(first).await?;
        let mut waits = Vec::new();
        for _ in 0..pace.times(if kept { 10 } else { 5 }) {
            app.hide().await?;
            sleep(Duration::from_secs(if kept { 2 } else { 7 })).await;
            ensure!(
                app.tree().has_page() == kept,
                "the page was not {}",
                if kept { "kept" } else { "given back" }
            );
            let last = room.say(1).await?[0].seq;
            sleep(Duration::from_millis(500)).await;
            let wished = app.toggle().await?;
            let stamp = app.painted(last).await?;
            ensure!(stamp.at > wished, "it was painted before it was wished for");
            waits.push(ms(wished, stamp.at));
        }
        app.quit();
        let figure = Figure::median(9, what, &waits, "ms");
        figures.push(if kept {
            figure.beside("one frame", 1_000.0 / 60.0).goals(Goal::Times(3.0), Goal::Times(2.0))
        } else {
            figure
                .beside("start of a bare window", crate::report::median(&floor))
                .goals(Goal::Times(1.3), Goal::Times(1.0))
        });
    }
    room.close().await;
    Ok(figures)
}
