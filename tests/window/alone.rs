//! The app as the system sees it, without a driver, whose own port would be in the way: nobody can knock at it, and what it
//! writes is for one person.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use crate::{
    app::until,
    room::{Mode, Room, STREAM, TOPIC},
    stage::Stage,
};

#[tokio::test]
async fn nobody_can_knock_and_nobody_else_can_read() {
    let room = Room::open(Mode::Full).await;
    room.say("something to keep").await;
    let mut stage = Stage::set("nobody_can_knock_and_nobody_else_can_read");
    let url = room.url();
    let mut app = stage.command(env!("CARGO_BIN_EXE_aside"));
    app.args(["join", "--server", &url, "--topic", TOPIC, "--stream", STREAM])
        .args(["--name", "Ana", "--user", "ana", "--token-env", "ANA_TOKEN"])
        .env("ANA_TOKEN", room.ana.expose());
    stage.run_along(&mut app);
    until("a heartbeat", || async {
        room.ana_connections().pop().filter(|connection| !connection.heartbeats.is_empty())
    })
    .await;
    until("a window", || async { (!stage.windows().is_empty()).then_some(()) }).await;

    let ours: BTreeSet<u64> = ["aside", "WebKitWebProcess", "WebKitNetworkProcess"]
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
