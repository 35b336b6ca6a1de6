//! A window that stays hidden gives its page back: only the core runs then, hears everything, and shows it when it is shown again.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::app::{App, until};
use crate::hidden::{TITLE, is_hidden, is_shown};
use crate::room::{Mode, Room};
use crate::stage::Stage;

/// The program that draws the page.
const PAGE: &str = "WebKitWebProcess";

/// As much memory as all processes of the app take together, shared pages counted once, in MiB.
fn memory(stage: &Stage) -> u64 {
    let programs = ["aside", PAGE, "WebKitNetworkProcess"];
    let processes = programs.iter().flat_map(|program| stage.processes(program));
    let kilobytes = processes.filter_map(|process| {
        let told = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
        let line = told.lines().find(|line| line.starts_with("Pss:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    kilobytes.sum::<u64>() / 1024
}

#[tokio::test]
async fn a_hidden_window_rests_and_comes_back_where_it_was() {
    let room = Room::open(Mode::Full).await;
    room.remember(200).await;
    let stage = Stage::set("a_hidden_window_rests_and_comes_back_where_it_was");
    let settings = json!({"version": 1, "settings": {"restAfterSecs": 5, "close": "hide"}});
    fs::write(stage.home().join("settings.json"), settings.to_string()).unwrap();
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    app.row(&["past 199"]).await;
    app.type_into("Message", "half a sen").await;
    let shown = memory(&app.stage);

    app.stage.close_window(TITLE);
    is_hidden(&app).await;
    until("the page is gone", || async { app.stage.processes(PAGE).is_empty().then_some(()) })
        .await;
    for number in 0..250 {
        room.say(&format!("unseen {number:03}")).await;
    }
    let connections = room.ana_connections().len();
    let hidden = memory(&app.stage);

    let began = Instant::now();
    app.start_again();
    is_shown(&app).await;
    let window = began.elapsed();
    app.turn_to("the page is back", "return !!log();").await;
    app.row(&["unseen"]).await;
    let rows = began.elapsed();
    assert_eq!(app.value("Message").await, "half a sen");
    let all = app.whole_timeline().await;
    let unseen = all.iter().filter(|row| row.text.contains("unseen")).count();
    assert_eq!((unseen, room.ana_connections().len()), (250, connections), "nothing was missed");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let again = memory(&app.stage);
    eprintln!(
        "memory: {shown} MiB shown, {hidden} MiB hidden, {again} MiB shown again; a window after {window:?}, rows after {rows:?}"
    );
    assert!(hidden < shown, "{hidden} MiB hidden, {shown} MiB shown");
}
