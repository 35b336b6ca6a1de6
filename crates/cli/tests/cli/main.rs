//! The real binary against the real server, with its extensions and without: what scripts rely on.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

#[cfg(unix)]
mod ends;
mod offline;
mod tail;

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use aside_protocol::{Seq, Token, Topic};
use aside_server::{Config, NewEntry, RoomSpec, Running, TokenSpec};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Command;

use tail::Tail;

const TOPIC: &str = "8001";
const PATIENCE: Duration = Duration::from_secs(30);

struct World {
    server: Running,
    home: tempfile::TempDir,
    token: Token,
}

impl World {
    async fn new(core_only: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = Config { core_only, ..Config::for_tests() };
        let server = aside_server::start(config, listener).await.unwrap();
        let spec = TokenSpec::staff(room(), "u1", "小明", "Org");
        let token = server.rooms().create_token(spec).await.unwrap().token;
        Self { server, home: tempfile::tempdir().unwrap(), token }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command =
            command(self.home.path(), &format!("http://{}", self.server.addr()), args);
        command.env("SEAT", self.token.expose());
        command
    }

    async fn run(&self, args: &[&str]) -> Output {
        finish(self.command(args)).await
    }

    async fn texts(&self) -> Vec<String> {
        let entries = self.server.rooms().entries(&Topic::new(TOPIC), Seq(0), 1000).await.unwrap();
        entries.iter().map(|entry| entry.body().text().to_owned()).collect()
    }
}

fn room() -> RoomSpec {
    RoomSpec::new(TOPIC).stream("s1")
}

fn command(home: &Path, server: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aside-cli"));
    command.arg(args[0]);
    command.args([
        "--server", server, "--topic", TOPIC, "--stream", "s1", "--user", "u1", "--name", "小明",
    ]);
    command.args(["--token-env", "SEAT"]).args(&args[1..]);
    command
        .env("ASIDE_HOME", home)
        .env("RUST_LOG", "trace,tungstenite::handshake=trace") // a longer target wins
        .kill_on_drop(true)
        .stdin(Stdio::null());
    command
}

async fn finish(mut command: Command) -> Output {
    tokio::time::timeout(PATIENCE, command.output()).await.expect("the command ends").unwrap()
}

fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn in_both_modes(story: impl AsyncFn(World)) {
    for core_only in [false, true] {
        story(World::new(core_only).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn send_and_ask_end_when_the_server_has_it() {
    in_both_modes(async |world| {
        let mut tail = Tail::start(&world, &[]);
        tail.state("online").await;
        let sent = world.run(&["send", "--json", "你好 \"world\""]).await;
        assert_eq!(sent.status.code(), Some(0), "{}", String::from_utf8_lossy(&sent.stderr));
        assert_eq!(json_lines(&sent)[0]["text"], "你好 \"world\"");
        assert_eq!(tail.entry().await["text"], "你好 \"world\"");
        let asked = world.run(&["ask", "几点?"]).await;
        assert_eq!(asked.status.code(), Some(0), "{}", String::from_utf8_lossy(&asked.stderr));
        let line = tail.entry().await;
        assert_eq!(
            (line["kind"].as_str(), line["text"].as_str()),
            (Some("question"), Some("几点?"))
        );
        assert_eq!(world.texts().await, ["你好 \"world\"", "几点?"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_staff_look_at_first_is_asked_and_so_it_says() {
    let mut world = World::new(false).await;
    let rooms = world.server.rooms().clone();
    world.token =
        rooms.create_token(TokenSpec::audience(room(), "u1", "小明")).await.unwrap().token;
    rooms.set_review(&Topic::new(TOPIC), true).await.unwrap();
    let asked = world.run(&["ask", "--json", "几点?"]).await;
    let said = String::from_utf8_lossy(&asked.stderr);
    assert_eq!(asked.status.code(), Some(0), "{said}");
    assert!(said.contains("staff look at it before the room sees it"), "{said}");
    let lines = json_lines(&asked);
    assert!(lines[0]["id"].as_str().unwrap().ends_with("-r1"), "{lines:?}");
    assert_eq!((lines[0]["text"].as_str(), lines[0]["seq"].as_u64()), (Some("几点?"), None));
    // What comes later is not held up by it, and it is not asked again.
    assert_eq!(world.run(&["send", "hello"]).await.status.code(), Some(0));
    assert_eq!(world.texts().await, ["hello"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_word_holds_is_taken_and_so_it_says() {
    let mut world = World::new(false).await;
    let rooms = world.server.rooms().clone();
    world.token =
        rooms.create_token(TokenSpec::audience(room(), "u1", "小明")).await.unwrap().token;
    rooms.change_words(&Topic::new(TOPIC), "en", &["gold".to_owned()], true).await.unwrap();
    let sent = world.run(&["send", "--json", "free gold"]).await;
    let said = String::from_utf8_lossy(&sent.stderr);
    assert_eq!(sent.status.code(), Some(0), "{said}");
    assert!(said.contains("staff look at it before the room sees it"), "{said}");
    let lines = json_lines(&sent);
    assert!(lines[0]["id"].as_str().unwrap().ends_with("-r1"), "{lines:?}");
    assert_eq!((lines[0]["kind"].as_str(), lines[0]["seq"].as_u64()), (Some("message"), None));
    // What comes later is not held up by it, and it is not sent again.
    assert_eq!(world.run(&["send", "hello"]).await.status.code(), Some(0));
    assert_eq!(world.texts().await, ["hello"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_answer_by_the_questions_id() {
    let world = World::new(false).await;
    let asked = world.run(&["ask", "--json", "几点?"]).await;
    let id = json_lines(&asked)[0]["id"].as_str().unwrap().to_owned();
    let answered = world.run(&["answer", "--json", "--question", &id, "八点"]).await;
    assert_eq!(answered.status.code(), Some(0), "{}", String::from_utf8_lossy(&answered.stderr));
    let history = world.run(&["history", "--json"]).await;
    let lines = json_lines(&history);
    assert_eq!(
        (lines[1]["kind"].as_str(), lines[1]["question"].as_str()),
        (Some("answer"), Some("几点?"))
    );
    assert_eq!((lines[1]["seq"].as_u64(), lines[1]["org"].as_str()), (Some(2), Some("Org")));
}

#[tokio::test(flavor = "multi_thread")]
async fn answering_is_refused_where_a_server_does_not_offer_it() {
    let world = World::new(true).await;
    let refused = world.run(&["answer", "--question", "q1", "八点"]).await;
    assert_eq!(refused.status.code(), Some(3));
    assert!(world.texts().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn history_prints_the_whole_room_in_order() {
    in_both_modes(async |world| {
        let entries = (0..2300).map(|n| NewEntry::message("u2", "Ana", format!("{n}"))).collect();
        world.server.rooms().seed(&Topic::new(TOPIC), entries).await.unwrap();
        let all = world.run(&["history", "--json"]).await;
        let texts: Vec<String> =
            json_lines(&all).iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect();
        assert_eq!(texts, (0..2300).map(|n| n.to_string()).collect::<Vec<_>>());
        let some = world.run(&["history", "--json", "--limit", "3"]).await;
        assert_eq!(
            json_lines(&some).iter().map(|line| line["text"].clone()).collect::<Vec<_>>(),
            ["2297", "2298", "2299"]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_refused_at_once_and_shows_nowhere() {
    in_both_modes(async |world| {
        for args in [&["send", "hello"][..], &["tail", "--json"], &["history"]] {
            let mut command = world.command(args);
            command.env("SEAT", "canary-5f3a91");
            let refused = finish(command).await;
            assert_eq!(refused.status.code(), Some(3), "{args:?}");
            let said = [refused.stdout, refused.stderr].concat();
            assert!(!String::from_utf8_lossy(&said).contains("canary-5f3a91"));
        }
        assert_eq!(world.server.probe().accepted(), 0);
        assert!(
            world.server.probe().requests().len() <= 12,
            "{:?}",
            world.server.probe().requests()
        );
        assert!(!contains(world.home.path(), b"canary-5f3a91"));
        // What was refused does not go out with the next command.
        assert_eq!(world.run(&["send", "later"]).await.status.code(), Some(0));
        assert_eq!(world.texts().await, ["later"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_a_failure_and_nothing_is_sent_later() {
    let world = World::new(false).await;
    let mut command =
        command(world.home.path(), "http://127.0.0.1:9", &["send", "--timeout", "2", "hello"]);
    command.env("SEAT", "t");
    let failed = finish(command).await;
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("it was not sent"));
}

#[tokio::test]
async fn a_command_line_that_makes_no_sense_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let missing_token = finish(command(home.path(), "http://127.0.0.1:9", &["tail"])).await;
    assert_eq!(missing_token.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing_token.stderr).contains("environment variable SEAT"));
    for (server, args) in
        [("ftp://x", &["tail"][..]), ("nonsense", &["tail"]), ("http://127.0.0.1:9", &["dance"])]
    {
        let mut command = command(home.path(), server, args);
        command.env("SEAT", "t");
        assert_eq!(finish(command).await.status.code(), Some(2), "{server} {args:?}");
    }
}

fn contains(dir: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return contains(&path, needle);
        }
        std::fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle)
    })
}

#[tokio::test]
async fn the_whole_room_is_searched_and_exported_also_without_the_server() {
    let world = World::new(false).await;
    let topic = Topic::new(TOPIC);
    for n in 0..700 {
        let entry = NewEntry::message("a", "Ana", format!("line {n} 天气"));
        world.server.rooms().seed(&topic, vec![entry]).await.unwrap();
    }
    let asked = NewEntry::question("a", "Ana", "为什么?");
    let asked = world.server.rooms().publish(&topic, asked).await.unwrap();
    let answered = world.run(&["answer", "--question", asked.id.as_str(), "因为"]).await;
    assert!(answered.status.success(), "{answered:?}");
    let found = world.run(&["search", "天气 line from:ana", "--limit", "1000", "--json"]).await;
    assert!(found.status.success(), "{found:?}");
    let lines: Vec<Value> =
        stdout(&found).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 700);
    let found = world.run(&["search", "-line is:question", "--json"]).await;
    let found: Value = serde_json::from_str(stdout(&found).trim()).unwrap();
    assert_eq!(found["text"], "为什么?", "a query may begin with a minus");
    let out = world.home.path().join("room.csv");
    let out = out.to_str().unwrap();
    let export = ["export", "--format", "csv", "--out", out];
    let exported = world.run(&export).await;
    assert!(exported.status.success(), "{exported:?}");
    let csv = std::fs::read_to_string(out).unwrap();
    assert!(csv.contains("为什么?") && csv.contains("因为") && csv.contains("answered"), "{csv}");
    let again = world.run(&export).await;
    assert_eq!(again.status.code(), Some(2), "what is there is not written over: {again:?}");

    let World { server, home, .. } = world;
    let url = format!("http://{}", server.addr());
    server.stop().await;
    let offline =
        finish(command(home.path(), &url, &["search", "#1", "--offline", "--json"])).await;
    assert!(stdout(&offline).contains("为什么?"), "{offline:?}");
    let force = ["export", "--format", "json", "--out", out, "--offline", "--force"];
    let offline = finish(command(home.path(), &url, &force)).await;
    assert!(offline.status.success(), "{offline:?}");
    let json: Value = serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap();
    assert_eq!(json["questions"][0]["answers"][0]["text"], "因为");
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
