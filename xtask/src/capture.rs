//! `cargo xtask capture`: the moving picture of the README, taken of the real app in its demo room.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    command::{self, root},
    debian,
    display::{self, Group, Virtual},
    page, run,
};

const PICTURE: &str = "docs/images/aside.gif";
/// Larger than this, a page is slow to show it.
const MOST_BYTES: u64 = 1_500_000;
const SIZE: (&str, &str) = ("1120", "640");
const FRAME: Duration = Duration::from_millis(500);
/// What is long enough for a few people to speak, and for an answer to be written.
const LASTS: Duration = Duration::from_secs(15);
/// How long the app may take to show its room, and the audience to ask something.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a hand does at the desk, and when: it goes to a question, writes, and sends.
const HAND: &[(u64, &[&str])] = &[
    (1_500, &["key", "Home"]),
    (3_000, &["key", "r"]),
    (4_000, &["type", "--delay", "90", "Good question. We come to it in a minute."]),
    (10_000, &["key", "ctrl+Return"]),
];

pub(crate) fn capture() -> Result<()> {
    debian::ensure(true)?;
    page::install()?;
    page::build_if_changed()?;
    let app = run::build(false)?;
    let display = Virtual::start()?;
    let folder = tidy_folder(&root().join("target/xtask/capture"))?;
    // Whoever has been here before is shown no tour.
    fs::create_dir_all(folder.join("app"))?;
    fs::write(folder.join("app/settings.json"), r#"{"version": 1}"#)?;
    let args = ["--demo".to_owned()];
    let mut stage = display::on_stage(&app, &args, &display, &folder)?;
    let mut group =
        Group::start(stage.env("ASIDE_HOME", folder.join("app")).env("LANG", "en_US.UTF-8"))?;
    let first = folder.join("first.png");
    wait("the app shows its room", || {
        if group.ended()?.is_some() {
            bail!("the app ended by itself");
        }
        display.picture(&first)?;
        Ok(display::shows_something(&first))
    })?;
    let window = window(&display)?;
    xdotool(&display, &["windowmove", &window, "0", "0"])?;
    xdotool(&display, &["windowsize", &window, SIZE.0, SIZE.1])?;
    xdotool(&display, &["windowfocus", &window])?;
    // Until then the demo's audience has said something.
    thread::sleep(Duration::from_secs(20));
    film(&display, &window, &folder)?;
    group.stop();
    develop(&folder)
}

fn tidy_folder(folder: &Path) -> Result<std::path::PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("cannot remove the last capture")?;
    }
    fs::create_dir_all(folder).context("cannot make a folder for the capture")?;
    Ok(folder.to_owned())
}

fn wait(what: &str, mut come: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while !come()? {
        if Instant::now() > end {
            bail!("after {} s still not: {what}", PATIENCE.as_secs());
        }
        thread::sleep(FRAME);
    }
    Ok(())
}

fn window(display: &Virtual) -> Result<String> {
    let mut search = hand(display);
    let found = command::output(search.args(["search", "--onlyvisible", "--class", "aside"]))?;
    found.lines().last().map(str::to_owned).context("there is no window")
}

fn hand(display: &Virtual) -> Command {
    let mut command = Command::new("xdotool");
    command.env("DISPLAY", display.name());
    command
}

fn xdotool(display: &Virtual, args: &[&str]) -> Result<()> {
    command::run(hand(display).args(args))
}

/// A picture every half second, while the hand does what it does.
fn film(display: &Virtual, window: &str, folder: &Path) -> Result<()> {
    let (start, mut deeds, mut typing) = (Instant::now(), HAND.iter(), Vec::new());
    let mut next = deeds.next();
    for number in 0.. {
        let since = start.elapsed();
        if since > LASTS {
            break;
        }
        if let Some((_, args)) = next.filter(|(at, _)| since.as_millis() >= u128::from(*at)) {
            let deed = hand(display).args(*args).stdout(Stdio::null()).spawn();
            typing.push(deed.context("cannot start xdotool")?);
            next = deeds.next();
        }
        let file = folder.join(format!("frame-{number:03}.png"));
        let mut import = Command::new("import");
        import.args(["-display", display.name(), "-window", window]).arg(&file);
        command::run(&mut import)?;
        thread::sleep((start + FRAME * (number + 1)).saturating_duration_since(Instant::now()));
    }
    for mut deed in typing {
        deed.wait().context("xdotool")?;
    }
    Ok(())
}

fn develop(folder: &Path) -> Result<()> {
    let mut convert = Command::new("convert");
    convert.args(["-delay", "50", "-loop", "0"]).arg(folder.join("frame-*.png"));
    convert.args(["+dither", "-colors", "64", "-layers", "OptimizePlus"]).arg(root().join(PICTURE));
    command::run(&mut convert)?;
    let bytes = root().join(PICTURE).metadata().context("no picture")?.len();
    println!("{PICTURE}: {bytes} bytes");
    if bytes > MOST_BYTES {
        bail!("larger than {MOST_BYTES} bytes: fewer frames, or a smaller window");
    }
    Ok(())
}
