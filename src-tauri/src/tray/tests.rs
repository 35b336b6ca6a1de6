//! What the tray says, and when it looks again.

use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout};

use super::*;

fn room(
    label: &str,
    state: ConnectionState,
    unread: u32,
    questions: u32,
) -> (RoomKey, String, RoomStatus) {
    let key = RoomKey::random();
    let status = crate::rows::status_without_session(key, state, None);
    (key, label.to_owned(), RoomStatus { unread, unread_questions: questions, ..status })
}

#[test]
fn a_glance_says_how_it_stands() {
    let none = BTreeMap::new();
    let glance =
        Glance::of(vec![room("R & D", ConnectionState::Online, 3, 1)], Language::english(), &none);
    assert_eq!(
        (glance.face, glance.tooltip.as_str()),
        (Face::Unread, "Aside · Live · 3 new, 1 question")
    );
    assert_eq!(glance.rooms[0].1, "R && D · Live · 3 new, 1 question");

    let rooms =
        vec![room("A", ConnectionState::Online, 0, 0), room("B", ConnectionState::Waiting, 2, 0)];
    let glance = Glance::of(rooms, Language::tagged("zh-CN").unwrap(), &none);
    assert_eq!((glance.face, glance.tooltip.as_str()), (Face::Offline, "Aside · 2 条新消息"));

    let (key, label, mut status) = room("A", ConnectionState::Online, 0, 0);
    status.role = crate::dto::Role::Staff;
    (status.desk.open, status.desk.oldest_waiting) = (5, Some(Timestamp::now().as_millisecond()));
    let glance = Glance::of(vec![(key, label, status)], Language::english(), &none);
    assert_eq!((glance.tooltip.as_str(), glance.badge), ("Aside · Live · 5 open", 5));
    assert!(glance.ages);
    assert_eq!(words::waiting(Language::english(), 5, 4), "5 open, oldest 4 min");

    let (key, label, mut status) = room("A", ConnectionState::Online, 2, 0);
    (status.role, status.desk.open) = (crate::dto::Role::Staff, 5);
    let rooms = vec![(key, label, status)];
    let named = BTreeMap::from([(key, 7), (RoomKey::random(), 7)]);
    let glance = Glance::of(rooms, Language::english(), &named);
    assert_eq!(
        (glance.tooltip.as_str(), glance.badge),
        ("Aside · Live · 2 new · 2 mentions · 5 open", 7),
        "no more than are unread"
    );
    assert_eq!(glance.rooms[0].1, "A · Live · 2 new · 2 mentions · 5 open");

    let glance = Glance::of(Vec::new(), Language::english(), &none);
    assert_eq!((glance.face, glance.tooltip.as_str()), (Face::Quiet, "Aside"));
    assert!(!glance.ages);
}

#[tokio::test(start_paused = true)]
async fn what_grows_older_is_looked_at_every_minute_and_nothing_else_is() {
    let (tray, began) = (Tray::default(), Instant::now());
    tray.turns(true).await;
    assert_eq!(began.elapsed(), MINUTE);
    assert!(timeout(MINUTE * 60, tray.turns(false)).await.is_err());
    tray.changed();
    assert!(tray.turns(false).now_or_never().is_some());
}
