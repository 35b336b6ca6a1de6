//! What comes on stage, and where an audience is led.

use aside_protocol::triage::Review;

use super::*;
use crate::shell::tests::{Table, keyring};

fn item(number: u64, work: Work, stage: Stage) -> Item {
    let json = serde_json::json!({
        "questionId": number.to_string(), "seq": number, "number": number, "rev": 1, "change": number, "text": "why",
        "asker": {}, "askedAt": 0, "work": work, "stage": stage,
    });
    serde_json::from_value(json).unwrap()
}

fn shown(items: &[Item], by: isize) -> Option<u64> {
    target(items, by).map(|item| item.number)
}

#[test]
fn what_is_over_is_not_shown_unless_it_is_on_stage() {
    let items = vec![
        item(1, Work::Answered, Stage::None),
        item(2, Work::Answered, Stage::Now),
        item(3, Work::Merged, Stage::Now),
        item(4, Work::Claimed, Stage::None),
        item(5, Work::Dismissed, Stage::None),
        Item { review: Review::Pending, ..item(6, Work::Open, Stage::None) },
    ];
    let numbers: Vec<u64> = showable(items).iter().map(|item| item.number).collect();
    assert_eq!(numbers, [2, 4]);
}

#[test]
fn the_audience_is_led_to_a_page_that_is_there() {
    let ours = ServerFacts {
        core_only: false,
        server: "aside-server/0.1.0".to_owned(),
        ..ServerFacts::default()
    };
    let room = RoomSpec::new("8001").stream("s1");
    let link = |server: &str, facts: &ServerFacts| {
        let link = page_of(&Url::parse(server).unwrap(), facts, &room).filter(is_reached);
        link.map(|link| link.to_string())
    };
    let page = "https://rooms.example.org/r/8001/s1";
    assert_eq!(link("https://rooms.example.org/", &ours).as_deref(), Some(page));
    assert_eq!(link("https://rooms.example.org/", &ServerFacts::default()), None);
    let other = ServerFacts { server: "other/2".to_owned(), ..ours.clone() };
    assert_eq!(link("https://rooms.example.org/", &other), None);
    assert_eq!(link("https://rooms.example.org/below/", &ours), None, "the page is at the top");
    for here in ["http://127.0.0.1:8790/", "http://localhost:8790/", "http://[::1]:8790/"] {
        assert_eq!(link(here, &ours), None, "{here}");
    }
}

#[test]
fn the_next_is_the_staged_one_else_the_neighbour() {
    let open = |number| item(number, Work::Open, Stage::None);
    let mut items = vec![open(1), open(2), open(3)];
    assert_eq!(shown(&items, 1), Some(1));
    items[0].stage = Stage::Now;
    assert_eq!((shown(&items, 1), shown(&items, -1)), (Some(2), None));
    items[2].stage = Stage::Next;
    assert_eq!(shown(&items, 1), Some(3));
    items[2].stage = Stage::Now;
    items[0].stage = Stage::None;
    assert_eq!((shown(&items, 1), shown(&items, -1)), (None, Some(2)));
    assert_eq!(shown(&[], 1), None);
}

/// What is asked is waited for, and then turned through: each step, and what the desk says after it.
#[tokio::test]
async fn what_is_turned_past_was_answered_aloud_and_is_open_again_on_the_way_back() {
    let table = Table::set().await;
    let shell = table.start(&keyring());
    let room = table.join(&shell).await;
    table.asks("when?").await;
    table.asks("where?").await;
    let session = shell.rooms.live(room).await.unwrap().session;
    let presenter = Presenter::default();
    let desk = async |expected: [(Work, &str, Stage); 2]| {
        let reached = async || {
            let items = session.questions(0).await.unwrap().items;
            let seen: Vec<_> =
                items.iter().map(|item| (item.work, item.reason.as_str(), item.stage)).collect();
            (seen == expected).then_some(())
        };
        table.until(reached).await;
    };
    let turn = async |by| presenter.turn(&session, "here", by).await.unwrap();
    let open = (Work::Open, "", Stage::None);
    let on = (Work::Open, "", Stage::Now);
    let aloud = (Work::Answered, "spoken", Stage::None);
    desk([open, open]).await;
    turn(1).await;
    desk([on, open]).await;
    turn(1).await;
    desk([aloud, on]).await;
    turn(1).await;
    desk([aloud, aloud]).await;
    turn(-1).await;
    desk([aloud, on]).await;
    turn(-1).await;
    desk([on, open]).await;
    turn(-1).await;
    desk([on, open]).await;
    shell.rooms.close().await;
}
