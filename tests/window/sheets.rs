//! Every sheet is looked at in light, dark and high contrast; one that is new and that nobody looks at is named.

use std::collections::BTreeSet;

use serde_json::json;

use crate::access::{Eyes, THEMES};
use crate::app::{App, until};
use crate::hidden::TITLE;
use crate::order;
use crate::room::{Mode, Room};
use crate::stage::Stage;

/// Looked at in the stories of `access`, and in one of `first`.
const THERE: &[&str] = &[
    "archive", "export", "goTo", "host", "hosting", "keys", "merge", "palette", "person", "rules",
    "search", "settings", "snippets", "tags", "text", "view",
];
/// Looked at in the story here, each after what opens it.
const HERE: &[&str] = &[
    "close",
    "date",
    "diagnostic",
    "forget",
    "guide",
    "join",
    "moderation",
    "note",
    "reject",
    "remove",
    "silence",
    "token",
];
/// Taking over is what two desks do, and a Quit asks in a story of its own; the page's own tests look at both.
const NOWHERE: &[&str] = &["quit", "takeOver"];

#[test]
fn every_kind_of_sheet_is_looked_at() {
    let sources = [
        include_str!("../../ui/src/state/sheet.ts"),
        include_str!("../../ui/src/state/desk/desk.svelte.ts"),
    ];
    let mut kinds = BTreeSet::new();
    for line in sources.iter().flat_map(|source| source.lines()) {
        let Some((_, names)) = line.trim().split_once("| { kind: ") else { continue };
        let names = names.split([';', '}']).next().unwrap_or_default();
        kinds.extend(names.split('|').map(|name| name.trim().trim_matches('"')));
    }
    let looked_at: BTreeSet<&str> = [THERE, HERE, NOWHERE].concat().into_iter().collect();
    assert_eq!(kinds, looked_at);
}

async fn open(app: &App, sheet: &str, room: &str) {
    match sheet {
        "guide" => app.stage.press("F1"),
        "date" => app.stage.press("ctrl+shift+d"),
        "moderation" => app.stage.press("ctrl+shift+m"),
        "close" => app.stage.close_window(TITLE),
        "join" => app.press("Join a room").await,
        "diagnostic" => {
            app.press("Settings").await;
            app.press("Diagnostic…").await;
        }
        "remove" => order::menu(app, "hello", "Remove with a reason…").await,
        "silence" => order::menu(app, "hello", "Silence Bo for everybody…").await,
        "token" | "forget" => {
            let fold = format!("Actions for {room}");
            app.press(&fold).await;
            app.press(if sheet == "token" { "Enter another token" } else { "Forget" }).await;
        }
        "note" => app.press("Note…").await,
        "reject" => app.press("Reject, saying why…").await,
        other => panic!("{other}?"),
    }
}

async fn stands_there(app: &App, there: bool) {
    let body = "return all('dialog[open]').length > 0;";
    until("a sheet", || async { (app.ask::<bool>(body, json!([])).await == there).then_some(()) })
        .await;
}

#[tokio::test]
async fn what_is_asked_for_once_is_accessible_too() {
    let (room, eyes) = (Room::open(Mode::Full).await, Eyes::open());
    room.ask("Is there a lift?").await;
    let mut bo = room.bo().await;
    let app = App::start_at_desk(Stage::set("what_is_asked_for_once_is_accessible"), &room).await;
    app.becomes(&["online"]).await;
    app.show("Timeline").await;
    bo.say("hello").await;
    app.row(&["hello"]).await;
    room.review().await;
    bo.ask("And a cloakroom?").await;
    let title = "return document.querySelector('h1').textContent;";
    let title: String = app.ask(title, json!([])).await;
    for theme in THEMES {
        app.choose(json!({ "theme": theme })).await;
        for sheet in HERE {
            let pane = if matches!(*sheet, "note" | "reject") { "Questions" } else { "Timeline" };
            app.show(pane).await;
            if pane == "Questions" {
                app.keys(if *sheet == "note" { "2" } else { "1" }).await;
                app.keys("j\n").await;
            }
            open(&app, sheet, &title).await;
            stands_there(&app, true).await;
            eyes.look(&app, &format!("{sheet}, {theme}")).await;
            app.keys("\u{1b}").await;
            stands_there(&app, false).await;
            if pane == "Questions" {
                app.keys("\u{1b}").await;
            }
        }
    }
}
