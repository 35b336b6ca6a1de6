//! `aside --demo`: a real room server inside the app, on loopback, with an audience that is simulated and says so.
//!
//! [`cast`] is who is there and what they say, [`seat`] one of them at a real socket, [`play`] when who says what.

mod cast;
mod play;
mod seat;

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aside_protocol::{Seq, Token, Topic};
use aside_server::{Config, RoomSpec, TokenSpec};
use aside_words::Language;
use jiff::Timestamp;
use tauri::{AppHandle, Manager};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::dto::{RoomForm, TokenStore};
use crate::errors::{AppError, Code};
use crate::host::serving::{self, ServeError, Served};
use crate::settings::{RoomKey, SavedRoom};
use crate::shell::Shell;

/// The demo's room, on the socket and over HTTP.
const ROOM: &str = "demo";

/// Where the port of the last run is kept: the cache knows a room by its server's address, and should know this one again.
const PORT_FILE: &str = "port";

/// The demo as it runs, if it does.
#[derive(Default)]
pub(crate) struct Playing(Mutex<Option<Run>>);

struct Run {
    server: aside_server::Running,
    play: JoinHandle<()>,
}

impl Playing {
    fn lock(&self) -> MutexGuard<'_, Option<Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the demo, if it does not run yet, and opens its room.
///
/// # Errors
/// When the server cannot start, or the room cannot be opened.
pub(crate) async fn host(app: &AppHandle) -> Result<RoomKey, AppError> {
    let (shell, playing) = (app.state::<Shell>(), app.state::<Playing>());
    if playing.lock().is_none() {
        let started = start(&shell.home.demo(), shell.language()).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "no demo");
            AppError::from(Code::RoomNotStarted)
        })?;
        shell.secrets.keep_for_this_run(RoomKey::DEMO, started.token);
        shell.change(|memory| {
            memory.rooms.retain(|room| room.key != RoomKey::DEMO);
            let form = started.form;
            let room = SavedRoom {
                form,
                token_store: TokenStore::Session,
                demo: true,
                ..SavedRoom::new(RoomKey::DEMO)
            };
            memory.rooms.insert(0, room);
        })?;
        *playing.lock() = Some(started.run);
    }
    shell.open(RoomKey::DEMO).await?;
    Ok(RoomKey::DEMO)
}

/// Sends the audience home and stops the server.
pub(crate) async fn stop(app: &AppHandle) {
    let run = app.state::<Playing>().lock().take();
    if let Some(Run { server, play }) = run {
        play.abort();
        server.stop().await;
    }
}

struct Started {
    run: Run,
    form: RoomForm,
    token: Token,
}

async fn start(folder: &Path, language: Language) -> Result<Started, ServeError> {
    let listener = listen(folder).await?;
    let config = Config { data: Some(folder.to_owned()), ..Config::default() };
    // The tokens of the last run opened a room that only ran then.
    let served = serving::serve(config, listener, RoomSpec::new(ROOM), |_| true).await?;
    let Served { running: server, room, base } = served;
    let rooms = server.rooms().clone();
    if room.head == Seq(0) {
        rooms.seed(&Topic::new(ROOM), cast::history(language, Timestamp::now())).await?;
    }
    let me = cast::you(language);
    let token = rooms.create_token(staff(&me, language)).await?.token;
    let colleague = cast::colleague(language);
    let colleague_token = rooms.create_token(staff(&colleague, language)).await?.token;
    let mut audience = Vec::new();
    for person in cast::audience(language) {
        let spec = TokenSpec::audience(RoomSpec::new(ROOM), &person.user, &person.name);
        let token = rooms.create_token(spec).await?.token;
        audience.push(seat::Seat::new(base.clone(), person, token));
    }
    let staff = seat::Seat::new(base.clone(), colleague, colleague_token);
    let play = tokio::spawn(play::run(audience, staff, language, rand::random()));
    let form = RoomForm {
        server: base.to_string(),
        topic: ROOM.to_owned(),
        stream: ROOM.to_owned(),
        name: me.name,
        user: me.user,
        ..RoomForm::default()
    };
    Ok(Started { run: Run { server, play }, form, token })
}

fn staff(person: &cast::Person, language: Language) -> TokenSpec {
    TokenSpec::staff(RoomSpec::new(ROOM), &person.user, &person.name, cast::organisation(language))
}

/// The port of the last run, or a new one when it is taken.
async fn listen(folder: &Path) -> io::Result<TcpListener> {
    let file = folder.join(PORT_FILE);
    let last =
        std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let listener = match serving::listen(Ipv4Addr::LOCALHOST, last).await {
        Ok(listener) => listener,
        Err(_taken) => serving::listen(Ipv4Addr::LOCALHOST, 0).await?,
    };
    std::fs::create_dir_all(folder)?;
    std::fs::write(file, listener.local_addr()?.port().to_string())?;
    Ok(listener)
}
