//! The people of these tests: a CLI that may be told where to die, a server in this process or in one of its own, dice.

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use aside_protocol::{Seq, Token, Topic};
use aside_server::{Config, NewEntry, RoomSpec, Rooms, Running, TokenSpec};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const TOPIC: &str = "9001";
const DATA: &str = "ASIDE_CRASH_TEST_DATA";
const ADDR: &str = "ASIDE_CRASH_TEST_ADDR";
const CORE: &str = "ASIDE_CRASH_TEST_CORE";
const ABORTED: i32 = 6;
const KILLED: i32 = 9;

/// So many random deaths for one of the four tests that have some.
pub(crate) fn kills(usual: usize) -> usize {
    let asked = std::env::var("ASIDE_KILLS").ok().and_then(|kills| kills.parse::<usize>().ok());
    asked.map_or(usual, |kills| kills.div_ceil(4))
}

pub(crate) fn spec(user: &str) -> TokenSpec {
    TokenSpec::staff(RoomSpec::new(TOPIC).stream("s1"), user, "Ann", "Org")
}

/// Everything in the room's log, oldest first.
pub(crate) async fn log(rooms: &Rooms) -> Vec<String> {
    let (mut texts, mut after) = (Vec::new(), Seq(0));
    loop {
        let entries = rooms.entries(&Topic::new(TOPIC), after, 1000).await.unwrap();
        let Some(last) = entries.last() else { return texts };
        after = last.seq.unwrap();
        texts.extend(entries.iter().map(|entry| entry.body().text().to_owned()));
    }
}

/// Somebody else talks all the time, until this is dropped.
pub(crate) struct Load(tokio::task::JoinHandle<()>);

impl Load {
    pub(crate) fn on(rooms: Rooms) -> Self {
        Self(tokio::spawn(async move {
            for n in 0_u64.. {
                let entry = NewEntry::message("u2", "Ana", format!("load {n}"));
                let _told = rooms.publish(&Topic::new(TOPIC), entry).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A CLI in a home of its own.
pub(crate) struct Person {
    pub(crate) home: tempfile::TempDir,
    user: String,
    token: Token,
    server: SocketAddr,
}

impl Person {
    pub(crate) async fn new(rooms: &Rooms, server: SocketAddr, user: &str) -> Self {
        let token = rooms.create_token(spec(user)).await.unwrap().token;
        let home = tempfile::tempdir().unwrap();
        Self { home, user: user.to_owned(), token, server }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aside-cli"));
        self.fill(&mut command, self.home.path(), args);
        command
    }

    /// The same, behind something that sets a limit first.
    pub(crate) fn limited(&self, before: &str, home: &Path, args: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            &format!("{before}; exec \"$0\" \"$@\""),
            env!("CARGO_BIN_EXE_aside-cli"),
        ]);
        self.fill(&mut command, home, args);
        command
    }

    pub(crate) fn fill(&self, command: &mut Command, home: &Path, args: &[&str]) {
        let server = format!("http://{}", self.server);
        command.arg(args[0]).args(["--server", &server, "--topic", TOPIC, "--stream", "s1"]);
        command.args(["--user", &self.user, "--name", "Ann", "--token-env", "SEAT"]);
        command.args(&args[1..]);
        command.env("SEAT", self.token.expose()).env("ASIDE_HOME", home).env("RUST_LOG", "off");
        command.env_remove("ASIDE_FAILPOINT").kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    }

    /// Runs to whatever end, dying at `place` if it gets there.
    pub(crate) async fn run(&self, args: &[&str], place: Option<&str>) -> End {
        let mut command = self.command(args);
        if let Some(place) = place {
            command.env(aside_failpoint::VARIABLE, place);
        }
        let status = tokio::time::timeout(PATIENCE, command.status());
        End::of(status.await.expect("the command ends").unwrap())
    }

    pub(crate) fn outbox(&self) -> Vec<String> {
        crate::remains::outbox(self.home.path())
    }

    /// The room as this person's CLI prints it.
    pub(crate) async fn history(&self) -> Vec<String> {
        let mut command = self.command(&["history", "--json"]);
        let output = tokio::time::timeout(PATIENCE, command.stdout(Stdio::piped()).output());
        texts(&output.await.expect("it ends").unwrap().stdout)
    }
}

/// The texts of lines of JSON; the last line of a process that died may be half a line.
pub(crate) fn texts(lines: &[u8]) -> Vec<String> {
    let lines = lines.split(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    lines.filter_map(|line| Some(line["text"].as_str()?.to_owned())).collect()
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Died,
    Said(i32),
}

impl End {
    pub(crate) fn of(status: ExitStatus) -> Self {
        match status.signal() {
            Some(ABORTED | KILLED) => Self::Died,
            Some(signal) => panic!("ended by signal {signal}"),
            None => Self::Said(status.code().unwrap()),
        }
    }
}

/// The server in this very process, in memory.
pub(crate) async fn server(core_only: bool) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    aside_server::start(Config { core_only, ..Config::for_tests() }, listener).await.unwrap()
}

/// The server as a process of its own, which is this test program again.
pub(crate) struct ServerProcess {
    pub(crate) child: Child,
}

impl ServerProcess {
    pub(crate) async fn start(
        data: &Path,
        addr: SocketAddr,
        core_only: bool,
        place: Option<&str>,
    ) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "stage::a_server_until_it_is_killed", "--ignored", "--nocapture"]);
        command.env(DATA, data).env(ADDR, addr.to_string()).env_remove("ASIDE_FAILPOINT");
        if core_only {
            command.env(CORE, "1");
        }
        if let Some(place) = place {
            command.env(aside_failpoint::VARIABLE, place);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.ends_with("listening") {
                    return;
                }
            }
            panic!("the server did not start");
        };
        tokio::time::timeout(PATIENCE, listening).await.expect("the server starts");
        Self { child }
    }
}

#[allow(clippy::print_stdout, reason = "the parent reads it")]
fn say_listening() {
    println!("listening");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other process of these tests"]
async fn a_server_until_it_is_killed() {
    let (Some(data), Ok(addr)) = (std::env::var_os(DATA), std::env::var(ADDR)) else { return };
    let core_only = std::env::var_os(CORE).is_some();
    let config = Config { data: Some(data.into()), core_only, ..Config::for_tests() };
    let listener = TcpListener::bind(addr).await.unwrap();
    let _running = aside_server::start(config, listener).await.unwrap();
    say_listening();
    std::future::pending::<()>().await;
}

/// Numbers without a pattern, the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}
