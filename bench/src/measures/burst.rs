//! A room that is faster than anybody can read.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::time::{Instant, sleep};

use super::Pace;
use crate::app::{App, PATIENCE, Start, kept, whole};
use crate::peers::{Feed, Weechat, bare};
use crate::report::{Figure, Goal};
use crate::room::Room;
use crate::stage::Stage;

const FAST: u32 = 5_000;
const TOO_FAST: u32 = 50_000;

/// What a program spent on each of `count` messages, in microseconds on a processor.
fn each(cpu: Duration, count: f64) -> f64 {
    cpu.as_secs_f64() * 1e6 / count
}

const MIB: f64 = 1_024.0;
/// What a start leaves behind is over after this.
const SETTLING: Duration = Duration::from_secs(5);
/// What is taken this long after something is what stays of it (measures 4, 6 and 7 are looked at so).
const STAYS: Duration = Duration::from_secs(30);
/// Without a window, the page is given back after so many seconds.
const REST: u16 = 5;

pub(crate) async fn burst(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let health = health(stage, pace.time(30)).await?;
    let cost = cost_of(stage, pace.time(60), Page::Shown).await?;
    let alone = cost_of(stage, pace.time(60), Page::GivenBack).await?;
    let theirs = pace.time(20);
    let (weechat_cpu, weechat_count) = weechat(stage, theirs).await?;
    let naive = naive(stage, theirs).await?;
    let (emit_cpu, emit_count) = emit(stage, theirs).await?;

    let (weechat, emit) = (each(weechat_cpu, weechat_count), each(emit_cpu, emit_count));
    Ok(vec![
        Figure::new(2, "burst: frames on time", health.on_time() * 100.0, "%")
            .beside("a page that appends, same engine", naive * 100.0)
            .goals(Goal::Least(95.0), Goal::Least(99.0)),
        Figure::new(2, "burst: processor, each message", cost.each, "µs")
            .beside("weechat-headless", weechat)
            .goals(Goal::Times(1.0), Goal::Times(0.5)),
        Figure::new(
            4,
            "the way to the page, and drawing: processor, each message",
            cost.each - alone.each,
            "µs",
        )
        .beside("an event each, not drawn", emit)
        .goals(Goal::Times(1.0 / 6.0), Goal::Times(1.0 / 15.0)),
        Figure::new(4, "memory grown over the burst", cost.grown[0], "%")
            .goals(Goal::Most(10.0), Goal::Most(3.0)),
        Figure::new(4, "memory grown over a second burst", cost.grown[1], "%"),
    ])
}

/// How frames came while the page said what it drew.
async fn health(stage: &Stage, time: Duration) -> Result<Health> {
    let mut room = Room::open().await?;
    let first = room.say(40).await?.last().map_or(0, |said| said.seq);
    let mut app = App::start(stage, &room.at(), Start::default())?;
    app.is_shown().await?;
    app.painted(first).await?;
    sleep(SETTLING).await;
    let before = app.health();
    let said = room.talk(FAST, time).await?;
    app.painted(said.last().context("silence")?.seq).await?;
    let health = app.health().since(before);
    app.quit();
    room.close().await;
    Ok(health)
}

struct Cost {
    /// Microseconds on a processor for each message.
    each: f64,
    /// Memory of its own after a burst, and after another one, in per cent of what it was before each.
    grown: [f64; 2],
}

/// Whether there is one to which something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Shown,
    GivenBack,
}

/// What it took, while nobody measured frames.
async fn cost_of(stage: &Stage, time: Duration, page: Page) -> Result<Cost> {
    let mut room = Room::open().await?;
    room.say(40).await?;
    let start = Start { measured: false, rest_after_secs: REST, ..Start::default() };
    let mut app = App::start(stage, &room.at(), start)?;
    app.is_shown().await?;
    if page == Page::GivenBack {
        sleep(SETTLING).await;
        app.hide().await?;
    }
    sleep(STAYS).await;
    ensure!(app.tree().has_page() == (page == Page::Shown), "{page:?}: it is not so");
    let (effort, mut memory) = (app.tree().effort(), app.tree().memory().uss as f64);
    let count = room.talk(FAST, time).await?.len() as f64;
    sleep(Duration::from_secs(1)).await;
    let spent = app.tree().effort().cpu_since(&effort);
    let mut grown = [0.0; 2];
    for (number, grown) in grown.iter_mut().enumerate() {
        if number > 0 && page == Page::Shown {
            room.talk(FAST, time).await?;
        }
        sleep(STAYS).await;
        let now = app.tree().memory().uss as f64;
        *grown = (now / memory - 1.0) * 100.0;
        memory = now;
    }
    ensure!(app.tree().has_page() == (page == Page::Shown), "{page:?}: it is not so any more");
    let home = app.quit();
    whole(&home, 1, room.head().await?)?;
    room.close().await;
    Ok(Cost { each: each(spent, count), grown })
}

async fn weechat(stage: &Stage, time: Duration) -> Result<(Duration, f64)> {
    let mut weechat = Weechat::start(stage).await?;
    let effort = weechat.program.tree.effort();
    let count = weechat.hear(FAST, time).await?;
    let spent = weechat.program.tree.effort().cpu_since(&effort);
    Ok((spent, f64::from(count)))
}

/// The share of frames that were on time.
async fn naive(stage: &Stage, time: Duration) -> Result<f64> {
    let mut room = Room::open().await?;
    let feed = Feed::open().await?;
    let relay = room.relay(feed.frames.clone()).await?;
    let mut bare = bare(stage, &["naive", &feed.socket()])?;
    bare.is_shown(stage).await?;
    sleep(Duration::from_secs(2)).await;
    let first = room.say(40).await?.last().map_or(0, |said| said.seq);
    let before = bare.stamps.wait(&mut bare.program, |stamp| stamp.seq >= first).await?;
    room.talk(FAST, time).await?;
    sleep(Duration::from_secs(1)).await;
    let after = bare.stamps.read().last().copied().unwrap_or_default();
    relay.abort();
    room.close().await;
    Ok(Health::from(after).since(Health::from(before)).on_time())
}

async fn emit(stage: &Stage, time: Duration) -> Result<(Duration, f64)> {
    let mut bare = bare(stage, &["emit", &FAST.to_string()])?;
    bare.is_shown(stage).await?;
    let begun = bare.stamps.wait(&mut bare.program, |stamp| stamp.seq > 0).await?;
    let effort = bare.program.tree.effort();
    sleep(time).await;
    let spent = bare.program.tree.effort().cpu_since(&effort);
    let ended = bare.stamps.read().last().copied().unwrap_or_default();
    let heard = ended.seq.saturating_sub(begun.seq) as f64;
    // Stamps come once a second: what was heard belongs to the time between two of them.
    let between = ended.at.saturating_sub(begun.at) as f64 / 1e9;
    Ok((spent, heard * time.as_secs_f64() / between))
}

pub(crate) async fn overload(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let mut room = Room::open().await?;
    let first = room.say(40).await?.last().map_or(0, |said| said.seq);
    let mut app = App::start(stage, &room.at(), Start::default())?;
    app.is_shown().await?;
    app.painted(first).await?;
    sleep(SETTLING).await;
    let before = app.tree().memory();
    let begun = Instant::now();
    let time = pace.time(20);
    let (mut peak, mut said) = (before.uss, Vec::new());
    while begun.elapsed() < time {
        said.extend(room.talk(TOO_FAST, Duration::from_secs(1)).await?);
        peak = peak.max(app.tree().memory().uss);
    }
    let rate = said.len() as f64 / begun.elapsed().as_secs_f64();
    let last = *said.last().context("silence")?;
    let live = app.painted(last.seq).await?;
    peak = peak.max(app.tree().memory().uss);
    let calm = (live.at.saturating_sub(last.at)) as f64 / 1e9;
    // What it could not keep up with, a row says: it is loaded when somebody looks there.
    let (end, head) = (Instant::now() + PATIENCE, room.head().await?);
    let kept = loop {
        let kept = kept(&app.home, 1, head)?;
        if kept.is_known(head) {
            break kept;
        }
        ensure!(Instant::now() < end, "of {head} entries {kept:?} are known");
        sleep(Duration::from_millis(100)).await;
    };
    app.quit();
    room.close().await;
    Ok(vec![
        Figure::new(
            3,
            format!("overload, {rate:.0} messages/s: most memory"),
            peak as f64 / MIB,
            "MiB",
        )
        .beside("before", before.uss as f64 / MIB)
        .goals(Goal::Times(1.5), Goal::Times(1.15)),
        Figure::new(3, "overload: until the last row is painted", calm, "s")
            .goals(Goal::Most(2.0), Goal::Most(0.25)),
        Figure::new(
            3,
            "overload: on disk at once; the rest is a row that says so",
            kept.rows as f64 / head as f64 * 100.0,
            "%",
        ),
    ])
}

/// How frames came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Health {
    frames: u32,
    late: u32,
    pub(crate) blank: u32,
}

impl From<crate::app::Stamp> for Health {
    fn from(stamp: crate::app::Stamp) -> Self {
        Self { frames: stamp.frames, late: stamp.late, blank: stamp.blank }
    }
}

impl Health {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            frames: self.frames.saturating_sub(before.frames),
            late: self.late.saturating_sub(before.late),
            blank: self.blank.saturating_sub(before.blank),
        }
    }

    /// The share of frames that came within 25 ms; none without frames.
    pub(crate) fn on_time(self) -> f64 {
        let frames = f64::from(self.frames);
        if frames == 0.0 { 0.0 } else { 1.0 - f64::from(self.late) / frames }
    }
}
