//! Rooms that a person hosts: for each a room server in this process, with its data below the app's folder. It starts with the app,
//! needs no window, and ends with the app as any server ends: everybody is told when to come back.
//!
//! [`serving`] starts a server (the demo's too), [`reach`] is where it is found, [`keys`] who else may come in, [`share`] what a person
//! is shown of it.

mod form;
mod keys;
mod reach;
pub(crate) mod serving;
mod share;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aside_protocol::Topic;
use aside_server::{Config, Rooms, RoomsError, Running};
use tokio::net::TcpListener;

pub(crate) use self::keys::{make_key, revoke_key, spec};
pub(crate) use self::reach::places;
use self::serving::{ServeError, Served};
pub(crate) use self::share::{choose_address, page, people};
use crate::dto::{HostForm, Hosting, TokenStore};
use crate::errors::{AppError, Code};
use crate::settings::{Hosted, RoomKey, SavedRoom};
use crate::shell::Shell;

/// How a room that is to run does.
enum Run {
    Up(Box<Running>),
    PortTaken,
    Failed,
}

/// The servers of this process.
pub(crate) struct Hosts {
    runs: Mutex<BTreeMap<RoomKey, Run>>,
    /// Held while one is started, changed or ended: each of these is several steps.
    turn: tokio::sync::Mutex<()>,
    /// Where this computer is found in its networks, likeliest first.
    addresses: fn() -> Vec<Ipv4Addr>,
}

impl Default for Hosts {
    fn default() -> Self {
        Self { runs: Mutex::default(), turn: Default::default(), addresses: reach::addresses }
    }
}

impl Hosts {
    fn runs(&self) -> MutexGuard<'_, BTreeMap<RoomKey, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The owner's handle of a room's server, while it runs.
    fn rooms(&self, key: RoomKey) -> Option<Rooms> {
        match self.runs().get(&key) {
            Some(Run::Up(running)) => Some(running.rooms().clone()),
            Some(Run::PortTaken | Run::Failed) | None => None,
        }
    }

    pub(crate) fn is_up(&self, key: RoomKey) -> bool {
        matches!(self.runs().get(&key), Some(Run::Up(_)))
    }

    /// Ends a room's server, if it runs.
    async fn end(&self, key: RoomKey) {
        let run = self.runs().remove(&key);
        if let Some(Run::Up(running)) = run {
            running.stop().await;
        }
    }
}

/// A hosted room as it is saved.
fn saved(shell: &Shell, key: RoomKey) -> Result<(SavedRoom, Hosted), AppError> {
    let room = shell.remembered.read(|memory| memory.room(key).cloned());
    let room = room.ok_or(Code::RoomUnknown)?;
    let hosted = room.hosted.clone().ok_or(Code::RoomUnknown)?;
    Ok((room, hosted))
}

/// Hosts a new room and opens it, or changes one that is hosted and starts it anew.
///
/// # Errors
/// What the form lacks, a port that is taken, a server that does not start. Nothing is changed then, and what ran runs.
pub(crate) async fn host(
    shell: &Shell,
    hosts: &Hosts,
    key: Option<RoomKey>,
    form: HostForm,
) -> Result<RoomKey, AppError> {
    let form = form::tidy(form)?;
    let _turn = hosts.turn.lock().await;
    let before = key.map(|key| saved(shell, key)).transpose()?;
    let was_up = key.is_some_and(|key| hosts.is_up(key));
    let (key, review) = (key.unwrap_or_else(RoomKey::random), form.review);
    // Its own port is free once it has ended; for another that cannot be had, nobody is cut off.
    let stays =
        before.as_ref().is_some_and(|(_, had)| was_up && [0, had.port].contains(&form.port));
    let listener = if stays { None } else { Some(reach::listen_for(shell, key, &form).await?) };
    if before.is_some() {
        shell.rooms.leave(key).await;
        hosts.end(key).await;
    }
    if let Err(error) = begin(shell, hosts, key, before.as_ref(), (form, listener)).await {
        match before {
            Some((room, hosted)) if was_up => {
                let back = again(shell, hosts, room, hosted).await;
                shell.open(key).await?;
                back?;
            }
            Some(_) => {}
            None => never_was(shell, key).await,
        }
        return Err(error);
    }
    let (room, _) = saved(shell, key)?;
    if let Some((_, had)) = &before {
        is_settled(shell, had);
    }
    // Under another port it would be another room to the files.
    let moved = match before {
        Some((old, _)) if old.form.server != room.form.server => {
            shell.move_files(&old.form, &room.form).await
        }
        _ => Ok(()),
    };
    let reviewed = match hosts.rooms(key) {
        Some(rooms) => rooms.set_review(&Topic::new(&room.form.topic), review).await,
        None => Ok(()),
    };
    // It runs, whatever else went wrong.
    let entered = shell.open(key).await;
    shell.list_changed();
    entered?;
    moved?;
    reviewed.map_err(|error| failed(&error))?;
    Ok(key)
}

/// That it was not started is so no more, or nobody's concern.
fn is_settled(shell: &Shell, hosted: &Hosted) {
    shell.take_back_notice("host_not_started", &[("room", aside_text::name(&hosted.name))]);
}

/// Takes back what came of a room that could not be made.
async fn never_was(shell: &Shell, key: RoomKey) {
    let _logged = shell.change(|memory| memory.rooms.retain(|room| room.key != key));
    let _nothing = tokio::fs::remove_dir_all(shell.home.hosted(key)).await;
}

/// Starts a room as the form says, and remembers it.
async fn begin(
    shell: &Shell,
    hosts: &Hosts,
    key: RoomKey,
    before: Option<&(SavedRoom, Hosted)>,
    (form, listener): (HostForm, Option<TcpListener>),
) -> Result<(), AppError> {
    let listener = match listener {
        Some(listener) => listener,
        None => reach::listen_for(shell, key, &form).await?,
    };
    let port = listener.local_addr().map_err(|_| Code::RoomNotStarted)?.port();
    let hosted = Hosted {
        name: form.name,
        org: form.org,
        logo: form.logo,
        guests: form.guests,
        reach: form.reach,
        port,
        address: before.map(|(_, had)| had.address.clone()).unwrap_or_default(),
        on: true,
    };
    let known = before.map(|(room, _)| room.clone());
    let mut room = known.unwrap_or_else(|| form::new_room(key));
    room.form.name = form.host;
    room.form.server = serving::base(port).map_err(|_| Code::RoomNotStarted)?.to_string();
    room.hosted = Some(hosted.clone());
    up(shell, hosts, &room, &hosted, listener).await?;
    let kept = shell.change(|memory| match memory.room_mut(key) {
        Some(known) => *known = room.clone(),
        None => memory.rooms.push(room.clone()),
    });
    // A room that is forgotten at the next start would be lost with all that is said in it.
    if kept.is_err() {
        hosts.end(key).await;
    }
    kept
}

/// Starts a room's server on a listener; the app's own way in is made anew, and held in memory alone.
async fn up(
    shell: &Shell,
    hosts: &Hosts,
    room: &SavedRoom,
    hosted: &Hosted,
    listener: TcpListener,
) -> Result<(), AppError> {
    let topic = Topic::new(&room.form.topic);
    let config = Config {
        data: Some(shell.home.hosted(room.key)),
        guests: if hosted.guests { BTreeSet::from([topic]) } else { BTreeSet::new() },
        origins: hosted.reach.origins(),
        limits: serving::limits(),
        ..Config::default()
    };
    let user = room.form.user.clone();
    let served =
        serving::serve(config, listener, spec(room), |token| keys::is_own(token, &user)).await;
    let Served { running, .. } = served.map_err(|error| not_started(&error))?;
    let own = keys::own(running.rooms(), room, hosted).await.map_err(|error| failed(&error))?;
    shell.secrets.keep_for_this_run(room.key, own.token);
    hosts.runs().insert(room.key, Run::Up(Box::new(running)));
    Ok(())
}

fn not_started(error: &ServeError) -> AppError {
    tracing::error!(error = error as &dyn std::error::Error, "a hosted room was not started");
    Code::RoomNotStarted.into()
}

fn failed(error: &RoomsError) -> AppError {
    tracing::error!(error = error as &dyn std::error::Error, "a hosted room's database");
    Code::Storage.into()
}

/// Starts a room that is saved where it was before, and opens it.
///
/// # Errors
/// `port_taken`, `room_not_started`.
pub(crate) async fn start(shell: &Shell, hosts: &Hosts, key: RoomKey) -> Result<(), AppError> {
    let _turn = hosts.turn.lock().await;
    let (room, hosted) = saved(shell, key)?;
    if !hosts.is_up(key) {
        again(shell, hosts, room, hosted).await?;
    }
    shell.open(key).await
}

/// Finds the server of a room that somebody looks at. It is started on purpose, not by that look; but one that is to run, and that
/// the start of the app has not come to yet, runs before its turn.
///
/// # Errors
/// `hosting_stopped`.
pub(crate) async fn find(shell: &Shell, hosts: &Hosts, key: RoomKey) -> Result<(), AppError> {
    let _turn = hosts.turn.lock().await;
    let (room, hosted) = saved(shell, key)?;
    let is_tried = hosts.runs().contains_key(&key);
    if hosted.on && !is_tried {
        // What keeps it from that is shown to whoever looks at how it stands.
        let _shown = again(shell, hosts, room, hosted).await;
    }
    if hosts.is_up(key) { Ok(()) } else { Err(Code::HostingStopped.into()) }
}

async fn again(
    shell: &Shell,
    hosts: &Hosts,
    mut room: SavedRoom,
    mut hosted: Hosted,
) -> Result<(), AppError> {
    let key = room.key;
    let started = match reach::listen(&hosted.reach, hosted.port, &[]).await {
        Ok(listener) => up(shell, hosts, &room, &hosted, listener).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &started {
        let why =
            if error.code() == Code::PortTaken.as_str() { Run::PortTaken } else { Run::Failed };
        hosts.runs().insert(key, why);
    } else {
        is_settled(shell, &hosted);
    }
    hosted.on = true;
    room.hosted = Some(hosted);
    room.token_store = TokenStore::Session;
    shell.change(|memory| {
        if let Some(known) = memory.room_mut(key) {
            *known = room;
        }
    })?;
    started
}

/// Leaves a room and ends its server: everybody in it is told. Its data stays.
///
/// # Errors
/// `settings_not_saved`; it has ended all the same.
pub(crate) async fn stop(shell: &Shell, hosts: &Hosts, key: RoomKey) -> Result<(), AppError> {
    let _turn = hosts.turn.lock().await;
    saved(shell, key)?;
    let left = shell.leave(key).await;
    hosts.end(key).await;
    shell.change(|memory| {
        if let Some(hosted) = memory.room_mut(key).and_then(|room| room.hosted.as_mut()) {
            is_settled(shell, hosted);
            hosted.on = false;
        }
    })?;
    left
}

/// Ends a room for good: its server, its place in the list, and everything that was said in it.
///
/// # Errors
/// When its files cannot be removed.
pub(crate) async fn remove(shell: &Shell, hosts: &Hosts, key: RoomKey) -> Result<(), AppError> {
    let _turn = hosts.turn.lock().await;
    let (_, hosted) = saved(shell, key)?;
    shell.rooms.leave(key).await;
    hosts.end(key).await;
    shell.forget(key).await?;
    is_settled(shell, &hosted);
    match tokio::fs::remove_dir_all(shell.home.hosted(key)).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::error!(%error, "a hosted room's data could not be removed");
            Err(Code::Storage.into())
        }
        _ => Ok(()),
    }
}

/// Starts every room that ran when the app ended. What cannot start is said once, and shown when somebody looks.
pub(crate) async fn start_all(shell: &Shell, hosts: &Hosts) {
    let rooms: Vec<_> = shell.remembered.read(|memory| {
        let hosted = memory.rooms.iter().filter_map(|room| Some((room, room.hosted.as_ref()?)));
        hosted.filter(|(_, hosted)| hosted.on).map(|(room, h)| (room.key, h.name.clone())).collect()
    });
    for (key, name) in rooms {
        if let Err(error) = start(shell, hosts, key).await {
            tracing::error!(code = error.code(), "a hosted room was not started");
            shell.notice("host_not_started", &[("room", aside_text::name(&name))]);
        }
    }
}

/// Ends every server, at once; they run again at the next start.
pub(crate) async fn stop_all(hosts: &Hosts) {
    let runs = std::mem::take(&mut *hosts.runs());
    let ends = runs.into_values().filter_map(|run| match run {
        Run::Up(running) => Some(running.stop()),
        Run::PortTaken | Run::Failed => None,
    });
    futures_util::future::join_all(ends).await;
}

/// A hosted room as a person is shown it.
///
/// # Errors
/// `room_unknown`, or a database that cannot be read.
pub(crate) async fn look(shell: &Shell, hosts: &Hosts, key: RoomKey) -> Result<Hosting, AppError> {
    let (room, hosted) = saved(shell, key)?;
    share::look(shell, hosts, &room, &hosted).await
}
