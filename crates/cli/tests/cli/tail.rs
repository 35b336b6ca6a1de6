//! `tail`: what was said, then what is said, each line once.

use std::process::Stdio;

use aside_protocol::{AnswerNotes, Body, Topic};
use aside_server::{Config, NewEntry, TokenSpec};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};

use crate::{PATIENCE, TOPIC, World, command, finish, in_both_modes, json_lines, room};

/// A `tail --json` that runs on, read line by line.
pub(crate) struct Tail {
    lines: Lines<BufReader<ChildStdout>>,
    child: Child,
}

impl Tail {
    pub(crate) fn start(world: &World, args: &[&str]) -> Self {
        Self::follow(world.command(&[&["tail", "--json"], args].concat()))
    }

    pub(crate) fn follow(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { lines, child }
    }

    /// As by a kill that is not polite.
    pub(crate) async fn end(mut self) {
        self.child.kill().await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Value {
        let line =
            tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("a line comes");
        serde_json::from_str(&line.unwrap().expect("tail goes on")).unwrap()
    }

    /// The next line that is an entry or a gap.
    pub(crate) async fn entry(&mut self) -> Value {
        loop {
            let line = self.next().await;
            if line["kind"] != "state" {
                return line;
            }
        }
    }

    pub(crate) async fn state(&mut self, wanted: &str) {
        loop {
            let line = self.next().await;
            if line["kind"] == "state" && line["state"] == wanted {
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tail_prints_history_then_what_happens() {
    in_both_modes(async |world| {
        let history =
            (0..130).map(|n| NewEntry::message("u2", "Ana", format!("old {n}"))).collect();
        world.server.rooms().seed(&Topic::new(TOPIC), history).await.unwrap();
        let mut tail = Tail::start(&world, &["--history", "120"]);
        for n in 10..130 {
            let line = tail.entry().await;
            assert_eq!(
                (line["kind"].as_str(), line["text"].as_str()),
                (Some("message"), Some(&*format!("old {n}")))
            );
        }
        let topic = Topic::new(TOPIC);
        let rooms = world.server.rooms();
        rooms.publish(&topic, NewEntry::question("u2", "Ana", "几点开始?")).await.unwrap();
        let line = tail.entry().await;
        assert_eq!(line["kind"], "question");
        assert_eq!(line["text"], "几点开始?");
        assert_eq!(line["name"], "Ana");
        let body = Body::Answer {
            org_name: "Org".to_owned(),
            org_logo: "https://example.org/l.png".to_owned(),
            question: "几点开始?".to_owned(),
            text: "八点".to_owned(),
            question_id: None,
            notes: AnswerNotes::default(),
        };
        rooms.publish(&topic, NewEntry::new(body, "u1", "Ana")).await.unwrap();
        let line = tail.entry().await;
        assert_eq!(line["kind"], "answer");
        assert_eq!(
            (line["org"].as_str(), line["question"].as_str()),
            (Some("Org"), Some("几点开始?"))
        );
        assert_eq!(
            (line["text"].as_str(), line["orgLogo"].as_str()),
            (Some("八点"), Some("https://example.org/l.png"))
        );
        assert!(line["createdAt"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        assert!(line["key"].is_string() && line["receivedAt"].is_string());
        assert!(!line.as_object().unwrap().values().any(Value::is_null));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_while_the_server_was_away_is_printed_once_and_in_order() {
    for core_only in [false, true] {
        let data = tempfile::tempdir().unwrap();
        let config =
            Config { core_only, data: Some(data.path().to_owned()), ..Config::for_tests() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let server = aside_server::start(config.clone(), listener).await.unwrap();
        let token = server
            .rooms()
            .create_token(TokenSpec::staff(room(), "u1", "小明", "Org"))
            .await
            .unwrap()
            .token;
        let topic = Topic::new(TOPIC);
        server.rooms().publish(&topic, NewEntry::message("u2", "Ana", "first")).await.unwrap();
        let mut world = World { server, home: tempfile::tempdir().unwrap(), token };
        let mut tail = Tail::start(&world, &[]);
        assert_eq!(tail.entry().await["text"], "first");
        world.server.stop().await;
        let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let away = aside_server::start(config.clone(), elsewhere).await.unwrap();
        let missed =
            (0..40).map(|n| NewEntry::message("u2", "Ana", format!("missed {n}"))).collect();
        away.rooms().seed(&topic, missed).await.unwrap();
        away.stop().await;
        world.server =
            aside_server::start(config, TcpListener::bind(addr).await.unwrap()).await.unwrap();
        for n in 0..40 {
            assert_eq!(tail.entry().await["text"], format!("missed {n}"));
        }
        world
            .server
            .rooms()
            .publish(&topic, NewEntry::message("u2", "Ana", "live again"))
            .await
            .unwrap();
        assert_eq!(tail.entry().await["text"], "live again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_of_more_than_was_fetched_at_first_is_followed_by_what_is_said_and_nothing_else() {
    in_both_modes(async |world| {
        let history =
            (0..600).map(|n| NewEntry::message("u2", "Ana", format!("old {n}"))).collect();
        let (topic, rooms) = (Topic::new(TOPIC), world.server.rooms());
        rooms.seed(&topic, history).await.unwrap();
        let mut tail = Tail::start(&world, &["--history", "300"]);
        for n in 300..600 {
            assert_eq!(tail.entry().await["text"], format!("old {n}"));
        }
        rooms.publish(&topic, NewEntry::message("u2", "Ana", "new")).await.unwrap();
        assert_eq!(tail.entry().await["text"], "new");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_room_that_was_never_here_the_newest_are_printed_when_its_server_comes() {
    for core_only in [false, true] {
        let data = tempfile::tempdir().unwrap();
        let config =
            Config { core_only, data: Some(data.path().to_owned()), ..Config::for_tests() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = aside_server::start(config.clone(), elsewhere).await.unwrap();
        let spec = TokenSpec::staff(room(), "u1", "小明", "Org");
        let token = server.rooms().create_token(spec).await.unwrap().token;
        let history = (0..30).map(|n| NewEntry::message("u2", "Ana", format!("old {n}"))).collect();
        let topic = Topic::new(TOPIC);
        server.rooms().seed(&topic, history).await.unwrap();
        server.stop().await;

        let home = tempfile::tempdir().unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut tail = command(home.path(), &url, &["tail", "--json", "--history", "3"]);
        tail.env("SEAT", token.expose());
        let mut tail = Tail::follow(tail);
        let knocked = tokio::time::timeout(PATIENCE, listener.accept()).await;
        drop(knocked.expect("it knocks").unwrap());
        tail.state("waiting").await;
        let server = aside_server::start(config, listener).await.unwrap();
        for n in 27..30 {
            assert_eq!(tail.entry().await["text"], format!("old {n}"), "{core_only}");
        }
        server.rooms().publish(&topic, NewEntry::message("u2", "Ana", "new")).await.unwrap();
        assert_eq!(tail.entry().await["text"], "new");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_is_told_so_after_what_was_kept_of_the_room() {
    in_both_modes(async |world| {
        let history =
            (0..600).map(|n| NewEntry::message("u2", "Ana", format!("old {n}"))).collect();
        world.server.rooms().seed(&Topic::new(TOPIC), history).await.unwrap();
        assert!(world.run(&["history", "--limit", "10"]).await.status.success());
        let mut tail = world.command(&["tail", "--json", "--history", "1000"]);
        tail.env("SEAT", "of nobody");
        let refused = finish(tail).await;
        assert_eq!(refused.status.code(), Some(3), "{refused:?}");
        let lines = json_lines(&refused);
        assert!(lines.iter().any(|line| line["text"] == "old 599"), "{lines:?}");
    })
    .await;
}
