//! From the moment at which the server has stored an entry to the second animation frame after it was drawn.

use std::time::Duration;

use anyhow::{Result, ensure};
use aside_protocol::ServerFrame;

use super::Pace;
use crate::app::{App, Stamp, Start};
use crate::peers::{Feed, chromium};
use crate::report::{Figure, Goal, quantile};
use crate::room::{Relayed, Room, Said};
use crate::stage::Stage;

/// One frame at 60 Hz, in milliseconds.
const FRAME: f64 = 1_000.0 / 60.0;
const RATES: [u32; 2] = [100, 5_000];
/// How often the two sides take turns.
const ROUNDS: usize = 3;

pub(crate) async fn latency(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let time = pace.time(60) / ROUNDS as u32;
    for rate in RATES {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(of_app(stage, rate, time).await?);
            theirs.push(of_chromium(stage, rate, time).await?);
        }
        let p95 = |rounds: &[Vec<f64>]| -> Vec<f64> {
            rounds.iter().map(|round| quantile(round, 0.95)).collect()
        };
        let (ours, theirs) = (p95(&ours), p95(&theirs));
        let chromium = quantile(&theirs, 0.5);
        let figure = Figure::median(1, format!("latency, 95 %, {rate} messages/s"), &ours, "ms");
        figures.push(
            figure
                .clone()
                .goals(Goal::Most(2.0 * FRAME), Goal::Most(1.1 * FRAME))
                .beside("one frame", FRAME),
        );
        figures.push(
            figure
                .beside("a good page in chromium", chromium)
                .goals(Goal::Times(1.2), Goal::Times(0.8)),
        );
    }
    Ok(figures)
}

async fn of_app(stage: &Stage, rate: u32, time: Duration) -> Result<Vec<f64>> {
    let mut room = Room::open().await?;
    let first = room.say(40).await?.last().map_or(0, |said| said.seq);
    let mut app = App::start(stage, &room.at(), Start { sample: false, ..Start::default() })?;
    app.is_shown().await?;
    app.painted(first).await?;
    let said = room.talk(rate, time).await?;
    app.painted(said.last().map_or(0, |said| said.seq)).await?;
    let stamps = app.stamps.read();
    let home = app.quit();
    crate::app::whole(&home, 1, room.head().await?)?;
    room.close().await;
    waits(&said, &stamps)
}

async fn of_chromium(stage: &Stage, rate: u32, time: Duration) -> Result<Vec<f64>> {
    let mut room = Room::open().await?;
    let feed = Feed::open().await?;
    let mut arrivals = feed.frames.subscribe();
    let relay = room.relay(feed.frames.clone()).await?;
    let program = chromium(stage, &feed).await?;
    let first = room.say(40).await?.last().map_or(0, |said| said.seq);
    feed.paints(first).await?;
    let watch = tokio::spawn(async move {
        let mut came = Vec::new();
        while let Ok(frame) = arrivals.recv().await {
            came.push(frame);
        }
        came
    });
    let said = room.talk(rate, time).await?;
    feed.paints(said.last().map_or(0, |said| said.seq)).await?;
    let stamps = feed.painted();
    program.quit();
    relay.abort();
    drop(feed);
    room.close().await;
    // What the frames take to this process is the harness's, not the browser's.
    let came: Vec<Said> = watch.await?.iter().filter_map(entry).collect();
    let came: Vec<Said> = came.into_iter().filter(|came| came.seq > first).collect();
    ensure!(came.len() == said.len(), "{} of {} were relayed", came.len(), said.len());
    waits(&came, &stamps)
}

/// The number of a relayed entry, and when it came.
fn entry(frame: &Relayed) -> Option<Said> {
    match ServerFrame::parse(&frame.text) {
        Ok(ServerFrame::Entry(entry)) => Some(Said { seq: entry.seq?.0, at: frame.at }),
        _ => None,
    }
}

/// How long each entry took, in milliseconds: until the first stamp of a row that is not older.
fn waits(said: &[Said], stamps: &[Stamp]) -> Result<Vec<f64>> {
    let mut waits = Vec::with_capacity(said.len());
    let mut stamps = stamps.iter().peekable();
    for said in said {
        while stamps.next_if(|stamp| stamp.seq < said.seq).is_some() {}
        let Some(stamp) = stamps.peek() else { break };
        waits.push(stamp.at.saturating_sub(said.at) as f64 / 1e6);
    }
    ensure!(waits.len() == said.len(), "{} of {} were painted", waits.len(), said.len());
    Ok(waits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_waits_for_the_first_paint_that_holds_it() {
        let said = [(1, 0), (2, 10), (3, 20)].map(|(seq, at)| Said { seq, at: at * 1_000_000 });
        let stamp = |seq, at: u64| Stamp { seq, at: at * 1_000_000, ..Stamp::default() };
        let waited = waits(&said, &[stamp(0, 5), stamp(2, 15), stamp(3, 40)]).unwrap();
        assert_eq!(waited, [15.0, 5.0, 20.0]);
        assert!(waits(&said, &[stamp(2, 15)]).is_err(), "the third is never painted");
    }
}
