//! A connection that breaks while much is said.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::time::{Instant, sleep};

use super::Pace;
use crate::app::{App, PATIENCE, Start, cache, came_after, whole};
use crate::report::{Figure, Goal};
use crate::room::{Room, now};
use crate::stage::Stage;

const MISSED: usize = 10_000;

pub(crate) async fn gap(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let mut room = Room::watched().await?;
    let first = room.say(40).await?.last().map_or(0, |said| said.seq);
    let mut app = App::start(stage, &room.at(), Start::default())?;
    app.is_shown().await?;
    app.painted(first).await?;
    let cache = cache(&app.home)?;
    // Only of the first cut: those that follow within seconds are a link that flaps, which is given time.
    let (mut back, mut newest, mut complete) = (None, Vec::new(), Vec::new());
    for _ in 0..pace.times(10) {
        let before = came_after(&cache, 0)?.1;
        let (sockets, cut) = (room.opened(), now());
        room.cut();
        let last = *room.say(MISSED).await?.last().context("silence")?;
        let joined = room.opened_after(sockets).await.max(last.at);
        let ms = |at: u64| at.saturating_sub(joined) as f64 / 1e6;
        back.get_or_insert(joined.saturating_sub(cut) as f64 / 1e6);
        newest.push(ms(app.painted(last.seq).await?.at));
        let (end, head) = (Instant::now() + PATIENCE, room.head().await?);
        while came_after(&cache, before)?.0 < MISSED {
            ensure!(Instant::now() < end, "not all that was missed is there");
            sleep(Duration::from_millis(5)).await;
        }
        complete.push(ms(now()));
        whole(&app.home, 1, head)?;
        sleep(Duration::from_secs(2)).await;
    }
    let back = back.context("no cut")?;
    app.quit();
    room.close().await;
    // Two ways over loopback and a tenth of a second for ten thousand rows.
    const LIMIT: f64 = 110.0;
    // One way over loopback and three frames.
    const SOON: f64 = 50.0;
    Ok(vec![
        Figure::new(12, "10,000 missed: cut until connected again, by its back-off", back, "ms"),
        Figure::median(12, "10,000 missed: connected until the newest is painted", &newest, "ms")
            .beside("two ways, parsing and writing", LIMIT)
            .goals(Goal::Times(3.0), Goal::Most(SOON)),
        Figure::median(12, "10,000 missed: connected until all are on disk", &complete, "ms")
            .beside("two ways, parsing and writing", LIMIT)
            .goals(Goal::Times(3.0), Goal::Times(1.3)),
    ])
}
