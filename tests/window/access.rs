//! What axe-core finds on the screens of the real app, in every theme and in a narrow window: nothing serious.

use std::{fs, path::Path};

use aside_protocol::EntryId;
use serde::Deserialize;
use serde_json::json;

use crate::app::{App, until};
use crate::room::{Mode, Room};
use crate::side::{IS_MAIN, IS_SIDE};
use crate::stage::Stage;
use crate::views::press_tab;

/// What is wrong with what is on the screen, and where.
#[derive(Debug, Deserialize)]
struct Violation {
    impact: Option<String>,
    id: String,
    #[expect(dead_code, reason = "read by whoever reads a failure")]
    nodes: Vec<String>,
}

/// Looks with the rules of WCAG 2.2 A and AA and axe's own advice, colours included.
const LOOK: &str = "await new Promise((done) => setTimeout(done, 350));
    const { violations, passes } = await axe.run(document);
    if (passes.length < 5) throw new Error('axe has not looked');
    return violations.map(({ impact, id, nodes }) => ({ impact, id, nodes: nodes.map(({ html, any }) => html + ' ' + any.map(({ message }) => message).join('; ')) }));";

/// What a person may choose to see.
pub(crate) const THEMES: [&str; 3] = ["light", "dark", "contrast"];

pub(crate) struct Eyes {
    axe: String,
}

impl Eyes {
    pub(crate) fn open() -> Eyes {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/node_modules/axe-core/axe.min.js");
        Eyes { axe: fs::read_to_string(path).expect("`npm ci` in ui/ brings axe-core") }
    }

    /// Looks at a screen; `screen` says in a failure which one it was.
    pub(crate) async fn look(&self, app: &App, screen: &str) {
        let grave = self.grave(app).await;
        assert!(grave.is_empty(), "{screen}: {grave:#?}");
    }

    /// A button without a name, and text that is hard to read, are found.
    async fn would_see_it(&self, app: &App) {
        let plant = "document.querySelector('main').insertAdjacentHTML('beforeend',
            '<p id=planted><button></button>hard to read</p>');
            document.getElementById('planted').style.cssText = 'color: #777; background: #888'; return null;";
        app.ask::<()>(plant, json!([])).await;
        let found: Vec<String> = self.grave(app).await.into_iter().map(|found| found.id).collect();
        assert!(
            ["button-name", "color-contrast"].iter().all(|id| found.iter().any(|it| it == id)),
            "{found:?}"
        );
    }

    async fn grave(&self, app: &App) -> Vec<Violation> {
        if app.ask::<bool>("return !window.axe;", json!([])).await {
            app.ask::<()>(&format!("const module = undefined;\n{}", self.axe), json!([])).await;
        }
        let mut found: Vec<Violation> = app.ask(LOOK, json!([])).await;
        found.retain(|found| !matches!(found.impact.as_deref(), Some("minor" | "moderate")));
        found
    }
}

async fn choose(app: &App, label: &str, value: &str) {
    let body = "const el = all('select').find((el) => named(el).startsWith(a));
        if (!el) return false;
        el.value = b; el.dispatchEvent(new Event('change', { bubbles: true })); return true;";
    until(&format!("the choice {label}"), || async {
        app.ask::<bool>(body, json!([label, value])).await.then_some(())
    })
    .await;
}

async fn dialog(app: &App, there: bool) {
    let body = "return all('[role=dialog], dialog[open]').length > 0;";
    until("the dialog", || async {
        (app.ask::<bool>(body, json!([])).await == there).then_some(())
    })
    .await;
}

async fn past(room: &Room) -> EntryId {
    room.remember(30).await;
    room.ask_and_answer("When does it begin?", "At noon, at the gate.").await;
    room.ask("有电梯吗？ Is there a lift?").await
}

#[tokio::test]
async fn every_screen_of_the_desk_is_accessible() {
    let (room, eyes) = (Room::open(Mode::Full).await, Eyes::open());
    let last = past(&room).await;
    let app = App::start_at_desk(Stage::set("every_screen_of_the_desk_is_accessible"), &room).await;
    app.becomes(&["online"]).await;
    room.colleague_answers(last, "Yes, beside the stairs.").await;
    for theme in THEMES {
        // An answer that was begun has claimed the one before.
        room.ask(&format!("Will there be a recording ({theme})?")).await;
        app.press("Settings").await;
        dialog(&app, true).await;
        choose(&app, "Colours", theme).await;
        eyes.look(&app, &format!("settings, {theme}")).await;
        app.keys("\u{1b}").await;
        dialog(&app, false).await;
        app.show("Timeline").await;
        eyes.look(&app, &format!("timeline, {theme}")).await;
        app.show("Questions").await;
        for lane in ["5", "3", "2"] {
            app.keys(lane).await;
            eyes.look(&app, &format!("lane {lane}, {theme}")).await;
        }
        // `?` needs a shift that the driver does not press by itself.
        for (keys, screen) in
            [("#", "numbers"), ("/", "search"), ("g", "go to"), ("j\n", "a question")]
        {
            app.keys(keys).await;
            eyes.look(&app, &format!("{screen}, {theme}")).await;
            if screen != "a question" {
                app.keys(if screen == "numbers" { "#" } else { "\u{1b}" }).await;
                dialog(&app, false).await;
            }
        }
        for (key, screen) in [("t", "tags"), ("m", "merge"), ("i", "text")] {
            app.keys(key).await;
            dialog(&app, true).await;
            eyes.look(&app, &format!("{screen}, {theme}")).await;
            app.keys("\u{1b}").await;
            dialog(&app, false).await;
        }
        app.keys("r").await;
        app.type_into("Answer", "We will see.").await;
        eyes.look(&app, &format!("an answer being written, {theme}")).await;
        app.keys("\u{1b}").await;
        for command in ["Keys", "Snippets", "Export"] {
            app.control('k').await;
            dialog(&app, true).await;
            if command == "Keys" {
                eyes.look(&app, &format!("palette, {theme}")).await;
            }
            app.keys(command).await;
            app.keys("\n").await;
            eyes.look(&app, &format!("{command}, {theme}")).await;
            app.keys("\u{1b}").await;
            dialog(&app, false).await;
        }
        app.keys("\u{1b}").await;
    }
}

#[tokio::test]
async fn every_screen_of_a_room_is_accessible_in_a_narrow_window_too() {
    let (mut room, eyes) = (Room::open(Mode::Full).await, Eyes::open());
    let stage = Stage::set("every_screen_of_a_room_is_accessible");
    let app = App::start(stage, &[], &[]).await;
    app.button("Join").await;
    eyes.look(&app, "the first start").await;
    app.press("Host a room").await;
    app.press("Host the room").await;
    eyes.look(&app, "the other door, with faults").await;
    app.press("Join a room").await;
    app.press("Join").await;
    eyes.look(&app, "a form with faults").await;
    let token = room.ana.expose().to_owned();
    app.join(&room, &token).await;
    app.becomes(&["online"]).await;
    eyes.look(&app, "an empty room").await;
    past(&room).await;
    app.row(&["有电梯吗？ Is there a lift?"]).await;
    for theme in THEMES {
        app.press("Settings").await;
        choose(&app, "Colours", theme).await;
        app.keys("\u{1b}").await;
        dialog(&app, false).await;
        eyes.look(&app, &format!("a room, {theme}")).await;
        for view in ["questions", "mentions"] {
            press_tab(&app, view).await;
            eyes.look(&app, &format!("{view} alone, {theme}")).await;
        }
        app.press("Make a view").await;
        app.field("Name").await;
        eyes.look(&app, &format!("a view's form, {theme}")).await;
        app.press("Close").await;
        dialog(&app, false).await;
        press_tab(&app, "").await;
        app.press("Settings").await;
        app.press("Highlights and mutes").await;
        app.press("Add a rule").await;
        eyes.look(&app, &format!("rules, {theme}")).await;
        app.press("Close").await;
        dialog(&app, false).await;
        app.press("Dora").await;
        app.field("Private note").await;
        eyes.look(&app, &format!("somebody's card, {theme}")).await;
        app.press("Close").await;
        dialog(&app, false).await;
        app.stage.resize_window("Aside", 240, 480);
        app.button("Rooms and settings").await;
        eyes.look(&app, &format!("a narrow room, {theme}")).await;
        app.press("Rooms and settings").await;
        dialog(&app, true).await;
        eyes.look(&app, &format!("the rooms, {theme}")).await;
        app.press("Settings").await;
        eyes.look(&app, &format!("narrow settings, {theme}")).await;
        app.keys("\u{1b}").await;
        dialog(&app, false).await;
        app.stage.resize_window("Aside", 960, 720);
    }
    app.press("Side window").await;
    app.turn_to("the side window's page", IS_SIDE).await;
    app.row(&["有电梯吗？ Is there a lift?"]).await;
    eyes.look(&app, "the side window").await;
    app.press("Rows alone").await;
    app.button("Show the controls").await;
    eyes.look(&app, "rows alone").await;
    room.stop().await;
    app.turn_to("the whole window's page", IS_MAIN).await;
    app.becomes(&["waiting", "connecting"]).await;
    eyes.look(&app, "a room that is away").await;
    eyes.would_see_it(&app).await;
}

#[tokio::test]
async fn a_room_is_hosted_and_shared_in_screens_that_are_accessible() {
    let eyes = Eyes::open();
    let app = App::start(Stage::set("a_room_is_hosted_and_shared"), &[], &[]).await;
    app.press("Host a room").await;
    app.fill("Room's name", "Question time").await;
    app.fill("Your name", "Hanna").await;
    app.press_box("This network").await;
    app.press("Host the room").await;
    app.row_or_words("Running").await;
    app.fill("Whom it is for", "Cleo").await;
    app.press("Make a token and copy it").await;
    app.row_or_words("The token of Cleo was copied").await;
    for theme in THEMES {
        app.choose(json!({ "theme": theme })).await;
        eyes.look(&app, &format!("a room to share, {theme}")).await;
        app.press("Change…").await;
        app.field("Room's name").await;
        app.press_box("A public address").await;
        app.field("Public URL").await;
        eyes.look(&app, &format!("a room to change, {theme}")).await;
        app.keys("\u{1b}").await;
        dialog(&app, false).await;
        app.press("Actions for Question time").await;
        eyes.look(&app, &format!("what can be done with it, {theme}")).await;
        app.press("Share").await;
        app.row_or_words("Running").await;
        app.stage.resize_window("Aside", 240, 480);
        eyes.look(&app, &format!("a narrow sheet, {theme}")).await;
        let wide = "const el = all('dialog[open]')[0]; return el.scrollWidth <= el.clientWidth;";
        assert!(app.ask::<bool>(wide, json!([])).await, "it fits");
        app.stage.resize_window("Aside", 960, 720);
    }
    app.press("Stop the room").await;
    app.row_or_words("nobody can come in").await;
    eyes.look(&app, "a room that is stopped").await;
}

/// The control of the sheet that has the focus, and whether a person sees that: nothing stands in front of it, and something is
/// drawn around it.
const FOCUSED: &str = "const el = document.activeElement;
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const { left, right, top, bottom } = el.getBoundingClientRect();
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const { outlineStyle, boxShadow } = getComputedStyle(el);
    return [el.dataset.nth ?? named(el), el.contains(hit) && (outlineStyle !== 'none' || boxShadow !== 'none')];";

#[tokio::test]
async fn every_setting_is_reached_and_seen_by_keys_in_both_widths() {
    const TAB: char = '\u{e004}';
    let room = Room::open(Mode::Full).await;
    room.remember(30).await;
    let stage = Stage::set("every_setting_is_reached_and_seen_by_keys_in_both_widths");
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.choose(json!({"proxy": {"by": "through", "url": "http://proxy.example:3128"}})).await;
    for (width, height) in [(960, 720), (240, 480)] {
        app.stage.resize_window("Aside", width, height);
        if width < 480 {
            app.press("Rooms and settings").await;
        }
        app.press("Settings").await;
        app.field("Address of the proxy").await;
        app.button("Open the folder").await;
        let number =
            "const controls = all('dialog[open] :is(button, input, select, textarea, a[href])');
            const able = controls.filter((el) => !el.disabled);
            able.forEach((el, nth) => (el.dataset.nth = nth));
            able[0].focus();
            return able.map(named);";
        let controls: Vec<String> = app.ask(number, json!([])).await;
        assert!(controls.len() > 30, "{controls:?}");
        let mut way: Vec<usize> = (1..controls.len()).collect();
        way.extend((0..controls.len() - 1).rev());
        for (step, nth) in way.into_iter().enumerate() {
            if step + 1 < controls.len() {
                app.keys("\u{e004}").await
            } else {
                app.shift(TAB).await
            }
            let (at, seen): (String, bool) = app.ask(FOCUSED, json!([])).await;
            let place = format!("{width} px wide, step {step}: {}", controls[nth]);
            assert_eq!((at, seen), (nth.to_string(), true), "{place}");
        }
        app.keys("\u{1b}").await;
        dialog(&app, false).await;
    }
}
