//! Streamer mode: while the screen is broadcast, the window keeps to itself what an audience should not see.
//!
//! What that is, the page decides (pictures, notes, private answers); here is only whether it is so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sysinfo::{Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};
use tauri::{AppHandle, Manager};
use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

use crate::dto::StreamerMode;
use crate::shell::Shell;
use crate::windows::{self, RoomWindow};

/// How often the running programs are looked through where there is a page, shown or not: it must know when it appears.
const EVERY: Duration = Duration::from_secs(10);

/// Programs that broadcast, as their processes are called, without `.exe` and in small letters.
const BROADCASTERS: [&str; 16] = [
    "obs",
    "obs32",
    "obs64",
    "slobs",
    "streamlabs",
    "streamlabs desktop",
    "streamlabs obs",
    "xsplit.broadcaster",
    "xsplit.core",
    "vmix",
    "vmix64",
    "prismlivestudio",
    "twitchstudio",
    "wirecast",
    "livehime",
    "直播伴侣",
];

/// What is known of a broadcast.
#[derive(Default)]
pub(crate) struct Streamer {
    broadcasting: AtomicBool,
    /// When that was last found out.
    looked: Mutex<Option<Instant>>,
    wake: Notify,
}

impl Streamer {
    /// Whether the mode is in force.
    pub(crate) fn is_on(&self, mode: StreamerMode) -> bool {
        match mode {
            StreamerMode::On => true,
            StreamerMode::Off => false,
            StreamerMode::Auto => self.broadcasting.load(Ordering::SeqCst),
        }
    }

    /// Whether the mode is in force now, for whoever is about to show something: what is known may be [`EVERY`] old.
    pub(crate) async fn is_on_now(&self, mode: StreamerMode) -> bool {
        self.look(mode, EVERY).await;
        self.is_on(mode)
    }

    /// Looks through the running programs, where what is known is so old.
    async fn look(&self, mode: StreamerMode, age: Duration) {
        // Nobody's programs are looked at without need.
        if mode != StreamerMode::Auto {
            return;
        }
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|at| at.elapsed() < age) {
            return;
        }
        let found = tokio::task::spawn_blocking(is_broadcasting).await.unwrap_or(false);
        self.broadcasting.store(found, Ordering::SeqCst);
        *looked = Some(Instant::now());
    }

    /// A person chose, or a window appears: that counts at once.
    pub(crate) fn look_again(&self) {
        self.wake.notify_one();
    }
}

/// Looks for programs that broadcast, and tells the page, for as long as the app runs.
pub(crate) async fn keep(app: AppHandle) {
    let shell = app.state::<Shell>();
    let mut told = false;
    loop {
        let mode = shell.remembered.read(|memory| memory.settings.streamer_mode);
        shell.streamer.look(mode, Duration::ZERO).await;
        let on = shell.streamer.is_on(mode);
        if on != told {
            told = on;
            // A page that is being built reads it from its snapshot.
            windows::tell(&app, "streamer", on);
        }
        let woken = shell.streamer.wake.notified();
        if RoomWindow::ALL.into_iter().any(|which| which.find(&app).is_some()) {
            let _woken = tokio::time::timeout(EVERY, woken).await;
        } else {
            // Whoever builds a window says so.
            woken.await;
        }
    }
}

fn is_broadcasting() -> bool {
    // Where a system shows nobody's programs, nothing is known to run.
    let Ok(mut system) = System::new() else { return false };
    let names_alone = ProcessRefreshKind::nothing().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, names_alone);
    // What has ended keeps its name until whoever started it takes notice.
    let runs = |process: &Process| !matches!(process.status(), ProcessStatus::Zombie);
    let named = |process: &Process| process.name().to_str().is_some_and(is_broadcaster);
    system.processes().values().any(|process| named(process) && runs(process))
}

fn is_broadcaster(process: &str) -> bool {
    let name = process.to_lowercase();
    BROADCASTERS.contains(&name.strip_suffix(".exe").unwrap_or(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_known_by_their_names_and_no_others() {
        for name in
            ["obs", "OBS", "obs64.exe", "Streamlabs Desktop.exe", "XSplit.Core.exe", "vMix64.exe"]
        {
            assert!(is_broadcaster(name), "{name}");
        }
        for name in ["", "obsidian", "jobs", "obs.txt", "obs-browser-page", "aside"] {
            assert!(!is_broadcaster(name), "{name}");
        }
    }

    #[test]
    fn what_a_person_chose_counts_more_than_what_runs() {
        let streamer = Streamer::default();
        let all = [StreamerMode::Auto, StreamerMode::On, StreamerMode::Off];
        assert_eq!(all.map(|mode| streamer.is_on(mode)), [false, true, false]);
        streamer.broadcasting.store(true, Ordering::SeqCst);
        assert_eq!(all.map(|mode| streamer.is_on(mode)), [true, true, false]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_that_runs_under_such_a_name_is_found_until_it_has_ended() {
        // Whoever runs the tests may be broadcasting.
        let before = is_broadcasting();
        let folder = tempfile::tempdir().unwrap();
        let obs = folder.path().join("obs");
        std::fs::copy("/bin/sleep", &obs).unwrap();
        let mut running = std::process::Command::new(&obs).arg("60").spawn().unwrap();
        let found = is_broadcasting();
        running.kill().unwrap();
        // Ended, and nobody has taken notice yet.
        let stat = format!("/proc/{}/stat", running.id());
        while !std::fs::read_to_string(&stat).unwrap().contains(") Z ") {
            std::thread::yield_now();
        }
        let found_dead = is_broadcasting();
        running.wait().unwrap();
        assert_eq!((found, found_dead), (true, before));
    }
}
