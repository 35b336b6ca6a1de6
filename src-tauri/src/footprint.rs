//! What the app and the processes of its pages take of the computer's memory, where the system tells it cheaply, and what the
//! app gives back of it.

#[cfg(target_os = "linux")]
mod giving_back;

#[cfg(target_os = "linux")]
use std::time::Duration;

use tauri::AppHandle;
#[cfg(target_os = "linux")]
use tauri::Manager;

/// What ends with a page, or with the process that served it, has ended after this.
#[cfg(target_os = "linux")]
const ENDING: Duration = Duration::from_secs(3);

/// Soon gives back what only pages need, if there is none then.
#[cfg(target_os = "linux")]
pub(crate) fn give_back_soon(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        for step in [giving_back::end_helper, giving_back::give_back] {
            tokio::time::sleep(ENDING).await;
            let has_none = app.clone();
            // Windows are built there, so that none is while this is done.
            let _ending = app.run_on_main_thread(move || {
                if has_none.webview_windows().is_empty() {
                    step();
                }
            });
        }
    });
}

/// Nothing is known to be left.
#[cfg(not(target_os = "linux"))]
pub(crate) fn give_back_soon(_: &AppHandle) {}

/// Kilobytes that would be free if the app ended, and the processes that have them; none where nobody knows.
#[cfg(target_os = "linux")]
pub(crate) fn private() -> Option<(u64, usize)> {
    let all: Vec<(u32, u32)> =
        processes()?.filter_map(|process| Some((process, parent(process)?))).collect();
    let mut tree = vec![std::process::id()];
    let mut at = 0;
    while let Some(process) = tree.get(at).copied() {
        tree.extend(all.iter().filter(|(_, parent)| *parent == process).map(|(child, _)| child));
        at += 1;
    }
    let taken: Vec<u64> = tree.into_iter().filter_map(kilobytes).collect();
    (!taken.is_empty()).then(|| (taken.iter().sum(), taken.len()))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn private() -> Option<(u64, usize)> {
    None
}

#[cfg(target_os = "linux")]
fn processes() -> Option<impl Iterator<Item = u32>> {
    let entries = std::fs::read_dir("/proc").ok()?;
    Some(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

#[cfg(target_os = "linux")]
fn parent(process: u32) -> Option<u32> {
    let told = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // A process may be called anything, brackets included.
    told.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(target_os = "linux")]
fn kilobytes(process: u32) -> Option<u64> {
    let told = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let private = told.lines().filter(|line| line.starts_with("Private_"));
    Some(private.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    #[test]
    fn the_whole_tree_is_counted() {
        let (alone, processes) = super::private().unwrap();
        assert!(alone > 500 && processes >= 1, "{alone} {processes}");
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        assert!(super::private().unwrap().1 > processes);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
