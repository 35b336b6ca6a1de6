//! Back through a long history with the wheel.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::{Instant, sleep};

use super::Pace;
use crate::app::{App, Start, TITLE};
use crate::report::{Figure, Goal};
use crate::room::Room;
use crate::stage::Stage;

const HISTORY: usize = 20_000;

pub(crate) async fn scroll(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let mut room = Room::open().await?;
    let last = room.say(HISTORY).await?.last().map_or(0, |said| said.seq);
    let mut app = App::start(stage, &room, Start::default())?;
    app.is_shown().await?;
    app.painted(last).await?;
    sleep(Duration::from_secs(3)).await;
    let before = app.health();
    let begun = Instant::now();
    while begun.elapsed() < pace.time(30) {
        stage.wheel(TITLE, 4, 50)?;
    }
    // The counts come with the next row that is painted.
    room.say(1).await?;
    sleep(Duration::from_secs(2)).await;
    let health = app.health().since(before);
    let oldest = app.stamps.read().last().map_or(0, |stamp| stamp.seq);
    ensure!(oldest < last, "the wheel moved nothing");
    app.quit();
    room.close().await;
    Ok(vec![
        Figure::new(10, "scroll back: frames on time", health.on_time() * 100.0, "%")
            .goals(Goal::Least(95.0), Goal::Least(99.0)),
        Figure::new(10, "scroll back: frames without a row", f64::from(health.blank), "")
            .goals(Goal::Most(0.0), Goal::Most(0.0)),
        Figure::new(
            10,
            "scroll back: rows a second",
            (last - oldest) as f64 / begun.elapsed().as_secs_f64(),
            "rows/s",
        ),
    ])
}
