//! What a start sets up, in which order, and how the app ends.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::Context as _;
use aside_history::{OpenError, OpenReport, Opened, Store};
use aside_session::{Env, open_files};
use clap::Parser;
use jiff::Timestamp;
use tauri::{AppHandle, Builder, Emitter, Manager, RunEvent, WindowEvent};
use tokio::sync::Notify;

#[cfg(target_os = "macos")]
use crate::cli;
use crate::cli::{Cli, Command};
use crate::clipboard::Clipboard;
use crate::commands::handler;
use crate::commands::rooms::keep_listed;
use crate::dto::OverlayState;
use crate::errors::AppError;
use crate::home::Home;
use crate::host::{self, Hosts};
use crate::notify::Notifier;
use crate::overlay::Overlay;
use crate::present::Presenter;
use crate::quitting::Quitting;
use crate::rooms::Rooms;
use crate::secrets::{Secrets, SystemKeyring};
use crate::settings::{Remembered, RoomKey};
use crate::shell::Shell;
use crate::ticks::Ticks;
use crate::tray::Tray;
use crate::windows::{self, RoomWindow, WindowState};
use crate::{
    attention, avatars, demo, exports, footprint, hotkeys, keeping, logging, overlay, pace,
    present, streamer,
};

/// Several rooms that are hosted here, and all else: a desktop gives a program a thousand, or a quarter of that.
const FILES: u64 = 8192;

/// Runs the app until it quits.
pub fn run() -> ExitCode {
    match start(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Logging may not have started; a person at a terminal must learn why.
            eprintln!("aside: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<()> {
    // GTK would panic.
    #[cfg(target_os = "linux")]
    anyhow::ensure!(
        has_display(),
        "there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set"
    );
    #[cfg(target_os = "linux")]
    windows::engine::tell();
    let home = Home::find().context("this user has no home folder; name one in ASIDE_HOME")?;
    home.create().context("the app's folder cannot be made")?;
    let recent = logging::start(&home.logs());
    let files = open_files::raise_to(FILES);
    tracing::debug!(files, "open files at the most");
    install_tls();
    let history = open_history(home.history());
    let mut context = tauri::generate_context!();
    // Apps with different homes are different apps; the single-instance plugin goes by this name on every system.
    context.config_mut().identifier = home.instance();
    let (hidden, with_system) = (cli.hidden, cli.with_system);
    let builder = Builder::default();
    #[cfg(not(target_os = "linux"))]
    let builder = builder.plugin(tauri_plugin_notification::init());
    let app = builder
        // A second start ends inside `build`.
        .plugin(tauri_plugin_single_instance::init(|app, line, _folder| second_start(app, line)))
        .plugin(tauri_plugin_dialog::init())
        .plugin(
            tauri_plugin_autostart::Builder::new().app_name("Aside").arg("--with-system").build(),
        )
        .register_asynchronous_uri_scheme_protocol("avatar", avatars::serve)
        .invoke_handler(handler!())
        .on_window_event(windows::on_event)
        .setup(move |app| {
            #[cfg(target_os = "linux")]
            windows::follow_desktop(app.handle());
            let shell = app.state::<Shell>();
            let quietly = shell.remembered.read(|memory| memory.settings.start_hidden);
            if hidden || with_system && quietly {
                footprint::give_back_soon(app.handle());
            } else {
                windows::bring_all(app.handle());
            }
            // While the web view's processes start.
            app.state::<Tray>().start(app.handle());
            hotkeys::start(app.handle());
            pace::follow(app.handle());
            Ok(())
        })
        .build(context)
        .context("the app cannot start")?;
    app.handle().manage(recent);
    let history =
        history.join().map_err(|_| anyhow::anyhow!("opening the rooms' files broke off"))?;
    set_up(app.handle(), home, history)?;
    tauri::async_runtime::spawn(quit_on_signal(app.handle().clone()));
    tauri::async_runtime::spawn(open_rooms(app.handle().clone(), cli));
    app.run(on_run_event);
    Ok(())
}

#[cfg(target_os = "linux")]
fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .into_iter()
        .filter_map(std::env::var_os)
        .any(|value| !value.is_empty())
}

/// One TLS provider for the whole process; harmless when another part was quicker.
pub(crate) fn install_tls() {
    let _already = rustls::crypto::ring::default_provider().install_default();
}

/// Opens the rooms' files while the desktop's toolkit starts. A second start finds them locked, and ends without them.
fn open_history(folder: PathBuf) -> JoinHandle<Result<Opened, OpenError>> {
    thread::spawn(move || Store::open(&folder))
}

/// Files that could not be used as they were, and the notices that tell of them.
fn set_aside(settings: Option<PathBuf>, report: OpenReport) -> Vec<(&'static str, PathBuf)> {
    let files = [
        ("settings_reset", settings),
        ("cache_rebuilt", report.cache_set_aside),
        ("outbox_rebuilt", report.outbox_set_aside),
    ];
    files.into_iter().filter_map(|(code, path)| Some((code, path?))).collect()
}

/// Opens what else is on disk and puts the shell's state where commands find it.
fn set_up(app: &AppHandle, home: Home, history: Result<Opened, OpenError>) -> anyhow::Result<()> {
    let now = Timestamp::now().as_millisecond();
    let settings =
        Remembered::open(&home.settings(), now).context("the settings cannot be read")?;
    let history = history.map_err(|error| match error {
        // Reached only where a second start cannot find the first: without a session bus.
        OpenError::Locked => anyhow::anyhow!("Aside is running already"),
        error => anyhow::Error::new(error).context("the rooms' files cannot be opened"),
    })?;
    let env = {
        let runtime = tauri::async_runtime::handle();
        // For what starts tasks of its own.
        let _inside = runtime.inner().enter();
        Env::real().context("no encrypted connections on this system")?
    };

    let (ticks, tray) = ([Ticks::default(), Ticks::default()], Tray::default());
    let presenter = Presenter::default();
    let (attention, wake_overlay) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tick, draw, turn) = (ticks.clone(), tray.clone(), presenter.waker());
    let (told, overlaid) = (Arc::clone(&attention), Arc::clone(&wake_overlay));
    let keeping = Arc::new(Notify::new());
    let kept = Arc::clone(&keeping);
    let rooms = Rooms::new(history.store, env, move || {
        tick.iter().for_each(Ticks::changed);
        draw.changed();
        turn.notify_one();
        told.notify_one();
        kept.notify_one();
        overlaid.notify_one();
    });
    let shell = Shell::new(home, settings.remembered, Secrets::new(SystemKeyring), rooms, ticks);
    for (code, path) in set_aside(settings.set_aside, history.report) {
        shell.notice(code, &[("file", path.display().to_string())]);
    }
    app.manage(set_up_overlay(app, &shell, wake_overlay));
    app.manage(shell);
    app.manage(WindowState::default());
    app.manage(Quitting::default());
    app.manage(windows::CameFrom::default());
    app.manage(tray);
    app.manage(Notifier::default());
    tauri::async_runtime::spawn(present::keep_up(app.clone(), presenter.waker()));
    tauri::async_runtime::spawn(attention::keep(app.clone(), attention));
    tauri::async_runtime::spawn(keeping::keep(app.clone(), keeping));
    app.manage(presenter);
    app.manage(exports::Exports::default());
    app.manage(demo::Playing::default());
    app.manage(Hosts::default());
    app.manage(Clipboard::default());
    tauri::async_runtime::spawn(streamer::keep(app.clone()));
    tauri::async_runtime::spawn(keep_listed(app.clone()));
    tauri::async_runtime::block_on(start_overlay(app));

    for which in RoomWindow::ALL {
        let (ticks, app) = (app.state::<Shell>().ticks(which).clone(), app.clone());
        tauri::async_runtime::spawn(ticks.run(move || {
            // A window that is being built or destroyed hears nothing, and boots from a snapshot.
            let _unheard = app.emit_to(which.label(), "tick", ());
        }));
    }
    Ok(())
}

/// The overlay, off yet, that looks again whenever another room comes on show.
fn set_up_overlay(app: &AppHandle, shell: &Shell, wake: Arc<Notify>) -> Overlay {
    let (which, language) = (app.clone(), app.clone());
    let (mut first, turned) = (shell.opening.overlaid(), Arc::clone(&wake));
    tauri::async_runtime::spawn(async move {
        while first.changed().await.is_ok() {
            turned.notify_one();
        }
    });
    Overlay::new(
        shell.rooms.clone(),
        move || which.state::<Shell>().overlaid(),
        move || language.state::<Shell>().language(),
        wake,
    )
}

/// An overlay that cannot be where it was is a blank in somebody's broadcast.
async fn start_overlay(app: &AppHandle) {
    if let Err(error) = overlay::follow_settings(app).await {
        tracing::error!(code = error.code(), "the overlay was not started");
    }
    let now = overlay::status(app).await;
    if now.state == OverlayState::PortTaken {
        app.state::<Shell>().notice("overlay_port", &[("port", now.port.to_string())]);
    }
}

/// Opens what was open, and what the command line asks for.
async fn open_rooms(app: AppHandle, cli: Cli) {
    let shell = app.state::<Shell>();
    let before: Vec<RoomKey> = shell
        .remembered
        .read(|memory| memory.rooms.iter().filter(|room| room.open).map(|room| room.key).collect());
    shell.opening.show_first(before.first().copied(), None);
    // What the command line asks for does not wait for a keyring that the others may wait for.
    let asked = obey(&app, cli, token_of_this_process);
    let elsewhere = before.iter().filter(|key| !shell.hosts(**key));
    let opened = futures_util::future::join_all(elsewhere.map(|key| shell.open(*key)));
    let hosts = app.state::<Hosts>();
    let hosted = host::start_all(&shell, &hosts);
    let (asked, opened, ()) = tokio::join!(asked, opened, hosted);
    for error in opened.into_iter().filter_map(Result::err) {
        tracing::error!(code = error.code(), "a room was not opened");
    }
    if let Err(error) = asked {
        tracing::error!(code = error.code(), "what the command line asks for was not done");
    }
}

/// A second start hands its command line over and ends. Its environment does not come with it, so neither does a token: a
/// room that has none yet asks for it.
fn second_start(app: &AppHandle, line: Vec<String>) {
    // The error's words would repeat what was given, and a link that is none may hold a token.
    let misread = |error: clap::Error| tracing::warn!(kind = ?error.kind(), "a second start's command line makes no sense");
    let cli = Cli::try_parse_from(line).map_err(misread).ok();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        // First: what is asked for may have to wait for a keyring that asks somebody to open it.
        if !cli.as_ref().is_some_and(|cli| cli.hidden) {
            windows::show(&app, None);
        }
        if let Some(cli) = cli
            && let Err(error) = obey(&app, cli, |_| None).await
        {
            tracing::error!(code = error.code(), "what a second start asks for was not done");
        }
    });
}

/// Does what a command line asks for, and has the page show the room.
async fn obey(
    app: &AppHandle,
    cli: Cli,
    token: impl Fn(&str) -> Option<String>,
) -> Result<(), AppError> {
    let shell = app.state::<Shell>();
    if let Some(link) = cli.link {
        follow(app, link);
    }
    if cli.demo {
        let room = demo::host(app).await?;
        windows::turn_to(app, room, None);
    }
    if let Some(Command::Join(join)) = cli.command {
        let token = join.token_env.as_deref().and_then(token);
        let room = shell.join(join.form(), token).await?;
        windows::turn_to(app, room, None);
    }
    Ok(())
}

/// Fills the join form from a link: a page that is there asks for it now; one that is still to start, as it starts.
fn follow(app: &AppHandle, link: String) {
    app.state::<Shell>().opening.keep_link(link);
    windows::tell(app, "link", ());
}

/// What macOS was asked to open comes as an event, not on a command line, also to a start that it caused.
#[cfg(target_os = "macos")]
fn opened(app: &AppHandle, urls: &[url::Url]) {
    if let Some(link) = cli::first_link(urls) {
        follow(app, link);
    }
    windows::show(app, None);
}

fn token_of_this_process(variable: &str) -> Option<String> {
    let token = std::env::var(variable).ok();
    if token.is_none() {
        tracing::warn!(variable, "the variable that should hold the token is not set");
    }
    token
}

fn on_run_event(app: &AppHandle, event: RunEvent) {
    match event {
        // The last window is gone; the rooms are not.
        RunEvent::ExitRequested { api, code: None, .. } if !windows::is_quitting(app) => {
            api.prevent_exit()
        }
        RunEvent::WindowEvent { label, event: WindowEvent::Destroyed, .. } => {
            // Whoever closed it: now it is forgotten.
            if label == present::PRESENT {
                pace::follow(app);
            }
            footprint::give_back_soon(app);
        }
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => windows::show(app, None),
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => opened(app, &urls),
        _ => {}
    }
}

/// Ctrl-C and a polite kill leave the rooms like the menu's Quit.
async fn quit_on_signal(app: AppHandle) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut polite) = signal(SignalKind::terminate()) else { return };
        tokio::select! {
            _ = polite.recv() => {}
            asked = tokio::signal::ctrl_c() => if asked.is_err() { return },
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    tracing::info!("a signal asks the app to end");
    windows::quit(&app);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_was_set_aside_is_told_of_in_words() {
        let file = || Some(PathBuf::from("file"));
        let report =
            OpenReport { cache_set_aside: file(), outbox_set_aside: file(), outbox_salvaged: 0 };
        let told = set_aside(file(), report);
        assert_eq!(told.len(), 3);
        for (code, _) in told {
            let key = format!("\"notice.{code}\"");
            assert!(include_str!("../../locales/en.json").contains(&key), "{code}");
        }
        assert!(set_aside(None, OpenReport::default()).is_empty());
    }
}
