//! `load` against the real server, and against one that loses, doubles and moves.

use std::process::{Output, Stdio};

use aside_server::{Config, Limits, RoomSpec, TokenSpec};
use serde_json::Value;
use tokio::process::Command;

use crate::faults::is;
use crate::proxy::{Down, Memory, NONE, Plant};
use crate::{PATIENCE, Room, proxy, report};

fn command(addr: impl std::fmt::Display, token: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aside-cli"));
    command.args(["load", &format!("http://{addr}"), "--topic", "1", "--stream", "s1"]);
    command.args(["--token-env", "FIRST", "--ramp", "0"]).args(args);
    if !args.contains(&"--duration") {
        command.args(["--duration", "1"]);
    }
    command.env("FIRST", token).env("RUST_LOG", "trace").kill_on_drop(true).stdin(Stdio::null());
    command
}

async fn load(addr: impl std::fmt::Display, token: &str, args: &[&str]) -> Output {
    let output = command(addr, token, args).output();
    tokio::time::timeout(PATIENCE, output).await.expect("the load ends").unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_is_told_everything_by_our_server() {
    for core_only in [false, true] {
        let room = Room::new(Config { core_only, ..Config::for_tests() }).await;
        let vote = if core_only { "0" } else { "10" };
        let args =
            ["--members", "40", "--chat", "50", "--ask", "10", "--vote", vote, "--format", "json"];
        let output = load(room.server.addr(), &room.audience, &args).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let table = report(&output);
        let count = |name: &str| table[name].as_u64().unwrap();
        assert!(count("messages") >= 40 && count("questions") >= 8, "{table:#}");
        assert_eq!(count("expected"), 40 * (count("messages") + count("questions")));
        assert_eq!(count("received"), count("expected"));
        assert_eq!(table["latency"]["chat"]["count"], 40 * count("messages"));
        assert_eq!(table["latency"]["vote"].is_null(), core_only, "{table:#}");
        assert!(
            table["latency"]["chat"]["p50"].as_f64() <= table["latency"]["chat"]["max"].as_f64()
        );
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &stderr(&output);
        assert!(!said.contains(&room.audience));
    }
}

/// The one message of all that the fault is for: told to somebody when many others were.
fn is_it(memory: &Memory, data: &Value) -> bool {
    let mut count = memory.shared.lock().unwrap();
    *count += usize::from(is(data, "message"));
    is(data, "message") && *count == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn one_entry_lost_doubled_or_moved_at_one_member_is_seen() {
    let faults: [(&str, Plant); 3] = [
        (
            "lost",
            Plant {
                down: |memory, data, text| {
                    if is_it(memory, &data) { vec![] } else { vec![Down::Text(text)] }
                },
                ..NONE
            },
        ),
        (
            "doubled",
            Plant {
                down: |memory, data, text| match is_it(memory, &data) {
                    true => vec![Down::Text(text.clone()), Down::Text(text)],
                    false => vec![Down::Text(text)],
                },
                ..NONE
            },
        ),
        (
            "moved",
            Plant {
                down: |memory, data, text| match is_it(memory, &data) {
                    true => vec![Down::Later(text)],
                    false => vec![Down::Text(text)],
                },
                ..NONE
            },
        ),
    ];
    for (name, plant) in faults {
        let room = Room::new(Config::for_tests()).await;
        let addr = proxy::start(room.server.addr(), room.audience.clone(), plant).await;
        let args = ["--members", "10", "--chat", "100", "--json"];
        let output = load(addr, &room.audience, &args).await;
        assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
        let table = report(&output);
        for count in ["lost", "doubled", "moved"] {
            // Who hears something first when it is moved is chance: the others may be the ones that differ.
            let many = table[count].as_u64().unwrap();
            assert_eq!(many > 0, count == name, "{name}: {table:#}");
            assert!(many <= 1 || name == "moved", "{name}: {table:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_that_the_server_closes_are_counted_and_what_they_miss_is_lost() {
    let room = Room::new(Config::for_tests()).await;
    let mut running = command(
        room.server.addr(),
        &room.audience,
        &["--members", "5", "--json", "--duration", "2"],
    );
    let child = running.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let topic = aside_protocol::Topic::new("1");
    let some = async {
        while room.server.rooms().entries(&topic, aside_protocol::Seq(0), 10).await.unwrap().len()
            < 5
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, some).await.expect("they talk");
    room.server.close_sockets(1012, "");
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let table = report(&output);
    assert_eq!(table["closed"]["1012"], 5, "{table:#}");
    assert!(table["lost"].as_u64() > Some(0), "{table:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_gives_each_member_a_token_of_its_own() {
    let room = Room::new(Config {
        limits: Limits { sends: None, ..Limits::default() },
        ..Config::default()
    })
    .await;
    let mut lines = String::from("# who\n");
    for number in 0..20 {
        let spec = TokenSpec::audience(RoomSpec::new("1").stream("s1"), format!("u{number}"), "U");
        let token = room.server.rooms().create_token(spec).await.unwrap().token;
        lines.push_str(&format!("u{number} {}\n", token.expose()));
    }
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("tokens");
    std::fs::write(&file, lines).unwrap();
    let tokens = ["--members", "20", "--tokens", file.to_str().unwrap()];
    let output = load(room.server.addr(), "unused", &tokens).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(words.contains("0 lost, 0 doubled, 0 moved, at 0 members"), "{words}");
    // One token for all is more sockets than one user may have.
    let output = load(room.server.addr(), &room.audience, &["--members", "20"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr(&output).contains("--no-rate-limits"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_done_is_said_before_it_begins() {
    let room = Room::new(Config { core_only: true, ..Config::for_tests() }).await;
    let addr = room.server.addr();
    for (token, args, code, words) in [
        ("wrong", &["--members", "3"][..], 3, "refused a token"),
        (room.audience.as_str(), &["--vote", "1"], 2, "no votes"),
        (room.audience.as_str(), &["--chat=-1"], 2, "--chat"),
        (room.audience.as_str(), &["--chat", "NaN"], 2, "--chat"),
        (room.audience.as_str(), &["--tokens", "not-there"], 2, "cannot read not-there"),
    ] {
        let output = load(addr, token, args).await;
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        assert!(stderr(&output).contains(words), "{args:?}: {output:?}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_open_files_that_is_too_low_is_named() {
    let mut command = Command::new("sh");
    let line =
        "ulimit -n 100; exec \"$0\" load http://127.0.0.1:9 --topic 1 --stream s1 --members 200";
    command.args(["-c", line, env!("CARGO_BIN_EXE_aside-cli")]).env("ASIDE_TOKEN", "t");
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = stderr(&output);
    assert!(
        words.contains("need 264 open files")
            && words.contains("may have 100")
            && words.contains("ulimit -n"),
        "{words}"
    );
}
