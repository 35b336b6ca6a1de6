//! Clicks that go through the side window: what lies under it gets them, and there is always a way back.

use std::fs;

use serde_json::{Value, json};

use crate::access::Eyes;
use crate::app::{App, until};
use crate::hidden::TITLE;
use crate::panel::Panel;
use crate::room::{Mode, Room};
use crate::side::{IS_MAIN, IS_SIDE, SIDE};
use crate::stage::Stage;

const ITEM: &str = "Let clicks through the side window";
const KEY: &str = "ctrl+alt+shift+c";

/// What lies under the side window and writes down how often it was clicked at.
pub(crate) struct Below {
    log: std::path::PathBuf,
}

impl Below {
    pub(crate) fn lay(stage: &mut Stage) -> Below {
        let log = stage.user_home().join("below.log");
        let mut xev = stage.command("xev");
        xev.args(["-geometry", "1500x900+0+0", "-event", "button"]);
        stage.run_along_into(&mut xev, fs::File::create(&log).unwrap().into());
        Below { log }
    }

    fn clicks(&self) -> usize {
        fs::read_to_string(&self.log).unwrap().matches("ButtonPress").count()
    }
}

/// How often the page was clicked at, from the first look on.
async fn clicks(app: &App) -> usize {
    let body = "if (window.clicks === undefined) {
            window.clicks = 0;
            addEventListener('pointerdown', () => window.clicks++, true);
        }
        return window.clicks;";
    app.ask(body, json!([])).await
}

/// Clicks at the side window's place: the page gets it, or what lies under it.
pub(crate) async fn a_click_goes_to(app: &App, below: &Below, through: bool) {
    let before = (clicks(app).await, below.clicks());
    app.stage.click_at(SIDE, 120, 200);
    let after = if through { (before.0, before.1 + 1) } else { (before.0 + 1, before.1) };
    until(&format!("a click goes through: {through}"), || async {
        ((clicks(app).await, below.clicks()) == after).then_some(())
    })
    .await;
}

/// Waits until clicks go through, as the page says and the window manager knows, or no longer.
pub(crate) async fn lets_through(app: &App, through: bool) {
    let line = "return all('[data-testid=click-through]').map(text)[0] ?? '';";
    until(&format!("the window says that clicks go through: {through}"), || async {
        let said: String = app.ask(line, json!([])).await;
        let right = said == "Clicks go through · Ctrl+Alt+Shift+C or the tray";
        (right == through && (right || said.is_empty()) && app.stage.is_above(SIDE) == through)
            .then_some(())
    })
    .await;
}

async fn marked(panel: &Panel, marked: bool) {
    until(&format!("the tray's mark is set: {marked}"), || async {
        (panel.is_marked(ITEM).await == Some(marked)).then_some(())
    })
    .await;
}

/// A start with the side window alone, above what gets the clicks.
async fn beside(room: &Room, name: &str) -> (App, Panel, Below) {
    let mut stage = Stage::set(name);
    let below = Below::lay(&mut stage);
    let panel = Panel::start(&stage).await;
    let app = App::start_in(stage, room).await;
    app.becomes(&["online"]).await;
    app.press("Side window").await;
    app.turn_to("the side window's page", IS_SIDE).await;
    app.row(&["read beside a game"]).await;
    app.stage.close_window(TITLE);
    until("it is alone", || async {
        (!app.stage.windows().contains(&TITLE.to_owned())).then_some(())
    })
    .await;
    (app, panel, below)
}

#[tokio::test]
async fn clicks_go_through_the_side_window_and_every_way_out_ends_it() {
    let room = Room::open(Mode::Full).await;
    room.say("read beside a game").await;
    let name = "clicks_go_through_the_side_window_and_every_way_out_ends_it";
    let (app, panel, below) = beside(&room, name).await;
    marked(&panel, false).await;
    a_click_goes_to(&app, &below, false).await;

    app.press("Let clicks through").await;
    lets_through(&app, true).await;
    marked(&panel, true).await;
    a_click_goes_to(&app, &below, true).await;
    let eyes = Eyes::open();
    for theme in ["light", "dark"] {
        app.choose(json!({ "theme": theme })).await;
        eyes.look(&app, &format!("a window that lets clicks through, {theme}")).await;
    }
    // The keyboard is heard all the same.
    let write = "await window.__TAURI_INTERNALS__.invoke('choose_hotkey', { action: 'write', key: 'F9' }); return null;";
    app.ask::<Value>(write, json!([])).await;
    app.stage.press("F9");
    until("it has the keyboard", || async {
        app.ask::<bool>("return document.hasFocus();", json!([])).await.then_some(())
    })
    .await;
    app.stage.press("g");
    until("what is typed is there", || async { (app.value("Message").await == "g").then_some(()) })
        .await;
    lets_through(&app, true).await;
    a_click_goes_to(&app, &below, true).await;

    app.stage.press(KEY);
    lets_through(&app, false).await;
    marked(&panel, false).await;
    a_click_goes_to(&app, &below, false).await;
    app.stage.press(KEY);
    lets_through(&app, true).await;
    app.start_again();
    lets_through(&app, false).await;
    a_click_goes_to(&app, &below, false).await;

    for ending in [ITEM, "Reset windows", "Show Aside", "Side window"] {
        panel.choose(ITEM).await;
        lets_through(&app, true).await;
        marked(&panel, true).await;
        panel.choose(ending).await;
        lets_through(&app, false).await;
        marked(&panel, false).await;
        a_click_goes_to(&app, &below, false).await;
    }

    app.stage.press(KEY);
    lets_through(&app, true).await;
    let file = fs::read(app.stage.home().join("settings.json")).unwrap();
    let mut kept: Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(kept["hotkeys"]["clickThrough"], "Control+Alt+Shift+KeyC");
    kept["hotkeys"].as_object_mut().unwrap().remove("clickThrough");
    assert!(!kept.to_string().to_lowercase().contains("through"), "{kept}");
    let stage = app.quit().await;
    let app = App::start(stage, &[], &[]).await;
    app.row(&["read beside a game"]).await;
    lets_through(&app, false).await;
    a_click_goes_to(&app, &below, false).await;
}

#[tokio::test]
async fn without_a_key_clicks_are_not_let_through_and_a_key_that_is_given_up_ends_it() {
    let room = Room::open(Mode::Full).await;
    room.say("read beside a game").await;
    let name = "without_a_key_clicks_are_not_let_through";
    let app = App::start_in(Stage::set(name), &room).await;
    app.becomes(&["online"]).await;
    // All that would be tried is another action's.
    let busy = "const { invoke } = window.__TAURI_INTERNALS__;
        for (const [action, key] of a) await invoke('choose_hotkey', { action, key });
        return null;";
    let keys = ["KeyC", "KeyX", "F9"].map(|key| format!("Control+Alt+Shift+{key}"));
    let all = json!([["toggle", keys[0]], ["markRead", keys[1]], ["write", keys[2]]]);
    app.ask::<Value>(busy, json!([all])).await;
    app.press("Settings").await;
    app.press_box(ITEM).await;
    app.row_or_words("there would be no way back").await;
    let ticked = "return all('input[type=checkbox]').find((el) => named(el) === a)?.checked;";
    assert!(!app.ask::<bool>(ticked, json!([ITEM])).await);

    // The second of them is free again, and is taken.
    app.ask::<Value>(busy, json!([[["markRead", null]]])).await;
    app.press_box(ITEM).await;
    app.row_or_words("Clicks go through · Ctrl+Alt+Shift+X").await;
    app.button("Let clicks through, or no longer Ctrl+Alt+Shift+X").await;
    app.turn_to("the side window's page", IS_SIDE).await;
    app.row_or_words("Clicks go through · Ctrl+Alt+Shift+X").await;
    assert!(app.stage.is_above(SIDE));
    app.turn_to("the whole window's page", IS_MAIN).await;
    app.ask::<Value>(busy, json!([[["clickThrough", null]]])).await;
    until("it has ended", || async { (!app.stage.is_above(SIDE)).then_some(()) }).await;
    assert!(!app.ask::<bool>(ticked, json!([ITEM])).await);
}
