//! How a command ends that is stopped, that nobody listens to, or that was given what is no token.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;

use aside_server::{Config, TokenSpec};
use tokio::net::TcpListener;
use tokio::process::Child;

use crate::{PATIENCE, World, command, contains, finish, room};

/// What Ctrl-C does.
fn interrupt(child: &Child) {
    let id = child.id().unwrap().to_string();
    let told = std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(told.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stopped_before_it_was_sent_does_not_go_out_with_the_next_command() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let home = tempfile::tempdir().unwrap();
    let mut send = command(home.path(), &url, &["send", "are we live yet?"]);
    let child = send.env("SEAT", "t").stderr(Stdio::piped()).spawn().unwrap();
    // It knocks again and again, and what it is to say is soon on disk.
    while !contains(home.path(), b"are we live yet?") {
        let knocked = tokio::time::timeout(PATIENCE, listener.accept()).await;
        drop(knocked.expect("it knocks").unwrap());
    }
    interrupt(&child);
    let stopped = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let stopped = stopped.expect("it stops").unwrap();

    let server = aside_server::start(Config::for_tests(), listener).await.unwrap();
    let spec = TokenSpec::staff(room(), "u1", "小明", "Org");
    let token = server.rooms().create_token(spec).await.unwrap().token;
    let world = World { server, home, token };
    assert_eq!(world.run(&["send", "later"]).await.status.code(), Some(0));
    assert_eq!(world.texts().await, ["later"]);
    assert_eq!(stopped.status.code(), Some(1), "{stopped:?}");
    let said = String::from_utf8_lossy(&stopped.stderr);
    assert!(said.contains("aside-cli: stopped; it was not sent"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_waits_for_the_room_is_stopped_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let home = tempfile::tempdir().unwrap();
    let mut answer = command(home.path(), &url, &["answer", "--question", "q1", "八点"]);
    let child = answer.env("SEAT", "t").stderr(Stdio::piped()).spawn().unwrap();
    for _ in 0..2 {
        let knocked = tokio::time::timeout(PATIENCE, listener.accept()).await;
        drop(knocked.expect("it knocks").unwrap());
    }
    interrupt(&child);
    let stopped = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let stopped = stopped.expect("it stops").unwrap();
    assert_eq!(stopped.status.code(), Some(1), "{stopped:?}");
}

#[tokio::test]
async fn a_token_that_is_no_text_is_a_usage_error_and_shows_nowhere() {
    let home = tempfile::tempdir().unwrap();
    let mut tail = command(home.path(), "http://127.0.0.1:9", &["tail"]);
    tail.env("SEAT", OsStr::from_bytes(b"canary-77ab\xff"));
    let ended = finish(tail).await;
    let said = [ended.stdout, ended.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(!said.contains("canary-77ab"), "{said}");
    assert!(said.contains("the token in SEAT holds characters that no token has"), "{said}");
    assert_eq!(ended.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_nobody_listens_to_ends_as_it_would_have() {
    let world = World::new(false).await;
    for (args, code) in [
        (&["tail"][..], 3),
        (&["tail", "--json"], 3),
        (&["send", "hello"], 3),
        (&["history"], 3),
        (&["load", "--members", "1"], 3),
        (&["check"], 3),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut unheard = world.command(args);
        unheard.env("SEAT", "of nobody").stdout(Stdio::null()).stderr(writer);
        let status = tokio::time::timeout(PATIENCE, unheard.status()).await;
        assert_eq!(status.expect("it ends").unwrap().code(), Some(code), "{args:?}");
    }
}
