//! Settings of the binary: from a file, the environment and the command line, and how it says what is wrong with them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::client::{Client, http};
use crate::process::token;

const BINARY: &str = env!("CARGO_BIN_EXE_aside-server");

fn command(file: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(args).arg("--config").arg(file).env_remove("ASIDE_LOG");
    command
}

fn check(file: &Path, variables: &[(&str, &str)]) -> Output {
    let mut command = command(file, &["check"]);
    command.envs(variables.iter().copied()).output().unwrap()
}

struct Served {
    child: Child,
    addr: SocketAddr,
}

impl Served {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let addr = line.trim().strip_prefix("listening ").expect("the one line").parse().unwrap();
        Self { child, addr }
    }

    /// Asks it to end, and gives what it logged.
    #[cfg(unix)]
    fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_file_is_heeded_the_environment_goes_before_it_and_flags_before_both() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("aside.toml");
    let data = dir.path().join("of-the-file");
    let text = format!(
        "listen = \"127.0.0.1:1\"\ndata = {:?}\n[limits]\ncontent_bytes = 10\nsends_per_minute = 7\n",
        data
    );
    std::fs::write(&file, text).unwrap();
    let secret = token(&data, "ann");
    let mut served = command(&file, &["--listen", "127.0.0.1:0"]);
    served.env("ASIDE_SERVER_LIMITS_CONTENT_BYTES", "20").env("ASIDE_SERVER_LISTEN", "127.0.0.1:2");
    let served = Served::start(served);
    let reply =
        http(served.addr, "GET /api/capabilities", &[("authorization", &secret)], b"").await;
    let limits = reply.json()["data"]["limits"].clone();
    assert_eq!((&limits["contentBytes"], &limits["sendsPerMinute"]), (&20.into(), &7.into()));
    let listed = command(&file, &["room", "list"]).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&listed.stdout),
        "7\ts7\t0\n",
        "subcommands find the data, too"
    );
}

#[test]
fn what_is_wrong_is_said_in_one_line_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("aside.toml");
    for (text, variables, says) in [
        ("listen = \"127.0.0.1:0\"\n", &[][..], None),
        ("[limits]\n\nsocket = 5\n", &[], Some("aside.toml:3: limits.socket: unknown field")),
        (
            "",
            &[("ASIDE_SERVER_SOCKETS", "5")],
            Some("ASIDE_SERVER_SOCKETS: there is no such setting"),
        ),
        ("", &[("ASIDE_SERVER_KEEP_DAYS", "0")], Some("ASIDE_SERVER_KEEP_DAYS: ")),
        ("[metrics]\nlisten = \"0.0.0.0:9095\"\n", &[], Some("needs metrics.token_file")),
        ("[metrics]\ntoken_file = \"/nowhere\"\n", &[], Some("/nowhere")),
        ("[log]\nfilter = \"aside=loud\"\n", &[], Some("log.filter")),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = check(&file, variables);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        match says {
            None => assert!(output.status.success() && output.stdout == b"ok\n", "{log}"),
            Some(says) => {
                assert_eq!(output.status.code(), Some(1), "{text}");
                assert!(log.contains(says) && log.trim_end().lines().count() == 1, "{log}");
            }
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn logs_are_json_where_wanted_and_hold_neither_tokens_nor_what_people_say() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("aside.toml");
    std::fs::write(
        &file,
        "[log]\nformat = \"json\"\nfilter = \"trace\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n",
    )
    .unwrap();
    let data = dir.path().join("data");
    let secret = token(&data, "ann");
    let served = Served::start({
        let mut served = command(&file, &["--listen", "127.0.0.1:0"]);
        served.arg("--data").arg(&data);
        served
    });
    let mut ann = Client::open(served.addr, &secret, "7").await;
    ann.join().await;
    ann.say("canary-body").await;
    ann.object().await;
    let muted = Command::new(BINARY)
        .args(["user", "mute", "--room", "7", "ann", "--reason", "canary-reason", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    assert!(muted.status.success());
    http(served.addr, &format!("GET /health?n={secret}"), &[], b"").await;
    let log = served.stop();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    assert!(lines.iter().any(|line| line["message"] == "socket open" && line["user"] == "ann"));
    assert!(lines.iter().any(|line| line["message"] == "metrics are served"));
    assert!(lines.iter().all(|line| line["level"].is_string() && line["timestamp"].is_string()));
    for canary in [secret.as_str(), "canary"] {
        assert!(!log.contains(canary), "{canary} in the log");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_to_drain_is_seen_draining_before_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("aside.toml");
    std::fs::write(&file, "drain_seconds = 60\n").unwrap();
    let mut command = command(&file, &["--listen", "127.0.0.1:0"]);
    command.arg("--data").arg(dir.path().join("data"));
    let mut served = Served::start(command);
    let id = served.child.id().to_string();
    let term = || assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(http(served.addr, "GET /health", &[], b"").await.status, 200);
    term();
    let drains = Box::pin(async {
        while http(served.addr, "GET /health", &[], b"").await.status != 503 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    crate::client::soon("it drains", drains).await;
    // A second signal: nobody wants to wait for the minute.
    term();
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
}
