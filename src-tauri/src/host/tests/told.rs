//! What is told of a hosted room: where it is found, in every window's list, and that it was not started.

use futures_util::FutureExt as _;

use super::*;

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
