//! The binary: its command line, its logs, and what is left of it after `kill -9`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::json;

use crate::client::{Client, Got, http};

const BINARY: &str = env!("CARGO_BIN_EXE_aside-server");

/// A server process, killed when the test ends.
pub(crate) struct Process {
    child: Child,
    pub(crate) addr: SocketAddr,
}

impl Process {
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        Self::spawn(Command::new(BINARY).env("ASIDE_LOG", "trace"), data, more)
    }

    /// One that logs little: nobody reads it, and a pipe that is full would hold the server up.
    pub(crate) fn start_quiet(data: &Path) -> Self {
        Self::spawn(Command::new(BINARY).env("ASIDE_LOG", "warn"), data, &[])
    }

    /// One of several that share a log; dies when it gets to a place, if one is named.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_sharing(data: &Path, log: &str, place: Option<&str>) -> Self {
        let mut command = Command::new(BINARY);
        command.env("ASIDE_LOG", "warn").envs(place.map(|place| ("ASIDE_FAILPOINT", place)));
        Self::spawn(&mut command, data, &["--log", log])
    }

    /// One that dies when it gets to `place`.
    pub(crate) fn start_armed(data: &Path, place: &str) -> Self {
        Self::spawn(Command::new(BINARY).env("ASIDE_FAILPOINT", place), data, &[])
    }

    fn spawn(command: &mut Command, data: &Path, more: &[&str]) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0", "--no-rate-limits", "--data"])
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let addr = line.trim().strip_prefix("listening ").expect("the one line").parse().unwrap();
        Self { child, addr }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it died by itself.
    #[cfg(unix)]
    pub(crate) fn died(&mut self) -> bool {
        use std::os::unix::process::ExitStatusExt as _;
        // Its socket may be closed a moment before it is gone.
        for _ in 0..100 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.signal().is_some();
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        false
    }

    /// SIGTERM, as a service manager sends it; gives the log.
    #[cfg(unix)]
    fn stop(mut self) -> String {
        let asked =
            Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        assert!(self.child.wait().unwrap().success(), "a stop is not a failure");
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn run(data: &Path, args: &[&str]) -> Output {
    Command::new(BINARY).args(args).arg("--data").arg(data).output().unwrap()
}

/// What a command prints; it must succeed.
pub(crate) fn printed(data: &Path, args: &[&str]) -> String {
    let output = run(data, args);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) fn token(data: &Path, user: &str) -> String {
    token_as(data, user, "audience")
}

pub(crate) fn token_as(data: &Path, user: &str, role: &str) -> String {
    let of = ["--user", user, "--name", "Ann", "--role", role];
    let args = ["token", "create", "--room", "7", "--stream", "s7"];
    printed(data, &[&args[..], &of[..]].concat())
}

#[tokio::test]
async fn tokens_and_rooms_are_made_on_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path(), "ann");
    assert!(secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit()), "256 bits");
    assert_eq!(printed(dir.path(), &["room", "list"]), "7\ts7\t0");
    assert_eq!(printed(dir.path(), &["room", "create", "--room", "8"]), "8\t8");
    let listed = printed(dir.path(), &["token", "list"]);
    assert!(!listed.contains(&secret));
    assert!(listed.ends_with("\t7\taudience\tann\tAnn\t-"), "{listed}");

    let server = Process::start(dir.path(), &[]);
    let status = async || {
        http(server.addr, "GET /api/capabilities", &[("authorization", &secret)], b"").await.status
    };
    assert_eq!(status().await, 200);
    let id = listed.split('\t').next().unwrap();
    printed(dir.path(), &["token", "revoke", id]);
    assert_eq!(status().await, 401);

    assert_eq!(run(dir.path(), &["token", "revoke", "nobody"]).status.code(), Some(1));
    assert_eq!(
        run(
            dir.path(),
            &["token", "create", "--room", "7", "--role", "king", "--user", "u", "--name", "N"]
        )
        .status
        .code(),
        Some(2)
    );
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(64).any(|part| part == secret.as_bytes()), "the secret is stored");
    }
}

#[tokio::test]
async fn core_only_is_a_flag() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path(), "ann");
    let server = Process::start(dir.path(), &["--core-only"]);
    let reply =
        http(server.addr, "GET /api/capabilities", &[("authorization", &secret)], b"").await;
    reply.refused(404);
}

#[cfg(unix)]
#[tokio::test]
async fn the_log_holds_neither_tokens_nor_what_people_say_even_at_trace_level() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path(), "ann");
    let server = Process::start(dir.path(), &[]);
    let mut ann = Client::open(server.addr, &secret, "7").await;
    ann.join().await;
    ann.say("canary-body").await;
    ann.object().await;
    ann.text(format!("{{\"token\":\"{secret}\",\"type\":77,\"payLoad\":\"canary-body\"}}")).await;
    ann.next().await;
    let body = json!({ "content": "canary-body", "streamId": "s7" }).to_string();
    let headers = [("authorization", secret.as_str())];
    http(server.addr, "POST /api/question/add", &headers, body.as_bytes()).await;
    http(server.addr, &format!("GET /api/message/chatmsg?token={secret}"), &headers, b"").await;
    http(server.addr, "GET /api/message/chatmsg?stream=canary-body", &headers, b"").await;
    let log = server.stop();
    assert!(log.contains("socket open") && log.contains("server stopped"), "{log}");
    assert!(!log.contains(&secret), "a token in the log");
    assert!(!log.contains("canary-body"), "a body in the log");
}

/// How often it is killed: twenty times, or as often as a long run wants.
fn kills() -> u64 {
    std::env::var("ASIDE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(20)
}

/// Whatever was acknowledged is on disk, once, with the place that was told, however the process ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path(), "ann");
    let mut acked: BTreeMap<u64, String> = BTreeMap::new();
    let mut dice = 1_u64;
    for round in 0..kills() {
        let mut server =
            Process::spawn(Command::new(BINARY).env("ASIDE_LOG", "warn"), dir.path(), &[]);
        // All are in before the moment is counted: on a busy machine, coming in takes longer than that.
        let mut clients = Vec::new();
        for _ in 0..4 {
            clients.push(Client::open(server.addr, &secret, "7").await);
        }
        let senders = clients.into_iter().zip(round * 4..).map(|(client, sender)| {
            let secret = secret.clone();
            tokio::spawn(async move { send_until_it_dies(client, &secret, sender).await })
        });
        let senders: Vec<_> = senders.collect();
        // Another moment each round; there is nothing to wait for but the clock.
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = std::time::Duration::from_millis(20 + (dice >> 33) % 180);
        tokio::time::sleep(moment).await;
        server.kill();
        #[cfg(unix)]
        if round % 50 == 0 {
            crate::crash::whole(dir.path());
        }
        for sender in senders {
            for (seq, content) in sender.await.unwrap() {
                assert!(acked.insert(seq, content).is_none(), "a place was given twice");
            }
        }
    }
    assert!(acked.len() > 100, "only {} were acknowledged", acked.len());
    let server = Process::start_quiet(dir.path());
    let (mut place, mut found) = (0, BTreeMap::new());
    loop {
        let target = format!("GET /api/message/chatmsg?resultsPerPage=1000&after={place}");
        let page = http(server.addr, &target, &[("authorization", &secret)], b"").await.json();
        let items = page["data"]["items"].as_array().unwrap().clone();
        if items.is_empty() {
            break;
        }
        for entry in items {
            place += 1;
            assert_eq!(entry["seq"], place, "a hole in the log");
            found.insert(place, entry["content"].as_str().unwrap().to_owned());
        }
    }
    for (seq, content) in &acked {
        assert_eq!(found.get(seq), Some(content), "an acknowledged entry is gone");
    }
    let mut contents: Vec<_> = found.values().collect();
    contents.sort_unstable();
    contents.dedup();
    assert_eq!(contents.len(), found.len(), "an entry was stored twice");
}

/// Sends as fast as it is acknowledged, eight at a time, and gives what was.
async fn send_until_it_dies(mut client: Client, secret: &str, sender: u64) -> Vec<(u64, String)> {
    let (mut acked, mut sent) = (Vec::new(), 0_u64);
    loop {
        while sent < acked.len() as u64 + 8 {
            let nonce = format!("{sender:08x}-0000-4000-8000-{sent:012x}");
            let frame =
                json!({ "content": format!("{sender}/{sent}"), "nonce": nonce }).to_string();
            let payload = json!({ "topic": "7", "chatInfo": frame }).to_string();
            let text = json!({ "token": secret, "type": 2, "payLoad": payload }).to_string();
            use futures_util::SinkExt;
            if client.ws.send(text.into()).await.is_err() {
                return acked;
            }
            sent += 1;
        }
        match client.next().await {
            Got::Frame { code: 200, data } => {
                let ack: serde_json::Value = serde_json::from_str(&data).unwrap();
                assert_eq!(ack["type"], "ack");
                let nonce = ack["nonce"].as_str().unwrap();
                let number = u64::from_str_radix(&nonce[24..], 16).unwrap();
                acked.push((ack["seq"].as_u64().unwrap(), format!("{sender}/{number}")));
            }
            Got::Frame { .. } => panic!("refused"),
            Got::Closed { .. } | Got::Ended => return acked,
        }
    }
}

#[tokio::test]
async fn a_running_server_heeds_what_the_command_line_says_of_review() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path(), "ann");
    let server = Process::start(dir.path(), &[]);
    let asked = async |text: &str| {
        let body = json!({ "content": text, "streamId": "s7" }).to_string();
        let headers = [("authorization", secret.as_str())];
        let reply = http(server.addr, "POST /api/question/add", &headers, body.as_bytes()).await;
        reply.json()["data"]["review"].clone()
    };
    assert_eq!(asked("one").await, json!(null));
    printed(dir.path(), &["room", "review", "--room", "7", "on"]);
    assert_eq!(asked("two").await, "pending");
    assert_eq!(printed(dir.path(), &["room", "list"]), "7\ts7\t1\treview");
    printed(dir.path(), &["room", "review", "--room", "7", "off"]);
    assert_eq!(asked("three").await, json!(null));
    assert_eq!(run(dir.path(), &["room", "review", "--room", "9", "on"]).status.code(), Some(1));
    assert_eq!(run(dir.path(), &["room", "review", "--room", "7"]).status.code(), Some(2));
}
