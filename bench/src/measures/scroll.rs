//! Back through a long history with the wheel.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::{Instant, sleep};

use super::Pace;
use crate::app::{App, Start, TITLE};
use crate::measures::start::{cache, filled};
use crate::report::{Figure, Goal};
use crate::room::At;
use crate::stage::Stage;

pub(crate) async fn scroll(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let rows = filled(pace);
    let home = cache(stage, rows).await?;
    let start = Start { home: Some(home), ..Start::default() };
    let mut app = App::start(stage, &At::nowhere(), start)?;
    let last = app.painted_since(app.started).await?.seq;
    app.is_shown().await?;
    sleep(Duration::from_secs(3)).await;
    let before = app.health();
    let begun = Instant::now();
    while begun.elapsed() < pace.time(30) {
        stage.wheel(TITLE, 4, 50)?;
    }
    sleep(Duration::from_secs(2)).await;
    let health = app.health().since(before);
    let oldest = app.stamps.read().last().map_or(0, |stamp| stamp.seq);
    ensure!(oldest < last, "the wheel moved nothing");
    app.quit();
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
