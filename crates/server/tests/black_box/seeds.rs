//! Three servers, one log, and trouble by seed: servers die, wires are cut, NATS dies, while members chat and two desks
//! claim and answer. `ASIDE_NODE_SEEDS` says how many seeds, `ASIDE_NODE_SEED` which is the first, `ASIDE_NATS_SERVERS` how many
//! servers NATS has.

mod member;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;

use crate::client::http;
use crate::nats::{Nats, Wire};
use crate::process::{self, printed};
use crate::room::{STREAM, TOPIC};
use member::{Desk, Member};

const NODES: usize = 3;
const MEMBERS: usize = 6;

/// How long there is trouble.
const TROUBLE: Duration = Duration::from_secs(8);

/// How long all of it may take to be well again.
const WELL: Duration = Duration::from_secs(60);

fn of_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

/// Numbers that a seed decides (SplitMix64).
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    fn time(&mut self, from_ms: u64, to_ms: u64) -> Duration {
        Duration::from_millis(from_ms + self.roll(to_ms - from_ms))
    }

    fn fork(&mut self) -> Self {
        Self(self.roll(u64::MAX))
    }
}

/// Where the servers are at the moment.
pub(crate) type Places = Arc<Mutex<Vec<Option<SocketAddr>>>>;

/// One server, with its own wire to NATS. Whatever ends it, it is started again, as a service would be.
struct Node {
    number: usize,
    data: PathBuf,
    wire: Wire,
    places: Places,
    child: Option<Child>,
}

impl Node {
    /// Starts it, and again until it runs: without a log it does not.
    async fn start(&mut self) {
        loop {
            let (data, log) = (self.data.clone(), self.wire.place().url);
            let begun = tokio::task::spawn_blocking(move || spawn(&data, &log)).await.unwrap();
            if let Some((child, addr)) = begun {
                self.child = Some(child);
                self.places.lock().unwrap()[self.number] = Some(addr);
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn kill(&mut self) {
        self.places.lock().unwrap()[self.number] = None;
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    async fn suffer(&mut self, mut dice: Dice, until: Instant) {
        while Instant::now() < until {
            tokio::time::sleep(dice.time(300, 2500)).await;
            match dice.roll(3) {
                0 => {
                    self.kill();
                    tokio::time::sleep(dice.time(0, 800)).await;
                    self.start().await;
                }
                1 => {
                    self.wire.cut();
                    tokio::time::sleep(dice.time(200, 2000)).await;
                    self.wire.mend();
                }
                _ => {
                    self.wire.deafen();
                    tokio::time::sleep(dice.time(200, 2500)).await;
                    self.wire.mend();
                }
            }
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(data: &PathBuf, log: &str) -> Option<(Child, SocketAddr)> {
    std::fs::create_dir_all(data).unwrap();
    let words = std::fs::File::options().create(true).append(true).open(data.join("words"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_aside-server"))
        .args(["--listen", "127.0.0.1:0", "--no-rate-limits", "--log", log, "--data"])
        .arg(data)
        .env("ASIDE_LOG", "info")
        .stdout(Stdio::piped())
        .stderr(words.unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let _ = BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line);
    match line.trim().strip_prefix("listening ") {
        Some(addr) => Some((child, addr.parse().unwrap())),
        None => {
            let _ = child.wait();
            None
        }
    }
}

/// What one seed showed.
struct Shown {
    entries: usize,
    acked: usize,
    claims: usize,
    /// From the end of the trouble until everything that anybody said is acknowledged.
    well_ms: u128,
}

async fn run(seed: u64) -> Shown {
    let mut dice = Dice(seed);
    let servers = of_environment("ASIDE_NATS_SERVERS", 1);
    let mut nats = Nats::cluster(servers as usize).await;
    let (dir, url) = (tempfile::tempdir().unwrap(), nats.url());
    let (config, data) = (dir.path().join("aside.toml"), dir.path().join("0"));
    std::fs::write(&config, format!("[nats]\nreplicas = {servers}\n")).unwrap();
    let shared = ["--log", &url, "--config", config.to_str().unwrap()];
    // A cluster chooses its leader first.
    let begun = Instant::now();
    while !process::run(&data, &[&["room", "list"][..], &shared].concat()).status.success() {
        assert!(begun.elapsed() < WELL, "NATS does not come about");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let token = |user: &str, role: &str| {
        let of = ["token", "create", "--room", TOPIC, "--stream", STREAM, "--name", user];
        let more = ["--user", user, "--role", role, "--org", "Org"];
        printed(&data, &[&of[..], &more, &shared].concat())
    };
    let places: Places = Arc::new(Mutex::new(vec![None; NODES]));
    let members: Vec<Member> = (0..MEMBERS)
        .map(|n| {
            let secret = token(&format!("member-{n}"), "audience");
            Member::new(n, secret, places.clone(), dice.fork())
        })
        .collect();
    let desks: Vec<Desk> = (0..2)
        .map(|n| {
            let secret = token(&format!("desk-{n}"), "staff");
            Desk::new(n, secret, places.clone(), dice.fork())
        })
        .collect();
    let reader = token("reader", "audience");
    let mut nodes = Vec::new();
    for number in 0..NODES {
        let (data, wire) = (dir.path().join(number.to_string()), Wire::to(nats.addr(number)).await);
        let mut node = Node { number, data, wire, places: places.clone(), child: None };
        node.start().await;
        nodes.push(node);
    }
    let until = Instant::now() + TROUBLE;
    let questions = Arc::<Mutex<Vec<String>>>::default();
    let (speaking, (all, whole)) = (Arc::new(AtomicUsize::new(MEMBERS)), watch::channel(0));
    let talking: Vec<_> = members
        .into_iter()
        .map(|member| {
            let talk = member.talk(until, questions.clone(), speaking.clone(), whole.clone());
            tokio::spawn(talk)
        })
        .collect();
    let answering: Vec<_> = desks
        .into_iter()
        .map(|desk| tokio::spawn(desk.work(questions.clone(), speaking.clone())))
        .collect();
    let suffering: Vec<_> = nodes
        .into_iter()
        .map(|mut node| {
            let dice = dice.fork();
            tokio::spawn(async move {
                node.suffer(dice, until).await;
                node
            })
        })
        .collect();
    while Instant::now() < until {
        tokio::time::sleep(dice.time(1500, 5000)).await;
        let number = dice.roll(servers) as usize;
        nats.kill(number);
        tokio::time::sleep(dice.time(100, 1200)).await;
        nats.again(number).await;
    }
    let mut nodes = Vec::new();
    for node in suffering {
        nodes.push(node.await.unwrap());
    }
    let ended = Instant::now();
    let mut claimed = BTreeSet::new();
    for desk in answering {
        let won = tokio::time::timeout(WELL, desk).await.expect("a desk is still unwell");
        for question in won.unwrap() {
            assert!(claimed.insert(question), "seed {seed}: a question has two owners");
        }
    }
    let logs = level(&places, &reader, dir.path()).await;
    all.send(logs.len()).unwrap();
    let (mut acked, mut heard, mut well) = (BTreeMap::new(), Vec::new(), ended);
    for member in talking {
        let told = tokio::time::timeout(WELL, member).await.expect("a member is still unwell");
        let told = told.unwrap();
        for (seq, text) in told.acked {
            assert!(acked.insert(seq, text).is_none(), "seed {seed}: {seq} was given twice");
        }
        heard.push(told.heard);
        well = well.max(told.well.unwrap_or(ended));
    }
    let well_ms = (well - ended).as_millis();
    judge(seed, &logs, &acked, &heard, &questions.lock().unwrap());
    drop(nodes);
    Shown { entries: logs.len(), acked: acked.len(), claims: claimed.len(), well_ms }
}

/// The log, once all servers tell the same one.
async fn level(places: &Places, secret: &str, dir: &Path) -> Vec<Value> {
    let until = Instant::now() + WELL;
    loop {
        let addrs: Vec<SocketAddr> = places.lock().unwrap().iter().map(|at| at.unwrap()).collect();
        let mut logs = Vec::new();
        for addr in addrs {
            logs.push(whole_log(addr, secret).await);
        }
        if logs.iter().all(|log| *log == logs[0]) {
            return logs.swap_remove(0);
        }
        let lengths: Vec<usize> = logs.iter().map(Vec::len).collect();
        assert!(
            Instant::now() < until,
            "the servers tell different logs: {lengths:?}\n{}",
            words(dir)
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The last that the servers said of themselves.
fn words(dir: &Path) -> String {
    let of = |node: usize| {
        let words = std::fs::read_to_string(dir.join(node.to_string()).join("words"));
        let words = words.unwrap_or_default();
        let talk = |line: &&str| !line.contains(" socket ");
        let lines: Vec<&str> = words.lines().filter(talk).collect();
        format!("{node}:\n{}\n", lines[lines.len().saturating_sub(40)..].join("\n"))
    };
    (0..NODES).map(of).collect()
}

async fn whole_log(addr: SocketAddr, secret: &str) -> Vec<Value> {
    let mut log: Vec<Value> = Vec::new();
    loop {
        let after = log.len();
        let target = format!("GET /api/message/chatmsg?resultsPerPage=1000&after={after}");
        let page = http(addr, &target, &[("authorization", secret)], b"").await.json();
        let items = page["data"]["items"].as_array().unwrap();
        if items.is_empty() {
            return log;
        }
        log.extend(items.iter().cloned());
    }
}

fn judge(
    seed: u64,
    log: &[Value],
    acked: &BTreeMap<u64, String>,
    heard: &[Vec<(u64, String)>],
    questions: &[String],
) {
    let entries: Vec<(u64, String)> = log
        .iter()
        .map(|entry| {
            (entry["seq"].as_u64().unwrap(), entry["content"].as_str().unwrap().to_owned())
        })
        .collect();
    for (place, (seq, _)) in (1..).zip(&entries) {
        assert_eq!(*seq, place, "seed {seed}: a hole in the log");
    }
    let mut names = BTreeSet::new();
    for entry in log.iter().filter(|entry| entry["nonce"].is_string()) {
        let name = (entry["user"].to_string(), entry["nonce"].to_string());
        assert!(names.insert(name), "seed {seed}: stored twice: {entry}");
    }
    for (seq, text) in acked {
        let stored = entries.get(*seq as usize - 1).map(|(_, text)| text);
        assert_eq!(stored, Some(text), "seed {seed}: acknowledged, and not there");
    }
    for (member, heard) in heard.iter().enumerate() {
        assert_eq!(heard, &entries, "seed {seed}: member {member} heard something else");
    }
    for id in questions {
        let named = format!("\"{id}\"");
        let answers = entries.iter().filter(|(_, text)| text.contains(&named)).count();
        assert_eq!(answers, 1, "seed {seed}: a question has one answer");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trouble_of_servers_or_nats_loses_or_doubles_anything() {
    let (first, count) =
        (of_environment("ASIDE_NODE_SEED", 1), of_environment("ASIDE_NODE_SEEDS", 2));
    for seed in first..first + count {
        let Shown { entries, acked, claims, well_ms } = run(seed).await;
        assert!(
            acked > 20 && claims > 0,
            "seed {seed}: hardly anything happened: {acked} {claims}"
        );
        let line = serde_json::json!({
            "seed": seed, "entries": entries, "acked": acked, "claims": claims, "well_ms": well_ms,
        });
        eprintln!("{line}");
        if let Some(file) = std::env::var_os("ASIDE_REPORT") {
            use std::io::Write as _;
            let mut file = std::fs::File::options().create(true).append(true).open(file).unwrap();
            writeln!(file, "{line}").unwrap();
        }
    }
}
