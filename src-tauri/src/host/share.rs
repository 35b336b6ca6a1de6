//! What a person is shown of a room that they host: its addresses as text and as codes, who is there, who has a key.

use aside_protocol::Topic;
use aside_server::{Rooms, page_link};
use url::Url;

use super::{Hosts, Run, failed, keys, saved};
use crate::dto::{HostForm, HostLink, HostState, Hosting};
use crate::errors::{AppError, Code};
use crate::settings::{Hosted, RoomKey, SavedRoom};
use crate::shell::Shell;
use crate::{args, qr};

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
    let bases = if up.is_some() { hosts.bases(hosted) } else { Vec::new() };
    let base = up.as_ref().and_then(|_| hosts.base(hosted));
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
        chosen: base.as_ref().and_then(|base| url(base, room)).unwrap_or_default(),
        invitation: base.map(|base| invitation(&base, room)).unwrap_or_default(),
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

/// The address of a hosted room's page, while it runs.
pub(crate) fn page(shell: &Shell, hosts: &Hosts, key: RoomKey) -> Option<Url> {
    let (room, hosted) = saved(shell, key).ok()?;
    let base = hosts.is_up(key).then(|| hosts.base(&hosted))??;
    page_link(&base, &keys::spec(&room))
}

/// From now on, everything that leads to a hosted room names the address of this link, one of its page's.
///
/// # Errors
/// `bad_argument` where it is none of them, any more; `settings_not_saved`.
pub(crate) fn choose_address(
    shell: &Shell,
    hosts: &Hosts,
    key: RoomKey,
    link: &str,
) -> Result<(), AppError> {
    let (room, hosted) = saved(shell, key)?;
    let bases = hosts.bases(&hosted).into_iter();
    let base = bases.into_iter().find(|base| url(base, &room).as_deref() == Some(link));
    let address = base.as_ref().and_then(Url::host_str).ok_or_else(|| args::bad("link"))?;
    shell.change(|memory| {
        if let Some(hosted) = memory.room_mut(key).and_then(|room| room.hosted.as_mut()) {
            address.clone_into(&mut hosted.address);
        }
    })
}

fn url(base: &Url, room: &SavedRoom) -> Option<String> {
    page_link(base, &keys::spec(room)).map(String::from)
}

fn link(base: &Url, room: &SavedRoom) -> Option<HostLink> {
    let url = url(base, room)?;
    let (qr, qr_size) = qr::code(&url);
    Some(HostLink { url, qr, qr_size })
}

/// Fills the join form of a colleague's app.
fn invitation(base: &Url, room: &SavedRoom) -> String {
    let server = base.as_str().trim_end_matches('/');
    let fields = [("server", server), ("topic", &room.form.topic), ("stream", &room.form.stream)];
    Url::parse_with_params("aside://join", fields).map(String::from).unwrap_or_default()
}
