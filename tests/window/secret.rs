//! The token is in the keyring and on the wire, and nowhere else: no file, no log, not in the page.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::{
    app::App,
    room::{Mode, Room},
    stage::Stage,
};

/// Everything that a page can get at: its markup, its stores, its globals, and what the backend answers.
const REACHABLE: &str = r"
    const seen_before = new Set();
    const walk = (value, depth) => {
        if (typeof value === 'string') return value;
        if (typeof value !== 'object' || value === null || depth === 0 || seen_before.has(value)) return '';
        seen_before.add(value);
        const parts = [];
        for (const key of Object.getOwnPropertyNames(value)) {
            try { parts.push(key, walk(value[key], depth - 1)); } catch { /* some of the window's own throw */ }
        }
        return parts.join('\n');
    };
    const invoke = (name, args) => window.__TAURI_INTERNALS__.invoke(name, args).catch((error) => error);
    const boot = await invoke('boot', { rows: 50 });
    const room = boot.rooms[0].id;
    const told = [boot, await invoke('page', { room, anchor: { at: 'end' }, limit: 50 }),
        await invoke('pull', { wish: { room, view: '', since: 0, known: 0, rows: 50, reading: 'following', questionsSince: null } }), await invoke('open_room', { room }),
        await invoke('draft', { room })];
    const fields = [...document.querySelectorAll(FIELD)].map((el) => el.value);
    return [document.documentElement.outerHTML, location.href, document.cookie, fields.join('\n'),
        JSON.stringify(told), JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), walk(window, 5)];";

#[tokio::test]
async fn the_token_is_found_nowhere() {
    let room = Room::open(Mode::Full).await;
    let secret = room.ana.expose().to_owned();
    assert!(secret.len() >= 16, "long enough that finding it is no chance");
    room.say("something to show").await;
    let app = App::start(Stage::set("the_token_is_found_nowhere"), &[], &[]).await;
    app.join(&room, &secret).await;
    app.becomes(&["online"]).await;
    app.row(&["something to show"]).await;
    app.type_into("Message", "a sent one\n").await;
    let row = app.row(&["a sent one"]).await;
    app.settled(&row.key).await;
    // A heartbeat carries it, too.
    crate::app::until("a heartbeat", || async {
        room.ana_connections()
            .pop()
            .filter(|connection| !connection.heartbeats.is_empty())
            .map(drop)
    })
    .await;
    not_in_the_page(&app, &secret).await;

    // The next start finds it in the keyring.
    let stage = app.quit().await;
    not_in_a_file(&stage, &secret);
    let app = App::start(stage, &[], &[]).await;
    app.open_first_room().await;
    app.becomes(&["online"]).await;
    app.row(&["something to show"]).await;
    not_in_the_page(&app, &secret).await;
    assert!(tokens_on_command_lines(&app, &secret).is_empty());
    let stage = app.quit().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    not_in_a_file(&stage, &secret);
}

async fn not_in_the_page(app: &App, secret: &str) {
    let reachable: Vec<Value> = app.ask(REACHABLE, json!([])).await;
    assert!(reachable[0].as_str().unwrap().contains("something to show"), "the look is a real one");
    assert!(reachable[4].as_str().unwrap().contains("something to show"), "the commands answer");
    for (number, text) in reachable.iter().enumerate() {
        assert!(
            !text.as_str().unwrap_or_default().contains(secret),
            "the page reaches the token, place {number}"
        );
    }
}

fn not_in_a_file(stage: &Stage, secret: &str) {
    let files = stage.written();
    assert!(
        files.iter().any(|file| file.extension().is_some_and(|kind| kind == "db")),
        "the cache is among them"
    );
    let log = fs::read_to_string(stage.log()).unwrap();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is at trace level");
    for file in files {
        let bytes = fs::read(&file).unwrap_or_default();
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{} holds the token", file.display());
    }
}

fn tokens_on_command_lines(app: &App, secret: &str) -> Vec<u32> {
    let holds = |process: &u32| {
        let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        line.windows(secret.len()).any(|window| window == secret.as_bytes())
    };
    app.stage.processes("aside").into_iter().filter(holds).collect()
}
