//! `check` and `load`: against the real server, whole and with each of many planted faults, against the examples of the documentation, and against servers that are none.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

mod core_faults;
mod desk_faults;
mod examples;
mod faults;
mod full_faults;
mod http_faults;
mod load;
mod order_faults;
mod proxy;
mod strangers;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aside_protocol::{Extension, Topic};
use aside_server::{Config, Limits, RoomSpec, Running, TokenSpec};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use faults::Fault;

const PATIENCE: Duration = Duration::from_secs(100);
/// Checks that run at the same time.
const AT_ONCE: usize = 6;

/// A room with a token of staff and one of the audience.
pub(crate) struct Room {
    pub(crate) server: Running,
    pub(crate) staff: String,
    pub(crate) audience: String,
}

impl Room {
    async fn new(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = aside_server::start(config, listener).await.unwrap();
        let room = || RoomSpec::new("1").stream("s1");
        let staff = TokenSpec::staff(room(), "sue", "Sue", "Org");
        let staff = server.rooms().create_token(staff).await.unwrap().token;
        let audience = TokenSpec::audience(room(), "ann", "Ann");
        let audience = server.rooms().create_token(audience).await.unwrap().token;
        let (staff, audience) = (staff.expose().to_owned(), audience.expose().to_owned());
        Self { server, staff, audience }
    }
}

/// `check` at an address, with these tokens.
pub(crate) async fn check(
    addr: SocketAddr,
    first: &str,
    second: Option<&str>,
    args: &[&str],
) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aside-cli"));
    command.args(["check", &format!("http://{addr}"), "--topic", "1", "--stream", "s1"]);
    command.args(["--token-env", "FIRST", "--hold", "1"]).args(args).env("FIRST", first);
    if let Some(second) = second {
        command.args(["--second-token-env", "SECOND"]).env("SECOND", second);
    }
    command.env("RUST_LOG", "trace").kill_on_drop(true).stdin(Stdio::null());
    tokio::time::timeout(PATIENCE, command.output()).await.expect("the check ends").unwrap()
}

pub(crate) fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {output:?}"))
}

/// The probes of a report that ended so.
pub(crate) fn with(report: &Value, verdict: &str) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().filter(|finding| finding["verdict"] == verdict);
    found.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_server_keeps_every_sentence_in_every_mode() {
    let mut modes = vec![
        ("full", Config::default()),
        ("core", Config { core_only: true, ..Config::default() }),
        ("mute", Config { core_only: true, answer_heartbeats: false, ..Config::for_tests() }),
        (
            "short",
            Config {
                limits: Limits { content_bytes: 500, ..Limits::without_rates() },
                ..Config::for_tests()
            },
        ),
    ];
    for extension in Config::EXTENSIONS {
        let mut extensions = BTreeSet::from([extension]);
        if matches!(
            extension,
            Extension::Resume | Extension::Triage | Extension::Votes | Extension::Moderation
        ) {
            extensions.extend([Extension::Seq, Extension::Triage]);
        }
        modes.push((extension.as_str(), Config { extensions, ..Config::for_tests() }));
    }
    let mut checks = JoinSet::new();
    for (name, config) in modes {
        for staff_first in [true, false] {
            checks.spawn(keeps_every_sentence(name, config.clone(), staff_first));
        }
    }
    checks.join_all().await;
}

async fn keeps_every_sentence(name: &str, config: Config, staff_first: bool) {
    let room = Room::new(config.clone()).await;
    let (first, second) = (&room.staff, &room.audience);
    let (first, second) = if staff_first { (first, second) } else { (second, first) };
    let output = check(room.server.addr(), first, Some(second), &["--format", "json"]).await;
    let report = report(&output);
    assert_eq!(with(&report, "fail"), BTreeSet::new(), "{name}: {report:#}");
    assert_eq!(output.status.code(), Some(0), "{name}");
    let mut not_tried = with(&report, "not-tried");
    not_tried.retain(|id| !id.starts_with("reserved."));
    if !config.offered().contains(&Extension::Seq) {
        // Nobody can say which question would be answered.
        not_tried.remove("answer.add");
        not_tried.remove("entries.answers");
    }
    if !config.offered().contains(&Extension::Answer) {
        not_tried.remove("entries.answers");
    }
    assert!(not_tried.is_empty(), "{name}: {not_tried:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_room_that_reviews_nothing_fails_for_the_audience() {
    let room = Room::new(Config::for_tests()).await;
    room.server.rooms().set_review(&Topic::new("1"), true).await.unwrap();
    let output = check(room.server.addr(), &room.audience, None, &["--format", "json"]).await;
    let report = report(&output);
    assert_eq!(with(&report, "fail"), BTreeSet::new(), "{report:#}");
    assert!(with(&report, "not-applicable").contains("ask.broadcast"), "{report:#}");
}

async fn find(fault: Fault) -> Result<(), String> {
    let config = Config { core_only: fault.core, ..Config::for_tests() };
    let room = Room::new(config).await;
    let addr = proxy::start(room.server.addr(), room.staff.clone(), fault.plant).await;
    let second = (!fault.core).then_some(room.audience.as_str());
    let args = ["--format", "json", "--timeout", "2"];
    let output = check(addr, &room.staff, second, &args).await;
    let report = report(&output);
    let failed = with(&report, "fail");
    let expected: BTreeSet<String> = fault.fails.iter().map(|id| (*id).to_owned()).collect();
    if failed != expected {
        let wrong: Vec<_> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| {
                finding["verdict"] == "fail" || fault.fails.iter().any(|id| finding["id"] == *id)
            })
            .map(|finding| {
                format!("  {} {}: {}", finding["id"], finding["verdict"], finding["why"])
            })
            .collect();
        return Err(format!("{}: expected {expected:?}, found\n{}", fault.name, wrong.join("\n")));
    }
    for finding in report["findings"].as_array().unwrap() {
        let told = ["sentence", "why", "do"]
            .iter()
            .all(|key| finding[key].as_str().is_some_and(|text| !text.is_empty()));
        if finding["verdict"] == "fail" && !told {
            return Err(format!("{}: a failure that leads nowhere: {finding}", fault.name));
        }
    }
    if output.status.code() != Some(1) {
        return Err(format!("{}: ended with {:?}", fault.name, output.status.code()));
    }
    Ok(())
}

async fn find_each(faults: Vec<Fault>) {
    let (turns, mut finds) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for fault in faults {
        let turns = Arc::clone(&turns);
        finds.spawn(async move {
            let _turn = turns.acquire().await;
            find(fault).await
        });
    }
    let missed: Vec<String> = finds.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_core_is_found_and_named() {
    find_each([core_faults::all(), http_faults::all()].concat()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_an_extension_is_found_and_named() {
    find_each([full_faults::all(), desk_faults::all(), order_faults::all()].concat()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_without_a_fault_hides_nothing_and_adds_nothing() {
    for core_only in [false, true] {
        let room = Room::new(Config { core_only, ..Config::for_tests() }).await;
        let addr = proxy::start(room.server.addr(), room.staff.clone(), proxy::NONE).await;
        let output = check(addr, &room.staff, Some(&room.audience), &["--format", "json"]).await;
        assert_eq!(output.status.code(), Some(0), "{:#}", report(&output));
    }
}
