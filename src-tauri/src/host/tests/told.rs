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
