//! Where a picture may come from: the room's own server, or the open internet by https; nothing else, however it is spelled.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

#[path = "../../src-tauri/src/avatars/policy.rs"]
mod policy;

fuzz_target!(|text: &str| {
    let server: Url = "http://rooms.example:8080/base/".parse().expect("a server");
    let Some(source) = policy::Source::of(&server, text) else { return };
    let link = &source.link;
    assert!(link.username().is_empty() && link.password().is_none() && link.fragment().is_none());
    assert_eq!(source.name().len(), 32);
    if source.own_server {
        assert_eq!(link.origin(), server.origin());
        return;
    }
    assert_eq!(link.scheme(), "https");
    let ip = match link.host().expect("a host") {
        Host::Domain(name) => {
            assert!(name.contains('.'), "{name}");
            return;
        }
        Host::Ipv4(ip) => IpAddr::V4(ip),
        Host::Ipv6(ip) => IpAddr::V6(ip),
    };
    // By the library's own words, which know fewer ranges than the policy does.
    assert!(!ip.is_loopback() && !ip.is_unspecified() && !ip.is_multicast(), "{ip}");
    if let IpAddr::V4(ip) = ip.to_canonical() {
        assert!(
            !ip.is_private() && !ip.is_link_local() && !ip.is_loopback() && !ip.is_broadcast(),
            "{ip}"
        );
    }
});
