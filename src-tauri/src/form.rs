//! Reads the join form: from what a person typed to a room that a session can enter, or to the field that will not do.

use aside_protocol::{StreamId, Token, Topic};
use aside_session::RoomConfig;
use url::Url;

use crate::args::bounded;
use crate::dto::RoomForm;
use crate::errors::{AppError, Code};
use crate::settings::RoomKey;

/// The longest address, in bytes.
const ADDRESS_BYTES: usize = 2048;

/// The longest name of a room or a person, in bytes.
const NAME_BYTES: usize = 256;

/// The longest token, in bytes: a signed one with many claims stays below it, and so does every server's header limit.
const TOKEN_BYTES: usize = 8 * 1024;

/// The form as it is kept: trimmed, bounded, and with a user id. A server of the core takes whatever id we send, and our
/// own entries can only be told from others by it, so a room whose form names none gets one of its own.
///
/// # Errors
/// The first field that will not do, by name.
pub(crate) fn tidy(form: RoomForm, room: RoomKey) -> Result<RoomForm, AppError> {
    let RoomForm { server, socket, topic, stream, name, user, avatar, allow_insecure } = form;
    let mut user = field(user, "user", NAME_BYTES)?;
    if user.is_empty() {
        user = format!("aside-{}", &room.to_string()[..8]);
    }
    let form = RoomForm {
        server: required(server, "server", ADDRESS_BYTES)?,
        socket: field(socket, "socket", ADDRESS_BYTES)?,
        topic: required(topic, "topic", NAME_BYTES)?,
        stream: required(stream, "stream", NAME_BYTES)?,
        name: field(name, "name", NAME_BYTES)?,
        user,
        avatar: field(avatar, "avatar", ADDRESS_BYTES)?,
        allow_insecure,
    };
    config(&form)?;
    Ok(form)
}

/// The room that a tidy form means.
///
/// # Errors
/// An address that is none, or a plain connection to another machine that nobody allowed.
pub(crate) fn config(form: &RoomForm) -> Result<RoomConfig, AppError> {
    let server = address(&form.server).ok_or(Code::BadServer)?;
    let socket = if form.socket.is_empty() {
        RoomConfig::default_socket(&server)
    } else {
        address(&form.socket).ok_or(Code::BadSocket)?
    };
    let config = RoomConfig {
        server,
        socket,
        topic: Topic::new(&form.topic),
        stream: StreamId::new(&form.stream),
        user: form.user.clone(),
        display_name: form.name.clone(),
        avatar_url: form.avatar.clone(),
        allow_insecure: form.allow_insecure,
    };
    config.check()?;
    Ok(config)
}

/// Whether a token that was given for a room stays, under another form of it, with the hosts that have it.
pub(crate) fn keeps_token(known: &RoomForm, form: &RoomForm) -> bool {
    let hosts = |form: &RoomForm| {
        let RoomConfig { server, socket, .. } = config(form).ok()?;
        Some([server, socket].map(|url| url.host_str().map(str::to_owned)))
    };
    let both = hosts(known).zip(hosts(form));
    both.is_some_and(|(known, hosts)| hosts.iter().all(|host| known.contains(host)))
}

/// A token that can travel in a header.
///
/// # Errors
/// `token_missing`, `too_long`, `bad_token`. None of them repeats it.
pub(crate) fn token(text: String) -> Result<Token, AppError> {
    let too_long = text.len() > TOKEN_BYTES;
    let token = Token::new(text);
    if too_long {
        Err(AppError::from(Code::TooLong)
            .with("name", "token")
            .with("limit", TOKEN_BYTES.to_string()))
    } else if token.is_empty() {
        Err(Code::TokenMissing.into())
    } else if !token.fits_header() {
        Err(Code::BadToken.into())
    } else {
        Ok(token)
    }
}

/// An address without a name or a password in it: the token is the only secret there is.
pub(crate) fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// A line of text, trimmed, without control characters.
///
/// # Errors
/// `too_long`, `bad_argument`.
pub(crate) fn field(text: String, name: &'static str, max: usize) -> Result<String, AppError> {
    let text = bounded(text, name, max)?;
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(AppError::from(Code::BadArgument).with("name", name));
    }
    Ok(text.to_owned())
}

/// The same, with something in it.
///
/// # Errors
/// `field_missing` as well.
pub(crate) fn required(text: String, name: &'static str, max: usize) -> Result<String, AppError> {
    let text = field(text, name, max)?;
    if text.is_empty() {
        Err(AppError::from(Code::FieldMissing).with("name", name))
    } else {
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(server: &str) -> RoomForm {
        RoomForm {
            server: server.to_owned(),
            topic: " 7 ".to_owned(),
            stream: "s".to_owned(),
            user: "u".to_owned(),
            ..RoomForm::default()
        }
    }

    fn refused(form: RoomForm) -> &'static str {
        tidy(form, RoomKey::random()).unwrap_err().code()
    }

    #[test]
    fn a_form_becomes_a_room() {
        let tidy = tidy(form(" https://rooms.example/base "), RoomKey::random()).unwrap();
        assert_eq!(
            (tidy.server.as_str(), tidy.topic.as_str()),
            ("https://rooms.example/base", "7")
        );
        let config = config(&tidy).unwrap();
        assert_eq!(config.socket.as_str(), "wss://rooms.example/ws");
        let other = RoomForm { socket: "wss://live.example/x".to_owned(), ..tidy };
        assert_eq!(super::config(&other).unwrap().socket.as_str(), "wss://live.example/x");
    }

    #[test]
    fn a_token_goes_to_no_host_that_it_was_not_given_for() {
        let known = form("https://rooms.example");
        let socket = |form: RoomForm, socket: &str| RoomForm { socket: socket.to_owned(), ..form };
        let both = socket(known.clone(), "wss://live.example/ws");
        for (from, to, keeps) in [
            (&known, form("https://ROOMS.example:8443/base"), true),
            (&known, form("https://evil.example"), false),
            (&known, socket(known.clone(), "wss://evil.example/ws"), false),
            (&known, socket(form("https://evil.example"), "wss://rooms.example/ws"), false),
            (&both, known.clone(), true),
            (&both, form("https://live.example"), true),
            (&form("nonsense"), known.clone(), false),
        ] {
            assert_eq!(keeps_token(from, &to), keeps, "{from:?} {to:?}");
        }
    }

    #[test]
    fn a_person_without_an_id_gets_one_that_stays() {
        let room = RoomKey::random();
        let nameless = RoomForm { user: " ".to_owned(), ..form("https://rooms.example") };
        let first = tidy(nameless.clone(), room).unwrap().user;
        assert_eq!(first, tidy(nameless.clone(), room).unwrap().user);
        assert_ne!(first, tidy(nameless, RoomKey::random()).unwrap().user);
    }

    #[test]
    fn every_field_that_will_not_do_is_named() {
        for (server, code) in [
            ("", "field_missing"),
            ("rooms.example", "bad_server"),
            ("ftp://rooms.example", "bad_server"),
            ("file:///etc/passwd", "bad_server"),
            ("https://user:pw@rooms.example", "bad_server"),
            ("http://rooms.example", "insecure"),
            ("https://rooms.example/\u{7}", "bad_argument"),
        ] {
            assert_eq!(refused(form(server)), code, "{server}");
        }
        let good = form("https://rooms.example");
        assert_eq!(
            refused(RoomForm { socket: "http://x".to_owned(), ..good.clone() }),
            "bad_socket"
        );
        assert_eq!(
            refused(RoomForm { socket: "ws://rooms.example/ws".to_owned(), ..good.clone() }),
            "insecure"
        );
        assert_eq!(refused(RoomForm { topic: String::new(), ..good.clone() }), "field_missing");
        assert_eq!(refused(RoomForm { name: "x".repeat(10_000_000), ..good.clone() }), "too_long");
        let allowed = RoomForm { allow_insecure: true, ..form("http://rooms.example") };
        assert!(tidy(allowed, RoomKey::random()).is_ok());
        assert!(tidy(form("http://127.0.0.1:8080"), RoomKey::random()).is_ok());
    }

    #[test]
    fn a_token_fits_a_header_or_is_refused_without_being_repeated() {
        assert_eq!(token(" abc \n".to_owned()).unwrap(), Token::new("abc"));
        for (text, code) in [("", "token_missing"), ("a\nb", "bad_token"), ("鍵", "bad_token")] {
            assert_eq!(token(text.to_owned()).unwrap_err().code(), code);
        }
        let error = token("canary".repeat(2000)).unwrap_err();
        assert!(!format!("{error:?}").contains("canary"));
    }
}
