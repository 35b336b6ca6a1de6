//! `cargo xtask run`: from a checkout to the app on the screen, or on a virtual one with pictures of it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{
    command::{self, cargo, root},
    debian,
    display::{self, Group, Virtual},
    page,
};

struct Wish {
    release: bool,
    /// Ends by itself after this; else with Ctrl-C.
    lasts: Option<Duration>,
    app_args: Vec<String>,
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    let wish = wish(args)?;
    let stop = Arc::new(AtomicBool::new(false));
    let virtually = !display::present();
    debian::ensure(virtually)?;
    page::install()?;
    page::build_if_changed()?;
    let app = build(wish.release)?;
    // Only from here on: until now, Ctrl-C may end us and the compiler in the usual way.
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .context("cannot listen for Ctrl-C")?;
    }
    let end = wish.lasts.map(|lasts| Instant::now() + lasts);
    if virtually {
        println!("There is no display here: starting a virtual one.");
        on_virtual_display(&app, &wish, &Watch { stop, end })
    } else {
        println!("$ aside {}", wish.app_args.join(" "));
        let mut group = Group::start(Command::new(&app).args(&wish.app_args))?;
        Watch { stop, end }.until_over(&mut group, |_| Ok(()))
    }
}

fn wish(args: &[String]) -> Result<Wish> {
    let mut wish = Wish { release: false, lasts: None, app_args: vec!["--demo".to_owned()] };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--release" => wish.release = true,
            "--for" => {
                wish.lasts = Some(duration(args.next().context("--for takes a time, like 30s")?)?)
            }
            "--" => {
                let rest: Vec<String> = args.by_ref().cloned().collect();
                if !rest.is_empty() {
                    wish.app_args = rest;
                }
            }
            other => bail!("run takes --release, --for TIME and -- ARGS, not `{other}`"),
        }
    }
    Ok(wish)
}

/// `30s`, `2m` or plain seconds.
fn duration(text: &str) -> Result<Duration> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let number: u64 =
        number.parse().with_context(|| format!("`{text}` is no time: write 30s or 2m"))?;
    Ok(Duration::from_secs(number.saturating_mul(unit)))
}

pub(crate) fn build(release: bool) -> Result<PathBuf> {
    let profile = if release { "release" } else { "dev" };
    println!("Building the app in cargo's {profile} profile.");
    command::run(cargo().args(["build", "--package", "aside", "--locked", "--profile", profile]))?;
    let folder = if release { "release" } else { "debug" };
    Ok(root().join("target").join(folder).join(format!("aside{}", std::env::consts::EXE_SUFFIX)))
}

fn on_virtual_display(app: &Path, wish: &Wish, watch: &Watch) -> Result<()> {
    let display = Virtual::start()?;
    let folder = display::pictures(&root())?;
    let stage = root().join("target/xtask");
    println!("$ aside {} (on display {}; Ctrl-C ends it)", wish.app_args.join(" "), display.name());
    let mut group = Group::start(&mut display::on_stage(app, &wish.app_args, &display, &stage)?)?;
    let mut album = Album::new(folder);
    watch.until_over(&mut group, |since| album.look(&display, since))?;
    album.close()
}

/// When a running app is to end.
struct Watch {
    stop: Arc<AtomicBool>,
    end: Option<Instant>,
}

impl Watch {
    /// Until Ctrl-C, the end of `--for`, or the app's own end (an error where that was one).
    fn until_over(
        &self,
        group: &mut Group,
        mut meanwhile: impl FnMut(Duration) -> Result<()>,
    ) -> Result<()> {
        let start = Instant::now();
        loop {
            if let Some(status) = group.ended()? {
                if !status.success() {
                    bail!("the app ended by itself: {status}");
                }
                println!("The app was quit.");
                return Ok(());
            }
            if self.stop.load(Ordering::Relaxed)
                || self.end.is_some_and(|end| Instant::now() >= end)
            {
                group.stop();
                println!("Stopped, after {} s.", start.elapsed().as_secs());
                return Ok(());
            }
            meanwhile(start.elapsed())?;
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Pictures at a few moments, the first as soon as there is something to see.
struct Album {
    folder: PathBuf,
    first: Option<Duration>,
    taken: usize,
}

/// After the first picture.
const MOMENTS: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(8),
    Duration::from_secs(20),
    Duration::from_secs(60),
];

impl Album {
    fn new(folder: PathBuf) -> Album {
        Album { folder, first: None, taken: 0 }
    }

    fn look(&mut self, display: &Virtual, since: Duration) -> Result<()> {
        let due = match self.first {
            None => true,
            Some(first) => {
                MOMENTS.get(self.taken - 1).is_some_and(|moment| since >= first + *moment)
            }
        };
        if !due {
            return Ok(());
        }
        let file = self.folder.join(format!("run-{}.png", self.taken + 1));
        display.picture(&file)?;
        if self.first.is_none() {
            if !display::shows_something(&file) {
                return Ok(());
            }
            self.first = Some(since);
        }
        self.taken += 1;
        println!("Picture after {:.1} s: {}", since.as_secs_f64(), file.display());
        Ok(())
    }

    /// An app that never showed anything did not run.
    fn close(self) -> Result<()> {
        if self.taken == 0 {
            bail!("the app showed nothing on the display");
        }
        Ok(())
    }
}
