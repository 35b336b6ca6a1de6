//! Keys to a hosted room: for colleagues, and for those of the audience whom one wants to know by name.
//!
//! A key is shown nowhere. It goes to the clipboard, once, without passing the page.

use aside_protocol::Role;
use aside_server::{Issued, RoomSpec, Rooms, RoomsError, TokenId, TokenInfo, TokenSpec, page_link};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{Hosts, failed, saved};
use crate::clipboard::Clipboard;
use crate::dto::{HostKey, KeyRole, KeyWish};
use crate::errors::{AppError, Code};
use crate::form;
use crate::settings::{Hosted, RoomKey, SavedRoom};
use crate::shell::Shell;

/// The longest name of somebody, in bytes: as long as a guest's may be.
const NAME_BYTES: usize = 128;

impl From<KeyRole> for Role {
    fn from(role: KeyRole) -> Self {
        match role {
            KeyRole::Audience => Self::Audience,
            KeyRole::Staff => Self::Staff,
            KeyRole::Moderator => Self::Moderator,
            KeyRole::Host => Self::Host,
        }
    }
}

impl From<Role> for KeyRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Audience => Self::Audience,
            Role::Staff => Self::Staff,
            Role::Moderator => Self::Moderator,
            Role::Host => Self::Host,
        }
    }
}

/// The app's own way into a room that it hosts: a token for as long as it runs.
pub(super) async fn own(
    rooms: &Rooms,
    room: &SavedRoom,
    hosted: &Hosted,
) -> Result<Issued, RoomsError> {
    let spec = TokenSpec {
        role: Role::Host,
        org_logo: hosted.logo.clone(),
        ..TokenSpec::staff(spec(room), &room.form.user, &room.form.name, &hosted.org)
    };
    rooms.create_token(spec).await
}

/// Whether a token is the app's own, of this start or an earlier one.
pub(super) fn is_own(token: &TokenInfo, user: &str) -> bool {
    token.role == Role::Host && token.user == user
}

pub(crate) fn spec(room: &SavedRoom) -> RoomSpec {
    RoomSpec::new(&room.form.topic).stream(&room.form.stream)
}

/// Everybody who has a key that was made for them, by name.
pub(super) async fn all(rooms: &Rooms, own_user: &str) -> Result<Vec<HostKey>, AppError> {
    let now = Timestamp::now();
    let made =
        |token: &TokenInfo| token.holds(now) && !token.is_guest() && !is_own(token, own_user);
    let tokens = rooms.tokens().await.map_err(|error| failed(&error))?;
    let mut keys: Vec<HostKey> = tokens.into_iter().filter(made).map(key).collect();
    keys.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Ok(keys)
}

fn key(token: TokenInfo) -> HostKey {
    HostKey {
        id: token.id.0,
        name: aside_text::name(&token.display_name),
        role: token.role.into(),
        expires: token.expires.map(Timestamp::as_millisecond),
    }
}

/// A key that was made, as it is handed over: a colleague types it into the app, somebody of the audience follows their link.
pub(super) struct Made {
    pub(super) id: TokenId,
    pub(super) secret: String,
}

/// Makes a key for somebody.
///
/// # Errors
/// `field_missing`, `too_long`, `no_network` where a link has nowhere to lead, or what the server says.
pub(super) async fn make(
    rooms: &Rooms,
    room: &SavedRoom,
    hosted: &Hosted,
    base: Option<&Url>,
    wish: KeyWish,
) -> Result<Made, AppError> {
    let name = form::required(wish.name, "name", NAME_BYTES)?;
    let hours = SignedDuration::from_hours(i64::from(wish.hours));
    let end = (wish.hours > 0).then(|| Timestamp::now().checked_add(hours));
    let id = uuid::Uuid::new_v4().simple().to_string();
    let audience = wish.role == KeyRole::Audience;
    let org = |text: &str| if audience { String::new() } else { text.to_owned() };
    let place = spec(room);
    let page = base.and_then(|base| page_link(base, &place));
    let link = audience.then(|| page.ok_or(Code::NoNetwork)).transpose()?;
    let spec = TokenSpec {
        role: wish.role.into(),
        org_logo: org(&hosted.logo),
        expires: end.transpose().map_err(|_| crate::args::bad("hours"))?,
        // No guest's id, whoever they are.
        ..TokenSpec::staff(place, format!("key-{}", &id[..12]), name, org(&hosted.org))
    };
    let Issued { token, id } = rooms.create_token(spec).await.map_err(|error| failed(&error))?;
    let secret = match link {
        Some(link) => format!("{link}#t={}", token.expose()),
        None => token.expose().to_owned(),
    };
    Ok(Made { id, secret })
}

/// Makes a key for somebody and puts it on the clipboard; where that cannot be, there is no key.
///
/// # Errors
/// `hosting_stopped`, `no_network` for a link that would lead nowhere, `clipboard_failed`, what the wish lacks.
pub(crate) async fn make_key(
    shell: &Shell,
    hosts: &Hosts,
    clipboard: &Clipboard,
    key: RoomKey,
    wish: KeyWish,
) -> Result<(), AppError> {
    let (room, hosted) = saved(shell, key)?;
    let rooms = hosts.rooms(key).ok_or(Code::HostingStopped)?;
    let base = hosts.base(&hosted);
    let made = make(&rooms, &room, &hosted, base.as_ref(), wish).await?;
    let put = clipboard.put_secret(&made.secret);
    if put.is_err() {
        rooms.revoke_token(&made.id).await.map_err(|error| failed(&error))?;
    }
    put
}

/// Ends a key; whoever came in with it is out within seconds.
///
/// # Errors
/// `hosting_stopped`, or a key that is none.
pub(crate) async fn revoke_key(
    shell: &Shell,
    hosts: &Hosts,
    key: RoomKey,
    id: String,
) -> Result<(), AppError> {
    saved(shell, key)?;
    let rooms = hosts.rooms(key).ok_or(Code::HostingStopped)?;
    match rooms.revoke_token(&TokenId(id)).await {
        Ok(()) | Err(RoomsError::NoToken) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}
