//! A connection that breaks while much is said.

use anyhow::{Context as _, Result};
use std::time::Duration;
use tokio::time::{Instant, sleep};

use super::Pace;
use crate::app::{App, PATIENCE, Start, whole};
use crate::report::{Figure, Goal};
use crate::room::{Room, now};
use crate::stage::Stage;

const MISSED: usize = 10_000;

pub(crate) async fn gap(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let mut room = Room::open().await?;
    let first = room.say(40).await?.last().map_or(0, |said| said.seq);
    let mut app = App::start(stage, &room, Start::default())?;
    app.is_shown().await?;
    app.painted(first).await?;
    let (mut newest, mut complete) = (Vec::new(), Vec::new());
    for _ in 0..pace.times(10) {
        room.cut();
        let said = room.say(MISSED).await?;
        let last = said.last().context("silence")?;
        let painted = app.painted(last.seq).await?;
        newest.push(painted.at.saturating_sub(last.at) as f64 / 1e6);
        let (end, head) = (Instant::now() + PATIENCE, room.head().await?);
        while let Err(error) = whole(&app.home, 1, head) {
            if Instant::now() > end {
                return Err(error);
            }
            sleep(Duration::from_millis(5)).await;
        }
        complete.push(now().saturating_sub(last.at) as f64 / 1e6);
        sleep(Duration::from_secs(2)).await;
    }
    app.quit();
    room.close().await;
    // Two ways over loopback and a tenth of a second for ten thousand rows, see performance.md, 2.
    const LIMIT: f64 = 110.0;
    Ok(vec![
        Figure::median(12, "10,000 missed: the newest painted", &newest, "ms"),
        Figure::median(12, "10,000 missed: all on disk", &complete, "ms")
            .beside("two ways, parsing and writing", LIMIT)
            .goals(Goal::Times(3.0), Goal::Times(1.3)),
    ])
}
