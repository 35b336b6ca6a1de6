//! The shipped app under measurement: started in a room, watched through what it says it has painted.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::measures::Health;
use crate::room::{At, STREAM, TOPIC, now};
use crate::stage::{Program, SIZE, Stage};
use crate::tree::Tree;

/// What a page said it had painted; see `ASIDE_MEASURE` in src-tauri/src/measure.rs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Stamp {
    /// Nanoseconds since 1970.
    pub(crate) at: u64,
    pub(crate) seq: u64,
    pub(crate) rows: u32,
    pub(crate) frames: u32,
    pub(crate) late: u32,
    pub(crate) blank: u32,
    /// Nothing is painted: a window is about to be shown.
    pub(crate) shows: bool,
}

/// The file that a measured page writes.
pub(crate) struct Stamps(pub(crate) PathBuf);

/// Long enough for a slow machine; every wait ends as soon as it can.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(10);

pub(crate) const TITLE: &str = "Aside";
/// For xdotool; the settings name the same.
const KEY: &str = "ctrl+alt+a";

pub(crate) struct App<'a> {
    stage: &'a Stage,
    program: Program,
    pub(crate) home: PathBuf,
    pub(crate) stamps: Stamps,
    /// When it was started.
    pub(crate) started: u64,
}

/// How it is started.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// Where its files are; a new folder when absent.
    pub(crate) home: Option<PathBuf>,
    /// After how long without a window the page is given back.
    pub(crate) rest_after_secs: u16,
    /// Whether the page says what it paints.
    pub(crate) measured: bool,
    /// Whether a room that nobody can read along is sampled, and repeats are one row.
    pub(crate) sample: bool,
    /// Whether there is a key that shows and hides it.
    pub(crate) key: bool,
}

impl Default for Start {
    fn default() -> Self {
        Self { home: None, rest_after_secs: 3_600, measured: true, sample: true, key: false }
    }
}

impl<'a> App<'a> {
    pub(crate) fn start(stage: &'a Stage, at: &At, start: Start) -> Result<Self> {
        let home = match start.home {
            Some(home) => home,
            None => stage.home()?,
        };
        let settings = json!({
            "close": "hide",
            "restAfterSecs": start.rest_after_secs,
            "sampleFast": start.sample,
            "foldRepeats": start.sample,
        });
        let keys = if start.key { json!({"toggle": "Control+Alt+KeyA"}) } else { json!({}) };
        let settings = json!({"version": 1, "settings": settings, "hotkeys": keys});
        if !home.join("settings.json").exists() {
            fs::write(home.join("settings.json"), settings.to_string())?;
        }
        let stamps = Stamps(home.join("stamps.jsonl"));
        let _none_yet = fs::remove_file(&stamps.0);
        let mut command = stage.command(binary("aside")?);
        command
            .args(["join", "--server", &at.url, "--topic", TOPIC, "--stream", STREAM])
            .args(["--name", "Ana", "--user", "ana", "--token-env", "BENCH_TOKEN"])
            .env("BENCH_TOKEN", &at.token)
            .env("ASIDE_HOME", &home)
            .env("RUST_LOG", "warn");
        if start.measured {
            command.env("ASIDE_MEASURE", &stamps.0);
        }
        let started = now();
        let program = stage.start(&mut command, "aside")?;
        Ok(Self { stage, program, home, stamps, started })
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.program.tree
    }

    /// Waits until its window stands on the screen, and gives it the size of every measured window.
    pub(crate) async fn is_shown(&mut self) -> Result<()> {
        shown(self.stage, &mut self.program, TITLE).await
    }

    /// Waits until a row of this number or a later one is painted.
    pub(crate) async fn painted(&mut self, seq: u64) -> Result<Stamp> {
        self.stamps.wait(&mut self.program, |stamp| stamp.seq >= seq).await
    }

    /// Waits for the first stamp that is younger than `since`.
    pub(crate) async fn painted_since(&mut self, since: u64) -> Result<Stamp> {
        self.stamps.wait(&mut self.program, |stamp| stamp.at > since && stamp.rows > 0).await
    }

    /// How its frames came until now.
    pub(crate) fn health(&self) -> Health {
        self.stamps
            .read()
            .iter()
            .rfind(|stamp| !stamp.shows)
            .copied()
            .map(Health::from)
            .unwrap_or_default()
    }

    /// The cross of the window: the room stays.
    pub(crate) async fn hide(&mut self) -> Result<()> {
        self.stage.wmctrl(&["-F", "-c", TITLE])?;
        let end = Instant::now() + PATIENCE;
        while self.stage.shows(TITLE)? {
            ensure!(Instant::now() < end, "the window does not go");
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Presses the key that shows and hides it; says when the app began to show a window.
    pub(crate) async fn toggle(&mut self) -> Result<u64> {
        let pressed = now();
        let press = self.stage.command("xdotool").args(["key", KEY]).status();
        ensure!(press.context("xdotool")?.success(), "no key could be pressed");
        let shows = |stamp: &Stamp| stamp.shows && stamp.at > pressed;
        Ok(self.stamps.wait(&mut self.program, shows).await?.at)
    }

    pub(crate) fn quit(self) -> PathBuf {
        self.program.quit();
        self.home
    }
}

impl Stamps {
    pub(crate) fn read(&self) -> Vec<Stamp> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    pub(crate) async fn wait(
        &self,
        program: &mut Program,
        is_it: impl Fn(&Stamp) -> bool,
    ) -> Result<Stamp> {
        let end = Instant::now() + PATIENCE;
        loop {
            let stamps = self.read();
            if let Some(found) = stamps.iter().find(|stamp| is_it(stamp)) {
                return Ok(*found);
            }
            program.lives()?;
            if Instant::now() > end {
                bail!("nothing of the kind is painted; the last was {:?}", stamps.last());
            }
            sleep(LOOK).await;
        }
    }
}

/// Waits for a window, and gives it the measured size.
pub(crate) async fn shown(stage: &Stage, program: &mut Program, title: &str) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while !stage.shows(title)? {
        program.lives()?;
        ensure!(Instant::now() < end, "no window called {title}");
        sleep(LOOK).await;
    }
    let size = format!("0,0,0,{},{}", SIZE.0, SIZE.1);
    stage.wmctrl(&["-F", "-r", title, "-e", &size])
}

/// A program that was built with this one.
pub(crate) fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let beside = own.parent().map(|folder| folder.join(name)).filter(|path| path.is_file());
    beside.with_context(|| format!("{name} is not built: `cargo xtask bench` builds everything"))
}

/// Fails unless every number from the first to the last is in the app's own files, once. What a row says is missing, is missing.
pub(crate) fn whole(home: &Path, first: u64, last: u64) -> Result<()> {
    let (kept, wanted) = (kept(home, first, last)?, last - first + 1);
    ensure!(kept.rows == wanted && kept.is_known(wanted), "of {wanted} entries: {kept:?}");
    Ok(())
}

/// What the app's own files have of a range of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) rows: u64,
    different: u64,
    /// So many are said to be missing, by rows that load them when somebody looks there.
    pub(crate) missing: u64,
}

impl Kept {
    /// Whether of so many entries each is there once, or said to be missing.
    pub(crate) fn is_known(self, wanted: u64) -> bool {
        self.rows == self.different && self.rows + self.missing == wanted
    }
}

/// The app's own file.
pub(crate) fn cache(home: &Path) -> Result<Connection> {
    let file = home.join("history").join("cache.db");
    Connection::open(&file).with_context(|| file.display().to_string())
}

/// How many rows came after this key, and the highest one: cheap enough to be asked again and again while the app works.
pub(crate) fn came_after(cache: &Connection, key: i64) -> Result<(usize, i64)> {
    let asked =
        "SELECT count(*), coalesce(max(key), ?1) FROM rows WHERE key > ?1 AND seq IS NOT NULL";
    let mut statement = cache.prepare_cached(asked)?;
    let (count, newest) =
        statement.query_row([key], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    Ok((usize::try_from(count)?, newest))
}

pub(crate) fn kept(home: &Path, first: u64, last: u64) -> Result<Kept> {
    let conn = cache(home)?;
    let range = [first.cast_signed(), last.cast_signed()];
    let (rows, different): (i64, i64) = conn.query_row(
        "SELECT count(*), count(DISTINCT seq) FROM rows WHERE seq BETWEEN ?1 AND ?2",
        range,
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let missing: i64 = conn.query_row(
        "SELECT coalesce(sum(gap_missing), 0) FROM rows WHERE kind = 3 AND gap_from BETWEEN ?1 AND ?2",
        range,
        |row| row.get(0),
    )?;
    Ok(Kept {
        rows: rows.cast_unsigned(),
        different: different.cast_unsigned(),
        missing: missing.cast_unsigned(),
    })
}
