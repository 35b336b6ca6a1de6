//! Which addresses a picture may come from.
//!
//! The addresses stand in entries, so anybody in the room writes them: without rules, a stranger could make this machine
//! knock at its router, at a cloud's metadata service or at a program on loopback.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sha2::{Digest, Sha256};
use url::{Host, Url};

/// Longer than any picture's address.
const LINK_BYTES: usize = 2048;

/// Where a picture comes from, allowed as far as the address itself can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) link: Url,
    /// It lies on the room's own server, which the person chose; that may be at home or on this machine.
    pub(super) own_server: bool,
}

impl Source {
    /// Reads the address in an entry of a room on `server`; a relative one lies on the room's server.
    pub(super) fn of(server: &Url, link: &str) -> Option<Self> {
        let link = link.trim();
        if link.is_empty() || link.len() > LINK_BYTES || link.contains('\\') {
            return None;
        }
        let mut link = server.join(link).ok()?;
        link.set_fragment(None);
        let own_server =
            link.origin() == server.origin() && matches!(link.scheme(), "http" | "https");
        let plain = link.username().is_empty() && link.password().is_none();
        let allowed = own_server || (link.scheme() == "https" && host_may_be_public(&link));
        (plain && allowed).then_some(Self { link, own_server })
    }

    /// Our name for it: nothing of the address can be read from it, and no other name leads to it.
    pub(super) fn name(&self) -> String {
        // The same picture seen from its own server and from elsewhere follows other rules, so it is two pictures.
        let digest = Sha256::new()
            .chain_update([u8::from(self.own_server)])
            .chain_update(self.link.as_str())
            .finalize();
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A host that is written as an address is judged here; names are judged when they are resolved.
fn host_may_be_public(link: &Url) -> bool {
    match link.host() {
        Some(Host::Domain(name)) => {
            name.contains('.') && !name.ends_with(".localhost") && !name.ends_with(".local")
        }
        Some(Host::Ipv4(ip)) => is_public(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_public(IpAddr::V6(ip)),
        None => false,
    }
}

/// Whether an address belongs to the open internet. Everything that is not known to does not.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _) // carriers' own networks; clouds put metadata there as well
            | (169, 254, _) // link-local, and the clouds' metadata
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, ..)
    );
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // Addresses that carry an IPv4 one are as public as that one.
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let [_, _, _, _, _, _, high, low] = segments;
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => is_public_v4(embedded(high, low)),
        [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
        [0x3fff, second, ..] => second > 0xfff,
        // Only 2000::/3 is given out to the open internet.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(link: &str) -> Option<Source> {
        Source::of(&"https://rooms.example/base/".parse().unwrap(), link)
    }

    #[test]
    fn the_open_internet_by_https_and_the_rooms_own_server() {
        assert!(!source("https://img.example.com/a.png").unwrap().own_server);
        assert!(!source("https://93.184.215.14/a.png").unwrap().own_server);
        assert!(source("https://rooms.example/a.png").unwrap().own_server);
        assert_eq!(source("a.png").unwrap().link.as_str(), "https://rooms.example/base/a.png");
        assert_eq!(
            source("//cdn.example/a.png").unwrap().link.as_str(),
            "https://cdn.example/a.png"
        );

        let at_home: Url = "http://127.0.0.1:8080".parse().unwrap();
        assert!(Source::of(&at_home, "http://127.0.0.1:8080/a.png").unwrap().own_server);
        assert!(Source::of(&at_home, "/a.png").unwrap().own_server);
        assert_eq!(Source::of(&at_home, "http://127.0.0.1:8081/a.png"), None);
        assert_eq!(Source::of(&at_home, "http://example.com/a.png"), None);
    }

    #[test]
    fn no_other_scheme_and_no_other_place() {
        for link in [
            "",
            "http://img.example.com/a.png",
            "http://rooms.example/a.png",
            "https://rooms.example:8443@evil.example/",
            "https://user:pw@rooms.example/a.png",
            "https://127.0.0.1/a.png",
            "https://2130706433/a.png",
            "https://0x7f.1/a.png",
            "https://0177.0.0.1/a.png",
            "https://[::1]/a.png",
            "https://[::ffff:10.0.0.1]/a.png",
            "https://169.254.169.254/latest/meta-data",
            "https://100.100.100.200/",
            "https://localhost/a.png",
            "https://a.localhost/a.png",
            "https://router/a.png",
            "https://printer.local/a.png",
            "file:///etc/passwd",
            "data:image/png;base64,AAAA",
            "javascript:alert(1)",
            "\\\\host\\share\\a.png",
            "avatar://localhost/x",
        ] {
            assert_eq!(source(link), None, "{link}");
        }
        assert_eq!(source(&format!("https://a.example/{}", "x".repeat(LINK_BYTES))), None);
    }

    #[test]
    fn names_tell_nothing_and_do_not_clash() {
        let one = source("https://img.example.com/a.png").unwrap().name();
        assert_eq!(one.len(), 32);
        assert_ne!(one, source("https://img.example.com/b.png").unwrap().name());
        assert_eq!(one, source(" https://img.example.com/a.png#x ").unwrap().name());
    }

    #[test]
    fn addresses_of_no_ones_internet_are_not_public() {
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:192.168.1.1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::a00:1",
            "2001::1",
            "100::1",
            "::7f00:1",
            "3fff:1::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "1.1.1.1",
            "100.63.0.1",
            "172.32.0.1",
            "93.184.215.14",
            "2606:4700::1",
            "2a00:1450::1",
            "2001:4860::8",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
