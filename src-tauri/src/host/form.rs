//! Reads the form of a hosted room.

use url::Url;

use crate::args::bad;
use crate::dto::HostForm;
use crate::errors::AppError;
use crate::form::{field, required};

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
