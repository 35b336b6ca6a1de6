//! What the app and the processes of its pages take of the computer's memory, where the system tells it cheaply.

/// Kilobytes that would be free if the app ended, and the processes that have them; none where nobody knows.
#[cfg(target_os = "linux")]
pub(crate) fn private() -> Option<(u64, usize)> {
    let all: Vec<(u32, u32)> = std::fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|process| Some((process, parent(process)?)))
        .collect();
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
