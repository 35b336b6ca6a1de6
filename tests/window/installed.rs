//! The app as its package installs it: started from where that puts it, it shows what is said, and starts with the system if asked to.

use std::{
    env, fs,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::json;

use crate::{
    app::{App, until},
    room::{Mode, Room},
    stage::Stage,
};

const PROGRAM: &str = "/usr/bin/aside";

#[tokio::test]
#[ignore = "wants the package installed: cargo xtask test --only package"]
async fn an_installed_app_shows_what_is_said_and_starts_with_the_system() {
    let room = Room::open(Mode::Full).await;
    let mut stage = Stage::set("an_installed_app_shows_what_is_said_and_starts_with_the_system");
    stage.program = PROGRAM;
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;
    room.say("the first live row").await;
    app.row(&["the first live row"]).await;
    if let Some(since) = env::var("ASIDE_INSTALLED_SINCE").ok().and_then(|ms| ms.parse().ok()) {
        let took = SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_millis(since));
        eprintln!(
            "From the installation to the first live row: {:.1} s",
            took.unwrap().as_secs_f64()
        );
    }

    app.choose(json!({ "startWithSystem": true })).await;
    let entry = app.stage.user_home().join(".config/autostart/Aside.desktop");
    until("the system starts it", || async { entry.is_file().then_some(()) }).await;
    let text = fs::read_to_string(&entry).unwrap();
    assert!(text.lines().any(|line| line == format!("Exec={PROGRAM} --with-system")), "{text}");
    let told = Command::new("desktop-file-validate").arg(&entry).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stdout));
    app.choose(json!({ "startWithSystem": false })).await;
    until("the system leaves it", || async { (!entry.exists()).then_some(()) }).await;
    app.quit().await;
}
