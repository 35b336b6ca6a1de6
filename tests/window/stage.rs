//! Where the app plays: a display, a session bus and an open keyring of its own, and a home that is thrown away.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use uuid::Uuid;

/// The variable by which everything that runs on a stage is found again, whoever started it.
const MARK: &str = "ASIDE_STAGE";

/// A bus that starts nothing by itself: no portal, no second keyring, no screen reader.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"#;

/// What makes a bus for screen readers; at-spi2-core keeps it outside of PATH.
const READERS: &str = "/usr/libexec/at-spi-bus-launcher";

/// A corner and a size.
pub(crate) type Place = (usize, usize, usize, usize);

/// Ends with everything that was started on it.
pub(crate) struct Stage {
    name: String,
    mark: String,
    folder: TempDir,
    display: String,
    bus: String,
    /// Of the language that the system speaks.
    pub(crate) lang: String,
    /// The app: what was built with the tests, unless it is to be another.
    pub(crate) program: &'static str,
    /// Whether a screen reader is there.
    is_read: bool,
    children: Vec<Child>,
}

impl Stage {
    /// `name` is the test's: pictures and logs of a failure are found under it.
    pub(crate) fn set(name: &str) -> Stage {
        let folder = tempfile::Builder::new().prefix("aside-stage-").tempdir().unwrap();
        let mut stage = Stage {
            name: name.to_owned(),
            mark: Uuid::new_v4().to_string(),
            folder,
            display: String::new(),
            bus: String::new(),
            lang: "en_US.UTF-8".to_owned(),
            program: env!("CARGO_BIN_EXE_aside"),
            is_read: false,
            children: Vec::new(),
        };
        for below in ["aside", "home", "run", "keyring"] {
            let below = stage.folder.path().join(below);
            fs::create_dir(&below).unwrap();
            fs::set_permissions(&below, fs::Permissions::from_mode(0o700)).unwrap();
        }
        // Whoever has been here before is shown no tour.
        let settings = stage.home().join("settings.json");
        fs::write(&settings, r#"{"version": 1}"#).unwrap();
        fs::set_permissions(&settings, fs::Permissions::from_mode(0o600)).unwrap();
        let bus = stage.folder.path().join("bus.conf");
        fs::write(&bus, BUS).unwrap();
        let screen = ["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"];
        stage.display = format!(":{}", stage.tells(Command::new("Xvfb").args(screen)));
        let daemon = ["--nofork", "--nopidfile", "--print-address=1", "--config-file"];
        stage.bus = stage.tells(Command::new("dbus-daemon").args(daemon).arg(&bus));
        stage.open_keyring();
        let openbox = stage.command("openbox").stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        stage.children.push(openbox.expect("openbox"));
        stage
    }

    /// The same where the app has never been.
    pub(crate) fn fresh(name: &str) -> Stage {
        let stage = Stage::set(name);
        fs::remove_file(stage.home().join("settings.json")).unwrap();
        stage
    }

    /// A program with this stage as its desktop.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let below = |folder: &str| self.folder.path().join(folder);
        let mut command = Command::new(program.as_ref());
        command
            .env(MARK, &self.mark)
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("ASIDE_HOME", self.home())
            .env("HOME", below("home"))
            .env("XDG_RUNTIME_DIR", below("run"))
            .env("GDK_BACKEND", "x11")
            .env("LANG", &self.lang)
            .env("RUST_LOG", "trace")
            // No graphics card is on this stage.
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .stdin(Stdio::null());
        for inherited in [
            "WAYLAND_DISPLAY",
            "XDG_DATA_HOME",
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
            "LC_ALL",
            "LANGUAGE",
            "NO_AT_BRIDGE",
        ] {
            command.env_remove(inherited);
        }
        if !self.is_read {
            command.env("NO_AT_BRIDGE", "1");
        }
        command
    }

    /// Makes room for a screen reader; whoever is on the stage already stays as it is.
    pub(crate) fn admit_a_reader(&mut self) {
        self.is_read = true;
        let mut readers = self.command(READERS);
        self.run_along(readers.arg("--launch-immediately"));
    }

    /// Starts a program that runs along, its words in a log of ours.
    pub(crate) fn run_along(&mut self, command: &mut Command) {
        let log = fs::File::options().create(true).append(true).open(self.log()).unwrap();
        self.run_along_into(command, log.into());
    }

    /// The same, with what it puts out elsewhere.
    pub(crate) fn run_along_into(&mut self, command: &mut Command, output: Stdio) {
        let log = fs::File::options().create(true).append(true).open(self.log()).unwrap();
        let child = command.stdout(output).stderr(log).spawn();
        self.children.push(
            child.unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display())),
        );
    }

    /// `ASIDE_HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("aside")
    }

    /// Where the desktop keeps what is the person's.
    pub(crate) fn user_home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The address of its session bus.
    pub(crate) fn bus(&self) -> &str {
        &self.bus
    }

    /// Everything that was written on this stage, but for the keyring.
    pub(crate) fn written(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for below in ["aside", "home", "run"] {
            collect(&self.folder.path().join(below), &mut files);
        }
        files.push(self.log());
        files
    }

    /// The words of the app and its driver, standard output and error alike.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("app.log")
    }

    /// The titles of the windows that the window manager shows.
    pub(crate) fn windows(&self) -> Vec<String> {
        let listed = self.command("wmctrl").arg("-l").output().expect("wmctrl");
        // Four columns: the window's number, its desktop, its machine, its title.
        let title = |line: &str| line.split_whitespace().skip(3).collect::<Vec<_>>().join(" ");
        String::from_utf8_lossy(&listed.stdout).lines().map(title).collect()
    }

    /// Whether the window manager keeps a window above all others.
    pub(crate) fn is_above(&self, title: &str) -> bool {
        self.has_state(title, "_NET_WM_STATE_ABOVE")
    }

    /// Whether a window is minimised.
    pub(crate) fn is_minimized(&self, title: &str) -> bool {
        self.has_state(title, "_NET_WM_STATE_HIDDEN")
    }

    fn has_state(&self, title: &str, state: &str) -> bool {
        let number = self.number(title);
        let told = self.command("xprop").args(["-id", &number, "_NET_WM_STATE"]).output();
        String::from_utf8_lossy(&told.expect("xprop").stdout).contains(state)
    }

    /// Minimises a window, as the button in its frame does.
    pub(crate) fn minimize(&self, title: &str) {
        let number = self.number(title);
        let minimized = self.command("xdotool").args(["windowminimize", &number]).status();
        assert!(minimized.expect("xdotool").success(), "{title}");
    }

    /// The title of the window that has the keyboard.
    pub(crate) fn active(&self) -> String {
        let told = self.command("xdotool").args(["getactivewindow", "getwindowname"]).output();
        String::from_utf8(told.expect("xdotool").stdout).unwrap().trim().to_owned()
    }

    /// Gives a window the keyboard.
    pub(crate) fn activate(&self, title: &str) {
        assert!(self.command("wmctrl").args(["-F", "-a", title]).status().unwrap().success());
    }

    /// Moves the pointer to a place in a window and clicks there, whoever gets that.
    pub(crate) fn click_at(&self, title: &str, x: u32, y: u32) {
        let (number, x, y) = (self.number(title), x.to_string(), y.to_string());
        let steps = ["mousemove", "--window", &number, &x, &y, "click", "1"];
        let clicked = self.command("xdotool").args(steps).status().expect("xdotool");
        assert!(clicked.success(), "{title}");
    }

    /// By which the window manager knows a window, while there is one.
    pub(crate) fn find(&self, title: &str) -> Option<String> {
        let listed = self.command("wmctrl").arg("-l").output().expect("wmctrl");
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let line = listed.lines().find(|line| line.ends_with(title))?;
        line.split(' ').next().map(str::to_owned)
    }

    fn number(&self, title: &str) -> String {
        self.find(title).expect("a window")
    }

    /// Presses keys as the keyboard does, whoever has it: `ctrl+alt+a`.
    pub(crate) fn press(&self, keys: &str) {
        // As long as a finger rests on it.
        let steps = ["keydown", keys, "sleep", "0.15", "keyup", keys];
        let pressed = self.command("xdotool").args(steps).status().expect("xdotool");
        assert!(pressed.success(), "{keys}");
    }

    /// Clicks the cross of a window, as far as the app can tell.
    pub(crate) fn close_window(&self, title: &str) {
        let closed = self.command("wmctrl").args(["-F", "-c", title]).status().expect("wmctrl");
        assert!(closed.success(), "no window is called {title}");
    }

    /// Gives a window another size, as a hand at its corner would.
    pub(crate) fn resize_window(&self, title: &str, width: u32, height: u32) {
        let place = format!("0,-1,-1,{width},{height}");
        let resized =
            self.command("wmctrl").args(["-r", title, "-e", &place]).status().expect("wmctrl");
        assert!(resized.success(), "no window is called {title}");
    }

    /// Puts a window somewhere on the screen, in this size.
    pub(crate) fn place_window(&self, title: &str, (x, y, width, height): Place) {
        let place = format!("0,{x},{y},{width},{height}");
        let placed =
            self.command("wmctrl").args(["-r", title, "-e", &place]).status().expect("wmctrl");
        assert!(placed.success(), "no window is called {title}");
    }

    /// Where a window is on the screen, without its frame.
    pub(crate) fn place_of(&self, title: &str) -> Place {
        let number = self.number(title);
        let told = self.command("xwininfo").args(["-id", &number]).output().expect("xwininfo");
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        let part = |name: &str| {
            let line = told.lines().find_map(|line| line.trim().strip_prefix(name));
            line.expect(name).trim().parse().expect(name)
        };
        let corner = (part("Absolute upper-left X:"), part("Absolute upper-left Y:"));
        (corner.0, corner.1, part("Width:"), part("Height:"))
    }

    /// The processes of a program on this stage, by the name of its file.
    pub(crate) fn processes(&self, program: &str) -> Vec<u32> {
        let is = |process: &u32| {
            fs::read_link(format!("/proc/{process}/exe")).is_ok_and(|exe| exe.ends_with(program))
        };
        self.everyone().into_iter().filter(is).collect()
    }

    /// Keeps what the screen shows, and the log, where whoever looks into a failure finds them.
    pub(crate) fn keep_evidence(&self) {
        let evidence = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/e2e");
        let _ = fs::create_dir_all(&evidence);
        let picture = evidence.join(format!("{}.png", self.name));
        let _ = self.command("import").args(["-window", "root"]).arg(&picture).status();
        let log = evidence.join(format!("{}.log", self.name));
        let _ = fs::copy(self.log(), &log);
        eprintln!("the screen: {}\nthe log: {}", picture.display(), log.display());
    }

    /// Starts a program whose first line says where it is to be found.
    fn tells(&mut self, command: &mut Command) -> String {
        let mut child = command
            .env(MARK, &self.mark)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.children.push(child);
        assert!(!line.trim().is_empty(), "{} did not start", command.get_program().display());
        line.trim().to_owned()
    }

    fn open_keyring(&mut self) {
        let mut keyring = self.command("gnome-keyring-daemon");
        keyring.args(["--foreground", "--unlock", "--components=secrets"]);
        keyring.env("XDG_DATA_HOME", self.folder.path().join("keyring")).stdin(Stdio::piped());
        let mut keyring = keyring
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon");
        keyring.stdin.take().unwrap().write_all(b"throw-away").unwrap();
        self.children.push(keyring);
    }

    fn everyone(&self) -> Vec<u32> {
        let mark = format!("{MARK}={}", self.mark);
        let marked = |process: &u32| {
            fs::read(format!("/proc/{process}/environ")).is_ok_and(|environment| {
                environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
            })
        };
        let numbers = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        numbers.filter(marked).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep_evidence();
        }
        let everyone: Vec<String> = self.everyone().iter().map(u32::to_string).collect();
        let kill = format!("kill -9 {} 2>/dev/null", everyone.join(" "));
        let _ = Command::new("sh").args(["-c", &kill]).status();
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
    {
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
}
