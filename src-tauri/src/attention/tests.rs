//! What is told of a room, when and to whom.

use aside_protocol::EntryId;
use aside_protocol::triage::{Claim, Person};
use aside_session::{Connection, DeskState, RoomView};

use super::*;
use crate::shell::tests::{Table, keyring};

#[tokio::test(start_paused = true)]
async fn the_news_of_a_room_is_told_together_so_often_at_most() {
    let mut known = Known::default();
    assert!(known.is_due(Instant::now()));
    known.told = Some(Instant::now());
    assert!(!known.is_due(Instant::now()));
    tokio::time::advance(APART).await;
    assert!(known.is_due(Instant::now()));
}

#[test]
fn what_stands_above_a_room_is_seen_by_who_looks_at_that_room_alone() {
    let (here, elsewhere) = (RoomKey::random(), RoomKey::random());
    assert!(is_seen(true, Some(here), here));
    assert!(!is_seen(true, Some(elsewhere), here));
    assert!(!is_seen(false, Some(here), here), "nobody looks at Aside");
}

fn spot(key: i64) -> Spot {
    let (key, place) = (aside_history::RowKey(key), aside_history::Place(key));
    let (who, text) = ("Bo".to_owned(), format!("say\n\u{202e}it {}", "长".repeat(200)));
    Spot { key, place, why: Why::Named, asks: false, who, text }
}

#[test]
fn rows_wait_and_are_told_as_one_number_beginning_with_the_first() {
    let mut known = Known::default();
    assert_eq!(known.rows(vec![spot(1)], false, true), Some((spot(1), 1)));
    assert_eq!(known.rows(vec![spot(2), spot(3)], false, false), None);
    assert_eq!(known.rows(vec![spot(4)], false, false), None);
    assert!(known.waits());
    assert_eq!(known.rows(vec![], false, true), Some((spot(2), 3)));
    assert_eq!(known.rows(vec![spot(5)], false, false), None);
    assert_eq!(known.rows(vec![], true, false), None);
    assert_eq!(known.rows(vec![], false, true), None, "it was seen");
    assert!(!known.waits());
}

#[test]
fn what_was_said_is_told_only_where_it_may_be() {
    let say = |count, with_text| line(&spot(1), count, with_text, Language::english());
    assert_eq!(say(1, false), "Somebody named you");
    assert_eq!(say(1, true), format!("Bo: say \u{fffd}it {}…", "长".repeat(132)));
    assert_eq!((say(5, true), say(5, false)), ("5 new".to_owned(), "5 new".to_owned()));
}

#[test]
fn what_was_mine_and_is_anothers_was_taken_over() {
    let item = |holder: Option<&str>| {
        let item = Item::new(EntryId::new("q"), 7, "why".to_owned(), Person::default(), 0);
        let claim = holder.map(|user| Claim {
            by: Person {
                user: user.to_owned(),
                display_name: user.to_uppercase(),
                ..Person::default()
            },
            device: String::new(),
            at: 0,
            expires_at: 1,
        });
        Item { claim, ..item }
    };
    let mut known = Known::default();
    assert_eq!(known.items(&[item(Some("ana"))], "me"), [], "it never was mine");
    assert_eq!(known.items(&[item(Some("me"))], "me"), []);
    assert_eq!(known.items(&[item(Some("me"))], "me"), []);
    assert_eq!(known.items(&[item(Some("ana"))], "me"), [(7, "ANA".to_owned())]);
    assert_eq!(known.items(&[item(Some("ana"))], "me"), []);
    known.items(&[item(Some("me"))], "me");
    assert_eq!(known.items(&[item(None)], "me"), [], "given back, or over");
}

#[tokio::test]
async fn what_was_asked_during_a_cut_is_missed_in_a_room_that_nobody_had_on_the_screen() {
    let table = Table::set().await;
    let shell = table.start(&keyring());
    let key = table.join(&shell).await;
    let live = shell.rooms.live(key).await.unwrap();
    let mut view = live.session.watch();
    let mut is_open = async |open| {
        let all = |view: &RoomView| view.desk.state == DeskState::Fresh && view.desk.open == open;
        view.wait_for(all).await.map(drop).unwrap();
    };
    let mut known = Known::default();
    is_open(0).await;
    taken_over(&mut known, &live, true).await;
    table.asks("before").await;
    is_open(1).await;
    taken_over(&mut known, &live, true).await;

    table.server.cut_sockets();
    let gone = |view: &RoomView| view.connection != Connection::Online;
    live.session.watch().wait_for(gone).await.unwrap();
    table.asks("meanwhile").await;
    is_open(2).await;
    taken_over(&mut known, &live, true).await;
    table.asks("after").await;
    is_open(3).await;
    taken_over(&mut known, &live, true).await;
    let all = live.session.questions(0).await.unwrap().items;
    let told = missed::look(&live, &all, true);
    assert_eq!((told.asked, told.answered), (1, 0));
    shell.rooms.close().await;
}
