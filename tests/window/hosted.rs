//! A room that the app hosts: made by keys, entered by its link in another browser, answered at the desk, and there again after a start.

use std::net::SocketAddr;

use qrcode::{Color, QrCode};
use serde_json::{Value, json};

use crate::{
    app::{App, free_port, until},
    browser::Browser,
    desk::{in_the_answer, no_field},
    driver::client,
    stage::Stage,
};

const TAB: &str = "\u{e004}";

/// What has the focus, as a screen reader names it.
const FOCUSED: &str = "return document.activeElement ? named(document.activeElement) : '';";

/// Presses Tab until this has the focus.
async fn tab_to(app: &App, name: &str) {
    for _ in 0..40 {
        if app.ask::<String>(FOCUSED, json!([])).await.starts_with(name) {
            return;
        }
        app.keys(TAB).await;
    }
    panic!("{name} is not reached by Tab");
}

/// Hosts a room by keys alone, and says what its link is.
async fn host(app: &App, port: u16) -> String {
    app.button("Host a room").await;
    tab_to(app, "Host a room").await;
    app.keys("\n").await;
    tab_to(app, "Room's name").await;
    app.keys("Question time").await;
    tab_to(app, "Your name").await;
    app.keys("Hanna").await;
    tab_to(app, "Organisation").await;
    app.keys("Harbour").await;
    tab_to(app, "More settings").await;
    app.keys("\n").await;
    tab_to(app, "Port").await;
    app.keys(&port.to_string()).await;
    app.keys("\n").await;
    let link = until("the room is shared", || async {
        Some(app.value("Link").await).filter(|link| link.starts_with("http://"))
    });
    link.await
}

/// The dark squares of a text's QR code, as the page draws them.
fn code(text: &str) -> String {
    let code = QrCode::new(text).unwrap();
    let (width, colors) = (code.width(), code.to_colors());
    let dark = colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
    dark.map(|(n, _)| format!("M{} {}h1v1h-1z", n % width, n / width)).collect()
}

/// Puts a text where somebody would type it, and presses what sends it.
async fn fill(browser: &Browser, field: &str, text: &str, press: &str) {
    let script = format!(
        "(() => {{
            const field = document.querySelector({field});
            if (!field) return false;
            field.value = {text};
            field.dispatchEvent(new Event('input', {{ bubbles: true }}));
            requestAnimationFrame(() => document.querySelector({press}).click());
            return true;
        }})()",
        field = json!(field),
        text = json!(text),
        press = json!(press),
    );
    sees(browser, &script).await;
}

async fn sees(browser: &Browser, expression: &str) {
    until(expression, || async { (browser.ask(expression).await == true).then_some(()) }).await;
}

#[tokio::test]
async fn a_guest_asks_by_the_link_of_a_hosted_room_and_its_desk_answers() {
    let stage = Stage::set("a_guest_asks_by_the_link_of_a_hosted_room");
    let mut app = App::start(stage, &[], &[]).await;
    let port = free_port();
    let link = host(&app, port).await;
    assert!(link.starts_with(&format!("http://127.0.0.1:{port}/r/")), "{link}");
    app.row_or_words("Running").await;
    app.row_or_words("Only this computer reaches this link").await;
    let typed = link.trim_start_matches("http://");
    app.row_or_words(&format!("To type: {typed}")).await;

    let drawn =
        "return document.querySelector('dialog[open] svg[role=img] path').getAttribute('d');";
    assert_eq!(app.ask::<String>(drawn, json!([])).await, code(&link), "what a camera reads");

    let phone = Browser::open(&mut app.stage).await;
    phone.go(&link).await;
    fill(&phone, "#name", "Gia", "form button").await;
    sees(&phone, "document.querySelector('[role=status][data-state]')?.dataset.state === 'online'")
        .await;
    phone.ask("document.querySelector('.ask').click()").await;
    fill(&phone, "textarea", "Which ship is the oldest?", ".send").await;
    // Hanna's and Gia's.
    app.row_or_words("2 people are there").await;
    app.keys("\u{1b}").await;

    app.row_or_words("Which ship is the oldest?").await;
    no_field(&app).await;
    app.keys("n").await;
    app.keys("r").await;
    in_the_answer(&app).await;
    app.type_into("Answer", "The Cap San Diego.").await;
    app.control_enter().await;
    sees(
        &phone,
        "[...document.querySelectorAll('[role=log] article[data-kind=answer]')]
            .some((row) => ['Harbour', 'The Cap San Diego.'].every((word) => row.textContent.includes(word)))",
    )
    .await;

    // What the page may know of the room holds no token.
    let settings = std::fs::read_to_string(app.stage.home().join("settings.json")).unwrap();
    let kept: Value = serde_json::from_str(&settings).unwrap();
    assert_eq!(kept["rooms"][0]["hosted"]["port"], port);
    assert!(!settings.contains("oken\": \""), "{settings}");
}

#[tokio::test]
async fn a_hosted_room_is_there_again_without_a_window_and_with_its_history() {
    let stage = Stage::set("a_hosted_room_is_there_again");
    let app = App::start(stage, &[], &[]).await;
    let port = free_port();
    let link = host(&app, port).await;
    app.keys("\u{1b}").await;
    app.show("Timeline").await;
    app.type_into("Message", "before the start\n").await;
    let row = app.row(&["before the start"]).await;
    app.settled(&row.key).await;
    let mut stage = app.quit().await;
    assert_eq!(status_of(&link).await, None, "it ends with the app");

    let mut hidden = stage.command(env!("CARGO_BIN_EXE_aside"));
    stage.run_along(hidden.arg("--hidden"));
    until("the room is there again", || async {
        status_of(&link).await.filter(|status| *status == 200)
    })
    .await;
    assert!(stage.windows().is_empty(), "no window was ever shown");
    let ended = stage.command("kill").args(pids(&stage)).status().unwrap();
    assert!(ended.success());
    until("it has ended", || async { stage.processes("aside").is_empty().then_some(()) }).await;

    let app = App::start(stage, &[], &[]).await;
    app.becomes(&["online"]).await;
    app.show("Timeline").await;
    app.row(&["before the start"]).await;
    app.press("Actions for Question time").await;
    app.press("Share").await;
    until("the same link", || async { (app.value("Link").await == link).then_some(()) }).await;

    // A token for a colleague is on the clipboard, and in no page.
    app.fill("Whom it is for", "Cleo").await;
    app.press("Make a token and copy it").await;
    app.row_or_words("The token of Cleo was copied").await;
    app.type_into("Whom it is for", " ").await;
    app.control('v').await;
    let token = until("a token is pasted", || async {
        Some(app.value("Whom it is for").await.trim().to_owned()).filter(|token| token.len() == 64)
    })
    .await;
    let address: SocketAddr = ([127, 0, 0, 1], port).into();
    assert_eq!(seat(address, &token).await, 200);
    app.press("Revoke the token of Cleo").await;
    until("it opens nothing", || async { (seat(address, &token).await == 401).then_some(()) })
        .await;

    app.press("Stop the room").await;
    app.row_or_words("nobody can come in").await;
    assert_eq!(status_of(&link).await, None);
    app.press("Start the room").await;
    app.row_or_words("Running").await;
    assert_eq!(status_of(&link).await, Some(200));
}

fn pids(stage: &Stage) -> Vec<String> {
    stage.processes("aside").iter().map(u32::to_string).collect()
}

/// What a read of an address is answered with, if anybody answers.
async fn status_of(address: &str) -> Option<u16> {
    Some(client().get(address).send().await.ok()?.status().as_u16())
}

/// Whether a token opens the room.
async fn seat(address: SocketAddr, token: &str) -> u16 {
    let asked = client().get(format!("http://{address}/api/capabilities"));
    asked.header("Authorization", token).send().await.unwrap().status().as_u16()
}
