//! The overlay in a real browser, while the app has no window at all; and its addresses, as a person copies them.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::{
    app::{App, free_port, until},
    browser::Browser,
    room::{Mode, Room, STREAM, TOPIC},
    stage::Stage,
};

const PATH: &str = "00112233445566778899aabbccddeeff";

/// What the chat shows, row by row.
const TEXTS: &str = "[...document.querySelectorAll('.row .text')].map((el) => el.textContent)";

/// A stage whose app has the overlay on, at an address that is known.
fn stage(name: &str) -> (Stage, String) {
    let (stage, port) = (Stage::set(name), free_port());
    let settings = json!({
        "version": 1,
        "settings": {"overlay": true},
        "overlay": {"port": port, "path": PATH},
    });
    fs::write(stage.home().join("settings.json"), settings.to_string()).unwrap();
    (stage, format!("http://127.0.0.1:{port}/{PATH}"))
}

async fn shows(browser: &Browser, text: &str) {
    until("the overlay shows it", || async {
        let texts = browser.ask(TEXTS).await;
        texts.as_array().is_some_and(|texts| texts.contains(&text.into())).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_overlay_is_live_without_a_window_and_gives_nothing_else_away() {
    let room = Room::open(Mode::Full).await;
    let hostile = "<img src=x onerror=\"document.title='it ran'\"> & <script>1</script>";
    room.say("before the browser came").await;
    let (mut stage, address) = stage("an_overlay_is_live_without_a_window");
    let mut app = stage.command(env!("CARGO_BIN_EXE_aside"));
    app.args(["join", "--server", &room.url(), "--topic", TOPIC, "--stream", STREAM])
        .args(["--name", "Ana", "--user", "ana", "--token-env", "ANA_TOKEN", "--hidden"])
        .env("ANA_TOKEN", room.ana.expose());
    stage.run_along(&mut app);
    let browser = Browser::open(&mut stage).await;
    until("the overlay is there", || async {
        status_of(&format!("{address}/chat")).await.filter(|status| *status == 200)
    })
    .await;

    browser.go(&format!("{address}/chat?rows=3&fade=0&size=150")).await;
    shows(&browser, "before the browser came").await;
    room.say("while it watched").await;
    shows(&browser, "while it watched").await;
    room.say(hostile).await;
    shows(&browser, hostile).await;
    room.say("the last").await;
    shows(&browser, "the last").await;
    assert_eq!(browser.ask(TEXTS).await, json!(["while it watched", hostile, "the last"]));
    assert_eq!(browser.ask("document.images.length + document.title").await, "0Aside");
    assert!(stage.windows().is_empty(), "no window was ever shown");

    // As OBS puts a person's own style into a page.
    let style = "(() => {
        const style = document.createElement('style');
        style.textContent = ':root { --text: rgb(1, 2, 3); --text-size: 30px; }';
        document.head.append(style);
        const { color, fontSize } = getComputedStyle(document.querySelector('.row .text'));
        return [color, fontSize, getComputedStyle(document.body).backgroundColor].join(' ');
    })()";
    assert_eq!(browser.ask(style).await, "rgb(1, 2, 3) 45px rgba(0, 0, 0, 0)");

    let page = browser.ask("document.documentElement.outerHTML").await;
    let events = "fetch(location.pathname + '/live').then((reply) => reply.body.getReader().read())
        .then(({ value }) => new TextDecoder().decode(value))";
    let events = browser.ask(events).await;
    assert!(events.as_str().unwrap().contains("the last"), "{events}");
    for told in [page.as_str().unwrap(), events.as_str().unwrap()] {
        assert!(!told.contains(room.ana.expose()), "the token");
    }
    assert!(!events.as_str().unwrap().contains("\"bo\""), "who it was, by id");
    let asked = browser.requests().await;
    assert!(asked.len() >= 5 && asked.iter().all(|url| url.starts_with(&address)), "{asked:?}");

    browser.go(&format!("{address}/question?size=400")).await;
    let stage = "[...document.querySelectorAll('.stage .number, .stage .name, .stage .text')]
        .map((el) => el.textContent)";
    assert_eq!(browser.ask(stage).await, json!([]));
    let long = "why? ".repeat(60);
    let question = room.ask(&long).await;
    room.change(&question, json!({"rev": 0, "stage": "now"})).await;
    let asked = json!(["#1", "Dora", long.trim()]);
    until("the question is on stage", || async {
        (browser.ask(stage).await == asked).then_some(())
    })
    .await;
    let whole = "(() => {
        const { top, bottom, left, right } = document.querySelector('.stage').getBoundingClientRect();
        return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
    })()";
    assert_eq!(browser.ask(whole).await, true, "as large as fits");
    room.change(&question, json!({"rev": 1, "stage": "none"})).await;
    until("the stage is empty", || async { (browser.ask(stage).await == json!([])).then_some(()) })
        .await;

    browser.go(&address.replace(PATH, "00112233445566778899aabbccddeefe/chat")).await;
    let nothing = "performance.getEntriesByType('navigation')[0].responseStatus
        + document.body.textContent";
    assert_eq!(browser.ask(nothing).await, "404Not Found");

    browser.go("about:blank").await;
    let read = format!("fetch('{address}/chat').then(() => 'read', () => 'refused')");
    assert_eq!(browser.ask(&read).await, "refused", "another page, though it knows the address");
    let listened = format!(
        "new Promise((done) => {{
            const source = new EventSource('{address}/chat/live');
            source.onmessage = () => done('heard');
            source.onerror = () => done('refused');
        }})"
    );
    assert_eq!(browser.ask(&listened).await, "refused");
    let loaded = format!(
        "new Promise((done) => {{
            const script = document.createElement('script');
            script.src = '{address}/overlay.js';
            script.onload = () => done('loaded');
            script.onerror = () => done('refused');
            document.head.append(script);
        }})"
    );
    assert_eq!(browser.ask(&loaded).await, "refused");
}

#[tokio::test]
async fn the_address_is_copied_from_the_settings_and_made_anew_there() {
    let room = Room::open(Mode::Full).await;
    let stage = Stage::set("the_address_is_copied_from_the_settings");
    let settings = json!({"version": 1, "settings": {"streamerMode": "on"}});
    fs::write(stage.home().join("settings.json"), settings.to_string()).unwrap();
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row_or_words("Streamer mode").await;
    app.press("Settings").await;
    app.press_box("Overlay for OBS").await;
    let address = until("an address", || async {
        Some(app.value("Chat").await).filter(|address| address.starts_with("http://127.0.0.1:"))
    })
    .await;
    assert_eq!(status_of(&address).await, Some(200));
    app.press("Copy").await;
    app.row_or_words("Copied").await;
    app.keys("\u{1b}").await;
    app.type_into("Message", "see ").await;
    app.control('v').await;
    until("it can be pasted", || async {
        (app.value("Message").await == format!("see {address}")).then_some(())
    })
    .await;

    app.press("Settings").await;

    app.press("New address").await;
    let renewed = until("another address", || async {
        Some(app.value("Chat").await).filter(|renewed| *renewed != address)
    })
    .await;
    assert_eq!(status_of(&address).await, Some(404), "the old one is gone");
    assert_eq!(status_of(&renewed).await, Some(200));
    let file = app.stage.home().join("settings.json");
    let kept: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert!(renewed.contains(kept["overlay"]["path"].as_str().unwrap()), "and it is remembered");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    app.press_box("Overlay for OBS").await;
    until("nothing listens", || async { status_of(&renewed).await.is_none().then_some(()) }).await;
}

/// What a read of an address is answered with, if anybody answers.
async fn status_of(address: &str) -> Option<u16> {
    let reply = crate::driver::client().get(address).send().await.ok()?;
    Some(reply.status().as_u16())
}
