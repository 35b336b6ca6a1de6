//! Whether it is the room's server that answers strangely, or a network that wants to be signed in to first.
//!
//! Both questions carry no secret. The first goes to the server itself, by its own name and certificate, with a number to
//! repeat. Only when that can't be had does the second go out unencrypted, to an address that answers with nothing at all;
//! a page there is a sign-in page.

use aside_protocol::http::{HEALTH_PATHS, Health};
use url::Url;

use crate::config::{RoomConfig, is_loopback};
use crate::network::{Network, Peeked};

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The room's server.
    Ours,
    /// The network's sign-in page.
    Portal,
    /// Nobody, or somebody who says neither: a server that does not know the question, most of all.
    Unknown,
}

/// Looks. `number` is made up for this once.
pub(crate) async fn look(network: &dyn Network, config: &RoomConfig, number: u64) -> Found {
    if is_loopback(&config.server) {
        return Found::Unknown;
    }
    let number = number.to_string();
    let encrypted = config.server.scheme() == "https";
    for path in HEALTH_PATHS {
        let mut health = config.http_url(path);
        health.query_pairs_mut().append_pair("n", &number);
        match network.peek(&health).await {
            Ok(reply) if repeats(&reply, &number) => return Found::Ours,
            // It may know the other path.
            Ok(_) if encrypted && path != HEALTH_PATHS[1] => {}
            // Behind the server's own certificate nobody else answers, whatever the answer is.
            Ok(_) if encrypted => return Found::Unknown,
            Ok(_) => {}
            Err(_) => break,
        }
    }
    let Some(plain) = plain(&config.server) else { return Found::Unknown };
    match network.peek(&plain).await {
        Ok(reply) => of_plain(&plain, &reply),
        Err(_) => Found::Unknown,
    }
}

/// A network's page may well repeat the address that was asked for; it is no JSON object with the number in its place.
fn repeats(reply: &Peeked, number: &str) -> bool {
    reply.status == 200 && Health::parse(&reply.body).is_some_and(|health| health.n == number)
}

fn plain(server: &Url) -> Option<Url> {
    let mut url = server.clone();
    if url.scheme() == "https" {
        url.set_scheme("http").ok()?;
        url.set_port(None).ok()?;
    }
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.set_path("/.well-known/aside-204");
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

/// Many servers send everything unencrypted to their encrypted selves, or know no such page: neither is a portal.
fn of_plain(asked: &Url, reply: &Peeked) -> Found {
    match reply.status {
        204 => Found::Unknown,
        200..=299 | 511 => Found::Portal,
        300..=399 => {
            let there = reply.location.as_deref().and_then(|there| asked.join(there).ok());
            match there {
                Some(there) if there.host() == asked.host() => Found::Unknown,
                _ => Found::Portal,
            }
        }
        _ => Found::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, location: Option<&str>, body: &str) -> Peeked {
        Peeked { status, location: location.map(str::to_owned), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn only_the_number_in_its_place_is_ours() {
        assert!(repeats(&reply(200, None, "{\"code\":200,\"n\":\"7\"}"), "7"));
        for (status, body) in [
            (200, "{\"code\":200,\"n\":\"8\"}"),
            (302, "{\"n\":\"7\"}"),
            (200, "<html>you asked for /health?n=7</html>"),
            (200, "\"7\""),
            (200, ""),
        ] {
            assert!(!repeats(&reply(status, None, body), "7"), "{status} {body}");
        }
    }

    #[test]
    fn a_page_where_nothing_should_be_is_a_portal_and_a_servers_own_redirect_is_not() {
        let server: Url = "https://me:pw@room.example:8443/base?x".parse().unwrap();
        let asked = plain(&server).unwrap();
        assert_eq!(asked.as_str(), "http://room.example/.well-known/aside-204");
        let home = "http://10.0.0.5:8080/base".parse().unwrap();
        assert_eq!(plain(&home).unwrap().as_str(), "http://10.0.0.5:8080/.well-known/aside-204");
        let portal = [
            reply(200, None, "<html>Welcome to our hotel"),
            reply(302, Some("http://10.0.0.1/login"), ""),
            reply(307, Some("https://hotel.example/?u=room.example"), ""),
            reply(302, None, ""),
            reply(511, None, ""),
        ];
        for reply in portal {
            assert_eq!(of_plain(&asked, &reply), Found::Portal, "{reply:?}");
        }
        let unknown = [
            reply(204, None, ""),
            reply(301, Some("https://room.example/.well-known/aside-204"), ""),
            reply(308, Some("https://room.example:8443/"), ""),
            reply(301, Some("/elsewhere"), ""),
            reply(404, None, "<html>not found"),
            reply(502, None, ""),
        ];
        for reply in unknown {
            assert_eq!(of_plain(&asked, &reply), Found::Unknown, "{reply:?}");
        }
    }
}
