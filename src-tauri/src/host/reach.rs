//! From where a hosted room is reached: what it listens on, and the addresses that lead there.

use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use tokio::net::TcpListener;
use url::Url;

use super::{Hosts, serving};
use crate::dto::{HostForm, HostPlaces, Reach};
use crate::errors::{AppError, Code};
use crate::settings::{Hosted, RoomKey};
use crate::shell::Shell;

/// The ports that are tried where nobody names one: the room server's own first.
const PORTS: std::ops::RangeInclusive<u16> = 8790..=8889;

/// A port that no program may have without being asked is out of reach for an app.
const LEAST_PORT: u16 = 1024;

impl Reach {
    /// What the server listens on. A proxy that ends TLS runs on this computer too.
    pub(super) fn ip(&self) -> Ipv4Addr {
        match self {
            Self::Here | Self::Public { .. } => Ipv4Addr::LOCALHOST,
            Self::Network => Ipv4Addr::UNSPECIFIED,
        }
    }

    /// The names under which its page may be asked for.
    pub(super) fn origins(&self) -> Vec<String> {
        match self {
            Self::Here | Self::Network => Vec::new(),
            Self::Public { url } => {
                let url = Url::parse(url).ok();
                url.map(|url| url.origin().ascii_serialization()).into_iter().collect()
            }
        }
    }

    /// The addresses that lead to it, of this computer's those that it has now; likeliest first.
    fn bases(&self, port: u16, here: fn() -> Vec<Ipv4Addr>) -> Vec<Url> {
        let at = |ip: Ipv4Addr| Url::parse(&format!("http://{ip}:{port}/")).ok();
        match self {
            Self::Here => at(Ipv4Addr::LOCALHOST).into_iter().collect(),
            Self::Network => here().into_iter().filter_map(at).collect(),
            Self::Public { url } => Url::parse(url).ok().into_iter().collect(),
        }
    }

    /// The same, with an address that a proxy can have.
    ///
    /// # Errors
    /// `bad_public`.
    pub(super) fn tidy(self) -> Result<Self, AppError> {
        let Self::Public { url } = self else { return Ok(self) };
        let url = Url::parse(url.trim()).map_err(|_| Code::BadPublic)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nameless = url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https" || !bare || !nameless {
            return Err(Code::BadPublic.into());
        }
        Ok(Self::Public { url: url.to_string() })
    }
}

impl Hosts {
    /// The addresses that lead to a hosted room now, likeliest first.
    pub(super) fn bases(&self, hosted: &Hosted) -> Vec<Url> {
        hosted.reach.bases(hosted.port, self.addresses)
    }

    /// The one that everything which leads there names, so that nobody is sent another way than was shown: the one that its host chose,
    /// or, as long as that one is not there, the likeliest.
    pub(super) fn base(&self, hosted: &Hosted) -> Option<Url> {
        let bases = self.bases(hosted);
        let chosen = bases.iter().find(|base| base.host_str() == Some(&hosted.address));
        chosen.or_else(|| bases.first()).cloned()
    }
}

/// What the form of a new room may offer.
pub(crate) async fn places(shell: &Shell) -> HostPlaces {
    let listener = listen(&Reach::Here, 0, &meant(shell, None)).await.ok();
    let port = listener.and_then(|listener| listener.local_addr().ok()).map_or(0, |at| at.port());
    let addresses = addresses().iter().map(ToString::to_string).collect();
    HostPlaces { addresses, port }
}

/// The ports of all other hosted rooms, whether they run or not.
fn meant(shell: &Shell, but: Option<RoomKey>) -> Vec<u16> {
    shell.remembered.read(|memory| {
        let others = memory.rooms.iter().filter(|room| Some(room.key) != but);
        others.filter_map(|room| Some(room.hosted.as_ref()?.port)).collect()
    })
}

/// Listens for a room as its form says.
///
/// # Errors
/// As [`listen`].
pub(super) async fn listen_for(
    shell: &Shell,
    key: RoomKey,
    form: &HostForm,
) -> Result<TcpListener, AppError> {
    listen(&form.reach, form.port, &meant(shell, Some(key))).await
}

/// Listens on the port that was named, or on the first that is free and not `meant` for another room.
///
/// # Errors
/// `port_taken` with the port, `no_port`, `bad_argument` for one that an app can't have.
pub(super) async fn listen(
    reach: &Reach,
    port: u16,
    meant: &[u16],
) -> Result<TcpListener, AppError> {
    if port != 0 {
        if port < LEAST_PORT {
            return Err(crate::args::bad("port"));
        }
        return serving::listen(reach.ip(), port).await.map_err(|error| taken(&error, port));
    }
    for port in PORTS.filter(|port| !meant.contains(port)) {
        if let Ok(listener) = serving::listen(reach.ip(), port).await {
            return Ok(listener);
        }
    }
    Err(Code::NoPort.into())
}

fn taken(error: &io::Error, port: u16) -> AppError {
    tracing::warn!(%error, port, "a hosted room has no port");
    AppError::from(Code::PortTaken).with("port", port.to_string())
}

/// The addresses of this computer in the networks that it is in, likeliest first.
pub(super) fn addresses() -> Vec<Ipv4Addr> {
    let found = if_addrs::get_if_addrs().unwrap_or_default();
    let found = found.into_iter().filter_map(|interface| match interface.ip() {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    });
    likeliest_first(found.collect(), towards_everybody())
}

/// The address with which this computer would speak to the rest of the world. Nothing is sent for that.
fn towards_everybody() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Kept for examples: nobody has it.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

/// Where phones are: behind the way out, else in a private network, else wherever it is.
fn likeliest_first(found: Vec<Ipv4Addr>, way_out: Option<Ipv4Addr>) -> Vec<Ipv4Addr> {
    let usable = |ip: &Ipv4Addr| !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified();
    let mut addresses: Vec<Ipv4Addr> = found.into_iter().filter(usable).collect();
    addresses.sort_by_key(|ip| (Some(*ip) != way_out, !ip.is_private(), *ip));
    addresses.dedup();
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(url: &str) -> Reach {
        Reach::Public { url: url.to_owned() }
    }

    #[test]
    fn the_address_towards_everybody_comes_first_and_this_computers_own_never() {
        let ip = |text: &str| text.parse::<Ipv4Addr>().unwrap();
        let found = ["127.0.0.1", "203.0.113.7", "172.17.0.1", "169.254.3.4", "192.168.1.5"];
        let found: Vec<_> = found.map(ip).into();
        let order = |way_out| likeliest_first(found.clone(), way_out);
        let first = [ip("192.168.1.5"), ip("172.17.0.1"), ip("203.0.113.7")];
        assert_eq!(order(Some(ip("192.168.1.5"))), first);
        assert_eq!(order(None), [ip("172.17.0.1"), ip("192.168.1.5"), ip("203.0.113.7")]);
        assert!(likeliest_first(vec![ip("127.0.0.1")], None).is_empty());
    }

    #[test]
    fn a_public_address_is_encrypted_and_the_whole_of_a_name() {
        let tidy = public(" https://Room.example ").tidy().unwrap();
        assert_eq!(tidy, public("https://room.example/"));
        assert_eq!(tidy.origins(), ["https://room.example"]);
        assert_eq!(tidy.bases(8790, Vec::new)[0].as_str(), "https://room.example/");
        assert_eq!(tidy.ip(), Ipv4Addr::LOCALHOST, "only the proxy comes in");
        for url in ["", "room.example", "http://room.example", "https://room.example/x"] {
            assert_eq!(public(url).tidy().unwrap_err().code(), "bad_public", "{url}");
        }
        assert!(public("https://ann:pw@room.example").tidy().is_err());
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_named_and_without_a_wish_another_is_found() {
        let first = listen(&Reach::Here, 0, &[]).await.unwrap();
        let port = first.local_addr().unwrap().port();
        let error = listen(&Reach::Here, port, &[]).await.unwrap_err();
        assert_eq!(error.code(), "port_taken");
        let second = listen(&Reach::Here, 0, &[port + 1]).await.unwrap();
        assert_ne!(second.local_addr().unwrap().port(), port + 1, "that one is another room's");
        assert_eq!(listen(&Reach::Here, 80, &[]).await.unwrap_err().code(), "bad_argument");
    }
}
