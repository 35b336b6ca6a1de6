//! Reads the form of a hosted room, and makes up an address for a new one.

use rand::RngExt as _;
use url::Url;

use crate::args::bad;
use crate::dto::{HostForm, RoomForm, TokenStore};
use crate::errors::AppError;
use crate::form::{field, required};
use crate::settings::{RoomKey, SavedRoom};

/// Letters of a room's address: none that looks like another or like a digit, and no vowels, so that no word comes of them.
const LETTERS: &[u8] = b"bcdfghjkmnpqrstwxz";

/// How many of them: enough that nobody comes upon a room by chance, few enough to be typed from a slide.
const TOPIC: usize = 6;

/// The longest of its texts, in bytes.
const NAME_BYTES: usize = 128;
const ADDRESS_BYTES: usize = 2048;

/// The form as it is kept: trimmed, bounded, and with addresses that are some.
///
/// # Errors
/// The first field that will not do.
pub(super) fn tidy(form: HostForm) -> Result<HostForm, AppError> {
    let HostForm { name, host, org, logo, guests, review, reach, port } = form;
    let logo = field(logo, "logo", ADDRESS_BYTES)?;
    let is_picture = |text: &str| Url::parse(text).is_ok_and(|url| url.scheme() == "https");
    if !logo.is_empty() && !is_picture(&logo) {
        return Err(bad("logo"));
    }
    Ok(HostForm {
        name: required(name, "name", NAME_BYTES)?,
        host: required(host, "host", NAME_BYTES)?,
        org: field(org, "org", NAME_BYTES)?,
        logo,
        guests,
        review,
        reach: reach.tidy()?,
        port,
    })
}

pub(super) fn new_room(key: RoomKey) -> SavedRoom {
    let topic = topic();
    let user = format!("host-{}", &key.to_string()[..8]);
    let form = RoomForm { topic: topic.clone(), stream: topic, user, ..RoomForm::default() };
    SavedRoom { form, token_store: TokenStore::Session, ..SavedRoom::new(key) }
}

/// A room's address, which is its link's last part.
fn topic() -> String {
    let mut dice = rand::rng();
    (0..TOPIC).map(|_| char::from(LETTERS[dice.random_range(0..LETTERS.len())])).collect()
}
