//! A display where there is none: an X server in memory with a window manager, and pictures of what it shows.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// A program of ours and all that it starts; they end together, at the latest when this is dropped.
pub(crate) struct Group {
    leader: Child,
}

impl Group {
    pub(crate) fn start(command: &mut Command) -> Result<Group> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let name = command.get_program().to_owned();
        let leader = command.spawn().with_context(|| format!("cannot start {}", name.display()))?;
        Ok(Group { leader })
    }

    /// Its exit status, once it has ended by itself.
    pub(crate) fn ended(&mut self) -> Result<Option<std::process::ExitStatus>> {
        self.leader.try_wait().context("cannot look after a child")
    }

    /// The whole group is asked to end, and made to two seconds later.
    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        let patience = Instant::now() + Duration::from_secs(2);
        while Instant::now() < patience && matches!(self.leader.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
        self.signal("KILL");
        if matches!(self.leader.try_wait(), Ok(None)) {
            // Only where there are no process groups is it still there.
            let _ = self.leader.kill();
            let _ = self.leader.wait();
        }
    }

    /// By the shell's own `kill`: a program of that name is not on every machine, and a call of ours would be unsafe code.
    fn signal(&self, signal: &str) {
        let send = format!("kill -{signal} -{} 2>/dev/null", self.leader.id());
        if cfg!(unix) {
            let _ = Command::new("sh").args(["-c", &send]).status();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether this session has a screen.
pub(crate) fn present() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// An X server without a screen, on a display number that was free.
pub(crate) struct Virtual {
    name: String,
    // Dropped in this order: the window manager before its server.
    _manager: Group,
    _server: Group,
}

impl Virtual {
    pub(crate) fn start() -> Result<Virtual> {
        let mut command = Command::new("Xvfb");
        // It picks the number itself and tells it on the descriptor, once it is ready.
        command.args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]);
        let mut server = Group::start(command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let told = server.leader.stdout.take().context("Xvfb without an output")?;
        let mut number = String::new();
        BufReader::new(told).read_line(&mut number).context("Xvfb tells no display number")?;
        if number.trim().is_empty() {
            bail!("Xvfb did not start");
        }
        let name = format!(":{}", number.trim());
        let mut openbox = Command::new("openbox");
        let manager = Group::start(
            openbox.env("DISPLAY", &name).stdout(Stdio::null()).stderr(Stdio::null()),
        )?;
        Ok(Virtual { name, _manager: manager, _server: server })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Writes what the whole screen shows.
    pub(crate) fn picture(&self, file: &Path) -> Result<()> {
        let shot = Command::new("import")
            .args(["-display", &self.name, "-window", "root"])
            .arg(file)
            .status()
            .context("cannot start import (ImageMagick)")?;
        if !shot.success() {
            bail!("no picture of display {}: {shot}", self.name);
        }
        Ok(())
    }
}

/// Whether a picture shows more than a window that is still empty: the soft edges of a page's text have many colours.
pub(crate) fn shows_something(picture: &Path) -> bool {
    const FEWEST_COLOURS: u32 = 600;
    let counted = Command::new("identify").args(["-format", "%k"]).arg(picture).output();
    counted.is_ok_and(|counted| {
        String::from_utf8_lossy(&counted.stdout)
            .trim()
            .parse::<u32>()
            .is_ok_and(|colours| colours >= FEWEST_COLOURS)
    })
}

/// A bus that starts nothing by itself: no portal, no second keyring, no screen reader, and none of their complaints.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"#;

/// The app inside a session bus of its own with an open, empty keyring, as a desktop would give it.
pub(crate) fn on_stage(
    app: &Path,
    args: &[String],
    display: &Virtual,
    folder: &Path,
) -> Result<Command> {
    // The daemon gets a data folder of its own: it must neither open nor change the keyring of whoever runs this.
    const SCRIPT: &str = r#"
        printf 'throw-away' | XDG_DATA_HOME="$0" gnome-keyring-daemon --foreground --unlock --components=secrets \
            >/dev/null 2>&1 &
        exec "$@""#;
    let (bus, keyring) = (folder.join("bus.conf"), folder.join("keyring"));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&bus, BUS))
        .context("cannot configure a bus")?;
    let mut command = Command::new("dbus-run-session");
    command.arg("--config-file").arg(bus);
    command.args([OsStr::new("--"), OsStr::new("sh"), OsStr::new("-c"), OsStr::new(SCRIPT)]);
    command.arg(keyring).arg(app).args(args);
    command.env("DISPLAY", display.name()).env("GDK_BACKEND", "x11").env_remove("WAYLAND_DISPLAY");
    // There is no graphics card behind Xvfb, nor a screen reader on its bus.
    command.envs([
        ("LIBGL_ALWAYS_SOFTWARE", "1"),
        ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
        ("NO_AT_BRIDGE", "1"),
    ]);
    Ok(command)
}

/// Where the pictures of this run go.
pub(crate) fn pictures(root: &Path) -> Result<PathBuf> {
    let folder = root.join("target/pictures");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
