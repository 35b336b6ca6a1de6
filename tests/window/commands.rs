//! A page that has been taken over: whatever it sends to whichever command, the answer is data or a typed error, and the
//! room goes on.

use std::{collections::BTreeSet, fs};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    app::App,
    room::{Mode, Room},
    stage::Stage,
};

const STORM: &str = include_str!("commands/storm.js");

/// What the page may call.
const ALLOWED: &str = include_str!("../../src-tauri/permissions/page.toml");

/// Nothing can be sent to these.
const TAKE_NOTHING: [&str; 15] = [
    "cancel_export",
    "drag_window",
    "hide_window",
    "host_places",
    "hotkeys",
    "keys",
    "note_tour",
    "open_transcripts",
    "overlay",
    "reset_windows",
    "rules",
    "snippets",
    "take_link",
    "transcripts",
    "try_demo",
];

/// In how many parts it comes: the driver waits for half a minute at most, also on a busy machine.
const PARTS: u32 = 10;

/// What became of a part of the storm.
#[derive(Debug, Deserialize)]
struct Outcome {
    calls: u32,
    refused: u32,
    /// Refusals that are no typed errors.
    untyped: Vec<String>,
    /// Ten megabytes in one argument that were taken.
    swallowed: Vec<String>,
    /// The longest that a call with ten megabytes took, in milliseconds, and which one.
    slowest: (f64, String),
}

#[test]
fn every_command_that_takes_something_is_in_the_storm() {
    let allowed = ALLOWED
        .lines()
        .filter_map(|line| line.strip_prefix("    \"").and_then(|line| line.strip_suffix("\",")));
    let called = STORM.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("  ")?.split_once(": {")?;
        Some(name).filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
    });
    let called: BTreeSet<&str> = called.chain(TAKE_NOTHING).collect();
    assert_eq!(called, allowed.collect());
}

#[tokio::test]
async fn a_hostile_page_gets_typed_errors_and_the_room_goes_on() {
    let room = Room::open(Mode::Full).await;
    room.say("before").await;
    let stage = Stage::set("a_hostile_page_gets_typed_errors_and_the_room_goes_on");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["before"]).await;

    let (mut calls, mut refused) = (0, 0);
    for part in 0..PARTS {
        let outcome: Outcome = app.ask(STORM, json!([part, PARTS])).await;
        eprintln!("{outcome:?}");
        (calls, refused) = (calls + outcome.calls, refused + outcome.refused);
        assert_eq!((outcome.untyped.as_slice(), outcome.swallowed.as_slice()), (&[][..], &[][..]));
        // Most of it is the copying of ten megabytes between two processes of a debug build.
        assert!(outcome.slowest.0 < 2_000.0, "{:?}", outcome.slowest);
    }
    assert!(calls > 2_500 && refused > 2_400, "{calls} calls, {refused} refused");

    // Commands of Tauri's own, and such as nobody wrote, do not exist for the page.
    let strange: Vec<Value> = app.ask(STRANGE, json!([])).await;
    assert!(strange.iter().all(|answer| answer == "refused"), "{strange:?}");

    room.say("after").await;
    app.row(&["after"]).await;
    assert_eq!(app.becomes(&["online"]).await.state, "online");
    let log = fs::read_to_string(app.stage.log()).unwrap();
    assert!(!log.contains("panic"), "something panicked");
}

const STRANGE: &str = "
    const names = ['plugin:shell|execute', 'plugin:fs|read_file', 'plugin:opener|open_url', 'plugin:opener|open_path',
        'plugin:window|create', 'plugin:webview|create_webview_window', 'plugin:event|emit', 'plugin:path|resolve_directory',
        'plugin:app|version', 'token', 'get_token', '__proto__', ''];
    const call = (name) => window.__TAURI_INTERNALS__.invoke(name, {}).then(() => name, () => 'refused');
    return Promise.all(names.map(call));";
