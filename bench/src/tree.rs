//! What a program and everything that it started cost, as Linux tells it.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// A process, all that carry its mark in their environment, whoever their parent is now, and their children: some overwrite
/// their environment.
pub(crate) struct Tree {
    root: u32,
    mark: String,
}

/// Memory of a tree, in KiB. Pages that processes share are in `rss` once for each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// What only one process has: what would be given back if the program ended.
    pub(crate) uss: u64,
    /// Shared pages by their share.
    pub(crate) pss: u64,
    pub(crate) rss: u64,
}

/// Time on a processor, and how often threads woke up, since each of them exists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effort {
    /// Whole processes, threads that have ended included. In steps of 10 ms.
    cpu: BTreeMap<u32, Duration>,
    /// By thread: nanoseconds on a processor, and waits that it began by itself.
    threads: BTreeMap<u32, (u64, u64)>,
}

/// Linux counts processor time in hundredths of a second for everybody (`getconf CLK_TCK`).
const TICK: Duration = Duration::from_millis(10);

impl Tree {
    pub(crate) fn of(root: u32, mark: String) -> Self {
        Self { root, mark }
    }

    pub(crate) fn processes(&self) -> Vec<u32> {
        let marked = |process: &u32| {
            *process == self.root
                || fs::read(format!("/proc/{process}/environ")).is_ok_and(|environment| {
                    environment.split(|byte| *byte == 0).any(|entry| entry == self.mark.as_bytes())
                })
        };
        let all: Vec<u32> = numbers("/proc").collect();
        let mut found: Vec<u32> = all.iter().copied().filter(marked).collect();
        loop {
            let more = all.iter().copied().filter(|process| {
                !found.contains(process) && parent(*process).is_some_and(|it| found.contains(&it))
            });
            let more: Vec<u32> = more.collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }

    /// Whether a page is drawn in it: WebKit has a process for each.
    pub(crate) fn has_page(&self) -> bool {
        let is_page = |process: &u32| {
            fs::read_to_string(format!("/proc/{process}/comm"))
                .is_ok_and(|name| name.starts_with("WebKitWebProc"))
        };
        self.processes().iter().any(is_page)
    }

    pub(crate) fn memory(&self) -> Memory {
        let mut sum = Memory::default();
        for process in self.processes() {
            let told = fs::read_to_string(format!("/proc/{process}/smaps_rollup"));
            for line in told.unwrap_or_default().lines() {
                let mut words = line.split_whitespace();
                let (Some(name), Some(Ok(kib))) = (words.next(), words.next().map(str::parse))
                else {
                    continue;
                };
                let kib: u64 = kib;
                match name {
                    "Private_Clean:" | "Private_Dirty:" => sum.uss += kib,
                    "Pss:" => sum.pss += kib,
                    "Rss:" => sum.rss += kib,
                    _ => {}
                }
            }
        }
        sum
    }

    pub(crate) fn effort(&self) -> Effort {
        let mut effort = Effort::default();
        for process in self.processes() {
            effort.cpu.insert(process, ticks(process));
            for thread in numbers(&format!("/proc/{process}/task")) {
                let task = format!("/proc/{process}/task/{thread}");
                let ran = fs::read_to_string(format!("{task}/schedstat")).unwrap_or_default();
                let ran = ran.split_whitespace().next().and_then(|word| word.parse().ok());
                let status = fs::read_to_string(format!("{task}/status")).unwrap_or_default();
                let waits = status
                    .lines()
                    .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
                    .and_then(|word| word.trim().parse().ok());
                effort.threads.insert(thread, (ran.unwrap_or(0), waits.unwrap_or(0)));
            }
        }
        effort
    }
}

impl Effort {
    /// Processor time since an earlier look, for spans of ten seconds or more.
    pub(crate) fn cpu_since(&self, before: &Self) -> Duration {
        let spent = |(process, now): (&u32, &Duration)| {
            now.saturating_sub(before.cpu.get(process).copied().unwrap_or_default())
        };
        self.cpu.iter().map(spent).sum()
    }

    /// The same by the scheduler's own clock, exact, without threads that ended in between.
    pub(crate) fn fine_cpu_since(&self, before: &Self) -> Duration {
        Duration::from_nanos(self.threads_since(before).map(|(ran, _)| ran).sum())
    }

    /// How often threads went to sleep by themselves since an earlier look: each is one wake-up.
    pub(crate) fn wakeups_since(&self, before: &Self) -> u64 {
        self.threads_since(before).map(|(_, waits)| waits).sum()
    }

    fn threads_since<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = (u64, u64)> + 'a {
        self.threads.iter().map(|(thread, (ran, waits))| {
            let (earlier_ran, earlier_waits) =
                before.threads.get(thread).copied().unwrap_or_default();
            (ran.saturating_sub(earlier_ran), waits.saturating_sub(earlier_waits))
        })
    }
}

/// A number of a process's `stat`, counted from the first behind its name.
fn stat(process: u32, word: usize) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, behind) = stat.rsplit_once(')')?;
    behind.split_whitespace().nth(word)?.parse().ok()
}

fn parent(process: u32) -> Option<u32> {
    stat(process, 1)
}

/// User and system time.
fn ticks(process: u32) -> Duration {
    TICK * (stat(process, 11).unwrap_or(0) + stat(process, 12).unwrap_or(0))
}

fn numbers(folder: &str) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_its_own_cost() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 30"])
            .env("ASIDE_BENCH_TREE", "tree-test")
            .spawn()
            .unwrap();
        let tree = Tree::of(child.id(), "ASIDE_BENCH_TREE=tree-test".to_owned());
        let mut effort = Effort::default();
        for _ in 0..500 {
            effort = tree.effort();
            if effort.cpu_since(&Effort::default()) >= Duration::from_millis(50) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let memory = tree.memory();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(effort.cpu_since(&Effort::default()) >= Duration::from_millis(50), "{effort:?}");
        assert!(effort.fine_cpu_since(&Effort::default()) >= Duration::from_millis(50));
        assert!(0 < memory.uss && memory.uss <= memory.pss && memory.pss <= memory.rss);
        assert!(tree.processes().is_empty(), "it has ended");
    }
}
