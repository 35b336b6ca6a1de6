//! Where programs are measured: a display, a window manager and a session bus of their own, and homes that are thrown away.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::app::PATIENCE;
use crate::tree::Tree;

/// The variable by which everything that a program started is found again.
const MARK: &str = "ASIDE_BENCH_TREE";

/// A bus that starts nothing by itself.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"#;

/// The width and height of every window that is measured, in pixels.
pub(crate) const SIZE: (u32, u32) = (420, 800);

/// For so long an app waits for its last words to leave.
const GOODBYE: Duration = Duration::from_secs(5);

/// Ends with everything that was started on it.
pub(crate) struct Stage {
    folder: TempDir,
    display: String,
    bus: String,
    children: Vec<Child>,
    homes: AtomicU32,
}

impl Stage {
    pub(crate) fn set() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("aside-bench-").tempdir()?;
        let mut stage = Self {
            folder,
            display: String::new(),
            bus: String::new(),
            children: Vec::new(),
            homes: AtomicU32::new(0),
        };
        let bus = stage.folder.path().join("bus.conf");
        fs::write(&bus, BUS)?;
        // By itself it would begin anew whenever the last client has left, with the window manager's next word.
        let screen =
            ["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"];
        stage.display = format!(":{}", stage.tells(Command::new("Xvfb").args(screen))?);
        let daemon = ["--nofork", "--nopidfile", "--print-address=1", "--config-file"];
        stage.bus = stage.tells(Command::new("dbus-daemon").args(daemon).arg(&bus))?;
        let openbox = stage.command("openbox").spawn().context("openbox")?;
        stage.children.push(openbox);
        let end = Instant::now() + PATIENCE;
        while stage.wmctrl(&["-m"]).is_err() {
            ensure!(Instant::now() < end, "openbox does not manage the display");
            std::thread::sleep(Duration::from_millis(20));
        }
        stage.park()?;
        Ok(stage)
    }

    /// The pointer goes where no window opens: under it, WebKitGTK shows its first picture half a second later now and then.
    fn park(&self) -> Result<()> {
        let steps = ["mousemove", "2", "2", "getmouselocation"];
        let parked = self.command("xdotool").args(steps).stdout(Stdio::piped()).output()?;
        let place = String::from_utf8_lossy(&parked.stdout).into_owned();
        ensure!(place.starts_with("x:2 y:2 "), "the pointer could not be moved away: {place}");
        Ok(())
    }

    /// What can be seen of a run that failed: what is on the screen, and the last words of everybody.
    pub(crate) fn evidence(&self) -> Result<String> {
        let mut text = String::new();
        for args in [["-m", "-l"], ["-l", "-p"]] {
            let told = self.command("wmctrl").args(args).stdout(Stdio::piped()).output()?;
            text.push_str(&String::from_utf8_lossy(&told.stdout));
        }
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let is_log = path.extension().is_some_and(|kind| kind == "log" || kind == "jsonl");
                if path.is_dir() {
                    folders.push(path);
                } else if is_log {
                    let words = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
                    let lines: Vec<&str> = words.lines().collect();
                    let tail = lines[lines.len().saturating_sub(8)..].join("\n");
                    text.push_str(&format!("--- {}\n{tail}\n", path.display()));
                }
            }
        }
        Ok(text)
    }

    /// A program with this stage as its desktop; it says nothing.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("GDK_BACKEND", "x11")
            .env("LANG", "en_US.UTF-8")
            // Neither a graphics card nor a screen reader is on this stage.
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("NO_AT_BRIDGE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for inherited in ["WAYLAND_DISPLAY", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env_remove(inherited);
        }
        command
    }

    /// A new, empty folder for one program.
    pub(crate) fn home(&self) -> Result<PathBuf> {
        let number = self.homes.fetch_add(1, Ordering::Relaxed);
        let home = self.folder.path().join(format!("home-{number}"));
        fs::create_dir(&home)?;
        Ok(home)
    }

    /// Starts a program, and everything it will start is found in its tree.
    pub(crate) fn start(&self, command: &mut Command, name: &str) -> Result<Program> {
        let number = self.homes.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{MARK}={}-{number}", std::process::id());
        let (variable, value) = mark.split_once('=').context("a mark")?;
        let words = fs::File::create(self.folder.path().join(format!("{name}-{number}.log")))?;
        let child = command.env(variable, value).stderr(words).spawn();
        let child = child.with_context(|| name.to_owned())?;
        Ok(Program { tree: Tree::of(child.id(), mark), child, name: name.to_owned() })
    }

    /// Asks the window manager for something.
    pub(crate) fn wmctrl(&self, args: &[&str]) -> Result<()> {
        let done = self.command("wmctrl").args(args).status().context("wmctrl")?;
        ensure!(done.success(), "wmctrl {}: no such window", args.join(" "));
        Ok(())
    }

    /// Whether a window of this title is on the screen.
    pub(crate) fn shows(&self, title: &str) -> Result<bool> {
        let listed = self.command("wmctrl").arg("-l").stdout(Stdio::piped()).output()?;
        Ok(String::from_utf8_lossy(&listed.stdout).lines().any(|line| line.ends_with(title)))
    }

    /// Takes a window off the screen, without a word to its program.
    pub(crate) fn unmap(&self, title: &str) -> Result<()> {
        let mut unmap = self.command("xdotool");
        unmap.args(["search", "--onlyvisible", "--name", title, "windowunmap"]);
        ensure!(unmap.status().context("xdotool")?.success(), "no window called {title}");
        Ok(())
    }

    /// Turns the wheel over a window: 4 is up, 5 is down.
    pub(crate) fn wheel(&self, title: &str, button: u8, clicks: u32) -> Result<()> {
        let mut turn = self.command("xdotool");
        turn.args(["search", "--onlyvisible", "--name", title, "windowfocus"])
            .args(["mousemove", "--window", "%1", "200", "400"])
            .args(["click", "--repeat", &clicks.to_string(), "--delay", "8", &button.to_string()]);
        ensure!(turn.status().context("xdotool")?.success(), "xdotool could not turn the wheel");
        Ok(())
    }

    fn tells(&mut self, command: &mut Command) -> Result<String> {
        let name = command.get_program().display().to_string();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = child.spawn().with_context(|| name.clone())?;
        let said = child.stdout.take();
        self.children.push(child);
        let mut line = String::new();
        BufReader::new(said.context("its words")?).read_line(&mut line)?;
        if line.trim().is_empty() {
            bail!("{name} did not start");
        }
        Ok(line.trim().to_owned())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A program that is measured, with all that it started.
pub(crate) struct Program {
    child: Child,
    pub(crate) tree: Tree,
    name: String,
}

impl Program {
    /// Fails once it has ended.
    pub(crate) fn lives(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} has ended: {status}", self.name);
        }
        Ok(())
    }

    /// Ends it as a person who signs out would, and waits for it: an app gives its server five seconds for a goodbye.
    pub(crate) fn quit(mut self) {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let end = Instant::now() + 2 * GOODBYE;
        while Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) && self.tree.processes().is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        println!("{} did not end by itself", self.name);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        for process in self.tree.processes() {
            let _ = Command::new("kill").args(["-KILL", &process.to_string()]).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
