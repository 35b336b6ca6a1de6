//! A network that comes and goes under a busy room: nothing lost, nothing doubled, a dead link found in time.
//!
//! `ASIDE_FLAP_MINUTES=30 cargo test -p aside --test window flapping:: -- --nocapture` is the long way.

use std::{
    env, fs,
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    app::{App, until},
    hidden::TITLE,
    relay::{Relay, Weather},
    room::{Mode, Room},
    stage::Stage,
};

/// Entries a second that others say.
const PACE: u64 = 10;

#[tokio::test]
async fn a_flapping_network_loses_and_doubles_nothing() {
    let minutes: f64 =
        env::var("ASIDE_FLAP_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(0.5);
    let time = Duration::from_secs_f64(minutes * 60.0);
    let room = Room::open(Mode::Full).await;
    let relay = Relay::before(room.addr()).await;
    let stage = Stage::set("a_flapping_network_loses_and_doubles_nothing");
    let app = App::start_at(stage, &room, relay.addr).await;
    app.becomes(&["online"]).await;

    let begun = Instant::now();
    let (said, (), written) = tokio::join!(
        talk(&room, begun, time),
        flap(&relay, begun, time),
        write(&app, begun, time),
    );
    until("the room is back", || async { (app.status().await?.state == "online").then_some(()) })
        .await;
    let expected = room.texts().await;
    assert_eq!(expected.len(), said + written, "the server has what was written, once");
    until("everything is there", || async {
        let shown = cached(&app).await;
        (shown.len() == expected.len()).then_some(())
    })
    .await;
    assert_eq!(cached(&app).await, expected, "in order, none twice");
    let connections = room.ana_connections().len();
    eprintln!(
        "{minutes} min: {said} heard, {written} written, {connections} connections, nothing lost or doubled"
    );
    assert!(connections > 1, "there was trouble");
}

async fn talk(room: &Room, begun: Instant, time: Duration) -> usize {
    let mut said = 0;
    while begun.elapsed() < time {
        room.say(&format!("entry {said}")).await;
        said += 1;
        sleep(Duration::from_millis(1000 / PACE)).await;
    }
    said
}

async fn flap(relay: &Relay, begun: Instant, time: Duration) {
    let mut rng = StdRng::seed_from_u64(14);
    for bad in [Weather::Cut, Weather::Stalled].into_iter().cycle() {
        if begun.elapsed() >= time {
            return;
        }
        sleep(Duration::from_secs_f64(rng.random_range(0.2..10.0))).await;
        relay.becomes(bad);
        sleep(Duration::from_secs_f64(rng.random_range(0.2..10.0))).await;
        relay.becomes(Weather::Fair);
    }
}

/// Ana writes every five seconds, and memory is looked at every minute.
async fn write(app: &App, begun: Instant, time: Duration) -> usize {
    const SEND: &str = "const invoke = window.__TAURI_INTERNALS__.invoke;
        const room = (await invoke('boot', { rows: 1 })).rooms[0].id;
        return invoke('send', { room, text: a, mode: 'message' }).then(() => true);";
    let (mut written, mut memory, mut next_look) = (0, Vec::new(), Duration::ZERO);
    while begun.elapsed() < time {
        assert!(app.ask::<bool>(SEND, json!([format!("mine {written}")])).await);
        written += 1;
        if begun.elapsed() >= next_look {
            memory.push(resident(app));
            next_look += Duration::from_secs(60);
        }
        sleep(Duration::from_secs(5)).await;
    }
    eprintln!("MiB of the app's own process, each minute: {memory:?}");
    // The first minutes fill caches that are bounded.
    if let [_, _, _, _, early, .., late] = memory[..] {
        assert!(late <= early + early / 4, "memory grows: {memory:?}");
    }
    written
}

/// The private and shared memory of the app's process that is in RAM, in MiB.
fn resident(app: &App) -> u64 {
    let process = app.stage.processes("aside")[0];
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

#[derive(Deserialize)]
struct Cached {
    kind: String,
    text: String,
}

/// Every row that the backend holds, oldest first.
async fn cached(app: &App) -> Vec<String> {
    const READ: &str = "const invoke = window.__TAURI_INTERNALS__.invoke;
        const room = (await invoke('boot', { rows: 1 })).rooms[0].id;
        let held = [], anchor = { at: 'end' };
        for (;;) {
            const page = await invoke('page', { room, anchor, limit: 200 });
            held = [...page.rows, ...held];
            if (!page.hasOlder || page.rows.length === 0)
                return held.map(({ kind, text }) => ({ kind, text }));
            anchor = { at: 'before', place: page.rows[0].place };
        }";
    let rows: Vec<Cached> = app.ask(READ, json!([])).await;
    let gaps = rows.iter().filter(|row| row.kind == "gap").count();
    assert_eq!(gaps, 0, "nothing was too much to be fetched");
    rows.into_iter().map(|row| row.text).collect()
}

#[tokio::test]
async fn a_frozen_server_is_found_dead_in_time_with_the_window_hidden() {
    let room = Room::open(Mode::Full).await;
    let relay = Relay::before(room.addr()).await;
    let stage = Stage::set("a_frozen_server_is_found_dead_in_time_with_the_window_hidden");
    let app = App::start_at(stage, &room, relay.addr).await;
    app.becomes(&["online"]).await;
    app.stage.close_window(TITLE);
    app.press_goodbye("Keep running").await;
    until("the window is hidden", || async {
        (!app.stage.windows().iter().any(|title| title == TITLE)).then_some(())
    })
    .await;
    // Requests of a start may still be under way.
    sleep(Duration::from_secs(6)).await;
    let before = relay.taken();
    let frozen = Instant::now();
    relay.becomes(Weather::Stalled);
    // Whoever finds a link dead tries again at once, and the relay takes that.
    until("it dials again", || async { (relay.taken() > before).then_some(()) }).await;
    let took = frozen.elapsed();
    eprintln!("found dead with the window hidden after {took:?}");
    assert!(took <= Duration::from_secs(13), "{took:?}");
}
