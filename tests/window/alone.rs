//! The app as the system sees it, without a driver, whose own port would be in the way: nobody can knock at it, and what it
//! writes is for one person.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::{Value, json};

use crate::{
    app::until,
    hidden::TITLE,
    room::{Mode, Room, STREAM, TOPIC},
    stage::Stage,
};

const PAGE: &str = "WebKitWebProcess";
const HELPER: &str = "WebKitNetworkProcess";

/// Starts the app in the room; what it says it has painted is in the file.
fn start(stage: &mut Stage, room: &Room, painted: &Path) {
    let url = room.url();
    let mut app = stage.command(env!("CARGO_BIN_EXE_aside"));
    app.args(["join", "--server", &url, "--topic", TOPIC, "--stream", STREAM])
        .args(["--name", "Ana", "--user", "ana", "--token-env", "ANA_TOKEN"])
        .env("ANA_TOKEN", room.ana.expose())
        .env("ASIDE_MEASURE", painted);
    stage.run_along(&mut app);
}

/// How often a page has said that rows are on the screen.
fn times(painted: &Path) -> usize {
    let said = fs::read_to_string(painted).unwrap_or_default();
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["rows"].as_u64() > Some(0)).count()
}

#[tokio::test]
async fn a_page_that_is_given_back_leaves_nothing_running_and_the_next_one_works() {
    let room = Room::open(Mode::Full).await;
    room.say("something to paint").await;
    let mut stage =
        Stage::set("a_page_that_is_given_back_leaves_nothing_running_and_the_next_one_works");
    let settings = json!({"version": 1, "settings": {"restAfterSecs": 5, "close": "hide"}});
    fs::write(stage.home().join("settings.json"), settings.to_string()).unwrap();
    let painted = stage.user_home().join("painted.jsonl");
    start(&mut stage, &room, &painted);
    // Once more: whatever is ended is there again.
    for _ in 0..2 {
        let before = times(&painted);
        until("a page with rows", || async { (times(&painted) > before).then_some(()) }).await;
        assert_eq!([PAGE, HELPER].map(|program| stage.processes(program).len()), [1, 1]);
        stage.close_window(TITLE);
        until("nothing of the page runs", || async {
            let all = [PAGE, HELPER].map(|program| stage.processes(program).len());
            (all == [0, 0]).then_some(())
        })
        .await;
        room.say("said to nobody").await;
        assert_eq!(room.ana_connections().len(), 1, "the room was never let go of");
        let again = stage.command(env!("CARGO_BIN_EXE_aside")).output().unwrap();
        assert!(again.status.success(), "{again:?}");
    }
}

#[tokio::test]
async fn nobody_can_knock_and_nobody_else_can_read() {
    let room = Room::open(Mode::Full).await;
    room.say("something to keep").await;
    let mut stage = Stage::set("nobody_can_knock_and_nobody_else_can_read");
    let painted = stage.user_home().join("painted.jsonl");
    start(&mut stage, &room, &painted);
    until("a heartbeat", || async {
        room.ana_connections().pop().filter(|connection| !connection.heartbeats.is_empty())
    })
    .await;
    until("a window", || async { (!stage.windows().is_empty()).then_some(()) }).await;

    let ours: BTreeSet<u64> = ["aside", PAGE, HELPER]
        .into_iter()
        .flat_map(|program| stage.processes(program))
        .flat_map(sockets)
        .collect();
    assert!(!ours.is_empty(), "its sockets are seen");
    let listening = listening();
    assert!(!listening.is_empty(), "the room's own listener is seen");
    assert!(ours.is_disjoint(&listening), "the app listens on a port");

    assert_eq!(rights(&stage.home()), 0o700);
    for path in ["settings.json", "history/cache.db", "history/outbox.db", "logs/aside.log"] {
        assert_eq!(rights(&stage.home().join(path)), 0o600, "{path}");
    }
}

/// The sockets that a process holds, by their numbers in the kernel.
fn sockets(process: u32) -> Vec<u64> {
    let open = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let links = open.filter_map(|file| fs::read_link(file.path()).ok());
    links
        .filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect()
}

/// Every TCP socket of this machine that listens; what `ss -ltn` lists.
fn listening() -> BTreeSet<u64> {
    const LISTEN: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|table| fs::read_to_string(table).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines().skip(1));
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|columns| columns.get(3) == Some(&LISTEN))
        .filter_map(|columns| columns.get(9)?.parse().ok())
        .collect()
}

fn rights(path: &Path) -> u32 {
    let found = fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    found.permissions().mode() & 0o777
}
