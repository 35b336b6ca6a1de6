//! Keys to a hosted room: for colleagues, and for those of the audience whom one wants to know by name.
//!
//! A key is shown nowhere. It goes to the clipboard, once, without passing the page.

use aside_protocol::Role;
use aside_server::{Issued, RoomSpec, Rooms, TokenId, TokenInfo, TokenSpec, page_link};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::failed;
use crate::dto::{HostKey, KeyRole, KeyWish};
use crate::errors::AppError;
use crate::form;
use crate::settings::{Hosted, SavedRoom};

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
) -> Result<Issued, aside_server::RoomsError> {
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
/// `field_missing`, `too_long`, or what the server says.
pub(super) async fn make(
    rooms: &Rooms,
    room: &SavedRoom,
    hosted: &Hosted,
    base: &Url,
    wish: KeyWish,
) -> Result<Made, AppError> {
    let name = form::required(wish.name, "name", NAME_BYTES)?;
    let hours = SignedDuration::from_hours(i64::from(wish.hours));
    let end = (wish.hours > 0).then(|| Timestamp::now().checked_add(hours));
    let id = uuid::Uuid::new_v4().simple().to_string();
    let audience = wish.role == KeyRole::Audience;
    let org = |text: &str| if audience { String::new() } else { text.to_owned() };
    let place = spec(room);
    let spec = TokenSpec {
        role: wish.role.into(),
        org_logo: org(&hosted.logo),
        expires: end.transpose().map_err(|_| crate::args::bad("hours"))?,
        // No guest's id, whoever they are.
        ..TokenSpec::staff(place.clone(), format!("key-{}", &id[..12]), name, org(&hosted.org))
    };
    let Issued { token, id } = rooms.create_token(spec).await.map_err(|error| failed(&error))?;
    let link = page_link(base, &place).filter(|_| audience);
    let secret = match link {
        Some(link) => format!("{link}#t={}", token.expose()),
        None => token.expose().to_owned(),
    };
    Ok(Made { id, secret })
}
