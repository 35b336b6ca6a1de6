//! What a person is shown of a room that they host: its addresses as text and as codes, who is there, who has a key.

use aside_protocol::Topic;
use aside_server::{Rooms, page_link};
use url::Url;

use super::{Hosts, Run, failed, keys, saved};
use crate::dto::{HostForm, HostLink, HostState, Hosting};
use crate::errors::{AppError, Code};
use crate::qr;
use crate::settings::{Hosted, RoomKey, SavedRoom};
use crate::shell::Shell;

pub(super) async fn look(
    shell: &Shell,
    hosts: &Hosts,
    room: &SavedRoom,
    hosted: &Hosted,
) -> Result<Hosting, AppError> {
    let (state, listening) = match hosts.runs().get(&room.key) {
        Some(Run::Up(running)) => (HostState::Running, running.addr().to_string()),
        Some(Run::PortTaken) => (HostState::PortTaken, String::new()),
        Some(Run::Failed) => (HostState::Failed, String::new()),
        None => (HostState::Stopped, String::new()),
    };
    let up = hosts.rooms(room.key);
    // The database of one that does not run can be read all the same.
    let rooms = match &up {
        Some(rooms) => rooms.clone(),
        None => Rooms::administer(&shell.home.hosted(room.key)).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a hosted room's data");
            Code::Storage
        })?,
    };
    let topic = Topic::new(&room.form.topic);
    let info = rooms.room(&topic).await.map_err(|error| failed(&error))?;
    let people = rooms.people(&topic).await.map_err(|error| failed(&error))?;
    let bases = if up.is_some() { hosted.reach.bases(hosted.port) } else { Vec::new() };
    Ok(Hosting {
        form: HostForm {
            name: hosted.name.clone(),
            host: room.form.name.clone(),
            org: hosted.org.clone(),
            logo: hosted.logo.clone(),
            guests: hosted.guests,
            review: info.review,
            reach: hosted.reach.clone(),
            port: hosted.port,
        },
        state,
        listening,
        links: bases.iter().filter_map(|base| link(base, room)).collect(),
        invitation: bases.first().map(|base| invitation(base, room)).unwrap_or_default(),
        people: u32::try_from(people).unwrap_or(u32::MAX),
        keys: keys::all(&rooms, &room.form.user).await?,
    })
}

/// How many people are in a hosted room, its host among them; none where it does not run.
pub(crate) async fn people(shell: &Shell, hosts: &Hosts, key: RoomKey) -> u32 {
    let (Some(rooms), Ok((room, _))) = (hosts.rooms(key), saved(shell, key)) else { return 0 };
    let people = rooms.people(&Topic::new(&room.form.topic)).await.unwrap_or_default();
    u32::try_from(people).unwrap_or(u32::MAX)
}

fn link(base: &Url, room: &SavedRoom) -> Option<HostLink> {
    let url = page_link(base, &keys::spec(room))?.to_string();
    let (qr, qr_size) = qr::code(&url);
    Some(HostLink { url, qr, qr_size })
}

/// Fills the join form of a colleague's app.
fn invitation(base: &Url, room: &SavedRoom) -> String {
    let server = base.as_str().trim_end_matches('/');
    let fields = [("server", server), ("topic", &room.form.topic), ("stream", &room.form.stream)];
    Url::parse_with_params("aside://join", fields).map(String::from).unwrap_or_default()
}
