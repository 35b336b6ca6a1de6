//! What is told of a hosted room: where it is found, in every window's list, and that it was not started.

use futures_util::FutureExt as _;
use url::Url;

use super::*;

#[tokio::test]
async fn everything_that_leads_to_a_room_names_the_address_that_its_host_chose() {
    let mut desk = Desk::set();
    // A private network's, on the way out, and the one in which the phones are.
    desk.hosts.addresses = || vec![Ipv4Addr::new(10, 8, 0, 2), Ipv4Addr::new(192, 168, 1, 5)];
    let key = desk.host(HostForm { reach: Reach::Network, ..form() }).await;
    let there = desk.look(key).await;
    let port = there.form.port;
    let made = async |desk: &Desk, role| {
        let (room, hosted) = saved(&desk.shell, key).unwrap();
        let (rooms, base) = (desk.hosts.rooms(key).unwrap(), desk.hosts.base(&hosted));
        let wish = KeyWish { name: "Bo".to_owned(), role, hours: 8 };
        let made = keys::make(&rooms, &room, &hosted, base.as_ref(), wish).await;
        made.map(|made| made.secret)
    };
    let named = async |desk: &Desk| {
        let guest = made(desk, KeyRole::Audience).await.unwrap();
        let look = desk.look(key).await;
        let invitation = Url::parse(&look.invitation).unwrap();
        let server = invitation.query_pairs().next().unwrap().1.into_owned();
        let page = page(&desk.shell, &desk.hosts, key).unwrap();
        [look.chosen, server, guest, page.into()]
    };
    let at = |ip: &str, all: [String; 4]| {
        let base = format!("http://{ip}:{port}");
        assert!(all.iter().all(|link| link.starts_with(&base)), "{base}: {all:?}");
    };
    at("10.8.0.2", named(&desk).await);
    let choose = |desk: &Desk, link: &str| choose_address(&desk.shell, &desk.hosts, key, link);
    choose(&desk, &there.links[1].url).unwrap();
    at("192.168.1.5", named(&desk).await);
    let elsewhere = choose(&desk, "http://evil.example/r/x").unwrap_err();
    assert_eq!(elsewhere.code(), "bad_argument");
    let renamed = HostForm { org: "Other".to_owned(), ..there.form };
    host(&desk.shell, &desk.hosts, Some(key), renamed).await.unwrap();
    at("192.168.1.5", named(&desk).await);
    // On the way to another hall.
    desk.hosts.addresses = || vec![Ipv4Addr::new(172, 16, 0, 9)];
    at("172.16.0.9", named(&desk).await);
    desk.hosts.addresses = Vec::new;
    assert_eq!(desk.look(key).await.chosen, "");
    assert_eq!(made(&desk, KeyRole::Audience).await.unwrap_err().code(), "no_network");
    assert!(!made(&desk, KeyRole::Staff).await.unwrap().contains('/'), "a token is no link");
}

#[tokio::test]
async fn every_window_hears_of_a_room_that_is_hosted_changed_stopped_or_started() {
    let desk = Desk::set();
    let is_told = || desk.shell.listed().notified().now_or_never().is_some();
    let key = desk.host(form()).await;
    assert!(is_told());
    let changed = HostForm { name: "Another".to_owned(), ..form() };
    host(&desk.shell, &desk.hosts, Some(key), changed).await.unwrap();
    assert!(is_told());
    stop(&desk.shell, &desk.hosts, key).await.unwrap();
    assert!(is_told());
    start(&desk.shell, &desk.hosts, key).await.unwrap();
    assert!(is_told());
    desk.look(key).await;
    assert!(!is_told(), "nothing is different");
}

#[tokio::test]
async fn that_a_room_was_not_started_is_said_until_it_is_changed_stopped_or_gone() {
    let desk = Desk::set();
    let key = desk.host(form()).await;
    let say = |name: &str| desk.shell.notice("host_not_started", &[("room", name.to_owned())]);
    say("问答");
    let renamed = HostForm { name: "Another".to_owned(), ..form() };
    host(&desk.shell, &desk.hosts, Some(key), renamed).await.unwrap();
    assert_eq!(desk.shell.notices(), []);
    say("Another");
    stop(&desk.shell, &desk.hosts, key).await.unwrap();
    assert_eq!(desk.shell.notices(), []);
    say("Another");
    say("Somebody else's");
    remove(&desk.shell, &desk.hosts, key).await.unwrap();
    assert_eq!(desk.shell.notices().len(), 1);
}
