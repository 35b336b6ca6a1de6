//! What it costs to keep a room beside oneself: memory, and work while nobody looks.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::sleep;

use super::Pace;
use crate::app::{App, Start, kept};
use crate::peers::{Feed, bare, chromium};
use crate::report::{Figure, Goal};
use crate::room::Room;
use crate::stage::Stage;

const MIB: f64 = 1_024.0;
/// Twelve heartbeats a minute go out, and as many replies come.
const BEATS: f64 = 24.0;
/// What a busy moment leaves behind goes within this time.
const SETTLING: Duration = Duration::from_secs(30);
/// The transcript of such a moment is written at the next half minute.
const WRITTEN: Duration = Duration::from_secs(45);

pub(crate) async fn quiet(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let mut room = Room::watched().await?;
    let first = room.say(2_000).await?.last().map_or(0, |said| said.seq);
    let start = Start { rest_after_secs: 5, ..Start::default() };
    let mut app = App::start(stage, &room.at(), start)?;
    app.is_shown().await?;
    app.painted(first).await?;
    room.talk(5_000, pace.time(12)).await?;
    let last = room.say(1).await?[0].seq;
    app.painted(last).await?;
    sleep(SETTLING).await;
    let shown = app.tree().memory();

    app.hide().await?;
    sleep(Duration::from_secs(5) + WRITTEN).await;
    let (hidden, still) = rest(&app, pace.time(60)).await;
    let before = app.tree().effort();
    let time = pace.time(60);
    room.talk(50, time).await?;
    let busy = app.tree().effort().fine_cpu_since(&before).as_secs_f64() * 1e3
        / (time.as_secs_f64() / 60.0);
    ensure!(!app.tree().has_page() && room.opened() == 1, "it had a page, or lost the room");
    let home = app.quit();
    // Of what was said before it came, the newest page is enough.
    let head = room.head().await?;
    let kept = kept(&home, first, head)?;
    ensure!(kept.is_known(head - first + 1), "from {first} to {head} {kept:?} are known");
    room.close().await;

    let (floor, unseen) = {
        let mut bare = bare(stage, &[])?;
        bare.is_shown(stage).await?;
        bare.painted().await?;
        sleep(SETTLING).await;
        let shown = bare.program.tree.memory();
        stage.unmap("Bare")?;
        sleep(SETTLING).await;
        (shown, bare.program.tree.memory())
    };
    let browser = {
        let feed = Feed::open().await?;
        let program = chromium(stage, &feed).await?;
        sleep(SETTLING).await;
        program.tree.memory()
    };
    let mib = |kib: u64| kib as f64 / MIB;
    Ok(vec![
        Figure::new(5, "hidden, quiet room: wake-ups a minute", still.wakeups, "")
            .beside("heartbeats and replies", BEATS)
            .goals(Goal::Times(4.0), Goal::Times(1.5)),
        Figure::new(5, "hidden, quiet room: processor a minute", still.cpu_ms, "ms"),
        Figure::new(5, "hidden, 50 messages/s: processor a minute", busy, "ms"),
        Figure::new(6, "memory, shown: of its own (USS)", mib(shown.uss), "MiB")
            .beside("a bare window of Tauri", mib(floor.uss))
            .goals(Goal::Times(1.4), Goal::Times(1.1)),
        Figure::new(6, "memory, shown: with its share (PSS)", mib(shown.pss), "MiB")
            .beside("an empty good page in chromium", mib(browser.pss))
            .goals(Goal::Times(1.0), Goal::Times(0.4)),
        Figure::new(7, "memory, hidden: of its own (USS)", mib(hidden), "MiB")
            .beside("a bare window of Tauri, hidden", mib(unseen.uss))
            .goals(Goal::Times(0.5), Goal::Times(0.1)),
    ])
}

struct Still {
    wakeups: f64,
    cpu_ms: f64,
}

/// Memory, and work in a minute in which nothing happens.
async fn rest(app: &App<'_>, time: Duration) -> (u64, Still) {
    let before = app.tree().effort();
    sleep(time).await;
    let after = app.tree().effort();
    let minutes = time.as_secs_f64() / 60.0;
    let still = Still {
        wakeups: after.wakeups_since(&before) as f64 / minutes,
        cpu_ms: after.fine_cpu_since(&before).as_secs_f64() * 1e3 / minutes,
    };
    (app.tree().memory().uss, still)
}
