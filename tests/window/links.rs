//! A link leads out of the app, into the person's own browser.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::json;

use crate::{
    app::{App, until},
    room::{Mode, Room},
    stage::Stage,
};

/// What only the app's own web view is told.
const OURS: [&str; 3] =
    ["JSC_forceMiniVMMode=1", "JSC_useDFGJIT=0", "WEBKIT_SKIA_CPU_PAINTING_THREADS=0"];

/// Keeps what it was asked to open and what it knows; like every browser, it is known to the desktop by a file.
const BROWSER: &str = "#!/bin/sh\n{ echo \"$1\"; env; } > \"$HOME/opened.new\" && mv \"$HOME/opened.new\" \"$HOME/opened\"\n";

fn install_browser(home: &Path) {
    let (program, applications) = (home.join("browser"), home.join(".local/share/applications"));
    fs::write(&program, BROWSER).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    fs::create_dir_all(&applications).unwrap();
    let about = format!(
        "[Desktop Entry]\nType=Application\nName=Browser\nExec={} %u\nMimeType=x-scheme-handler/https;\n",
        program.display()
    );
    fs::write(applications.join("browser.desktop"), about).unwrap();
    fs::create_dir_all(home.join(".config")).unwrap();
    let default = "[Default Applications]\nx-scheme-handler/https=browser.desktop\n";
    fs::write(home.join(".config/mimeapps.list"), default).unwrap();
}

#[tokio::test]
async fn a_link_opens_in_the_persons_browser_which_hears_nothing_of_ours() {
    let room = Room::open(Mode::Full).await;
    let stage = Stage::set("a_link_opens_in_the_persons_browser_which_hears_nothing_of_ours");
    let home = stage.user_home();
    install_browser(&home);
    let app = App::start_in(stage, &room).await;
    room.say("read https://example.org/a?b=c&d first").await;
    app.row(&["read https://example.org"]).await;
    let pages = app.stage.processes("WebKitWebProcess");
    assert!(!pages.is_empty());
    for page in pages {
        let told = fs::read(format!("/proc/{page}/environ")).unwrap();
        let told = String::from_utf8_lossy(&told);
        assert!(OURS.iter().all(|ours| told.split('\0').any(|entry| entry == *ours)), "{told}");
    }

    let follow = "return all('[role=log] a').map((link) => { link.click(); return text(link); });";
    let followed: Vec<String> = app.ask(follow, json!([])).await;
    assert_eq!(followed, ["https://example.org/a?b=c&d"]);
    let opened =
        until("the browser is asked", || async { fs::read_to_string(home.join("opened")).ok() })
            .await;
    assert_eq!(opened.lines().next(), Some("https://example.org/a?b=c&d"));
    assert!(opened.lines().any(|line| line.starts_with("DISPLAY=")), "{opened}");
    assert!(!OURS.iter().any(|ours| opened.contains(ours)), "{opened}");
    app.quit().await;
}
