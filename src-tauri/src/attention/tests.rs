//! What is told of a room, when and to whom.

use aside_history::{Revision, RowKey};
use aside_protocol::triage::{Claim, Person};
use aside_session::{Connection, DeskState, RoomView};

use super::*;
use crate::shell::tests::{Table, keyring};
use crate::windows::RoomWindow;

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
    let (key, place) = (RowKey(key), Place(key));
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

#[tokio::test]
async fn what_is_behind_thousands_of_rows_waits_for_nobody_to_speak() {
    let say = |n| heard::tests::row(n, n, "bo", if n == 5000 { "Ana?" } else { "hi" });
    let rows: Vec<_> = (0..=5000).map(say).collect();
    let page = |rows: &[Row], has_newer| Page {
        revision: Revision(1),
        rows: rows.to_vec(),
        has_older: false,
        has_newer,
        read: None,
        reached_start: true,
    };
    let page_after = async |place: Place| {
        let newer = &rows[rows.partition_point(|row| row.place <= place)..];
        Some(page(&newer[..newer.len().min(200)], newer.len() > 200))
    };
    let (rules, name) = (crate::rules::RuleBook::default(), crate::rules::Words::new("Ana"));
    let wanted = Wanted { marked: true, silence: false };
    let take = |heard: &mut Heard, rows: &[Row]| {
        heard.take(rows, RoomKey::DEMO, &rules, name.as_ref(), wanted)
    };
    let mut known = Known::default();
    let heard = Heard::of(&page(&rows[..1], false));
    assert_eq!(known.hear(heard, &page_after, take, false).await, []);
    assert_eq!(known.again(), Some(EVERY));
    let news = known.hear(known.heard.unwrap(), &page_after, take, false).await;
    assert_eq!(news.iter().map(|spot| spot.place).collect::<Vec<_>>(), [Place(5000)]);
    assert_eq!((known.again(), known.unseen.count()), (None, 1));
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
    known.items(&[item(Some("me"))], "me");
    let another = Item { question_id: EntryId::new("another life's"), ..item(Some("ana")) };
    assert_eq!(known.items(&[another], "me"), [], "the same number, and never mine");
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
    shell.ticks(RoomWindow::Main).show();
    is_open(0).await;
    taken_over(&mut known, &live, &shell).await;
    table.asks("before").await;
    is_open(1).await;
    taken_over(&mut known, &live, &shell).await;

    table.server.cut_sockets();
    let gone = |view: &RoomView| view.connection != Connection::Online;
    live.session.watch().wait_for(gone).await.unwrap();
    table.asks("meanwhile").await;
    is_open(2).await;
    taken_over(&mut known, &live, &shell).await;
    table.asks("after").await;
    is_open(3).await;
    taken_over(&mut known, &live, &shell).await;
    let all = live.session.questions(0).await.unwrap();
    let told = missed::look(&shell, &live, &all);
    assert_eq!((told.asked, told.answered), (1, 0));
    shell.rooms.close().await;
}
